"""The ways to split that come with the lab, each a frozen config; `data.split.SPLITS` has their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from data.dataset import Dataset
from data.errors import DataError
from data.events import DAY_US, HOUR_US
from data.rng import Stream
from data.settings import Seed
from data.split import Split
from data.split_settings import Settings
from data.ties import TieOrder, Ties

Rounding = Literal["down", "nearest", "at_least_one"]
"""`down`; `nearest`, the training part to the nearest whole number and halves to the even one, as recommenders does;
`at_least_one`, down, but a share below one row is one where more than one stays for training, as RecBole does."""

_TIMED = ("impressions", "engagements")
"""Tables whose times set the cut of a time split, the first that is there."""


class TimeSplit(Settings):
    """Everything before a time is for training, everything from it on is for testing."""

    kind: Literal["time"] = "time"
    """Name in the catalogue."""
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of the log's duration, from its first to its last impression (engagement where none are logged), that is
    for testing. A log of more than a day is taken to last whole UTC days."""
    valid: float = Field(default=0.0, ge=0, lt=1)
    """Share of the duration, right before the test, that is for choosing models."""
    gap_h: float = Field(default=0.0, ge=0)
    """Hours before the valid part and before the test whose rows are in no part."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        share = _percent(self.fraction)
        return (
            f"global time split, the last {share} of the log's duration is the test: every training row is "
            "earlier than every test row, so no model learns from anybody's future; rows of the moment of the cut are "
            "all test rows, so ties cannot straddle it; users and tweets of the test may be cold"
            + (f"; the {_percent(self.valid)} before it are for choosing models" if self.valid else "")
            + (f"; rows of the {self.gap_h:g} h before a part are in none" if self.gap_h else "")
            + self.cored
        )

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        _leave_something(self.fraction, self.valid)
        return self

    def cut_us(self, dataset: Dataset) -> int:
        """The first time of the test part."""
        return self._before_end(dataset, self.fraction)

    def _before_end(self, dataset: Dataset, share: float) -> int:
        dataset.require_times(purpose="the time split")
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
        return int(high - round((high - low) * share))

    def apply(self, dataset: Dataset) -> Split:
        """Splits at `cut_us`.

        Raises:
            DataError: one of the parts would have no engagement.
        """
        cut, gap = self.cut_us(dataset), round(self.gap_h * HOUR_US)
        chosen = self._before_end(dataset, self.fraction + self.valid) if self.valid else cut
        ends = chosen - gap
        log, time = self.log(dataset), pl.col("time_us")
        of = {"train": time < ends, "test": time >= cut}
        of |= {"valid": (time >= chosen) & (time < cut - gap)} if self.valid else {}
        counts = log.rows.select(**{part: which.sum() for part, which in of.items()}).collect().row(0, named=True)
        for part, count in counts.items():
            if not count:
                raise DataError(
                    f"the time split of {dataset.name!r} leaves no {part} rows", remedy="choose another fraction"
                )
        parts = {part: log.rows.filter(which) for part, which in of.items()}
        apart = log.rows.filter(~pl.any_horizontal(*of.values())) if gap else None
        split = Split(self.name, self.promise, ends, parts["train"], parts["test"], valid=parts.get("valid"))
        split = replace(split, apart=apart, test_from_us=None if ends == cut else cut)
        return log.core(split)


class PastOrder(Settings):
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
        """What the settings mean for a data set.

        Raises:
            DataError: its log has no order.
        """
        dataset.require_times(purpose=f"the split {self.name!r}")
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
    valid: bool = False
    """Whether the last but one of each tested user is for choosing models."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self._promise(self.tied())

    def _promise(self, tied: str) -> str:
        few = f"; users with fewer than {self.min_train} others have no test row" if self.min_train > 1 else ""
        return (
            "leave-last-out, the last engagement of each user is the test: nobody's own future is in the training "
            f"part, but other people's is, so a model may know how popular a tweet will become; {tied}{few}"
            + ("; the last but one of each tested user is for choosing models" if self.valid else "")
            + self.cored
        )

    def apply(self, dataset: Dataset) -> Split:
        """Splits each user's engagements.

        Raises:
            DataError: no user has enough engagements.
        """
        log, order = self.log(dataset), self.order(dataset)
        held = 2 if self.valid else 1
        rows = order.sort(log.rows.select("user_id", "time_us", "tweet_id", "engagement_id").collect())
        rows = rows.with_columns(after=_after_end("user_id")).filter(
            (pl.len().over("user_id") >= self.min_train + held) & (pl.col("after") < held)
        )
        if not len(rows):
            raise DataError(
                f"no user of {dataset.name!r} has more than {self.min_train + held - 1} engagements",
                remedy="leave-last-out needs users with at least two; use the time split",
            )
        test, valid = (rows.filter(pl.col("after") == at).select("engagement_id") for at in (0, 1))
        return log.core(_split(self.name, self._promise(self.tied(order.words)), log.rows, test, valid, order=order))


