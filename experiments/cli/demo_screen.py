"""How the demo is printed: one screen, its SVG, the lines of the network that ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from data.folders import write_file
from experiments.cli.console import table, wide_console
from experiments.cli.tables import interval, scorer_table, trends_table
from experiments.demo import DemoResult
from experiments.evaluation.results import Report
from experiments.live.run import Live


def print_demo(result: DemoResult, svg: Path | None) -> None:
    """The demo's one screen; also as a picture when `svg` names a file."""
    console = wide_console(record=svg is not None)
    if svg is not None:
        console.width = 118
    for part in demo_screen(result):
        console.print(part)
    if svg is not None:
        write_file(svg, console.export_svg(title="make demo"))


def demo_screen(result: DemoResult) -> list[Any]:
    """Everything that the demo shows, from top to bottom."""
    rows = result.rows
    world = _headed(
        "World",
        f"{result.people:,} people, {result.days} days: {rows['follows']:,} follow events, "
        f"{rows['tweets']:,} tweets, {rows['impressions']:,} impressions, {rows['engagements']:,} engagements "
        f"(content hash {result.content_hash[:12]})",
    )
    found = [(one.text.replace("\n", " "), f"@{one.author}", f"{one.score:.4f}") for one in result.found]
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in result.seconds.items())
    total = sum(result.seconds.values())
    return [
        world,
        scorer_table(result.report),
        Text(f"{result.report.protocol} {' '.join(result.report.notes)}\n", style="dim"),
        mmr_line(result.report),
        table(f"Search: {result.query!r} (hybrid)", ["tweet", "author", "score"], found),
        trends_table(result.trends, result.trends_at),
        *live_lines(result.live),
        _headed("\nTook", f"{total:.0f} s ({seconds}); largest process {result.peak_memory_gib:.2f} GiB."),
        _headed("Next", f"runs and models: {_page_of(result.tracking_uri)}"),
        f"     the API's page: {result.live.command}, then http://127.0.0.1:8000/docs",
    ]


def _page_of(tracking_uri: str) -> str:
    """Where MLflow's pages are: a server's address, or the command that starts one."""
    return tracking_uri if tracking_uri.startswith("http") else f"mlflow ui --backend-store-uri {tracking_uri}"


def _headed(head: str, rest: str) -> Text:
    return Text.assemble((head, "bold"), " ", rest)


def mmr_line(report: Report) -> Text:
    """What MMR changed, in one sentence."""
    row = next((one for one in report.rows if one.mmr is not None), None)
    if row is None or row.mmr is None:
        return _headed("MMR", "no scorer here has item vectors.")
    change = row.mmr
    return _headed(
        "MMR",
        f"(0.7 relevance, 0.3 diversity, top {report.k} of {row.name}'s best 200): intra-list diversity "
        f"{interval(change.diversity_before)} -> {interval(change.diversity_after)}, NDCG@{report.k} "
        f"{interval(change.ndcg_before)} -> {interval(change.ndcg_after)}\n",
    )


def live_lines(live: Live) -> list[str | Text]:
    """What happened over HTTP."""
    tweets, pushed, left = live.fanned_out, live.deliveries, live.left_to_pull
    return [
        _headed("Live network", f"ranked by {live.model} version {live.model_version}"),
        f"  {live.posted:,} tweets posted over HTTP: p50 {live.post.p50_ms:.1f} ms, p99 {live.post.p99_ms:.1f} ms, "
        f"{live.post.per_s:.0f} a second with {live.clients} clients",
        f"  fan-out: {tweets['push']:,} tweets pushed, {tweets['hybrid']:,} hybrid, {tweets['pull']:,} pulled "
        f"(push below {live.push_below} followers, pull from {live.pull_from}); "
        f"{sum(pushed.values()):,} deliveries pushed, {sum(left.values()):,} edges left to pull",
        f"  {live.timelines:,} home timelines read: p50 {live.read.p50_ms:.1f} ms, p99 {live.read.p99_ms:.1f} ms; "
        f"{live.fresh_share:.0%} show a tweet just posted",
        f"  {live.identical} of {live.compared} evaluated home timelines equal over HTTP and in process",
        f"  trending now: {', '.join(live.trends[:6]) or 'nothing'}",
    ]
