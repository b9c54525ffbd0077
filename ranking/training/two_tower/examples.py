"""Everything that training needs from a data set, built once, point in time.

A positive is the first engagement of a reader with a tweet, at the time of the request that showed it (its own time
where no request is known): the columns are those that the ranker would have had then. Sampled negatives are tweets at
the time of one of the positives that they are compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch

from data.batch import F32, F64, I64, Array, CandidateBatch, Mask, Ragged
from data.dataset import Dataset
from data.errors import ConfigError, DataError, ModelError
from data.events import HOUR_US, NEVER_US
from data.ties import TieOrder
from features.offline_cache import OfflineCache
from ranking.models.inputs import Bags, dense, dense_names, hash_buckets
from ranking.models.towers import TowerPairs, TwoTowerConfig
from ranking.training.held_out import held_out
from ranking.training.positives import training_positives
from ranking.training.two_tower.leave_one_out import other_engagements
from ranking.training.two_tower.lifetimes import Lifetimes
from ranking.training.two_tower.negative_pool import Blocks, look_up, negative_rows, tweet_lifetimes

if TYPE_CHECKING:
    from features.text.understanding import Understanding

_IDS = ("user_id", "tweet_id", "author_id")
_BAGS = ("user.following_ids", "user.history_authors", "user.history_tweets")


@dataclass(frozen=True)
class Readers:
    """R readers, each at a time: one for each distinct (reader, time)."""

    user_id: I64
    dense: F32
    bags: dict[str, Bags]
    """Codes of authors or tweets, int32."""
    taste: Array
    """[R, E] float16."""
    interests: F32
    """[R, T]."""


@dataclass(frozen=True)
class Tweets:
    """N tweets, each at a time."""

    tweet: I64
    """[N] tweet codes."""
    author: I64
    """[N] author codes."""
    dense: F32
    """[N, F]."""


@dataclass(frozen=True)
class Buckets:
    """Rows of the tables of hashed ids by code, [V, 2] int64; [V, 0] where the model has no such table."""

    authors: I64
    tweets: I64
    histories: I64

    @classmethod
    def of(cls, config: TwoTowerConfig, author_ids: I64, tweet_ids: I64) -> Buckets:
        """Hashes ids [A] and [T] for the tables of `config`."""
        sizes = (config.author_buckets, config.tweet_buckets, config.history_buckets)
        return cls(*(
            hash_buckets(ids, size) if size else np.empty((len(ids), 0), np.int64)
            for ids, size in zip((author_ids, tweet_ids, tweet_ids), sizes, strict=True)
        ))  # fmt: skip


@dataclass(frozen=True)
class Examples:
    """P positives and their negatives as arrays; rows are gathered into tensors batch by batch."""

    config: TwoTowerConfig
    """As fitted to the data's widths."""
    readers: Readers
    tweets: Tweets
    text: Array
    """[T, E] float16 embedding by tweet code."""
    topics: Array
    """[T, K] int16 by tweet code."""
    author_ids: I64
    """[A] ids by author code."""
    tweet_ids: I64
    """[T] ids by tweet code."""
    request: I64
    """[P] row of `readers`."""
    reader: I64
    """[P] code of the reader, whatever the time."""
    tweet_row: I64
    """[P] row of `tweets`."""
    time_us: I64
    """[P]."""
    validation: Mask
    """[P] held out."""
    frequency: F64
    """[T] share of the training positives that a tweet is, of those made while it was alive."""
    user_buckets: I64
    """[R, 2] rows of the table of readers, by row of `readers`."""
    blocks: Blocks
    """Training (False) and held-out (True) blocks: positives, rows of negatives, tweets alive; `alive` mode only."""
    catalogue: I64
    """Rows of `tweets` that negatives are drawn from; `catalogue` mode only."""
    buckets: Buckets
    """Of all authors and tweets."""
    lifetimes: Lifetimes | None = None
    """Of all tweets; `alive` mode only."""

    def __len__(self) -> int:
        return len(self.request)

    @cached_property
    def weight(self) -> F32:
        """[P] what a positive counts in the training loss; on average 1 among those that are not held out."""
        count = np.bincount(self.reader).astype(np.float64)
        weight = count[self.reader] ** -self.config.training.reader_power
        out: F32 = (weight / weight[~self.validation].mean()).astype(np.float32)
        return out

    def engaged(self, with_validation: bool) -> Ragged:
        """Tweet codes of each reader's positives, of training alone or with the held-out ones."""
        keep = np.flatnonzero(~self.validation | with_validation)
        order = keep[np.argsort(self.reader[keep], kind="stable")]
        count = np.bincount(self.reader[keep], minlength=int(self.reader.max()) + 1)
        return Ragged.from_lengths(count, self.tweets.tweet[self.tweet_row[order]])

    def fit_scales(self, towers: TowerPairs) -> None:
        """Sets the means and deviations of the dense columns to those of the training rows.

        Raises:
            ModelError: one of them is not finite.
        """
        used = np.unique(np.r_[self.tweet_row[~self.validation], *[b[1] for b in self.blocks[False]], self.catalogue])
        config = self.config
        user = _scales(config.user_dense, self.readers.dense)
        tweet = _scales(config.tweet_dense, self.tweets.dense[used])
        with torch.no_grad():
            for member in towers.members:
                member.set_scales(user, tweet)


