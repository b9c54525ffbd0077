"""Tweets, accounts and their lists in the shapes of API v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from serving.app import create_app
from serving.graph import service as graph
from serving.network import Network
from serving.tweets import service
from tests.serving.described import DescribedClient
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

Get = Callable[..., dict[str, Any]]


@contextmanager
def as_alice(network: Network) -> Iterator[DescribedClient]:
    with DescribedClient(create_app(network), raise_server_exceptions=False) as made:
        made.headers["Authorization"] = f"Bearer {network.context.tokens.issue(ALICE)}"
        yield made


def getter(client: DescribedClient) -> Get:
    def body(path: str, **params: object) -> dict[str, Any]:
        named = {name.replace("__", "."): str(value) for name, value in params.items()}
        answer = client.get(path, params=named)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return body


@pytest.fixture
def client(network: Network) -> Iterator[DescribedClient]:
    with as_alice(network) as made:
        yield made


@pytest.fixture
def get(client: DescribedClient) -> Get:
    return getter(client)


@pytest.fixture(scope="module")
def read(read_network: Network) -> Iterator[Get]:
    """Asks a network that nobody writes to."""
    with as_alice(read_network) as made:
        yield getter(made)


def ids(body: dict[str, Any]) -> list[str]:
    return [one["id"] for one in body.get("data", [])]


def test_a_tweet_has_the_default_fields_and_those_asked_for(read: Get) -> None:
    default = {"id": "1004", "text": "I play it in every game", "edit_history_tweet_ids": ["1004"]}
    assert read("/2/tweets/1004") == {"data": default}
    fields = ("author_id,conversation_id,created_at,entities,in_reply_to_user_id,lang,public_metrics,referenced_tweets,"
              "reply_settings,id,text")  # fmt: skip
    assert read("/2/tweets/1004", tweet__fields=fields) == {
        "data": default
        | {
            "author_id": str(CAROL),
            "created_at": "2026-01-05T05:00:00.000Z",
            "in_reply_to_user_id": str(DAVE),
            "lang": "en",
            "referenced_tweets": [{"type": "replied_to", "id": "1003"}],
            "reply_settings": "everyone",
            "public_metrics": {
                "retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0, "bookmark_count": 0,
                "impression_count": 0,
            },
        }
    }  # fmt: skip


def test_entities_have_their_places(get: Get, network: Network) -> None:
    text = "see @Dave and @nobody, #Zugzwang at https://x.org/a $ABC"
    row = network.context.write_now(lambda tx: service.post(tx, BOB, text))
    body = get(f"/2/tweets/{row['tweet_id']}", tweet__fields="entities")
    found = body["data"]["entities"]
    for kind in ("hashtags", "cashtags", "mentions", "urls"):
        for one in found[kind]:
            shown = text[one["start"] : one["end"]]
            assert shown.lstrip("@#$") == one.get("tag", one.get("username", one.get("url")))
    assert [(one["username"], one.get("id")) for one in found["mentions"]] == [("Dave", str(DAVE)), ("nobody", None)]
    assert "includes" not in body
    expanded = get(f"/2/tweets/{row['tweet_id']}", expansions="entities.mentions.username")
    assert [one["username"] for one in expanded["includes"]["users"]] == ["dave"]
    assert expanded["data"]["entities"] == found


def test_impressions_are_counted(get: Get, client: DescribedClient, network: Network) -> None:
    shown = ids(get(f"/2/users/{ALICE}/timeline"))
    network.settle()
    body = get("/2/tweets", ids=",".join(["1006", *shown]), tweet__fields="public_metrics")
    counts = {one["id"]: one["public_metrics"]["impression_count"] for one in body["data"]}
    assert counts == {"1006": 0} | dict.fromkeys(shown, 1)


def test_an_account_has_the_default_fields_and_those_asked_for(read: Get) -> None:
    default = {"id": str(ALICE), "name": "Alice", "username": "alice"}
    for path in (f"/2/users/{ALICE}", "/2/users/by/username/alice", "/2/users/me"):
        assert read(path) == {"data": default}
        fields = "created_at,protected,public_metrics,verified,pinned_tweet_id,location"
        assert read(path, user__fields=fields, expansions="pinned_tweet_id", tweet__fields="lang") == {
            "data": default
            | {
                "created_at": "2026-01-05T00:00:00.000Z",
                "protected": False,
                "verified": False,
                "public_metrics": {
                    "followers_count": 0, "following_count": 3, "tweet_count": 0, "listed_count": 0, "like_count": 2,
                },
            }
        }  # fmt: skip


def test_likes_given_are_counted_and_taken_back(get: Get, client: DescribedClient) -> None:
    def likes() -> int:
        count: int = get("/2/users/me", user__fields="public_metrics")["data"]["public_metrics"]["like_count"]
        return count

    path, given = f"/2/users/{ALICE}/likes", []
    for _ in range(2):
        client.post(path, json={"tweet_id": "1003"})
        given.append(likes())
    for _ in range(2):
        client.delete(f"{path}/1003")
        given.append(likes())
    assert given == [3, 3, 2, 2]


def test_expansions_include_what_tweets_refer_to_once(read: Get) -> None:
    body = read("/2/tweets", ids="1001,1004,1005", expansions="author_id,referenced_tweets.id,in_reply_to_user_id")
    assert [one["author_id"] for one in body["data"]] == [str(BOB), str(CAROL), str(BOB)]
    assert [one["id"] for one in body["includes"]["tweets"]] == ["1003", "1002"]
    assert [one["username"] for one in body["includes"]["users"]] == ["bob", "carol", "dave"]
    assert body["data"][1]["in_reply_to_user_id"] == str(DAVE)
    assert "errors" not in body
    authors = read("/2/tweets/1005", expansions="referenced_tweets.id.author_id", user__fields="verified")
    assert authors["includes"]["users"] == [{"id": str(CAROL), "name": "Carol", "username": "carol", "verified": False}]
    assert [one["id"] for one in authors["includes"]["tweets"]] == ["1002"]
    itself = read("/2/tweets/1001", expansions="edit_history_tweet_ids", tweet__fields="lang")
    assert itself["includes"]["tweets"] == [itself["data"]]


def test_what_a_tweet_refers_to_and_is_gone_stands_in_errors(get: Get, network: Network) -> None:
    network.context.write_now(lambda tx: service.delete(tx, DAVE, 1003))
    body = get("/2/tweets/1004", expansions="referenced_tweets.id,in_reply_to_user_id")
    assert body["data"]["in_reply_to_user_id"] == str(DAVE)
    assert "tweets" not in body["includes"]
    assert body["errors"] == [
        {
            "type": "https://api.twitter.com/2/problems/resource-not-found",
            "title": "Not Found Error",
            "detail": "Could not find tweet with referenced_tweets.id: [1003].",
            "value": "1003",
            "parameter": "referenced_tweets.id",
            "resource_type": "tweet",
            "resource_id": "1003",
            "section": "includes",
        }
    ]


def test_look_ups_of_several_say_what_is_not_there(read: Get) -> None:
    body = read("/2/users", ids=f"{DAVE},77,{ALICE}", user__fields="verified")
    assert ids(body) == [str(DAVE), str(ALICE)]
    assert [(one["parameter"], one["resource_id"]) for one in body["errors"]] == [("ids", "77")]
    named = read("/2/users/by", usernames="DAVE,nobody,alice")
    assert ids(named) == [str(DAVE), str(ALICE)]
    assert [(one["parameter"], one["resource_id"]) for one in named["errors"]] == [("usernames", "nobody")]
    assert read("/2/tweets", ids="55").keys() == {"errors"}


def test_a_home_timeline_includes_what_is_asked_for(get: Get) -> None:
    body = get(f"/2/users/{ALICE}/timeline", expansions="author_id,referenced_tweets.id", tweet__fields="lang")
    assert {one["id"] for one in body["includes"]["users"]} == {one["author_id"] for one in body["data"]}
    assert [one["id"] for one in body["includes"]["tweets"]] == ["1003"]


def test_a_users_tweets_come_in_pages_both_ways(get: Get, network: Network) -> None:
    rows = network.context.write_now(lambda tx: [service.post(tx, ERIN, f"tweet {one}") for one in range(11)])
    expected = [str(row["tweet_id"]) for row in reversed(rows)] + ["1006"]
    path = f"/2/users/{ERIN}/tweets"
    first = get(path, max_results=5)
    second = get(path, max_results=5, pagination_token=first["meta"]["next_token"])
    third = get(path, max_results=5, pagination_token=second["meta"]["next_token"])
    assert ids(first) + ids(second) + ids(third) == expected
    assert "previous_token" not in first["meta"]
    assert "next_token" not in third["meta"]
    assert first["meta"] | {"next_token": ""} == {
        "result_count": 5, "newest_id": expected[0], "oldest_id": expected[4], "next_token": "",
    }  # fmt: skip
    back = get(path, max_results=5, pagination_token=third["meta"]["previous_token"])
    assert ids(back) == ids(second)
    start = get(path, max_results=5, pagination_token=back["meta"]["previous_token"])
    assert ids(start) == ids(first)
    assert ids(get(path, max_results=5, pagination_token=start["meta"]["next_token"])) == ids(second)
    new = network.context.write_now(lambda tx: service.post(tx, ERIN, "one more"))
    again = get(path, max_results=5, pagination_token=second["meta"]["previous_token"])
    assert ids(again) == ids(first)
    before = get(path, max_results=5, pagination_token=again["meta"]["previous_token"])
    assert ids(before) == [str(new["tweet_id"])]
    empty = get(path, max_results=5, pagination_token=before["meta"]["previous_token"]) if (
        "previous_token" in before["meta"]) else {}  # fmt: skip
    assert ids(empty) == []


def test_an_empty_page_leads_back(get: Get, network: Network) -> None:
    rows = network.context.write_now(lambda tx: [service.post(tx, ERIN, f"tweet {one}") for one in range(10)])
    path = f"/2/users/{ERIN}/tweets"
    first = get(path, max_results=5)
    second = get(path, max_results=5, pagination_token=first["meta"]["next_token"])
    third = get(path, max_results=5, pagination_token=second["meta"]["next_token"])
    assert ids(third) == ["1006"]
    network.context.write_now(lambda tx: service.delete(tx, ERIN, 1006))
    gone = get(path, max_results=5, pagination_token=second["meta"]["next_token"])
    assert ids(gone) == []
    back = get(path, max_results=5, pagination_token=gone["meta"]["previous_token"])
    assert ids(back) == [str(row["tweet_id"]) for row in reversed(rows[:5])]


def test_followers_come_in_pages_both_ways(get: Get, network: Network) -> None:
    network.context.write_now(lambda tx: [graph.follow(tx, one, DAVE) for one in (BOB, ERIN)])
    path, found = f"/2/users/{DAVE}/followers", []
    page = get(path, max_results=1)
    while True:
        found += [one["username"] for one in page["data"]]
        if "next_token" not in page["meta"]:
            break
        page = get(path, max_results=1, pagination_token=page["meta"]["next_token"])
    assert found == ["erin", "bob", "carol", "alice"]
    back: list[str] = []
    while "previous_token" in page["meta"]:
        page = get(path, max_results=1, pagination_token=page["meta"]["previous_token"])
        back += [one["username"] for one in page["data"]]
    assert back == ["carol", "bob", "erin"]


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ({"since_id": 1001}, ["1005"]),
        ({"until_id": 1005}, ["1001"]),
        ({"since_id": 1001, "until_id": 1005}, []),
        ({"start_time": "2026-01-05T02:00:00Z"}, ["1005", "1001"]),
        ({"start_time": "2026-01-05T02:00:00.001Z"}, ["1005"]),
        ({"end_time": "2026-01-05T06:00:00Z"}, ["1001"]),
        ({"end_time": "2026-01-05T07:00:00+01:00"}, ["1001"]),
        ({"exclude": "retweets"}, ["1001"]),
        ({"exclude": "replies,retweets"}, ["1001"]),
    ],
)
def test_a_window_of_a_users_tweets(read: Get, window: dict[str, object], found: list[str]) -> None:
    assert ids(read(f"/2/users/{BOB}/tweets", **window)) == found


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ({}, ["1005", "1004", "1003", "1002", "1001"]),
        ({"since_id": 1002}, ["1005", "1004", "1003"]),
        ({"until_id": 1003}, ["1002", "1001"]),
        ({"start_time": "2026-01-05T04:00:00Z", "end_time": "2026-01-05T06:00:00Z"}, ["1004", "1003"]),
        ({"exclude": "replies"}, ["1005", "1003", "1002", "1001"]),
        ({"exclude": "replies,retweets", "since_id": 1001}, ["1003", "1002"]),
    ],
)
def test_a_window_of_the_home_timeline(read: Get, window: dict[str, object], found: list[str]) -> None:
    path = f"/2/users/{ALICE}/timelines/reverse_chronological"
    body = read(path, **window)
    assert ids(body) == found
    one_by_one, token = [], {}
    while True:
        page = read(path, max_results=1, **window, **token)
        one_by_one += ids(page)
        if "next_token" not in page["meta"]:
            break
        token = {"pagination_token": page["meta"]["next_token"]}
    assert one_by_one == found


def test_a_search_is_newest_first_in_pages_that_stay_whole(get: Get, network: Network) -> None:
    rows = network.context.write_now(lambda tx: [service.post(tx, BOB, f"rook {one} rook") for one in range(24)])
    network.settle()
    expected = [str(row["tweet_id"]) for row in reversed(rows)] + ["1001"]
    path, found, token = "/2/tweets/search/recent", list[str](), {}
    while True:
        page = get(path, query="rook", max_results=10, **token)
        found += ids(page)
        network.context.write_now(lambda tx: service.post(tx, BOB, "another rook"))
        network.settle()
        if "next_token" not in page["meta"]:
            break
        token = {"pagination_token" if len(found) > 10 else "next_token": page["meta"]["next_token"]}
    assert found == expected
    newest = get(path, query="rook", max_results=10, since_id=expected[0])
    assert len(ids(newest)) == 3
    assert newest["meta"]["newest_id"] == ids(newest)[0]
    assert ids(get(path, query="rook", max_results=10, until_id=rows[0]["tweet_id"])) == ["1001"]


def test_a_search_by_relevance_has_pages(get: Get, client: DescribedClient, network: Network) -> None:
    texts = [f"rook {'bishop ' * (one % 3)}{one}" for one in range(24)]
    network.context.write_now(lambda tx: [service.post(tx, BOB, text) for text in texts])
    network.settle()
    path, query = "/2/tweets/search/recent", {"query": "rook", "sort_order": "relevancy", "mode": "text"}
    whole = ids(get(path, max_results=100, **query))
    assert len(whole) == 25
    assert whole != sorted(whole, key=int, reverse=True)
    first = get(path, max_results=10, **query)
    network.context.write_now(lambda tx: service.post(tx, BOB, "rook"))
    network.settle()
    second = get(path, max_results=10, next_token=first["meta"]["next_token"], **query)
    third = get(path, max_results=10, next_token=second["meta"]["next_token"], **query)
    assert len(set(ids(first) + ids(second) + ids(third))) == 25
    assert set(ids(first) + ids(second) + ids(third)) == set(whole)
    other = client.get(path, params={"query": "bishop", "next_token": first["meta"]["next_token"]})
    assert (other.status_code, other.json()["type"]) == (400, "urn:rookery:problem:bad-cursor")


def test_people_are_found_in_pages(read: Get) -> None:
    whole = read("/2/users/search", query="a")
    pages, token = [], {}
    while True:
        page = read("/2/users/search", query="a", max_results=1, **token)
        pages += ids(page)
        if "next_token" not in page["meta"]:
            break
        token = {"next_token": page["meta"]["next_token"]}
    assert pages == ids(whole) != []


def test_trends_have_the_fields_asked_for(get: Get, network: Network) -> None:
    network.context.write_now(lambda tx: [service.post(tx, one, "a #Rook") for one in (ALICE, BOB, CAROL, DAVE)])
    network.settle()
    assert get("/2/trends/by/woeid/1")["data"] == [{"trend_name": "#Rook", "tweet_count": 4}]
    more = get("/2/trends/by/woeid/1", trend__fields="trend_name,people,kind")["data"]
    assert more == [{"trend_name": "#Rook", "people": 4, "kind": "hashtag"}]
