"""The only reader of wall-clock time; everything else is told the time in UTC microseconds."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the network's time, which never goes back."""

    def now_us(self) -> int:
        """The present moment, UTC microseconds."""
        ...


class WallClock:
    """The machine's time, held where it is while the machine's clock is set back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def now_us(self) -> int:
        """The present moment, UTC microseconds."""
        with self._lock:
            self._last = max(self._last, time.time_ns() // 1000)
            return self._last


class DataClock:
    """A log's end plus the time since the clock was made: a loaded network goes on where its log stopped."""

    def __init__(self, start_us: int) -> None:
        """Starts at `start_us`, UTC microseconds."""
        self.start_us = start_us
        self._origin_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """The present moment of the data, UTC microseconds."""
        return self.start_us + (time.monotonic_ns() - self._origin_ns) // 1000


def elapsed_ms(since_ns: int) -> float:
    """Milliseconds since a reading of `ticks`."""
    return (time.perf_counter_ns() - since_ns) / 1e6


def ticks() -> int:
    """A reading of the stopwatch in nanoseconds, for durations alone."""
    return time.perf_counter_ns()
