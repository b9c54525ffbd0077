"""Search over HTTP: for a reader, live, with the column of a fault; users with typos; completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.network import Network
from serving.tweets import service as tweets
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN, START_US, write_small

Get = Callable[..., list[str]]


@pytest.fixture
def network(make_network: MakeNetwork, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Alice mutes Bob, and Dave blocks her."""
    tie = {"time_us": START_US + 1, "ended": False}
    mutes = pl.DataFrame([{"mute_id": 1, "user_id": ALICE, "muted_id": BOB, **tie}])
    blocks = pl.DataFrame([{"block_id": 1, "user_id": DAVE, "blocked_id": ALICE, **tie}])
    return make_network(write_small(tmp_path_factory.mktemp("ties") / "data", mutes=mutes, blocks=blocks))


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def found(client: TestClient, network: Network) -> Get:
    def ids(query: str, user_id: int = CAROL, **params: object) -> list[str]:
        headers = {"Authorization": f"Bearer {network.context.tokens.issue(user_id)}"}
        answer = client.get("/2/tweets/search/recent", params={"query": query, **params}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json().get("data", [])]

    return ids


def test_operators_over_http(found: Get) -> None:
    assert found("#chess") == ["1003", "1001"]
    assert found("from:bob -is:retweet") == ["1001"]
    assert found("is:retweet") == ["1005"]
    assert found("to:dave") == ["1004"]
    assert found("is:verified") == ["1003"]
    assert found("min_faves:1 lang:en") == ["1002", "1001"]
    assert set(found('"takes the bishop" OR leeks')) == {"1001", "1002"}
    assert found("lang:en", end_time="2026-01-05T03:00:00Z") == ["1001"]
    assert found("lang:en", start_time="2026-01-05T07:00:00Z") == ["1006"]
    assert found("away") == []


def test_the_muted_and_the_blocking_are_not_shown(found: Get) -> None:
    assert found("#chess", ALICE) == []
    assert found("nobody", ALICE) == ["1006"]
    assert set(found("nobody", ERIN)) == {"1003", "1006"}
    assert found("#chess", DAVE) == ["1003", "1001"]


def test_a_post_is_found_by_every_operator_and_gone_when_deleted(
    client: TestClient, network: Network, found: Get
) -> None:
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(ERIN)}"}
    body = {"text": "see https://x.org @Dave 東京タワー #Zugzwang", "reply": {"in_reply_to_tweet_id": "1003"}}
    posted = client.post("/2/tweets", json=body, headers=headers).json()["data"]["id"]
    network.settle()
    queries = (
        "has:links",
        "@dave",
        "東京",
        "タワー",
        "#zugzwang",
        "to:dave from:erin",
        "conversation_id:1003 has:hashtags",
    )
    assert {query: posted in found(query) for query in queries} == dict.fromkeys(queries, True)
    liked = client.post(f"/2/users/{ERIN}/likes", json={"tweet_id": posted}, headers=headers)
    assert liked.status_code == 200
    network.settle()
    assert posted in found("min_faves:1")
    client.delete(f"/2/users/{ERIN}/likes/{posted}", headers=headers)
    network.settle()
    assert posted not in found("min_faves:1")
    tags = client.get("/2/search/complete", params={"prefix": "#zug"}, headers=headers).json()["data"]
    assert tags == {"hashtags": [{"tag": "Zugzwang", "tweet_count": 1}], "users": []}
    client.delete(f"/2/tweets/{posted}", headers=headers)
    network.settle()
    assert {query: posted in found(query) for query in queries} == dict.fromkeys(queries, False)
    gone = client.get("/2/search/complete", params={"prefix": "#zug"}, headers=headers).json()["data"]
    assert gone["hashtags"] == []


@pytest.mark.parametrize(
    ("query", "column"), [('bird "open', 6), ("x url:y", 3), ("x since:tomorrow", 9), ("(a OR", 4)]
)
def test_a_fault_is_400_with_its_column(client: TestClient, network: Network, query: str, column: int) -> None:
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(BOB)}"}
    answer = client.get("/2/tweets/search/recent", params={"query": query}, headers=headers)
    assert (answer.status_code, answer.json()["column"]) == (400, column)
    assert f"column {column} " in answer.json()["detail"]


def test_users_by_name_with_typos_and_live(client: TestClient, network: Network) -> None:
    def names(path: str, user_id: int = ERIN, **params: str) -> list[str]:
        headers = {"Authorization": f"Bearer {network.context.tokens.issue(user_id)}"}
        data = client.get(path, params=params, headers=headers).json().get("data", [])
        return [one["username"] for one in (data if isinstance(data, list) else data["users"])]

    assert names("/2/users/search", query="alcie") == ["alice"]
    assert names("/2/users/search", query="dvae") == ["dave"]
    assert names("/2/users/search", ALICE, query="dvae") == []
    assert names("/2/search/complete", prefix="@da") == ["dave"]
    operator = {"Authorization": f"Bearer {network.context.tokens.issue(None, ('operator',))}"}
    made = client.post("/2/users", json={"username": "daria", "name": "Daria Morgendorffer"}, headers=operator)
    assert made.status_code == 201
    network.settle()
    assert names("/2/search/complete", prefix="da") == ["dave", "daria"]
    assert names("/2/users/search", query="morgendorfer") == ["daria"]


def test_counts_over_time(client: TestClient, network: Network) -> None:
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(ALICE)}"}

    def counted(**params: str) -> tuple[int, list[tuple[str, str, int]]]:
        answer = client.get("/2/tweets/counts/recent", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        rows = [(one["start"][5:16], one["end"][5:16], one["tweet_count"]) for one in answer.json()["data"]]
        return answer.json()["meta"]["total_tweet_count"], rows

    total, rows = counted(query="lang:en", start_time="2026-01-05T02:30:00Z", end_time="2026-01-05T05:00:00Z")
    # Those of people whom Alice mutes or who block her count, too.
    assert (total, rows) == (
        2, [("01-05T02:30", "01-05T03:00", 0), ("01-05T03:00", "01-05T04:00", 1), ("01-05T04:00", "01-05T05:00", 1)]
    )  # fmt: skip
    total, rows = counted(query="lang:en")
    assert (total, len(rows), sum(one[2] for one in rows)) == (6, 7 * 24 + 1, 6)
    by_day = counted(query="lang:en", granularity="day")[1]
    assert (len(by_day), by_day[-1][0][-5:], by_day[-2][0][-5:]) == (8, "00:00", "00:00")
    minutes = {"granularity": "minute", "start_time": "2026-01-05T02:00:00Z", "end_time": "2026-01-05T02:02:00Z"}
    assert counted(query="rook", **minutes) == (
        1,
        [("01-05T02:00", "01-05T02:01", 1), ("01-05T02:01", "01-05T02:02", 0)],
    )
    assert counted(query="rook", since_id="1001", **minutes)[0] == 0
    network.context.write_now(lambda tx: tweets.post(tx, BOB, "another rook"))
    network.settle()
    assert counted(query="rook")[0] == 2
    for params, named in (
        ({"query": '"open'}, "column"),
        ({"query": "rook", "start_time": minutes["end_time"], "end_time": minutes["start_time"]}, "start_time"),
        ({"query": "rook", "granularity": "minute", "start_time": "0001-01-01T00:00:00Z"}, "granularity"),
        ({"query": "rook", "granularity": "second"}, "granularity"),
    ):
        answer = client.get("/2/tweets/counts/recent", params=params, headers=headers)
        assert (answer.status_code, named in answer.text) == (400, True), answer.text
