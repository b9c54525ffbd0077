"""Drives consumers over the log: at-least-once delivery, exactly-once effect, order kept, bad events set aside.

A consumer keeps its offset together with its effect (in one transaction, or in the same memory), so that an event
which comes again after a failure finds its offset passed and does nothing. The offset moves only over events that
are completed one after another. The runner gives a consumer whole runs. When a run fails, it goes on event by event,
tries the failing event a stated number of times, then sets it aside as a dead letter and continues. A consumer that
fails at many events in a row is halted instead: then the fault is not in the events. A consumer whose effects are not
atomic is not called again after a failure, because its state is undefined: it is built anew and takes the failed run
event by event, then is built once more without the event that it cannot take.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from serving.events.consumer import Consumer
from serving.events.dead_letters import LOG, DeadLetters
from serving.events.log import Entry, EventLog, Unreadable, runs
from serving.kit.clock import Clock
from serving.kit.telemetry import Metrics

log = logging.getLogger("rookery.serving")


class TornError(Exception):
    """A consumer without atomic effects failed: its state is undefined and must be built again."""

    def __init__(self, group: str, through: int) -> None:
        """Of consumer `group`; the run that failed ends at the offset `through`."""
        self.group = group
        self.through = through
        super().__init__(f"the state of consumer {group!r} is torn")


class ConsumerConfig(BaseModel):
    """How consumers are driven."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(default=512, ge=1)
    """Entries read at a time."""
    tries: int = Field(default=3, ge=1)
    """Tries that one event gets before it is set aside."""
    linger_ms: float = Field(default=50.0, ge=0)
    """Milliseconds that a new event waits for others: under load a batch costs little more than one event."""
    halt_after: int = Field(default=20, ge=1)
    """Events set aside in a row that halt a consumer."""


