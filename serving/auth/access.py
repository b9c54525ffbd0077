"""Who may call a route: one dependency for each rule.

(none)            /healthz, /readyz, /metrics, /docs, /openapi.json
reader            any valid token
user              a token whose subject is an account: it acts as that account
acting            the same, where the path's {id} must be that account
service           a token with scope `rank`
operator          a token with scope `operator`
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from serving.auth.tokens import SCOPES, Claims, TokenError, Tokens, bearer
from serving.kit.ids import PathId
from serving.kit.problems import ProblemError

HOW = "get one: rookery token --user ID"

_BEARER = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    auto_error=False,
    description="`rookery token --user ID` prints one; `--scope` adds what a token may do beside reading and acting as "
    "its user: " + "; ".join(f"`{scope}` ({what})" for scope, what in SCOPES.items()),
)
"""Only the description of the API takes it from here: `reader` reads the header itself."""


async def reader(request: Request, _: Annotated[object, Security(_BEARER)]) -> Claims:
    """The claims of the request's bearer token.

    Raises:
        ProblemError: 401 without a valid token.
    """
    token = bearer(request.headers.get("authorization", ""))
    if not token:
        raise _unauthorized(f"this route needs a bearer token; {HOW}")
    tokens: Tokens = request.app.state.tokens
    try:
        return tokens.verify(token)
    except TokenError as error:
        raise _unauthorized(f"{error}; {HOW}") from error


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


async def service(claims: Reader) -> Claims:
    """A service that may request scores.

    Raises:
        ProblemError: 401 without a valid token, 403 without scope `rank`.
    """
    return _with_scope(claims, "rank")


async def operator(claims: Reader) -> Claims:
    """The lab's operator, who creates accounts.

    Raises:
        ProblemError: 401 without a valid token, 403 without scope `operator`.
    """
    return _with_scope(claims, "operator")


def _with_scope(claims: Claims, scope: str) -> Claims:
    if scope not in claims.scopes:
        raise ProblemError(403, "no-scope", f"this route needs a token with scope {scope!r}; {HOW} --scope {scope}")
    return claims


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="rookery"'})
