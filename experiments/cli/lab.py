"""The verbs `demo`, `search`, `trends` and `bench`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from data.progress import Progress
from experiments.cli.console import DataFolder, JsonFlag, progress_bar, say, show, table


def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file, too.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the screen as a picture.")] = None,
    people: Annotated[int, typer.Option(help="People in the world.")] = 5_000,
    days: Annotated[int, typer.Option(help="Days of the world.")] = 14,
    seed: Annotated[int, typer.Option(help="Seed of the world and of training.")] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of the two-tower model.")] = 10,
    requests: Annotated[int, typer.Option(help="Requests to evaluate.")] = 500,
    tweets: Annotated[int, typer.Option(help="Tweets to post over HTTP.")] = 1_200,
) -> None:
    """The whole lab in one screen: a world, a trained model, a fair table, search, trends and the live network."""
    from data.folders import check_file, write_file
    from data.home_folder import home_folder
    from experiments.cli.console import to_json
    from experiments.cli.demo_screen import print_demo
    from experiments.demo import DemoConfig, run_demo
    from experiments.runs.config import validate

    options = {"people": people, "days": days, "seed": seed, "epochs": epochs, "requests": requests, "tweets": tweets}
    config = validate(DemoConfig, options, source="the options")
    for file in (json_file, svg):
        if file is not None:
            check_file(file)
    result = run_demo(config, home_folder(), _stage)
    print_demo(result, svg)
    if json_file is not None:
        write_file(json_file, to_json(result) + "\n")


def search(
    query: Annotated[str, typer.Argument(help="Words to look for.")],
    data: DataFolder,
    mode: Annotated[str, typer.Option(help="hybrid, text (BM25) or semantic (meaning).")] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Results.")] = 10,
    as_json: JsonFlag = False,
) -> None:
    """Search the tweets of a data set, by words, by meaning, or both fused.

    Example: rookery search "cannot sleep again" --data var/world --mode semantic
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.datasets.search import search_tweets

    with progress_bar("index the tweets") as progress:
        hits = search_tweets(Dataset.open(data), query, mode, limit, home_folder(), progress)
    rows = [(hit.text, hit.author, f"{hit.score:.4f}", hit.tweet_id) for hit in hits]
    show(hits, as_json=as_json, tables=[table(f"{query!r}, {mode}", ["tweet", "author", "score", "id"], rows)])


def trends(
    data: DataFolder,
    place: Annotated[int, typer.Option(help="WOEID of a place; 1 is the whole world.")] = 1,
    at: Annotated[str | None, typer.Option(help="Time, ISO 8601 in UTC; the end of the log when left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Trends.")] = 10,
    scorer: Annotated[str, typer.Option(help="What scores them: windowed, kleinberg, ...")] = "kleinberg",
    as_json: JsonFlag = False,
) -> None:
    """What trends in a data set at a time: hashtags, names and phrases, in five minutes or a wider window."""
    from data.dataset import Dataset
    from experiments.cli.tables import trends_table
    from experiments.datasets.search import trends_at

    found, moment = trends_at(Dataset.open(data), place, at, limit, scorer)
    show(
        {"at": moment, "place": place, "window_us": found.window_us, "trends": found.trends},
        as_json=as_json,
        tables=[trends_table(found, moment)],
    )


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Benches to run; all when none is named.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw how seconds grow, or what policies trade, as SVG or PNG.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Speeds as ratios beside a peer, measured in one run: rank, rerank, world, retrieval, text and more.

    `growth` (worlds of up to a million people), `features` (a log of 20 million events), `train`, `trends`, `funnel` (a
    world of 10,000 people; `funnel-medium`: 100,000), `fanout` (every policy) and `fanout-celebrity` (a million
    followers) and `serve` (beside MLflow's server) take minutes and run only when they are named. The column
    `processor` is the processor time of one call of ours, which others who compute meanwhile leave as it is.

    Example: rookery bench rerank retrieval
    """
    from data.folders import check_file
    from experiments.bench.harness import run_benches
    from experiments.bench.plot import draw

    if plot is not None:
        check_file(plot)
    with progress_bar("bench") as progress:
        results = run_benches(names or [], progress=progress)
    if plot is not None:
        draw(results, plot)
    rows = [
        (
            f"{result.bench}: {row.name}",
            row.rate_text,
            f"{row.ours_s * 1e3:.3g} ms",
            f"{row.busy_s * 1e3:.3g} ms",
            f"{row.peer_s * 1e3:.3g} ms",
            f"{row.ratio:.2f}x",
            "" if row.peak_gib is None else f"{row.peak_gib:.2f} GiB",
        )
        for result in results
        for row in result.rows
    ]
    parts = [
        table(f"Milliseconds: {row.name}", ["part", "ms"], [(at, f"{ms:.3f}") for at, ms in row.parts_ms.items()])
        for result in results
        for row in result.rows
        if row.parts_ms
    ]
    figures = [
        table(
            f"Figures: {result.bench}",
            ["", *(row.name for row in shown)],
            [
                (name, *(f"{row.figures[name]:,.4g}" if name in row.figures else "" for row in shown))
                for name in dict.fromkeys(name for row in shown for name in row.figures)
            ],
        )
        for result in results
        if (shown := [row for row in result.rows if row.figures])
    ]
    notes = [f"{result.bench}: beside {result.peer}" for result in results]
    show(
        results,
        as_json=as_json,
        tables=[
            table("Benches", ["what", "rate", "ours", "processor", "peer", "times as fast", "memory"], rows),
            *figures,
            *parts,
            *notes,
        ],
    )


@contextmanager
def _stage(title: str) -> Iterator[Progress]:
    """A progress bar while a stage of the demo runs, and a line with its seconds at its end."""
    began = time.perf_counter()
    with progress_bar(title) as progress:
        yield progress
    say(f"{title}: {time.perf_counter() - began:.0f} s")


VERBS = {"demo": demo, "search": search, "trends": trends, "bench": bench}
