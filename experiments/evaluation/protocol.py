"""What is ranked against what: the requests that an evaluation asks, their candidates and what counts as relevant.

A protocol yields one step a request, in order of time, with the feature state replayed up to just before it; every
scorer sees the same batch. The words of `describe()` stand beside every number that is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from data.batch import I64, CandidateBatch, Mask, Ragged, Requests
from data.dataset import Dataset
from data.errors import DataError
from data.events import EventBatch
from data.ids import rows_of
from data.rng import Stream
from data.schema import ACTIONS, POSITIVE_ACTIONS
from data.split import Split
from features.online import FeatureState

ALIVE_H = 48.0
"""Hours after which a tweet is no candidate any more."""

_POSITIVE = sum(1 << ACTIONS.index(action) for action in POSITIVE_ACTIONS)


@dataclass(frozen=True)
class Step:
    """One request: its candidates, which are relevant, and what came of those shown when the log was made."""

    batch: CandidateBatch
    request_id: int
    user_id: int
    relevant: Mask
    """[N] the user engaged with it in this request."""
    position: I64
    """[N] place at which it was an impression of this request, 0 the top; -1 for what was not shown."""
    acts: I64
    """[N] what the user did with it in this request: bit c for the action of code c. 0 in a log without impressions."""

    @property
    def shown(self) -> Mask:
        """[N] it was an impression of this request."""
        out: Mask = self.position >= 0
        return out


@dataclass(frozen=True)
class Block:
    """B requests of one moment, each for all M items but those that its user knows."""

    requests: Requests
    request_id: I64
    """[B]."""
    items: I64
    """[M] tweet rows, in the order in which ties are broken."""
    known: Ragged
    """[B] places among `items` that are no candidates, ascending."""
    relevant: Ragged
    """[B] places among `items` that were held out, ascending."""


class Follower(Protocol):
    """Something else that follows the log: the oracle."""

    tables: frozenset[str]
    """What it wants to be told."""
    since_us: int
    """From when on."""

    def apply(self, events: EventBatch) -> None:
        """Takes one batch; batches come in order."""
        ...


class EvaluationProtocol(Protocol):
    """A way of asking."""

    @property
    def name(self) -> str:
        """Short name, part of what makes two evaluations comparable."""
        ...

    def describe(self) -> str:
        """One sentence: split, requests, candidates, relevance, tie rule."""
        ...

    @property
    def held_out(self) -> pl.LazyFrame:
        """The engagements of the test that may be asked about."""
        ...

    def steps(self, state: FeatureState, follower: Follower | None = None) -> Iterator[Step]:
        """The steps; `follower` is brought forward with the log from its own moment on, as `state` is."""
        ...

    def __len__(self) -> int:
        """How many steps there will be."""
        ...


class AliveTweets:
    """Every tweet alive at request time, for a sample of the requests of the test period.

    A log of lasting items, with impressions, ranks all items that came before: they do not age.
    """

    def __init__(self, dataset: Dataset, split: Split, *, requests: int, seed: int) -> None:
        """Samples `requests` of the test period's requests uniformly with `seed`."""
        dataset.require("requests", "impressions", "engagements", purpose="ranking every tweet alive at request time")
        self._dataset, self._split, self._seed = dataset, split, seed
        if split.train_before_us is None:
            raise DataError(f"split {split.name!r} has no moment where its test begins", remedy="take the time split")
        self.start_us = split.train_before_us
        asked = dataset.scan("requests").filter(pl.col("time_us") >= self.start_us).collect()
        sample = asked.sample(min(requests, len(asked)), seed=seed).sort("time_us", "request_id")
        ids = sample.lazy().select("request_id")
        shown = dataset.scan("impressions").join(ids, on="request_id", how="semi")
        acted = dataset.scan("engagements").join(ids, on="request_id", how="semi")
        bit = pl.col("action").replace_strict({a: 1 << code for code, a in enumerate(ACTIONS)}, return_dtype=pl.Int64)
        acted = acted.group_by("request_id", "tweet_id").agg(acts=bit.bitwise_or())
        self._alive_h = float("inf") if dataset.lasting else ALIVE_H
        self._requests = sample
        self._shown = _lists(shown, sample, "tweet_id", "position")
        self._acted = _lists(acted, sample, "tweet_id", "acts")

    def __len__(self) -> int:
        return len(self._requests)

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
        aged = f"every tweet alive (< {self._alive_h:.0f} h, retweets stand for their original) at request"
        candidates = "every item that had come at request" if np.isinf(self._alive_h) else aged
        return (
            f"Split: {self._split.promise}. {len(self)} requests of the test, sampled with seed {self._seed}. "
            f"NDCG and recall rank {candidates} "
            "time, over the requests with an engagement; AUC is over the impressions of all these requests. "
            "Relevant: what the user engaged with in that request. Ties: the newer tweet first."
        )

    def steps(self, state: FeatureState, follower: Follower | None = None) -> Iterator[Step]:
        """See `EvaluationProtocol`. A request without engagement ranks only what it showed: it counts for AUC alone."""
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
            if len(engaged):
                rows = np.union1d(state.network.alive(time_us, self._alive_h), rows)
            rows = _newest_first(state, rows)
            # Who asks may never have been heard of before.
            state.network.resolve(EventBatch("requests", {"user_id": np.array([user_id])}))
            requests = state.requests([user_id], time_us)
            batch = state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows))
            position, acts = _values_of(rows, shown, places, -1), _values_of(rows, acted, bits, 0)
            yield Step(batch, request_id, user_id, np.isin(rows, engaged), position, acts)


