"""Splits of a data set into what a model may learn from and what it is tested on, each with its promise in words.

A split speaks of engagements; features of a test row are always taken as of that row's time. Reports print
`promise`, so that a number is never read without knowing what its split lets through.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Protocol, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.cold_and_warm import Warmth
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.events import DAY_US
from data.import_by_name import lookup
from data.rng import Stream
from data.settings import Seed
from data.ties import TieOrder, Ties, decided_by_ties, positives

_TIMED = ("impressions", "engagements")
"""Tables whose times set the cut of a time split, the first that is there."""


@dataclass(frozen=True)
class Split:
    """The parts of one data set. Rows are positive engagements in the order of (time, engagement_id)."""

    name: str
    """Kind and the settings that are not the default: what `parse_split` takes, and what a trained model remembers."""
    promise: str
    """What the split guarantees about leakage, and its tie rule."""
    train_before_us: int | None
    """All training rows lie strictly before it and all test rows at or after it; None where no such time exists."""
    train: pl.LazyFrame
    """Columns of the table `engagements`."""
    test: pl.LazyFrame
    """Columns of the table `engagements`; no row is in both parts."""
    ties: TieOrder | None = None
    """Which of a user's engagements with the same time is the later; None where the parts do not depend on it."""

    @cached_property
    def decided(self) -> int:
        """Test rows that only the tie rule separates from a training row of the same user, counted when first read."""
        return 0 if self.ties is None else decided_by_ties(self.train, self.test)

    @cached_property
    def warmth(self) -> Warmth:
        """Counted once, when first read."""
        return Warmth.of(self.train, self.test)


class Splitter(Protocol):
    """A way to split."""

    @property
    def name(self) -> str:
        """Kind and the settings that are not the default, as `parse_split` takes them."""
        ...

    @property
    def promise(self) -> str:
        """What it guarantees about leakage, and its tie rule, for people to read."""
        ...

    def apply(self, dataset: Dataset) -> Split:
        """Splits; raises DataError where the data set has nothing to split."""
        ...


class _Settings(BaseModel):
    """What all splitters' settings have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def name(self) -> str:
        """See `Splitter`."""
        changed = self.model_dump(exclude_defaults=True)
        kind = type(self).model_fields["kind"].default
        return " ".join([kind, *(f"{key}={value}" for key, value in changed.items())])


class TimeSplit(_Settings):
    """Everything before a time is for training, everything from it on is for testing."""

    kind: Literal["time"] = "time"
    """Name in the catalogue."""
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of the log's duration, from its first to its last impression (engagement where none are logged), that is
    for testing. A log of more than a day is taken to last whole UTC days."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        share = _percent(self.fraction)
        return (
            f"global time split, the last {share} of the log's duration is the test: every training row is "
            "earlier than every test row, so no model learns from anybody's future; rows of the moment of the cut are "
            "all test rows, so ties cannot straddle it; users and tweets of the test may be cold"
        )

    def cut_us(self, dataset: Dataset) -> int:
        """The first time of the test part."""
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
        rows = positives(dataset)
        before, time = pl.col("time_us") < cut, dataset.name
        counts = rows.select(train=before.sum(), test=before.not_().sum()).collect().row(0, named=True)
        for part, count in counts.items():
            if not count:
                raise DataError(f"the time split of {time!r} leaves no {part} rows", remedy="choose another fraction")
        return Split(self.name, self.promise, cut, rows.filter(before), rows.filter(before.not_()))


class PastOrder(_Settings):
    """Settings of a split whose parts depend on the order of each user's engagements."""

    ties: Ties = "auto"
    """Which of a user's engagements with the same time is the later: by the log's own order (`file`), by a draw
    (`drawn`), or (`auto`) by the log's order where it was kept and has a meaning, else by a draw."""
    seed: Seed = 1
    """Of the draw."""

    @model_validator(mode="after")
    def _seed_is_used(self) -> Self:
        if self.ties == "file" and self.seed != 1:
            raise ValueError("ties=file draws nothing, so it takes no seed")
        return self

    def order(self, dataset: Dataset) -> TieOrder:
        """What the settings mean for a data set."""
        return TieOrder.of(dataset, self.ties, self.seed)

    def tied(self, words: str = "") -> str:
        """Which is the later, for a promise; `words` are those of a data set's order."""
        either = f"the later in the log's order where it says something, else one drawn with seed {self.seed}"
        named = {"auto": either, "file": "the later in the log's order", "drawn": f"one drawn with seed {self.seed}"}
        # The words are part of what evaluations are told apart by: other words would part old runs from new ones.
        return f"of a user's engagements at one moment {words or named[self.ties]} counts as the later"


