"""What a block ends and forbids, over HTTP, whichever of the two blocks, from a data set or begun here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest
from fastapi.testclient import TestClient

from data.events import HOUR_US
from serving.app import create_app
from serving.graph import service as graph
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.older_database import make_older
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, START_US, write_small

BY_BOB, BY_CAROL, RETWEET_OF_CAROL_BY_BOB = "1001", "1002", "1005"


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        yield made


def as_user(network: Network, user_id: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {network.context.tokens.issue(user_id)}"}


def acts(user_id: int, other: int, tweet_id: str) -> dict[str, tuple[str, str, dict[str, object] | None]]:
    """What `user_id` may want to do to `other`, who posted `tweet_id`: by name, in the order to try it."""
    own = f"/2/users/{user_id}"
    return {
        "follow": ("POST", f"{own}/following", {"target_user_id": str(other)}),
        "like": ("POST", f"{own}/likes", {"tweet_id": tweet_id}),
        "retweet": ("POST", f"{own}/retweets", {"tweet_id": tweet_id}),
        "reply": ("POST", "/2/tweets", {"text": "so?", "reply": {"in_reply_to_tweet_id": tweet_id}}),
        "quote": ("POST", "/2/tweets", {"text": "see", "quote_tweet_id": tweet_id}),
    }


def undos(user_id: int, other: int, tweet_id: str) -> dict[str, str]:
    own = f"/2/users/{user_id}"
    return {
        "follow": f"{own}/following/{other}",
        "like": f"{own}/likes/{tweet_id}",
        "retweet": f"{own}/retweets/{tweet_id}",
    }


def tried(client: TestClient, network: Network, user_id: int, other: int, tweet_id: str) -> dict[str, httpx.Response]:
    headers = as_user(network, user_id)
    return {
        name: client.request(method, path, json=body, headers=headers)
        for name, (method, path, body) in acts(user_id, other, tweet_id).items()
    }


def figures(client: TestClient, network: Network) -> list[object]:
    """All that an act that was refused must not have changed."""
    headers = as_user(network, DAVE)
    tweets = client.get("/2/tweets?ids=1001,1002&tweet.fields=public_metrics", headers=headers).json()["data"]
    people = client.get("/2/users?ids=101,102,103&user.fields=public_metrics", headers=headers).json()["data"]
    return [*(one["public_metrics"] for one in tweets + people), network.context.log.end()]


@pytest.mark.parametrize("blocker", [DAVE, BOB])
def test_neither_of_two_acts_on_the_other_while_a_block_stands(
    client: TestClient, network: Network, blocker: int
) -> None:
    blocked = BOB if blocker == DAVE else DAVE
    network.context.write_now(lambda tx: graph.block(tx, blocker, blocked))
    before = figures(client, network)
    for name, response in tried(client, network, DAVE, BOB, BY_BOB).items():
        assert response.status_code == 403, (name, response.text)
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert body["type"] == "urn:rookery:problem:blocked", name
        assert f"user {blocker} blocks user {blocked}" in body["detail"]
    assert figures(client, network) == before
    # A block is about two people alone: what the other retweeted is somebody else's.
    liked = client.post(
        f"/2/users/{DAVE}/likes", json={"tweet_id": RETWEET_OF_CAROL_BY_BOB}, headers=as_user(network, DAVE)
    )
    assert liked.status_code == 200
    network.context.write_now(lambda tx: graph.unblock(tx, blocker, blocked))
    for name, response in tried(client, network, DAVE, BOB, BY_BOB).items():
        assert response.status_code in (200, 201), (name, response.text)


def test_a_block_ends_follows_both_ways_and_no_unblock_brings_them_back(client: TestClient, network: Network) -> None:
    headers = as_user(network, DAVE)
    back = client.post(f"/2/users/{BOB}/following", json={"target_user_id": str(ALICE)}, headers=as_user(network, BOB))
    assert back.status_code == 200

    def follows(user_id: int) -> tuple[list[str], dict[str, int]]:
        listed = client.get(f"/2/users/{user_id}/following", headers=headers).json().get("data", [])
        shown = client.get(f"/2/users/{user_id}?user.fields=public_metrics", headers=headers).json()["data"]
        return [one["username"] for one in listed], shown["public_metrics"]

    assert follows(ALICE)[0] == ["dave", "carol", "bob"]
    assert follows(BOB)[0] == ["alice"]
    for _ in range(2):
        network.context.write_now(lambda tx: graph.block(tx, BOB, ALICE))
        names, counts = follows(ALICE)
        assert (names, counts["following_count"], counts["followers_count"]) == (["dave", "carol"], 2, 0)
        names, counts = follows(BOB)
        assert (names, counts["following_count"], counts["followers_count"]) == ([], 0, 0)
    network.settle()
    home = client.get(f"/2/users/{ALICE}/timelines/reverse_chronological", headers=as_user(network, ALICE)).json()
    assert BY_BOB not in [one["id"] for one in home["data"]]
    for _ in range(2):
        network.context.write_now(lambda tx: graph.unblock(tx, BOB, ALICE))
    assert follows(ALICE)[0] == ["dave", "carol"]
    # Taking back ends once: two blocks, two unblocks, one event of each, and one of each follow that ended.
    names = [one.events.table for one in network.context.log.read(0, 100)]
    assert (names.count("blocks"), names.count("follows")) == (2, 3)


def test_what_was_done_before_a_block_can_be_taken_back(client: TestClient, network: Network) -> None:
    done = tried(client, network, ALICE, BOB, BY_BOB)
    network.context.write_now(lambda tx: graph.block(tx, BOB, ALICE))
    headers = as_user(network, ALICE)
    for path in undos(ALICE, BOB, BY_BOB).values():
        for _ in range(2):
            assert client.delete(path, headers=headers).status_code == 200
    for name in ("reply", "quote"):
        assert client.delete(f"/2/tweets/{done[name].json()['data']['id']}", headers=headers).status_code == 200
    counts = client.get(f"/2/tweets/{BY_BOB}?tweet.fields=public_metrics", headers=headers).json()["data"][
        "public_metrics"
    ]
    assert (counts["like_count"], counts["retweet_count"], counts["reply_count"], counts["quote_count"]) == (0, 0, 0, 0)


@pytest.fixture
def blocked_data(tmp_path: Path) -> Callable[..., object]:
    def made(*rows: tuple[int, int, bool]) -> object:
        frame = pl.DataFrame([
            {"block_id": 900 + i, "time_us": START_US + (10 + i) * HOUR_US, "user_id": user, "blocked_id": other,
             "ended": ended}
            for i, (user, other, ended) in enumerate(rows)
        ])  # fmt: skip
        return write_small(tmp_path / "blocked", blocks=frame)

    return made


def test_blocks_of_a_data_set_stand_also_after_a_restart(
    make_network: MakeNetwork, blocked_data: Callable[..., object]
) -> None:
    data = blocked_data((BOB, DAVE, False), (CAROL, DAVE, False), (CAROL, DAVE, True))
    network = make_network(data)
    for _ in range(2):
        with TestClient(create_app(network), raise_server_exceptions=False) as client:
            answers = tried(client, network, DAVE, BOB, BY_BOB)
            assert {one.status_code for one in answers.values()} == {403}
            answers = tried(client, network, DAVE, CAROL, BY_CAROL)
            assert {one.status_code for one in answers.values()} <= {200, 201}
        network.close()
        network = make_network(data)


def test_a_database_from_before_blocks_were_kept_gets_those_of_its_data_set(
    make_network: MakeNetwork, blocked_data: Callable[..., object]
) -> None:
    network = make_network(blocked_data((BOB, DAVE, False)))
    network.close()
    make_older(network.context.database.path, "2")
    network = make_network()
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        answers = tried(client, network, DAVE, BOB, BY_BOB)
        assert {one.status_code for one in answers.values()} == {403}


def test_only_people_with_an_account_block_others_with_one(network: Network) -> None:
    from serving.kit.problems import ProblemError

    for user_id, other, status in ((ALICE, ALICE, 400), (999, ALICE, 403), (ALICE, 999, 404)):
        with pytest.raises(ProblemError) as error:
            network.context.write_now(lambda tx, a=user_id, b=other: graph.block(tx, a, b))
        assert error.value.status == status
