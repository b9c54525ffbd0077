"""An app asks a person for access (RFC 6749, section 4.1; RFC 7636): what it may ask, and the code that it gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from serving.auth import apps, grants
from serving.auth.apps import App
from serving.auth.config import AuthConfig
from serving.auth.scopes import USER_SCOPES
from serving.oauth.errors import OAuthError, PageError
from serving.oauth.forms import with_query

MAX_STATE = 500
_NOT_ASKED = "This link does not lead to an app"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""SHA-256 in base64url without padding."""


@dataclass(frozen=True)
class Asked:
    """Where an app wants its answer sent, with the `state` that it gave."""

    app: App
    redirect_uri: str
    state: str | None

    def answer(self, **fields: str) -> str:
        """The URI to send the browser to."""
        state = {} if self.state is None else {"state": self.state}
        return with_query(self.redirect_uri, **fields, **state)

    def refusal(self, error: OAuthError) -> str:
        """The URI that tells the app why it gets no code."""
        return self.answer(error=error.code, error_description=error.description)


@dataclass(frozen=True)
class Wish:
    """What an app wants to be allowed."""

    scopes: tuple[str, ...]
    challenge: str


def read_asked(connection: Connection, query: Mapping[str, str]) -> Asked:
    """Which app asks, and where it wants its answer.

    Raises:
        PageError: the app is not registered, or the redirect URI is not one of its own, character by character. The
            answer then goes nowhere: whoever made the link may have named a place of theirs.
    """
    client_id, uri = query.get("client_id", ""), query.get("redirect_uri", "")
    app = apps.find(connection, client_id)
    if app is None:
        raise PageError(_NOT_ASKED, f"No app has the client_id {client_id[:64]!r}. Register one: rookery app create.")
    if uri not in app.redirect_uris:
        text = f"{uri[:200]!r} is no redirect_uri of the app {app.name}. It must equal one that is registered."
        raise PageError(_NOT_ASKED, text)
    return Asked(app, uri, query.get("state"))


def read_wish(app: App, query: Mapping[str, str]) -> Wish:
    """What the app wants.

    Raises:
        OAuthError: what the app is told at its redirect URI.
    """
    kind = query.get("response_type")
    if kind is None:
        raise OAuthError("invalid_request", "response_type is missing; it is code")
    if kind != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    if len(query.get("state", "")) > MAX_STATE:
        raise OAuthError("invalid_request", f"state is longer than {MAX_STATE} characters")
    challenge = query.get("code_challenge", "")
    if query.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise OAuthError("invalid_request", "code_challenge must be the SHA-256 of the verifier, in base64url")
    wanted = set(query.get("scope", "").split())
    if not wanted:
        raise OAuthError("invalid_scope", "scope is missing")
    for scope in sorted(wanted):
        if scope not in app.scopes:
            why = "is not one that the app may ask for" if scope in USER_SCOPES else "is not known"
            raise OAuthError("invalid_scope", f"scope {_plain(scope)} {why}")
    return Wish(tuple(one for one in USER_SCOPES if one in wanted), challenge)


def allow(connection: Connection, asked: Asked, wish: Wish, user_id: int, config: AuthConfig, *, now_s: int) -> str:
    """A code for what a person allowed."""
    until = now_s + config.code_s
    grant = grants.begin(connection, asked.app.client_id, user_id, wish.scopes, now_s=now_s, expires_s=until)
    return grants.new_code(connection, grant, asked.redirect_uri, wish.challenge, expires_s=until)


def _plain(text: str) -> str:
    """As RFC 6749 lets it stand in `error_description`."""
    return re.sub(r"[^ !#-\[\]-~]", "?", text)[:64]
