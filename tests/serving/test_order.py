"""What promises order keeps it when clocks are set back, between processes, and over a restart that closed nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from data.errors import ConfigError
from data.ids import snowflake_time_us
from serving.events.outbox import DATACENTRE, REQUESTS, Outbox, Snowflakes, Transaction
from serving.kit import clock as clocks
from serving.kit.clock import DataClock, WallClock
from serving.kit.db import Database
from serving.kit.worker_lease import SPAN_US, WORKERS, Lease
from serving.network import Network
from serving.ranker.service import Asked, rank
from serving.settings import Settings
from serving.timelines.home import home_now
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB

START_US = 1_767_571_200_000_000
HOUR_US = 3_600_000_000


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self, now_us: int = START_US) -> None:
        self.now = now_us

    def now_us(self) -> int:
        return self.now


class Machine:
    """The machine's clock, to be set, and its stopwatch, which only runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead_ns = self.run_ns = 0
        wall, watch = time.time_ns, time.monotonic_ns
        patch.setattr(clocks.time, "time_ns", lambda: wall() + self.ahead_ns)
        patch.setattr(clocks.time, "monotonic_ns", lambda: watch() + self.run_ns)

    def passes(self, seconds: float) -> None:
        self.ahead_ns += int(seconds * 1e9)
        self.run_ns += int(seconds * 1e9)

    def set_back(self, seconds: float) -> None:
        self.ahead_ns -= int(seconds * 1e9)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "network.sqlite")
    yield opened
    opened.close()


def ascending(values: list[int]) -> bool:
    return all(one < other for one, other in pairwise(values))


def worker_of(one: int) -> tuple[int, int]:
    """Datacentre and worker inside an id."""
    return one >> 17 & 31, one >> 12 & 31


# ---- writes


def test_writes_ascend_when_the_clock_is_set_back(database: Database) -> None:
    clock, lease = SetClock(), Lease(database)
    outbox = Outbox(database, clock, lease, after_us=START_US - 1, committed=lambda: None)

    def write(tx: Transaction) -> list[int]:
        return [tx.now_us, *(tx.new_id() for _ in range(3))]

    made = []
    for step in (0, 1_000, -HOUR_US, 0, 0, -5 * HOUR_US, 3, 7 * HOUR_US, -1):
        clock.now += step
        made.append(outbox.write(write))
    assert ascending([one[0] for one in made])
    assert ascending([one for row in made for one in row[1:]])
    # So they do in the next process, whose clock is further back still.
    clock.now -= 24 * HOUR_US
    again = Outbox(database, clock, Lease(database), after_us=made[-1][0], committed=lambda: None)
    first = again.write(write)
    assert first[0] > made[-1][0]
    assert first[1] > made[-1][-1]


def test_a_write_that_failed_leaves_no_gap_in_the_order(database: Database) -> None:
    clock = SetClock()
    outbox = Outbox(database, clock, Lease(database), after_us=0, committed=lambda: None)
    ids = [outbox.write(lambda tx: tx.new_id())]

    def failing(tx: Transaction) -> None:
        ids.append(tx.new_id())
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        outbox.write(failing)
    clock.now -= HOUR_US
    ids.append(outbox.write(lambda tx: tx.new_id()))
    assert ascending(ids)


@given(st.lists(st.tuples(st.integers(-(10**10), 10**10), st.integers(0, WORKERS - 1)), min_size=1, max_size=60))
def test_ids_ascend_whatever_the_clock_and_the_worker(steps: list[tuple[int, int]]) -> None:
    ids, now, made = Snowflakes(START_US), START_US, []
    for step, worker in steps:
        now = max(now + step, START_US - HOUR_US)
        made.append(ids.next(now, worker))
        assert worker_of(made[-1]) == (DATACENTRE, worker)
    assert ascending(made)
    assert snowflake_time_us(made[0]) >= START_US // 1000 * 1000


# ---- clocks


