"""`/v1/live`: what concerns a user comes once, in order, and again to nobody; who may ask; what ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect

from data.dataset import Dataset
from serving.app import create_app
from serving.engagements import service as engagements
from serving.graph import service as graph
from serving.live import service
from serving.network import Network
from serving.stream_config import StreamConfig
from serving.tweets import service as tweets
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN
from tests.serving.test_server import served


def head(network: Network, user_id: int | None = ALICE, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {network.context.tokens.issue(user_id, scopes)}"}


def post(network: Network, author: int, text: str, **options: Any) -> str:
    return str(network.context.write_now(lambda tx: tweets.post(tx, author, text, **options))["tweet_id"])


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        yield made


@contextmanager
def opened(client: TestClient, network: Network, last_id: str | None = None) -> Iterator[WebSocketTestSession]:
    path = "/v1/live" if last_id is None else f"/v1/live?last_id={last_id}"
    with client.websocket_connect(path, headers=head(network)) as socket:
        first = socket.receive_json()
        assert (first["type"], first["data"]) == ("open", {"user_id": str(ALICE)})
        yield socket


def said(message: dict[str, Any]) -> tuple[str, str, str | None]:
    return message["type"], message["data"]["user_id"], message["data"].get("tweet_id")


def happen(network: Network) -> list[tuple[str, str, str | None]]:
    """Things of which some concern Alice; returns what she is to be told, in order."""
    write = network.context.write_now
    own = post(network, ALICE, "mine")
    by_bob = post(network, BOB, "hello")
    post(network, ERIN, "nobody follows me")
    by_erin = post(network, ERIN, "hi @Alice and @bob")
    write(lambda tx: engagements.like(tx, ERIN, int(own)))
    write(lambda tx: engagements.like(tx, ERIN, int(by_bob)))
    write(lambda tx: graph.follow(tx, ERIN, ALICE))
    write(lambda tx: graph.follow(tx, ERIN, BOB))
    reply = post(network, CAROL, "well", reply_to=int(own))
    return [
        ("tweet", str(ALICE), own), ("tweet", str(BOB), by_bob), ("mention", str(ERIN), by_erin),
        ("like", str(ERIN), own), ("follow", str(ERIN), None), ("tweet", str(CAROL), reply), ("reply", str(CAROL), own),
    ]  # fmt: skip


def test_what_concerns_a_user_comes_once_and_in_order(client: TestClient, network: Network) -> None:
    post(network, BOB, "before it was opened")
    with opened(client, network) as socket:
        wanted = happen(network)
        came = [socket.receive_json() for _ in wanted]
        assert [said(one) for one in came] == wanted
        assert came[0]["data"]["text"] == "mine"
        last = post(network, DAVE, "the last")
        assert said(socket.receive_json()) == ("tweet", str(DAVE), last)
    ids = [one["id"] for one in came]
    assert len(set(ids)) == len(ids)
    # From any message on the rest comes again, and nothing else.
    for at, one in enumerate(ids):
        with opened(client, network, one) as socket:
            rest = [said(socket.receive_json()) for _ in wanted[at + 1 :]]
            assert rest == wanted[at + 1 :]
            assert said(socket.receive_json()) == ("tweet", str(DAVE), last)


def test_the_muted_the_blocked_and_the_deleted_are_not_told_of(client: TestClient, network: Network) -> None:
    write = network.context.write_now
    write(lambda tx: graph.mute(tx, ALICE, BOB))
    write(lambda tx: graph.block(tx, CAROL, ALICE))
    with opened(client, network) as socket:
        own = post(network, ALICE, "mine")
        post(network, BOB, "hello @alice")
        write(lambda tx: engagements.like(tx, BOB, int(own)))
        post(network, CAROL, "hello @alice")
        last = post(network, DAVE, "hello")
        assert [said(socket.receive_json()) for _ in range(2)] == [
            ("tweet", str(ALICE), own),
            ("tweet", str(DAVE), last),
        ]


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/v1/live", {}, 401),
        ("/v1/live", {"Authorization": "Bearer x"}, 401),
        ("/v1/live", None, 403),
        ("/v1/live", "like.read", 403),
        ("/v1/live?last_id=x", ALICE, 400),
        ("/v1/live?last_id=1-2-3", ALICE, 400),
        ("/v1/live?since=1", ALICE, 400),
    ],
)
def test_others_are_refused_before_it_opens(
    client: TestClient, network: Network, path: str, who: Any, status: int
) -> None:
    if isinstance(who, str):
        headers = head(network, ALICE, who)
    else:
        headers = who if isinstance(who, dict) else head(network, who)
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(path, headers=headers):
        pass
    assert refused.value.status_code == status
    assert refused.value.json()["status"] == status


def test_who_is_too_far_behind_is_told_so(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, streams=StreamConfig(max_lag=5, poll_ms=1, per_app=1))
    for n in range(9):
        post(network, BOB, f"tweet {n}")
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        with opened(client, network, "1-0") as socket, pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
        assert (ended.value.code, "events behind" in ended.value.reason) == (4008, True)
        with (
            opened(client, network),
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect("/v1/live", headers=head(network)),
        ):
            pass
        assert refused.value.status_code == 429


def test_it_ends_with_the_token(client: TestClient, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(client, network) as socket:
        monkeypatch.setattr(network.context.tokens, "now_s", lambda: 1 << 40)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
    assert ended.value.code == 4401


def test_nothing_is_missed_while_the_state_is_built_anew(client: TestClient, network: Network) -> None:
    with opened(client, network) as socket:
        network.context.ready = False
        posted = post(network, BOB, "meanwhile")
        network.context.ready = True
        assert said(socket.receive_json()) == ("tweet", str(BOB), posted)


def test_a_failure_closes_instead_of_falling_silent(
    client: TestClient, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(service, "messages", broken)
    with opened(client, network) as socket:
        post(network, BOB, "hello")
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
    assert (ended.value.code, "inside" in ended.value.reason) == (1011, False)
    assert not +network.context.streams


def test_over_a_real_socket_a_stopping_server_says_where_to_go_on(network: Network) -> None:
    async def first(url: str) -> dict[str, Any]:
        async with connect(f"{url}/v1/live", additional_headers=head(network)) as socket:
            await socket.recv()
            posted = await asyncio.to_thread(post, network, BOB, "hello")
            message: dict[str, Any] = json.loads(await socket.recv())
            assert message["data"]["tweet_id"] == posted
            return message

    with served(network) as url:
        message = asyncio.run(first(url.replace("http", "ws")))
    missed = post(network, BOB, "missed")

    async def second(url: str) -> str:
        where = f"{url}/v1/live?last_id={message['id']}"
        async with connect(where, additional_headers=head(network)) as socket:
            await socket.recv()
            return str(json.loads(await socket.recv())["data"]["tweet_id"])

    with served(network) as url:
        assert asyncio.run(second(url.replace("http", "ws"))) == missed
