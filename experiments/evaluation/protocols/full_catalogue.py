"""The full catalogue: what was held out of each user, ranked against every item. The protocol of a log of ratings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from data.batch import I64, Ragged, offsets_of
from data.dataset import Dataset
from data.errors import DataError
from data.events import EventBatch
from data.ids import rows_of
from data.rng import Stream
from data.split import Split
from experiments.evaluation.protocols.protocol import Available, Needs
from experiments.evaluation.protocols.users import UserBlock, Users, blocks_of, of_item
from features.online import FeatureState


@dataclass(frozen=True)
class Catalogue:
    """All items of a data set, ranked for users after the log's end, with the training part alone known."""

    dataset: Dataset
    train: pl.DataFrame
    """Engagements that are known: they are in the state."""
    masked: pl.DataFrame
    """`user_id` and `tweet_id` of what is no candidate: what is known, and what models were chosen by."""
    items: pl.DataFrame
    """`tweet_id` of the items, in the order in which equal scores are broken."""

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> Self:
        """Every item of `dataset`, or of the split where it says so; a retweet stands for its original."""
        rows = dataset.scan("tweets").filter(pl.col("kind") != "retweet").select("tweet_id")
        items = (rows if split.items is None else rows.join(split.items, on="tweet_id", how="semi")).collect()
        # Items in order of their first event would go by popularity, and by what only the test has of them.
        lots = Stream(1, "ties of scores").words(items["tweet_id"].to_numpy(), n=1)[:, 0]
        parts = [split.train, *([] if split.valid is None else [split.valid])]
        masked = pl.concat([one.select("user_id", "tweet_id") for one in parts]).unique().collect()
        return cls(dataset, split.train.collect(), masked, items[np.argsort(lots)])

    def bring(self, state: FeatureState) -> None:
        """Brings `state`, which must be empty, to the log's end with `train` alone known."""
        for events in self.dataset.replay(sorted(state.tables - {"engagements"})).advance():
            state.update(events)
        state.update(EventBatch.from_frame("engagements", self.train))

    def asked(
        self, state: FeatureState, people: pl.DataFrame, relevant: pl.DataFrame | None, size: int
    ) -> Iterator[Users]:
        """The requests of `people` (`user_id`, `request_id`), `size` at a time, in a `state` that was brought here.

        `relevant` has pairs of `user_id` and `tweet_id`; None where nothing is judged.
        """
        items = state.network.tweets.rows(self.items["tweet_id"].to_numpy())
        judged = self.masked.clear() if relevant is None else relevant
        known, wanted = (_places(pairs, self.items, people) for pairs in (self.masked, judged))
        end_us = self.dataset.time_range_us()[1] + 1
        users, request_ids = people["user_id"].to_numpy(), people["request_id"].to_numpy()
        # A user may have no event.
        state.network.resolve(EventBatch("requests", {"user_id": users}))
        for start in range(0, len(users), size):
            end = min(start + size, len(users))
            requests = state.requests(users[start:end], end_us)
            yield Users(requests, request_ids[start:end], items, known.part(start, end), wanted.part(start, end))


