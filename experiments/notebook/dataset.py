"""A data set as a notebook shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from data.dataset import Dataset
from data.readers.notes import in_words
from data.schema import table
from experiments.notebook.display import Result, shown
from experiments.reports.plots import new_figure

_DRAWN = ("tweets", "requests", "engagements")
"""Tables whose rows a day are drawn, where the data set has them."""


class LabDataset(Dataset, Result):
    """A data set on disk that a notebook can look at. It goes wherever a `data.dataset.Dataset` does."""

    def to_polars(self) -> pl.DataFrame:
        """One row a table: `table`, `rows`, `files`. A table's own rows are `scan(name).collect()`."""
        names = self.tables
        return pl.DataFrame(
            {
                "table": names,
                "rows": [self.rows(name) for name in names],
                "files": [len(self.days(name)) for name in names],
            },
            schema={"table": pl.String, "rows": pl.Int64, "files": pl.Int64},
        )

    def plot(self) -> Any:
        """A Matplotlib figure: rows of tweets, requests and engagements by day, on an axis of logarithms."""
        figure = new_figure(7, 3)
        axes = figure.subplots()
        for name in _DRAWN:
            if self.rows(name):
                days = self._by_day(name)
                axes.plot(days["day"].to_list(), days["len"].to_list(), marker="o", markersize=3, label=name)
        axes.set(title=f"{self.name}: rows a day", yscale="log")
        for ticks in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            ticks("{x:,.0f}")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.autofmt_xdate()
        return figure

    def _by_day(self, name: str) -> pl.DataFrame:
        day = pl.from_epoch(pl.col(table(name).time), time_unit="us").dt.date().alias("day")
        return self.scan(name).group_by(day).len().sort("day").collect()

    def _repr_html_(self) -> str:
        low, high = (datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M") for at in self.time_range_us())
        rows = [(name, f"{count:,}", files) for name, count, files in self.to_polars().iter_rows()]
        notes = [f"{one['file']}: {in_words(one)}" for one in self.config.get("notes", [])]
        notes += [f"{self.folder}, content hash {self.content_hash[:16]}"]
        return shown(f"{self.name}: {low} to {high} UTC", ["table", "rows", "files"], rows, notes)
