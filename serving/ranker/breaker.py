"""What keeps a client from making a failing server's trouble worse: a circuit breaker, and a budget of retries."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Breaker:
    """Opens after failures in a row; while it is open nothing is asked. Then one request tries, and closes it or not.

    (Nygard, Release It!, 2007.)
    """

    def __init__(self, open_after: int, open_s: float, now_s: Callable[[], float]) -> None:
        """Opens for `open_s` seconds after `open_after` failures in a row; `now_s` is a stopwatch."""
        self._open_after, self._open_s, self._now_s = open_after, open_s, now_s
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_s: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed again."""
        return self._opened_s is not None

    def allow(self) -> bool:
        """Whether a request may be made; each that may must be followed by `succeeded` or `failed`."""
        with self._lock:
            if self._opened_s is None:
                return True
            if self._trying or self._now_s() - self._opened_s < self._open_s:
                return False
            self._trying = True
            return True

    def succeeded(self) -> None:
        """Closes it."""
        with self._lock:
            self._failures, self._opened_s, self._trying = 0, None, False

    def failed(self) -> None:
        """Opens it where that was one failure too many, or the one request that tried."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._open_after:
                self._opened_s = self._now_s()
            self._trying = False


class RetryBudget:
    """Each request saves up a share of a retry, so that retries add no more than that share to the load."""

    def __init__(self, share: float, most: int) -> None:
        """Begins with `most` retries, which is also the most that is saved up."""
        self._share, self._most = share, float(most)
        self._saved = float(most)
        self._lock = threading.Lock()

    def save(self) -> None:
        """A request is made."""
        with self._lock:
            self._saved = min(self._saved + self._share, self._most)

    def take(self) -> bool:
        """Whether a retry may be made; it is used up then."""
        with self._lock:
            # Shares do not add up exactly.
            if self._saved < 1 - 1e-9:
                return False
            self._saved -= 1
            return True
