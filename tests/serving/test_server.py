"""A real server on a real socket, with many clients at once."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from small_network import ALICE, BOB, CAROL, DAVE
from sqlalchemy import func, select

from serving.app import server
from serving.events.outbox import events_table
from serving.network import Network
from serving.tweets import store as tweets
from serving.users import store as users

POSTS, CLIENTS = 240, 8


@pytest.fixture
def url(network: Network) -> Iterator[str]:
    """The network behind uvicorn; connections made before it accepts wait in the socket's queue."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(64)
        running = server(network)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]})
        thread.start()
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        running.should_exit = True
        thread.join()


def test_many_clients_at_once_lose_and_double_nothing(url: str, network: Network) -> None:
    posted: list[int] = []
    authors = (BOB, CAROL, DAVE)
    heads = {one: {"Authorization": f"Bearer {network.tokens.issue(one)}"} for one in (*authors, ALICE)}

    async def work(client: httpx.AsyncClient, jobs: Iterator[int]) -> None:
        for job in jobs:
            author = authors[job % 3]
            answer = await client.post("/2/tweets", json={"text": f"tweet {job}"}, headers=heads[author])
            assert answer.status_code == 201, answer.text
            posted.append(int(answer.json()["data"]["id"]))
            if job % 10 == 0:
                answer = await client.get(f"/2/users/{ALICE}/timelines/reverse_chronological", headers=heads[ALICE])
                assert answer.status_code == 200, answer.text
                assert answer.json()["meta"]["degraded"] == {}

    async def run() -> None:
        jobs = iter(range(POSTS))
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            await asyncio.gather(*(work(client, jobs) for _ in range(CLIENTS)))

    asyncio.run(run())
    network.settle()
    assert len(set(posted)) == POSTS
    with network.database.read() as connection:
        logged = connection.scalar(select(func.count()).where(events_table.c.name == "tweets"))
        assert logged == POSTS
        held = [row.tweet_id for row in connection.execute(select(tweets.tweets.c.tweet_id))]
        assert set(posted) <= set(held)
        counts = {row.user_id: row.tweets for row in users.by_ids(connection, authors)}
    assert counts == {BOB: 2 + POSTS // 3, CAROL: 2 + POSTS // 3, DAVE: 1 + POSTS // 3}

    def timeline() -> list[int]:
        state = network.state.network
        found = network.projections.timelines.read(state.users.rows([ALICE]), 1_000)
        ids: list[int] = state.tweets.ids[found.values].tolist()
        return ids

    newest = network.call(timeline)[:POSTS]
    assert newest == sorted(posted, reverse=True)
    stats = network.stats()["fanout"]
    assert stats["tweets"] == {"push": 2 * POSTS // 3, "hybrid": POSTS // 3, "pull": 0}


def test_the_socket_speaks_problems_too(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    answer = httpx.get(f"{url}/2/tweets/1")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