def test_the_wall_clock_goes_on_while_the_machines_is_set_back(machine: Machine) -> None:
    clock = WallClock()
    told = [clock.now_us()]
    machine.set_back(3600)
    told.append(clock.now_us())
    machine.passes(10)
    told.append(clock.now_us())
    assert told == sorted(told)
    # Half the pace, so that the machine's clock catches up.
    assert 4_900_000 < told[2] - told[1] < 9_000_000
    machine.passes(2 * 3600)
    now = clock.now_us()
    assert abs(now - clocks.time.time_ns() // 1000) < 1_000_000
    assert now > told[-1]


def test_a_wall_clock_starts_after_what_was_told(machine: Machine) -> None:
    before = WallClock().now_us()
    machine.set_back(600)
    assert WallClock(before + 1).now_us() > before
    assert WallClock().now_us() < before


def test_a_data_clock_does_not_see_the_machines_clock(machine: Machine) -> None:
    clock = DataClock(START_US)
    first = clock.now_us()
    machine.set_back(3600)
    second = clock.now_us()
    machine.passes(1)
    assert START_US <= first <= second < second + 900_000 < clock.now_us()


# ---- worker numbers


def test_a_number_is_held_by_one_process(database: Database) -> None:
    wall = SetClock()
    leases = [Lease(database, wall) for _ in range(WORKERS)]
    assert [one.keep(START_US) for one in leases] == list(range(WORKERS))
    with pytest.raises(ConfigError, match="all 32 worker numbers"):
        Lease(database, wall)
    leases[7].release(START_US)
    assert Lease(database, wall).keep(START_US) == 7
    # The others' are renewed for as long as they give ids; what nobody renews is free after a while.
    wall.now += SPAN_US * 2 // 3
    assert [one.keep(START_US) for one in leases[:3]] == [0, 1, 2]
    wall.now += SPAN_US * 2 // 3
    assert Lease(database, wall).keep(START_US) == 3


def test_who_slept_over_his_lease_takes_another_number(database: Database) -> None:
    wall = SetClock()
    sleeper = Lease(database, wall)
    ids = Snowflakes(START_US)
    before = ids.next(START_US, sleeper.keep(START_US))
    wall.now += SPAN_US + 1
    other = Lease(database, wall)
    assert other.keep(START_US) == 0
    after = ids.next(START_US, sleeper.keep(START_US))
    assert (worker_of(before)[1], worker_of(after)[1]) == (0, 1)
    assert after > before
    # Neither gives the number of the other back.
    sleeper.release(START_US)
    assert Lease(database, wall).keep(START_US) == 1


@settings(max_examples=30)
@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=15))
def test_no_moment_is_told_that_is_not_written_down(steps: list[int]) -> None:
    database = Database(Path(":memory:"))
    wall, moment = SetClock(), START_US
    lease = Lease(database, wall)
    for step in steps:
        moment += step
        wall.now += step // 2
        lease.keep(moment)
        # What a process that starts now, while this one lies dead, takes for the last moment told.
        assert Lease(database, SetClock(wall.now + 10**12)).floor_us > moment
    database.close()


# ---- a network


def left_as_it_was(network: Network, folder: Path) -> Path:
    """The home folder as kill -9 leaves it: nothing is closed, nothing given back."""
    return Path(shutil.copytree(network.context.settings.home, folder, ignore=shutil.ignore_patterns("*.lock")))


@dataclass
class Told:
    """What a network told, in order."""

    times: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    impressions: list[int] = field(default_factory=list)
    tweets: list[int] = field(default_factory=list)

    def read(self, network: Network) -> None:
        home = home_now(network.context, ALICE, 5)
        self.times.append(home.time_us)
        self.requests.append(home.request_id)
        # They are told to the log alone, and not by this read.
        for events in home.events:
            if events.table == "impressions":
                self.impressions += events.columns["impression_id"].tolist()

    def post(self, network: Network) -> None:
        self.tweets.append(int(network.context.write_now(lambda tx: service.post(tx, BOB, "again"))["tweet_id"]))

    def act(self, network: Network, machine: Machine) -> None:
        for _ in range(3):
            self.read(network)
            self.post(network)
        # A read long after the last write: nothing of it is in the log.
        machine.passes(300)
        self.read(network)


@pytest.mark.parametrize("kind", ["data", "wall"])
@pytest.mark.parametrize("closed", [False, True])
def test_times_and_ids_go_on_after_a_restart(
    make_network: MakeNetwork, small: Dataset, tmp_path: Path, machine: Machine, kind: str, closed: bool
) -> None:
    told = Told()
    network = make_network(small, clock=kind)
    told.act(network, machine)
    machine.set_back(7200)
    told.act(network, machine)
    if closed:
        network.close()
    folder = left_as_it_was(network, tmp_path / "again")
    machine.set_back(7200)
    again = Network(Settings.model_validate({"home": folder, "clock": kind}))
    try:
        again.start()
        told.act(again, machine)
    finally:
        again.close()
    assert told.times == sorted(told.times)
    assert ascending(told.requests)
    assert ascending(told.impressions)
    assert ascending(told.tweets)
    # No two makers' ids have the same bits for who made them.
    assert {worker_of(one)[0] for one in told.requests} == {REQUESTS}
    assert {worker_of(one)[0] for one in told.tweets} == {DATACENTRE}
    assert {worker_of(one)[0] for one in told.impressions} == {0}
    # A process that may yet live keeps its number.
    assert (worker_of(told.tweets[-1])[1] == worker_of(told.tweets[0])[1]) == closed


def test_scores_are_for_now_also_when_the_clock_is_behind_the_last_event(
    make_network: MakeNetwork, small: Dataset, machine: Machine
) -> None:
    network = make_network(small, clock="wall")
    network.context.write_now(lambda tx: service.post(tx, BOB, "one"))
    network.settle()
    network.close()
    machine.set_back(3600)
    again = make_network(clock="wall")
    # Writes are a microsecond apart where the clock stands: the last is ahead of it.
    again.context.clock = again.context.outbox._clock = SetClock(again.context.clock.now_us())
    for text in ("two", "three", "four"):
        again.context.write_now(lambda tx, said=text: service.post(tx, BOB, said))  # type: ignore[misc]
    again.settle()
    scores, moment = scored_now(again)
    assert len(scores) == 1
    assert moment == again.context.state.time_us > again.context.clock.now_us()


def scored_now(network: Network) -> tuple[np.ndarray, int]:
    (ranking,) = asyncio.run(rank(network.context, [Asked(ALICE, [1001])]))
    return ranking.scores, ranking.time_us
