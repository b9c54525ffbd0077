"""Ids and numbers have one way to be written, in paths, queries, bodies, tokens and cursors; all others are refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey

from serving.app import create_app
from serving.auth.tokens import LAST_S
from serving.network import Network
from tests.serving.examples import NEEDED, PLACES
from tests.serving.small_network import ALICE

WRONG = ["1_000", " 12", "12 ", "+1", "-1", "-0", "007", "00", "1e3", "1.0", "0x1f", "１２", "٣", "1\u200b", "true",
         "NaN", "1,2", "12\n", "9" * 19, "9" * 5_000]  # fmt: skip


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(create_app(network), raise_server_exceptions=False) as made:
        made.headers["Authorization"] = f"Bearer {network.context.tokens.issue(ALICE, ('rank', 'operator'))}"
        yield made


def refused(response: httpx.Response, status: int = 400) -> None:
    assert response.status_code == status, (response.request.url, response.text)
    assert response.headers["content-type"] == "application/problem+json"


def operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(path, method, about) for path, methods in paths.items() for method, about in methods.items()]


def whole(schema: dict[str, Any]) -> bool:
    return "integer" in {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", []))}


def test_no_route_takes_a_number_in_its_path_that_is_written_otherwise(client: TestClient) -> None:
    tried = set()
    for path, method, about in operations(client):
        for parameter in about.get("parameters", []):
            if parameter["in"] != "path" or parameter["name"] == "username":
                continue
            for text in WRONG:
                fits = PLACES | {parameter["name"]: quote(text, safe="")}
                refused(client.request(method, path.format(**fits), json={"tweet_id": "1001", "target_user_id": "102"}))
                tried.add((method, path, parameter["name"]))
    assert {("get", "/2/tweets/{id}", "id"), ("delete", "/2/users/{id}/likes/{tweet_id}", "tweet_id"),
            ("get", "/2/trends/by/woeid/{woeid}", "woeid"), ("get", "/2/users/{id}", "id")} <= tried  # fmt: skip


def test_no_route_takes_a_number_in_its_query_that_is_written_otherwise(client: TestClient) -> None:
    tried = set()
    for path, method, about in operations(client):
        for parameter in about.get("parameters", []):
            if parameter["in"] != "query" or not whole(parameter["schema"]):
                continue
            others = {one["name"]: NEEDED.get(one["name"], "") for one in about["parameters"] if one["required"]}
            for text in WRONG:
                refused(client.request(method, path.format(**PLACES), params=others | {parameter["name"]: text}))
                tried.add((path, parameter["name"]))
    assert {("/2/tweets/search/recent", "max_results"), ("/2/users/{id}/timeline", "max_results"),
            ("/2/trends/by/woeid/{woeid}", "max_trends")} <= tried  # fmt: skip


@pytest.mark.parametrize("text", [one for one in WRONG if one != "1,2"])
def test_lists_of_ids_are_digits_and_commas_alone(client: TestClient, text: str) -> None:
    for path in ("/2/tweets", "/2/users"):
        refused(client.get(path, params={"ids": text[:3_000]}))
        refused(client.get(path, params={"ids": f"1001,{text[:3_000]}"}))


@pytest.mark.parametrize("value", [*WRONG, 1.0, True, None, [], {}, -1, 1 << 63])
def test_no_body_takes_an_id_that_is_written_otherwise(client: TestClient, value: object) -> None:
    refused(client.post("/2/tweets", json={"text": "x", "reply": {"in_reply_to_tweet_id": value}}))
    if value is not None:
        refused(client.post("/2/tweets", json={"text": "x", "quote_tweet_id": value}))
        refused(client.post("/2/users", json={"username": "frank", "place": "x" if value == -1 else value}))
    refused(client.post(f"/2/users/{ALICE}/likes", json={"tweet_id": value}))
    refused(client.post(f"/2/users/{ALICE}/retweets", json={"tweet_id": value}))
    refused(client.post(f"/2/users/{ALICE}/following", json={"target_user_id": value}))
    for body in ({"user_id": value, "tweet_ids": ["1001"]}, {"user_id": "101", "tweet_ids": ["1001", value]}):
        refused(client.post("/v1/rank", json=body))
        if value != 1 << 63:
            packed = {"content": msgspec.msgpack.encode(body), "headers": {"content-type": "application/msgpack"}}
            refused(client.post("/v1/rank", **packed))


def test_numbers_beyond_all_bounds_are_refused(client: TestClient) -> None:
    as_json = {"content-type": "application/json"}
    for number in (b"9" * 5_000, b"1e400", b"-1e400", b"NaN", b"Infinity"):
        refused(client.post(f"/2/users/{ALICE}/likes", content=b'{"tweet_id": %b}' % number, headers=as_json))
        refused(client.post("/v1/rank", content=b'{"user_id": %b, "tweet_ids": []}' % number, headers=as_json))
    latest = {"user_id": str(ALICE), "tweet_ids": ["1001"], "time_us": (1 << 63) - 1}
    assert client.post("/v1/rank", json=latest).status_code in (200, 400)


def test_a_cursor_is_taken_as_it_was_given_out(client: TestClient) -> None:
    path, page = f"/2/users/{ALICE}/following", {"max_results": "1"}
    token = client.get(path, params=page).json()["meta"]["next_token"]
    assert client.get(path, params=page | {"pagination_token": token}).status_code == 200
    longer = base64.urlsafe_b64encode(b"\xff" * 40).decode()
    for other in (f"{token}\n", f" {token}", f"{token[:9]}*{token[9:]}", token[:-1], "=", "é", "", longer):
        refused(client.get(path, params=page | {"pagination_token": other}))


def token_with(secret: bytes, **claims: object) -> dict[str, str]:
    said = {"iss": "rookery", "exp": 4_000_000_000, "sub": str(ALICE)} | claims
    kept = {name: value for name, value in said.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode({'alg': 'HS256'}, kept, OctKey.import_key(secret))}"}


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None}, {"exp": 10**30}, {"exp": LAST_S + 1}, {"exp": -1}, {"exp": float("inf")}, {"exp": "4000000000"},
        {"exp": True}, {"exp": 4e9 + 0.5}, {"exp": 1}, {"nbf": 3_999_999_999}, {"nbf": 10**30}, {"nbf": "soon"},
        {"sub": str(1 << 63)}, {"sub": ALICE}, {"sub": "-1"}, {"sub": ""}, {"sub": [str(ALICE)]}, {"iss": None},
        {"iss": "elsewhere"}, {"iss": ["rookery"]}, {"scope": ["rank"]}, {"scope": 5},
        *({"sub": text} for text in WRONG),
    ],
)  # fmt: skip
def test_a_signed_token_whose_claims_do_not_fit_is_refused(
    client: TestClient, network: Network, claims: dict[str, object]
) -> None:
    secret = network.context.tokens.secret
    assert client.get("/2/users/me", headers=token_with(secret)).status_code == 200
    response = client.get("/2/users/me", headers=token_with(secret, **claims))
    refused(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_no_redirect_leads_to_where_the_host_header_says(client: TestClient) -> None:
    for path, method, _ in operations(client):
        for other in (path.format(**PLACES) + "/", "/" + path.format(**PLACES), path.format(**PLACES) + "//"):
            response = client.request(method, other, headers={"Host": "evil.example"}, follow_redirects=False)
            assert "location" not in response.headers
            assert response.status_code in (400, 404, 405), (method, other, response.status_code)
            assert "evil.example" not in response.text
