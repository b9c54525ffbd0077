"""Every tweet alive at request time, for requests of the test period: the protocol of a log with impressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import polars as pl

from data.batch import I64, Mask, Ragged, Requests
from data.dataset import Dataset
from data.errors import DataError
from data.events import EventBatch
from data.ids import rows_of
from data.schema import ACTIONS, POSITIVE_ACTIONS
from data.split import Split
from experiments.evaluation.oracle import Oracle
from experiments.evaluation.protocols.protocol import Available, Needs
from experiments.evaluation.protocols.request import RequestBlock, Step
from features.online import FeatureState

ALIVE_H = 48.0
"""Hours after which a tweet is no candidate any more."""

_POSITIVE = sum(1 << ACTIONS.index(action) for action in POSITIVE_ACTIONS)


class Follower(Protocol):
    """What is brought forward with the log beside the feature state: the oracle."""

    tables: frozenset[str]
    """Tables whose events it takes."""
    since_us: int
    """Time of the first event that it takes."""

    def apply(self, events: EventBatch) -> None:
        """Takes one batch; batches come in order."""
        ...


class AliveTweets:
    """Every tweet alive at request time, for a sample of the requests of the test period.

    A log of lasting items, with impressions, ranks all items that came before: they do not age.
    """

    def __init__(self, dataset: Dataset, split: Split, *, requests: int, seed: int) -> None:
        """Samples `requests` of the test period's requests uniformly with `seed`."""
        dataset.require("requests", "impressions", "engagements", purpose="ranking every tweet alive at request time")
        self._dataset, self._split, self._seed = dataset, split, seed
        if split.items is not None:
            raise DataError(
                f"split {split.name!r} leaves out a core's users and items, but requests are ranked as they were shown",
                remedy="take the split without user_core and item_core",
            )
        begins = split.test_begins_us
        if begins is None:
            raise DataError(f"split {split.name!r} has no time where its test begins", remedy="take the time split")
        self.start_us = begins
        tested = dataset.scan("requests").filter(pl.col("time_us") >= self.start_us).collect()
        sample = tested.sample(min(requests, len(tested)), seed=seed).sort("time_us", "request_id")
        ids = sample.lazy().select("request_id")
        shown = dataset.scan("impressions").join(ids, on="request_id", how="semi")
        acted = dataset.scan("engagements").join(ids, on="request_id", how="semi")
        bit = pl.col("action").replace_strict({a: 1 << code for code, a in enumerate(ACTIONS)}, return_dtype=pl.Int64)
        acted = acted.group_by("request_id", "tweet_id").agg(acts=bit.bitwise_or())
        self._alive_h = float("inf") if dataset.lasting else ALIVE_H
        self._requests = sample
        self._shown = _lists(shown, sample, "tweet_id", "position")
        self._acted = _lists(acted, sample, "tweet_id", "acts")

    @classmethod
    def applies(cls, dataset: Dataset, split: Split) -> bool:
        """See `EvaluationProtocol`. The split begins at one time, and impressions were logged."""
        return split.train_before_us is not None and bool(dataset.rows("impressions"))

    def __len__(self) -> int:
        return len(self._requests)

    @property
    def available(self) -> Available:
        """See `EvaluationProtocol`."""
        return Available(
            impressions=True, truth=Oracle.available(self._dataset), texts=self._dataset.has_texts,
            all_candidates=True, new_items=False,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """See `EvaluationProtocol`."""
        return "all-items" if np.isinf(self._alive_h) else "alive-48h"

    @property
    def held_out(self) -> pl.LazyFrame:
        """See `EvaluationProtocol`."""
        return self._split.test

    def describe(self) -> str:
        """See `EvaluationProtocol`."""
        aged = (
            f"every tweet alive (< {self._alive_h:.0f} h, retweets stand for their original, no author muted, blocked "
            "or blocking) at request"
        )
        candidates = "every item that had come at request" if np.isinf(self._alive_h) else aged
        return (
            f"Split: {self._split.promise}. {len(self)} requests of the test, sampled with seed {self._seed}. "
            f"NDCG and recall rank {candidates} "
            "time, over the requests with an engagement; AUC is over the impressions of all these requests. "
            "Relevant: what the user engaged with in that request. Ties: the newer tweet first."
        )

    def fills(self, column: str) -> bool:
        """See `EvaluationProtocol`. Every feature is looked up for every candidate."""
        return True

    def blocks(self, state: FeatureState, needs: Needs) -> Iterator[RequestBlock]:
        """See `EvaluationProtocol`. One request a block; the truth follows the log from request to request."""
        oracle = Oracle.open(self._dataset) if self.available.truth else None
        columns = sorted({*needs.scorers, *needs.metrics})
        for step in self.steps(state, oracle):
            batch = state.lookup(step.batch, columns)
            yield RequestBlock(step, batch, None if oracle is None else oracle.scores(batch), needs)

    def steps(self, state: FeatureState, follower: Follower | None = None) -> Iterator[Step]:
        """The requests in order of time, with `state` brought forward to each, and `follower` from its own time on.

        A request without engagement ranks only what it showed: it counts for AUC alone.

        Raises:
            DataError: `follower` begins after the test.
        """
        replay = self._dataset.replay(sorted(state.tables))
        for events in replay.advance(self.start_us):
            state.update(events)
        after = None
        if follower is not None:
            if follower.since_us > self.start_us:
                late = "the truth's state was kept after the test began"
                raise DataError(late, remedy="make a world with state_at of 0.8 or less")
            after = self._dataset.replay(sorted(follower.tables), after_us=follower.since_us - 1)
        columns = (self._requests[name].to_list() for name in ("request_id", "user_id", "time_us"))
        for at, (request_id, user_id, time_us) in enumerate(zip(*columns, strict=True)):
            for events in replay.advance(time_us):
                state.update(events)
            if follower is not None and after is not None:
                for events in after.advance(time_us):
                    follower.apply(events)
            (shown_ids, places), (acted_ids, bits) = self._shown[at], self._acted[at]
            shown, acted = state.network.tweets.rows(shown_ids), state.network.tweets.rows(acted_ids)
            engaged = acted[(bits & _POSITIVE) > 0]
            rows = shown[shown >= 0]
            # The user may have no event before this request.
            state.network.resolve(EventBatch("requests", {"user_id": np.array([user_id])}))
            requests = state.requests([user_id], time_us)
            if len(engaged):
                alive = state.network.alive(time_us, self._alive_h)
                rows = np.union1d(alive[_may_be_shown(state, requests, alive)], rows)
            rows = _newest_first(state, rows)
            batch = state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows))
            position, acts = _values_of(rows, shown, places, -1), _values_of(rows, acted, bits, 0)
            yield Step(batch, request_id, user_id, np.isin(rows, engaged), position, acts)


