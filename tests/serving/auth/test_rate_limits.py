"""How often a caller may call a route: what is counted, for whom, what the answers say, and what a refusal costs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi.testclient import TestClient
from redis import Redis
from redis.exceptions import ConnectionError as NoRedisError

from data.dataset import Dataset
from data.errors import ConfigError
from serving.app import api_routes, create_app
from serving.auth.rate_limits import RateLimitConfig, class_of, operations
from serving.auth.windows import RedisWindows
from serving.kit.clock import ticks
from serving.network import Network
from serving.settings import Settings
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL

LEAST = RateLimitConfig(reads=2, writes=2, timelines=1, follows=1, search=1)
Served = Callable[..., TestClient]


@pytest.fixture
def served(make_network: MakeNetwork, small: Dataset) -> Iterator[Served]:
    opened: list[TestClient] = []

    def make(limits: RateLimitConfig = LEAST, **settings: object) -> TestClient:
        network = make_network(small, rate_limits=limits, **settings)
        client = TestClient(create_app(network), raise_server_exceptions=False)
        client.app_state["network"] = network
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def network_of(client: TestClient) -> Network:
    found = client.app_state["network"]
    assert isinstance(found, Network)
    return found


def as_user(client: TestClient, user_id: int | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {network_of(client).context.tokens.issue(user_id)}"}


def told(response: httpx.Response) -> tuple[int, int]:
    return int(response.headers["x-rate-limit-limit"]), int(response.headers["x-rate-limit-remaining"])


CLASSES = {
    "GET /healthz": "unlimited", "GET /readyz": "unlimited", "GET /metrics": "unlimited",
    "POST /2/oauth2/token": "unlimited", "POST /oauth2/token": "unlimited", "POST /2/oauth2/revoke": "unlimited",
    "GET /v1/network": "unlimited", "POST /v1/rank": "unlimited", "POST /2/users": "unlimited",
    "GET /v1/models": "unlimited", "POST /v1/models/reload": "unlimited",
    "GET /2/tweets/search/recent": "search", "GET /2/users/search": "search", "GET /2/search/complete": "search",
    "GET /2/tweets/counts/recent": "search", "GET /2/tweets/search/stream": "search",
    "GET /2/tweets/search/stream/rules": "search", "POST /2/tweets/search/stream/rules": "search",
    "POST /2/tweets": "writes", "DELETE /2/tweets/{id}": "writes", "POST /2/users/{id}/likes": "writes",
    "DELETE /2/users/{id}/likes/{tweet_id}": "writes", "POST /2/users/{id}/retweets": "writes",
    "DELETE /2/users/{id}/retweets/{tweet_id}": "writes",
    "POST /2/users/{id}/bookmarks": "writes", "DELETE /2/users/{id}/bookmarks/{tweet_id}": "writes",
    "POST /2/users/{id}/blocking": "follows", "DELETE /2/users/{id}/blocking/{target_id}": "follows",
    "POST /2/users/{id}/muting": "follows", "DELETE /2/users/{id}/muting/{target_id}": "follows",
    "GET /2/users/{id}/mentions": "timelines",
    "POST /2/users/{id}/following": "follows", "DELETE /2/users/{id}/following/{target_id}": "follows",
    "GET /2/users/{id}/timeline": "timelines", "GET /2/users/{id}/timelines/reverse_chronological": "timelines",
}  # fmt: skip


def test_every_route_has_a_class(network: Network) -> None:
    found = {f"{method} {route.path}": class_of(method, route.path) for route, method in operations(api_routes())}
    described = create_app(network).openapi()["paths"]
    shown = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert found.keys() == shown | {"POST /oauth2/token"}  # one under its old name
    assert found == found | CLASSES
    # All others are look-ups and lists.
    assert {f"{found[one]} {one.split()[0]}" for one in found.keys() - CLASSES.keys()} == {"reads GET"}
    assert {"GET /2/users/{id}/tweets", "GET /2/users/{id}/following", "GET /2/users/me"} <= found.keys()


def test_the_numbers_are_the_platforms() -> None:
    config = RateLimitConfig()
    assert (config.reads, config.writes, config.timelines, config.follows, config.search) == (900, 300, 180, 50, 450)
    assert config.window_s == 15 * 60


def test_answers_say_what_is_left_and_one_too_many_is_refused(served: Served) -> None:
    client = served()
    alice, before = as_user(client, ALICE), time.time()
    for left in (1, 0):
        response = client.get("/2/tweets/1001", headers=alice)
        assert (response.status_code, told(response)) == (200, (2, left))
        assert before + 899 <= int(response.headers["x-rate-limit-reset"]) <= time.time() + 901
    for _ in range(3):
        response = client.get("/2/tweets/1001", headers=alice)
        assert response.status_code == 429
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert body["type"] == "urn:rookery:problem:too-many-requests"
        assert "2 requests" in body["detail"]
        assert body["request_id"] == response.headers["x-request-id"]
        assert told(response) == (2, 0)
        assert 0 < int(response.headers["retry-after"]) <= 901
    text = client.get("/metrics").text
    assert 'rookery_requests_total{method="GET",route="/2/tweets/{id}",status="429"} 3.0' in text


def test_callers_and_routes_are_counted_apart(served: Served) -> None:
    client = served()
    alice = as_user(client, ALICE)
    for tweet_id in ("1001", "1002"):  # one route, whatever the id
        assert client.get(f"/2/tweets/{tweet_id}", headers=alice).status_code == 200
    assert client.get("/2/tweets/1003", headers=alice).status_code == 429
    assert client.get("/2/users/101", headers=alice).status_code == 200
    assert client.get("/2/tweets/1001", headers=as_user(client, BOB)).status_code == 200
    # A new token of a user is no new caller; without a user the token is the caller.
    again = {"Authorization": f"bearer {network_of(client).context.tokens.issue(ALICE, ('rank',))}"}
    assert client.get("/2/tweets/1001", headers=again).status_code == 429
    app = as_user(client, None)  # one token: of two, the second may be of another second, and so another caller
    for _ in range(2):
        assert client.get("/2/tweets/1001", headers=app).status_code == 200
    assert client.get("/2/tweets/1001", headers=app).status_code == 429
    # Nobody: by address, whatever stands in the header.
    for token, status in (("", 401), ("Bearer x", 401), ("Bearer y", 429)):
        assert client.get("/2/tweets/1001", headers={"Authorization": token}).status_code == status


def test_a_refused_request_costs_nothing_else(served: Served) -> None:
    client = served()
    network, bob = network_of(client), as_user(client, BOB)
    for _ in range(2):
        assert client.post("/2/tweets", json={"text": "x"}, headers=bob).status_code == 201
    before = network.context.log.end()
    long = b'{"text": "' + b"x" * 2_000_000 + b'"}'
    for body in (b'{"text": "x"}', b"no json", long):
        response = client.post("/2/tweets", content=body, headers=bob | {"content-type": "application/json"})
        assert response.status_code == 429
    network.settle()
    assert network.context.log.end() == before
    assert (
        client.get("/2/users/102?user.fields=public_metrics", headers=bob).json()["data"]["public_metrics"][
            "tweet_count"
        ]
        == 4
    )


def test_a_refused_body_counts_as_the_request_that_it_was(served: Served) -> None:
    client = served()
    bob = as_user(client, BOB)
    statuses = [client.post("/2/tweets", json={"text": 5}, headers=bob).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_follows_have_their_own_number_and_open_routes_none(served: Served) -> None:
    client = served()
    carol = as_user(client, CAROL)
    path = f"/2/users/{CAROL}/following"
    assert told(client.post(path, json={"target_user_id": str(BOB)}, headers=carol)) == (1, 0)
    assert client.post(path, json={"target_user_id": str(ALICE)}, headers=carol).status_code == 429
    assert told(client.get(path, headers=carol)) == (2, 1)
    assert client.delete(f"{path}/{BOB}", headers=carol).status_code == 200
    for _ in range(5):
        for open_path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            response = client.get(open_path)
            assert response.status_code == 200
            assert "x-rate-limit-limit" not in response.headers


def test_the_window_slides(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served(RateLimitConfig(reads=2, window_s=60))
    alice, begin = as_user(client, ALICE), ticks()

    def status(after_s: float) -> int:
        monkeypatch.setattr("serving.auth.windows.ticks", lambda: begin + int(after_s * 1e9))
        return int(client.get("/2/tweets/1001", headers=alice).status_code)

    assert [status(0), status(40), status(50)] == [200, 200, 429]
    # At 61 s the first is out of the window and the second is not: one more, and no second one.
    assert [status(61), status(62), status(101)] == [200, 429, 200]


def test_a_clock_that_is_set_back_locks_nobody_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served(RateLimitConfig(reads=2, window_s=60))
    alice, begin, clock = as_user(client, ALICE), ticks(), time.time()
    assert [client.get("/2/tweets/1001", headers=alice).status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.setattr("serving.auth.windows.ticks", lambda: begin + int(61e9))
    monkeypatch.setattr("serving.auth.windows.time.time", lambda: clock - 10)
    response = client.get("/2/tweets/1001", headers=alice)
    assert response.status_code == 200
    assert int(response.headers["x-rate-limit-reset"]) - clock == pytest.approx(50, abs=1)


def test_callers_who_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from serving.auth.windows import MemoryWindows

    windows, begin = MemoryWindows(), ticks()

    async def come(names: range, after_s: float) -> None:
        monkeypatch.setattr("serving.auth.windows.ticks", lambda: begin + int(after_s * 1e9))
        for one in names:
            await windows.take(str(one), 5, 60)

    asyncio.run(come(range(1_000), 0))
    asyncio.run(come(range(10), 30))
    assert len(windows) == 1_000
    asyncio.run(come(range(2_000, 2_001), 61))
    assert len(windows) == 11


def test_limits_can_be_turned_off(served: Served) -> None:
    client = served(LEAST.model_copy(update={"enabled": False}))
    alice = as_user(client, ALICE)
    for _ in range(5):
        response = client.get("/2/tweets/1001", headers=alice)
        assert response.status_code == 200
        assert "x-rate-limit-limit" not in response.headers


def test_settings_come_from_the_environment_and_name_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_RATE_LIMITS__ENABLED", "false")
    monkeypatch.setenv("ROOKERY_RATE_LIMITS__STORAGE", "redis://127.0.0.1:6379/3")
    assert not Settings.read().rate_limits.enabled
    for wrong in ("redis://host:port/0", "http://x", "disk"):
        monkeypatch.setenv("ROOKERY_RATE_LIMITS__STORAGE", wrong)
        with pytest.raises(ConfigError, match="RATE_LIMITS"):
            Settings.read()


REDIS = "redis://127.0.0.1:6379/0"


@contextmanager
def redis_prefix(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys of the test's own, which are deleted at its end."""
    prefix = f"rookery-test-{uuid.uuid4().hex}"
    monkeypatch.setattr(RedisWindows.__init__, "__kwdefaults__", {"prefix": prefix})
    with Redis.from_url(REDIS) as redis:
        try:
            redis.ping()
        except NoRedisError:
            pytest.skip("no Redis answers at its default port")
        yield
        for key in redis.scan_iter(f"{prefix}*"):
            redis.delete(key)


def test_processes_that_share_a_redis_count_together(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_prefix(monkeypatch):
        limits = RateLimitConfig.model_validate({"reads": 3, "storage": REDIS})
        one, other = served(limits), served(limits, home="other")
        seen = []
        for client in (one, other, one, other, one):
            response = client.get(
                "/2/tweets/1001", headers=as_user(one, ALICE) if client is one else as_user(other, ALICE)
            )
            seen.append((response.status_code, told(response)))
        assert seen == [(200, (3, 2)), (200, (3, 1)), (200, (3, 0)), (429, (3, 0)), (429, (3, 0))]


def test_requests_are_taken_uncounted_while_redis_does_not_answer(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    client = served(RateLimitConfig.model_validate({"reads": 1, "storage": "redis://127.0.0.1:1/0"}))
    for _ in range(3):
        response = client.get("/2/tweets/1001", headers=as_user(client, ALICE))
        assert response.status_code == 200
        assert "x-rate-limit-limit" not in response.headers
    assert [one.message.startswith("requests are not counted") for one in caplog.records] == [True]
