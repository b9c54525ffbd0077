"""Splits of a data set into what a model may learn from and what it is tested on, each with its promise in words.

Anybody's own way to split is a class with `name`, `promise` and `apply`, named as `module:Class`: see docs/splits.md.

A split speaks of engagements; features of a test row are always taken as of that row's time. Reports print
`promise`, so that a number is never read without knowing what its split lets through.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self

import polars as pl
from pydantic import ValidationError

from data.cold_and_warm import Warmth
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.import_by_name import lookup, resolve
from data.ties import TieOrder, decided_by_ties


@dataclass(frozen=True)
class Split:
    """The parts of one data set. Rows are positive engagements in the order of (time, engagement_id)."""

    name: str
    """Kind and the settings that are not the default: what `parse_split` takes, and what a trained model remembers."""
    promise: str
    """What the split guarantees about leakage, and its tie rule."""
    train_before_us: int | None
    """All training rows lie strictly before it and all others at or after it; None where no such time exists."""
    train: pl.LazyFrame
    """Columns of the table `engagements`."""
    test: pl.LazyFrame
    """Columns of the table `engagements`; no row is in both parts."""
    ties: TieOrder | None = None
    """Which of a user's engagements with the same time is the later; None where the parts do not depend on it."""
    valid: pl.LazyFrame | None = None
    """Rows to choose models by. No model learns from them, and when the test is ranked their items are masked: no
    candidates of their users, and not in their histories."""
    apart: pl.LazyFrame | None = None
    """Rows of the log that are in none of the parts."""
    items: pl.LazyFrame | None = None
    """`tweet_id` of all that can be ranked; every item of the data set where None."""
    test_from_us: int | None = None
    """First time of the test where it lies after `train_before_us`: what is between is a gap or the valid part."""

    @property
    def test_begins_us(self) -> int | None:
        """First time of the test; None where no such time exists."""
        return self.train_before_us if self.test_from_us is None else self.test_from_us

    @property
    def not_learned(self) -> pl.LazyFrame:
        """`engagement_id` of all rows that are not training rows."""
        parts = (self.test, self.valid, self.apart)
        return pl.concat([one.select("engagement_id") for one in parts if one is not None])

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


@dataclass(frozen=True)
class OwnSplitter:
    """A splitter from outside, by the text that names it; what it gives is checked."""

    name: str
    """`module:Class`, and its settings as `key=value`."""
    made: Splitter

    @classmethod
    def of(cls, target: str, config: Mapping[str, Any]) -> Self:
        """The class `module:Class`, made with `config`.

        Raises:
            ConfigError: it cannot be imported, or does not take `config`.
        """
        remedy = "name module:Class, with the module on the import path (PYTHONPATH)"
        try:
            made = resolve(target)(**config)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise ConfigError(f"split {target!r} cannot be made of {dict(config)}: {error}", remedy=remedy) from error
        return cls(" ".join([target, *(f"{key}={value}" for key, value in config.items())]), made)

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self.made.promise

    def apply(self, dataset: Dataset) -> Split:
        """Splits.

        Raises:
            DataError: a part is empty or has other columns than engagements, or a row is in two parts.
        """
        split = self.made.apply(dataset)
        parts = {"train": split.train, "test": split.test} | ({} if split.valid is None else {"valid": split.valid})
        seen = pl.Series(dtype=pl.Int64)
        for part, rows in parts.items():
            missing = {"engagement_id", "user_id", "tweet_id", "time_us", "action"} - {*rows.collect_schema().names()}
            if missing:
                raise DataError(f"split {self.name!r}: {part} lacks {', '.join(sorted(missing))}", remedy=_ROWS)
            ids = rows.select("engagement_id").collect()["engagement_id"]
            if not len(ids):
                raise DataError(f"split {self.name!r} leaves no {part} rows", remedy=_ROWS)
            seen = pl.concat([seen, ids])
            if seen.n_unique() < len(seen):
                raise DataError(f"split {self.name!r}: rows of {part} stand in two parts, or twice", remedy=_ROWS)
        return replace(split, name=self.name)


_ROWS = "filter the rows of data.ties.positives(dataset) into parts"


class _TrainingPart(Dataset):
    """A data set without the engagements that are not for training."""

    def __init__(self, whole: Dataset, split: Split) -> None:
        super().__init__(whole.folder, whole.manifest)
        self._held_out = split.not_learned

    def scan(self, name: str, *, before_us: int | None = None) -> pl.LazyFrame:
        """As `Dataset.scan`; of engagements those that may be learned from."""
        rows = super().scan(name, before_us=before_us)
        if name != "engagements":
            return rows
        return rows.join(self._held_out, on="engagement_id", how="anti", maintain_order="left")


def training_part(dataset: Dataset, split: Split) -> Dataset:
    """The data set as a model of `split` may see it: features of its rows know no engagement but those for training.

    A split at a time needs nothing taken away, for features know nothing after their row's time.
    """
    return dataset if split.train_before_us is not None else _TrainingPart(dataset, split)


SPLITS: dict[str, str] = {
    "time": "data.splitters:TimeSplit",
    "leave_last_out": "data.splitters:LeaveLastOut",
    "per_user_ratio": "data.splitters:PerUserRatio",
    "random_ratio": "data.splitters:RandomRatio",
    "files": "data.split_files:SplitFiles",
}
"""One line a split."""

PLAIN_SPLITS = tuple(name for name in SPLITS if name != "files")
"""Those that need no settings."""


def splitter(name: str, **config: Any) -> Splitter:
    """The splitter `name` with its settings: one of `SPLITS`, or `module:Class` for one of anybody's own.

    Raises:
        ConfigError: no such splitter, an unknown setting or one out of range.
    """
    if ":" in name:
        return OwnSplitter.of(name, config)
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
    """Global time where impressions were logged, random ratio where there are no times, leave-last-out otherwise.

    Sparse logs have few warm users late.
    """
    if dataset.timeless:
        return splitter("random_ratio")
    return splitter("time" if dataset.rows("impressions") else "leave_last_out")
