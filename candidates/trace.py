"""What a run of the funnel reports: counts, milliseconds, and for any tweet the answer to "why this tweet"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from candidates.merge import merge
from data.batch import F32, I64, CandidateBatch, Ragged
from data.errors import NotFoundError

_NOT_FEATURES = frozenset(
    {"tweet_row", "tweet_id", "author_id", "author_row", "source", "sources", "propensity", "value", "score",
     "request_id", "user_id", "user_row", "time_us"}
)  # fmt: skip
_SMALL = 8
"""The widest vector column that an explanation spells out."""


@dataclass(frozen=True)
class Why:
    """What happened to one tweet in one request. `str()` is one line of it."""

    tweet_id: int
    sources: Mapping[str, int] = field(default_factory=dict)
    """The sources that brought it, in the funnel's order, and its place in the list of each, 0 at the top."""
    removed_by: str | None = None
    """The reason of the filter that dropped it."""
    features: Mapping[str, float | list[float]] = field(default_factory=dict)
    """Its columns and its request's at scoring, as far as the funnel saw them."""
    value: float | None = None
    """What the ranker gave."""
    factors: Mapping[str, float] = field(default_factory=dict)
    """What each factor and reranker multiplied the value by."""
    score: float | None = None
    """value x product of the factors."""
    removed_after: str | None = None
    """The reason of the filter that dropped it after selection."""
    position: int | None = None
    """Its place in the slate, 0 at the top; None when it is not in it."""

    @property
    def source(self) -> str | None:
        """The first source that brought it, None when no source did."""
        return next(iter(self.sources), None)

    def __str__(self) -> str:
        if not self.sources:
            return f"tweet {self.tweet_id}: no source brought it"
        by = ", ".join(f"{name} (place {place + 1})" for name, place in self.sources.items())
        if self.removed_by is not None:
            return f"tweet {self.tweet_id}: brought by {by}, dropped: {self.removed_by}"
        product = "".join(f" x {factor:g} ({name})" for name, factor in self.factors.items())
        place = "not picked" if self.position is None else f"at position {self.position}"
        if self.removed_after is not None:
            place = f"removed after selection: {self.removed_after}"
        return f"tweet {self.tweet_id}: brought by {by}, score {self.score:g} = {self.value:g}{product}, {place}"