class FullCatalogue:
    """What was held out of each user, ranked against every item that the user had not engaged with in training."""

    def __init__(self, dataset: Dataset, split: Split, *, requests: int, seed: int, negatives: int = 0) -> None:
        """Takes every user with something held out that is new to them, or a sample of `requests` of them.

        With `negatives` the candidates of a user are what was held out and so many others, drawn evenly with `seed`.

        Raises:
            DataError: no user has.
        """
        self._negatives = negatives
        dataset.require("tweets", "engagements", purpose="ranking the full catalogue")
        self._dataset, self._split, self._seed = dataset, split, seed
        self._catalogue = Catalogue.of(dataset, split)
        test = split.test.collect()
        things = test.join(self._catalogue.items, on="tweet_id", how="semi", maintain_order="left")
        fresh = things.join(self._catalogue.masked, on=["user_id", "tweet_id"], how="anti", maintain_order="left")
        self._fresh = fresh
        if not len(fresh):
            why = f"all {len(things):,} of the {len(test):,} test rows that are of items stand in training too"
            raise DataError(f"split {split.name!r} leaves nothing to rank: {why}", remedy="take another split")
        people = [one["user_id"].n_unique() for one in (test, things, fresh)]
        self._left_out = people[0] - people[1], people[1] - people[2]
        tested = fresh.group_by("user_id").agg(request_id=pl.col("engagement_id").last()).sort("user_id")
        self._tested = tested.sample(min(requests, len(tested)), seed=seed).sort("user_id")
        self._held_out = fresh["user_id"].n_unique()

    @classmethod
    def applies(cls, dataset: Dataset, split: Split) -> bool:
        """See `EvaluationProtocol`. It fits every log of engagements."""
        return True

    @property
    def available(self) -> Available:
        """See `EvaluationProtocol`."""
        return Available(
            impressions=False, truth=False, texts=self._dataset.has_texts, all_candidates=False, new_items=True
        )

    @property
    def name(self) -> str:
        """See `EvaluationProtocol`."""
        return f"{f'{self._negatives}-drawn-items' if self._negatives else 'full-catalogue'} {self._split.name}"

    def __len__(self) -> int:
        return len(self._tested)

    def describe(self) -> str:
        """See `EvaluationProtocol`."""
        sampled = f" of {self._held_out}, sampled with seed {self._seed}" if len(self) < self._held_out else ""
        retweets, repeated = self._left_out
        left = f" ({repeated} users left out: what is held out of them stands in their training part too)"
        left = left if repeated else ""
        left += f" ({retweets} users left out: nothing that is held out of them is an item)" if retweets else ""
        chosen = "" if self._split.valid is None else " and in the part for choosing models, which nobody's history has"
        items = len(self._catalogue.items)
        among = f"the full catalogue ({items} items) without what the user engaged with in training{chosen}"
        if self._negatives:
            among = (
                f"what was held out among {self._negatives} other items, drawn evenly with seed {self._seed} of those "
                "that the user did not engage with: the numbers are far higher than of the full catalogue, and models "
                "may stand in another order"
            )
        return (
            f"Split: {self._split.promise}. {len(self)} users{sampled}, each with at least one held-out item that is "
            f"not in their training part{left}, all asked after the log's end with the training engagements alone "
            f"known. NDCG and recall rank {among}; relevant: all items held out of that user. No AUC: nothing is known "
            "of what else was shown. Ties: an order drawn by the items' ids."
        )

    @property
    def held_out(self) -> pl.LazyFrame:
        """See `EvaluationProtocol`."""
        return self._fresh.lazy()

    def fills(self, column: str) -> bool:
        """See `EvaluationProtocol`. Metrics have the columns of items alone."""
        return of_item(column)

    def blocks(self, state: FeatureState, needs: Needs, size: int = 512) -> Iterator[UserBlock]:
        """See `EvaluationProtocol`. `size` users a block; a request's id is that of the last held-out engagement."""
        yield from blocks_of(self.users(state, size), state, needs)

    def users(self, state: FeatureState, size: int) -> Iterator[Users]:
        """The users, `size` at a time, all after the log's end."""
        self._catalogue.bring(state)
        for users in self._catalogue.asked(state, self._tested, self._fresh, size):
            yield _drawn(users, self._negatives, self._seed) if self._negatives else users


def _drawn(users: Users, negatives: int, seed: int) -> Users:
    """The same requests, whose candidates are what is relevant and `negatives` others, as many as there are."""
    size, ids = len(users.items), users.requests.columns["user_id"]
    out = np.ones((len(ids), size), np.bool_)
    for at, user in enumerate(ids.tolist()):
        lots = Stream(seed, "negatives").words(np.full(size, user), np.arange(size), n=1)[:, 0]
        open_ = np.ones(size, np.bool_)
        open_[users.known.values[users.known.offsets[at] : users.known.offsets[at + 1]]] = False
        relevant = users.relevant.values[users.relevant.offsets[at] : users.relevant.offsets[at + 1]]
        open_[relevant] = False
        others = np.flatnonzero(open_)
        if len(others) > negatives:
            others = others[np.argpartition(lots[others], negatives)[:negatives]]
        out[at, others] = out[at, relevant] = False
    return replace(users, known=Ragged(offsets_of(out.sum(axis=1)), np.nonzero(out)[1].astype(np.int64)))


def _places(pairs: pl.DataFrame, items: pl.DataFrame, users: pl.DataFrame) -> Ragged:
    """The places among `items` of what each of `users` is paired with, each once, ascending."""
    at = _row_of(users["user_id"].to_numpy(), pairs["user_id"].to_numpy())
    place = _row_of(items["tweet_id"].to_numpy(), pairs["tweet_id"].to_numpy())
    both, size = (at >= 0) & (place >= 0), max(1, len(items))
    key = np.sort(at[both] * size + place[both])
    # np.unique hashes, which takes several times as long.
    key = key[np.diff(key, prepend=-1) > 0]
    return Ragged.from_lengths(np.bincount(key // size, minlength=len(users)), key % size)


def _row_of(ids: I64, wanted: I64) -> I64:
    """[N] place of each wanted id among distinct `ids` in any order, -1 where it is none."""
    order = np.argsort(ids, kind="stable")
    found = rows_of(ids[order], wanted)
    return np.where(found >= 0, order[found] if len(order) else -1, -1)
