"""What a figure of the report is: numbers with published targets, how they are measured, and the plots beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from data.batch import Array
from experiments.realism.log import NoData

if TYPE_CHECKING:
    from experiments.realism.log import Log

MET, MISSED, ABSENT = "met", "missed", "no data"


@dataclass(frozen=True)
class Part:
    """One published number of a figure and the range in which a measured one agrees with it."""

    label: str
    """What the number is, empty where the figure has only this one."""
    target: str
    """As published."""
    low: float
    high: float
    percent: bool = False
    """Shown as a percentage; the value itself stays a share."""

    def text(self, value: float) -> str:
        """A value for people, three digits."""
        if math.isnan(value):
            return "?"
        return f"{100 * value:.3g}%" if self.percent else f"{value:.3g}"

    def range_text(self, low: float, high: float) -> str:
        """A tolerance for people."""
        if math.isinf(high):
            return f"over {self.text(low)}"
        if math.isinf(low):
            return f"under {self.text(high)}"
        return f"{self.text(low)} to {self.text(high)}"


def near(label: str, target: float, *, relative: float = 0.2, most: float = math.inf, percent: bool = False) -> Part:
    """A number with a tolerance of `relative` times the target, at most `most` either way; a share ends at 1."""
    slack = min(abs(target) * relative, most)
    low, high = target - slack, target + slack
    shown = f"{100 * target:.3g}%" if percent else f"{target:.3g}"
    return Part(label, shown, low, min(high, 1.0) if percent else high, percent)


@dataclass(frozen=True)
class Line:
    """One line, or cloud of points, of a plot: `x` and `y` are [N]."""

    x: Array
    y: Array
    label: str = ""
    style: Literal["-", "--", "o", "bar"] = "-"


@dataclass(frozen=True)
class Plot:
    """One picture; `scale` names the logarithmic axes: "", "x", "y" or "xy"."""

    title: str
    xlabel: str
    ylabel: str
    lines: Sequence[Line]
    scale: Literal["", "x", "y", "xy"] = ""
    names: Sequence[str] = ()
    """What the whole numbers 0, 1, ... of the x-axis are, where they are no numbers."""


@dataclass(frozen=True)
class Found:
    """What a measurement found: a value for each part, in their order, NaN where one is not known."""

    values: Sequence[float]
    note: str = ""
    """Sizes of samples, and what else a reader must know of this data set."""
    plots: Sequence[Plot] = ()
    bounds: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    """Tolerances, by the number of the part, that depend on the data set's size."""


@dataclass(frozen=True)
class Figure:
    """A published figure: its numbers, who says so, and what measures it."""

    name: str
    parts: tuple[Part, ...]
    definition: str
    """How it is measured, one line."""
    source: str
    tables: tuple[str, ...]
    """Tables without which there is no data."""
    measure: Callable[[Log], Found]
    """May raise `NoData`."""
    published: bool = True
    """False for what the table of published figures does not list."""


@dataclass(frozen=True)
class Row:
    """A figure of one data set."""

    name: str
    value: float | list[float] | None
    """The number, or one a part; None where the row has no data."""
    shown: str
    target: str
    tolerance: str
    definition: str
    source: str
    verdict: str
    """`met` where every number is within its tolerance, `missed` where one is not, `no data` where none is outside
    and one is not known."""
    missed: tuple[str, ...] = ()
    """Labels of the parts outside their tolerance, or the figure's name where it is one number."""
    note: str = ""
    """Sizes of samples, or why there is no data."""
    published: bool = True
    """Whether the table of published figures lists it; the count of missed rows is over these."""


def judge(figure: Figure, found: Found | NoData) -> Row:
    """The row of a figure: its verdict by the rule of `Row.verdict`."""
    about = {
        "name": figure.name, "definition": figure.definition, "source": figure.source, "published": figure.published,
        "target": _joined([(part.label, part.target) for part in figure.parts]),
    }  # fmt: skip
    limits = {at: (part.low, part.high) for at, part in enumerate(figure.parts)}
    if isinstance(found, NoData):
        tolerance = _tolerance(figure, limits)
        return Row(value=None, shown=ABSENT, tolerance=tolerance, verdict=ABSENT, note=str(found), **about)  # type: ignore[arg-type]
    limits |= found.bounds
    values = [float(value) for value in found.values]
    outside = [
        part.label or figure.name
        for at, (part, value) in enumerate(zip(figure.parts, values, strict=True))
        if not math.isnan(value) and not limits[at][0] <= value <= limits[at][1]
    ]
    known = all(math.isfinite(value) for value in values)
    verdict = MISSED if outside else MET if known else ABSENT
    shown = _joined([(part.label, part.text(value)) for part, value in zip(figure.parts, values, strict=True)])
    return Row(
        value=values if len(values) > 1 else values[0],
        shown=ABSENT if all(map(math.isnan, values)) else shown,
        tolerance=_tolerance(figure, limits),
        verdict=verdict,
        missed=tuple(outside),
        note=found.note,
        **about,  # type: ignore[arg-type]
    )


def _tolerance(figure: Figure, limits: Mapping[int, tuple[float, float]]) -> str:
    return _joined([(part.label, part.range_text(*limits[at])) for at, part in enumerate(figure.parts)])


def _joined(parts: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{label} {text}".strip() for label, text in parts)
