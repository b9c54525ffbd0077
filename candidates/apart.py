"""Runs work in a helper thread, so that what does not come back in time can be left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_S = 1.0
"""Seconds for which `Apart.settle` waits for what is late, all of it together."""


class LateError(Exception):
    """The work was not done in time."""


class _Job:
    """One call and what became of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._result: Any = None
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        self.done.set()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Apart:
    """One helper thread, replaced when what it runs is late. The caller waits, so nothing runs beside it in time.

    What is late goes on in its own thread, reading what it reads, and its result is dropped; the same component is
    not called again before it has come back. Who changes what it may read calls `settle` before. Helper threads do not
    keep the process from ending.
    """

    def __init__(self) -> None:
        """No thread yet."""
        self._jobs: SimpleQueue[_Job | None] | None = None
        self._late: dict[str, threading.Event] = {}
        self._reading: list[threading.Event] = []
        """Those of the late that nobody has waited for yet."""

    def run(self, name: str, call: Callable[[], T], timeout_s: float) -> T:
        """What `call` returns or raises.

        Raises:
            LateError: it took longer than `timeout_s`, or an earlier call under this name has not come back.
        """
        late = self._late.get(name)
        if late is not None and not late.is_set():
            raise LateError("still at work for an earlier request")
        if self._jobs is None:
            self._jobs = SimpleQueue()
            threading.Thread(target=_work, args=(self._jobs,), name="funnel-helper", daemon=True).start()
        job = _Job(call)
        self._jobs.put(job)
        if not job.done.wait(timeout_s):
            self._late[name] = job.done
            self._reading.append(job.done)
            self._jobs.put(None)
            self._jobs = None
            raise LateError(f"not done after {timeout_s * 1e3:.0f} ms")
        out: T = job.result()
        return out

    def settle(self) -> None:
        """Waits until what is late has come back, `GRACE_S` at most.

        What does not come back in that time waits for somebody else and not for a processor; it is not waited for
        again, so that one that never comes back costs one wait.
        """
        until = time.monotonic() + GRACE_S
        while self._reading:
            self._reading.pop().wait(max(0.0, until - time.monotonic()))


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job.run()
