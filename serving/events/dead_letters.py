"""Dead letters: events that a consumer could not apply, or that cannot be read. They are kept in the database.

A letter belongs to one consumer; the others take its event. It is not tried again by itself, nor at a restart: every
build of the state passes it over. An operator may have it tried again (`redrive`): the state is then built anew with
the event in its place in the order, and the letter is deleted, or set aside once more. A letter that is dropped is
passed over for good and no longer listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Integer, Row, String, Table, delete, func, select, tuple_, update

from serving.kit.db import BigId, Database, metadata

LOG = "log"
"""The group of an event that cannot be read: no consumer can take it."""

DEAD, REDRIVE, DROPPED = "dead", "redrive", "dropped"

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("group_name", String, primary_key=True),
    Column("offset", BigId, primary_key=True),
    Column("name", String, nullable=False),
    Column("error", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("state", String, nullable=False, default=DEAD, server_default=DEAD),
)
"""Entries that a group could not apply, and why."""

_ERROR_LENGTH = 1_000
"""Characters of an error that are kept."""


@dataclass(frozen=True)
class Letter:
    """One event that was set aside."""

    group: str
    """The consumer that could not take it, or `log` for an event that cannot be read."""
    offset: int
    """Its place in the event log."""
    table: str
    error: str
    tries: int
    time_us: int
    """When it was set aside, by the network's clock."""
    state: str
    """`dead`, or `redrive` while it waits to be tried again."""


def find(database: Database, *, group: str | None = None, offsets: Sequence[int] = ()) -> list[Letter]:
    """The letters that were not dropped, by offset and group: of one `group` and of `offsets` alone when given."""
    c = dead_letters.c
    wanted = select(dead_letters).where(c.state != DROPPED).order_by(c.offset, c.group_name)
    if group is not None:
        wanted = wanted.where(c.group_name == group)
    if offsets:
        wanted = wanted.where(c.offset.in_(offsets))
    with database.read() as connection:
        return [_letter(row) for row in connection.execute(wanted)]


def mark(database: Database, letters: Sequence[Letter], state: str) -> None:
    """Has letters tried again (`REDRIVE`) or passed over for good (`DROPPED`), whether a server runs or not."""
    keys = [(one.group, one.offset) for one in letters]
    c = dead_letters.c
    with database.write() as connection:
        for start in range(0, len(keys), _AT_ONCE):
            some = tuple_(c.group_name, c.offset).in_(keys[start : start + _AT_ONCE])
            connection.execute(update(dead_letters).where(some).values(state=state))


_AT_ONCE = 400


class DeadLetters:
    """The letters of a running network: what its consumers pass over, and which of them are halted.

    A consumer that fails at many events in a row is halted before the last of them: then the fault is not in the
    events. Only failures in this process count, so that a restart, or a letter tried again, gives a halted consumer
    another chance.
    """

    def __init__(self, database: Database, *, halt_after: int) -> None:
        """A consumer is halted at the `halt_after`th event in a row that it cannot take."""
        self._database = database
        self._halt_after = halt_after
        self._passed: set[tuple[str, int]] = set()
        self._redriven: set[tuple[str, int]] = set()
        self._in_a_row: dict[str, tuple[int, int]] = {}
        self._halts: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        """Reads what is to be passed over and what is to be tried again; no consumer is halted then."""
        c = dead_letters.c
        with self._database.read() as connection:
            rows = connection.execute(select(c.group_name, c.offset, c.state)).all()
        self._passed = {(row.group_name, row.offset) for row in rows if row.state != REDRIVE}
        self._redriven = {(row.group_name, row.offset) for row in rows if row.state == REDRIVE}
        self._in_a_row, self._halts = {}, {}

    def waiting(self) -> bool:
        """Whether there are letters to be tried again that `reload` did not find."""
        c = dead_letters.c
        with self._database.read() as connection:
            rows = connection.execute(select(c.group_name, c.offset).where(c.state == REDRIVE)).all()
        return any((row.group_name, row.offset) not in self._redriven for row in rows)

    def passes(self, group: str, offset: int) -> bool:
        """Whether `group` passes over the event at `offset`."""
        return (group, offset) in self._passed

    def passed_until(self, offset: int) -> list[list[str | int]]:
        """Group and offset of all that is passed over up to `offset`."""
        return sorted([group, at] for group, at in self._passed if at <= offset)

    def oldest(self) -> int | None:
        """The least offset of a letter that may be tried again."""
        wanted = select(func.min(dead_letters.c.offset)).where(dead_letters.c.state != DROPPED)
        with self._database.read() as connection:
            found = connection.scalar(wanted)
        return None if found is None else int(found)

    def halt(self, group: str) -> int | None:
        """The offset before which a consumer is halted; None for one that goes on."""
        return self._halts.get(group)

    def took(self, group: str, offset: int) -> None:
        """A consumer took an event. One before its last letter does not count: it comes again with each build."""
        if group in self._in_a_row and offset > self._in_a_row[group][1]:
            del self._in_a_row[group]

    def too_many_in_a_row(self, group: str, offset: int) -> bool:
        """Counts an event that a consumer cannot take; True where there were so many that it is halted before this."""
        count, last = self._in_a_row.get(group, (0, 0))
        count += offset != last  # one comes again where its letter could not be written
        self._in_a_row[group] = (count, offset)
        if count < self._halt_after:
            return False
        self._halts[group] = offset
        return True

    def set_aside(self, group: str, offset: int, table: str, error: str, *, tries: int, time_us: int) -> None:
        """Writes a letter."""
        row = {
            "group_name": group,
            "offset": offset,
            "name": table,
            "error": error[:_ERROR_LENGTH],
            "tries": tries,
            "time_us": time_us,
            "state": DEAD,
        }
        with self._database.write() as connection:
            connection.execute(dead_letters.insert().prefix_with("OR REPLACE", dialect="sqlite"), row)
        self._passed.add((group, offset))
        self._redriven.discard((group, offset))

    def conclude(self, offsets: Mapping[str, int]) -> None:
        """Deletes letters that were tried again and taken, now that groups have come to `offsets`."""
        taken = [one for one in self._redriven if one[1] <= offsets.get(one[0], 0)]
        if not taken:
            return
        c = dead_letters.c
        with self._database.write() as connection:
            for group, offset in taken:
                wanted = delete(dead_letters).where(c.group_name == group, c.offset == offset, c.state == REDRIVE)
                connection.execute(wanted)
        self._redriven.difference_update(taken)

    def counts(self) -> dict[str, int]:
        """Letters by group, without those that were dropped."""
        group = dead_letters.c.group_name
        wanted = select(group, func.count()).where(dead_letters.c.state != DROPPED).group_by(group)
        with self._database.read() as connection:
            return {str(name): int(count) for name, count in connection.execute(wanted).all()}


def _letter(row: Row[tuple[str, int, str, str, int, int, str]]) -> Letter:
    return Letter(row.group_name, row.offset, row.name, row.error, row.tries, row.time_us, row.state)
