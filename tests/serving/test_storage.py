"""A disk that is full, fails or is read-only: real errors of SQLite, refused by name, told by `/readyz`, and healed."""

from __future__ import annotations

import contextlib
import itertools
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event as sqlalchemy_event

from data.dataset import Dataset
from serving.app import create_app
from serving.events.dead_letters import find
from serving.events.outbox import event
from serving.kit.db import Database
from serving.kit.storage import FullError
from serving.network import Network
from serving.ops.service import consumer_health
from serving.timelines.home import home_now
from serving.tweets import service
from tests.serving.server_process import WAIT_S, ServerProcess, within
from tests.serving.small_network import ALICE, BOB, write_small

MakeNetwork = Callable[..., Network]


class Pages:
    """SQLite's own limit on the pages of a database, for every connection from its next use on."""

    def __init__(self, database: Database) -> None:
        self.most = 1 << 30
        with database.read() as connection:
            self.used = int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
        sqlalchemy_event.listen(database.engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self.most}")


def texts() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{number} " + "x" * 270


def until_full(write: Callable[[], object]) -> None:
    """Writes until there is no room."""
    with contextlib.suppress(FullError):
        for _ in range(100_000):
            write()
        raise AssertionError("there is always room")


def test_a_full_disk_is_told_and_heals(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    pages, said = Pages(network.context.database), texts()
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(BOB)}"}
    with TestClient(create_app(network)) as client:

        def post() -> httpx.Response:
            return client.post("/2/tweets", json={"text": next(said)}, headers=headers)

        def red() -> bool:
            return client.get("/readyz").status_code == 503

        assert not red()
        pages.most = pages.used
        answers = [post() for _ in range(100)]
        taken = [one.json()["data"]["id"] for one in answers if one.status_code == 201]
        refused = [one for one in answers if one.status_code != 201]
        assert {one.status_code for one in refused} == {507}
        assert refused[-1].json()["type"] == "urn:rookery:problem:storage"
        assert "disk is full" in refused[-1].json()["detail"]
        assert int(refused[-1].headers["retry-after"]) > 0
        health = client.get("/readyz")
        assert (health.status_code, health.json()["status"]) == (503, "storage")
        # What needs no write goes on: look-ups, timelines, searches.
        assert client.get(f"/2/users/{BOB}/tweets", headers=headers).status_code == 200
        alice = {"Authorization": f"Bearer {network.context.tokens.issue(ALICE)}"}
        for _ in range(3):
            answer = client.get(f"/2/users/{ALICE}/timeline", headers=alice)
            assert (answer.status_code, bool(answer.json()["data"])) == (200, True)
        assert client.get("/readyz").status_code == 503
        # Nobody writes anything: it looks by itself whether there is room.
        pages.most = 1 << 30
        assert within(lambda: not red())
        taken.append(post().json()["data"]["id"])
        found = client.get(f"/2/users/{BOB}/tweets?max_results=100", headers=headers).json()["data"]
    assert {one["id"] for one in found} == {*taken, "1001", "1005"}
    network.settle()
    assert all((one.lag, one.dead) == (0, 0) for one in consumer_health(network.context))


def test_timelines_are_read_longer_than_a_lease_lasts(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, record_impressions=False)
    pages = Pages(network.context.database)
    pages.most = pages.used
    said = texts()
    until_full(lambda: network.context.write_now(lambda tx: service.post(tx, BOB, next(said))))
    network.context.request_ids.next(network.context.clock.now_us() + 60_000_000)  # as if a minute had passed
    first, second = (home_now(network.context, ALICE, 5).request_id for _ in range(2))
    assert 0 < first < second


def test_a_letter_that_cannot_be_written_is_written_later(make_network: MakeNetwork, small: Dataset) -> None:
    """An event that tears the state comes while the disk is full: neither it nor those around it count twice."""
    network = make_network(small)
    context = network.context
    about = {"user_id": ALICE, "tweet_id": 1001, "author_id": BOB, "action": "adores"}
    pages = Pages(context.database)

    def poison(tx: Any) -> None:
        tx.emit(event("engagements", engagement_id=tx.new_id(), time_us=tx.now_us, **about))

    with stopped(network):
        first = context.write_now(lambda tx: service.post(tx, BOB, "before"))["tweet_id"]
        context.write_now(poison)
        last = context.write_now(lambda tx: service.post(tx, BOB, "after"))["tweet_id"]
        pages.most = 1
        offsets = itertools.count(10**6)
        until_full(lambda: context.letters.set_aside("other", next(offsets), "tweets", "", tries=1, time_us=1))
    assert within(lambda: not context.ready)
    assert find(context.database, group="state") == []
    pages.most = 1 << 30
    assert within(lambda: context.ready and context.database.fault is None)
    network.settle()
    assert [one.table for one in find(context.database, group="state")] == ["engagements"]
    assert {first, last} <= set(home_now(context, ALICE, 100).tweet_ids)
    assert all(one.lag == 0 for one in consumer_health(context))