@dataclass(frozen=True)
class Trace:
    """What happened in one run over B requests. Keeps the run's arrays, without copies, for `why`."""

    brought: Mapping[str, Ragged] = field(repr=False)
    """[B] lists of tweet rows that each source brought, before repeats were merged; without sources left out."""
    removed: Mapping[str, int]
    """Candidates dropped for each reason, in the order of the filters; a candidate counts once."""
    stage_ms: Mapping[str, float]
    """Milliseconds of each stage."""
    component_ms: Mapping[str, float]
    """Milliseconds of each component that ran."""
    merged: CandidateBatch = field(repr=False)
    """All candidates as the sources brought them, repeats merged."""
    fate: I64 = field(repr=False)
    """[N] index into `removed` of the reason that dropped each of `merged`, -1 for those that stayed."""
    scored: CandidateBatch = field(repr=False)
    """The M survivors with `value` and `score`, best first."""
    scored_rows: I64 = field(repr=False)
    """[M] the row of `merged` that each survivor was."""
    factors: Mapping[str, F32] = field(repr=False)
    """[M] multipliers by component."""
    picked: Ragged = field(repr=False)
    """Rows of `scored` in the slate, best first."""
    reasons_after: tuple[str, ...] = ()
    """Reasons of the filters after selection, in their order."""
    fate_after: I64 = field(default_factory=lambda: np.empty(0, np.int64), repr=False)
    """[M] index into `reasons_after` of the reason that dropped each of `scored` after selection, -1 for the others."""

    @property
    def removed_after(self) -> dict[str, int]:
        """Candidates dropped after selection for each reason. Those of `scored` are shown, dropped, or not picked."""
        counts = np.bincount(self.fate_after + 1, minlength=len(self.reasons_after) + 1)[1:]
        return dict(zip(self.reasons_after, counts.tolist(), strict=True))

    @property
    def fetched(self) -> dict[str, int]:
        """Tweets that each source brought, before repeats were merged."""
        return {name: len(found.values) for name, found in self.brought.items()}

    @property
    def found(self) -> dict[str, int]:
        """Candidates of `merged` that each source brought, alone or with others."""
        requests = len(self.merged.requests)
        return {name: len(merge([found], requests).source) for name, found in self.brought.items()}

    def why(self, tweet_id: int, request: int = 0) -> Why:
        """What happened to a tweet in request number `request` of the batch.

        Raises:
            NotFoundError: no such request in this run.
        """
        if not 0 <= request < len(self.merged.requests):
            raise NotFoundError(f"no request {request} in this run", remedy=f"it had {len(self.merged.requests)}")
        row = _find(self.merged, tweet_id, request)
        if row is None:
            return Why(tweet_id)
        sources = self._places(int(self.merged.columns["tweet_row"][row]), request)
        if self.fate[row] >= 0:
            return Why(tweet_id, sources, removed_by=list(self.removed)[int(self.fate[row])])
        at = _find(self.scored, tweet_id, request)
        if at is None:  # it stayed: it has a place among the scored
            raise NotFoundError(f"tweet {tweet_id} is lost in the trace", remedy="report this")
        places = np.flatnonzero(self.picked[request] == at)
        return Why(
            tweet_id,
            sources,
            features=_features(self.scored, at, request),
            value=float(self.scored.columns["value"][at]),
            factors={name: float(factor[at]) for name, factor in self.factors.items()},
            score=float(self.scored.columns["score"][at]),
            removed_after=self.reasons_after[int(self.fate_after[at])] if self.fate_after[at] >= 0 else None,
            position=int(places[0]) if len(places) else None,
        )

    def _places(self, tweet_row: int, request: int) -> dict[str, int]:
        """Where each source that brought a tweet has it in its list."""
        places = {name: np.flatnonzero(found[request] == tweet_row) for name, found in self.brought.items()}
        return {name: int(at[0]) for name, at in places.items() if len(at)}

    def __str__(self) -> str:
        """The whole run in one line."""
        parts = (
            " ".join(f"{name}={count}" for name, count in self.fetched.items()),
            " ".join(f"{name}={count}" for name, count in self.removed.items() if count),
            " ".join(f"{name}={ms:.1f}ms" for name, ms in self.stage_ms.items()),
        )
        counts = f"merged={len(self.merged)} | removed {parts[1] or 'none'} | scored={len(self.scored)}"
        if after := " ".join(f"{name}={count}" for name, count in self.removed_after.items() if count):
            counts += f" | removed after selection {after}"
        return f"fetched {parts[0]} | {counts} | {parts[2]}"


def _find(batch: CandidateBatch, tweet_id: int, request: int) -> int | None:
    first, last = int(batch.offsets[request]), int(batch.offsets[request + 1])
    at = np.flatnonzero(batch.columns["tweet_id"][first:last] == tweet_id)
    return first + int(at[0]) if len(at) else None


def _features(batch: CandidateBatch, at: int, request: int) -> dict[str, float | list[float]]:
    found: dict[str, float | list[float]] = {}
    for columns, row in ((batch.requests.columns, request), (batch.columns, at)):
        for name, column in columns.items():
            value: Any = column[row]
            if name in _NOT_FEATURES or column.dtype.kind not in "biuf":
                continue
            if column.ndim == 1:
                found[name] = float(value)
            elif column.ndim == 2 and column.shape[1] <= _SMALL:
                found[name] = [float(one) for one in value]
    return found


@dataclass(frozen=True)
class FunnelResult:
    """The result of a run."""

    slate: CandidateBatch
    """At most k candidates a request, best first, with `source`, `value`, `score` (float32), `position` (int64, 0 at
    the top) and `propensity` (float64: the chance of this tweet here given those
    above it, times the probability that it was a candidate; 1 where nothing is drawn)."""
    degraded: Mapping[str, str]
    """Components that were left out, and why; empty when all went well."""
    trace: Trace
    """How it was made."""
