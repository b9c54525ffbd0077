"""Bearer tokens: signed JWTs (HS256) that name the user and the scopes. The secret stays in the home folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from data.errors import ConfigError
from serving.kit.clock import Clock, WallClock

SECRET_FILE = "secret"
ISSUER = "rookery"
DEFAULT_TTL_S = 30 * 86_400
MIN_SECRET_BYTES = 32

SCOPES: dict[str, str] = {
    "rank": "score candidates: POST /v1/rank",
    "operator": "create accounts: POST /2/users",
}
"""What a token may allow beside reading and acting as its own user."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of a verified token."""

    user_id: int | None
    scopes: frozenset[str]
    expires_s: int


class TokenError(Exception):
    """The token is not one of ours, was altered, or has expired."""


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
        """A token for a user (None: for no user, as a service needs) with `scopes`, valid for `ttl_s` seconds.

        Raises:
            ConfigError: an unknown scope.
        """
        wanted = sorted(set(scopes))
        for scope in wanted:
            if scope not in SCOPES:
                raise ConfigError(f"unknown scope {scope!r}", remedy=f"the scopes are {', '.join(SCOPES)}")
        now = self._now_s()
        claims = {"iss": ISSUER, "iat": now, "exp": now + ttl_s, "scope": " ".join(wanted)}
        if user_id is not None:
            claims["sub"] = str(user_id)
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def verify(self, token: str) -> Claims:
        """The claims of `token`.

        Raises:
            TokenError: it is not ours, was altered, or has expired.
        """
        claims = self._known.get(token)
        if claims is None:
            claims = self._read(token)
            if len(self._known) >= 65_536:
                self._known.clear()
            self._known[token] = claims
        if claims.expires_s <= self._now_s():
            raise TokenError("the token is over")
        return claims

    def _read(self, token: str) -> Claims:
        try:
            said = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            if said["iss"] != ISSUER:
                raise TokenError("the token was issued elsewhere")
            subject = said.get("sub")
            scopes = frozenset(str(said.get("scope", "")).split())
            return Claims(None if subject is None else int(subject), scopes, int(said["exp"]))
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise TokenError("the token is not one of this server's") from error

    def _now_s(self) -> int:
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
