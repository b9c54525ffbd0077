"""Bearer tokens: signed JWTs (HS256) that name the user and the scopes. The secret stays in the home folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from data.errors import ConfigError
from serving.auth.scopes import ACTS, SERVICE_SCOPES, known
from serving.kit.clock import Clock, WallClock
from serving.kit.ids import parse_id

SECRET_FILE = "secret"
ISSUER = "rookery"
DEFAULT_TTL_S = 30 * 86_400
MIN_SECRET_BYTES = 32

LAST_S = 253_402_300_799
"""The end of the year 9999: a token that says it lasts longer is none of ours."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of a verified token."""

    user_id: int | None
    scopes: frozenset[str]
    """What it allows."""
    expires_s: int
    not_before_s: int = 0
    client_id: str | None = None
    """The app that acts; None for a token that the lab itself gave."""
    grant: str | None = None
    """What a person allowed the app (`serving.auth.grants`): the token is over when that ends."""


_Seconds = Annotated[int, msgspec.Meta(ge=0, le=LAST_S)]


class _Payload(msgspec.Struct):
    """What a token says, each claim of the one type and range that it may have (RFC 7519)."""

    iss: Literal["rookery"]
    exp: _Seconds
    nbf: _Seconds = 0
    sub: str | None = None
    scope: str = ""
    client_id: str | None = None
    grant: str | None = None


class TokenError(Exception):
    """The token is not one of ours, was altered, has expired, or is not good yet."""


class Tokens:
    """Issues and verifies tokens with one secret. They expire by the wall clock, whatever time the data has."""

    def __init__(self, secret: bytes, clock: Clock | None = None) -> None:
        """Signs with `secret`.

        Raises:
            ConfigError: the secret is too short.
        """
        if len(secret) < MIN_SECRET_BYTES:
            raise ConfigError(
                f"the token secret has {len(secret)} bytes, under {MIN_SECRET_BYTES}",
                remedy="set a longer ROOKERY_SECRET, or none to have one made",
            )
        self.secret = secret
        self._key = OctKey.import_key(secret)
        self._clock = clock or WallClock()
        self._known: dict[str, Claims] = {}

    def issue(self, user_id: int | None, scopes: Iterable[str] = (), *, ttl_s: int = DEFAULT_TTL_S) -> str:
        """A token of the lab's own for a user (None: for no user, as a service needs), valid for `ttl_s` seconds.

        It allows `scopes`, and all that a person may do where none of them is a person's.

        Raises:
            ConfigError: an unknown scope, or a life that ends after the year 9999.
        """
        wanted = sorted(set(scopes))
        for scope in wanted:
            if scope not in ACTS and scope not in SERVICE_SCOPES:
                scopes_are = ", ".join(known((*ACTS, *SERVICE_SCOPES)))
                raise ConfigError(f"unknown scope {scope!r}", remedy=f"the scopes are {scopes_are}")
        if self.now_s() + ttl_s > LAST_S:
            raise ConfigError(f"a token of {ttl_s} seconds ends after the year 9999", remedy="give it a shorter life")
        return self._sign(user_id, wanted, ttl_s)

    def issue_to_app(
        self, user_id: int | None, scopes: Iterable[str], *, client_id: str, grant: str, ttl_s: int
    ) -> str:
        """An app's token for acting for a user (None: for itself). It allows `scopes` alone, while `grant` stands."""
        # Two of one second differ, too.
        number = secrets.token_urlsafe(12)
        return self._sign(user_id, known(scopes), ttl_s, client_id=client_id, grant=grant, jti=number)

    def _sign(self, user_id: int | None, scopes: Iterable[str], ttl_s: int, **more: str) -> str:
        now = self.now_s()
        claims = {"iss": ISSUER, "iat": now, "exp": now + ttl_s, "scope": " ".join(scopes), **more}
        if user_id is not None:
            claims["sub"] = str(user_id)
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def verify(self, token: str) -> Claims:
        """The claims of `token`.

        Raises:
            TokenError: it is not ours, was altered, has expired, or is not good yet.
        """
        claims = self._known.get(token)
        if claims is None:
            claims = self._read(token)
            if len(self._known) >= 65_536:
                self._known.clear()
            self._known[token] = claims
        now = self.now_s()
        if claims.expires_s <= now:
            raise TokenError("the token is over")
        if claims.not_before_s > now:
            raise TokenError(f"the token is good from {claims.not_before_s} on (Unix seconds), and it is {now}")
        return claims

    def _read(self, token: str) -> Claims:
        try:
            said = msgspec.convert(jwt.decode(token, self._key, algorithms=["HS256"]).claims, _Payload)
            user_id = None if said.sub is None else parse_id(said.sub)
        except (JoseError, ValueError) as error:
            raise TokenError("the token is not one of this server's") from error
        scopes = frozenset(said.scope.split())
        if said.client_id is None and not scopes & ACTS:
            scopes |= ACTS
        return Claims(user_id, scopes, said.exp, said.nbf, said.client_id, said.grant)

    def now_s(self) -> int:
        """The present, Unix seconds."""
        return self._clock.now_us() // 1_000_000


def load_secret(home: Path, given: str | None = None) -> bytes:
    """The signing secret: `given` (ROOKERY_SECRET), else the one in `home`, made on first use with mode 0600.

    Raises:
        ConfigError: the file holds no secret.
    """
    if given:
        return given.encode()
    path = home / SECRET_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=home, prefix=f".{SECRET_FILE}.") as file:  # of mode 0600
            file.write(secrets.token_urlsafe(48))
            file.flush()
            # The link makes it appear complete; of several processes that make one, the first one's stays.
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    secret = path.read_text().strip()
    if len(secret) < MIN_SECRET_BYTES:
        raise ConfigError(f"{path} holds no secret", remedy="delete it; a new one is made")
    return secret.encode()
