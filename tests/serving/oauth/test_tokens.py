"""Apps get, renew and revoke tokens, and what is presented twice or by another ends all that came from it."""

from __future__ import annotations

import asyncio
import base64
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from serving.app import create_app
from serving.auth import apps, grants
from serving.auth.scopes import USER_SCOPES
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.oauth.browser import Browser
from tests.serving.oauth.conftest import REDIRECT, AnApp, MakeApp, SignIn
from tests.serving.small_network import ALICE

CodeOf = Callable[[AnApp], str]


def refused(response: httpx.Response, error: str, named: str = "") -> None:
    assert response.status_code == (401 if error == "invalid_client" else 400), response.text
    body = response.json()
    assert body["error"] == error, body
    assert named in body["error_description"], body
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    if error == "invalid_client":
        assert response.headers["www-authenticate"].startswith("Basic")


@pytest.fixture
def later(oauth_network: Network, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the time of tokens to so many seconds after the test's begin."""
    tokens, began_s = oauth_network.context.tokens, oauth_network.context.tokens.now_s()
    return lambda after_s: monkeypatch.setattr(tokens, "now_s", lambda: began_s + after_s)


def test_a_code_brings_tokens_that_do_what_was_allowed(app: AnApp, code_of: CodeOf, oauth_network: Network) -> None:
    response = app.exchange(code_of(app))
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    body = response.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == (
        "bearer", 900, "tweet.read users.read offline.access",
    )  # fmt: skip
    claims = oauth_network.context.tokens.verify(body["access_token"])
    assert (claims.user_id, claims.client_id) == (ALICE, app.client_id)
    assert claims.scopes == {"tweet.read", "users.read", "offline.access"}
    assert claims.expires_s - oauth_network.context.tokens.now_s() <= 900
    assert app.me(body["access_token"]) == 200
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    written = app.client.post("/2/tweets", json={"text": "x"}, headers=headers)
    assert (written.status_code, "tweet.write" in written.json()["detail"]) == (403, True)


def test_only_who_asks_for_it_gets_a_refresh_token(app: AnApp, browser: Browser, sign_in: SignIn) -> None:
    code = sign_in(browser, app.query(scope="tweet.read users.read")).submit(decision="allow").answer["code"]
    assert "refresh_token" not in app.exchange(code).json()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"code_verifier": "x" * 43}, "code_verifier"),
        ({"redirect_uri": "https://app.example/back"}, "redirect_uri"),
    ],
)
def test_a_code_that_was_intercepted_is_worth_nothing(
    app: AnApp, code_of: CodeOf, changes: dict[str, str], named: str
) -> None:
    code = code_of(app)
    refused(app.exchange(code, **changes), "invalid_grant", named)
    # Who holds it besides the app cannot be known: it is over for both.
    refused(app.exchange(code), "invalid_grant")


def test_a_code_belongs_to_its_app(app: AnApp, make_app: MakeApp, code_of: CodeOf) -> None:
    thief, code = make_app(), code_of(app)
    thief.verifier = app.verifier
    refused(thief.exchange(code), "invalid_grant", "another app")
    refused(app.exchange(code), "invalid_grant")


def test_a_code_lasts_a_minute(app: AnApp, code_of: CodeOf, later: Callable[[int], None]) -> None:
    code = code_of(app)
    later(59)
    assert app.exchange(code).status_code == 200
    later(0)
    code = code_of(app)
    later(61)
    refused(app.exchange(code), "invalid_grant")


def test_a_code_that_comes_twice_ends_its_tokens(app: AnApp, code_of: CodeOf) -> None:
    code = code_of(app)
    body = app.exchange(code).json()
    assert app.me(body["access_token"]) == 200
    refused(app.exchange(code), "invalid_grant", "used before")
    assert app.me(body["access_token"]) == 401
    refused(app.refresh(body["refresh_token"]), "invalid_grant")


def test_a_code_is_taken_once_however_many_come_at_once(app: AnApp, code_of: CodeOf, oauth_network: Network) -> None:
    code = code_of(app)

    async def race() -> list[int]:
        transport = httpx.ASGITransport(create_app(oauth_network, start=False))
        fields = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": app.verifier
        }  # fmt: skip
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            asked = (
                client.post("/2/oauth2/token", data=fields, auth=(app.client_id, str(app.secret))) for _ in range(8)
            )
            return [one.status_code for one in await asyncio.gather(*asked)]

    assert sorted(asyncio.run(race())) == [200] + [400] * 7


