"""What the settings of all splitters have in common: their name, and the core of the log that is split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.dataset import Dataset
from data.errors import DataError
from data.split import Split
from data.ties import positives


@dataclass(frozen=True)
class Log:
    """The rows that a splitter has to part."""

    rows: pl.LazyFrame
    left_out: pl.LazyFrame | None = None
    """Rows outside the core."""
    items: pl.LazyFrame | None = None
    """Items of the core."""

    def core(self, split: Split) -> Split:
        """The split, which knows what was left out before."""
        apart = [one for one in (split.apart, self.left_out) if one is not None]
        return replace(split, apart=pl.concat(apart) if apart else None, items=self.items)


def core_of(rows: pl.LazyFrame, user_core: int, item_core: int) -> pl.DataFrame:
    """`engagement_id` of the largest part of `rows` whose users and items all have that many rows in it."""
    core = rows.select("engagement_id", "user_id", "tweet_id").collect()
    while True:
        enough = (pl.len().over("user_id") >= user_core) & (pl.len().over("tweet_id") >= item_core)
        kept = core.filter(enough)
        if len(kept) == len(core):
            return core.select("engagement_id")
        core = kept


class Settings(BaseModel):
    """What all splitters' settings have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_core: int = Field(default=1, ge=1)
    """Least engagements of a user. Before anything is split, users and items with fewer are left out, again and again
    until all that stay have enough."""
    item_core: int = Field(default=1, ge=1)
    """Least engagements of an item; items that are left out are no candidates."""

    @property
    def name(self) -> str:
        """See `Splitter`."""
        changed = self.model_dump(exclude_defaults=True)
        kind = type(self).model_fields["kind"].default
        return " ".join([kind, *(f"{key}={_text(value)}" for key, value in changed.items())])

    def log(self, dataset: Dataset) -> Log:
        """What is split.

        Raises:
            DataError: nobody has as many engagements as the settings want.
        """
        rows = positives(dataset)
        if max(self.user_core, self.item_core) == 1:
            return Log(rows)
        core = core_of(rows, self.user_core, self.item_core)
        if not len(core):
            least = f"{self.user_core} by user and {self.item_core} by item"
            raise DataError(f"no engagement of {dataset.name!r} is in the core of {least}", remedy="take a lower core")
        kept = rows.join(core.lazy(), on="engagement_id", how="semi", maintain_order="left")
        left_out = rows.join(core.lazy(), on="engagement_id", how="anti", maintain_order="left")
        return Log(kept, left_out, kept.select("tweet_id").unique())

    @property
    def cored(self) -> str:
        """For a promise: what is left out before."""
        if max(self.user_core, self.item_core) == 1:
            return ""
        return (
            f"; before that, users with fewer than {self.user_core} and items with fewer than {self.item_core} "
            "engagements were left out, again until none was left, and are neither asked nor ranked"
        )


def _text(value: object) -> str:
    """As TOML has it, which `parse_split` reads."""
    return str(value).lower() if isinstance(value, bool) else str(value)
