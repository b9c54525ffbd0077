"""People sign in and allow an app what it asks for, on pages that nobody else can lead them through."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from data.dataset import Dataset
from serving.app import create_app
from serving.auth import apps
from serving.auth.config import AuthConfig
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.oauth.browser import Browser, cookie
from tests.serving.oauth.conftest import REDIRECT, AnApp, MakeApp, SignIn
from tests.serving.small_network import ALICE, CAROL

PAGE = "/i/oauth2/authorize"


def check_headers(browser: Browser) -> None:
    headers = browser.response.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
    assert "script-src" not in policy
    assert "unsafe" not in str(policy)
    assert "<script" not in browser.text
    assert not re.findall(r'(?:src|href)="', browser.text)


def test_a_person_signs_in_and_allows_an_app(app: AnApp, browser: Browser, sign_in: SignIn) -> None:
    browser.open(PAGE, **app.query())
    assert (browser.response.status_code, "Sign in to go on to Rook reader" in browser.text) == (200, True)
    check_headers(browser)
    sign_in(browser, app.query())
    check_headers(browser)
    assert "form-action 'self' https://app.example;" in browser.response.headers["content-security-policy"]
    for text in ("@alice", "tweet.read", "users.read", "offline.access", "Rook reader", "https://app.example/back"):
        assert text in browser.text
    assert "tweet.write" not in browser.text
    browser.submit(decision="allow")
    assert browser.sent_to.startswith("https://app.example/back?page=1&code=")
    assert browser.answer["state"] == "x y&z"
    assert app.exchange(browser.answer["code"]).status_code == 200
    assert browser.response.headers["cache-control"] == "no-store"


def test_a_browser_stays_signed_in_and_is_asked_each_time(app: AnApp, browser: Browser, sign_in: SignIn) -> None:
    sign_in(browser, app.query()).submit(decision="allow")
    browser.open(PAGE, **app.query(scope="tweet.read", state=""))
    assert "@alice" in browser.text
    browser.submit(decision="deny")
    assert browser.answer == {
        "page": "1", "error": "access_denied", "error_description": "the person did not allow it"
    }  # fmt: skip
    browser.open(PAGE, **app.query()).submit(decision="switch")
    assert "Sign in to go on" in browser.text


@pytest.mark.parametrize("name", ["Carol", "@carol", str(CAROL), " carol "])
def test_who_signs_in_is_named_by_handle_or_id(
    app: AnApp, browser: Browser, sign_in: SignIn, oauth_network: Network, name: str
) -> None:
    code = sign_in(browser, app.query(), name=name).submit(decision="allow").answer["code"]
    token = app.exchange(code).json()["access_token"]
    assert oauth_network.context.tokens.verify(token).user_id == CAROL


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", ""), ("", ""), ("1" * 40, "")])
def test_a_wrong_name_or_password_is_told_the_same(
    app: AnApp, browser: Browser, sign_in: SignIn, name: str, password: str
) -> None:
    sign_in(browser, app.query(), name=name, password=password or None)
    assert browser.response.status_code == 403
    assert "The username or the password is wrong." in browser.text
    assert 'role="alert"' in browser.text
    browser.open(PAGE, **app.query())
    assert "Sign in to go on" in browser.text


def test_the_cookie_is_the_servers_alone(app: AnApp, browser: Browser) -> None:
    about = cookie(browser.open(PAGE, **app.query()).response)
    assert about.keys() == {"name", "HttpOnly", "Max-Age", "Path", "SameSite"}
    assert (about["Path"], about["SameSite"], about["Max-Age"]) == ("/i/oauth2", "lax", "3600")
    secure = Browser(TestClient(app.client.app, base_url="https://testserver"))  # type: ignore[attr-defined]
    assert "Secure" in cookie(secure.open(PAGE, **app.query()).response)


def test_signing_in_gives_the_browser_another_session(app: AnApp, browser: Browser, oauth_network: Network) -> None:
    browser.open(PAGE, **app.query())
    planted, form_key = browser.client.cookies["rookery_session"], browser.form.fields["form_key"]
    browser.submit(username="alice", password=str(oauth_network.context.password))
    # Whoever planted the cookie of the sign-in page knows no form of Alice's session, and has no such session.
    fields = {"decision": "allow", "form_key": form_key}
    assert "no longer good" in browser.client.post(browser.form.action, data=fields).text
    assert "code" in browser.submit(decision="allow").answer
    browser.client.cookies.clear()
    browser.client.cookies.set("rookery_session", planted, path="/i/oauth2")
    assert "Sign in to go on" in browser.open(PAGE, **app.query()).text


def test_a_session_ends_and_cannot_be_forged(
    app: AnApp, browser: Browser, sign_in: SignIn, oauth_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = oauth_network.context.tokens
    sign_in(browser, app.query())
    now_s = tokens.now_s()
    for after_s, shown in ((3_500, "@alice"), (3_700, "Sign in")):
        monkeypatch.setattr(tokens, "now_s", lambda after_s=after_s: now_s + after_s)
        # A page renews the cookie: each time the one of the sign-in is sent.
        kept = browser.client.cookies["rookery_session"]
        assert shown in browser.open(PAGE, **app.query()).text
        browser.client.cookies.clear()
        browser.client.cookies.set("rookery_session", kept, path="/i/oauth2")
    for forged in (tokens.issue(ALICE), "x", kept[:-2] + "AA"):
        browser.client.cookies.clear()
        browser.client.cookies.set("rookery_session", forged, path="/i/oauth2")
        assert "Sign in" in browser.open(PAGE, **app.query()).text


def test_a_form_from_elsewhere_does_nothing(make_app: MakeApp, app: AnApp, browser: Browser, sign_in: SignIn) -> None:
    other = make_app()
    sign_in(browser, app.query())
    url, form_key = browser.form.action, browser.form.fields["form_key"]
    for action, fields in (
        (url, {"decision": "allow"}),
        (url, {"decision": "allow", "form_key": "x"}),
        (url, {"decision": "allow", "form_key": "\u00e9"}),
        # What is allowed is what was shown: neither more scopes nor another app.
        (url.replace("tweet.read", "tweet.write"), {"decision": "allow", "form_key": form_key}),
        (url.replace(app.client_id, other.client_id), {"decision": "allow", "form_key": form_key}),
    ):
        browser.response = browser.client.post(action, data=fields, follow_redirects=False)
        assert browser.response.status_code == 403, fields
        assert "no longer good" in browser.text
    for body, kind in (("decision=allow", "text/plain"), ("decision=allow&decision=deny", None), ("%ff=%ff", None)):
        headers = {"content-type": kind or "application/x-www-form-urlencoded"}
        assert browser.client.post(url, content=body, headers=headers).status_code == 400
    # Another browser's form key.
    browser.client.cookies.clear()
    browser.open(PAGE, **app.query())
    fields = {"username": "alice", "password": "x", "form_key": form_key}
    assert "no longer good" in browser.client.post(browser.form.action, data=fields).text


@pytest.mark.parametrize(
    "uri",
    ["", "https://app.example/back", "https://app.example/back?page=1&x=2", "https://app.example/back?page=1#f",
     "https://evil.example/back?page=1", "https://app.example.evil.example/back?page=1", "//app.example/back?page=1",
     "https://app.example@evil.example/back?page=1", "HTTPS://app.example/back?page=1", "javascript:alert(1)",
     "https://app.example/back%3Fpage=1", "https://app.example/back?page=1 ", "/"],
)  # fmt: skip
def test_nobody_is_sent_to_a_place_that_is_not_registered(
    app: AnApp, browser: Browser, sign_in: SignIn, uri: str
) -> None:
    for more in ({}, {"scope": "nonsense"}, {"response_type": "token"}):
        browser.open(PAGE, **app.query(redirect_uri=uri, **more))
        assert browser.response.status_code == 400
        assert "location" not in browser.response.headers
        check_headers(browser)
    sign_in(browser, app.query())
    wrong = app.query(redirect_uri=uri)
    fields = {"decision": "allow", "form_key": browser.form.fields["form_key"]}
    response = browser.client.post(PAGE, params=wrong, data=fields, follow_redirects=False)
    assert (response.status_code, "location" in response.headers) == (400, False)


def test_an_app_that_is_not_registered_is_told_nothing(app: AnApp, browser: Browser) -> None:
    browser.open(PAGE, **app.query(client_id="<script>"))
    assert browser.response.status_code == 400
    assert "&lt;script&gt;" in browser.text
    check_headers(browser)


@pytest.mark.parametrize(
    ("changes", "error", "named"),
    [
        ({"response_type": ""}, "invalid_request", "response_type"),
        ({"response_type": "token"}, "unsupported_response_type", "code"),
        ({"code_challenge": ""}, "invalid_request", "code_challenge"),
        ({"code_challenge": "x" * 42}, "invalid_request", "code_challenge"),
        ({"code_challenge_method": "plain"}, "invalid_request", "S256"),
        ({"code_challenge_method": ""}, "invalid_request", "S256"),
        ({"scope": ""}, "invalid_scope", "missing"),
        ({"scope": "tweet.read rank"}, "invalid_scope", "rank"),
        ({"scope": 'tweet.read "\u00e9'}, "invalid_scope", "not known"),
        ({"scope": "like.write"}, "invalid_scope", "may ask for"),
        ({"state": "x" * 501}, "invalid_request", "500"),
    ],
)
def test_an_app_is_told_what_is_wrong(
    make_app: MakeApp, browser: Browser, changes: dict[str, str], error: str, named: str
) -> None:
    app = make_app(scopes=["tweet.read", "users.read", "offline.access"])
    answer = browser.open(PAGE, **app.query(**changes)).answer
    assert browser.sent_to.startswith(REDIRECT)
    assert (answer["error"], answer["state"]) == (error, app.query(**changes)["state"])
    assert named in answer["error_description"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(["response_type", "scope", "state", "code_challenge", "redirect_uri",
                                        "client_id", "code_challenge_method"]), st.text()))  # fmt: skip
def test_no_request_makes_a_page_fail(app: AnApp, browser: Browser, changes: dict[str, str]) -> None:
    browser.open(PAGE, **app.query(**changes))
    assert browser.response.status_code in (200, 303, 400)
    if browser.response.status_code == 303:
        assert browser.sent_to.startswith(REDIRECT + "&error=")


def test_guessing_passwords_ends_soon(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, auth=AuthConfig(tries=3))
    with network.context.database.write() as connection:
        made, _ = apps.register(connection, "x", redirect_uris=[REDIRECT], now_s=1)
    query = AnApp(None, made.client_id, None).query()  # type: ignore[arg-type]

    app = create_app(network)

    def status(address: str, name: str, password: str) -> int:
        browser = Browser(TestClient(app, client=(address, 1)))
        browser.open(PAGE, **query).submit(username=name, password=password)
        if browser.response.status_code == 429:
            assert 0 < int(browser.response.headers["retry-after"]) <= 901
        return browser.response.status_code

    right = str(network.context.password)
    # From one address, whoever it names; the right password comes too late, too.
    assert [status("10.0.0.1", name, "wrong") for name in ("alice", "bob", "carol", "dave")] == [403, 403, 403, 429]
    assert status("10.0.0.1", "erin", right) == 429
    # For one account, from wherever, however it is written.
    assert [status(f"10.0.1.{at}", name, "wrong") for at, name in enumerate(("erin", "@erin", "ERIN", "erin"))] == [
        403, 403, 403, 429,
    ]  # fmt: skip
    assert status("10.0.2.1", "bob", right) == 200


def test_nobody_signs_in_where_others_reach_the_server_unless_a_password_is_set(
    make_network: MakeNetwork, small: Dataset
) -> None:
    for home, options, expected in (
        ("open", {"host": "0.0.0.0"}, 403),
        ("set", {"host": "0.0.0.0", "auth": {"password": "a password of ours"}}, 200),
    ):
        network = make_network(small, home=home, **options)
        with network.context.database.write() as connection:
            made, _ = apps.register(connection, "x", redirect_uris=[REDIRECT], now_s=1)
        browser = Browser(TestClient(create_app(network)))
        query: dict[str, Any] = AnApp(None, made.client_id, None).query()  # type: ignore[arg-type]
        browser.open(PAGE, **query)
        assert browser.response.status_code == expected
        assert ("Nobody can sign in here" in browser.text) == (expected == 403)
        if expected == 200:
            assert "@alice" in browser.submit(username="alice", password="a password of ours").text
