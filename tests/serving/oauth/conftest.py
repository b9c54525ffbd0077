"""An app, a browser, and a network that they meet."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from data.dataset import Dataset
from serving.app import create_app
from serving.auth import apps
from serving.auth.config import AuthConfig
from serving.auth.scopes import USER_SCOPES
from serving.network import Network
from tests.serving.conftest import networks
from tests.serving.described import DescribedClient
from tests.serving.oauth.browser import Browser

REDIRECT = "https://app.example/back?page=1"


@dataclass
class AnApp:
    """A registered app, and what it asks for."""

    client: httpx.Client
    client_id: str
    secret: str | None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def query(self, **changes: str) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": "tweet.read users.read offline.access",
            "state": "x y&z",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value}

    def post(self, path: str, **fields: str) -> httpx.Response:
        """A form from the app, which names itself by HTTP Basic, or a public one by its id."""
        if self.secret is None:
            return self.client.post(path, data={"client_id": self.client_id} | fields)
        return self.client.post(path, data=fields, auth=(self.client_id, self.secret))

    def exchange(self, code: str, **changes: str) -> httpx.Response:
        fields = {"code": code, "redirect_uri": REDIRECT, "code_verifier": self.verifier} | changes
        return self.post("/2/oauth2/token", grant_type="authorization_code", **fields)

    def refresh(self, token: str, **more: str) -> httpx.Response:
        return self.post("/2/oauth2/token", grant_type="refresh_token", refresh_token=token, **more)

    def me(self, access_token: str) -> int:
        """The status of a request with a token."""
        return self.client.get("/2/users/me", headers={"Authorization": f"Bearer {access_token}"}).status_code


MakeApp = Callable[..., AnApp]


@pytest.fixture(scope="module")
def oauth_network(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Iterator[Network]:
    """One network for the tests of a module, in which one may sign in again and again."""
    with networks(tmp_path_factory.mktemp("oauth")) as make:
        yield make(small, auth=AuthConfig(tries=100_000))


@pytest.fixture(scope="module")
def client(oauth_network: Network) -> Iterator[DescribedClient]:
    with DescribedClient(create_app(oauth_network), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def make_app(oauth_network: Network, client: DescribedClient) -> MakeApp:
    def make(**options: Any) -> AnApp:
        client.cookies.clear()
        with oauth_network.context.database.write() as connection:
            given = {"redirect_uris": [REDIRECT], "scopes": list(USER_SCOPES), "now_s": 1} | options
            made, secret = apps.register(connection, "Rook reader", **given)
        return AnApp(client, made.client_id, secret)

    return make


@pytest.fixture
def app(make_app: MakeApp) -> AnApp:
    return make_app()


@pytest.fixture
def browser(client: DescribedClient) -> Browser:
    client.cookies.clear()
    return Browser(client)


SignIn = Callable[..., Browser]


@pytest.fixture
def sign_in(oauth_network: Network) -> SignIn:
    """Opens an app's request, and signs in."""

    def go(browser: Browser, query: dict[str, str], name: str = "alice", password: str | None = None) -> Browser:
        browser.client.cookies.clear()
        browser.open("/i/oauth2/authorize", **query)
        return browser.submit(username=name, password=password or str(oauth_network.context.password))

    return go


@pytest.fixture
def code_of(browser: Browser, sign_in: SignIn) -> Callable[[AnApp], str]:
    """Has Alice sign in and allow an app what it asks for; gives the code that the app gets."""
    return lambda app: sign_in(browser, app.query()).submit(decision="allow").answer["code"]
