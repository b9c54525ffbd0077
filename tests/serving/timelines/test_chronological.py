"""The timeline in reverse chronological order against a plain list of what was posted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient

from data.dataset import Dataset
from serving.app import create_app
from serving.events.outbox import Transaction, event
from serving.fanout.config import FanoutConfig
from serving.network import Network
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

PATH = f"/2/users/{ALICE}/timelines/reverse_chronological"


@pytest.fixture
def busy(make_network: MakeNetwork, small: Dataset) -> Network:
    """Everybody posts in turn, with lists of fan-out that hold far less than that."""
    network = make_network(small, fanout=FanoutConfig(settings={"push_below": 2, "pull_from": 3}, capacity=8))
    rng = np.random.default_rng(4)

    def posts(tx: Transaction) -> None:
        own = [1001]
        for one, author in enumerate(rng.choice([ALICE, BOB, CAROL, DAVE, ERIN], 60).tolist()):
            about = own[int(rng.integers(len(own)))]
            way = one % 4
            if way == 3:
                service.retweet(tx, author, about)
                continue
            row = service.post(
                tx, author, f"tweet {one}", reply_to=about if way == 1 else None, quotes=about if way == 2 else None
            )
            own.append(int(row["tweet_id"]))

    network.context.write_now(posts)
    network.settle()
    return network


@pytest.fixture
def client(busy: Network) -> Iterator[TestClient]:
    with TestClient(create_app(busy)) as one:
        one.headers["Authorization"] = f"Bearer {busy.context.tokens.issue(ALICE)}"
        yield one


def everything(client: TestClient) -> list[str]:
    """Alice's own posts and those of Bob, Carol and Dave, whom she follows: by their user timelines."""
    found: list[str] = []
    for user in (ALICE, BOB, CAROL, DAVE):
        found += [one["id"] for one in client.get(f"/2/users/{user}/tweets?max_results=100").json()["data"]]
    return sorted(found, key=int, reverse=True)


def pages(client: TestClient, size: int, path: str = PATH, **query: str) -> tuple[list[list[str]], list[str]]:
    """All pages by `next_token`, and every `previous_token`."""
    out, back, token = list[list[str]](), list[str](), None
    while True:
        asked = query | {"max_results": str(size)} | ({} if token is None else {"pagination_token": token})
        body = client.get(path, params=asked).json()
        meta = body["meta"]
        out.append([one["id"] for one in body["data"]])
        if "previous_token" in meta:
            back.append(meta["previous_token"])
        assert (meta["newest_id"], meta["oldest_id"]) == (out[-1][0], out[-1][-1])
        if "next_token" not in meta:
            return out, back
        token = meta["next_token"]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_it_is_what_was_posted_newest_first_in_pages_both_ways(client: TestClient, size: int) -> None:
    expected = everything(client)
    assert len(expected) > 40
    found, back = pages(client, size)
    assert [one for page in found for one in page] == expected
    assert len(back) == len(found) - 1  # the first page has nothing before it
    for page, token in zip(found, back, strict=False):
        body = client.get(PATH, params={"max_results": size, "pagination_token": token}).json()
        assert [one["id"] for one in body["data"]] == page
    assert pages(client, size, f"/2/users/{ALICE}/timeline", algorithm="reverse_chronological")[0] == found


def test_new_posts_come_by_the_previous_token_and_pages_stay_whole(client: TestClient, busy: Network) -> None:
    first = client.get(PATH, params={"max_results": 5}).json()
    second = client.get(PATH, params={"max_results": 5, "pagination_token": first["meta"]["next_token"]}).json()
    new = busy.context.write_now(lambda tx: service.post(tx, BOB, "just now"))["tweet_id"]
    last_seen = int(first["data"][-1]["id"])
    author = int(client.get(f"/2/tweets/{last_seen}?tweet.fields=author_id").json()["data"]["author_id"])
    busy.context.write_now(lambda tx: service.delete(tx, author, last_seen))
    busy.settle()
    again = client.get(PATH, params={"max_results": 5, "pagination_token": first["meta"]["next_token"]}).json()
    assert again["data"] == second["data"]
    before = client.get(PATH, params={"max_results": 5, "pagination_token": second["meta"]["previous_token"]}).json()
    kept = [one["id"] for one in first["data"][:-1]]
    assert [one["id"] for one in before["data"]] == [str(new), *kept]
    assert "previous_token" not in before["meta"]


def test_what_mutes_and_blocks_hide_is_not_there(client: TestClient, busy: Network) -> None:
    # Alice mutes Dave; Carol blocks her. Neither they nor retweets, quotes and replies of theirs are shown.
    one = {"time_us": busy.context.call(busy.context.now_us), "ended": False}
    mute = event("mutes", mute_id=1, user_id=ALICE, muted_id=DAVE, **one)
    block = event("blocks", block_id=1, user_id=CAROL, blocked_id=ALICE, **one)
    busy.context.write_now(lambda tx: [tx.emit(mute), tx.emit(block)])
    busy.settle()
    found = [one for page in pages(client, 9)[0] for one in page]
    hidden = {DAVE, CAROL}

    def authors(tweet_id: str, *, quoted: bool = True) -> set[int]:
        """Of a tweet, of what it retweets or answers and so on, and of what it or its original quotes."""
        tweet = client.get(f"/2/tweets/{tweet_id}?tweet.fields=author_id,referenced_tweets").json()["data"]
        found = {int(tweet["author_id"])}
        for about in tweet.get("referenced_tweets", []):
            if about["type"] != "quoted":
                found |= authors(about["id"], quoted=quoted and about["type"] == "retweeted")
            elif quoted:
                found.add(
                    int(client.get(f"/2/tweets/{about['id']}?tweet.fields=author_id").json()["data"]["author_id"])
                )
        return found

    for tweet_id in everything(client):
        assert (tweet_id in found) == (not authors(tweet_id) & hidden), tweet_id


def test_a_reader_of_nobody_has_an_empty_page(client: TestClient, busy: Network) -> None:
    headers = {"Authorization": f"Bearer {busy.context.tokens.issue(ERIN)}"}
    own = client.get(f"/2/users/{ERIN}/tweets?max_results=100", headers=headers).json()["data"]
    path = f"/2/users/{ERIN}/timelines/reverse_chronological"
    assert client.get(path, headers=headers, params={"max_results": 100}).json()["data"] == own
    refused = client.get(path, headers=headers, params={"pagination_token": "AAAA"})
    assert (refused.status_code, refused.json()["type"]) == (400, "urn:rookery:problem:bad-cursor")
