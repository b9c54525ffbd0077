"""Plots of closed runs: measures by day, one line a policy, and what each coefficient of feedback does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.reports.plots import GREY, new_figure, whiskers
from experiments.statistics.paired import Difference, Interval

_ACROSS = 2
"""Panels in a row."""


def curves_by_day(found: Mapping[str, Mapping[str, Sequence[Interval]]], words: Mapping[str, str]) -> Any:
    """One panel a measure, one line a policy with a band for the 95% interval; `found` by measure, policy and day."""
    down = -(-len(found) // _ACROSS)
    figure = new_figure(5.2 * _ACROSS, 2.7 * down + 0.6)
    panels = figure.subplots(down, _ACROSS, squeeze=False, sharex=True).ravel()
    for axes, (measure, policies) in zip(panels, found.items(), strict=False):
        for policy, days in policies.items():
            at = range(1, len(days) + 1)
            (line,) = axes.plot(at, [one.mean for one in days], label=policy, linewidth=1.4, marker="o", markersize=2)
            low, high = [one.low for one in days], [one.high for one in days]
            axes.fill_between(at, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
        axes.set_title(f"{measure}: {words[measure]}", fontsize="small")
        axes.set_xlabel("day", fontsize="small")
        axes.grid(alpha=0.3)
        axes.tick_params(labelsize="small", labelbottom=True)
    for axes in panels[len(found) :]:
        axes.axis("off")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize="small")
    return figure


def effects(
    found: Mapping[str, Mapping[str, Difference]], base: Mapping[str, Difference], words: Mapping[str, str]
) -> Any:
    """One panel a measure, one line a changed coefficient: the difference of two policies with its 95% interval.

    `found` is by measure and change; `base` has the difference with nothing changed, drawn as a line.
    """
    first = next(iter(found.values()))
    figure = new_figure(3.4 + 3.4 * len(found), 1.4 + 0.3 * len(first))
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False).ravel()
    for axes, (measure, rows) in zip(panels, found.items(), strict=True):
        whiskers(axes, [(one.mean, one.low, one.high) for one in rows.values()])
        axes.axvline(base[measure].mean, color=GREY, linewidth=1)
        axes.axvline(0, color="black", linewidth=0.6)
        axes.set_xlabel(words[measure], fontsize="small")
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(first)), list(first))
    return figure
