"""Who makes a request: its credentials are read once, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Scope

from serving.auth import grants
from serving.auth.apps import digest
from serving.auth.oauth1 import Signatures
from serving.auth.scopes import ACTS
from serving.auth.tokens import LAST_S, Claims, TokenError, Tokens
from serving.kit.db import Database

_KEY = "rookery.caller"


class Callers:
    """Tells from a request's `Authorization` header who makes it."""

    def __init__(self, tokens: Tokens, database: Database, fixed: Mapping[str, int]) -> None:
        """Takes `fixed` tokens, what `tokens` signed, and OAuth 1.0a; an app's token while its grant stands.

        Args:
            tokens: signs and verifies.
            database: of apps and grants.
            fixed: the user of each fixed token.
        """
        self._fixed = {digest(token): Claims(user_id, ACTS, LAST_S) for token, user_id in fixed.items()}
        self._tokens = tokens
        self._signatures = Signatures(tokens, database)
        self._database = database

    async def identify(self, scope: Scope) -> Claims:
        """Who makes the request of an ASGI scope, and what that caller may do.

        Raises:
            TokenError: the header is missing or is not taken; the text says why.
        """
        if _KEY not in scope:
            try:
                scope[_KEY] = await self._read(scope)
            except TokenError as error:
                scope[_KEY] = error
        found: Claims | TokenError = scope[_KEY]
        if isinstance(found, TokenError):
            raise TokenError(str(found))
        return found

    async def _read(self, scope: Scope) -> Claims:
        scheme, _, rest = Headers(scope=scope).get("authorization", "").partition(" ")
        token = rest.strip()
        if scheme.lower() == "oauth":
            return await run_in_threadpool(self._signatures.read, scope)
        if scheme.lower() != "bearer" or not token:
            raise TokenError("this route needs a bearer token")
        known = self._fixed.get(digest(token)) if self._fixed else None
        if known is not None:
            return known
        claims = self._tokens.verify(token)
        if claims.grant is not None and not await run_in_threadpool(self._stands, claims.grant):
            raise TokenError("the token was revoked")
        return claims

    def _stands(self, grant: str) -> bool:
        with self._database.read() as connection:
            return grants.stands(connection, grant)
