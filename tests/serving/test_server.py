"""A real server on a real socket, with many clients at once."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import func, select

from data.dataset import Dataset
from serving.app import server
from serving.events.outbox import events_table
from serving.network import Network
from serving.ops.service import stats
from serving.tweets import store as tweets
from serving.users import store as users
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE

MakeNetwork = Callable[..., Network]

POSTS, CLIENTS = 240, 8


@contextmanager
def served(network: Network) -> Iterator[str]:
    """The network behind uvicorn; connections made before it accepts wait in the socket's queue."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(64)
        running = server(network)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()


@pytest.fixture
def url(network: Network) -> Iterator[str]:
    with served(network) as where:
        yield where


def test_many_clients_at_once_lose_and_double_nothing(url: str, network: Network) -> None:
    posted: list[int] = []
    authors = (BOB, CAROL, DAVE)
    heads = {one: {"Authorization": f"Bearer {network.context.tokens.issue(one)}"} for one in (*authors, ALICE)}

    async def work(client: httpx.AsyncClient, jobs: Iterator[int]) -> None:
        for job in jobs:
            author = authors[job % 3]
            answer = await client.post("/2/tweets", json={"text": f"tweet {job}"}, headers=heads[author])
            assert answer.status_code == 201, answer.text
            posted.append(int(answer.json()["data"]["id"]))
            if job % 10 == 0:
                answer = await client.get(f"/2/users/{ALICE}/timeline", headers=heads[ALICE])
                assert answer.status_code == 200, answer.text
                assert answer.json()["meta"]["degraded"] == {}

    async def run() -> None:
        jobs = iter(range(POSTS))
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            await asyncio.gather(*(work(client, jobs) for _ in range(CLIENTS)))

    asyncio.run(run())
    network.settle()
    assert len(set(posted)) == POSTS
    with network.context.database.read() as connection:
        logged = connection.scalar(select(func.count()).where(events_table.c.name == "tweets"))
        assert logged == POSTS
        held = [row.tweet_id for row in connection.execute(select(tweets.tweets.c.tweet_id))]
        assert set(posted) <= set(held)
        counts = {row.user_id: row.tweets for row in users.by_ids(connection, authors)}
    assert counts == {BOB: 2 + POSTS // 3, CAROL: 2 + POSTS // 3, DAVE: 1 + POSTS // 3}

    def timeline() -> list[int]:
        state = network.context.state.network
        found = network.context.projections.timelines.read(state.users.rows([ALICE]), 1_000)
        ids: list[int] = state.tweets.ids[found.values].tolist()
        return ids

    newest = network.context.call(timeline)[:POSTS]
    assert newest == sorted(posted, reverse=True)
    figures = stats(network.context)["fanout"]
    assert figures["tweets"] == {"push": 2 * POSTS // 3, "hybrid": POSTS // 3, "pull": 0}


def test_the_socket_speaks_problems_too(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    answer = httpx.get(f"{url}/2/tweets/1")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


POST = b"POST /2/tweets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"


def everything(sock: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    said = b""
    while more := sock.recv(65_536):
        said += more
    return said


def one_answer(sock: socket.socket) -> bytes:
    """One answer with its body, in however many parts it comes."""
    said = b""
    while True:
        head, end, body = said.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if end and length is not None and len(body) >= int(length[1]):
            return said
        more = sock.recv(65_536)
        assert more, said
        said += more


def test_a_request_that_does_not_arrive_is_refused(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, read_timeout_s=0.5)
    head = POST % network.context.tokens.issue(BOB).encode()
    body = b'{"text": "sent in two parts"}'
    whole = head + b"content-length: %d\r\n\r\n" % len(body) + body
    cases = {
        "nothing": b"",
        "blank lines": b"\r\n",
        "half a line": b"GET /heal",
        "half its headers": head,
        "half its body": whole[:-5],
        "a body in chunks that never ends": head + b'transfer-encoding: chunked\r\n\r\n5\r\n{"tex\r\n',
        "one that asks whether to go on": head + b"content-length: 9\r\nexpect: 100-continue\r\n\r\n",
        "a second one after a whole one": whole + head,
        "the body of one that was refused unread": b"POST /2/nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
    }
    with served(network) as url:
        socks = {what: socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1])), 30) for what in cases}
        for what, sent in cases.items():
            socks[what].sendall(sent)
        # Whoever sends in time is served meanwhile, in however many parts.
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1])), 30) as sock:
            sock.sendall(whole[:-5])
            time.sleep(0.05)
            sock.sendall(whole[-5:])
            assert one_answer(sock).startswith(b"HTTP/1.1 201")
        said = {what: everything(sock) for what, sock in socks.items()}
        for sock in socks.values():
            sock.close()
    for what, answer in said.items():
        first = b"HTTP/1.1 "
        if what == "a second one after a whole one":
            first += b"201"
        elif what == "one that asks whether to go on":
            first += b"100"
        elif what == "the body of one that was refused unread":
            first += b"404"
        else:
            first += b"408 Request Timeout"
        assert answer.startswith(first), (what, answer)
        assert answer.count(b"HTTP/1.1 408") == (0 if b" 404" in answer else 1), (what, answer)


def test_a_trickle_does_not_keep_a_connection(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, read_timeout_s=0.5)
    with served(network) as url, socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1])), 30) as sock:
        sent = 0
        try:
            for sent in range(1_000):
                sock.sendall(b"a" if sent else b"GET /healthz HTTP/1.1\r\nx: ")
                time.sleep(0.02)
        except OSError:
            pass
        assert 5 < sent < 999


def test_an_answer_that_takes_long_is_not_cut_off(make_network: MakeNetwork, small: Dataset) -> None:
    """The limit is on what the client sends, not on what the server needs."""
    network = make_network(small, read_timeout_s=0.3)
    with served(network) as url:
        assert httpx.get(f"{url}/healthz").status_code == 200
        busy = threading.Thread(target=network.context.call, args=(lambda: time.sleep(1.2),))
        busy.start()
        headers = {"Authorization": f"Bearer {network.context.tokens.issue(ALICE)}"}
        path = f"/2/users/{ALICE}/timeline"
        assert httpx.get(url + path, headers=headers, timeout=30).status_code == 200
        busy.join()


def test_a_connection_is_kept_between_requests_and_not_for_blank_lines(
    make_network: MakeNetwork, small: Dataset
) -> None:
    network = make_network(small, read_timeout_s=0.5)
    ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    with served(network) as url, socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1])), 30) as sock:
        # Between requests nothing is awaited; uvicorn's own limit on idle connections is longer.
        for _ in range(2):
            sock.sendall(ask)
            assert one_answer(sock).startswith(b"HTTP/1.1 200")
            time.sleep(1)
        # A blank line is the beginning of nothing, but it ends that limit.
        sock.sendall(b"\r\n")
        assert everything(sock).startswith(b"HTTP/1.1 408")