class LeaveLastOut(PastOrder):
    """The last engagement of each user is for testing, all others are for training."""

    kind: Literal["leave_last_out"] = "leave_last_out"
    """Name in the catalogue."""
    min_train: int = Field(default=1, ge=1)
    """Users with fewer training engagements than this have no test row; all theirs are for training."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self._promise(self.tied())

    def _promise(self, tied: str) -> str:
        few = f"; users with fewer than {self.min_train} others have no test row" if self.min_train > 1 else ""
        return (
            "leave-last-out, the last engagement of each user is the test: nobody's own future is in the training "
            f"part, but other people's is, so a model may know how popular a tweet will become; {tied}{few}"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Splits each user's engagements.

        Raises:
            DataError: no user has enough engagements.
        """
        rows = positives(dataset)
        enough = rows.group_by("user_id").agg(pl.col("time_us").max(), pl.len()).filter(pl.col("len") > self.min_train)
        ends = rows.select("user_id", "time_us", "tweet_id", "engagement_id").join(enough, on=["user_id", "time_us"])
        order = self.order(dataset)
        last = order.sort(ends.collect()).group_by("user_id").agg(pl.last("engagement_id"))
        if not len(last):
            raise DataError(
                f"no user of {dataset.name!r} has more than {self.min_train} engagements",
                remedy="leave-last-out needs users with at least two; use the time split",
            )
        out = pl.col("engagement_id").is_in(last["engagement_id"].implode())
        promise = self._promise(self.tied(order.words))
        return Split(self.name, promise, None, rows.filter(out.not_()), rows.filter(out), order)


