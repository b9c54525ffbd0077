"""Plots of an evaluation: metrics with intervals, calibration, precision against recall, gain by segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reports.plots import BLUE, GREY, intervals, new_figure, png, whiskers
from experiments.statistics.paired import Interval, bounds

if TYPE_CHECKING:
    from experiments.evaluation.diagnostics import Curves, Gain, PrecisionRecall, Reliability


_METRICS = {"ndcg": "NDCG", "true_value": "true value", "true_welfare": "true welfare"}


_ACROSS = 4
"""Panels in a row."""


_APART = 0.2
"""Least distance of two ticks, as a share of the axis."""


def draw(
    curves: Mapping[str, Curves], names: Mapping[str, str], ndcg: Mapping[str, Interval], *, k: int
) -> dict[str, dict[str, bytes]]:
    """PNG files by name for each of the models evaluated together, which are called by `names`, their NDCG@k by these.

    `ndcg.png` shows all of them, and so does `precision_recall.png` of a log with impressions. `calibration.png` is an
    action model's own. `gain_by_segment.png` takes another model to gain over: one that was evaluated alone has none.
    """
    areas = {names[reference]: one.precision_recall for reference, one in curves.items() if one.precision_recall}
    rows = {name: (one.mean, one.low, one.high) for name, one in ndcg.items()}
    shared = {"ndcg.png": png(intervals(rows, title=f"NDCG@{k}", xlabel="mean and 95% interval"))}
    if areas:
        title = "Precision and recall on the impressions of the test"
        shared["precision_recall.png"] = png(precision_recall_curves(areas, title=title))
    out = {}
    for reference, one in curves.items():
        files, name = dict(shared), names[reference]
        if one.calibration:
            title = f"Calibration of {name} on the impressions of the test"
            files["calibration.png"] = png(reliability_diagrams(one.calibration, title=title))
        if one.gains:
            named = {f"{_METRICS[metric]}@{k}": rows for metric, rows in one.gains.items()}
            title = f"Gain of {name} over {names[one.base]} by segment of users"
            files["gain_by_segment.png"] = png(gain_by_segment(named, title=title))
        out[reference] = files
    return out


def reliability_diagrams(found: Mapping[str, Reliability], *, title: str) -> Any:
    """One panel an action: observed shares with intervals against mean probabilities, and the diagonal.

    Both axes are of square roots: most impressions have a small probability, and a bin may have had nothing.
    """
    across = min(_ACROSS, len(found))
    down = -(-len(found) // across)
    figure = new_figure(max(6, 0.4 + 2.9 * across), 0.9 + 2.9 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (action, one) in zip(panels, found.items(), strict=False):
        _reliability(axes, action, one)
    for axes in panels[len(found) :]:
        axes.axis("off")
    figure.suptitle(title)
    figure.supxlabel("mean probability of a bin, as predicted for the place of each impression", fontsize="medium")
    figure.supylabel("share of its impressions with the action", fontsize="medium")
    return figure


def precision_recall_curves(found: Mapping[str, PrecisionRecall], *, title: str) -> Any:
    """One curve a model, its area and the area's interval in the legend, and the precision of chance."""
    figure = new_figure(7.5, 4.5 + 0.22 * len(found))
    axes = figure.subplots()
    for label, one in found.items():
        area = one.area
        words = f"{label}: {area.mean:.3f} {bounds(area.low, area.high, area.users, '.3f')}"
        axes.plot(one.recall, one.precision, drawstyle="steps-pre", linewidth=1.3, label=words)
    rate = next(iter(found.values())).rate
    axes.axhline(rate, color=GREY, linestyle="--", linewidth=1, label=f"chance: {rate:.3f}")
    axes.set(title=title, xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, _top(found)))
    axes.grid(alpha=0.3)
    figure.legend(
        loc="outside lower center", frameon=False, fontsize="small", title="area under the curve, 95% interval"
    )
    return figure


def gain_by_segment(found: Mapping[str, Sequence[Gain]], *, title: str) -> Any:
    """One panel a metric, one line a segment: the mean paired difference with its interval, and a line at no gain."""
    first = next(iter(found.values()))
    figure = new_figure(3.6 + 3.4 * len(found), 1.3 + 0.3 * len(first))
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False).ravel()
    for axes, (metric, rows) in zip(panels, found.items(), strict=True):
        whiskers(axes, [(one.difference.mean, one.difference.low, one.difference.high) for one in rows])
        axes.axvline(0, color=GREY, linewidth=1)
        axes.set(xlabel=f"gain in {metric} (95% interval)")
        axes.grid(axis="x", alpha=0.3)
        for at in range(1, len(rows)):
            if rows[at].dimension != rows[at - 1].dimension:
                axes.axhline(at - 0.5, color="#dddddd", linewidth=1)
    panels[0].set_yticks(range(len(first)), [_segment(one) for one in first])
    figure.suptitle(title)
    return figure


def _reliability(axes: Any, action: str, one: Reliability) -> None:
    curve = one.curve
    end = float(max(curve.expected.max(), one.high.max())) * 1.05
    axes.plot([0, end], [0, end], color=GREY, linestyle="--", linewidth=1)
    reach = np.maximum([curve.observed - one.low, one.high - curve.observed], 0)
    axes.errorbar(curve.expected, curve.observed, yerr=reach, fmt="o-", markersize=4, capsize=2, color=BLUE)
    axes.set_xscale("function", functions=(_root, np.square))
    axes.set_yscale("function", functions=(_root, np.square))
    ticks = _ticks(end)
    labels = [f"{tick:g}" for tick in ticks]
    axes.set(xlim=(0, end), ylim=(0, end))
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    rows = f"{action}: {one.taken:,} of {int(curve.count.sum()):,} impressions"
    axes.set_title(f"{rows}\nECE {one.error:.2g}, expected / observed {one.ratio:.2f}", fontsize="small")
    axes.tick_params(labelsize="small")
    axes.grid(alpha=0.3)


def _root(values: Any) -> Any:
    return np.sqrt(np.maximum(values, 0))


def _ticks(end: float) -> list[float]:
    """0 and some of 1, 2, 5, 10, ... times a power of ten up to `end`, well apart on an axis of square roots."""
    top = int(np.floor(np.log10(end)))
    out: list[float] = []
    for value in (lead * 10.0**power for power in range(top, top - 3, -1) for lead in (5, 2, 1)):
        place = np.sqrt(value / end)
        if value <= end and place >= _APART and (not out or np.sqrt(out[-1] / end) - place >= _APART):
            out.append(value)
    return [0.0, *out[::-1]]


def _top(found: Mapping[str, PrecisionRecall]) -> float:
    """Where precision is cut off: the first few rows alone may have any, and would press the rest together."""
    return min(1.0, 1.1 * max(float(one.precision[one.recall >= 0.01].max()) for one in found.values()))


def _segment(one: Gain) -> str:
    users = f"{one.segment} ({one.difference.users:,} users)"
    return users if one.dimension == one.segment else f"{one.dimension}: {users}"
