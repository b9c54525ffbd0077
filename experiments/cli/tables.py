"""Results as tables that people read."""

from __future__ import annotations

from typing import Any

from candidates.trends.engine import TrendList
from data.events import MINUTE_US
from experiments.cli.console import table
from experiments.evaluation.compare import Comparison
from experiments.evaluation.comparison_page import label, name_of
from experiments.evaluation.presets import Published
from experiments.evaluation.results import Report, ScorerResult
from experiments.evaluation.tie_shuffles import TieShuffles
from experiments.runs.sweep import SweepResult
from experiments.runs.train import TrainResult
from experiments.statistics.paired import Difference, Interval, bounds


def scorer_table(report: Report) -> Any:
    """The scorers, best first; the oracles know the truth, and each bounds them all by its own measure."""
    rows = sorted(report.rows, key=lambda row: -row.ndcg.mean)
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    shares = list(dict.fromkeys(name for row in rows for name in row.shares))
    cells = [
        (
            row.label + _ties_note(row),
            interval(row.ndcg),
            interval(row.recall),
            interval(row.auc),
            interval(row.true_value),
            interval(row.true_welfare),
            *(interval(row.metrics.get(name)) for name in metrics),
            *(f"{row.shares[name]:.3f}" if name in row.shares else "-" for name in shares),
        )
        for row in rows
    ]
    heads = ["scorer", f"NDCG@{report.k}", f"recall@{report.k}", "AUC"]
    heads += [f"true value@{report.k}", f"true welfare@{report.k}"]
    heads += [report.heading(name) for name in (*metrics, *shares)]
    return table("Scorers", heads, cells)


def _ties_note(row: ScorerResult) -> str:
    """A line under the name of a scorer that gives most candidates one score."""
    return f"\n  {row.score_ties.short}" if row.score_ties is not None and row.score_ties.notable else ""


def published_table(found: Published, report: Report) -> Any:
    """Ours beside what others published, each row with whose it is."""
    names = list(dict.fromkeys(name for row in found.rows.values() for name in row))
    ours = [(row.label, "here", *(_measured(row, name) for name in names)) for row in report.rows]
    theirs = [(model, "published", *(f"{row[name]:.3f}" for name in names)) for model, row in found.rows.items()]
    heads = ["scorer", "whose", *(f"{name}@{report.k}" for name in names)]
    heads = ["scorer", "whose", *(f"{name}@{report.k}" for name in names)]
    return table("Beside published numbers", heads, [*ours, *theirs])


def _measured(row: ScorerResult, name: str) -> str:
    return interval({"ndcg": row.ndcg, "recall": row.recall, **row.metrics}.get(name))


def probability_table(report: Report) -> Any:
    """The requested measures of probabilities, one row a scorer and action."""
    rows = [
        (row.label, action, *(f"{one:.4f}" for one in numbers.values()))
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
    """What training reported: epochs, or the settings tried and chosen, or one number."""
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


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def interval(value: Interval | None) -> str:
    """`0.123 [0.117, 0.129]`, or a dash where there is none."""
    return "-" if value is None else f"{value.mean:.3f} {bounds(value.low, value.high, value.users, '.3f')}"


def difference(value: Difference | None) -> str:
    """`+0.012 [+0.010, +0.014]`."""
    return "" if value is None else f"{value.mean:+.4f} {bounds(value.low, value.high, value.users, '+.4f')}"


def p_value(value: float | None) -> str:
    """Four figures, small ones as a bound."""
    return "" if value is None else ("<0.0001" if value < 1e-4 else f"{value:.4f}")


def trends_table(found: TrendList, moment: str) -> Any:
    """What trends at a time, with the window that it was counted in."""
    minutes = f"{found.window_us / MINUTE_US:g} min"
    rows = [
        (one.name, one.kind, f"{one.score:.2f}", one.volume, one.previous, one.unique_users, f"{one.expected:.2g}")
        for one in found.trends
    ]
    heads = ["trend", "kind", "score", f"uses in {minutes}", f"in the {minutes} before", "people", "expected"]
    return table(f"Trends at {moment}", heads, rows)