class PerUserRatio(PastOrder):
    """The last share of each user's engagements is for testing, the earlier ones are for training."""

    kind: Literal["per_user_ratio"] = "per_user_ratio"
    """Name in the catalogue."""
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Share of each user's engagements that is for testing."""
    valid: float = Field(default=0.0, ge=0, lt=1)
    """Share of each user's engagements, before those for testing, that is for choosing models."""
    rounding: Rounding = "down"
    """How a share becomes whole engagements."""

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        _leave_something(self.fraction, self.valid)
        return self

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self._promise(self.tied())

    def _promise(self, tied: str) -> str:
        share = _percent(self.fraction)
        return (
            f"per-user ratio, the last {share} of each user's engagements in time, {_ROUNDED[self.rounding]}, is the "
            "test: nobody's own future is in the training part, but other people's is, so a model may know how popular "
            f"a tweet will become; {tied}; users with too few engagements have no test row{_more(self)}"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Splits each user's engagements.

        Raises:
            DataError: no user has enough engagements.
        """
        log, order = self.log(dataset), self.order(dataset)
        rows = order.sort(log.rows.select("user_id", "time_us", "tweet_id", "engagement_id").collect())
        test, valid = _shared(rows, "user_id", self, ["engagement_id"], dataset)
        return log.core(_split(self.name, self._promise(self.tied(order.words)), log.rows, test, valid, order=order))


class RandomRatio(Settings):
    """A random share of the (user, tweet) pairs is for testing, whenever they happened."""

    kind: Literal["random_ratio"] = "random_ratio"
    """Name in the catalogue."""
    fraction: float = Field(default=0.25, gt=0, lt=1)
    """Share of the pairs that is for testing."""
    valid: float = Field(default=0.0, ge=0, lt=1)
    """Share of the pairs that is for choosing models."""
    rounding: Rounding = "down"
    """How a share becomes whole pairs."""
    within: Literal["user", "tweet", "log"] = "user"
    """The share is taken of each user's pairs, of each tweet's, or of all pairs of the log together."""
    seed: Seed = 1
    """Another seed is another split; the same seed is the same split on any machine."""

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        _leave_something(self.fraction, self.valid)
        return self

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
            f"random ratio, {share} of {of} (user, tweet), {_ROUNDED[self.rounding]}, drawn with seed {self.seed}, are "
            "the test: time plays no part, so the training part holds everybody's future, the user's own too, and "
            "numbers are comparable with papers that split so and with nothing that is live; all engagements of a pair "
            f"are on one side; {known}; ties cannot matter, for the draw depends on seed, user and tweet alone"
            + _more(self)
        )

    def apply(self, dataset: Dataset) -> Split:
        """Draws the pairs of the test.

        Raises:
            DataError: there are too few pairs for one of the parts.
        """
        log = self.log(dataset)
        pairs = log.rows.select("user_id", "tweet_id").unique().collect()
        lot = Stream(self.seed, "random_ratio").words(pairs["user_id"].to_numpy(), pairs["tweet_id"].to_numpy(), n=1)
        group = pl.lit(0) if self.within == "log" else pl.col(f"{self.within}_id")
        drawn = pairs.with_columns(lot=pl.Series(lot[:, 0]), group=group).sort("group", "lot", "user_id", "tweet_id")
        test, valid = _shared(drawn, "group", self, ["user_id", "tweet_id"], dataset)
        return log.core(_split(self.name, self.promise, log.rows, test, valid))


_ROUNDED: dict[Rounding, str] = {
    "down": "rounded down",
    "nearest": "what is left rounded to the nearest",
    "at_least_one": "rounded down but to at least one where more than one stays for training",
}

_TOO_FEW = "no part of {!r} is large enough for a test of {}"


def _leave_something(fraction: float, valid: float) -> None:
    if fraction + valid >= 1:
        raise ValueError(f"fraction and valid are {fraction + valid:g} together, which leaves nothing to train on")


def _percent(share: float) -> str:
    """Unrounded: two protocols with the same words are one."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def _after_end(group: str) -> pl.Expr:
    """Rows of the same group after this one, in the frame's order."""
    return pl.len().over(group) - pl.int_range(pl.len()).over(group) - 1


def _more(of: PerUserRatio | RandomRatio) -> str:
    """For a promise: what is not the default."""
    valid = f"; another {_percent(of.valid)} are for choosing models" if of.valid else ""
    return valid + of.cored


def _shared(
    rows: pl.DataFrame, group: str, of: PerUserRatio | RandomRatio, keys: list[str], dataset: Dataset
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`keys` of the test and of the valid part: the last shares of each group, in the frame's order.

    Raises:
        DataError: a part would be empty.
    """
    counted = rows.with_columns(after=_after_end(group), size=pl.len().over(group).cast(pl.Int64))
    counted = counted.with_columns(**_counts(of))
    tested = pl.col("after") < pl.col("test")
    chosen = ~tested & (pl.col("after") < pl.col("test") + pl.col("valid"))
    out = counted.filter(tested).select(keys), counted.filter(chosen).select(keys)
    for share, part in zip((of.fraction, of.valid), out, strict=True):
        if share and not len(part):
            raise DataError(_TOO_FEW.format(dataset.name, _percent(share)), remedy="take a larger fraction")
    return out


def _counts(of: PerUserRatio | RandomRatio) -> dict[str, pl.Expr]:
    """Rows of the test and of the valid part of a group of `size` rows."""
    size = pl.col("size")
    if of.rounding == "nearest":
        upto, rest = (
            (size * share).round(0, mode="half_to_even").cast(pl.Int64)
            for share in (1 - of.fraction, 1 - of.fraction - of.valid)
        )
        return {"test": size - upto, "valid": upto - rest}
    # What a float loses of a share is not lost: 1e-9.
    test, valid = ((size * share + 1e-9).floor().cast(pl.Int64) for share in (of.fraction, of.valid))
    if of.rounding == "at_least_one":
        test = test + ((test == 0) & (size - valid > 1)).cast(pl.Int64)
        valid = valid + ((valid == 0) & (size - test > 1) & (of.valid > 0)).cast(pl.Int64)
    return {"test": test, "valid": valid}


def _split(
    name: str,
    promise: str,
    rows: pl.LazyFrame,
    test: pl.DataFrame,
    valid: pl.DataFrame,
    *,
    order: TieOrder | None = None,
) -> Split:
    """Rows whose keys are in `test` and `valid`, and all others for training, in the order of `rows`."""
    keys = test.columns
    rest, tested = _parts(rows, test, keys)
    if not len(valid):
        return Split(name, promise, None, rest, tested, order)
    train, chosen = _parts(rest, valid, keys)
    return Split(name, promise, None, train, tested, order, valid=chosen)


def _parts(rows: pl.LazyFrame, out: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Training and test rows, in the order of `rows`: the test's `keys` are in `out`."""
    ways: tuple[Literal["anti", "semi"], ...] = ("anti", "semi")
    train, test = (rows.join(out.lazy(), on=list(keys), how=how, maintain_order="left") for how in ways)
    return train, test
