"""The seven component kinds of a funnel. Each declares what it reads, what it alone writes, and a time budget.

`reads` are columns that must exist when the component runs, `writes` are columns that no other component writes;
both are checked when the funnel is built. All are batched over B requests. Only filters drop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import ClassVar

from candidates.trace import FunnelResult
from data.batch import F32, Array, CandidateBatch, Mask, Ragged, Requests


class Component(ABC):  # noqa: B024 - the kinds below add the abstract method
    """What all kinds share."""

    reads: ClassVar[frozenset[str]] = frozenset()
    writes: ClassVar[frozenset[str]] = frozenset()
    budget_ms: ClassVar[float] = 50.0
    """Milliseconds after which, under a deadline, its result is left out as late."""
    protects: ClassVar[bool] = False
    """A filter that protects people (from those they block, from what was deleted): never skipped for time, and
    when it fails, no candidate passes."""

    @property
    def name(self) -> str:
        """Shown in traces and under `degraded`; the class name in snake case unless overridden."""
        return _snake_case(type(self).__name__)


class QueryHydrator(Component):
    """Adds columns to requests before any source runs."""

    @abstractmethod
    def hydrate(self, requests: Requests) -> Mapping[str, Array]:
        """[B, ...] new request columns."""


class Source(Component):
    """Brings candidates."""

    cap: int
    """The most tweets it brings for one request."""

    @abstractmethod
    def fetch(self, requests: Requests) -> Ragged:
        """[B] lists of tweet rows, best first, at most `cap` each; `candidates.drawn.Drawn` where chance draws them."""


class Hydrator(Component):
    """Adds columns to candidates."""

    @abstractmethod
    def hydrate(self, batch: CandidateBatch) -> Mapping[str, Array]:
        """[N, ...] new candidate columns, in the batch's order."""


class Filter(Component):
    """Drops candidates; `reason` is what the trace shows."""

    reason: ClassVar[str]

    @abstractmethod
    def keep(self, batch: CandidateBatch) -> Mask:
        """[N] True for what stays."""


class Factor(Component):
    """A pointwise adjustment: score = value x product of the factors."""

    @abstractmethod
    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers, 1 leaves a score as it is."""


class Reranker(Component):
    """A listwise adjustment (author diversity, caps): the only factors that see neighbours."""

    @abstractmethod
    def factor(self, batch: CandidateBatch) -> F32:
        """[N] multipliers given `batch.column("score")`."""


class SideEffect(Component):
    """Runs after the slate is decided; can change nothing."""

    @abstractmethod
    def after(self, result: FunnelResult) -> None:
        """Looks at the finished result."""


@cache
def _snake_case(name: str) -> str:
    out = ""
    for letter in name:
        out += f"_{letter.lower()}" if letter.isupper() and out else letter.lower()
    return out