@dataclass
class GroupHealth:
    """How far one consumer is, and what failed."""

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
        letters: DeadLetters,
        clock: Clock,
        config: ConsumerConfig,
        metrics: Metrics,
        *,
        careful: Mapping[str, int] | None = None,
    ) -> None:
        """What cannot be applied goes to `letters`, with the time by `clock`.

        `careful` maps consumers whose effects are not atomic to an offset; each gets single events up to it.
        """
        self.log = log_
        self.consumers = tuple(consumers)
        self.config = config
        self._letters = letters
        self._clock = clock
        self._metrics = metrics
        self._careful = careful or {}
        self._torn: TornError | None = None
        self._errors = {one.group: "" for one in consumers}

    @property
    def torn(self) -> bool:
        """Whether a consumer must be built again."""
        return self._torn is not None

    def step(self) -> bool:
        """Applies at most a batch of entries; True where more wait that can be applied.

        Raises:
            TornError: a consumer must be built again.
        """
        if self._torn is not None:
            raise self._torn
        moving = self._moving()
        if not moving:
            return False
        before = [one.offset for one in self.consumers]
        entries, limit = self._read(min(one.offset for one in moving))
        for consumer in self.consumers:
            self._apply(consumer, entries, limit)
            limit = min(limit, consumer.offset)
        end = self.log.end()
        for consumer in self.consumers:
            self._metrics.offset.labels(consumer.group).set(consumer.offset)
            self._metrics.lag.labels(consumer.group).set(end - consumer.offset)
        return [one.offset for one in self.consumers] != before and any(one.offset < end for one in moving)

    def health(self) -> list[GroupHealth]:
        """How far each consumer is now, and what failed."""
        end = self.log.end()
        counts = self._letters.counts()
        return [
            GroupHealth(
                one.group,
                one.offset,
                end - one.offset,
                counts.get(one.group, 0),
                self._letters.halt(one.group) is not None,
                self._errors[one.group],
            )
            for one in self.consumers
        ]

    def conclude(self) -> None:
        """Removes the letters that were tried again and taken, once the whole log was applied."""
        offsets = {one.group: one.offset for one in self.consumers}
        self._letters.conclude({LOG: min(offsets.values(), default=0), **offsets})

    def _moving(self) -> list[Consumer]:
        """The consumers that may go on: neither halted nor stuck behind one that is."""
        moving, ceiling = [], float("inf")
        for consumer in self.consumers:
            halt = self._letters.halt(consumer.group)
            ceiling = ceiling if halt is None else min(ceiling, halt - 1)
            if consumer.offset < ceiling:
                moving.append(consumer)
        return moving

    def _read(self, after: int) -> tuple[list[Entry], int]:
        """The next entries that hold events, and the last offset that was read."""
        # Consumers that no checkpoint holds begin behind the others: what only those take need not be read again.
        until = max(one.offset for one in self.consumers)
        behind = [one.tables for one in self.consumers if one.offset < until]
        end = self.log.end()
        found = self.log.read(after, self.config.batch, tables=frozenset[str]().union(*behind), until=until)
        entries = []
        for one in found:
            if self._letters.passes(LOG, one.offset):
                continue
            if isinstance(one, Entry):
                entries.append(one)
                continue
            self._set_aside(LOG, one, one.error, tries=1)
        last = found[-1].offset if found else after
        return entries, last if len(found) == self.config.batch else max(last, end)

    def _apply(self, consumer: Consumer, entries: Sequence[Entry], limit: int) -> None:
        """Applies what of `entries` is for a consumer, up to the offset `limit`."""
        halt = self._letters.halt(consumer.group)
        limit = limit if halt is None else min(limit, halt - 1)
        passes = self._letters.passes
        mine = [
            e for e in entries
            if consumer.offset < e.offset <= limit
            and e.events.table in consumer.tables
            and not passes(consumer.group, e.offset)
        ]  # fmt: skip
        for run in self._runs(consumer, mine):
            before = consumer.offset
            try:
                self._deliver(consumer, run)
            except Exception as error:
                self._failed(consumer, run, error)
                held = [e for e in mine if before < e.offset <= run.offset]
                if not consumer.atomic:
                    self._tear(consumer, run, held, error)
                if not self._one_by_one(consumer, [e for e in held if consumer.offset < e.offset]):
                    return
        consumer.skip(limit)

    def _runs(self, consumer: Consumer, entries: Sequence[Entry]) -> list[Entry]:
        through = 0 if consumer.atomic else self._careful.get(consumer.group, 0)
        return [e for e in entries if e.offset <= through] + runs([e for e in entries if e.offset > through])

    def _tear(self, consumer: Consumer, run: Entry, held: Sequence[Entry], error: Exception) -> None:
        # First of all: the disk may refuse the letter, and the state is undefined all the same.
        self._torn = TornError(consumer.group, run.offset)
        if len(held) == 1:
            self._give_up(consumer, held[0], error, tries=1)
        raise self._torn from error

    def _one_by_one(self, consumer: Consumer, entries: Sequence[Entry]) -> bool:
        """False where the consumer is halted."""
        tries = self.config.tries
        for entry in entries:
            for attempt in range(1, tries + 1):
                try:
                    self._deliver(consumer, entry)
                    break
                except Exception as error:
                    self._failed(consumer, entry, error)
                    if attempt == tries and not self._give_up(consumer, entry, error, tries=tries):
                        return False
        return True

    def _deliver(self, consumer: Consumer, entry: Entry) -> None:
        consumer.apply(entry.events, entry.offset)
        self._metrics.events.labels(consumer.group).inc(len(entry.events))
        self._letters.took(consumer.group, entry.offset)

    def _failed(self, consumer: Consumer, entry: Entry, error: Exception) -> None:
        self._errors[consumer.group] = f"{type(error).__name__} at offset {entry.offset}"
        self._metrics.failures.labels(consumer.group).inc()
        log.warning("consumer %s failed at offset %d", consumer.group, entry.offset, exc_info=error)

    def _give_up(self, consumer: Consumer, entry: Entry, error: Exception, *, tries: int) -> bool:
        """Sets an event aside; False where the consumer is halted before it instead."""
        group = consumer.group
        if self._letters.too_many_in_a_row(group, entry.offset):
            log.error("consumer %s is halted before offset %d", group, entry.offset)
            consumer.skip(entry.offset - 1)
            return False
        self._set_aside(group, entry, f"{type(error).__name__}: {error}", tries=tries)
        consumer.skip(entry.offset)
        return True

    def _set_aside(self, group: str, entry: Entry | Unreadable, error: str, *, tries: int) -> None:
        table = entry.events.table if isinstance(entry, Entry) else entry.table
        self._letters.set_aside(group, entry.offset, table, error, tries=tries, time_us=self._clock.now_us())
        self._metrics.dead.labels(group).inc()
        log.warning("the event at offset %d is set aside for %s: %s", entry.offset, group, error)
