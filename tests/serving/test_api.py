"""The API as its callers see it: shapes, rules, errors."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest
from fastapi.testclient import TestClient

from data.dataset import Dataset
from serving.app import create_app
from serving.auth.scopes import BY_ROUTE
from serving.auth.tokens import Tokens
from serving.network import Network
from serving.ops.service import stats
from tests.serving.conftest import MakeNetwork
from tests.serving.described import DescribedClient
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

As = Callable[[int | None], dict[str, str]]


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with DescribedClient(create_app(network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def act_as(network: Network) -> Callable[..., dict[str, str]]:
    def headers(user_id: int | None, *scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {network.context.tokens.issue(user_id, scopes)}"}

    return headers


def problem(response: httpx.Response, status: int, *said: str) -> dict[str, object]:
    """Checks that the answer is a whole Problem document that says what it must and leaks nothing."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body.keys() >= {"type", "title", "status", "detail", "instance", "request_id"}
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    for part in said:
        assert part in str(body["detail"]), body["detail"]
    assert "Traceback" not in response.text
    assert ".py" not in response.text
    return body


def test_open_routes_need_no_token(client: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200, path


READS = [
    "/2/tweets/1001", "/2/tweets?ids=1001", "/2/users/101", "/2/users?ids=101", "/2/users/by/username/alice",
    "/2/users/101/tweets", "/2/users/101/followers", "/2/users/101/following",
    "/2/tweets/search/recent?query=soup&mode=text", "/2/trends/by/woeid/1", "/v1/network",
]  # fmt: skip
ACTS = [
    ("POST", "/2/tweets", {"text": "x"}),
    ("DELETE", "/2/tweets/1001", None),
    ("GET", "/2/users/me", None),
    ("POST", "/2/users/101/likes", {"tweet_id": "1001"}),
    ("DELETE", "/2/users/101/likes/1001", None),
    ("POST", "/2/users/101/retweets", {"tweet_id": "1001"}),
    ("DELETE", "/2/users/101/retweets/1001", None),
    ("POST", "/2/users/101/following", {"target_user_id": "105"}),
    ("DELETE", "/2/users/101/following/105", None),
    ("GET", "/2/users/101/timeline", None),
    ("GET", "/2/users/101/timelines/reverse_chronological", None),
    ("GET", "/2/users/101/follow_suggestions", None),
]


def test_reads_take_any_valid_token(client: TestClient, act_as: As) -> None:
    for path in READS:
        problem(client.get(path), 401, "rookery token --user ID")
        assert client.get(path, headers=act_as(None)).status_code == 200, path


def test_acts_take_a_users_token(client: TestClient, act_as: As) -> None:
    for method, path, body in ACTS:
        problem(client.request(method, path, json=body), 401, "rookery token --user ID")
        problem(client.request(method, path, json=body, headers=act_as(None)), 403, "rookery token --user ID")


def test_nobody_acts_for_another(client: TestClient, act_as: As) -> None:
    for method, path, body in ACTS:
        if "/users/101" in path:
            problem(client.request(method, path, json=body, headers=act_as(BOB)), 403, "acts as user 102, not 101")


def test_services_and_operators_need_their_scopes(client: TestClient, act_as: Callable[..., dict[str, str]]) -> None:
    rank, user = {"user_id": "101", "tweet_ids": ["1001"]}, {"username": "frank"}
    for path, body, scope in (("/v1/rank", rank, "rank"), ("/2/users", user, "operator")):
        problem(client.post(path, json=body), 401)
        problem(client.post(path, json=body, headers=act_as(ALICE)), 403, scope)
        other = {"rank": "operator", "operator": "rank"}[scope]
        problem(client.post(path, json=body, headers=act_as(None, other)), 403, scope)
        assert client.post(path, json=body, headers=act_as(None, scope)).status_code in (200, 201)


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer nonsense", "Basic YWxpY2U6", "Bearer " + Tokens(b"t" * 48).issue(ALICE)]
)
def test_a_wrong_token_is_refused(client: TestClient, header: str) -> None:
    response = client.get("/2/tweets/1001", headers={"Authorization": header})
    problem(response, 401, "rookery token --user ID")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_some_of_the_tweets_asked_for_are_gone(client: TestClient, act_as: As) -> None:
    body = client.get("/2/tweets?ids=1003,1007,55,1001", headers=act_as(ALICE)).json()
    assert [one["id"] for one in body["data"]] == ["1003", "1001"]
    assert [one["resource_id"] for one in body["errors"]] == ["1007", "55"]


