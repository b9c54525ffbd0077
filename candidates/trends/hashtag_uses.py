"""Every use of a hashtag that a window may still count, and when each hashtag was first used at each place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from data.batch import I64
from data.events import NEVER_US


@dataclass(frozen=True, slots=True)
class Span:
    """[N] the hashtag and the user of each use in a stretch of time."""

    tag: I64
    user: I64


class Uses:
    """Bounded by time: single uses live for `keep_us`, hashtags until `memory_us` after their last use."""

    def __init__(self, keep_us: int, memory_us: int) -> None:
        """Nothing used yet."""
        self._keep_us, self._memory_us = keep_us, memory_us
        self._rows: list[tuple[int, int, int, int]] = []
        self._array: I64 | None = None
        self._code: dict[str, int] = {}
        self._name: dict[int, str] = {}
        self._next = 0
        self._first: dict[tuple[int, int], int] = {}
        self._last: dict[tuple[int, int], int] = {}
        self._swept_us = -NEVER_US

    def add(self, time_us: int, key: str, written: str, user: int, place: int) -> None:
        """One use of the hashtag `key`, written as `written`, by a user at a place."""
        code = self._code.get(key)
        if code is None:
            code = self._code[key] = self._next
            self._name[code] = written
            self._next += 1
        at = (place, code)
        if self._last.get(at, -NEVER_US) < time_us - self._memory_us:
            self._first[at] = time_us
        self._last[at] = time_us
        self._rows.append((time_us, place, code, user))
        self._array = None

    def name(self, code: int) -> str:
        """How the hashtag of a code was first written."""
        return self._name[code]

    def between(self, start_us: int, end_us: int, place: int) -> Span:
        """Uses at a place from `start_us` on and before `end_us`."""
        if self._array is None:
            flat = np.fromiter(chain.from_iterable(self._rows), np.int64, 4 * len(self._rows))
            rows = flat.reshape(-1, 4)
            self._array = rows[np.argsort(rows[:, 0], kind="stable")]  # a log may deliver neighbours out of order
        times = self._array[:, 0]
        span = self._array[np.searchsorted(times, start_us) : np.searchsorted(times, end_us)]
        here = span[span[:, 1] == place]
        return Span(here[:, 2], here[:, 3])

    def first_seen(self, codes: I64, place: int) -> I64:
        """[H] first remembered use of each hashtag at a place."""
        return np.fromiter((self._first[place, code] for code in codes.tolist()), np.int64, len(codes))

    def forget(self, now_us: int) -> None:
        """Drops what has become too old; costs nothing most times."""
        if self._rows and self._rows[0][0] < now_us - 2 * self._keep_us:
            self._rows = [row for row in self._rows if row[0] >= now_us - self._keep_us]
            self._array = None
        if now_us - self._swept_us < self._memory_us // 8:
            return
        self._swept_us = now_us
        for at in [at for at, last in self._last.items() if last < now_us - self._memory_us]:
            del self._last[at], self._first[at]
        live = {code for _, code in self._last}
        self._code = {key: code for key, code in self._code.items() if code in live}
        self._name = {code: name for code, name in self._name.items() if code in live}
