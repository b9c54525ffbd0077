"""Who makes a request: its credentials are read once, whoever asks."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from serving.auth.tokens import Claims, TokenError, Tokens

_KEY = "rookery.caller"


class Callers:
    """Tells from a request's `Authorization` header who makes it."""

    def __init__(self, tokens: Tokens) -> None:
        """Takes what `tokens` signed."""
        self._tokens = tokens

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
        if scheme.lower() != "bearer" or not token:
            raise TokenError("this route needs a bearer token")
        return self._tokens.verify(token)
