"""Who may call a route: one dependency for each rule.

(none)            /healthz, /readyz, /metrics, /docs, /openapi.json
reader            any valid token that has the route's scopes (`serving.auth.scopes`)
user              the same, whose subject is an account: it acts as that account
acting            the same, where the path's {id} must be that account
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from serving.auth.callers import Callers
from serving.auth.scopes import BY_ROUTE, SERVICE_SCOPES
from serving.auth.tokens import Claims, TokenError
from serving.kit.ids import PathId
from serving.kit.problems import ProblemError

HOW = "get one: rookery token --user ID"

_BEARER = HTTPBearer(scheme_name="bearer", auto_error=False)
"""Marks routes in the description of the API (`serving.auth.description`); `reader` reads the header itself."""


async def reader(request: Request, _: Annotated[object, Security(_BEARER)]) -> Claims:
    """Who makes the request, by its token.

    Raises:
        ProblemError: 401 without a valid token, 403 where it lacks a scope.
    """
    callers: Callers = request.app.state.callers
    try:
        claims = await callers.identify(request.scope)
    except TokenError as error:
        given = "authorization" in request.headers
        raise ProblemError(
            401, "unauthorized", f"{error}; {HOW}", headers=_challenge('error="invalid_token"' if given else "")
        ) from error
    route: APIRoute = request.scope["route"]
    needed = BY_ROUTE[f"{request.method} {route.path}"]
    lacking = [one for one in needed if one not in claims.scopes]
    if lacking:
        raise ProblemError(
            403,
            "no-scope",
            f"this route needs a token with scope {lacking[0]!r}; {_remedy(claims, lacking[0])}",
            headers=_challenge(f'error="insufficient_scope", scope="{" ".join(needed)}"'),
        )
    return claims


Reader = Annotated[Claims, Depends(reader)]


async def user(claims: Reader) -> int:
    """The account that the token acts as.

    Raises:
        ProblemError: 401 without a valid token, 403 when it has no user.
    """
    if claims.user_id is None:
        raise ProblemError(403, "no-user", f"this route acts as a user, and the token has none; {HOW}")
    return claims.user_id


User = Annotated[int, Depends(user)]


async def acting(acts_as: User, user_id: PathId) -> int:
    """The account in the path, which must be the token's own.

    Raises:
        ProblemError: 401 without a valid token, 403 when the path names another user.
    """
    if user_id != acts_as:
        raise ProblemError(
            403,
            "other-user",
            f"the token acts as user {acts_as}, not {user_id}; get one: rookery token --user {user_id}",
        )
    return acts_as


Acting = Annotated[int, Depends(acting)]


def _remedy(claims: Claims, scope: str) -> str:
    if claims.client_id is None or scope in SERVICE_SCOPES:
        return f"{HOW} --scope {scope}"
    return f"the app must ask for it when a person signs in (scope={scope})"


def _challenge(more: str) -> dict[str, str]:
    """The header of a refusal (RFC 6750, section 3)."""
    return {"WWW-Authenticate": 'Bearer realm="rookery"' + (f", {more}" if more else "")}
