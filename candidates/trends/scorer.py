"""What scores trends: the counts of windows in, one number a hashtag out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from data.batch import F64, Array


@dataclass(frozen=True, slots=True)
class Windows:
    """H hashtags of one place with the counts of the window that ends at `time_us`.

    Columns [H] int64: `key` (stable for a hashtag as long as the engine remembers it), `volume` (uses in the window,
    at least 1), `previous` (uses in the window before it), `unique_users` (who used it in the window) and
    `first_seen_us`.
    """

    time_us: int
    columns: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.columns["volume"])


class TrendScorer(Protocol):
    """Turns window counts into scores; may keep state for each key."""

    def update(self, windows: Windows) -> F64:
        """[H] scores, higher first."""
        ...
