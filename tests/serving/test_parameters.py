"""Every parameter of every route is implemented or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from serving.app import create_app
from serving.network import Network
from tests.serving.described import DescribedClient
from tests.serving.examples import NEEDED, example
from tests.serving.small_network import ALICE, BOB

REFUSED = {"query": "", "prefix": ""}
"""Values that are not taken, of parameters that take nearly every text."""


@pytest.fixture(scope="module")
def asker(read_network: Network) -> Iterator[DescribedClient]:
    with DescribedClient(create_app(read_network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def client(asker: DescribedClient, read_network: Network) -> DescribedClient:
    asker.headers["Authorization"] = f"Bearer {read_network.context.tokens.issue(ALICE, ('rank', 'operator'))}"
    return asker


def operations(client: DescribedClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.described["paths"]
    found = [(path, method, about) for path, methods in paths.items() for method, about in methods.items()]
    return [*found, ("/docs", "get", {}), ("/docs/swagger-ui.css", "get", {})]


def ask(client: DescribedClient, path: str, method: str, params: list[tuple[str, str]]) -> httpx.Response:
    request, given = example(client, method, path), {name for name, _ in params}
    needed = [(name, value) for name, value in request["params"].items() if name not in given]
    return client.request(method.upper(), **request | {"params": [*needed, *params]})


def refused(response: httpx.Response, name: str) -> None:
    assert response.status_code == 400, (response.request.url, response.text)
    body = response.json()
    assert body["type"] == "https://api.twitter.com/2/problems/invalid-request" or name.endswith("_token"), body
    assert name in str(body["detail"]) or name == "next_token", body
    if not name.endswith("_token"):
        assert any(name in one["parameters"] for one in body["errors"]), body


def test_no_route_takes_a_parameter_that_it_does_not_know(client: DescribedClient) -> None:
    asked = operations(client)
    assert len(asked) > 25
    for path, method, _ in asked:
        refused(ask(client, path, method, [("colour", "red")]), "colour")


def test_no_route_takes_a_value_that_does_not_fit(client: DescribedClient) -> None:
    tried = set()
    for path, method, about in operations(client):
        for one in about.get("parameters", ()):
            if one["in"] == "query":
                refused(ask(client, path, method, [(one["name"], REFUSED.get(one["name"], "!"))]), one["name"])
                tried.add(one["name"])
    assert tried >= {
        "since_id", "until_id", "start_time", "end_time", "pagination_token", "next_token", "max_results", "exclude",
        "expansions", "tweet.fields", "user.fields", "ids", "usernames", "sort_order", "mode", "trend.fields",
    }  # fmt: skip


def test_no_route_takes_a_parameter_twice(client: DescribedClient) -> None:
    for path, method, about in operations(client):
        for one in about.get("parameters", ()):
            if one["in"] == "query":
                value = NEEDED.get(one["name"], "10")
                refused(ask(client, path, method, [(one["name"], value)] * 2), one["name"])


def test_no_route_says_what_it_takes_to_who_has_no_token(client: DescribedClient) -> None:
    del client.headers["Authorization"]
    for path, method, about in operations(client):
        if "security" in about:
            assert ask(client, path, method, [("colour", "red")]).status_code == 401, (method, path)


@pytest.mark.parametrize(
    "value",
    ["2026-01-05", "2026-01-05T03:00", "1767571200", "2026-02-30T00:00:00Z", "2026-01-05T25:00:00Z", "now", "-1",
     "2026-01-05T03:00:00", "２０２６-01-05T03:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(client: DescribedClient, value: str) -> None:
    for name in ("start_time", "end_time"):
        refused(client.get(f"/2/users/{BOB}/tweets", params={name: value}), name)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"])
def test_moments_at_the_ends_of_time_are_taken(client: DescribedClient, value: str) -> None:
    for path in (f"/2/users/{BOB}/tweets", f"/2/users/{ALICE}/timelines/reverse_chronological",
                 "/2/tweets/search/recent"):  # fmt: skip
        for name in ("start_time", "end_time"):
            query = {"query": "soup"} if path.endswith("recent") else {}
            assert client.get(path, params=query | {name: value}).status_code == 200, (path, name)


def test_a_list_has_a_most(client: DescribedClient) -> None:
    for path, name in (("/2/tweets", "ids"), ("/2/users", "ids"), ("/2/users/by", "usernames")):
        refused(client.get(path, params={name: ",".join(map(str, range(101)))}), name)
        assert client.get(path, params={name: ",".join(map(str, range(100)))}).status_code == 200
