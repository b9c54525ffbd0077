"""Tweepy, unmodified, signs in at a running server: only its session leads here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

from data.dataset import Dataset
from serving.app import bind, listen, server
from serving.auth import apps, oauth1
from serving.network import Network
from tests.serving.conftest import networks
from tests.serving.oauth.browser import Browser
from tests.serving.small_network import ALICE

REDIRECT = "http://127.0.0.1:5000/callback"
PLATFORM = "https://api.twitter.com"


class Here(HTTPAdapter):
    """Sends requests for the platform to a server on this machine, as a proxy would that ends TLS."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
        request.headers.update({"Host": urlsplit(PLATFORM).netloc, "X-Forwarded-Proto": "https"})
        request.url = self.url + str(request.url).removeprefix(PLATFORM)
        return super().send(request, *args, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Iterator[tuple[Network, str]]:
    """A network, and the address at which it is served."""
    with networks(tmp_path_factory.mktemp("served")) as make, ExitStack() as stack:
        network = make(small)
        sockets = [stack.enter_context(one) for one in bind("127.0.0.1", 0)]
        listen(sockets)
        serving = server(network)
        thread = threading.Thread(target=serving.run, args=(sockets,))
        thread.start()
        try:
            yield network, f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        finally:
            serving.should_exit = True
            thread.join()


@pytest.fixture
def here(running: tuple[Network, str], monkeypatch: pytest.MonkeyPatch) -> None:
    begin = requests.Session.__init__

    def lead_here(session: requests.Session) -> None:
        begin(session)
        session.trust_env = False
        session.mount(PLATFORM, Here(running[1]))

    monkeypatch.setattr(requests.Session, "__init__", lead_here)
    # Where the browser is sent back to is this machine.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("confidential", [True, False])
def test_a_person_lets_tweepy_in(running: tuple[Network, str], confidential: bool) -> None:
    network, url = running
    with network.context.database.write() as connection:
        made, secret = apps.register(
            connection, "Rook reader", redirect_uris=[REDIRECT], confidential=confidential, now_s=1
        )
    handler = tweepy.OAuth2UserHandler(
        client_id=made.client_id, redirect_uri=REDIRECT, client_secret=secret,
        scope=["tweet.read", "users.read", "tweet.write", "offline.access"],
    )  # fmt: skip
    asked = urlsplit(handler.get_authorization_url())
    with httpx.Client(base_url=url, trust_env=False) as client:
        browser = Browser(client).open(f"{asked.path}?{asked.query}")
        browser.submit(username="alice", password=str(network.context.password)).submit(decision="allow")
    token = handler.fetch_token(browser.sent_to)
    alice = tweepy.Client(token["access_token"])
    assert alice.get_me(user_auth=False).data.id == ALICE
    posted = alice.create_tweet(text="a rook by consent", user_auth=False).data
    assert alice.get_tweet(posted["id"], expansions=["author_id"]).data.author_id == ALICE
    with pytest.raises(tweepy.Forbidden, match=r"like\.write"):
        alice.like(1001, user_auth=False)
    again = handler.refresh_token(
        f"{PLATFORM}/2/oauth2/token", auth=handler.auth, **({} if confidential else {"client_id": made.client_id})
    )
    assert tweepy.Client(again["access_token"]).get_me(user_auth=False).data.username == "alice"
    with pytest.raises(Exception, match="invalid_grant"):
        handler.refresh_token(
            f"{PLATFORM}/2/oauth2/token", refresh_token=token["refresh_token"], auth=handler.auth,
            **({} if confidential else {"client_id": made.client_id}),
        )  # fmt: skip
    with pytest.raises(tweepy.Unauthorized, match="401"):
        tweepy.Client(again["access_token"]).get_me(user_auth=False)


@pytest.mark.usefixtures("here")
def test_tweepy_has_a_token_for_an_app_itself(running: tuple[Network, str]) -> None:
    network, _ = running
    with network.context.database.write() as connection:
        made, secret = apps.register(connection, "Reader", now_s=1)
    handler = tweepy.OAuth2AppHandler(made.client_id, secret)
    reader = tweepy.Client(handler._bearer_token)
    assert reader.get_user(username="alice").data.id == ALICE
    with pytest.raises(tweepy.Forbidden):
        reader.create_tweet(text="x", user_auth=False)


@pytest.mark.usefixtures("here")
def test_a_script_signs_what_it_posts(running: tuple[Network, str]) -> None:
    network, _ = running
    secret = network.context.tokens.secret
    with network.context.database.write() as connection:
        app, _ = apps.register(connection, "Script", now_s=1)
        token = oauth1.issue(connection, app.client_id, ALICE)
    strings = {
        "consumer_key": app.client_id,
        "consumer_secret": oauth1.consumer_secret(secret, app.client_id),
        "access_token": token,
        "access_token_secret": oauth1.access_secret(secret, token),
    }
    alice = tweepy.Client(**strings)
    posted = alice.create_tweet(text="a rook & a signature").data
    assert alice.get_me().data.id == ALICE
    assert alice.get_tweet(posted["id"], tweet_fields=["author_id", "text"], user_auth=True).data.author_id == ALICE
    assert alice.like(1003).data == {"liked": True}
    assert alice.delete_tweet(posted["id"]).data == {"deleted": True}
    with pytest.raises(tweepy.Unauthorized):
        tweepy.Client(**strings | {"access_token_secret": "wrong"}).create_tweet(text="x")