def test_a_tweet_reaches_its_followers(client: TestClient, network: Network, act_as: As) -> None:
    posted = client.post("/2/tweets", json={"text": "fresh leeks"}, headers=act_as(CAROL))
    assert posted.status_code == 201
    tweet_id = posted.json()["data"]["id"]
    network.settle()
    home = client.get("/2/users/101/timeline", headers=act_as(ALICE)).json()
    assert home["data"][0]["id"] == tweet_id
    assert home["data"][0]["text"] == "fresh leeks"
    found = client.get("/2/tweets/search/recent", params={"query": "leeks"}, headers=act_as(ALICE)).json()
    assert {one["id"] for one in found["data"]} == {tweet_id, "1002"}
    assert found["meta"]["mode"] == "text"
    own = client.get(f"/2/users/{CAROL}/tweets", headers=act_as(ALICE)).json()
    assert [one["id"] for one in own["data"]] == [tweet_id, "1004", "1002"]


def test_a_home_timeline_tells_how_it_came_about(client: TestClient, network: Network, act_as: As) -> None:
    home = client.get("/2/users/101/timeline", headers=act_as(ALICE)).json()
    meta = home["meta"]
    assert meta["model"] == {"name": "recency", "version": "untrained"}
    assert meta["degraded"] == {}
    assert meta["fetched"]["following"] == 5
    assert [one["id"] for one in meta["ranking"]] == [one["id"] for one in home["data"]]
    assert {source for one in meta["ranking"] for source in one["sources"]} <= set(meta["fetched"])
    assert meta["time_us"] <= network.context.clock.now_us()
    # Newest first, as recency ranks, but 1006 is from outside, and 1002 is Carol's second and counts 0.625: below
    # Bob's, which is an hour older. Of a conversation one tweet is there: 1004 answers 1003. Own tweets, retweets and
    # what was deleted are not there.
    assert [one["id"] for one in home["data"]] == ["1004", "1001", "1006", "1002"]
    assert meta["removed_after_selection"]["conversation"] == 1


def test_replies_quotes_and_retweets_count(client: TestClient, network: Network, act_as: As) -> None:
    bob = act_as(BOB)
    reply = client.post(
        "/2/tweets", json={"text": "so?", "reply": {"in_reply_to_tweet_id": "1001"}}, headers=bob
    ).json()
    client.post("/2/tweets", json={"text": "see", "quote_tweet_id": "1001"}, headers=bob)
    for _ in range(2):
        assert client.post("/2/users/105/retweets", json={"tweet_id": "1001"}, headers=act_as(ERIN)).json() == {
            "data": {"retweeted": True}
        }
        assert client.post("/2/users/105/likes", json={"tweet_id": "1001"}, headers=act_as(ERIN)).json() == {
            "data": {"liked": True}
        }

    def counts() -> dict[str, int]:
        found = client.get("/2/tweets/1001?tweet.fields=public_metrics", headers=bob).json()["data"]["public_metrics"]
        return {name: found[f"{name}_count"] for name in ("like", "retweet", "reply", "quote")}

    assert counts() == {"like": 2, "retweet": 1, "reply": 1, "quote": 1}
    path = f"/2/tweets/{reply['data']['id']}?tweet.fields=conversation_id,lang"
    answered = client.get(path, headers=bob).json()["data"]
    assert answered["conversation_id"] == "1001"
    assert "lang" not in answered
    for path in ("/2/users/105/retweets/1001", "/2/users/105/likes/1001"):
        for _ in range(2):
            assert client.delete(path, headers=act_as(ERIN)).status_code == 200
    assert counts() == {"like": 1, "retweet": 0, "reply": 1, "quote": 1}