def test_refresh_tokens_are_renewed_with_each_use_and_an_old_one_ends_the_family(app: AnApp, code_of: CodeOf) -> None:
    first = app.exchange(code_of(app)).json()
    second = app.refresh(first["refresh_token"]).json()
    third = app.refresh(second["refresh_token"]).json()
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    assert len({one["access_token"] for one in (first, second, third)}) == 3
    assert app.me(third["access_token"]) == 200
    refused(app.refresh(first["refresh_token"]), "invalid_grant", "used before")
    assert [app.me(one["access_token"]) for one in (first, second, third)] == [401] * 3
    refused(app.refresh(third["refresh_token"]), "invalid_grant")


def test_a_refresh_token_belongs_to_its_app(app: AnApp, make_app: MakeApp, code_of: CodeOf) -> None:
    token = app.exchange(code_of(app)).json()["refresh_token"]
    refused(make_app().refresh(token), "invalid_grant")
    assert app.refresh(token).status_code == 200


def test_a_refresh_may_ask_for_less_and_not_for_more(app: AnApp, code_of: CodeOf) -> None:
    token = app.exchange(code_of(app)).json()["refresh_token"]
    less = app.refresh(token, scope="users.read").json()
    assert less["scope"] == "users.read"
    assert app.me(less["access_token"]) == 403
    everything = app.refresh(less["refresh_token"]).json()
    assert everything["scope"] == "tweet.read users.read offline.access"
    refused(app.refresh(everything["refresh_token"], scope="tweet.write"), "invalid_scope")


def test_tokens_are_over_in_time(app: AnApp, code_of: CodeOf, later: Callable[[int], None]) -> None:
    body = app.exchange(code_of(app)).json()
    later(899)
    assert app.me(body["access_token"]) == 200
    later(901)
    assert app.me(body["access_token"]) == 401
    later(29 * 86_400)
    body = app.refresh(body["refresh_token"]).json()
    assert app.me(body["access_token"]) == 200
    later(60 * 86_400)
    refused(app.refresh(body["refresh_token"]), "invalid_grant", "over")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_at_once_with_its_family(app: AnApp, code_of: CodeOf, kind: str) -> None:
    first = app.exchange(code_of(app)).json()
    body = app.refresh(first["refresh_token"]).json()
    for _ in range(2):  # the second time there is nothing to end
        response = app.post("/2/oauth2/revoke", token=body[kind], token_type_hint="nonsense")
        assert response.json() == {"revoked": True}
    assert [app.me(one["access_token"]) for one in (first, body)] == [401, 401]
    refused(app.refresh(body["refresh_token"]), "invalid_grant")


def test_an_app_revokes_its_own_tokens_alone(
    app: AnApp, make_app: MakeApp, code_of: CodeOf, oauth_network: Network
) -> None:
    body, other = app.exchange(code_of(app)).json(), make_app()
    for token in (body["access_token"], body["refresh_token"], oauth_network.context.tokens.issue(ALICE)):
        refused(other.post("/2/oauth2/revoke", token=token), "unauthorized_client")
    assert app.me(body["access_token"]) == 200
    assert other.post("/2/oauth2/revoke", token="nonsense").json() == {"revoked": True}
    refused(other.post("/2/oauth2/revoke", token=""), "invalid_request", "token")


def test_an_app_whose_registration_ends_has_no_tokens(app: AnApp, code_of: CodeOf, oauth_network: Network) -> None:
    body = app.exchange(code_of(app)).json()
    with oauth_network.context.database.write() as connection:
        apps.remove(connection, app.client_id)
        grants.end_all(connection, app.client_id)
    assert app.me(body["access_token"]) == 401
    refused(app.refresh(body["refresh_token"]), "invalid_client")


def test_a_confidential_app_has_a_token_for_itself(app: AnApp, make_app: MakeApp, oauth_network: Network) -> None:
    for path in ("/2/oauth2/token", "/oauth2/token"):
        body = app.post(path, grant_type="client_credentials").json()
        assert "refresh_token" not in body
        claims = oauth_network.context.tokens.verify(body["access_token"])
        assert (claims.user_id, claims.scopes) == (None, USER_SCOPES.keys() - {"offline.access"})
        headers = {"Authorization": f"Bearer {body['access_token']}"}
        assert app.client.get("/2/tweets/1001", headers=headers).status_code == 200
        posted = app.client.post("/2/tweets", json={"text": "x"}, headers=headers)
        assert (posted.status_code, posted.json()["type"]) == (403, "urn:rookery:problem:no-user")
    assert app.post("/2/oauth2/revoke", token=body["access_token"]).status_code == 200
    assert app.client.get("/2/tweets/1001", headers=headers).status_code == 401
    refused(app.post("/2/oauth2/token", grant_type="client_credentials", scope="rank"), "invalid_scope")
    public = make_app(confidential=False)
    refused(public.post("/2/oauth2/token", grant_type="client_credentials"), "unauthorized_client")


