"""Splits of a data set into what a model may learn from and what it is asked, each with its promise in words.

A split speaks of engagements; features of a test row are always taken as of that row's time. Reports print
`promise`, so that a number is never read without knowing what its split lets through.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.catalogue import lookup
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.events import DAY_US
from data.schema import POSITIVE_ACTIONS

_TIMED = ("impressions", "engagements")
"""Tables whose moments set the cut of a time split, the first that is there."""


@dataclass(frozen=True)
class Warmth:
    """How many test rows, users and tweets the training part knows (warm) and how many it has never met (cold)."""

    test_rows: int
    warm_rows: int
    warm_users: int
    cold_users: int
    warm_tweets: int
    cold_tweets: int


@dataclass(frozen=True)
class Split:
    """The parts of one data set. Rows are positive engagements in the order of (time, engagement_id)."""

    name: str
    promise: str
    """What the split guarantees about leakage, and its tie rule."""
    train_before_us: int | None
    """All training rows lie strictly before it and all test rows at or after it; None where no such moment exists."""
    train: pl.LazyFrame
    """Columns of the table `engagements`."""
    test: pl.LazyFrame
    """Columns of the table `engagements`; no row is in both parts."""

    @cached_property
    def warmth(self) -> Warmth:
        """Counted once, when first asked."""
        train_users, train_tweets = (self.train.select(pl.col(c).unique()) for c in ("user_id", "tweet_id"))
        test = self.test.select("user_id", "tweet_id")
        known_users = test.join(train_users, on="user_id", how="semi")
        both = known_users.join(train_tweets, on="tweet_id", how="semi")
        known_tweets = test.join(train_tweets, on="tweet_id", how="semi")
        unique = pl.all().n_unique()
        rows, warm_rows, users, warm_users, warm_tweets = pl.collect_all(
            [
                test.select(pl.len()),
                both.select(pl.len()),
                test.select(unique),
                known_users.select(unique),
                known_tweets.select(unique),
            ]
        )
        return Warmth(
            test_rows=rows.item(),
            warm_rows=warm_rows.item(),
            warm_users=warm_users["user_id"].item(),
            cold_users=users["user_id"].item() - warm_users["user_id"].item(),
            warm_tweets=warm_tweets["tweet_id"].item(),
            cold_tweets=users["tweet_id"].item() - warm_tweets["tweet_id"].item(),
        )


class Splitter(Protocol):
    """A way to split."""

    @property
    def promise(self) -> str:
        """What it guarantees about leakage, and its tie rule, for people to read."""
        ...

    def apply(self, dataset: Dataset) -> Split:
        """Splits; raises DataError where the data set has nothing to split."""
        ...


class TimeSplit(BaseModel):
    """Everything before one moment is for training, everything from it on is for testing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["time"] = "time"
    """Name in the catalogue."""
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of the log's duration, from its first to its last impression (engagement where none are logged), that is
    for testing. A log of more than a day is taken to last whole UTC days."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return (
            f"global time split, the last {self.fraction:.0%} of the log's duration is the test: every training row is "
            "earlier than every test row, so no model learns from anybody's future; rows of the moment of the cut are "
            "all test rows, so ties cannot straddle it; users and tweets of the test may be cold"
        )

    def cut_us(self, dataset: Dataset) -> int:
        """The first moment of the test part."""
        name = next((one for one in _TIMED if dataset.rows(one)), None)
        if name is None:
            raise DataError(
                f"data set {dataset.name!r} has no impressions and no engagements", remedy="nothing to split"
            )
        low, high = (
            dataset.scan(name).select(low=pl.col("time_us").min(), high=pl.col("time_us").max()).collect().row(0)
        )
        if high - low > DAY_US:
            low, high = low // DAY_US * DAY_US, (high // DAY_US + 1) * DAY_US
        return int(high - round((high - low) * self.fraction))

    def apply(self, dataset: Dataset) -> Split:
        """Splits at `cut_us`.

        Raises:
            DataError: one of the parts would have no engagement.
        """
        cut = self.cut_us(dataset)
        rows = _engagements(dataset)
        before, time = pl.col("time_us") < cut, dataset.name
        counts = rows.select(train=before.sum(), test=before.not_().sum()).collect().row(0, named=True)
        for part, count in counts.items():
            if not count:
                raise DataError(f"the time split of {time!r} leaves no {part} rows", remedy="choose another fraction")
        return Split("time", self.promise, cut, rows.filter(before), rows.filter(before.not_()))


class LeaveLastOut(BaseModel):
    """The last engagement of each user is for testing, all others are for training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["leave_last_out"] = "leave_last_out"
    """Name in the catalogue."""
    min_train: int = Field(default=1, ge=1)
    """Users with fewer training engagements than this have no test row; all theirs are for training."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return (
            "leave-last-out, the last engagement of each user is the test: nobody's own future is in the training "
            "part, but other people's is, so a model may know how popular a tweet will become; of a user's engagements "
            "at one moment the one with the larger tweet_id, then the larger engagement_id, is the later"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Splits each user's engagements.

        Raises:
            DataError: no user has enough engagements.
        """
        rows = _engagements(dataset)
        last = (
            rows.select("user_id", "time_us", "tweet_id", "engagement_id")
            .sort("time_us", "tweet_id", "engagement_id")
            .group_by("user_id")
            .agg(pl.last("engagement_id"), pl.len())
            .filter(pl.col("len") > self.min_train)
            .select("engagement_id")
            .collect()
        )
        if not len(last):
            raise DataError(
                f"no user of {dataset.name!r} has more than {self.min_train} engagements",
                remedy="leave-last-out needs users with at least two; use the time split",
            )
        out = pl.col("engagement_id").is_in(last["engagement_id"].implode())
        return Split("leave_last_out", self.promise, None, rows.filter(out.not_()), rows.filter(out))


SPLITS: dict[str, str] = {
    "time": "data.split:TimeSplit",
    "leave_last_out": "data.split:LeaveLastOut",
}
"""One line a split."""


def splitter(name: str, **config: Any) -> Splitter:
    """The splitter `name` with its settings.

    Raises:
        ConfigError: no such splitter, an unknown setting or one out of range.
    """
    kind = lookup("split", SPLITS, name)
    try:
        made: Splitter = kind(**config)
    except ValueError as error:
        raise ConfigError(f"split {name!r} does not take {config}", remedy=str(error).replace("\n", " ")) from error
    return made


def default_split(dataset: Dataset) -> Splitter:
    """Global time where impressions were logged, leave-last-out otherwise (sparse logs have few warm users late)."""
    return TimeSplit() if dataset.rows("impressions") else LeaveLastOut()


def _engagements(dataset: Dataset) -> pl.LazyFrame:
    dataset.require("engagements", purpose="a split")
    return dataset.scan("engagements").filter(pl.col("action").is_in(POSITIVE_ACTIONS))
