"""Apps get, renew and revoke tokens (RFC 6749, sections 4.1.3, 4.4 and 6; RFC 7009)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import Connection

from serving.auth import apps, grants
from serving.auth.apps import App
from serving.auth.config import AuthConfig
from serving.auth.grants import Grant
from serving.auth.scopes import OFFLINE
from serving.auth.tokens import TokenError, Tokens
from serving.oauth.errors import OAuthError

_DAY_S = 86_400


@dataclass(frozen=True)
class TokenDesk:
    """Answers apps within one transaction."""

    connection: Connection
    tokens: Tokens
    config: AuthConfig

    def give(self, fields: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """The answer to a request for tokens, whose form has `fields`.

        Raises:
            OAuthError: it is refused; what a refusal ends (a grant whose code comes twice) is to be committed.
        """
        kind = _field(fields, "grant_type")
        kinds = {
            "authorization_code": self._exchange,
            "refresh_token": self._refresh,
            "client_credentials": self._for_itself,
        }
        if kind not in kinds:
            raise OAuthError("unsupported_grant_type", f"grant_type must be one of {', '.join(kinds)}")
        return kinds[kind](self._app(fields, authorization), fields)

    def revoke(self, fields: Mapping[str, str], authorization: str) -> None:
        """Ends the grant of an access or refresh token at once, and with it all of its tokens.

        A token that is not known, or over, needs no ending.

        Raises:
            OAuthError: the app is not known, or the token is another's.
        """
        app = self._app(fields, authorization)
        token = _field(fields, "token")
        grant = grants.of_refresh_token(self.connection, token)
        owner, grant_id = (grant.client_id, grant.grant_id) if grant is not None else (None, None)
        if grant is None:
            try:
                claims = self.tokens.verify(token)
            except TokenError:
                return
            owner, grant_id = claims.client_id, claims.grant
        if owner != app.client_id or grant_id is None:
            raise OAuthError("unauthorized_client", "the token was not given to this app")
        grants.end(self.connection, grant_id)

    def _app(self, fields: Mapping[str, str], authorization: str) -> App:
        """The app that asks: by HTTP Basic or by fields; a public one by its id alone (RFC 6749, section 2.3.1)."""
        client_id, secret = _credentials(fields, authorization)
        app = apps.find(self.connection, client_id)
        if app is None:
            raise OAuthError("invalid_client", "no app has this client_id")
        if app.confidential and not app.has_secret(secret):
            raise OAuthError("invalid_client", "the app's secret is missing or wrong")
        if not app.confidential and secret:
            raise OAuthError("invalid_client", "the app is a public one, which has no secret")
        return app

    def _exchange(self, app: App, fields: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a code, which is used up with that: one that comes with anything wrong was taken from somebody."""
        code, uri = _field(fields, "code"), _field(fields, "redirect_uri")
        verifier = _field(fields, "code_verifier")
        found = grants.take_code(self.connection, code)
        if found is None:
            raise OAuthError("invalid_grant", "the code is not known, was used before, or is over")
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        for wrong, why in (
            (found.grant.client_id != app.client_id, "the code was given to another app"),
            (found.redirect_uri != uri, "redirect_uri is not the one that the code was sent to"),
            (found.expires_s <= self.tokens.now_s(), "the code is over"),
            (not hmac.compare_digest(proof, found.challenge), "code_verifier does not fit code_challenge"),
        ):
            if wrong:
                raise OAuthError("invalid_grant", why)
        return self._give(found.grant, found.grant.scopes)

    def _refresh(self, app: App, fields: Mapping[str, str]) -> dict[str, Any]:
        token = _field(fields, "refresh_token")
        grant = grants.take_refresh_token(self.connection, token, app.client_id, now_s=self.tokens.now_s())
        if grant is None:
            raise OAuthError("invalid_grant", "the refresh token is not known, was used before, or is over")
        return self._give(grant, _narrowed(fields, grant.scopes))

    def _for_itself(self, app: App, fields: Mapping[str, str]) -> dict[str, Any]:
        if not app.confidential:
            raise OAuthError("unauthorized_client", "a public app cannot have a token for itself")
        scopes = _narrowed(fields, tuple(one for one in app.scopes if one != OFFLINE))
        now = self.tokens.now_s()
        until = now + self.config.access_s
        grant = grants.begin(self.connection, app.client_id, None, scopes, now_s=now, expires_s=until)
        return self._give(grant, scopes)

    def _give(self, grant: Grant, scopes: tuple[str, ...]) -> dict[str, Any]:
        life, now = self.config.access_s, self.tokens.now_s()
        access = self.tokens.issue_to_app(
            grant.user_id, scopes, client_id=grant.client_id, grant=grant.grant_id, ttl_s=life
        )
        until = now + life
        body = {"token_type": "bearer", "expires_in": life, "access_token": access, "scope": " ".join(scopes)}
        if OFFLINE in grant.scopes:
            until = now + max(life, self.config.refresh_days * _DAY_S)
            body["refresh_token"] = grants.new_refresh_token(self.connection, grant, expires_s=until)
        grants.extend(self.connection, grant, expires_s=until)
        return body


def _credentials(fields: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """Id and secret of the app, "" for no secret."""
    scheme, _, rest = authorization.partition(" ")
    if not scheme:
        return _field(fields, "client_id"), fields.get("client_secret", "")
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    if scheme.lower() != "basic" or ":" not in pair:
        raise OAuthError("invalid_client", "the Authorization header must be Basic, of client_id:client_secret")
    client_id, _, secret = (unquote_plus(part) for part in pair.partition(":"))
    if fields.get("client_id", client_id) != client_id or fields.get("client_secret"):
        raise OAuthError("invalid_request", "the app names itself twice: in the Authorization header and in the form")
    return client_id, secret


def _narrowed(fields: Mapping[str, str], scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `scopes` that the form asks for; all where it names none."""
    wanted = set(fields.get("scope", "").split()) or set(scopes)
    if not wanted <= set(scopes):
        raise OAuthError("invalid_scope", "scope goes beyond what was allowed")
    return tuple(one for one in scopes if one in wanted)


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise OAuthError("invalid_request", f"the field {name} is missing")
    return value
