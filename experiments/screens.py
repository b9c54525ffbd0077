"""Results as tables that people read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from data.folders import write_file
from experiments.cli.screen import table, wide_console
from experiments.compare import Comparison
from experiments.comparison_page import label, name_of
from experiments.demo import DemoResult
from experiments.evaluate import Report, ScorerResult
from experiments.live import Live
from experiments.stats import Difference, Interval, bounds
from experiments.studies.rankers import RankersResult
from experiments.sweep import SweepResult
from experiments.tie_shuffles import TieShuffles
from experiments.train import TrainResult
from ranking.metrics.catalogue import IMPRESSIONS


def scorer_table(report: Report) -> Any:
    """The scorers, best first; the oracle knows the truth and bounds them all."""
    rows = sorted(report.rows, key=lambda row: -row.ndcg.mean)
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    shares = list(dict.fromkeys(name for row in rows for name in row.shares))
    cells = [
        (
            row.name + (f" v{row.version}" if row.version else "") + _told(row),
            interval(row.ndcg),
            interval(row.recall),
            interval(row.auc),
            interval(row.true_value),
            *(interval(row.metrics.get(name)) for name in metrics),
            *(f"{row.shares[name]:.3f}" if name in row.shares else "-" for name in shares),
        )
        for row in rows
    ]
    heads = ["scorer", f"NDCG@{report.k}", f"recall@{report.k}", "AUC", f"true value@{report.k}"]
    heads += [name if name in IMPRESSIONS else f"{name}@{report.k}" for name in (*metrics, *shares)]
    return table("Scorers", heads, cells)


def _told(row: ScorerResult) -> str:
    """A line under the name of a scorer that does not tell candidates apart."""
    return f"\n  {row.apart.short}" if row.apart is not None and row.apart.told else ""


def probability_table(report: Report) -> Any:
    """What was asked for of probabilities, one row a scorer and action."""
    rows = [
        (row.name + (f" v{row.version}" if row.version else ""), action, *(f"{one:.4f}" for one in numbers.values()))
        for row in report.rows
        for action, numbers in row.by_action.items()
    ]
    names = next(iter(next(row.by_action for row in report.rows if row.by_action).values()))
    return table("Probabilities of actions, over the impressions", ["scorer", "action", *names], rows)


def shuffle_table(result: TieShuffles) -> Any:
    """Every scorer's NDCG by draw of ties, and how far they lie apart."""
    rows = [
        (row.name if row.name == row.reference else f"{row.name} {row.reference}",
         *(f"{one:.4f}" for one in row.ndcg), f"{row.spread:.4f}")
        for row in result.rows
    ]  # fmt: skip
    seeds = [f"draw {at}" for at in range(1, len(result.splits) + 1)]
    return table(f"NDCG@{result.k} by draw of ties in time", ["scorer", *seeds, "spread"], rows)


