"""A comparison as one HTML page that stands alone: values, differences, effect sizes, and the same by segment."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from experiments.evaluation.compare import Comparison, Row, SegmentRow
from experiments.reports.html import picture, rows_of, write_page
from ranking.artifact import VALUE

_NAMES = {"ndcg": "NDCG", "map": "MAP", "mrr": "MRR", "true_value": "true value", "true_welfare": "true welfare"}


def name_of(metric: str, k: int) -> str:
    """A metric as people read it."""
    return f"{_NAMES.get(metric, metric)}@{k}"


def write_comparison(report: Comparison, path: Path) -> None:
    """Writes the page, whole or not at all."""
    metrics = list(dict.fromkeys(row.metric for row in report.rows))
    body = (
        f"<h1>Compared with {escape(report.base)} on {escape(report.data)}</h1><p>{escape(report.protocol)}</p>"
        "<p class=note>Differences are paired by request; intervals are 95%, by bootstrap over users. Effect: Cohen's "
        "d of users' mean differences. p: by the same bootstrap, and Wilcoxon's of users' signed "
        "ranks, both Holm-corrected over all runs and metrics; those by segment over all segments, too.</p>"
        + "".join(f"<p class=note>{escape(one)}</p>" for one in report.notes)
        + "".join(_metric(report, metric) for metric in metrics)
    )
    write_page(path, f"Compared with {report.base}", body)


def _metric(report: Comparison, metric: str) -> str:
    rows = [row for row in report.rows if row.metric == metric]
    heads = ["run", "value", f"minus {report.base}", "effect", "p (Holm)", "Wilcoxon's p (Holm)"]
    cells = [
        (label(row), row.value, *(
            (row.difference, row.effect, f"{row.corrected_p:.3g}", f"{row.corrected_wilcoxon_p:.3g}")
            if row.difference else ("base", "", "", "")
        ))
        for row in rows
    ]  # fmt: skip
    parts = [part for part in report.segments if part.metric == metric]
    title = name_of(metric, report.k)
    return (
        f"<section><h2>{escape(title)}</h2>{rows_of(heads, cells)}"
        + picture(_values(rows, title), f"{title} of each run")
        + "".join(_by_segment(report, parts, one, title) for one in dict.fromkeys(part.dimension for part in parts))
        + "</section>"
    )


def _by_segment(report: Comparison, parts: Sequence[SegmentRow], dimension: str, title: str) -> str:
    own = [part for part in parts if part.dimension == dimension]
    heads = [dimension, "run", "users", "value", report.base, f"minus {report.base}", "p (Holm)"]
    cells = [
        (part.segment, part.reference, part.difference.users, part.value, part.base, part.difference,
         f"{part.corrected_p:.3g}")
        for part in own
    ]  # fmt: skip
    return (
        f"<h2>{escape(title)} by {escape(dimension)}</h2>"
        + rows_of(heads, cells)
        + picture(_gains(own, report.base, title), f"Gain in {title} by {dimension}")
    )


def label(row: Row) -> str:
    """A run as people name it."""
    return row.scorer if row.scorer in ("", row.reference) else f"{row.reference} ({row.scorer.partition(VALUE)[0]})"


def _values(rows: Sequence[Row], title: str) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 0.8 + 0.35 * len(rows)), layout="constrained", dpi=110)
    axes = figure.subplots()
    for at, row in enumerate(reversed(rows)):
        one = row.value
        axes.errorbar(one.mean, at, xerr=[[one.mean - one.low], [one.high - one.mean]], fmt="o", capsize=3, color="C0")
    axes.set(
        xlabel=f"{title}, mean and 95% interval", yticks=range(len(rows)), yticklabels=[label(r) for r in rows][::-1]
    )
    axes.grid(axis="x", alpha=0.3)
    return figure


def _gains(parts: Sequence[SegmentRow], base: str, title: str) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 0.8 + 0.3 * len(parts)), layout="constrained", dpi=110)
    axes = figure.subplots()
    names = list(dict.fromkeys(part.reference for part in parts))
    for at, part in enumerate(reversed(parts)):
        one, colour = part.difference, f"C{names.index(part.reference)}"
        axes.errorbar(
            one.mean, at, xerr=[[one.mean - one.low], [one.high - one.mean]], fmt="o", capsize=3, color=colour
        )
    labels = [f"{part.segment}, {part.reference}" if len(names) > 1 else part.segment for part in parts]
    axes.axvline(0, color="#999", linewidth=1)
    axes.set(xlabel=f"{title} minus {base}", yticks=range(len(parts)), yticklabels=labels[::-1])
    axes.grid(axis="x", alpha=0.3)
    return figure
