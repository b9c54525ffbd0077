"""The realism report: every published figure of the real network beside a data set's own, with a verdict.

It reads the data tables only, never the truth, so it runs on an imported log too; a figure whose tables or columns
are absent says so. A family of figures is a module with its `FIGURES`; adding a figure is one function and one entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.batch import F32
from data.dataset import Dataset
from data.errors import ConfigError
from data.progress import Progress, no_progress
from experiments.realism import (
    activity,
    broadcasts,
    cascades,
    exposure,
    followers,
    graph,
    habits,
    hashtags,
    returns,
    text,
    wording,
)  # fmt: skip
from experiments.realism.figure import ABSENT, MET, MISSED, Figure, Found, Plot, Row, judge
from experiments.realism.log import Encode, Log, NoData

FIGURES: Sequence[Figure] = (
    *graph.FIGURES,
    *followers.FIGURES,
    *activity.FIGURES,
    *habits.FIGURES,
    *returns.FIGURES,
    *cascades.FIGURES,
    *broadcasts.FIGURES,
    *exposure.FIGURES,
    *hashtags.FIGURES,
    *text.FIGURES,
    *wording.FIGURES,
)
"""All figures, family by family."""

__all__ = ["ABSENT", "FIGURES", "MET", "MISSED", "Report", "Row", "realism"]


@dataclass(frozen=True)
class Report:
    """The figures of one data set."""

    name: str
    content_hash: str
    rows: Sequence[Row]
    """One a figure, in their order."""
    plots: Mapping[str, Sequence[Plot]]
    """By the figure's name; only where there is data."""

    def count(self, verdict: str) -> int:
        """How many published figures have a verdict."""
        return sum(row.verdict == verdict and row.published for row in self.rows)

    @property
    def counted(self) -> str:
        """The verdicts of the published figures in one line."""
        total = sum(row.published for row in self.rows)
        return f"{self.count(MET)} of {total} published figures met, {self.count(MISSED)} missed, " + (
            f"{self.count(ABSENT)} without data"
        )


def realism(
    dataset: Dataset,
    *,
    encode: Encode | None = None,
    progress: Progress = no_progress,
    figures: Sequence[Figure] = FIGURES,
) -> Report:
    """Measures `figures` on one data set.

    Args:
        dataset: any data set; its truth is not read.
        encode: [N] texts to [N, D] unit vectors, for figures of meaning; None where there is no encoder.
        progress: called before each figure, with its name.
        figures: what to measure.
    """
    log = Log(dataset, encode)
    rows, plots = [], {}
    for at, figure in enumerate(figures):
        progress(at, len(figures), figure.name)
        found = measured(log, figure)
        rows.append(judge(figure, found))
        if isinstance(found, Found) and found.plots:
            plots[figure.name] = found.plots
    return Report(dataset.name, dataset.content_hash, rows, plots)


def lazy_encoder(cache: Path) -> Encode:
    """The `static` text encoder, resolved when the first text is encoded."""
    from features.text.encoder import resolve_encoder

    def encode(texts: Sequence[str]) -> F32:
        try:
            return resolve_encoder("static", cache=cache).encode(texts)
        except ConfigError as error:
            raise NoData(str(error)) from error

    return encode


def measured(log: Log, figure: Figure) -> Found | NoData:
    """One figure of a log, or why there is none."""
    empty = [name for name in figure.tables if not log.dataset.rows(name)]
    if empty:
        return NoData(f"no rows in table {empty[0]}")
    try:
        return figure.measure(log)
    except NoData as reason:
        return reason
