"""A real server that is stopped: with slow clients, beside a second one, and while it is still loading."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from serving.network import Network
from serving.settings import Settings
from serving.timelines.home import home_now
from tests.serving.server_process import ServerProcess, within
from tests.serving.small_network import ALICE, BOB, write_small

pytestmark = pytest.mark.slow

HALF_OPEN = 400


@pytest.fixture
def server(serve_home: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    write_small(tmp_path / "data")
    made = ServerProcess(
        serve_home,
        tmp_path / "data",
        tmp_path / "network",
        ROOKERY_READ_TIMEOUT_S="100",
        ROOKERY_RECORD_IMPRESSIONS="false",
    )
    yield made
    made.close()


def half_open(server: ServerProcess, stack: ExitStack, count: int) -> list[socket.socket]:
    """Connections that sent half their headers, and as many that sent half a body."""
    head = b"POST /2/tweets HTTP/1.1\r\nhost: x\r\n"
    token = server.headers(BOB)["Authorization"].encode()
    body = head + b"authorization: " + token + b'\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"te'
    made = []
    for number in range(count):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
        one.sendall(body if number % 2 else head)
        made.append(one)
    return made


def test_sigterm_with_hundreds_of_half_open_sockets(server: ServerProcess) -> None:
    server.start()
    with ExitStack() as stack:
        half_open(server, stack, HALF_OPEN)
        # Others are served meanwhile.
        posted = [server.post(BOB, f"number {one}") for one in range(20)]
        assert within(lambda: set(posted) <= set(server.home_of(ALICE)))

        # A second server on the same database says so in one line.
        second = subprocess.run(server.command(), env=server.environment, capture_output=True, text=True, check=False)
        assert (second.returncode, second.stdout) == (2, "")
        line = f"rookery: {server.database} is in use by process {server.process.pid}; stop that process"
        assert second.stderr.startswith(line)
        assert second.stderr.count("\n") == 1

        code, seconds = server.stop()
    assert code == 0, server.said.read_text()
    # Far less than the time that a request may take to arrive; the bound allows for a busy machine.
    assert seconds < 30
    assert "Traceback" not in server.said.read_text()
    # Nobody had to be cancelled: what was half sent was promised to nobody.
    assert "Cancel" not in server.said.read_text()
    wal = server.database.with_name("network.sqlite-wal")
    assert not wal.exists() or not wal.stat().st_size

    network = Network(Settings.model_validate({"home": server.folder, "record_impressions": False}))
    try:
        network.start()
        assert set(posted) <= set(home_now(network.context, ALICE, 100).tweet_ids)
    finally:
        network.close()


SLOW_LOAD = """
import sys, time
from serving.projections import Projections
replay = Projections.replay

def slow(self, batches, until_us, closing, completing):
    print("loading", flush=True)
    batches = list(batches)
    for _ in range(600):
        replay(self, batches, until_us, closing, completing)
        time.sleep(0.1)

Projections.replay = slow
from experiments.cli.__main__ import main
sys.argv = ["rookery", *sys.argv[1:]]
main()
"""
"""`rookery` whose data set takes a minute to load."""


def test_a_server_is_stopped_while_it_loads(server: ServerProcess) -> None:
    words = server.command()[3:]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_LOAD, *words], env=server.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    server.process = process
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    # It answers meanwhile: alive, not ready, and how far it is; everything else has to wait.
    alive = httpx.get(f"{server.url}/healthz", timeout=30, trust_env=False)
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    report = httpx.get(f"{server.url}/readyz", timeout=30, trust_env=False)
    assert report.status_code == 503
    assert report.json()["status"] == "loading"
    assert 0 < report.json()["percent"] < 100
    assert report.json()["doing"].startswith(("replaying the data set", "completing lists and indexes"))
    for method, path in (("GET", "/2/users/me"), ("POST", "/2/tweets"), ("POST", "/v1/rank"), ("GET", "/no/such")):
        refused = httpx.request(method, f"{server.url}{path}", timeout=30, trust_env=False)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:rookery:problem:loading"), path
        assert int(refused.headers["retry-after"]) > 0
        assert refused.headers["content-type"] == "application/problem+json"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert time.monotonic() - began < 30
    assert "Traceback" not in said
    # The next one finds nothing half written, and nobody holding the database.
    network = Network(Settings.model_validate({"home": server.folder}))
    network.start()
    network.close()
