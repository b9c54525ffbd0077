"""Load over HTTP: every request is sent once and answered, by so many connections, and a failure is no answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from experiments.bench.http_load import Load, LoadError, processor_s, raw_post, run_load


class Counting:
    """Answers with the body it was sent, and counts; 503 for a body that says so."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.clients: set[tuple[str, int]] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.bodies.append(body)
                outer.clients.add(self.client_address)
                self.send_response(503 if body == b"fail" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()


@pytest.fixture
def counting() -> Iterator[Counting]:
    made = Counting()
    yield made
    made.http.shutdown()
    made.http.server_close()
    made.thread.join()


def test_every_request_is_answered_once_by_all_connections(counting: Counting) -> None:
    requests = [raw_post(counting.url, "/x", {"a": "b"}, b"%d" % n) for n in range(3)]
    seen: list[bytes] = []
    found = run_load(counting.url, requests, 20, connections=4, pid=os.getpid(), read=seen.append)
    assert sorted(counting.bodies) == sorted(seen) == sorted([b"%d" % (n % 3) for n in range(20)])
    assert len(counting.clients) == 4
    assert (found.requests, len(found.ms)) == (20, 20)
    assert min(found.ms) > 0
    assert found.wall_s * 1e3 >= max(found.ms)


def test_what_is_not_answered_with_200_ends_the_load(counting: Counting) -> None:
    failing = [raw_post(counting.url, "/x", {}, b"fail")]
    with pytest.raises(LoadError, match="503"):
        run_load(counting.url, failing, 3, connections=1, pid=os.getpid(), read=len)


def test_numbers_of_a_load() -> None:
    load = Load(4, 2.0, (1.0, 2.0, 3.0, 4.0), 0.1, float("nan"))
    assert (load.per_s, load.quantile(0.5), load.quantile(1)) == (2.0, 2.5, 4.0)
    # A process that never was has no time.
    assert np.isnan(processor_s(2**22 + 1))
