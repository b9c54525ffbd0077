"""What runs are drawn as: learning curves, estimates with intervals, calibration, precision and recall, gains."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BLUE, GREY = "#1d6fa5", "#999999"


def curves(values: Mapping[str, Sequence[float]], *, title: str, ylabel: str) -> Any:
    """Values by epoch, one line a name."""
    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for label, one in values.items():
        axes.plot(range(1, len(one) + 1), one, marker="o", markersize=3, label=label)
    axes.set(title=title, xlabel="epoch", ylabel=ylabel)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def intervals(rows: Mapping[str, tuple[float, float, float]], *, title: str, xlabel: str) -> Any:
    """Estimates with their intervals (value, low, high), one line a name."""
    figure = new_figure(6, 0.8 + 0.4 * len(rows))
    axes = figure.subplots()
    names = list(rows)
    whiskers(axes, [rows[name] for name in names])
    axes.set(title=title, xlabel=xlabel, yticks=range(len(rows)), yticklabels=names)
    axes.grid(axis="x", alpha=0.3)
    return figure


def png(figure: Any) -> bytes:
    """A figure as a file."""
    room = io.BytesIO()
    figure.savefig(room, format="png")
    return room.getvalue()


def new_figure(width: float, height: float) -> Any:
    """An empty figure of that size in inches, drawn without a display."""
    from experiments.reports.figure import Picture

    return Picture(figsize=(width, height), layout="constrained")


def whiskers(axes: Any, rows: Sequence[tuple[float, float, float]]) -> None:
    """Values with their intervals, from the top down."""
    value, low, high = np.array(rows, np.float64).reshape(-1, 3).T
    reach = np.nan_to_num([value - low, high - value])  # a single user has no interval
    axes.errorbar(value, range(len(rows)), xerr=reach, fmt="o", capsize=3, color=BLUE)
    axes.set_ylim(len(rows) - 0.5, -0.5)
