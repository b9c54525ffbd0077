"""Requests signed by OAuth 1.0a: taken once, from who holds the secrets, and nothing changed on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import httpx
import oauthlib.oauth1
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth import apps, oauth1
from serving.network import Network
from tests.serving.described import DescribedClient
from tests.serving.small_network import ALICE, BOB

HOST = "http://testserver"
ME = "/2/users/me"


@dataclass(frozen=True)
class Strings:
    """What a script is given."""

    client_key: str
    client_secret: str
    resource_owner_key: str
    resource_owner_secret: str

    def sign(self, method: str, path: str, **options: Any) -> dict[str, str]:
        signed: dict[str, str] = oauthlib.oauth1.Client(**vars(self), **options).sign(HOST + path, method)[1]
        return signed


@pytest.fixture(scope="module")
def client(read_network: Network) -> Iterator[TestClient]:
    with DescribedClient(create_app(read_network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def give(read_network: Network) -> Callable[..., Strings]:
    secret = read_network.context.tokens.secret

    def made(user_id: int = ALICE, **options: Any) -> Strings:
        with read_network.context.database.write() as connection:
            app, _ = apps.register(connection, "Script", now_s=1, **options)
            token = oauth1.issue(connection, app.client_id, user_id)
        return Strings(
            app.client_id, oauth1.consumer_secret(secret, app.client_id), token, oauth1.access_secret(secret, token)
        )

    return made


@pytest.fixture(scope="module")
def strings(give: Callable[..., Strings]) -> Strings:
    return give()


def refused(response: httpx.Response, named: str = "OAuth 1.0a") -> None:
    assert response.status_code == 401, response.text
    assert named in response.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [ME, f"{ME}?user.fields=created_at%2Cpublic_metrics", "/2/tweets/search/recent?query=%22the%20rook%22+-soup",
     "/2/tweets?ids=1001,1002&tweet.fields=author_id", "/2/users/by/username/%61lice"],
)  # fmt: skip
def test_a_signed_request_acts_for_its_user(client: TestClient, strings: Strings, path: str) -> None:
    assert client.get(path, headers=strings.sign("GET", path)).status_code == 200
    if path.startswith(ME):
        assert client.get(path, headers=strings.sign("GET", path)).json()["data"]["id"] == str(ALICE)


def test_a_signature_is_taken_once(client: TestClient, strings: Strings) -> None:
    headers = strings.sign("GET", ME)
    assert client.get(ME, headers=headers).status_code == 200
    for _ in range(2):
        refused(client.get(ME, headers=headers), "used before")
    # Of eight at once, too.
    headers = strings.sign("GET", ME)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.get(ME, headers=headers).status_code, range(8)))
    assert sorted(found) == [200] + [401] * 7


def test_a_wrong_signature_uses_nothing_up(client: TestClient, strings: Strings) -> None:
    headers = strings.sign("GET", ME)
    signature = headers["Authorization"].partition('oauth_signature="')[2]
    for wrong in (signature[:-1][::-1], "", "%C3%A9", signature[:10]):
        forged = headers["Authorization"].replace(f'oauth_signature="{signature}', f'oauth_signature="{wrong}"')
        refused(client.get(ME, headers={"Authorization": forged}))
    assert client.get(ME, headers=headers).status_code == 200


def test_what_was_signed_cannot_be_changed(client: TestClient, strings: Strings) -> None:
    path = f"{ME}?user.fields=verified"
    for method, other in (("GET", ME), ("GET", f"{ME}?user.fields=location"), ("GET", "/2/users/102"),
                          ("DELETE", "/2/tweets/1001")):  # fmt: skip
        refused(client.request(method, other, headers=strings.sign("GET", path)))
    host = {"host": "elsewhere.example"}
    refused(client.get(path, headers=strings.sign("GET", path) | host))


def test_secrets_belong_together(client: TestClient, give: Callable[..., Strings], strings: Strings) -> None:
    other = give(BOB)
    for wrong in (
        replace(strings, client_secret=other.client_secret),
        replace(strings, resource_owner_secret=other.resource_owner_secret),
        # Another's token with one's own app, with the right secrets of both.
        replace(other, client_key=strings.client_key, client_secret=strings.client_secret),
        replace(strings, client_key="nobody"),
        replace(strings, resource_owner_key=f"{ALICE}-x"),
        replace(strings, resource_owner_key="", resource_owner_secret=""),
    ):
        refused(client.get(ME, headers=wrong.sign("GET", ME)))


@pytest.mark.parametrize(
    "options",
    [{"signature_method": "HMAC-SHA256"}, {"signature_method": "PLAINTEXT"}, {"nonce": "x" * 200},
     {"timestamp": "1"}, {"timestamp": "x" * 10},
     {"timestamp": str(int(time.time()) + 3_600)}, {"timestamp": str(int(time.time()) - 3_600)}],
)  # fmt: skip
def test_signatures_of_another_kind_or_time_are_refused(
    client: TestClient, strings: Strings, options: dict[str, str]
) -> None:
    refused(client.get(ME, headers=strings.sign("GET", ME, **options)))


def test_what_an_earlier_process_may_have_taken_is_refused(
    client: TestClient, strings: Strings, read_network: Network
) -> None:
    began_s = read_network.context.tokens.now_s()
    later = create_app(read_network, start=False)
    before = strings.sign("GET", ME, timestamp=str(began_s - 30))
    refused(TestClient(later).get(ME, headers=before), "before the server's start")
    assert TestClient(later).get(ME, headers=strings.sign("GET", ME, timestamp=str(began_s + 30))).status_code == 200


def test_an_app_does_what_its_scopes_allow(client: TestClient, give: Callable[..., Strings]) -> None:
    little = give(scopes=["users.read", "tweet.read"])
    assert client.get(ME, headers=little.sign("GET", ME)).status_code == 200
    path = f"/2/users/{ALICE}/bookmarks"
    response = client.get(path, headers=little.sign("GET", path))
    assert (response.status_code, "bookmark.read" in response.json()["detail"]) == (403, True)


def test_an_app_that_ended_signs_in_vain(
    client: TestClient, give: Callable[..., Strings], read_network: Network
) -> None:
    gone, stays = give(), give()
    with read_network.context.database.write() as connection:
        apps.remove(connection, gone.client_key)
    refused(client.get(ME, headers=gone.sign("GET", ME)))
    with read_network.context.database.write() as connection:
        oauth1.end_all(connection, stays.client_key)
    refused(client.get(ME, headers=stays.sign("GET", ME)))


_PARTS = st.lists(
    st.tuples(
        st.sampled_from(["oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature",
                         "oauth_signature_method", "oauth_version", "realm", "x"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=12),
    ),
    max_size=10,
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_PARTS, st.sampled_from(["", "?a=%", "?%ff", "?oauth_token=x", '?a="', "?user.fields=\u00e9"]))
def test_no_header_makes_the_server_fail(client: TestClient, parts: list[tuple[str, str]], query: str) -> None:
    header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in parts)
    response = client.get(ME + query, headers={"Authorization": header.encode("latin-1")})
    assert response.status_code == 401


def test_neither_secret_is_stored(strings: Strings, read_network: Network) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(read_network.context.database.path)) as stored:
        kept = "\n".join(stored.iterdump())
    assert strings.resource_owner_key in kept
    assert strings.client_secret not in kept
    assert strings.resource_owner_secret not in kept
