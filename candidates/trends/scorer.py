"""What scores trends: the counts of windows in, one number a term out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from candidates.trends.layout import CELL_BITS
from data.batch import F64, I64, Array
from data.events import MINUTE_US

KEY_ROW = (1 << CELL_BITS) - 1
"""The bits of a key that are its row."""


@dataclass(frozen=True, slots=True)
class Windows:
    """H terms of one or more places with the counts of the window that ends at `time_us`.

    Columns [H] int64: `key` (stable for a term at a place as long as the engine remembers it), `volume` (uses in the
    window, at least 1), `previous` (uses in the window before it), `unique_users` (who used it in the window) and
    `first_seen_us`. The engine adds, in uses of a person's that are counted once a window: `fresh` and `fresh_previous`
    (in the two windows), `total` (ever), and float64 `recent` and `seasonal` (what the window should hold by the term's
    long-run rate, and with its own hours of the week).
    """

    time_us: int
    columns: Mapping[str, Array]
    length_us: int = 5 * MINUTE_US
    """Of the window."""

    def __len__(self) -> int:
        return len(self.columns["volume"])

    @property
    def uses(self) -> F64:
        """[H] uses of different people, as well as it is known: never many more than there are people."""
        people = 1.0 + 1.2 * self.columns["unique_users"].astype(np.float64)
        out: F64 = np.minimum(self.columns["fresh"].astype(np.float64), people)
        return out

    def expected(self, seasonal: bool) -> F64:
        """[H] uses that were to be expected."""
        out: F64 = self.columns["seasonal" if seasonal else "recent"]
        return out


class TrendScorer(Protocol):
    """Turns window counts into scores."""

    @property
    def enter(self) -> float:
        """The score from which on a term is a trend."""
        ...

    def score(self, windows: Windows) -> F64:
        """[H] scores of windows by themselves, higher first; keeps nothing."""
        ...

    def update(self, windows: Windows) -> F64:
        """[H] scores of the windows that slide, called in the order of time; may keep state for each key."""
        ...

    def arrays(self) -> Mapping[str, Array]:
        """What it keeps, for saving; nothing for most."""
        ...

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        ...


class Stateless:
    """The part of a scorer that keeps nothing."""

    def arrays(self) -> Mapping[str, Array]:
        """Nothing to save."""
        return {}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Nothing to take."""


class KeyRows(NamedTuple):
    """The rows of a `KeyState`; the row of a key is `key & KEY_ROW`, and its own only where `keys` says so."""

    keys: I64
    """[R]."""
    values: F64
    """[R, columns]."""
    fill: F64
    """[columns] what a new key starts with."""


class KeyState:
    """A few numbers for each key, in rows that keys of the engine find without a search."""

    def __init__(self, fill: tuple[float, ...]) -> None:
        """One column for each number of `fill`, which a new key starts with."""
        self._fill = np.array(fill)
        self._keys: I64 = np.zeros(0, np.int64)
        self._values: F64 = np.zeros((0, len(fill)))

    def rows(self, keys: I64) -> KeyRows:
        """All rows, those of `keys` among them: for a compiled loop that reads and writes them in place."""
        need = int((keys & KEY_ROW).max(initial=-1)) + 1
        if need > len(self._keys):
            size = max(need, 2 * len(self._keys), 1024)
            grown = np.full(size, -1, np.int64), np.tile(self._fill, (size, 1))
            grown[0][: len(self._keys)], grown[1][: len(self._keys)] = self._keys, self._values
            self._keys, self._values = grown
        return KeyRows(self._keys, self._values, self._fill)

    def get(self, keys: I64) -> F64:
        """[H, columns]; what another key left in a row is not seen."""
        self.rows(keys)
        rows = keys & KEY_ROW
        out: F64 = np.where((self._keys[rows] == keys)[:, None], self._values[rows], self._fill)
        return out

    def arrays(self) -> dict[str, Array]:
        """The keys that are kept and their numbers, for saving."""
        rows = np.flatnonzero(self._keys >= 0)
        return {"keys": self._keys[rows], "values": self._values[rows]}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self.rows(arrays["keys"])
        self.put(arrays["keys"], arrays["values"])

    def put(self, keys: I64, values: F64) -> None:
        """Keeps [H, columns] for keys that `get` was called with."""
        rows = keys & KEY_ROW
        self._keys[rows], self._values[rows] = keys, values