def comparison_tables(report: Comparison) -> list[Any]:
    """Every run against the base, a table a metric."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in report.rows:
        verdict = [difference(row.difference), row.effect, p_value(row.corrected_p)]
        verdict += [p_value(row.corrected_wilcoxon_p)]
        if row.difference is None:
            verdict = ["base", "", "", ""]
        rows.setdefault(row.metric, []).append((label(row), interval(row.value), *verdict))
    heads = ["run", "value", f"minus {report.base}", "effect (d)", "p", "Wilcoxon's p"]
    about = f"compared with {report.base}; both p with Holm's correction over all runs and metrics"
    return [table(f"{name_of(metric, report.k)} {about}", heads, cells) for metric, cells in rows.items()]


def segment_table(report: Comparison) -> Any:
    """Every run against the base in the first metric, one row a segment of users."""
    first = report.segments[0].metric
    rows = [
        (f"{part.dimension}: {part.segment}", part.reference, f"{part.difference.users:,}", interval(part.value),
         difference(part.difference), p_value(part.corrected_p))
        for part in report.segments
        if part.metric == first
    ]  # fmt: skip
    heads = ["segment", "run", "users", "value", f"minus {report.base}", "p (Holm)"]
    return table(f"{name_of(first, report.k)} by segment", heads, rows)


def training_tables(result: TrainResult) -> list[Any]:
    """What training told: its epochs, or the settings that were tried and the ones that were chosen, or one number."""
    tried, columns = result.epochs, result.columns
    if not tried:
        return []
    if "epoch" in columns:
        rows = [(f"epoch {at}", *(f"{one[name]:.4f}" for name in columns)) for at, one in enumerate(tried, 1)]
        return [table("epochs", ["", *columns], rows)]
    if not result.chosen:
        return [", ".join(f"{name} {tried[0][name]:.4f}" for name in columns)]
    measured = next(name for name in columns if name not in result.chosen)
    named = ", ".join(f"{name} {value:g}" for name, value in result.chosen.items())
    best = max(one[measured] for one in tried)
    words = f"by {measured.upper()} {best:.4f} on the part of training that was held out"
    if len(tried) == 1:
        return [f"{named}: the only settings tried, judged {words}"]
    rows = [
        ("*" if all(one[name] == value for name, value in result.chosen.items()) else "",
         *(f"{one[name]:g}" for name in result.chosen), f"{one[measured]:.4f}")
        for one in tried
    ]  # fmt: skip
    grid = table("tried (* chosen)", ["", *result.chosen, measured.upper()], rows)
    return [grid, f"{named} chosen of {len(tried)} {words}"]


def sweep_table(result: SweepResult) -> Any:
    """The trials, the best one marked."""
    keys = list(result.best.settings)
    rows = [
        (f"{row.number}{' *' if row.number == result.best.number else ''}", row.state,
         "" if row.value is None else f"{row.value:.5f}", *(_short(row.settings.get(key)) for key in keys))
        for row in result.trials
    ]  # fmt: skip
    return table(f"Trials (* the best by {result.objective})", ["trial", "state", result.objective, *keys], rows)


def rankers_table(result: RankersResult) -> Any:
    """The order by true value, and how far each is behind the one above it."""
    rows = [
        (row.name, interval(row.value), " ".join(f"{one:.2f}" for one in row.by_seed), f"{row.way:.0%}",
         difference(row.behind))
        for row in result.rows
    ]  # fmt: skip
    heads = ["ranker", f"true value@{result.k}", "by seed", f"way from {result.base}", "behind the one above"]
    return table("Expected engagements among the first places, by the truth", heads, rows)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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
    trends = [(f"#{t.hashtag}", f"{t.score:.2f}", t.volume, t.previous, t.unique_users) for t in result.trends]
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in result.seconds.items())
    total = sum(result.seconds.values())
    return [
        world,
        scorer_table(result.report),
        Text(f"{result.report.protocol} {' '.join(result.report.notes)}\n", style="dim"),
        mmr_line(result.report),
        table(f"Search: {result.query!r} (hybrid)", ["tweet", "author", "score"], found),
        table(f"Trends at {result.trends_at}", ["hashtag", "score", "in 5 min", "5 before", "people"], trends),
        *live_lines(result.live),
        _headed("\nTook", f"{total:.0f} s ({seconds}); largest process {result.peak_memory_gib:.2f} GiB."),
        _headed("Next", f"runs and models: mlflow ui --backend-store-uri {result.tracking_uri}"),
        f"     the API's page: {result.live.command}, then http://127.0.0.1:8000/docs",
    ]


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


def interval(value: Interval | None) -> str:
    """`0.123 [0.117, 0.129]`, or a dash where there is none."""
    return "-" if value is None else f"{value.mean:.3f} {bounds(value.low, value.high, value.users, '.3f')}"


def difference(value: Difference | None) -> str:
    """`+0.012 [+0.010, +0.014]`."""
    return "" if value is None else f"{value.mean:+.4f} {bounds(value.low, value.high, value.users, '+.4f')}"


def p_value(value: float | None) -> str:
    """Four figures, small ones as a bound."""
    return "" if value is None else ("<0.0001" if value < 1e-4 else f"{value:.4f}")
