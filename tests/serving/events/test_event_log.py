"""The outbox and its consumers under failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, Table, func, inspect, select, update
from sqlalchemy.exc import IntegrityError

from data.errors import DataError
from data.events import EventBatch
from serving.events.dead_letters import DROPPED, REDRIVE, DeadLetters, dead_letters, find, mark
from serving.events.log import DatabaseLog, runs
from serving.events.outbox import Outbox, Transaction, decode, encode, event, events_table
from serving.events.runner import ConsumerConfig, Runner, TornError
from serving.kit.clock import DataClock
from serving.kit.db import Database, metadata
from serving.kit.telemetry import Metrics
from serving.kit.worker_lease import Lease
from tests.serving.older_database import make_older

START_US = 1_767_571_200_000_000

tally = Table("test_tally", metadata, Column("key", Integer, primary_key=True), Column("value", Integer))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "network.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, DataClock(START_US), Lease(database), after_us=START_US, committed=lambda: None)


def like(tx: Transaction, tweet_id: int) -> None:
    tx.emit(
        event("engagements", engagement_id=tx.new_id(), time_us=tx.now_us, user_id=1, tweet_id=tweet_id, action="like")
    )


class Recorder:
    """Keeps what it was given; told to, fails before or after its effect."""

    group = "recorder"
    atomic = True
    tables = frozenset({"engagements"})

    def __init__(self) -> None:
        self.offset = 0
        self.applied: list[int] = []
        self.poison: set[int] = set()
        self.crash_after: set[int] = set()

    def apply(self, events: EventBatch, offset: int) -> None:
        if offset <= self.offset:
            return
        ids = events.columns["tweet_id"].tolist()
        if self.poison.intersection(ids):
            raise RuntimeError(f"cannot take {sorted(self.poison.intersection(ids))}")
        self.applied += ids
        self.offset = offset
        if self.crash_after.intersection(ids):
            self.crash_after -= set(ids)
            raise ConnectionError("cut off after the effect")

    def skip(self, offset: int) -> None:
        self.offset = max(self.offset, offset)


def runner(
    database: Database,
    *consumers: Recorder,
    letters: DeadLetters | None = None,
    careful: dict[str, int] | None = None,
    **config: int,
) -> Runner:
    settings = ConsumerConfig(**config)
    letters = letters or DeadLetters(database, halt_after=settings.halt_after)
    clock, metrics = DataClock(START_US), Metrics()
    return Runner(DatabaseLog(database), consumers, letters, clock, settings, metrics, careful=careful)


def drain(follow: Runner) -> None:
    while follow.step():
        pass


def test_a_write_and_its_events_commit_together_or_not_at_all(database: Database, outbox: Outbox) -> None:
    def both(tx: Transaction, fail: bool) -> None:
        tx.connection.execute(tally.insert(), {"key": int(fail), "value": 1})
        like(tx, 5)
        if fail:
            raise ValueError("half way")

    outbox.write(lambda tx: both(tx, False))
    with pytest.raises(ValueError, match="half way"):
        outbox.write(lambda tx: both(tx, True))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tally)) == 1
    assert len(DatabaseLog(database).read(0, 100)) == 1


def test_moments_and_ids_of_writes_ascend(outbox: Outbox) -> None:
    made = [outbox.write(lambda tx: (tx.now_us, tx.new_id())) for _ in range(200)]
    assert made == sorted(made)
    assert len({one[0] for one in made}) == len(made)


def test_an_event_comes_back_as_it_was() -> None:
    given = event("tweets", tweet_id=1 << 62, time_us=START_US, author_id=2, kind="original", text="é#x", media_count=0)
    back = decode("tweets", encode(given))
    assert back.columns.keys() == given.columns.keys()
    for name, column in given.columns.items():
        assert back.columns[name].dtype == column.dtype
        np.testing.assert_array_equal(back.columns[name], column)
    assert back.columns["referenced_id"][0] == -1
    assert back.columns["language"][0] == ""


def test_an_event_that_does_not_fit_its_table_is_refused() -> None:
    with pytest.raises(DataError, match="lacks 'tweet_id'"):
        event("deletions", time_us=1)
    with pytest.raises(DataError, match="no column 'colour'"):
        event("deletions", tweet_id=1, time_us=1, colour="red")


def test_runs_keep_order_and_join_neighbours_alone(database: Database, outbox: Outbox) -> None:
    for tweet_id in (1, 2, 3):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    outbox.write(lambda tx: tx.emit(event("deletions", tweet_id=1, time_us=tx.now_us)))
    outbox.write(lambda tx: like(tx, 4))
    joined = runs(DatabaseLog(database).read(0, 100))
    assert [(one.events.table, len(one.events), one.offset) for one in joined] == [
        ("engagements", 3, 3), ("deletions", 1, 4), ("engagements", 1, 5),
    ]  # fmt: skip


def test_every_event_is_applied_once_in_order(database: Database, outbox: Outbox) -> None:
    recorder = Recorder()
    follow = runner(database, recorder, batch=3)
    for tweet_id in range(10):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
        if tweet_id % 4 == 0:
            drain(follow)
    drain(follow)
    drain(follow)
    assert recorder.applied == list(range(10))
    assert recorder.offset == 10


def test_a_cut_between_effect_and_offset_repeats_nothing(database: Database, outbox: Outbox) -> None:
    recorder = Recorder()
    recorder.crash_after = {2, 5}
    follow = runner(database, recorder, batch=4)
    for tweet_id in range(8):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    drain(follow)
    assert recorder.applied == list(range(8))
    assert follow.health()[0].dead == 0


def test_what_cannot_be_applied_is_set_aside_and_the_rest_goes_on(database: Database, outbox: Outbox) -> None:
    recorder = Recorder()
    recorder.poison = {3}
    follow = runner(database, recorder, tries=3)
    for tweet_id in range(6):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    drain(follow)
    assert recorder.applied == [0, 1, 2, 4, 5]
    with database.read() as connection:
        row = connection.execute(select(dead_letters)).one()
    assert (row.group_name, row.offset, row.name, row.tries) == ("recorder", 4, "engagements", 3)
    assert "cannot take [3]" in row.error
    health = follow.health()[0]
    assert (health.dead, health.halted, health.lag) == (1, False, 0)


def test_a_consumer_that_fails_at_everything_halts_and_keeps_its_place(database: Database, outbox: Outbox) -> None:
    recorder = Recorder()
    recorder.poison = set(range(2, 100))
    follow = runner(database, recorder, tries=2, halt_after=4)
    for tweet_id in range(20):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    drain(follow)
    health = follow.health()[0]
    assert health.halted
    assert (recorder.applied, health.offset, health.lag, health.dead) == ([0, 1], 5, 15, 3)
    drain(follow)
    assert recorder.offset == 5


def test_a_torn_consumer_is_never_asked_again(database: Database, outbox: Outbox) -> None:
    for tweet_id in range(6):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    letters = DeadLetters(database, halt_after=20)
    torn, careful, anew = Recorder(), Recorder(), Recorder()
    for one in (torn, careful, anew):
        one.atomic = False  # type: ignore[misc]
        one.poison = {3}
    # A run fails: which of its events did it cannot be told.
    follow = runner(database, torn, letters=letters)
    for _ in range(2):
        with pytest.raises(TornError, match="recorder") as failed:
            follow.step()
        torn.poison = set()  # it might go well now, on a state that cannot be told
    assert torn.applied == []
    assert letters.counts() == {}
    # Built again, it takes the run event by event. The one that it cannot take is set aside, and it is torn once more.
    with pytest.raises(TornError, match="recorder"):
        drain(runner(database, careful, letters=letters, careful={"recorder": failed.value.through}))
    assert careful.applied == [0, 1, 2]
    assert letters.counts() == {"recorder": 1}
    follow = runner(database, anew, letters=letters)
    drain(follow)
    assert anew.applied == [0, 1, 2, 4, 5]
    assert follow.health()[0].dead == 1


def test_a_later_consumer_never_passes_an_earlier_one(database: Database, outbox: Outbox) -> None:
    first, second = Recorder(), Recorder()
    second.group = "second"  # type: ignore[misc]
    first.poison = set(range(3, 100))
    follow = runner(database, first, second, tries=1, halt_after=2)
    for tweet_id in range(10):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    drain(follow)
    assert first.offset == second.offset == 4
    # What the first set aside, the second may still take.
    assert second.applied == [0, 1, 2, 3]


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    made = Database(tmp_path / "network.sqlite")
    with made.write() as connection:
        connection.exec_driver_sql("UPDATE about SET value = '0'")
    made.close()
    with pytest.raises(DataError, match="schema version 0"):
        Database(tmp_path / "network.sqlite")


def test_a_database_from_before_likes_were_counted_by_account_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "network.sqlite"
    Database(path).close()
    make_older(
        path, "4",
        "INSERT INTO users (user_id, created_us, username, verified, followers, following, tweets) "
        "VALUES (1, 0, 'Ann', 0, 0, 0, 0), (2, 0, 'ben', 0, 0, 0, 0)",
        "INSERT INTO likes VALUES (1, 10, 0), (1, 11, 0)",
    )  # fmt: skip
    opened = Database(path)
    with opened.read() as connection:
        rows = connection.exec_driver_sql("SELECT user_id, likes FROM users ORDER BY user_id").all()
        found = "EXPLAIN QUERY PLAN SELECT * FROM users WHERE lower(username) = 'x'"
        plan = str(connection.exec_driver_sql(found).all())
    opened.close()
    assert [tuple(row) for row in rows] == [(1, 2), (2, 0)]
    assert "users_by_handle" in plan


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "network.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(DataError, match="cannot be used"):
        Database(tmp_path / "network.sqlite")


# ---- dead letters


def letters_of(database: Database) -> list[tuple[str, int, str]]:
    return [(one.group, one.offset, one.state) for one in find(database)]


def test_a_letter_is_not_tried_again_by_the_next_process(database: Database, outbox: Outbox) -> None:
    for tweet_id in range(6):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    first, second = Recorder(), Recorder()
    second.group = "second"  # type: ignore[misc]
    first.poison = {3}
    drain(runner(database, first, second))
    assert letters_of(database) == [("recorder", 4, "dead")]
    assert second.applied == list(range(6))
    # The next process, in which nothing would fail any more.
    again, other = Recorder(), Recorder()
    other.group = "second"  # type: ignore[misc]
    follow = runner(database, again, other)
    drain(follow)
    assert (again.applied, again.offset) == ([0, 1, 2, 4, 5], 6)
    assert other.applied == list(range(6))
    assert follow.health()[0].dead == 1


def test_a_redriven_letter_takes_its_place_or_is_set_aside_again(database: Database, outbox: Outbox) -> None:
    for tweet_id in range(6):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    first = Recorder()
    first.poison = {1, 3, 5}
    drain(runner(database, first))
    mark(database, [one for one in find(database) if one.offset < 6], REDRIVE)
    mark(database, find(database, offsets=[6]), DROPPED)
    again = Recorder()
    again.poison = {3}
    letters = DeadLetters(database, halt_after=20)
    follow = runner(database, again, letters=letters)
    drain(follow)
    follow.conclude()
    assert again.applied == [0, 1, 2, 4]
    assert letters_of(database) == [("recorder", 4, "dead")]
    assert not letters.waiting()
    # Asked for once more, it waits for the next building, and for that one alone.
    mark(database, find(database), REDRIVE)
    assert letters.waiting()
    letters.reload()
    assert not letters.waiting()
    last = Recorder()
    follow = runner(database, last, letters=letters)
    drain(follow)
    follow.conclude()
    assert last.applied == [0, 1, 2, 3, 4]
    assert letters_of(database) == []


def test_a_burst_of_poison_halts_for_no_longer_than_a_restart(database: Database, outbox: Outbox) -> None:
    for tweet_id in range(20):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    for dead, halted in ((3, True), (6, True), (8, False), (8, False)):
        recorder = Recorder()
        recorder.poison = set(range(2, 10))
        follow = runner(database, recorder, halt_after=4)
        drain(follow)
        health = follow.health()[0]
        assert (health.dead, health.halted) == (dead, halted)
    assert recorder.applied == [0, 1, *range(10, 20)]


def test_a_consumer_ahead_of_a_halted_one_goes_on(database: Database, outbox: Outbox) -> None:
    ahead, halted = Recorder(), Recorder()
    halted.group = "halted"  # type: ignore[misc]
    halted.poison = set(range(2, 100))
    follow = runner(database, ahead, halted, halt_after=2, batch=4)
    for tweet_id in range(30):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    drain(follow)
    assert ahead.applied == list(range(30))
    assert halted.applied == [0, 1]
    assert not follow.step()


def test_a_burst_that_tears_ends(database: Database, outbox: Outbox) -> None:
    """Every building comes further or sets an event aside; what fails at everything is halted in the end."""
    for tweet_id in range(40):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    letters, careful, built = DeadLetters(database, halt_after=5), {}, 0
    while True:
        built += 1
        assert built < 30
        torn = Recorder()
        torn.atomic = False  # type: ignore[misc]
        torn.poison = {7, 8, *range(20, 40)}
        follow = runner(database, torn, letters=letters, careful=careful, batch=10)
        try:
            drain(follow)
            break
        except TornError as error:
            careful["recorder"] = max(careful.get("recorder", 0), error.through)
    assert torn.applied == [one for one in range(20) if one not in (7, 8)]
    health = follow.health()[0]
    assert (health.halted, health.dead, health.offset) == (True, 2 + 4, 24)


def test_what_cannot_be_read_is_set_aside_once_for_all_and_halts_nobody(database: Database, outbox: Outbox) -> None:
    def garbage(tx: Transaction) -> None:
        row = {"name": "tweets", "time_us": tx.now_us, "rows": 1, "payload": b"\xc1"}
        tx.connection.execute(events_table.insert(), row)

    outbox.write(lambda tx: like(tx, 0))
    for _ in range(30):
        outbox.write(garbage)
    outbox.write(lambda tx: like(tx, 1))
    consumers = Recorder(), Recorder()
    consumers[1].group = "second"  # type: ignore[misc]
    follow = runner(database, *consumers, halt_after=5, batch=7)
    drain(follow)
    assert [one.applied for one in consumers] == [[0, 1], [0, 1]]
    before = find(database)
    assert letters_of(database) == [("log", offset, "dead") for offset in range(2, 32)]
    assert [one.lag for one in follow.health()] == [0, 0]
    # Mended, it is still passed over, until somebody has it tried again.
    mended = encode(event("engagements", engagement_id=9, time_us=START_US, user_id=1, tweet_id=77, action="like"))
    with database.write() as connection:
        row = events_table.c
        connection.execute(update(events_table).where(row.offset == 9).values(name="engagements", payload=mended))
    for applied, letters in (([0, 1], before), ([0, 77, 1], [one for one in before if one.offset != 9])):
        again = Recorder()
        follow = runner(database, again)
        drain(follow)
        follow.conclude()
        assert again.applied == applied
        assert find(database) == letters
        mark(database, find(database, offsets=[9]), REDRIVE)


@pytest.mark.parametrize(
    ("table", "columns", "said"),
    [
        ("deletions", {"tweet_id": [1, 2], "time_us": [START_US]}, "2 tweet_id, 1 time_us"),
        ("deletions", {"tweet_id": [], "time_us": []}, "no rows"),
        ("deletions", {"tweet_id": [1], "time_us": [1 << 62]}, "time_us"),
        ("deletions", {"tweet_id": [1], "time_us": [5]}, "time_us"),
        ("deletions", {"tweet_id": [-1], "time_us": [START_US]}, "tweet_id"),
        ("deletions", {"tweet_id": [True], "time_us": [START_US]}, "got `bool`"),
        ("deletions", {"tweet_id": [1.0], "time_us": [START_US]}, "got `float`"),
        ("deletions", {"tweet_id": ["1"], "time_us": [START_US]}, "got `str`"),
        ("deletions", {"tweet_id": [None], "time_us": [START_US]}, "got `None`"),
        ("deletions", {"tweet_id": [1]}, "missing required field `time_us`"),
        ("deletions", {"tweet_id": [1], "time_us": [START_US], "x": [1]}, "unknown field `x`"),
        ("deletion", {"tweet_id": [1], "time_us": [START_US]}, "unknown table 'deletion'"),
    ],
)
def test_what_is_not_of_its_table_is_refused_by_name(table: str, columns: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as refused:
        decode(table, msgspec.msgpack.encode(columns))
    assert said in str(refused.value)


WHOLE = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES = st.lists(WHOLE | st.text() | st.none() | st.floats()) | WHOLE
COLUMNS = st.dictionaries(st.sampled_from(["tweet_id", "time_us", "x"]), VALUES)


@given(st.binary(max_size=60) | COLUMNS.map(msgspec.msgpack.encode))
def test_whatever_bytes_the_log_holds_they_are_events_or_refused(payload: bytes) -> None:
    try:
        events = decode("deletions", payload)
    except DataError:
        return
    assert {len(values) for values in events.columns.values()} == {len(events)}
    assert all(values.dtype == np.int64 for values in events.columns.values())
    assert encode(events) == encode(decode("deletions", encode(events)))


# ---- databases


def test_a_database_of_the_version_before_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "network.sqlite"
    Database(path).close()
    make_older(
        path,
        "1",
        "INSERT INTO events (name, time_us, rows, payload) VALUES ('tweets', 5, 1, x'80')",
        "INSERT INTO dead_letters VALUES ('state', 7, 'tweets', 'ValueError: no', 1, 5)",
    )
    opened = Database(path)
    assert letters_of(opened) == [("state", 7, "dead")]
    assert Lease(opened).keep(START_US) == 0
    with opened.read() as connection:
        assert connection.execute(select(events_table.c.offset, events_table.c.passing)).all() == [(1, 0)]
        assert "events_passing" in {one["name"] for one in inspect(connection).get_indexes("events")}
    opened.close()
    Database(path).close()


@pytest.mark.parametrize("name", ["what?", "50% of #1", "a b", "x&mode=memory"])
def test_a_database_lies_where_its_path_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "network.sqlite"
    Database(path).close()
    assert path.is_file()
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_damaged_database_is_named_when_it_is_read(database: Database, outbox: Outbox) -> None:
    for tweet_id in range(500):
        outbox.write(lambda tx, one=tweet_id: like(tx, one))  # type: ignore[misc]
    database.checkpoint()
    database.close()
    assert not database.path.with_name("network.sqlite-wal").exists()
    with database.path.open("r+b") as file:
        size = file.seek(0, 2)
        for page in range(16, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xaa" * 4096)
    with pytest.raises(DataError, match=r"network\.sqlite cannot be used: database disk image is malformed"):
        DatabaseLog(database).read(0, 500)


def test_a_statement_that_is_refused_is_no_fault_of_the_file(database: Database) -> None:
    with database.write() as connection:
        connection.execute(tally.insert(), {"key": 1, "value": 1})
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(tally.insert(), {"key": 1, "value": 2})
