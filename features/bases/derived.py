"""Views that are pure functions of other columns: one function serves both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch, Requests
from features.shared import Shared
from features.view import Feature, OnlineView, Stateless


@dataclass(frozen=True)
class Derived:
    """One feature computed from columns of other views."""

    feature: Feature
    reads: tuple[str, ...]
    function: Callable[[CandidateBatch], Array]
    """From a batch with the columns `reads` to [N] or [N, D]; of a request, from the requests' columns to [B, ...]."""
    entity: str = "candidate"
    tables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.feature.name

    @property
    def features(self) -> tuple[Feature, ...]:
        """The one feature."""
        return (self.feature,)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The function over the rows, each as a request with one candidate."""
        frame = rows.select("row", *self.reads).collect()
        size = np.arange(len(frame) + 1, dtype=np.int64)
        columns = {name: frame[name].to_numpy() for name in self.reads}
        batch = CandidateBatch(Requests({"user_row": size[:-1]}), size, {})
        batch = batch.with_requests(columns) if self.entity == "request" else batch.with_columns(columns)
        return pl.LazyFrame([frame["row"], pl.Series(self.name, self.function(batch))])

    def online(self, state: Shared) -> OnlineView:
        """The function over the batch."""
        return _Derived(self)


class _Derived(Stateless):
    def __init__(self, view: Derived) -> None:
        self._view = view

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {self._view.name: self._view.function(batch)}
