"""Follows the log whenever something was appended to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("rookery.serving")


class Pump:
    """A thread that calls `step` after each `wake` until that returns False: nothing is left to do.

    It waits a little first, so that a burst of events is taken together. It also calls `step` at intervals without a
    wake: failures are tried again, and entries that other processes wrote are found.
    """

    def __init__(self, step: Callable[[], bool], *, linger_ms: float, look_s: float = 1.0) -> None:
        """Calls `step` at most `linger_ms` milliseconds (and the time it takes) after a wake, or after `look_s`."""
        self.fault = ""
        """Kind of the last error, "" while all goes well."""
        self._step = step
        self._linger_s = linger_ms / 1e3
        self._look_s = look_s
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rookery-pump", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def close(self) -> None:
        """Ends the thread after the step under way."""
        self._closing.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            if self._woken.wait(self._look_s):
                self._closing.wait(self._linger_s)
            if self._closing.is_set():
                return
            # Cleared before the step: what is appended during it wakes the pump again.
            self._woken.clear()
            try:
                while self._step() and not self._closing.is_set():
                    pass
                self.fault = ""
            except Exception as error:
                if self.fault != type(error).__name__:
                    log.exception("the log could not be followed")
                self.fault = type(error).__name__
