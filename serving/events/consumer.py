"""Consumers of the log: at-least-once delivery, exactly-once effect, order kept, what cannot be applied set aside.

A consumer keeps its offset together with its effect (in one transaction, or in the same memory), so that an event
which comes again after a failure finds its offset passed and does nothing. The offset moves only over events that
are completed one after another. The runner hands a consumer whole runs; when a run fails, it goes on event by event,
tries the failing one a stated number of times, then sets it aside as a dead letter and goes on. A consumer that
fails at one event after another is halted instead: then the fault is not in the events. One whose effects are not
atomic is not tried again on what it holds: it is built anew and then takes events one at a time, each once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, func, select

from data.events import EventBatch
from serving.events.log import Entry, EventLog, runs
from serving.kit.clock import Clock
from serving.kit.db import BigId, Database, metadata
from serving.kit.telemetry import Metrics

log = logging.getLogger("rookery.serving")

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("group_name", String, primary_key=True),
    Column("offset", BigId, primary_key=True),
    Column("name", String, nullable=False),
    Column("error", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("time_us", BigInteger, nullable=False),
)
"""Entries that a group could not apply, and why."""


class Consumer(Protocol):
    """Something that follows the log."""

    @property
    def group(self) -> str:
        """Its name."""
        ...

    @property
    def tables(self) -> frozenset[str]:
        """Tables whose events it takes."""
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


class TornError(Exception):
    """A consumer without atomic effects failed: what it holds can no longer be told, and must be built again."""

    def __init__(self, group: str) -> None:
        """`group` is the consumer's."""
        self.group = group
        super().__init__(f"the state of consumer {group!r} is torn")


class ConsumerConfig(BaseModel):
    """How consumers are driven."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(default=512, ge=1)
    """Entries read at a time."""
    tries: int = Field(default=3, ge=1)
    """Tries that one event gets before it is set aside."""
    linger_ms: float = Field(default=50.0, ge=0)
    """Time that a new event waits for others: under load a batch costs little more than one event."""
    halt_after: int = Field(default=20, ge=1)
    """Events set aside one after another that halt a consumer."""


@dataclass
class GroupHealth:
    """How one consumer fares."""

    group: str
    offset: int
    lag: int
    dead: int
    halted: bool
    error: str


class Runner:
    """Drives consumers over the log, in the order given: a later one never passes an earlier one."""

    def __init__(
        self,
        log_: EventLog,
        consumers: Sequence[Consumer],
        database: Database,
        clock: Clock,
        config: ConsumerConfig,
        metrics: Metrics,
        *,
        careful: bool = False,
    ) -> None:
        """Dead letters are written to `database`, times told by `clock`.

        With `careful`, consumers whose effects are not atomic get one event at a time.
        """
        self.log = log_
        self.consumers = tuple(consumers)
        self.config = config
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._careful = careful
        self._dead_in_a_row = {one.group: 0 for one in consumers}
        self._errors = {one.group: "" for one in consumers}

    def drain(self) -> None:
        """Applies all that is in the log."""
        while self.step():
            pass

    def step(self) -> bool:
        """Applies at most a batch of entries; True where more wait that can be applied.

        Raises:
            TornError: a consumer must be built again.
        """
        before = [one.offset for one in self.consumers]
        entries = self.log.read(min(before, default=0), self.config.batch)
        limit = entries[-1].offset if entries else 0
        for consumer in self.consumers:
            if not self._halted(consumer):
                self._apply(consumer, [one for one in entries if consumer.offset < one.offset <= limit])
            limit = min(limit, consumer.offset)
        end = self.log.end()
        for consumer in self.consumers:
            self._metrics.offset.labels(consumer.group).set(consumer.offset)
            self._metrics.lag.labels(consumer.group).set(end - consumer.offset)
        return [one.offset for one in self.consumers] != before and limit < end

    def health(self) -> list[GroupHealth]:
        """How each consumer fares now."""
        end = self.log.end()
        counts = self._dead_counts()
        return [
            GroupHealth(
                one.group,
                one.offset,
                end - one.offset,
                counts.get(one.group, 0),
                self._halted(one),
                self._errors[one.group],
            )
            for one in self.consumers
        ]

    def forget_dead_letters(self) -> None:
        """Clears what was set aside: for a start from an empty state, which tries everything again."""
        groups = [one.group for one in self.consumers]
        with self._database.write() as connection:
            connection.execute(delete(dead_letters).where(dead_letters.c.group_name.in_(groups)))

    def _apply(self, consumer: Consumer, entries: Sequence[Entry]) -> None:
        if self._careful and not consumer.atomic:
            self._one_by_one(consumer, entries)
            return
        for run in runs(entries):
            try:
                self._deliver(consumer, run)
            except Exception as error:
                self._failed(consumer, run, error)
                if not consumer.atomic:
                    raise TornError(consumer.group) from error
                self._one_by_one(consumer, [e for e in entries if consumer.offset < e.offset <= run.offset])
            if self._halted(consumer):
                return

    def _one_by_one(self, consumer: Consumer, entries: Sequence[Entry]) -> None:
        tries = self.config.tries if consumer.atomic else 1
        for entry in entries:
            for attempt in range(1, tries + 1):
                try:
                    self._deliver(consumer, entry)
                    break
                except Exception as error:
                    self._failed(consumer, entry, error)
                    if attempt == tries:
                        self._set_aside(consumer, entry, error, tries)
            if self._halted(consumer):
                return

    def _deliver(self, consumer: Consumer, entry: Entry) -> None:
        if entry.events.table in consumer.tables:
            consumer.apply(entry.events, entry.offset)
            self._metrics.events.labels(consumer.group).inc(len(entry.events))
            self._dead_in_a_row[consumer.group] = 0
        else:
            consumer.skip(entry.offset)

    def _failed(self, consumer: Consumer, entry: Entry, error: Exception) -> None:
        self._errors[consumer.group] = f"{type(error).__name__} at offset {entry.offset}"
        self._metrics.failures.labels(consumer.group).inc()
        log.warning("consumer %s failed at offset %d", consumer.group, entry.offset, exc_info=error)

    def _set_aside(self, consumer: Consumer, entry: Entry, error: Exception, tries: int) -> None:
        self._dead_in_a_row[consumer.group] += 1
        if self._halted(consumer):
            log.error("consumer %s is halted at offset %d", consumer.group, consumer.offset)
            return
        row = {
            "group_name": consumer.group,
            "offset": entry.offset,
            "name": entry.events.table,
            "error": f"{type(error).__name__}: {error}",
            "tries": tries,
            "time_us": self._clock.now_us(),
        }
        with self._database.write() as connection:
            connection.execute(dead_letters.insert().prefix_with("OR REPLACE", dialect="sqlite"), row)
        consumer.skip(entry.offset)
        self._metrics.dead.labels(consumer.group).inc()

    def _halted(self, consumer: Consumer) -> bool:
        return self._dead_in_a_row[consumer.group] >= self.config.halt_after

    def _dead_counts(self) -> dict[str, int]:
        group = dead_letters.c.group_name
        with self._database.read() as connection:
            rows = connection.execute(select(group, func.count()).group_by(group)).all()
        return {str(name): int(count) for name, count in rows}