@contextmanager
def stopped(network: Network) -> Iterator[None]:
    """The log is not followed meanwhile."""
    network.context.open = False
    try:
        yield
    finally:
        network.context.open = True


@pytest.fixture
def server(serve_home: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    write_small(tmp_path / "data")
    made = ServerProcess(serve_home, tmp_path / "data", tmp_path / "network", ROOKERY_RECORD_IMPRESSIONS="false")
    yield made
    made.close()


def tell(server: ServerProcess, text: str) -> httpx.Response:
    body, headers = {"text": text}, server.headers(BOB)
    return httpx.post(f"{server.url}/2/tweets", json=body, headers=headers, timeout=30, trust_env=False)


def until_refused(server: ServerProcess, taken: list[int]) -> httpx.Response:
    for text in texts():
        answer = tell(server, text)
        if answer.status_code != 201:
            return answer
        taken.append(int(answer.json()["data"]["id"]))
        assert len(taken) < 20_000
    raise AssertionError


def check_red_then_green(server: ServerProcess, make_room: Callable[[], object], taken: list[int]) -> None:
    assert server.health()["status"] == "storage"
    assert set(taken[-50:]) <= set(server.home_of(ALICE))
    make_room()
    assert within(server.caught_up)
    taken.append(server.post(BOB, "there is room"))
    assert within(lambda: taken[-1] in server.home_of(ALICE))
    assert "Traceback" not in server.said.read_text()


def check_nothing_lost(server: ServerProcess, taken: list[int]) -> None:
    with server.sql() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        held = {one for (one,) in connection.execute("SELECT tweet_id FROM tweets WHERE tweet_id > 2000")}
    assert held == set(taken)


@pytest.mark.slow
def test_a_file_that_may_not_grow(server: ServerProcess) -> None:
    """The system refuses every byte beyond a limit: a fault of the disk that is not called full."""
    server.start()
    limit = server.database.stat().st_size + 300_000
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, hard))
    taken: list[int] = []
    refused = until_refused(server, taken)
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:rookery:problem:storage")
    unlimited = (resource.RLIM_INFINITY, hard)
    check_red_then_green(
        server, lambda: resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited), taken
    )  # fmt: skip
    assert server.stop()[0] == 0
    check_nothing_lost(server, taken)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system in memory at `folder`."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Takes all room that is left."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(b"x" * 4_096):
            pass


@pytest.mark.slow
def test_a_disk_that_is_full(server: ServerProcess) -> None:
    with mounted(server.folder, "size=24m"):
        server.start()
        ballast = server.folder / "ballast"
        fill(ballast)
        taken: list[int] = []
        refused = until_refused(server, taken)
        assert (refused.status_code, refused.json()["type"]) == (507, "urn:rookery:problem:storage")
        check_red_then_green(server, ballast.unlink, taken)
        # Full again, it is stopped in order; killed, it starts with all that it acknowledged.
        fill(ballast)
        until_refused(server, taken)
        assert server.stop()[0] == 0, server.said.read_text()
        check_nothing_lost(server, taken)
        # A new network finds no room, which is one line. (An old one may find some in its own write-ahead log.)
        for one in server.folder.glob("network.sqlite*"):
            one.unlink()
        fill(ballast)
        ended = subprocess.run(
            server.command(), env=server.environment, capture_output=True, text=True, check=False, timeout=WAIT_S
        )
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
        assert "no space is left" in ended.stderr


@pytest.mark.slow
def test_a_file_system_that_is_read_only(server: ServerProcess) -> None:
    with mounted(server.folder, "size=24m"):
        subprocess.run(["mount", "-o", "remount,ro", str(server.folder)], check=True)
        ended = subprocess.run(server.command(), env=server.environment, capture_output=True, text=True, check=False)
        server.process = subprocess.Popen(["true"])
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
        assert ended.stderr.count("\n") == 1, ended.stderr
        assert str(server.folder) in ended.stderr