class FullCatalogue:
    """What was held out of each user, ranked against every item that the user had not engaged with in training."""

    def __init__(self, dataset: Dataset, split: Split, *, requests: int, seed: int) -> None:
        """Asks for every user with something held out that is new to them, or a sample of `requests` of them."""
        dataset.require("tweets", "engagements", purpose="ranking the full catalogue")
        self._dataset, self._split, self._seed = dataset, split, seed
        self._train = split.train.collect()
        # A retweet stands for its original; what was engaged in training is no candidate.
        items = dataset.scan("tweets").filter(pl.col("kind") != "retweet").select("tweet_id").collect()
        # Items in order of their first event would go by popularity, and by what the test alone tells of them.
        lots = Stream(1, "ties of scores").words(items["tweet_id"].to_numpy(), n=1)[:, 0]
        self._items = items[np.argsort(lots)]
        test = split.test.collect()
        things = test.join(self._items, on="tweet_id", how="semi", maintain_order="left")
        fresh = things.join(self._train, on=["user_id", "tweet_id"], how="anti", maintain_order="left")
        self._fresh = fresh
        if not len(fresh):
            told = f"all {len(things):,} of the {len(test):,} test rows that are of items stand in training too"
            raise DataError(f"split {split.name!r} leaves nothing to ask: {told}", remedy="take another split")
        people = [one["user_id"].n_unique() for one in (test, things, fresh)]
        self._left_out = people[0] - people[1], people[1] - people[2]
        asked = fresh.group_by("user_id").agg(request_id=pl.col("engagement_id").last()).sort("user_id")
        self._asked = asked.sample(min(requests, len(asked)), seed=seed).sort("user_id")
        self._held_out = fresh["user_id"].n_unique()

    @property
    def name(self) -> str:
        """See `EvaluationProtocol`."""
        return f"full-catalogue {self._split.name}"

    def __len__(self) -> int:
        return len(self._asked)

    def describe(self) -> str:
        """See `EvaluationProtocol`."""
        sampled = f" of {self._held_out}, sampled with seed {self._seed}" if len(self) < self._held_out else ""
        retweets, repeated = self._left_out
        left = f" ({repeated} users left out: what is held out of them stands in their training part too)"
        left = left if repeated else ""
        left += f" ({retweets} users left out: nothing that is held out of them is an item)" if retweets else ""
        return (
            f"Split: {self._split.promise}. {len(self)} users{sampled}, each with at least one held-out item that is "
            f"not in their training part{left}, all asked after the log's end with the training engagements alone "
            f"known. NDCG and recall rank the full catalogue ({len(self._items)} items) without what the user engaged "
            "with in training; relevant: all items held out of that user. No AUC: nothing is known of what else was "
            "shown. Ties: an order drawn by the items' ids."
        )

    @property
    def held_out(self) -> pl.LazyFrame:
        """See `EvaluationProtocol`."""
        return self._fresh.lazy()

    def steps(self, state: FeatureState, follower: Follower | None = None) -> Iterator[Step]:
        """See `EvaluationProtocol`. A step's request is the user's last held-out engagement."""
        for block in self.blocks(state):
            for at in range(len(block.requests)):
                rows = np.delete(block.items, block.known[at])
                request = block.requests.take(np.array([at]))
                batch = state.base(request, Ragged(np.array([0, len(rows)], np.int64), rows))
                relevant = np.isin(rows, block.items[block.relevant[at]])
                ids = int(block.request_id[at]), int(request.columns["user_id"][0])
                yield Step(batch, *ids, relevant, np.full(len(rows), -1), np.zeros(len(rows), np.int64))

    def blocks(self, state: FeatureState, size: int = 512) -> Iterator[Block]:
        """The same requests, `size` at a time: all are asked at one moment about one catalogue."""
        for events in self._dataset.replay(sorted(state.tables - {"engagements"})).advance():
            state.update(events)
        state.update(EventBatch.from_frame("engagements", self._train))
        items = state.network.tweets.rows(self._items["tweet_id"].to_numpy())
        places = self._items.with_row_index("place").select("tweet_id", pl.col("place").cast(pl.Int64))
        known, relevant = (_places(pairs, places, self._asked) for pairs in (self._train, self._fresh))
        end_us = self._dataset.time_range_us()[1] + 1
        users, request_ids = self._asked["user_id"].to_numpy(), self._asked["request_id"].to_numpy()
        for start in range(0, len(users), size):
            end = min(start + size, len(users))
            requests = state.requests(users[start:end], end_us)
            yield Block(requests, request_ids[start:end], items, known.part(start, end), relevant.part(start, end))


def protocol_for(dataset: Dataset, split: Split, *, requests: int, seed: int) -> EvaluationProtocol:
    """Every tweet alive where the split is a moment and impressions were logged, the full catalogue otherwise."""
    living = split.train_before_us is not None and dataset.rows("impressions")
    kind = AliveTweets if living else FullCatalogue
    return kind(dataset, split, requests=requests, seed=seed)


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


def _places(pairs: pl.DataFrame, places: pl.DataFrame, asked: pl.DataFrame) -> Ragged:
    """The places of each asked user's items, each once, ascending."""
    order = asked.select("user_id").with_row_index("at")
    found = pairs.select("user_id", "tweet_id").unique().join(places, on="tweet_id").join(order, on="user_id")
    found = found.sort("at", "place")
    counts = np.bincount(found["at"].to_numpy(), minlength=len(asked))
    return Ragged.from_lengths(counts, found["place"].to_numpy())
