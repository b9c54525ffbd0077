"""Requests signed by OAuth 1.0a (RFC 5849) with HMAC-SHA1: how scripts act for one person with four strings.

An app's key is its client id. The two secrets are not stored: they are derived from the network's own. What is signed
is the method, the URL with its query, and the header; a body of JSON is not, as the standard has it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, RequestValidator, ResourceEndpoint
from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, select
from starlette.datastructures import Headers
from starlette.types import Scope

from serving.auth.apps import apps
from serving.auth.tokens import LAST_S, Claims, TokenError, Tokens
from serving.kit.clock import ticks
from serving.kit.db import Database, metadata

user_tokens = Table(
    "user_tokens",
    metadata,
    Column("token", String, primary_key=True),
    Column("client_id", String, nullable=False, index=True),
    Column("user_id", BigInteger, nullable=False),
)
"""One row an access token of OAuth 1.0a: the app, and the person for whom it acts."""

SKEW_S = 300
"""Seconds by which a client's clock may be wrong."""


def issue(connection: Connection, client_id: str, user_id: int) -> str:
    """An access token with which an app acts for a person; `access_secret` goes with it."""
    token = f"{user_id}-{secrets.token_hex(16)}"
    connection.execute(user_tokens.insert(), {"token": token, "client_id": client_id, "user_id": user_id})
    return token


def end_all(connection: Connection, client_id: str) -> None:
    """Ends every access token of an app."""
    connection.execute(delete(user_tokens).where(user_tokens.c.client_id == client_id))


def consumer_secret(secret: bytes, client_id: str) -> str:
    """The secret that goes with an app's key, from the network's `secret`."""
    return _derived(secret, f"app {client_id}")


def access_secret(secret: bytes, token: str) -> str:
    """The secret that goes with an access token, from the network's `secret`."""
    return _derived(secret, f"token {token}")


def _derived(secret: bytes, name: str) -> str:
    made = hmac.digest(secret, f"rookery oauth1 {name}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


class Signatures:
    """Tells who signed a request. Each signature is taken once."""

    def __init__(self, tokens: Tokens, database: Database) -> None:
        """Derives secrets from that of `tokens`; apps and access tokens are in `database`."""
        self._secret = tokens.secret
        self._database = database
        self._began_s = tokens.now_s()
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def read(self, scope: Scope) -> Claims:
        """Who signed the request of an ASGI scope.

        Raises:
            TokenError: the signature is wrong, too old, or was seen before.
        """
        headers = Headers(scope=scope)
        url = f"{scope['scheme']}://{headers.get('host', '')}{scope['raw_path'].decode('latin-1')}"
        query = scope["query_string"].decode("latin-1")
        validator = _Validator(self._secret, self._database)
        try:
            valid, signed = ResourceEndpoint(validator).validate_protected_resource_request(
                f"{url}?{query}" if query else url,
                http_method=scope["method"],
                headers={"Authorization": headers["authorization"]},
            )
        except ValueError as error:
            raise TokenError(f"the OAuth 1.0a header or the query cannot be read: {error}") from error
        if not valid:
            raise TokenError(
                f"the OAuth 1.0a signature is not taken: it must be {SIGNATURE_HMAC_SHA1}, by the four strings of "
                f"rookery app create --user ID, at a time within {SKEW_S} seconds of the server's"
            )
        # Of requests that an earlier process took nothing is remembered.
        if int(signed.timestamp) < self._began_s or not self._first(signed):
            raise TokenError("the OAuth 1.0a signature was used before, or is from before the server's start")
        assert validator.claims is not None
        return validator.claims

    def _first(self, signed: Request) -> bool:
        """Whether a valid signature comes for the first time; those that are too old by now are forgotten."""
        parts = "\n".join((signed.client_key, signed.resource_owner_key, signed.timestamp, signed.nonce))
        key, now_ns = hashlib.sha256(parts.encode()).digest()[:16], ticks()
        with self._lock:
            # One that came early may be repeated until the clock is as far after its time as it was before.
            while self._seen and next(iter(self._seen.values())) < now_ns - 3 * SKEW_S * 1_000_000_000:
                self._seen.popitem(last=False)
            if key in self._seen:
                return False
            self._seen[key] = now_ns
            return True


class _Validator(RequestValidator):  # type: ignore[misc]  # oauthlib comes without types
    """What oauthlib asks about one request."""

    enforce_ssl = False
    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    timestamp_lifetime = SKEW_S
    dummy_client = dummy_access_token = "nobody"

    def __init__(self, secret: bytes, database: Database) -> None:
        super().__init__()
        self._secret = secret
        self._database = database
        self.claims: Claims | None = None

    def check_client_key(self, client_key: str) -> bool:
        """Whether it may be a client id."""
        return len(client_key) <= 64

    def check_access_token(self, request_token: str) -> bool:
        """Whether it may be an access token."""
        return len(request_token) <= 64

    def check_nonce(self, nonce: str) -> bool:
        """Clients make nonces of many kinds."""
        return len(nonce) <= 128

    def validate_timestamp_and_nonce(self, *_: Any, **__: Any) -> bool:
        """Asked before the signature was checked: `Signatures` remembers what was really signed."""
        return True

    def validate_client_key(self, client_key: str, request: Request) -> bool:
        """Found out together with the access token."""
        return True

    def validate_access_token(self, client_key: str, token: str, request: Request) -> bool:
        """Whether the app has such a token; keeps for whom, and what it allows."""
        wanted = (
            select(user_tokens.c.user_id, apps.c.scopes)
            .join(apps, apps.c.client_id == user_tokens.c.client_id)
            .where(user_tokens.c.token == token, user_tokens.c.client_id == client_key)
        )
        with self._database.read() as connection:
            row = connection.execute(wanted).first()
        if row is not None:
            self.claims = Claims(row.user_id, frozenset(row.scopes.split()), LAST_S, client_id=client_key)
        return row is not None

    def validate_realms(self, *_: Any, **__: Any) -> bool:
        """There is one realm."""
        return True

    def get_client_secret(self, client_key: str, request: Request) -> str:
        """The secret of an app, whether there is one or not: both take the same time."""
        return consumer_secret(self._secret, client_key)

    def get_access_token_secret(self, client_key: str, token: str, request: Request) -> str:
        """The secret of an access token, likewise."""
        return access_secret(self._secret, token)
