"""The verbs `world make` and `world report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import JsonFlag, progress_bar, show, table

app = typer.Typer(no_args_is_help=True, help="Make a synthetic network whose truth is known, and look at it.")


@app.command()
def make(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; it appears when all is written.")],
    preset: Annotated[str, typer.Option(help="tiny, demo, small, medium or large; see docs/world.md.")] = "demo",
    config: Annotated[Path | None, typer.Option(help="TOML file of settings, over the preset.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="One setting: people=500. May be repeated.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; they change no byte. All cores for a large world.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a world: people, follows, tweets, and days of feeds with what people did.

    A run that is stopped keeps its finished days beside the folder; the same command goes on from them.

    Example: rookery world make --out var/world --set people=2000 --set seed=7
    """
    from experiments.simulation.worlds import make_data, world_config

    settings = world_config(preset, config, set_ or [])
    with progress_bar(f"world of {settings.people:,} people x {settings.days} days") as progress:
        dataset = make_data(settings, out, progress, workers=workers)
    counts = {name: dataset.rows(name) for name in dataset.tables}
    facts = {"folder": str(dataset.folder), "content_hash": dataset.content_hash, "rows": counts}
    facts |= {"warnings": list(dataset.warnings)}
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    show(
        facts,
        as_json=as_json,
        tables=[
            table(f"{dataset.folder}", ["table", "rows"], rows),
            f"content hash {dataset.content_hash[:16]}",
            *dataset.warnings,
        ],
    )


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of any data set.")],
    html: Annotated[Path | None, typer.Option(help="Write the page with plots here.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Hold a world against published figures of the real network: value, target, verdict.

    Reads the data tables only, so it runs on an imported log too.

    Example: rookery world report var/world --html var/world.html
    """
    from data.dataset import Dataset
    from data.folders import check_file
    from data.home_folder import home_folder
    from experiments.realism.page import write_page
    from experiments.realism.report import lazy_encoder, realism

    dataset = Dataset.open(folder)
    if html is not None:
        check_file(html)
    with progress_bar("measure") as progress:
        found = realism(dataset, encode=lazy_encoder(home_folder() / "cache"), progress=progress)
    if html is not None:
        write_page(found, html)
    cells = [(row.name, row.shown, row.target, row.verdict) for row in found.rows]
    summary = f"{found.counted}; each figure's definition and tolerance stand in --json and on the page of --html"
    show(
        found.rows,
        as_json=as_json,
        tables=[table(f"{folder}", ["figure", "value", "target", "verdict"], cells), summary],
    )
