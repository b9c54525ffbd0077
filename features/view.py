"""What a feature view is: one definition, an offline engine over history and an online engine over a stream.

A row at time t sees events strictly before t. Both engines give the same numbers: a property test replays random
logs through both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import polars as pl

from data.batch import Array, CandidateBatch
from data.events import EventBatch

if TYPE_CHECKING:
    from features.log import Log
    from features.shared import Shared


@dataclass(frozen=True)
class Feature:
    """One column that a view writes."""

    name: str
    """Entity and meaning: `tweet.likes`, `pair.interactions`."""
    doc: str
    unit: str = "count"
    default: float = 0.0
    """The value where nothing is known."""
    width: int = 1
    """1 for a column `[N]`, D for a column `[N, D]`."""
    dtype: str = "float32"
    tables: tuple[str, ...] = ()
    """Tables whose events change it, where they are fewer than its view's."""


class OnlineView(Protocol):
    """The live engine of a view."""

    @property
    def listens(self) -> tuple[str, ...]:
        """Tables whose events change its own state; empty where it only reads the shared state."""
        ...

    def update(self, events: EventBatch) -> None:
        """Takes one batch of a table that it listens to; batches come in order.

        Beside each `*_id` column is its `*_row`, beside `action` its `action_code`, the place in `ACTIONS`. A
        view of `engagements` gets only the positive ones, a view of `actions` gets all whose tweet was posted by then,
        a view of `undos` those of engagements that counted.
        """
        ...

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """The view's columns for the candidates: `[N]` or `[N, D]`, or `[B, ...]` for a view of the request."""
        ...

    def arrays(self) -> Mapping[str, Array]:
        """Its own state by name, for saving; empty for a view that only reads the shared state."""
        ...

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        ...


class FeatureView(Protocol):
    """A named group of features."""

    @property
    def name(self) -> str:
        """Unique in the catalogue."""
        ...

    @property
    def features(self) -> tuple[Feature, ...]:
        """The columns that it writes."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables whose events it reads."""
        ...

    @property
    def entity(self) -> str:
        """`request` where the columns belong to the request, `candidate` where they belong to each candidate."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of other views that it needs first; empty for most."""
        ...

    def offline(self, log: Log, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The view's columns at each of `rows`, point in time.

        `log` holds the tables by name (empty where the data set lacks one): engagements only the positive ones, all of
        them as `actions`, the `undos` of both, and the derived tables of `features.offline`. `rows` has `row` (int64,
        unique), `user_id`, `time_us` and the columns named in `reads`; for a view of candidates also `tweet_id`,
        `posted_us` and `author_id`, which are null where no such tweet was posted before `time_us`. The result has
        `row` and the view's columns; a row that is missing or null means nothing is known, and takes the feature's
        default.
        """
        ...

    def online(self, state: Shared) -> OnlineView:
        """A live engine, empty, over the shared state."""
        ...


class Stateless:
    """The part of an online view that needs no events of its own."""

    listens: tuple[str, ...] = ()

    def update(self, events: EventBatch) -> None:
        """Nothing to do: the shared state has taken the events already."""

    def arrays(self) -> Mapping[str, Array]:
        """Nothing to save."""
        return {}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Nothing to take."""
