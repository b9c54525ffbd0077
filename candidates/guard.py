"""Runs components one at a time within a deadline: what fails or is late is left out, and named."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from candidates.apart import Apart, LateError
from candidates.component import Component

log = logging.getLogger(__name__)

T = TypeVar("T")


class Guard:
    """One run's clock, deadline and record of what was left out."""

    def __init__(self, timer: Callable[[], float], deadline_ms: float | None, *, strict: bool) -> None:
        """`timer` gives seconds and only ever goes forward; with `strict` a failure is raised."""
        self._timer = timer
        self._strict = strict
        self._start = timer()
        self._deadline_ms = deadline_ms
        self.degraded: dict[str, str] = {}
        self.component_ms: dict[str, float] = {}
        self.stage_ms: dict[str, float] = {}

    @property
    def left_ms(self) -> float | None:
        """Milliseconds until the deadline, never under 0; None without one."""
        if self._deadline_ms is None:
            return None
        return max(0.0, self._deadline_ms - (self._timer() - self._start) * 1e3)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a stage."""
        began = self._timer()
        yield
        self.stage_ms[name] = (self._timer() - began) * 1e3

    def attempt(
        self, component: Component, missing: frozenset[str], call: Callable[[], T], apart: Apart | None = None
    ) -> T | None:
        """What `call` returns, or None when the component is left out.

        Args:
            component: whose work it is.
            missing: columns that it reads and nothing wrote, because their writer was left out.
            call: the work; it raises when its own result does not fit.
            apart: where the work is done under a deadline, so that it is left behind when it does not come back.
        """
        name = component.name
        timed = self._deadline_ms is not None and not component.protects
        if missing:
            self.degraded[name] = f"left out: nothing wrote {sorted(missing)[0]!r}"
            return None
        if timed and self.left_ms == 0.0:
            self.degraded[name] = f"left out: the deadline of {self._deadline_ms:g} ms had passed"
            return None
        began = self._timer()
        try:
            if apart is None or not timed:
                out = call()
            else:
                out = apart.run(name, call, min(component.budget_ms, self.left_ms or 0.0) / 1e3)
        except LateError as late:
            self.degraded[name] = f"late: {late}"
            return None
        except Exception as error:
            if self._strict:
                error.add_note(f"component {name!r} failed")
                raise
            log.warning("funnel component %s failed", name, exc_info=True)
            self.degraded[name] = f"failed: {type(error).__name__}: {error}"
            return None
        finally:
            took = self.component_ms[name] = (self._timer() - began) * 1e3
        if timed and took > component.budget_ms:
            self.degraded[name] = f"late: {took:.0f} ms of {component.budget_ms:g} ms"
            return None
        return out
