"""Where apps get, renew and revoke tokens: forms in, JSON out, errors as RFC 6749 has them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.context import Net
from serving.events.outbox import Transaction
from serving.kit.answers import Answer, answer
from serving.kit.openapi import problem
from serving.kit.parameters import NO_PARAMETERS
from serving.oauth.errors import OAuthError
from serving.oauth.forms import MEDIA_TYPE, read_form
from serving.oauth.tokens import TokenDesk

router = APIRouter(tags=["oauth2"], dependencies=[NO_PARAMETERS])


class Given(Answer):
    """Tokens for an app."""

    token_type: str
    """`bearer`."""
    expires_in: int
    """Seconds that the access token lasts."""
    access_token: str
    scope: str
    """What it allows, separated by spaces."""
    refresh_token: str | None = None
    """For the next access token, once; where the app asked for offline.access."""


class Revoked(Answer):
    """The answer to a revocation."""

    revoked: bool


class Refused(Answer):
    """A refusal (RFC 6749, section 5.2)."""

    error: str
    error_description: str


def _form(**fields: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": what} for name, what in fields.items()}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}}


_APP = {"client_id": "the app, unless HTTP Basic names it", "client_secret": "of a confidential app, likewise"}
_TOKEN = _form(
    grant_type="authorization_code, refresh_token or client_credentials",
    code="the code that the redirect brought",
    redirect_uri="the URI that the code was sent to",
    code_verifier="what code_challenge was made of",
    refresh_token="the newest one",
    scope="fewer scopes than were allowed",
    **_APP,
)
_REVOKE = _form(token="an access or a refresh token", token_type_hint="not needed", **_APP)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    # A query is refused as on every other route.
    400: problem(400, "The request is refused.")[400] | {"model": Refused},
    401: {"model": Refused, "description": "The app is not known, or its secret is wrong."},
}


@router.post("/2/oauth2/token", response_model=Given, responses=_REFUSALS, openapi_extra=_TOKEN)
@router.post("/oauth2/token", response_model=Given, responses=_REFUSALS, include_in_schema=False)
async def token(request: Request, network: Net) -> Response:
    """Tokens for an app, in exchange for a code or a refresh token, or for the app itself."""
    fields, authorization = await read_form(request), request.headers.get("authorization", "")

    def give(tx: Transaction) -> dict[str, Any] | OAuthError:
        # Not raised within the transaction: what a refusal ends is to stay ended.
        try:
            return TokenDesk(tx.connection, network.tokens, network.settings.auth).give(fields, authorization)
        except OAuthError as error:
            return error

    given = await network.write(give)
    if isinstance(given, OAuthError):
        raise given
    response = answer(given)
    response.headers.update(_NOT_KEPT)
    return response


@router.post("/2/oauth2/revoke", response_model=Revoked, responses=_REFUSALS, openapi_extra=_REVOKE)
async def revoke(request: Request, network: Net) -> Response:
    """Ends an access or refresh token at once, and all others that came from the same consent."""
    fields, authorization = await read_form(request), request.headers.get("authorization", "")
    await network.write(
        lambda tx: TokenDesk(tx.connection, network.tokens, network.settings.auth).revoke(fields, authorization)
    )
    response = answer({"revoked": True})
    response.headers.update(_NOT_KEPT)
    return response


_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def on_refusal(_: Request, error: Exception) -> Response:
    """The answer to an app whose request is refused."""
    assert isinstance(error, OAuthError)
    unknown = error.code == "invalid_client"
    response = answer({"error": error.code, "error_description": error.description}, 401 if unknown else 400)
    response.headers.update(_NOT_KEPT)
    if unknown:
        response.headers["WWW-Authenticate"] = 'Basic realm="rookery"'
    return response
