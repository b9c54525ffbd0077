"""A data set as the report reads it: a few columns at a time, day by day, and what several figures share kept once.

Samples are drawn by a hash of the id, so that the same data set gives the same figures for any order or
number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, Mask
from data.dataset import Dataset
from data.events import DAY_US, HOUR_US
from data.schema import TABLES, TWEET_KINDS

_NAMED = ("original", "retweet", "reply", "quote", "item")
ORIGINAL, RETWEET, REPLY, QUOTE, ITEM = (TWEET_KINDS.index(name) for name in _NAMED)

SETTLED_H = 48
"""Hours that a tweet must have lain in the log before its retweets and impressions are counted as all it got."""

T = TypeVar("T")

Encode = Callable[[Sequence[str]], F32]
"""[N] texts to [N, D] unit vectors."""


@dataclass(frozen=True)
class Tweets:
    """[N] tweets in the order of the log."""

    tweet_id: I64
    time_us: I64
    author: I64
    """Row of `Log.people`, -1 where unknown."""
    kind: I64
    """Index in `TWEET_KINDS`."""
    root: I64
    """Row of the tweet that a retweet goes back to, through retweets of retweets; its own row for any other kind, -1
    where the log does not hold it."""

    @property
    def written(self) -> Mask:
        """[N] originals, replies and quotes: what has words of its own."""
        written: Mask = (self.kind == ORIGINAL) | (self.kind == REPLY) | (self.kind == QUOTE)
        return written

    @property
    def tweeted(self) -> Mask:
        """[N] all but the items of imported logs."""
        tweeted: Mask = self.kind != ITEM
        return tweeted


@dataclass(frozen=True)
class FollowEvents:
    """[N] beginnings and ends of follows by follower, then followee, then time; CSR offsets by follower."""

    offsets: I64
    followee: I64
    """Rows of `Log.people`."""
    time_us: I64
    ended: Mask


class Log:
    """One data set under the report; tables it lacks raise `NoData` where they are read."""

    def __init__(self, dataset: Dataset, encode: Encode | None = None) -> None:
        """`encode` is a text encoder, or None."""
        self.dataset = dataset
        self.encode = encode
        self._kept: dict[Any, Any] = {}

    def once(self, compute: Callable[[Log], T]) -> T:
        """What `compute` makes of this log, computed at the first call."""
        if compute not in self._kept:
            self._kept[compute] = compute(self)
        found: T = self._kept[compute]
        return found

    def days(self, table: str, *columns: str) -> Iterator[pl.DataFrame]:
        """Columns of a table, one file at a time, in the order of time; one that may be null is where it is absent.

        Raises:
            NoData: the table is empty or lacks a column that it must have.
        """
        optional = {name: column.dtype for name, column in TABLES[table].columns.items() if column.nullable}
        if not self.dataset.rows(table):
            raise NoData(f"no rows in table {table}")
        for day in self.dataset.days(table):
            path = self.dataset.folder / table / f"{day}.parquet"
            here = pl.read_parquet_schema(path)
            lacking = [name for name in columns if name not in here and name not in optional]
            if lacking:
                raise NoData(f"table {table} has no column {lacking[0]}")
            frame = pl.read_parquet(path, columns=[name for name in columns if name in here])
            empty = [pl.lit(None, optional[name]).alias(name) for name in columns if name not in here]
            yield frame.with_columns(empty).select(columns)

    def read(self, table: str, *columns: str) -> pl.DataFrame:
        """Columns of a whole table; as `days`."""
        return pl.concat(list(self.days(table, *columns)))

    @cached_property
    def people(self) -> I64:
        """[P] ids of all who have an account, follow, are followed or tweet; ascending."""
        parts = [np.empty(0, np.int64)]
        for table, columns in (("users", ["user_id"]), ("follows", ["follower_id", "followee_id"])):
            if self.dataset.rows(table):
                parts += [np.unique(self.read(table, column)[column].to_numpy()) for column in columns]
        if self.dataset.rows("tweets"):
            parts.append(self.read("tweets", "author_id")["author_id"].drop_nulls().unique().to_numpy())
        return np.unique(np.concatenate(parts))

    def person(self, ids: Array) -> I64:
        """[N] rows of `people`, -1 for ids it does not hold."""
        return rows_of(ids, self.people)

    @cached_property
    def accounts(self) -> int:
        """Number of accounts: rows of `users`, or people seen where that table is absent."""
        return self.dataset.rows("users") or len(self.people)

    @cached_property
    def tweets(self) -> Tweets:
        """All tweets.

        Raises:
            NoData: no user posted any.
        """
        code = pl.col("kind").replace_strict(list(TWEET_KINDS), list(range(len(TWEET_KINDS))), return_dtype=pl.Int64)
        columns = ("tweet_id", "time_us", "author_id", "kind", "referenced_id")
        frame = pl.concat([day.with_columns(code) for day in self.days("tweets", *columns)])
        if not (frame["kind"] != ITEM).any():
            raise NoData("table tweets holds only items that no user posted")
        ids = frame["tweet_id"].to_numpy()
        kind = frame["kind"].to_numpy()
        order = np.argsort(ids, kind="stable")
        at = rows_of(frame["referenced_id"].fill_null(-1).to_numpy(), ids[order])
        refers = np.where(at >= 0, order[at], -1)
        root = np.where(kind == RETWEET, refers, np.arange(len(ids)))
        for _ in range(32):
            further = np.where(root >= 0, root[root], -1)
            if (further == root).all():
                break
            root = further
        author = self.person(frame["author_id"].fill_null(-1).to_numpy())
        return Tweets(ids, frame["time_us"].to_numpy(), author, kind, root)

    @cached_property
    def user_columns(self) -> pl.DataFrame:
        """The home of each of `people`, in their order: `utc_offset_min`, `place`, `language`, null where unknown.

        Raises:
            NoData: no table of users.
        """
        names = ("utc_offset_min", "place", "language")
        frame = self.read("users", "user_id", *names).unique("user_id", keep="last")
        return pl.DataFrame({"user_id": self.people}).join(frame, on="user_id", how="left", maintain_order="left")

    @cached_property
    def follows(self) -> FollowEvents:
        """All beginnings and ends of follows.

        Raises:
            NoData: there are none.
        """
        frame = self.read("follows", "follower_id", "followee_id", "time_us", "ended")
        n = len(self.people)
        key = self.person(frame["follower_id"].to_numpy()) * n + self.person(frame["followee_id"].to_numpy())
        order = np.argsort(key, kind="stable")  # the log is in the order of time
        key = key[order]
        offsets = np.searchsorted(key, np.arange(n + 1) * n)
        return FollowEvents(offsets, key % n, frame["time_us"].to_numpy()[order], frame["ended"].to_numpy()[order])

    @cached_property
    def standing(self) -> tuple[I64, I64]:
        """Follower and followee rows [E] of the follows at the log's end, by follower, then followee."""
        events = self.follows
        follower = np.repeat(np.arange(len(self.people)), np.diff(events.offsets))
        last = np.ones(len(follower), bool)
        last[:-1] = (follower[1:] != follower[:-1]) | (events.followee[1:] != events.followee[:-1])
        keep = last & ~events.ended
        return follower[keep], events.followee[keep]

    @cached_property
    def end_us(self) -> int:
        """Time of the log's last event."""
        return self.dataset.time_range_us()[1]

    @cached_property
    def settled(self) -> Mask:
        """[N] tweets that lay in the log for `SETTLED_H` hours, or half of it where it is shorter than twice that."""
        low, high = self.dataset.time_range_us()
        settled: Mask = self.tweets.time_us <= high - min(SETTLED_H * HOUR_US, (high - low) // 2)
        return settled

    @cached_property
    def whole(self) -> tuple[int, int]:
        """Begin and end (exclusive) of the UTC days that the log covers from end to end; equal where there is none."""
        low, high = self.dataset.time_range_us()
        # A log that begins or ends within an hour of midnight covers that day.
        first = -(-(low - HOUR_US) // DAY_US) * DAY_US
        return first, max(first, (high + HOUR_US) // DAY_US * DAY_US)

    def whole_days(self, time_us: I64) -> Mask:
        """[N] times in the UTC days that the log covers from end to end; all where it covers none."""
        first, last = self.whole
        return (time_us >= first) & (time_us < last) if last > first else np.ones(len(time_us), bool)


def rows_of(ids: Array, ascending: Array) -> I64:
    """[N] row of each of `ids` in `ascending`, -1 where it is absent."""
    if not len(ascending):
        return np.full(len(ids), -1, np.int64)
    at = np.minimum(np.searchsorted(ascending, ids), len(ascending) - 1)
    return np.where(ascending[at] == ids, at, -1).astype(np.int64)


def hashed(ids: Array) -> Array:
    """[N] uint64 that look random, by id (SplitMix64; Steele, Lea, Flood, OOPSLA 2014)."""
    z = np.asarray(ids).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def sample(ids: Array, most: int) -> I64:
    """Rows, ascending, of at most `most` of `ids`: those with the smallest hashes."""
    if len(ids) <= most:
        return np.arange(len(ids))
    return np.sort(np.argpartition(hashed(ids), most)[:most])


class NoData(Exception):
    """The data set has no such figure; the message says why."""
