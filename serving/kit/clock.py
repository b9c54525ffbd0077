"""The only reader of wall-clock time; everything else is given the time in UTC microseconds."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """The network's time, which never goes back."""

    def now_us(self) -> int:
        """The present, UTC microseconds."""
        ...


class WallClock:
    """The machine's time, which never goes back: while the machine's clock is behind, it goes on at half its pace."""

    def __init__(self, after_us: int = 0) -> None:
        """Never gives a time before `after_us`."""
        self._lock = threading.Lock()
        self._last = after_us
        self._read_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """The present, UTC microseconds."""
        with self._lock:
            read_ns = time.monotonic_ns()
            self._last = max(time.time_ns() // 1000, self._last + (read_ns - self._read_ns) // 2000)
            self._read_ns = read_ns
            return self._last


class DataClock:
    """A log's end plus the time since the clock was made: a loaded network goes on where its log stopped."""

    def __init__(self, start_us: int) -> None:
        """Starts at `start_us`, UTC microseconds."""
        self.start_us = start_us
        self._origin_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """The present of the data, UTC microseconds."""
        return self.start_us + (time.monotonic_ns() - self._origin_ns) // 1000


def elapsed_ms(since_ns: int) -> float:
    """Milliseconds since a reading of `ticks`."""
    return (time.perf_counter_ns() - since_ns) / 1e6


def ticks() -> int:
    """A reading of the stopwatch in nanoseconds, for durations alone."""
    return time.perf_counter_ns()