def _scales(names: Sequence[str], values: F32) -> tuple[F64, F64] | None:
    """Means and deviations [F] of the dense columns `names`, whose values are [N, F]; None without any.

    Raises:
        ModelError: one of them is not finite.
    """
    if not values.shape[1]:
        return None
    bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
    if len(bad):
        problem = f"input {dense_names(names)[bad[0]]!r} is not finite in a training row"
        raise ModelError(problem, remedy="mend that column")
    std = np.maximum(values.std(axis=0, dtype=np.float64), 1e-3)
    return values.mean(axis=0, dtype=np.float64), std


def build_examples(
    dataset: Dataset,
    config: TwoTowerConfig,
    *,
    before_us: int | None = None,
    understanding: Understanding | None = None,
    cache: OfflineCache | None = None,
    positives: pl.DataFrame | None = None,
    ties: TieOrder | None = None,
    seed: int = 0,
) -> Examples:
    """Examples from a data set's positives before `before_us`; nothing that was posted later is a negative.

    `positives`, rows as of `training_positives`, replaces those, for splits that do not cut at a time. `ties` orders a
    reader's positives of one time, where each reader's last are held out; by default it is `TieOrder.of` the data set.
    `seed` determines the sampled negatives.

    Raises:
        DataError: there is nothing to train on, or too little to hold some out.
    """
    rows = training_positives(dataset, before_us=before_us) if positives is None else positives
    rows = rows.sort("time_us", "user_id", "tweet_id")
    if len(rows) < 2:
        raise DataError(f"{len(rows)} positives are too few to train on", remedy="use a longer period")
    rows = rows.tail(config.training.most)
    config = config.fitted(
        text_dim=understanding.encoder.dim if understanding is not None else 0,
        topic_count=len(understanding.topics) if understanding is not None else 0,
    )
    training = config.training
    reader = np.unique(rows["user_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    order: I64 = rows["time_us"].to_numpy()
    if training.validation == "last":
        order = (ties or TieOrder.of(dataset)).rank(rows)
    validation = held_out(order, reader, training.validation_share, training.validation)
    rows = rows.select("user_id", "tweet_id", "time_us")
    if validation.all() or not validation.any():
        raise DataError(
            f"of {len(rows)} positives {int(validation.sum())} are held out", remedy="use a longer period of data"
        )
    cache = cache or OfflineCache()
    tweets = tweet_lifetimes(dataset, before_us=before_us)
    drawn, blocks = negative_rows(training, tweets, rows, validation, seed)
    tweet_names = [name for name in config.tweet_columns if name not in _IDS]
    if training.histories == "others":
        readers, bags = _timeless(config, rows, reader, ~validation)
        request = np.arange(len(rows))
    else:
        keys = ["user_id", "time_us"]
        distinct = rows.unique(keys, keep="first", maintain_order=True)
        at = rows.join(distinct.select(*keys, at=pl.int_range(pl.len())), on=keys, how="left", maintain_order="left")
        request = at["at"].to_numpy()
        user_names = [name for name in config.user_columns if name not in _IDS]
        readers, bags = _readers(config, look_up(dataset, distinct, user_names, understanding, cache))
    # In a catalogue an item is the same for every request; living tweets are seen at their positives' times too.
    seen = drawn if training.sampling == "catalogue" else pl.concat([rows, drawn])
    seen_tweets = _tweets(config, look_up(dataset, seen, tweet_names, understanding, cache))
    made = _assemble(config, rows, reader, validation, request, readers, bags, seen_tweets, blocks)
    alive = training.sampling == "alive"
    return replace(made, lifetimes=_lifetimes(tweets, made.tweet_ids, training.alive_h)) if alive else made


@dataclass(frozen=True)
class _SeenTweets:
    """Tweets as looked up: ids not codes yet, text and topics of each distinct tweet."""

    tweet_id: I64
    author_id: I64
    dense: F32
    distinct: I64
    text: Array
    topics: Array


def _timeless(
    config: TwoTowerConfig, rows: pl.DataFrame, reader: I64, training: Mask
) -> tuple[Readers, dict[str, Bags]]:
    """A reader a positive, known by the rest of what they engaged with."""
    timed = [name for name in config.user_columns if name not in ("user_id", _BAGS[2])]
    if timed:
        raise ConfigError(
            f"the user column {timed[0]!r} depends on the time, but histories = 'others' leaves time out",
            remedy="switch that column off",
        )
    none = np.empty((len(rows), 0), np.float32)
    readers = Readers(rows["user_id"].to_numpy(), none, {}, none, none)
    history = other_engagements(reader, rows["tweet_id"].to_numpy(), training, config.recent)
    return readers, {_BAGS[2]: history} if _BAGS[2] in config.user_columns else {}


def _readers(config: TwoTowerConfig, batches: Iterator[CandidateBatch]) -> tuple[Readers, dict[str, Bags]]:
    """Readers without bags, and the bags of ids."""
    parts: dict[str, list[Array]] = {"user_id": [], "dense": [], "taste": [], "interests": []}
    bags: dict[str, list[Bags]] = {name: [] for name in _BAGS if name in config.user_columns}
    for batch in batches:
        columns, none = batch.requests.columns, np.empty((len(batch.requests), 0), np.float32)
        parts["user_id"].append(columns["user_id"])
        parts["dense"].append(dense(columns.__getitem__, config.user_dense, len(batch.requests)))
        parts["taste"].append(columns["user.taste"].astype(np.float16) if config.text else none)
        parts["interests"].append(columns["user.interests"].astype(np.float32) if config.topics else none)
        for name, some in bags.items():
            some.append(Bags.from_padded(config.bag(columns, name)))
    joined = {name: np.concatenate(some) for name, some in parts.items()}
    return Readers(bags={}, **joined), {name: Bags.concat(some) for name, some in bags.items()}


def _tweets(config: TwoTowerConfig, batches: Iterator[CandidateBatch]) -> _SeenTweets:
    """Tweets, each at a time; what does not change with time is kept once a tweet."""
    parts: dict[str, list[Array]] = {
        "tweet_id": [],
        "author_id": [],
        "dense": [],
        "distinct": [],
        "text": [],
        "topics": [],
    }
    for batch in batches:
        parts["tweet_id"].append(batch.column("tweet_id"))
        parts["author_id"].append(batch.column("author_id"))
        parts["dense"].append(dense(batch.column, config.tweet_dense, len(batch)))
        ids, first = np.unique(parts["tweet_id"][-1], return_index=True)
        none = np.empty((len(ids), 0), np.float32)
        parts["distinct"].append(ids)
        parts["text"].append(batch.column("tweet.embedding")[first].astype(np.float16) if config.text else none)
        parts["topics"].append(batch.column("tweet.topics")[first].astype(np.int16) if config.topics else none)
    joined = {name: np.concatenate(some) for name, some in parts.items()}
    joined["distinct"], first = np.unique(joined["distinct"], return_index=True)
    joined["text"], joined["topics"] = joined["text"][first], joined["topics"][first]
    return _SeenTweets(**joined)


def _assemble(
    config: TwoTowerConfig, rows: pl.DataFrame, reader: I64, validation: Mask, request: I64, readers: Readers,
    bags: dict[str, Bags], seen_tweets: _SeenTweets, blocks: Blocks,
) -> Examples:  # fmt: skip
    """Ids to codes, and the tables by code."""
    author_bags = [bags[name].codes for name in _BAGS[:2] if name in bags]
    history = bags["user.history_tweets"].codes if "user.history_tweets" in bags else np.empty(0, np.int64)
    author_ids = np.unique(np.concatenate([seen_tweets.author_id, *author_bags]))
    tweet_ids = np.unique(np.concatenate([seen_tweets.distinct, history]))
    vocabulary = dict.fromkeys(_BAGS[:2], author_ids) | {_BAGS[2]: tweet_ids}
    coded = {
        name: Bags(np.searchsorted(vocabulary[name], bag.codes).astype(np.int32), bag.offsets)
        for name, bag in bags.items()
    }
    at = np.searchsorted(tweet_ids, seen_tweets.distinct)
    text = np.zeros((len(tweet_ids), seen_tweets.text.shape[1]), np.float16)
    topics = np.full((len(tweet_ids), seen_tweets.topics.shape[1]), -1, np.int16)
    text[at], topics[at] = seen_tweets.text, seen_tweets.topics
    tweets = Tweets(
        np.searchsorted(tweet_ids, seen_tweets.tweet_id),
        np.searchsorted(author_ids, seen_tweets.author_id),
        seen_tweets.dense,
    )
    code = np.searchsorted(tweet_ids, rows["tweet_id"].to_numpy())
    if config.training.sampling == "catalogue":
        catalogue = np.arange(len(seen_tweets.tweet_id), dtype=np.int64)
        order = np.argsort(tweets.tweet, kind="stable")
        tweet_row = order[np.searchsorted(tweets.tweet[order], code)]
    else:
        catalogue, tweet_row = np.empty(0, np.int64), np.arange(len(rows), dtype=np.int64)
        for part in blocks.values():
            part[:] = [(block, negatives + len(rows), alive) for block, negatives, alive in part]
    time_us = rows["time_us"].to_numpy()
    return Examples(
        config=config, readers=replace(readers, bags=coded), tweets=tweets, text=text, topics=topics,
        author_ids=author_ids, tweet_ids=tweet_ids, request=request, reader=reader, tweet_row=tweet_row,
        time_us=time_us, validation=validation, blocks=blocks, catalogue=catalogue,
        frequency=_frequency(config, code, time_us, validation, len(tweet_ids)),
        user_buckets=hash_buckets(readers.user_id, config.user_buckets or 1),
        buckets=Buckets.of(config, author_ids, tweet_ids),
    )  # fmt: skip


def _lifetimes(tweets: pl.DataFrame, tweet_ids: I64, alive_h: float) -> Lifetimes:
    """Of the tweets by code; one that is not among `tweets` is never alive."""
    known = pl.DataFrame({"tweet_id": tweet_ids}).join(tweets, on="tweet_id", how="left", maintain_order="left")
    posted = known["time_us"].fill_null(0).to_numpy()
    return Lifetimes(posted, np.minimum(known["gone_us"].fill_null(0).to_numpy(), posted + int(alive_h * HOUR_US)))


def _frequency(config: TwoTowerConfig, code: I64, time_us: I64, validation: Mask, tweets: int) -> F64:
    """[T] share of training positives that each tweet is; of living tweets, of the positives in its lifetime.

    A lifetime is counted from the first positive, which is when the tweet can first appear in a batch.
    """
    count = np.bincount(code[~validation], minlength=tweets).astype(np.float64)
    if config.training.sampling == "catalogue":
        return count / max(1, int((~validation).sum()))
    times = time_us[~validation]
    first = np.full(tweets, NEVER_US)
    np.minimum.at(first, code[~validation], times)
    alive = np.searchsorted(times, first + int(config.training.alive_h * HOUR_US)) - np.searchsorted(times, first)
    share: F64 = count / np.maximum(alive, 1)
    return share
