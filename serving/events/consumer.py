"""What a consumer of events declares: the tables it takes, what it does with them live, and how a data set replays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from data.events import EventBatch


class Consumer(Protocol):
    """Takes events of its `tables`, first from a data set (`replay`), then from the log (`apply`)."""

    @property
    def group(self) -> str:
        """Its name."""
        ...

    @property
    def tables(self) -> frozenset[str]:
        """Tables whose events it takes; it is given no others."""
        ...

    @property
    def offset(self) -> int:
        """The last offset whose effect is complete, kept together with the effect."""
        ...

    @property
    def atomic(self) -> bool:
        """Whether `apply` may be tried again after it failed: it had no effect, or one that comes out the same."""
        ...

    def apply(self, events: EventBatch, offset: int) -> None:
        """Makes the effect of `events` and moves `offset`; does nothing when the offset has passed."""
        ...

    def skip(self, offset: int) -> None:
        """Moves over entries that are not for it, or were set aside."""
        ...

    def replay(self, events: EventBatch) -> None:
        """Takes events of a data set, which all come before the log's."""
        ...

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        """The data set ended at `time_us`: completes the effect of `replay`. Long work calls `check` between its parts.

        Raises:
            ClosingError: by `check`, when the network was closed meanwhile.
        """
        ...


class MemoryConsumer(ABC):
    """A consumer whose effect and offset are in memory."""

    group: ClassVar[str]
    atomic: ClassVar[bool] = True

    def __init__(self) -> None:
        self._offset = 0

    @property
    @abstractmethod
    def tables(self) -> frozenset[str]:
        """Tables whose events it takes."""

    @abstractmethod
    def take(self, events: EventBatch) -> None:
        """Makes the effect of `events`."""

    @property
    def offset(self) -> int:
        """The last offset whose effect is complete."""
        return self._offset

    def apply(self, events: EventBatch, offset: int) -> None:
        """Makes the effect, once."""
        if offset > self._offset:
            self.take(events)
            self._offset = offset

    def skip(self, offset: int) -> None:
        """Moves on without an effect."""
        self._offset = max(self._offset, offset)

    def replay(self, events: EventBatch) -> None:
        """The same effect as live."""
        self.take(events)

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:  # noqa: B027 - most have nothing to complete
        """Nothing is left to complete."""


class SavedConsumer(MemoryConsumer):
    """One whose effect checkpoints hold (`serving.checkpoints`). All others are replayed at each start."""

    @abstractmethod
    def freeze(self, folder: Path) -> Callable[[], None]:
        """Copies all that `thaw` needs; what is returned writes it into the empty `folder`, on any thread.

        This one goes on meanwhile. Small parts may be written at once.
        """

    @abstractmethod
    def thaw(self, folder: Path) -> None:
        """Takes what `freeze` wrote, into an empty consumer.

        Raises:
            Exception: it is damaged, or of other settings; the consumer cannot be used any more.
        """

    def resume(self, folder: Path, offset: int) -> None:
        """`thaw`; the effect is that of the log up to `offset`."""
        self.thaw(folder)
        self._offset = offset
