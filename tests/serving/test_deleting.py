"""What deleting a tweet does to all that refers to it, over HTTP, and what can be taken back after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN, START_US, small_frames, write_small

OPENING = "1003"  # Dave's, answered by Carol in 1004


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        yield made


class Person:
    """Somebody who uses the network over HTTP."""

    def __init__(self, client: TestClient, network: Network, user_id: int) -> None:
        self.client, self.id = client, user_id
        self.headers = {"Authorization": f"Bearer {network.context.tokens.issue(user_id)}"}

    def ask(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        response = self.client.request(method, path.format(me=self.id), json=body, headers=self.headers)
        assert response.status_code == status, (method, path, response.text)
        return response.json()

    def post(self, **body: object) -> str:
        return str(self.ask("POST", "/2/tweets", {"text": "said", **body}, status=201)["data"]["id"])

    def posts(self) -> list[str]:
        return [one["id"] for one in self.ask("GET", "/2/users/{me}/tweets").get("data", [])]

    def metrics(self) -> dict[str, int]:
        counts: dict[str, int] = self.ask("GET", "/2/users/me?user.fields=public_metrics")["data"]["public_metrics"]
        return counts


@pytest.fixture
def people(client: TestClient, network: Network) -> dict[int, Person]:
    return {one: Person(client, network, one) for one in (ALICE, BOB, CAROL, DAVE, ERIN)}


def test_retweets_go_with_the_tweet_and_replies_and_quotes_stay(
    client: TestClient, network: Network, people: dict[int, Person]
) -> None:
    dave, erin, alice = people[DAVE], people[ERIN], people[ALICE]
    before = erin.metrics()["tweet_count"], alice.metrics()["tweet_count"]
    for one in (erin, alice):
        one.ask("POST", "/2/users/{me}/retweets", {"tweet_id": OPENING})
        one.ask("POST", "/2/users/{me}/likes", {"tweet_id": OPENING})
    retweet = erin.posts()[0]
    reply = erin.post(reply={"in_reply_to_tweet_id": OPENING})
    quote = erin.post(quote_tweet_id=OPENING)
    assert dave.ask("DELETE", f"/2/tweets/{OPENING}") == {"data": {"deleted": True}}
    assert erin.posts() == [quote, reply, "1006"]
    assert alice.posts() == []
    assert (erin.metrics()["tweet_count"], alice.metrics()["tweet_count"]) == (before[0] + 2, before[1])
    for one in (OPENING, retweet):
        dave.ask("GET", f"/2/tweets/{one}", status=404)
    assert (
        erin.ask("GET", f"/2/tweets/{quote}?tweet.fields=referenced_tweets")["data"]["referenced_tweets"][0]["id"]
        == OPENING
    )
    network.settle()
    chronological = erin.ask("GET", "/2/users/{me}/timelines/reverse_chronological")["data"]
    assert retweet not in [one["id"] for one in chronological]
    deletions = [one.events for one in network.context.log.read(0, 100) if one.events.table == "deletions"]
    assert sorted(str(one) for batch in deletions for one in batch.columns["tweet_id"].tolist())[0] == OPENING
    assert sum(len(batch) for batch in deletions) == 3


def test_what_was_done_to_a_deleted_tweet_can_be_taken_back_and_not_done_again(people: dict[int, Person]) -> None:
    dave, erin = people[DAVE], people[ERIN]
    erin.ask("POST", "/2/users/{me}/retweets", {"tweet_id": OPENING})
    retweet = erin.posts()[0]
    erin.ask("POST", "/2/users/{me}/likes", {"tweet_id": OPENING})
    dave.ask("DELETE", f"/2/tweets/{OPENING}")
    for target in (OPENING, retweet):
        for _ in range(2):
            assert erin.ask("DELETE", f"/2/users/{{me}}/likes/{target}") == {"data": {"liked": False}}
            assert erin.ask("DELETE", f"/2/users/{{me}}/retweets/{target}") == {"data": {"retweeted": False}}
        for act in ("likes", "retweets"):
            erin.ask("POST", f"/2/users/{{me}}/{act}", {"tweet_id": target}, status=404)
        erin.ask("POST", "/2/tweets", {"text": "x", "quote_tweet_id": target}, status=404)
        erin.ask("POST", "/2/tweets", {"text": "x", "reply": {"in_reply_to_tweet_id": target}}, status=404)
        erin.ask("DELETE", f"/2/tweets/{target}", status=404)
    for act in ("likes", "retweets"):
        erin.ask("DELETE", f"/2/users/{{me}}/{act}/77", status=404)


def test_a_retweet_that_is_deleted_by_its_id_is_undone_and_can_be_made_again(people: dict[int, Person]) -> None:
    erin = people[ERIN]
    for _ in range(2):
        erin.ask("POST", "/2/users/{me}/retweets", {"tweet_id": OPENING})
        assert (
            erin.ask("GET", f"/2/tweets/{OPENING}?tweet.fields=public_metrics")["data"]["public_metrics"][
                "retweet_count"
            ]
            == 1
        )
        erin.ask("DELETE", f"/2/tweets/{erin.posts()[0]}")
        erin.ask("DELETE", f"/2/users/{{me}}/retweets/{OPENING}")
        assert (
            erin.ask("GET", f"/2/tweets/{OPENING}?tweet.fields=public_metrics")["data"]["public_metrics"][
                "retweet_count"
            ]
            == 0
        )


def test_a_restart_lists_no_retweet_of_what_was_deleted(make_network: MakeNetwork, tmp_path: Path) -> None:
    frames = small_frames()
    deletions = pl.concat([frames["deletions"], pl.DataFrame([{"tweet_id": 1002, "time_us": START_US + 10**10}])])
    data = write_small(tmp_path / "data", deletions=deletions)
    network = make_network(data)
    for _ in range(2):
        with TestClient(create_app(network), raise_server_exceptions=False) as client:
            bob = Person(client, network, BOB)
            assert bob.posts() == ["1001"]  # 1005 retweets 1002
            assert bob.metrics()["tweet_count"] == 1
            bob.ask("DELETE", "/2/users/{me}/retweets/1002")
        network.close()
        network = make_network(data)


def test_a_tweet_without_an_author_is_taken_as_any_other(make_network: MakeNetwork, tmp_path: Path) -> None:
    posts = small_frames()["tweets"].with_columns(
        author_id=pl.when(pl.col("tweet_id") == 1003).then(None).otherwise(pl.col("author_id"))
    )
    network = make_network(write_small(tmp_path / "data", tweets=posts))
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        erin = Person(client, network, ERIN)
        for act in ("likes", "retweets"):
            erin.ask("POST", f"/2/users/{{me}}/{act}", {"tweet_id": OPENING})
        erin.post(reply={"in_reply_to_tweet_id": OPENING})
        erin.post(quote_tweet_id=OPENING)
        erin.ask("DELETE", f"/2/tweets/{OPENING}", status=403)
        network.settle()
        erin.ask("GET", "/2/users/{me}/timelines/reverse_chronological")
        for act in ("likes", "retweets"):
            erin.ask("DELETE", f"/2/users/{{me}}/{act}/{OPENING}")
        counts = erin.ask("GET", f"/2/tweets/{OPENING}?tweet.fields=public_metrics")["data"]["public_metrics"]
        assert counts == counts | {"like_count": 0, "retweet_count": 0, "reply_count": 2, "quote_count": 1}
