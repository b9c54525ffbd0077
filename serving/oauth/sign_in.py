"""People sign in with the network's password, and a cookie remembers it for a while.

The cookie is signed, not stored. A form carries a value that only a page shown to the same browser has (a defence
against cross-site request forgery); it is bound to the app's request, so that what is allowed is what was shown.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import Connection

from serving.auth.config import AuthConfig
from serving.auth.tokens import LAST_S, Tokens
from serving.auth.windows import MemoryWindows, Window
from serving.kit.ids import parse_id
from serving.users import store as users
from serving.users.store import UserRow

COOKIE = "rookery_session"
WINDOW_S = 900


@dataclass(frozen=True)
class Session:
    """A browser."""

    number: str
    """Random; another one after signing in, so that nobody signs a browser in whose number they know."""
    user_id: int | None = None
    """Who signed in."""


class _Payload(msgspec.Struct):
    jti: str
    exp: Annotated[int, msgspec.Meta(ge=0, le=LAST_S)]
    sub: str | None = None


class SignIn:
    """Checks passwords, and remembers who signed in."""

    def __init__(self, tokens: Tokens, password: str | None, config: AuthConfig) -> None:
        """Everybody's `password` (None: nobody can sign in). Another password ends all sessions."""
        self.open = password is not None
        self.life_s = config.session_min * 60
        self._tokens = tokens
        self._password = password
        self._key = hmac.digest(tokens.secret, f"browser {password}".encode(), hashlib.sha256)
        self._tries = config.tries
        self._windows = MemoryWindows()

    async def try_once(self, address: str, name: str) -> Window | None:
        """Counts a try of a password from an address, for an account; the window that is used up, if one is."""
        for key in (f"address {address}", f"account {name.removeprefix('@').lower()}"):
            window = await self._windows.take(key, self._tries, WINDOW_S)
            if not window.taken:
                return window
        return None

    def check(self, connection: Connection, name: str, password: str) -> UserRow | None:
        """The account that signs in by its handle, or by its id; None where the name or the password is wrong."""
        if self._password is None or not hmac.compare_digest(password.encode(), self._password.encode()):
            return None
        found = users.by_username(connection, name.removeprefix("@"))
        if found is None:
            try:
                found = users.by_id(connection, parse_id(name))
            except ValueError:
                return None
        return found

    def session(self, cookie: str | None) -> Session:
        """The browser that a cookie names; a new one where it is missing, forged or over."""
        try:
            payload = jwt.decode(cookie or "", OctKey.import_key(self._key), algorithms=["HS256"]).claims
            said = msgspec.convert(payload, _Payload)
            user_id = None if said.sub is None else parse_id(said.sub)
        except (JoseError, ValueError):
            return new_session()
        return Session(said.jti, user_id) if said.exp > self._tokens.now_s() else new_session()

    def cookie(self, session: Session) -> str:
        """What the browser keeps."""
        claims = {"jti": session.number, "exp": self._tokens.now_s() + self.life_s}
        if session.user_id is not None:
            claims["sub"] = str(session.user_id)
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self._key))

    def form_key(self, session: Session, query: str) -> str:
        """What a form shown to a browser carries back, for one request of an app."""
        return hmac.new(self._key, f"form {session.number} {query}".encode(), hashlib.sha256).hexdigest()

    def is_form_key(self, given: str, session: Session, query: str) -> bool:
        """Whether a form was shown to this browser for this request."""
        return hmac.compare_digest(given.encode(), self.form_key(session, query).encode())


def new_session(user_id: int | None = None) -> Session:
    """A browser that was not there before, or one that has just signed in."""
    return Session(secrets.token_urlsafe(18), user_id)
