"""The filtered stream: rules, what matches them, keep-alives, slow readers, restarts; Tweepy's client, unmodified."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

from serving.app import create_app
from serving.network import Network
from serving.stream_config import StreamConfig
from serving.streams import service, store
from serving.streams.schemas import MAX_RULES, NewRule
from serving.streams.service import add
from serving.tweets import service as tweets
from tests.serving.conftest import MakeNetwork
from tests.serving.described import DescribedClient
from tests.serving.small_network import ALICE, BOB, CAROL, Dataset
from tests.serving.test_server import served

RULES = "/2/tweets/search/stream/rules"
WAIT_S = 60


@pytest.fixture
def client(network: Network) -> Iterator[DescribedClient]:
    with DescribedClient(create_app(network), raise_server_exceptions=False) as made:
        made.headers["Authorization"] = f"Bearer {network.context.tokens.issue(ALICE)}"
        yield made


def post(network: Network, author: int, text: str, **options: Any) -> int:
    row = network.context.write_now(lambda tx: tweets.post(tx, author, text, **options))
    return int(row["tweet_id"])


def rule(network: Network, value: str, tag: str = "") -> None:
    network.context.write_now(lambda tx: add(tx, "", [NewRule(value=value, tag=tag)]))


class Lines:
    """The lines of an open stream as they come, read by a thread of its own."""

    def __init__(self, network: Network, url: str, **params: str) -> None:
        headers = {"Authorization": f"Bearer {network.context.tokens.issue(ALICE)}"}
        self.answer = requests.get(
            f"{url}/2/tweets/search/stream", params=params, headers=headers, stream=True, timeout=WAIT_S
        )
        assert self.answer.status_code == 200, self.answer.text
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        # What is closed while it is read fails in whichever part of the client reads at that moment.
        with contextlib.suppress(Exception):
            for line in self.answer.iter_lines(chunk_size=1):
                self._lines.put(line)
        self._lines.put(None)

    def next(self) -> dict[str, Any]:
        """The next line that is not empty."""
        until = time.monotonic() + WAIT_S
        while (line := self.line()) == b"":
            assert time.monotonic() < until, "nothing came but empty lines"
        assert line is not None, "the stream ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def line(self) -> bytes | None:
        return self._lines.get(timeout=WAIT_S)

    def close(self) -> None:
        self.answer.close()


def test_rules_are_made_listed_and_removed(client: DescribedClient, network: Network) -> None:
    body = {"add": [{"value": "rook", "tag": "r"}, {"value": '"open'}, {"value": "rook"}, {"value": "#chess"}]}
    answer = client.post(RULES, json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert [(one["value"], one.get("tag")) for one in made["data"]] == [("rook", "r"), ("#chess", None)]
    assert [(one["value"], one["title"]) for one in made["errors"]] == [
        ('"open', "UnprocessableEntity"), ("rook", "DuplicateRule")
    ]  # fmt: skip
    assert "column" in made["errors"][0]["detail"]
    assert made["errors"][1]["id"] == made["data"][0]["id"]
    assert made["meta"]["summary"] == {"created": 2, "not_created": 2, "valid": 2, "invalid": 2}
    assert client.post(RULES, params={"dry_run": "true"}, json={"add": [{"value": "soup"}]}).status_code == 201
    listed = client.get(RULES).json()
    assert (listed["data"], listed["meta"]["result_count"]) == (made["data"], 2)
    one = made["data"][1]["id"]
    assert client.get(RULES, params={"ids": one}).json()["data"] == made["data"][1:]
    # Another user's token of the lab has the same rules; an app has its own.
    other = {"Authorization": f"Bearer {network.context.tokens.issue(BOB)}"}
    assert client.get(RULES, headers=other).json()["data"] == made["data"]
    answer = client.post(RULES, json={"delete": {"ids": [one, "77"], "values": ["rook"]}})
    assert answer.status_code == 200
    assert answer.json()["meta"]["summary"] == {"deleted": 2, "not_deleted": 1}
    assert "data" not in client.get(RULES).json()
    for wrong in ({}, {"add": []}, {"add": [{"value": ""}]}, {"add": [{"value": "a"}], "delete": {}}, {"add": [{}]}):
        assert client.post(RULES, json=wrong).status_code == 400
    many = [{"value": f"w{n}"} for n in range(MAX_RULES)]
    assert client.post(RULES, json={"add": many}).status_code == 201
    assert client.post(RULES, json={"add": [{"value": "more"}]}).status_code == 400
    assert client.get(RULES).json()["meta"]["result_count"] == MAX_RULES


def test_what_is_posted_and_matches_comes_once_and_in_order(make_network: MakeNetwork, small: Dataset) -> None:
    # A reader is closed when its next line comes.
    network = make_network(small, streams=StreamConfig(keep_alive_s=0.2))
    with served(network) as url:
        rule(network, "rook -is:retweet", "rooks")
        rule(network, "from:carol", "carol")
        post(network, BOB, "a rook before")
        lines = Lines(network, url, **{"tweet.fields": "author_id", "expansions": "author_id"})
        wanted = [post(network, BOB, "one rook"), post(network, CAROL, "my rook"), post(network, CAROL, "soup")]
        gone = post(network, BOB, "a bishop")
        found = [lines.next() for _ in wanted]
        assert [int(one["data"]["id"]) for one in found] == wanted
        assert [[by["tag"] for by in one["matching_rules"]] for one in found] == [
            ["rooks"],
            ["rooks", "carol"],
            ["carol"],
        ]
        assert found[0]["includes"]["users"][0]["username"] == "bob"
        # A rule acts from its beginning on, and no longer than it stands.
        rule(network, "bishop")
        late = post(network, BOB, "another bishop")
        assert gone < late == int(lines.next()["data"]["id"])
        network.context.write_now(lambda tx: store.remove(tx.connection, "", [], ["bishop"]))
        post(network, BOB, "a third bishop")
        last = post(network, BOB, "the last rook")
        assert int(lines.next()["data"]["id"]) == last
        lines.close()


def test_what_is_posted_once_the_answer_began_is_not_missed(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small, streams=StreamConfig(keep_alive_s=0.2))
    rule(network, "rook")
    begin, posted = service.stream, threading.Event()

    async def late(*given: Any, **options: Any) -> AsyncIterator[bytes]:
        while not posted.is_set():
            await asyncio.sleep(0.01)
        async for line in begin(*given, **options):
            yield line

    monkeypatch.setattr(service, "stream", late)
    with served(network) as url:
        lines = Lines(network, url)
        wanted = post(network, BOB, "a rook")
        posted.set()
        assert int(lines.next()["data"]["id"]) == wanted
        lines.close()


def test_a_quiet_stream_is_kept_alive_and_a_slow_reader_is_told(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, streams=StreamConfig(keep_alive_s=0.01, poll_ms=1, max_lag=5, per_app=1))
    with served(network) as url:
        lines = Lines(network, url)
        assert [lines.line() for _ in range(3)] == [b"", b"", b""]
        headers = {"Authorization": f"Bearer {network.context.tokens.issue(ALICE)}"}
        assert httpx.get(f"{url}/2/tweets/search/stream", headers=headers).status_code == 429

        def many(tx: Any) -> None:
            for n in range(9):
                tweets.post(tx, BOB, f"rook {n}")

        network.context.write_now(many)
        told = lines.next()["errors"][0]
        assert (told["title"], "events behind, over 5" in told["detail"]) == ("operational-disconnect", True)
        while (line := lines.line()) is not None:
            assert line == b""
        # The place is free again.
        again = Lines(network, url)
        again.close()


class There(HTTPAdapter):
    """Leads the platform's address to a server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = self._url + request.path_url
        return super().send(request, *args, **options)


def test_tweepy_streams(network: Network) -> None:
    came: queue.Queue[tuple[int, list[str]]] = queue.Queue()

    class Stream(tweepy.StreamingClient):
        def on_response(self, response: tweepy.StreamResponse) -> None:
            came.put((response.data.id, [one.tag for one in response.matching_rules]))

    with served(network) as url:
        stream = Stream(network.context.tokens.issue(None))
        stream.session.mount("https://api.twitter.com", There(url))
        made = stream.add_rules([tweepy.StreamRule("rook", tag="rooks"), tweepy.StreamRule("#chess")])
        assert stream.get_rules().data == made.data
        opened = threading.Event()
        stream.on_connect = opened.set
        thread = stream.filter(tweet_fields=["author_id"], threaded=True)
        assert opened.wait(WAIT_S)
        one = post(network, BOB, "rook and #chess")
        assert came.get(timeout=WAIT_S) == (one, ["rooks", ""])
        stream.disconnect()
        post(network, BOB, "a rook that wakes it")
        thread.join(WAIT_S)
        assert stream.delete_rules([rule.id for rule in made.data]).meta["summary"]["deleted"] == 2