def test_liking_a_retweet_likes_its_original(client: TestClient, act_as: As) -> None:
    client.post("/2/users/105/likes", json={"tweet_id": "1005"}, headers=act_as(ERIN))
    original = client.get("/2/tweets/1002?tweet.fields=public_metrics", headers=act_as(ERIN)).json()["data"]
    assert original["public_metrics"]["like_count"] == 2


def test_who_to_follow_says_why_and_not_again_also_after_a_restart(
    client: TestClient, network: Network, act_as: As, make_network: MakeNetwork, small: Dataset
) -> None:
    erin, path = act_as(ERIN), f"/2/users/{ERIN}/follow_suggestions"
    assert client.get(path, headers=erin).json() == {"data": [], "meta": {"result_count": 0, "suggestions": []}}
    client.post(f"/2/users/{ERIN}/following", json={"target_user_id": str(ALICE)}, headers=erin)
    network.settle()
    first = client.get(path, params={"max_results": 2}, headers=erin).json()
    assert [one["username"] for one in first["data"]] == ["bob", "carol"]
    why = first["meta"]["suggestions"][0]
    assert (why["id"], why["reason"], why["followed_by"]) == (str(BOB), "followed by @alice", [str(ALICE)])
    network.settle()
    second = client.get(path, params={"max_results": 2}, headers=erin).json()
    assert [one["username"] for one in second["data"]] == ["dave"]
    problem(client.get(path, params={"max_results": 0}, headers=erin), 400)
    network.settle()
    network.close()
    again = make_network(small)
    with TestClient(create_app(again), raise_server_exceptions=False) as other:
        token = {"Authorization": f"Bearer {again.context.tokens.issue(ERIN, ())}"}
        assert other.get(path, headers=token).json()["data"] == []


def test_follow_and_unfollow(client: TestClient, network: Network, act_as: As) -> None:
    erin = act_as(ERIN)
    path = f"/2/users/{ERIN}/following"
    for _ in range(2):
        assert client.post(path, json={"target_user_id": str(DAVE)}, headers=erin).json()["data"]["following"]
    followers = client.get(f"/2/users/{DAVE}/followers?user.fields=public_metrics", headers=erin).json()
    assert [one["username"] for one in followers["data"]] == ["erin", "carol", "alice"]
    assert followers["data"][0]["public_metrics"]["following_count"] == 1
    network.settle()
    home = client.get(f"/2/users/{ERIN}/timeline", headers=erin).json()
    assert "1003" in [one["id"] for one in home["data"]]
    for _ in range(2):
        assert client.delete(f"{path}/{DAVE}", headers=erin).json() == {"data": {"following": False}}
    assert client.get(path, headers=erin).json() == {"meta": {"result_count": 0}}


def test_acts_need_an_account(client: TestClient, act_as: As) -> None:
    for path, body in (
        ("/2/tweets", {"text": "hello"}),
        ("/2/users/999/likes", {"tweet_id": "1001"}),
        ("/2/users/999/retweets", {"tweet_id": "1001"}),
        ("/2/users/999/following", {"target_user_id": str(BOB)}),
    ):
        refused = problem(client.post(path, json=body, headers=act_as(999)), 403, "user 999", "POST /2/users")
        assert refused["type"] == "urn:rookery:problem:no-account", path