def test_an_app_proves_who_it_is(app: AnApp, make_app: MakeApp) -> None:
    public, path = make_app(confidential=False), "/2/oauth2/token"
    wish = {"grant_type": "client_credentials"}
    pair = base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()
    in_form = {"client_id": app.client_id, "client_secret": str(app.secret)}
    assert app.client.post(path, data=wish | in_form).status_code == 200
    assert app.client.post(path, data=wish, headers={"Authorization": f"bAsIc {pair}"}).status_code == 200
    for fields, header, error in (
        ({}, None, "invalid_request"),
        ({"client_id": app.client_id}, None, "invalid_client"),
        ({"client_id": app.client_id, "client_secret": "wrong"}, None, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "x"}, None, "invalid_client"),
        ({"client_id": public.client_id, "client_secret": "x"}, None, "invalid_client"),
        ({}, "Basic !", "invalid_client"),
        ({}, f"Bearer {pair}", "invalid_client"),
        ({}, "Basic " + base64.b64encode(b"\xff\xfe").decode(), "invalid_client"),
        ({"client_id": "another"}, f"Basic {pair}", "invalid_request"),
        (in_form, f"Basic {pair}", "invalid_request"),
    ):
        headers = {} if header is None else {"Authorization": header}
        refused(app.client.post(path, data=wish | fields, headers=headers), error)


def test_a_public_app_proves_itself_by_its_verifier(make_app: MakeApp, code_of: CodeOf) -> None:
    public = make_app(confidential=False)
    body = public.exchange(code_of(public)).json()
    assert public.me(body["access_token"]) == 200
    assert public.refresh(body["refresh_token"]).status_code == 200
    refused(public.exchange(code_of(public), code_verifier=""), "invalid_request", "code_verifier")


def test_what_is_no_form_is_refused(app: AnApp) -> None:
    path, form = "/2/oauth2/token", {"content-type": "application/x-www-form-urlencoded"}
    refused(app.client.post(path, json={"grant_type": "refresh_token"}), "invalid_request", "form")
    for body in (b"grant_type=a&grant_type=b", b"a=%ff", b"\xff=a", b"&".join(b"%d=1" % one for one in range(50))):
        refused(app.client.post(path, content=body, headers=form), "invalid_request")
    refused(app.client.post(path, content=b"", headers=form), "invalid_request", "grant_type")
    refused(app.post(path, grant_type="password"), "unsupported_grant_type", "authorization_code")
    for kind, lacking in (("authorization_code", "code"), ("refresh_token", "refresh_token")):
        refused(app.post(path, grant_type=kind), "invalid_request", lacking)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(["authorization_code", "refresh_token", "client_credentials", "x"]),
    st.dictionaries(st.sampled_from(["code", "redirect_uri", "code_verifier", "refresh_token", "scope"]), st.text()),
)
def test_no_form_makes_the_server_fail(app: AnApp, kind: str, fields: dict[str, str]) -> None:
    for path in ("/2/oauth2/token", "/2/oauth2/revoke"):
        assert app.post(path, grant_type=kind, token="x", **fields).status_code in (200, 400)


def test_secrets_are_neither_stored_nor_logged(
    make_network: MakeNetwork, small: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    from starlette.testclient import TestClient

    network = make_network(small)
    with network.context.database.write() as connection:
        made, secret = apps.register(connection, "x", redirect_uris=[REDIRECT], now_s=1)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the browser's own
    with TestClient(create_app(network)) as client:
        app, browser = AnApp(client, made.client_id, secret), Browser(client)
        password = str(network.context.password)
        browser.open("/i/oauth2/authorize", **app.query()).submit(username="alice", password=password)
        code = browser.submit(decision="allow").answer["code"]
        body = app.exchange(code).json()
        app.exchange(code, code_verifier="wrong")
        hidden = [str(secret), password, code, app.verifier, body["access_token"], body["refresh_token"]]
    with closing(sqlite3.connect(network.context.database.path)) as stored:
        kept = "\n".join(stored.iterdump())
    assert made.client_id in kept
    for one in hidden:
        assert one not in caplog.text
        assert one not in kept


def test_what_is_over_is_dropped(app: AnApp, code_of: CodeOf, oauth_network: Network) -> None:
    with oauth_network.context.database.write() as connection:
        old = grants.begin(connection, app.client_id, ALICE, ["tweet.read"], now_s=0, expires_s=10)
        grants.new_code(connection, old, REDIRECT, "x", expires_s=10)
        token = grants.new_refresh_token(connection, old, expires_s=10)
    code_of(app)
    with oauth_network.context.database.read() as connection:
        assert not grants.stands(connection, old.grant_id)
        assert grants.of_refresh_token(connection, token) is None
        assert connection.execute(grants.codes.select().where(grants.codes.c.grant_id == old.grant_id)).first() is None