def _may_be_shown(state: FeatureState, requests: Requests, rows: I64) -> Mask:
    """[N] whether the reader neither muted nor blocked the author of each tweet row, nor is blocked by them."""
    graph, author = state.network.graph, state.network.tweet.author_row[rows]
    user = np.full(len(rows), requests.columns["user_row"][0])
    return ~(graph.muted(user, author) | graph.blocked(user, author) | graph.blocked(author, user))


def _newest_first(state: FeatureState, rows: I64) -> I64:
    """Tweet rows by time, the newest first, then by id: the order in which the served feed breaks ties, too."""
    return rows[np.lexsort((-state.network.tweets.ids[rows], -state.network.tweet.time_us[rows]))]


def _lists(rows: pl.LazyFrame, requests: pl.DataFrame, *names: str) -> list[tuple[I64, ...]]:
    """The columns `names` of each request's rows, in the order of `requests`."""
    grouped = rows.group_by("request_id").agg(names).collect()
    joined = requests.select("request_id").join(grouped, on="request_id", how="left", maintain_order="left")
    columns = [joined[name].to_list() for name in names]
    return [
        tuple(np.asarray(one if one is not None else [], np.int64) for one in lists)
        for lists in zip(*columns, strict=True)
    ]


def _values_of(rows: I64, given: I64, values: I64, otherwise: int) -> I64:
    """[N] the value of each of `rows` among the rows `given` (the first, where it stands there twice)."""
    known, first = np.unique(given, return_index=True)
    out: I64 = np.append(values[first], otherwise)[rows_of(known, rows)]
    return out