def test_lists_come_in_pages(client: TestClient, act_as: As) -> None:
    path, seen, token = f"/2/users/{ALICE}/following", [], None
    while True:
        page = {"max_results": 1} | ({"pagination_token": token} if token else {})
        body = client.get(path, params=page, headers=act_as(BOB)).json()
        seen += [one["username"] for one in body["data"]]
        token = body["meta"].get("next_token")
        if token is None:
            break
    assert seen == ["dave", "carol", "bob"]
    wrong = client.get(f"/2/users/{BOB}/following", params={"pagination_token": "AAAA"}, headers=act_as(BOB))
    problem(wrong, 400, "pagination_token")


def test_accounts_are_made_by_the_operator(client: TestClient, network: Network, act_as: As) -> None:
    operator = {"Authorization": f"Bearer {network.context.tokens.issue(None, ['operator'])}"}
    made = client.post("/2/users", json={"username": "Frank", "lang": "de"}, headers=operator).json()["data"]
    problem(client.post("/2/users", json={"username": "frank"}, headers=operator), 409, "frank")
    for name in (" ", "\u200b\u200d", "\U000e0041", "Fr\0nk"):
        problem(client.post("/2/users", json={"username": "fritz", "name": name}, headers=operator), 400, "$.name")
    frank = act_as(int(made["id"]))
    assert client.get("/2/users/me", headers=frank).json()["data"]["username"] == "Frank"
    assert client.get("/2/users/by/username/FRANK", headers=frank).json()["data"]["id"] == made["id"]
    posted = client.post("/2/tweets", json={"text": "guten Tag"}, headers=frank).json()["data"]
    tweet = client.get(f"/2/tweets/{posted['id']}?tweet.fields=lang", headers=frank).json()["data"]
    assert tweet["lang"] == "de"
    network.settle()
    home = client.get(f"/2/users/{made['id']}/timeline", headers=frank)
    assert home.status_code == 200


def test_deleting_is_for_authors(client: TestClient, network: Network, act_as: As) -> None:
    problem(client.delete("/2/tweets/1003", headers=act_as(BOB)), 403, "not by user 102")
    assert client.delete("/2/tweets/1003", headers=act_as(DAVE)).json() == {"data": {"deleted": True}}
    problem(client.delete("/2/tweets/1003", headers=act_as(DAVE)), 404, "1003")
    problem(client.get("/2/tweets/1003", headers=act_as(BOB)), 404, "1003")
    network.settle()
    home = client.get("/2/users/101/timeline", headers=act_as(ALICE)).json()
    assert "1003" not in [one["id"] for one in home["data"]]


