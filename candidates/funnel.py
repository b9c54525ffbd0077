"""The funnel: from requests to slates through components, checked when it is built, with a trace of each run.

    query hydrators -> sources (merged) -> hydrators -> filters -> ranker -> factors -> rerankers -> selector
    -> filters after selection -> side effects

- A tweet that several sources bring is kept once: `source` names the first of them in the order given, and bit s of
  `sources` says whether the source at place s brought it. `propensity` is the probability that it is a candidate:
  below 1 for what chance alone drew.
- score = value x product of the factors. Equal scores: the newer tweet first, then the larger id.
- What raises is left out and named under `degraded`, and so is what needs its columns. Under a deadline so is what
  took longer than its budget, and what has not begun when the deadline passes. Without a ranker every value is 1, so
  that the feed falls back to newest first; without a selector the slate is the best k.
- Sources and the ranker may wait for others: under a deadline they run apart, and one that hangs is left behind.
- What a filter after selection drops leaves the slate, which is filled again from the next best, once.
- A filter that protects people fails closed: it is never skipped for time, and when it cannot judge, none passes.
- Without a deadline the clock decides nothing: the same state and request give the same slate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from candidates import fits
from candidates.apart import Apart
from candidates.checks import Columns, check_reasons
from candidates.component import Component, Factor, Filter, Hydrator, QueryHydrator, Reranker, SideEffect, Source
from candidates.feed_order import order_by_score
from candidates.guard import Guard
from candidates.merge import MOST_SOURCES, merge
from candidates.scorers.ranker import AskRanker
from candidates.trace import FunnelResult, Trace
from data.batch import F32, F64, I64, CandidateBatch, Mask, Ragged, Requests, offsets_of
from data.errors import ConfigError, DataError
from ranking.scorer import Selector

T = TypeVar("T")

Base = Callable[[Requests, Ragged], CandidateBatch]
"""Turns requests and their tweet rows into a batch with the ids of tweets and authors: `FeatureState.base`."""

REQUEST_COLUMNS = frozenset({"request_id", "user_id", "user_row", "time_us"})
GIVEN_COLUMNS = frozenset({"tweet_row", "tweet_id", "author_id", "author_row", "source", "sources", "propensity"})


class Select(Component):
    """A selector among the components, so that it is guarded and timed like them."""

    def __init__(self, selector: Selector) -> None:
        """Selects with `selector`."""
        self.selector = selector

    @property
    def name(self) -> str:
        """The same whatever selects."""
        return "selector"


class Funnel:
    """A product's components in order. When it is built, every column read is written earlier and none twice."""

    def __init__(
        self,
        *,
        base: Base,
        sources: Sequence[Source],
        ranker: AskRanker,
        query_hydrators: Sequence[QueryHydrator] = (),
        hydrators: Sequence[Hydrator] = (),
        filters: Sequence[Filter] = (),
        factors: Sequence[Factor] = (),
        rerankers: Sequence[Reranker] = (),
        selector: Selector | None = None,
        after_selection: Sequence[Filter] = (),
        side_effects: Sequence[SideEffect] = (),
        strict: bool = False,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Composes and checks.

        Args:
            base: makes the batch of what the sources brought.
            sources: who brings candidates; their order decides whose a tweet is.
            ranker: who gives values.
            query_hydrators: add columns to requests.
            hydrators: add columns to candidates.
            filters: drop candidates.
            factors: pointwise multipliers of the value.
            rerankers: listwise multipliers of the score, each seeing the ones before it.
            selector: picks the slate; the best k when None.
            after_selection: drop from the slate, which is given best first and is filled again.
            side_effects: look at the result.
            strict: raise what a component raises instead of going on without it: for evaluations and tests.
            timer: seconds that only go forward; only durations are taken from it.

        Raises:
            ConfigError: no source or more than 63, a name twice, a column read before it is written, or two writers
                of one column.
        """
        if not sources:
            raise ConfigError("a funnel without a source", remedy="give it one")
        if len(sources) > MOST_SOURCES:
            raise ConfigError(f"a funnel of {len(sources)} sources", remedy=f"give it at most {MOST_SOURCES}")
        self.base, self.ranker, self.selector = base, ranker, selector
        self.query_hydrators, self.sources, self.hydrators = tuple(query_hydrators), tuple(sources), tuple(hydrators)
        self.filters, self.factors, self.rerankers = tuple(filters), tuple(factors), tuple(rerankers)
        self.after_selection, self.side_effects = tuple(after_selection), tuple(side_effects)
        self._apart = Apart()
        self._strict, self._timer = strict, timer
        self._check()

    def _check(self) -> None:
        columns = Columns(REQUEST_COLUMNS)
        columns.stage(self.query_hydrators)
        columns.stage(self.sources)
        columns.give(GIVEN_COLUMNS, "the sources")
        columns.stage((*self.hydrators, *self.filters, self.ranker, *self.factors))
        columns.give(("score",), "the factors")
        columns.stage(self.rerankers)
        if self.selector is not None:
            columns.read("selector", self.selector.reads)
        columns.stage(self.after_selection)
        columns.give(("position",), "the selector")
        columns.stage(self.side_effects)
        check_reasons(self.filters)
        check_reasons(self.after_selection)

    def run(self, requests: Requests, k: int, *, deadline_ms: float | None = None) -> FunnelResult:
        """Slates of at most `k` tweets for B requests.

        Raises:
            DataError: the requests lack `user_row` or `time_us`.
        """
        for name in ("user_row", "time_us"):
            if name not in requests.columns:
                raise DataError(f"the requests lack column {name!r}", remedy="make them with FeatureState.requests")
        guard = Guard(self._timer, deadline_ms, strict=self._strict)
        with guard.stage("query_hydrators"):
            requests = self._prepare(guard, requests)
        with guard.stage("sources"):
            merged, brought = self._fetch(guard, requests)
        with guard.stage("hydrators"):
            merged = self._hydrate(guard, merged)
        with guard.stage("filters"):
            batch, rows, removed, fate = self._filter(guard, merged)
        with guard.stage("ranker"):
            batch = self._value(guard, batch)
        with guard.stage("factors"):
            batch, factors = self._score(guard, batch)
        with guard.stage("selector"):
            order = order_by_score(batch)
            batch = batch.take(Ragged(batch.offsets, order))
            picked, chance = self._select(guard, batch, k)
        with guard.stage("after_selection"):
            picked, fate_after = self._settle(guard, batch, picked)
            slate = _slate(batch, picked, chance)
        factors = {name: factor[order] for name, factor in factors.items()}
        trace = Trace(
            brought, removed, guard.stage_ms, guard.component_ms, merged, fate, batch, rows[order], factors, picked,
            tuple(one.reason for one in self.after_selection), fate_after,
        )  # fmt: skip
        result = FunnelResult(slate, guard.degraded, trace)
        with guard.stage("side_effects"):
            for effect in self.side_effects:
                _attempt(guard, effect, slate, partial(effect.after, result))
        return result

    def settle(self) -> None:
        """Waits for what earlier runs left behind: call it before the state changes that components read."""
        self._apart.settle()

    def _prepare(self, guard: Guard, requests: Requests) -> Requests:
        for component in self.query_hydrators:
            missing = component.reads - requests.columns.keys()
            new = guard.attempt(
                component, missing, partial(fits.columns, component, component.hydrate, requests, len(requests))
            )
            requests = requests.with_columns(new or {})
        return requests

    def _fetch(self, guard: Guard, requests: Requests) -> tuple[CandidateBatch, dict[str, Ragged]]:
        """All candidates, and what each source that was not left out brought."""
        brought: dict[str, Ragged] = {}
        for source in self.sources:
            missing = source.reads - requests.columns.keys()
            found = guard.attempt(source, missing, partial(fits.fetched, source, requests), self._apart)
            if found is not None:
                brought[source.name] = found
        names = [source.name for source in self.sources]
        nothing = Ragged(np.zeros(len(requests) + 1, np.int64), np.empty(0, np.int64))
        merged = merge([brought.get(name, nothing) for name in names], len(requests))
        columns = {"source": np.array(names, object)[merged.source], "sources": merged.sources}
        columns["propensity"] = merged.propensity
        return self.base(requests, merged.rows).with_columns(columns), brought

    def _hydrate(self, guard: Guard, batch: CandidateBatch) -> CandidateBatch:
        for component in self.hydrators:
            new = _attempt(
                guard, component, batch, partial(fits.columns, component, component.hydrate, batch, len(batch))
            )
            batch = batch.with_columns(new or {})
        return batch

    def _filter(self, guard: Guard, merged: CandidateBatch) -> tuple[CandidateBatch, I64, dict[str, int], I64]:
        """The survivors, their rows in `merged`, counts by reason, and which filter dropped each of `merged`."""
        batch = _read_by(self.filters, merged)
        rows = np.arange(len(merged), dtype=np.int64)
        fate = np.full(len(merged), -1, np.int64)
        removed = {component.reason: 0 for component in self.filters}
        for number, component in enumerate(self.filters):
            keep = _passed(guard, component, batch)
            if keep is None or keep.all():
                continue
            fate[rows[~keep]] = number
            removed[component.reason] = int(len(keep) - keep.sum())
            batch, rows = batch.take(Ragged.from_mask(batch.offsets, keep)), rows[keep]
        return merged.take(Ragged(batch.offsets, rows)), rows, removed, fate

    def _value(self, guard: Guard, batch: CandidateBatch) -> CandidateBatch:
        """With `value`, and the columns that the ranker adds and that are not there yet."""
        ranked = None
        if len(batch):
            ask = partial(fits.ranked, self.ranker, batch, guard.left_ms)
            ranked = _attempt(guard, self.ranker, batch, ask, self._apart)
        if ranked is None:
            return batch.with_columns({"value": np.ones(len(batch), np.float32)})
        new = {name: column for name, column in ranked.items() if name not in batch.columns and name != "score"}
        return batch.with_columns({**new, "value": ranked["score"].astype(np.float32, copy=False)})

    def _score(self, guard: Guard, batch: CandidateBatch) -> tuple[CandidateBatch, dict[str, F32]]:
        """With `score`, and the multipliers by component."""
        factors: dict[str, F32] = {}
        score: F32 = batch.columns["value"]
        for component in self.factors:
            factor = _attempt(guard, component, batch, partial(fits.factor, component, batch))
            if factor is not None:
                factors[component.name] = factor
                score = score * factor
        batch = batch.with_columns({"score": score})
        for reranker in self.rerankers:
            factor = _attempt(guard, reranker, batch, partial(fits.factor, reranker, batch))
            if factor is not None:
                factors[reranker.name] = factor
                batch = batch.with_columns({"score": batch.columns["score"] * factor})
        return batch, factors

    def _select(self, guard: Guard, batch: CandidateBatch, k: int) -> tuple[Ragged, F64]:
        """Rows of the sorted `batch` in the slate, and [M] the propensity with which each of `batch` was picked."""
        picked = None
        if self.selector is not None and len(batch):
            missing = frozenset(self.selector.reads) - batch.columns.keys() - batch.requests.columns.keys()
            picked = guard.attempt(Select(self.selector), missing, partial(fits.picked, self.selector, batch, k))
        chance = np.ones(len(batch))
        if picked is not None:
            chance[picked[0].values] = picked[1]
            return picked[0], chance
        lengths = np.minimum(np.diff(batch.offsets), k)
        offsets = offsets_of(lengths)
        within = np.arange(offsets[-1], dtype=np.int64) - np.repeat(offsets[:-1], lengths)
        return Ragged(offsets, within + np.repeat(batch.offsets[:-1], lengths)), chance

    def still(self, ranked: CandidateBatch) -> Mask:
        """[N] what of `ranked`, best first, passes the filters after selection now: for later pages of a slate."""
        guard = Guard(self._timer, None, strict=self._strict)
        passed: Mask = self._judge(guard, ranked) < 0
        return passed

    def _judge(self, guard: Guard, batch: CandidateBatch) -> I64:
        """[N] which filter after selection drops each of `batch`, best first; -1 for what passes."""
        rows, fate = np.arange(len(batch), dtype=np.int64), np.full(len(batch), -1, np.int64)
        batch = _read_by(self.after_selection, batch)
        for number, component in enumerate(self.after_selection):
            keep = _passed(guard, component, batch)
            if keep is None or keep.all():
                continue
            fate[rows[~keep]] = number
            batch, rows = batch.take(Ragged.from_mask(batch.offsets, keep)), rows[keep]
        return fate

    def _settle(self, guard: Guard, batch: CandidateBatch, picked: Ragged) -> tuple[Ragged, I64]:
        """The slate after the filters, filled again from the next best, and [M] which filter dropped each of `batch`.

        `batch` is sorted. Where nothing of a slate is dropped, nothing else is judged.
        """
        fate = np.full(len(batch), -1, np.int64)
        first = self._judge(guard, batch.take(picked))
        if (first < 0).all():
            return picked, fate
        again = np.zeros(len(picked), np.bool_)
        again[picked.owner[first >= 0]] = True
        place = np.arange(len(batch), dtype=np.int64) + len(batch)  # below the slate, in the order of the batch
        place[picked.values] = np.arange(len(picked.values))
        order = np.lexsort((place, batch.request))
        order = order[again[batch.request[order]]]
        lengths = np.where(again, np.diff(batch.offsets), 0)
        fate[order] = self._judge(guard, batch.take(Ragged.from_lengths(lengths, order)))
        stay = order[fate[order] < 0]
        begin = offsets_of(np.bincount(batch.request[stay], minlength=len(picked)))
        rank = np.arange(len(stay)) - begin[batch.request[stay]]
        filled = stay[rank < picked.lengths[batch.request[stay]]]
        values = np.concatenate([picked.values[~again[picked.owner]], filled])
        return Ragged(
            offsets_of(np.bincount(batch.request[values], minlength=len(picked))),
            values[np.argsort(batch.request[values], kind="stable")],
        ), fate


def _slate(batch: CandidateBatch, picked: Ragged, chance: F64) -> CandidateBatch:
    slate = batch.take(picked)
    position = np.arange(len(slate), dtype=np.int64) - np.repeat(slate.offsets[:-1], np.diff(slate.offsets))
    propensity = slate.columns["propensity"] * chance[picked.values]
    return slate.with_columns({"position": position, "propensity": propensity})


def _attempt(
    guard: Guard, component: Component, batch: CandidateBatch, call: Callable[[], T], apart: Apart | None = None
) -> T | None:
    missing = component.reads - batch.columns.keys() - batch.requests.columns.keys()
    return guard.attempt(component, missing, call, apart)


def _read_by(filters: Sequence[Filter], batch: CandidateBatch) -> CandidateBatch:
    """With the columns that `filters` read and no others: wide ones are copied once, when all filters have spoken."""
    read = frozenset[str]().union(*(component.reads for component in filters))
    columns = {name: column for name, column in batch.columns.items() if name in read}
    return CandidateBatch(batch.requests, batch.offsets, columns)


def _passed(guard: Guard, component: Filter, batch: CandidateBatch) -> Mask | None:
    """What a filter keeps; None for one that is left out, unless it protects people: then it keeps nothing."""
    keep = _attempt(guard, component, batch, partial(fits.mask, component, batch))
    return np.zeros(len(batch), np.bool_) if keep is None and component.protects else keep
