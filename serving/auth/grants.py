"""What people allowed apps: a grant, and the codes and refresh tokens that come from it.

A grant is a family of tokens. It ends when a person or the app ends it, when a code or a refresh token is presented
twice, or when its last token is over; then its row is gone, and no token of it is taken any more. Codes and refresh
tokens are stored as hashes (`serving.auth.apps.digest`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Row, String, Table, delete, select, update

from serving.auth.apps import digest, new_secret
from serving.kit.db import metadata

grants = Table(
    "grants",
    metadata,
    Column("grant_id", String, primary_key=True),
    Column("client_id", String, nullable=False, index=True),
    Column("user_id", BigInteger),
    Column("scopes", String, nullable=False),
    Column("expires_s", BigInteger, nullable=False, index=True),
)
"""One row a grant that stands: the app, the person (none: the app for itself), scopes, the end of its last token."""

codes = Table(
    "codes",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("grant_id", String, nullable=False, index=True),
    Column("redirect_uri", String, nullable=False),
    Column("challenge", String, nullable=False),
    Column("expires_s", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False, default=False),
)
"""Authorization codes, with what the exchange must repeat or prove."""

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("grant_id", String, nullable=False, index=True),
    Column("expires_s", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False, default=False),
)
"""Refresh tokens; a used one stays as long as its grant, so that its second use is noticed."""


@dataclass(frozen=True)
class Grant:
    """What a person allowed an app, or an app has for itself."""

    grant_id: str
    client_id: str
    user_id: int | None
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A code that was presented for the first time."""

    grant: Grant
    redirect_uri: str
    challenge: str
    expires_s: int


def begin(
    connection: Connection, client_id: str, user_id: int | None, scopes: Iterable[str], *, now_s: int, expires_s: int
) -> Grant:
    """A new grant whose first token is over at `expires_s`; those that are over by now are dropped."""
    over = connection.scalars(select(grants.c.grant_id).where(grants.c.expires_s <= now_s)).all()
    _drop(connection, over)
    grant = Grant(secrets.token_urlsafe(18), client_id, user_id, tuple(scopes))
    row = {**vars(grant), "scopes": " ".join(grant.scopes), "expires_s": expires_s}
    connection.execute(grants.insert(), row)
    return grant


def new_code(connection: Connection, grant: Grant, redirect_uri: str, challenge: str, *, expires_s: int) -> str:
    """A code for a grant."""
    code = new_secret()
    row = {
        "code_hash": digest(code), "grant_id": grant.grant_id, "redirect_uri": redirect_uri,
        "challenge": challenge, "expires_s": expires_s, "used": False,
    }  # fmt: skip
    connection.execute(codes.insert(), row)
    return code


def take_code(connection: Connection, code: str) -> Code | None:
    """What a code stands for, the first time that it is presented; the second time ends its grant."""
    found = connection.execute(
        select(codes.c.redirect_uri, codes.c.challenge, codes.c.expires_s.label("until"), codes.c.used, grants)
        .join(grants, grants.c.grant_id == codes.c.grant_id)
        .where(codes.c.code_hash == digest(code))
    ).first()
    if found is None:
        return None
    if found.used:
        end(connection, found.grant_id)
        return None
    connection.execute(update(codes).where(codes.c.code_hash == digest(code)).values(used=True))
    return Code(_grant(found), found.redirect_uri, found.challenge, found.until)


def new_refresh_token(connection: Connection, grant: Grant, *, expires_s: int) -> str:
    """A refresh token of a grant."""
    token = new_secret()
    row = {"token_hash": digest(token), "grant_id": grant.grant_id, "expires_s": expires_s, "used": False}
    connection.execute(refresh_tokens.insert(), row)
    return token


def take_refresh_token(connection: Connection, token: str, client_id: str, *, now_s: int) -> Grant | None:
    """The grant of an app's refresh token, which is used with that; the second use ends the grant."""
    found = _refreshed(connection, token)
    if found is None or found.client_id != client_id or found.until <= now_s:
        return None
    if found.used:
        end(connection, found.grant_id)
        return None
    changed = update(refresh_tokens).where(refresh_tokens.c.token_hash == digest(token)).values(used=True)
    connection.execute(changed)
    return _grant(found)


def of_refresh_token(connection: Connection, token: str) -> Grant | None:
    """The grant of a refresh token, used or not."""
    found = _refreshed(connection, token)
    return None if found is None else _grant(found)


def extend(connection: Connection, grant: Grant, *, expires_s: int) -> None:
    """A further token of the grant is over at `expires_s`."""
    later = update(grants).where(grants.c.grant_id == grant.grant_id, grants.c.expires_s < expires_s)
    connection.execute(later.values(expires_s=expires_s))


def stands(connection: Connection, grant_id: str) -> bool:
    """Whether a grant has not ended."""
    return connection.scalar(select(1).where(grants.c.grant_id == grant_id)) is not None


def end(connection: Connection, grant_id: str) -> None:
    """Ends a grant, and every token of it."""
    _drop(connection, [grant_id])


def end_all(connection: Connection, client_id: str) -> None:
    """Ends every grant of an app."""
    _drop(connection, connection.scalars(select(grants.c.grant_id).where(grants.c.client_id == client_id)).all())


def _drop(connection: Connection, grant_ids: Iterable[str]) -> None:
    for one in grant_ids:
        for table in (codes, refresh_tokens, grants):
            connection.execute(delete(table).where(table.c.grant_id == one))


def _refreshed(connection: Connection, token: str) -> Row[Any] | None:
    return connection.execute(
        select(refresh_tokens.c.used, refresh_tokens.c.expires_s.label("until"), grants)
        .join(grants, grants.c.grant_id == refresh_tokens.c.grant_id)
        .where(refresh_tokens.c.token_hash == digest(token))
    ).first()


def _grant(row: Row[Any]) -> Grant:
    return Grant(row.grant_id, row.client_id, row.user_id, tuple(row.scopes.split()))
