"""Registered apps: who may ask people for access, and where their answers may be sent."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, delete, select

from data.errors import ConfigError
from serving.auth.config import is_loopback
from serving.auth.scopes import USER_SCOPES
from serving.kit.db import metadata

apps = Table(
    "apps",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("secret_hash", String),
    Column("redirect_uris", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("created_s", BigInteger, nullable=False),
)
"""One row an app. A public app has no secret; redirect URIs are separated by line ends, scopes by spaces."""

MAX_REDIRECTS = 10
MAX_URI = 2_000

_URI = re.compile(r"[!-~]+")
_NETLOC = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
"""A scheme of an app of its own, named by a domain in reverse order (RFC 8252, section 7.1)."""


@dataclass(frozen=True)
class App:
    """A registered app."""

    client_id: str
    name: str
    secret_hash: str | None
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    """What it may ask for."""
    created_s: int
    """Unix seconds."""

    @property
    def confidential(self) -> bool:
        """Whether it can keep a secret, as a server can, and an app on a phone or in a browser cannot."""
        return self.secret_hash is not None

    def has_secret(self, given: str) -> bool:
        """Whether `given` is the secret of this confidential app."""
        return self.secret_hash is not None and hmac.compare_digest(self.secret_hash, digest(given))


def digest(secret: str) -> str:
    """SHA-256 in hex digits: how secrets, codes and refresh tokens are stored.

    A slow hash would protect a password, which is guessed from a list. These hold 256 random bits: nobody finds one
    from its hash however fast that is, and each request looks one up.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits, in characters that need no quoting in a URL."""
    return secrets.token_urlsafe(32)


def register(
    connection: Connection,
    name: str,
    *,
    redirect_uris: Iterable[str] = (),
    scopes: Iterable[str] = (),
    confidential: bool = True,
    now_s: int,
) -> tuple[App, str | None]:
    """Adds an app; returns it and its secret, which is not kept (None for a public one). Without `scopes`: all.

    Raises:
        ConfigError: the name, a redirect URI or a scope is not taken.
    """
    uris, wanted = tuple(dict.fromkeys(redirect_uris)), set(scopes) or set(USER_SCOPES)
    if not 1 <= len(name) <= 50 or not name.isprintable() or name != name.strip():
        raise ConfigError(f"app name {name[:60]!r} is not taken", remedy="give 1 to 50 visible characters")
    if len(uris) > MAX_REDIRECTS:
        raise ConfigError(f"{len(uris)} redirect URIs, over {MAX_REDIRECTS}", remedy="register fewer")
    for uri in uris:
        check_redirect_uri(uri)
    for scope in sorted(wanted):
        if scope not in USER_SCOPES:
            raise ConfigError(f"an app cannot have scope {scope!r}", remedy=f"it may have {', '.join(USER_SCOPES)}")
    secret = new_secret() if confidential else None
    app = App(
        client_id=secrets.token_hex(12),
        name=name,
        secret_hash=None if secret is None else digest(secret),
        redirect_uris=uris,
        scopes=tuple(one for one in USER_SCOPES if one in wanted),
        created_s=now_s,
    )
    row = {**vars(app), "redirect_uris": "\n".join(uris), "scopes": " ".join(app.scopes)}
    connection.execute(apps.insert(), row)
    return app, secret


def check_redirect_uri(uri: str) -> None:
    """Refuses what no answer may be sent to.

    Raises:
        ConfigError: it is no absolute https URI, nor http to this machine, nor of a scheme of the app's own.
    """
    if not _is_redirect_uri(uri):
        raise ConfigError(
            f"redirect URI {uri[:100]!r} is not taken",
            remedy="register the whole URI: https://..., http://127.0.0.1:PORT/..., or org.example.app:/..., "
            "without a fragment and without user and password",
        )


def _is_redirect_uri(uri: str) -> bool:
    if len(uri) > MAX_URI or _URI.fullmatch(uri) is None or any(one in uri for one in '#\\"<>'):
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        at_home = parts.scheme == "https" or (host is not None and is_loopback(host))
        return bool(host) and at_home and _NETLOC.fullmatch(parts.netloc) is not None
    return _SCHEME.fullmatch(parts.scheme) is not None and len(uri) > len(parts.scheme) + 1


def find(connection: Connection, client_id: str) -> App | None:
    """The app with an id."""
    row = connection.execute(select(apps).where(apps.c.client_id == client_id)).first()
    return None if row is None else _app(row)


def listed(connection: Connection) -> list[App]:
    """All apps, the oldest first."""
    rows = connection.execute(select(apps).order_by(apps.c.created_s, apps.c.client_id))
    return [_app(row) for row in rows]


def remove(connection: Connection, client_id: str) -> None:
    """Ends an app's registration; what people allowed it is `serving.auth.grants`'."""
    connection.execute(delete(apps).where(apps.c.client_id == client_id))


def _app(row: Row[Any]) -> App:
    uris = tuple(row.redirect_uris.split("\n")) if row.redirect_uris else ()
    return App(row.client_id, row.name, row.secret_hash, uris, tuple(row.scopes.split()), row.created_s)