def test_a_text_of_281_is_refused_with_its_length(client: TestClient, network: Network, act_as: As) -> None:
    body = problem(client.post("/2/tweets", json={"text": "x" * 281}, headers=act_as(BOB)), 400, "281", "280")
    assert (body["length"], body["limit"]) == (281, 280)
    assert client.post("/2/tweets", json={"text": "x" * 280}, headers=act_as(BOB)).status_code == 201
    assert len(network.context.log.read(0, 10)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": ""}, "text"),
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": "x", "colour": "red"}, "colour"),
        ({"text": "x", "quote_tweet_id": "1.5"}, "quote_tweet_id"),
        ({"text": "x", "quote_tweet_id": str(1 << 63)}, "quote_tweet_id"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(client: TestClient, act_as: As, body: object, said: str) -> None:
    problem(client.post("/2/tweets", json=body, headers=act_as(BOB)), 400, said)


def test_a_body_that_breaks_a_rule_is_refused(client: TestClient, act_as: As) -> None:
    both = {"text": "x", "quote_tweet_id": "1001", "reply": {"in_reply_to_tweet_id": "1001"}}
    for body, said in (({"text": "   "}, "no text"), (both, "either")):
        problem(client.post("/2/tweets", json=body, headers=act_as(BOB)), 400, said)


def test_what_is_not_json_is_refused(client: TestClient, act_as: Callable[..., dict[str, str]]) -> None:
    headers = act_as(BOB) | {"content-type": "application/json"}
    problem(client.post("/2/tweets", content=b'{"text": ', headers=headers), 400)
    problem(client.post("/2/tweets", content=b"\xff\xfe", headers=headers), 400)
    service = act_as(None, "rank") | {"content-type": "application/json"}
    problem(client.post("/v1/rank", content=b'{"user_id": ', headers=service), 400, "JSON")


def test_what_is_not_there_is_named(client: TestClient, act_as: As) -> None:
    bob = act_as(BOB)
    problem(client.get("/2/tweets/77", headers=bob), 404, "tweet 77")
    problem(client.get("/2/users/77", headers=bob), 404, "user 77")
    problem(client.get("/2/users/by/username/nobody", headers=bob), 404, "@nobody")
    problem(client.get("/2/users/77/tweets", headers=bob), 404, "user 77")
    problem(client.get("/2/users/77/followers", headers=bob), 404, "user 77")
    problem(client.post("/2/users/102/likes", json={"tweet_id": "77"}, headers=bob), 404, "tweet 77")
    problem(client.post("/2/users/102/following", json={"target_user_id": "77"}, headers=bob), 404, "user 77")
    problem(client.post("/2/users/102/following", json={"target_user_id": "102"}, headers=bob), 400, "themselves")
    problem(client.get("/2/nothing", headers=bob), 404, "/docs")
    problem(client.put("/2/tweets", headers=bob), 405, "PUT")
    assert client.put("/2/tweets", headers=bob).headers["allow"] == "GET, POST"
    assert client.options("/2/tweets/1", headers=bob).headers["allow"] == "DELETE, GET"
    problem(client.get(f"/2/tweets/{1 << 63}", headers=bob), 400, "id")


def test_a_token_for_nobody_here_cannot_act(client: TestClient, act_as: As) -> None:
    ghost = act_as(999)
    problem(client.post("/2/tweets", json={"text": "boo"}, headers=ghost), 403, "user 999")
    problem(client.post("/2/users/999/likes", json={"tweet_id": "1001"}, headers=ghost), 403, "user 999")
    problem(client.get("/2/users/999/timeline", headers=ghost), 404, "999")


def test_a_query_that_cannot_be_understood_is_refused(client: TestClient, act_as: As) -> None:
    for query in ('"open', "-", ""):
        response = client.get("/2/tweets/search/recent", params={"query": query}, headers=act_as(BOB))
        problem(response, 400)
    semantic = client.get("/2/tweets/search/recent?query=x&mode=semantic", headers=act_as(BOB))
    problem(semantic, 400, "mode=text")


def test_ranking_by_ids(client: TestClient, network: Network, act_as: Callable[..., dict[str, str]]) -> None:
    service = act_as(None, "rank")
    asked = {"user_id": str(ALICE), "tweet_ids": ["1001", "55", "1004", "1007", "1002"]}
    body = client.post("/v1/rank", json=asked, headers=service).json()
    assert [one["tweet_id"] for one in body["data"]["scores"]] == ["1001", "1004", "1002"]
    assert body["data"]["missing"] == ["55", "1007"]
    assert body["meta"]["model"] == {"name": "recency", "version": "untrained"}
    scores = [one["score"] for one in body["data"]["scores"]]
    # Posted at 2, 5 and 3 hours: recency is minus the age.
    assert scores[1] > scores[2] > scores[0]
    packed = client.post(
        "/v1/rank",
        content=msgspec.msgpack.encode(
            {"user_id": ALICE, "tweet_ids": [1001, 1004], "time_us": body["meta"]["time_us"]}
        ),
        headers=service | {"content-type": "application/msgpack"},
    )
    answered = msgspec.msgpack.decode(packed.content)
    assert [one["score"] for one in answered["data"]["scores"]] == scores[:2]
    empty = client.post("/v1/rank", json={"user_id": str(ALICE), "tweet_ids": []}, headers=service).json()
    assert empty["data"]["scores"] == []


def test_what_cannot_be_ranked_is_refused(client: TestClient, act_as: Callable[..., dict[str, str]]) -> None:
    service = act_as(None, "rank")

    def rank(body: object) -> httpx.Response:
        response: httpx.Response = client.post("/v1/rank", json=body, headers=service)
        return response

    problem(rank({"user_id": "999", "tweet_ids": ["1001"]}), 404, "999")
    many = problem(rank({"user_id": str(ALICE), "tweet_ids": [str(i) for i in range(10_000)]}), 400, "10000", "2000")
    assert (many["count"], many["limit"]) == (10_000, 2_000)
    problem(rank({"user_id": str(ALICE)}), 400, "tweet_ids")
    problem(rank({"user_id": "x", "tweet_ids": []}), 400)
    problem(rank({"user_id": str(ALICE), "tweet_ids": ["1001"], "model": "x"}), 400, "model")
    problem(rank({"user_id": str(ALICE), "tweet_ids": [-1]}), 400, "-1")
    problem(rank({"user_id": str(ALICE), "tweet_ids": [1 << 70]}), 400)
    problem(rank([]), 400)


def test_trends_of_the_last_tweets(client: TestClient, network: Network, act_as: As) -> None:
    for text, people in (
        ("a #Rook", (ALICE, BOB, CAROL, DAVE)),
        ("b #bishop", (ALICE, BOB, CAROL)),
        ("c #pawn", (BOB, BOB)),
    ):
        for user in people:
            client.post("/2/tweets", json={"text": text}, headers=act_as(user))
    network.settle()
    body = client.get("/2/trends/by/woeid/1", headers=act_as(BOB)).json()
    assert [(one["trend_name"], one["tweet_count"]) for one in body["data"]] == [("#Rook", 4), ("#bishop", 3)]
    assert body["meta"]["window_min"] >= 5  # says so where it is wider
    assert body["meta"]["as_of_us"] <= network.context.clock.now_us()
    assert "data" not in client.get("/2/trends/by/woeid/44418", headers=act_as(BOB)).json()
    # Nobody is at home anywhere: those of the world.
    own = client.get("/2/users/personalized_trends", headers=act_as(BOB)).json()["data"]
    assert [(one["trend_name"], one["post_count"], one["category"]) for one in own] == [
        ("#Rook", 4, "hashtag"), ("#bishop", 3, "hashtag")
    ]  # fmt: skip
    assert all(one["trending_since"].endswith("Z") for one in own)
    path = "/2/users/personalized_trends?personalized_trend.fields=trend_name"
    assert client.get(path, headers=act_as(BOB)).json()["data"][0] == {"trend_name": "#Rook"}


def test_personal_trends_begin_at_home(client: TestClient, network: Network, act_as: As) -> None:
    operator = {"Authorization": f"Bearer {network.context.tokens.issue(None, ['operator'])}"}
    made = [
        client.post("/2/users", json={"username": f"p{n}", "place": place}, headers=operator).json()["data"]["id"]
        for n, place in enumerate((44418, 44418, 44418, 28218, 28218, 28218, 2459115))
    ]
    london, manchester, newyork = made[:3], made[3:6], made[6]
    for people, text in ((london, "a #London"), (manchester, "b #Manchester"), ((ALICE, BOB, CAROL, DAVE), "c #World")):
        for one in people:
            client.post("/2/tweets", json={"text": text}, headers=act_as(int(one)))
    network.settle()

    def own(user_id: str) -> list[str]:
        answer = client.get("/2/users/personalized_trends", headers=act_as(int(user_id)))
        return [one["trend_name"] for one in answer.json().get("data", [])]

    assert own(london[0])[:2] == ["#London", "#Manchester"]
    assert own(manchester[0])[0] == "#Manchester"
    assert own(newyork)[0] == "#World"
    for user_id in (london[0], manchester[0], newyork):
        assert sorted(own(user_id)) == ["#London", "#Manchester", "#World"]


def test_too_long_a_body_is_refused(client: TestClient, act_as: As) -> None:
    long = b'{"text": "' + b"x" * 2_000_000 + b'"}'
    headers = act_as(BOB) | {"content-type": "application/json"}
    problem(client.post("/2/tweets", content=long, headers=headers), 413, "1048576")
    problem(client.post("/2/tweets", content=iter([long]), headers=headers), 413, "1048576")


def test_a_failure_inside_is_told_without_its_inside(network: Network, act_as: As) -> None:
    app = create_app(network)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the secret is 12345")

    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/broken", headers={"x-request-id": "mine-1"})
    body = problem(response, 500, "request id")
    assert "12345" not in response.text
    assert body["request_id"] == "mine-1"


def test_metrics_count_requests_and_deliveries(client: TestClient, network: Network, act_as: As) -> None:
    client.post("/2/tweets", json={"text": "x"}, headers=act_as(BOB))
    client.post("/2/tweets", json={"text": "x"}, headers=act_as(DAVE))
    network.settle()
    text = client.get("/metrics").text
    assert 'rookery_requests_total{method="POST",route="/2/tweets",status="201"} 2.0' in text
    assert 'rookery_fanout_tweets_total{mode="push"} 1.0' in text
    assert 'rookery_fanout_tweets_total{mode="hybrid"} 1.0' in text
    assert 'rookery_consumer_lag{group="fanout"} 0.0' in text
    assert "101" not in [line.split('route="')[-1].split('"')[0] for line in text.splitlines() if "route=" in line]
    figures = stats(network.context)
    assert figures["fanout"]["tweets"] == {"push": 1, "hybrid": 1, "pull": 0}
    # Dave has two followers, of whom Alice asked for her feed within a day and Carol acted.
    assert figures["fanout"]["deliveries"] == {"push": 1, "hybrid": 2, "pull": 0}


def test_the_page_of_the_api_takes_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "://" not in page.text
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 3
    for one in named:
        assert client.get(f"/{one}").status_code == 200
    assert len(client.get("/docs/swagger-ui-bundle.js").content) > 500_000
    problem(client.get("/docs/secret"), 404, "secret")
    assert client.get("/redoc").status_code == 404


def test_nothing_keeps_an_app_that_is_done_with(read_network: Network) -> None:
    app = create_app(read_network)
    app.openapi()
    kept = weakref.ref(app)
    del app
    gc.collect()
    assert kept() is None


def test_the_description_says_who_may_call_a_route(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    scheme = described["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            is_open = path in ("/healthz", "/readyz", "/metrics", "/2/oauth2/token", "/2/oauth2/revoke")
            scopes = list(BY_ROUTE.get(f"{method.upper()} {path}", ()))
            of_people = [] if {"rank", "operator"} & set(scopes) else [{"oauth2": scopes}, {"oauth1": scopes}]
            expected = None if is_open else [{"bearer": scopes}, *of_people]
            assert about.get("security") == expected, (method, path)
            assert {"400", "500"} <= about["responses"].keys()
            assert is_open or {"401", "403", "503"} <= about["responses"].keys()
            for status, answer in about["responses"].items():
                schemas = [one["schema"] for one in answer["content"].values()]
                assert all(schemas), f"{method} {path} {status} has no schema"


def test_the_documentation_names_every_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/2/tweets",
        "/2/tweets/{id}",
        "/v1/rank",
        "/2/users/{id}/timeline",
        "/2/users/{id}/timelines/reverse_chronological",
    } <= paths.keys()
    for path, methods in paths.items():
        for method, about in methods.items():
            assert about.get("description"), f"{method} {path}"


def test_other_apps_can_be_mounted(network: Network) -> None:
    from starlette.responses import PlainTextResponse

    with TestClient(create_app(network, {"/lab": PlainTextResponse("the lab")})) as client:
        assert client.get("/lab/").text == "the lab"
        assert client.get("/healthz").status_code == 200