class PerUserRatio(PastOrder):
    """The last share of each user's engagements is for testing, the earlier ones are for training."""

    kind: Literal["per_user_ratio"] = "per_user_ratio"
    """Name in the catalogue."""
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of each user's engagements that is for testing, rounded down to whole engagements."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self._promise(self.tied())

    def _promise(self, tied: str) -> str:
        share = _percent(self.fraction)
        return (
            f"per-user ratio, the last {share} of each user's engagements in time, rounded down, is the "
            "test: nobody's own future is in the training part, but other people's is, so a model may know how popular "
            f"a tweet will become; {tied}; users with too few engagements have no test row"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Splits each user's engagements.

        Raises:
            DataError: no user has enough engagements.
        """
        rows, order = positives(dataset), self.order(dataset)
        ordered = order.sort(rows.select("user_id", "time_us", "tweet_id", "engagement_id").collect())
        out = ordered.filter(_after_end("user_id") < _share("user_id", self.fraction)).select("engagement_id")
        if not len(out):
            raise DataError(_TOO_FEW.format(dataset.name, _percent(self.fraction)), remedy="take a larger fraction")
        promise = self._promise(self.tied(order.words))
        return Split(self.name, promise, None, *_parts(rows, out, ["engagement_id"]), order)


class RandomRatio(_Settings):
    """A random share of the (user, tweet) pairs is for testing, whenever they happened."""

    kind: Literal["random_ratio"] = "random_ratio"
    """Name in the catalogue."""
    fraction: float = Field(default=0.25, gt=0, lt=1)
    """Share of the pairs that is for testing, rounded down to whole pairs."""
    within: Literal["user", "tweet", "log"] = "user"
    """The share is taken of each user's pairs, of each tweet's, or of all pairs of the log together."""
    seed: Seed = 1
    """Another seed is another split; the same seed is the same split on any machine."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        of = {"user": "each user's pairs", "tweet": "each tweet's pairs", "log": "all pairs"}[self.within]
        known = {
            "user": "every user of the test is in the training part, tweets may be cold",
            "tweet": "every tweet of the test is in the training part, users may be cold",
            "log": "users and tweets of the test may be cold",
        }[self.within]
        share = _percent(self.fraction)
        return (
            f"random ratio, {share} of {of} (user, tweet), rounded down, drawn with seed {self.seed}, are "
            "the test: time plays no part, so the training part holds everybody's future, the user's own too, and "
            "numbers are comparable with papers that split so and with nothing that is live; all engagements of a pair "
            f"are on one side; {known}; ties cannot matter, for the draw depends on seed, user and tweet alone"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Draws the pairs of the test.

        Raises:
            DataError: there are too few pairs for one of the parts.
        """
        rows = positives(dataset)
        pairs = rows.select("user_id", "tweet_id").unique().collect()
        lot = Stream(self.seed, "random_ratio").words(pairs["user_id"].to_numpy(), pairs["tweet_id"].to_numpy(), n=1)
        group = pl.lit(0) if self.within == "log" else pl.col(f"{self.within}_id")
        drawn = (
            pairs.lazy()
            .with_columns(lot=pl.Series(lot[:, 0]), group=group)
            .sort("group", "lot", "user_id", "tweet_id")
            .filter(_after_end("group") < _share("group", self.fraction))
            .select("user_id", "tweet_id")
            .collect()
        )
        if not len(drawn):
            raise DataError(_TOO_FEW.format(dataset.name, _percent(self.fraction)), remedy="take a larger fraction")
        return Split(self.name, self.promise, None, *_parts(rows, drawn, ["user_id", "tweet_id"]))


_TOO_FEW = "no part of {!r} is large enough for a test of {}"


def _percent(share: float) -> str:
    """Unrounded: two protocols with the same words are one."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def _after_end(group: str) -> pl.Expr:
    """Rows of the same group after this one, in the frame's order."""
    return pl.len().over(group) - pl.int_range(pl.len()).over(group) - 1


def _share(group: str, fraction: float) -> pl.Expr:
    """`fraction` of the group's rows, rounded down; what a float loses is not."""
    return (pl.len().over(group) * fraction + 1e-9).floor()


def _parts(rows: pl.LazyFrame, out: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Training and test rows, in the order of `rows`: the test's `keys` are in `out`."""
    ways: tuple[Literal["anti", "semi"], ...] = ("anti", "semi")
    train, test = (rows.join(out.lazy(), on=list(keys), how=how, maintain_order="left") for how in ways)
    return train, test


class _TrainingPart(Dataset):
    """A data set without the held-out engagements."""

    def __init__(self, whole: Dataset, split: Split) -> None:
        super().__init__(whole.folder, whole.manifest)
        self._held_out = split.test.select("engagement_id")

    def scan(self, name: str, *, before_us: int | None = None) -> pl.LazyFrame:
        """As `Dataset.scan`; of engagements those that are not held out."""
        rows = super().scan(name, before_us=before_us)
        if name != "engagements":
            return rows
        return rows.join(self._held_out, on="engagement_id", how="anti", maintain_order="left")


def training_part(dataset: Dataset, split: Split) -> Dataset:
    """The data set as a model of `split` may see it: features of its rows know no engagement of the test.

    A split at a time needs nothing taken away, for features know nothing after their row's time.
    """
    return dataset if split.train_before_us is not None else _TrainingPart(dataset, split)


SPLITS: dict[str, str] = {
    "time": "data.split:TimeSplit",
    "leave_last_out": "data.split:LeaveLastOut",
    "per_user_ratio": "data.split:PerUserRatio",
    "random_ratio": "data.split:RandomRatio",
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
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(one for one in kind.model_fields if one != "kind")
        raise ConfigError(
            f"split {name!r} does not take {config}: {key}: {first['msg']}", remedy=f"its settings are {known}"
        ) from error
    return made


def parse_split(text: str) -> Splitter:
    """The splitter that a text names: its kind, and settings as `key=value`: `random_ratio seed=2 fraction=0.1`.

    Raises:
        ConfigError: no such splitter, an unknown setting or one out of range.
    """
    name, *settings = text.split() or [""]
    config: dict[str, Any] = {}
    for one in settings:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise ConfigError(f"split {text!r}: {one!r} is not key=value", remedy='write "random_ratio seed=2"')
        try:
            config[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            config[key] = value
    return splitter(name, **config)


def default_split(dataset: Dataset) -> Splitter:
    """Global time where impressions were logged, leave-last-out otherwise (sparse logs have few warm users late)."""
    return TimeSplit() if dataset.rows("impressions") else LeaveLastOut()
