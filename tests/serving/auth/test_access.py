"""Every route is asked by nobody, by another user, and with too little scope."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from data.dataset import Dataset
from serving.app import create_app, guarded_routes
from serving.auth import grants
from serving.auth.scopes import ACTS, BY_ROUTE, SERVICE_SCOPES, check_complete
from serving.auth.tokens import Tokens
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.described import DescribedClient
from tests.serving.examples import ENDLESS, example
from tests.serving.small_network import ALICE, BOB

OWN = [
    (method, path)
    for method, path in guarded_routes()
    if path.startswith("/2/users/{id}/")
    and path.rpartition("/")[2] not in ("tweets", "followers", "liked_tweets", "mentions")
    and (method, path) != ("GET", "/2/users/{id}/following")
]
"""Routes that act as the user in their path, or show what is that user's alone."""

every_route = pytest.mark.parametrize(("method", "path"), guarded_routes())


@pytest.fixture(scope="module")
def client(read_network: Network) -> Iterator[DescribedClient]:
    with DescribedClient(create_app(read_network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def tokens(read_network: Network) -> Tokens:
    return read_network.context.tokens


def ask(client: DescribedClient, method: str, path: str, token: str | None = None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.request(method, **example(client, method, path), headers=headers)


def refused(response: httpx.Response, status: int, kind: str) -> None:
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:rookery:problem:{kind}"


@every_route
def test_nobody_is_let_in(client: DescribedClient, method: str, path: str) -> None:
    response = ask(client, method, path)
    refused(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="rookery"'
    wrong = ask(client, method, path, "x.y.z")
    refused(wrong, 401, "unauthorized")
    assert wrong.headers["www-authenticate"] == 'Bearer realm="rookery", error="invalid_token"'


@pytest.mark.parametrize(("method", "path"), OWN)
def test_nobody_acts_as_another(client: DescribedClient, tokens: Tokens, method: str, path: str) -> None:
    refused(ask(client, method, path, tokens.issue(BOB)), 403, "other-user")
    refused(ask(client, method, path, tokens.issue(None)), 403, "no-user")


def test_the_routes_of_a_user_are_found() -> None:
    assert len(OWN) >= 15
    assert ("GET", "/2/users/{id}/bookmarks") in OWN


@every_route
def test_a_token_that_lacks_one_scope_is_refused(
    client: DescribedClient, tokens: Tokens, method: str, path: str
) -> None:
    needed = BY_ROUTE[f"{method} {path}"]
    for lacking in needed:
        held = (ACTS | SERVICE_SCOPES.keys()) - {lacking}
        response = ask(client, method, path, tokens.issue(ALICE, held))
        refused(response, 403, "no-scope")
        assert repr(lacking) in response.json()["detail"]
        assert f'error="insufficient_scope", scope="{" ".join(needed)}"' in response.headers["www-authenticate"]


def test_the_scopes_of_a_route_are_enough_for_it(client: DescribedClient, tokens: Tokens) -> None:
    # Those that only read: the network is shared.
    # Whoever may open the stream gets an answer without an end.
    asked = [(method, path) for method, path in guarded_routes() if method == "GET" and path not in ENDLESS]
    for method, path in asked:
        response = ask(client, method, path, tokens.issue(ALICE, BY_ROUTE[f"{method} {path}"]))
        assert response.status_code == 200, response.text


def test_a_token_without_scopes_of_a_person_has_them_all(tokens: Tokens) -> None:
    assert tokens.verify(tokens.issue(ALICE)).scopes == ACTS
    assert tokens.verify(tokens.issue(ALICE, ["rank"])).scopes == ACTS | {"rank"}
    assert tokens.verify(tokens.issue(ALICE, ["rank", "like.read"])).scopes == {"like.read", "rank"}


def test_the_token_of_an_app_has_its_scopes_alone_while_its_grant_stands(
    client: DescribedClient, tokens: Tokens, read_network: Network
) -> None:
    database = read_network.context.database
    with database.write() as connection:
        grant = grants.begin(connection, "app", ALICE, [], now_s=0, expires_s=1 << 40).grant_id
    made = {
        scopes: tokens.issue_to_app(ALICE, scopes, client_id="app", grant=grant, ttl_s=60)
        for scopes in ((), ("users.read",), ("tweet.read", "users.read"))
    }
    assert tokens.verify(made["users.read",]).scopes == {"users.read"}
    for scopes in ((), ("users.read",)):
        response = ask(client, "GET", "/2/users/me", made[scopes])
        refused(response, 403, "no-scope")
        assert "the app must ask" in response.json()["detail"]
    assert ask(client, "GET", "/2/users/me", made["tweet.read", "users.read"]).status_code == 200
    with database.write() as connection:
        grants.end(connection, grant)
    response = ask(client, "GET", "/2/users/me", made["tweet.read", "users.read"])
    refused(response, 401, "unauthorized")
    assert "revoked" in response.json()["detail"]


def test_a_fixed_token_acts_for_its_user(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, auth={"fixed_tokens": {"a-token-of-ours": ALICE}})
    with DescribedClient(create_app(network)) as client:
        assert ask(client, "GET", "/2/users/me", "a-token-of-ours").json()["data"]["username"] == "alice"
        assert ask(client, "POST", "/2/tweets", "a-token-of-ours").status_code == 201
        refused(ask(client, "POST", "/v1/rank", "a-token-of-ours"), 403, "no-scope")
        refused(ask(client, "GET", "/2/users/me", "a-token-of-our"), 401, "unauthorized")


def test_a_route_without_its_scopes_is_not_served() -> None:
    with pytest.raises(LookupError, match="GET /2/new"):
        check_complete(["GET /2/tweets", "GET /2/new"])
