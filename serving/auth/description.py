"""Who may call what, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from serving.auth.scopes import ACTS, BY_ROUTE, SERVICE_SCOPES, USER_SCOPES

_TOKEN = "/2/oauth2/token"

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`rookery token --user ID` prints one, which may do all that its user may; `--scope` adds what "
        "a service may do: " + "; ".join(f"`{scope}` ({what})" for scope, what in SERVICE_SCOPES.items()),
    },
    "oauth1": {
        "type": "http",
        "scheme": "oauth",
        "description": "OAuth 1.0a with HMAC-SHA1, by the four strings of `rookery app create --user ID`.",
    },
    "oauth2": {
        "type": "oauth2",
        "description": "An app asks a person (PKCE with S256); `rookery app create` registers it.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/i/oauth2/authorize",
                "tokenUrl": _TOKEN,
                "refreshUrl": _TOKEN,
                "scopes": USER_SCOPES,
            },
            "clientCredentials": {"tokenUrl": _TOKEN, "scopes": {one: USER_SCOPES[one] for one in sorted(ACTS)}},
        },
    },
}
"""How a caller says who it is."""


def security(method: str, path: str) -> list[dict[str, list[str]]]:
    """The ways to be allowed a route, each with the scopes that it needs; none for a route that is open to all."""
    scopes = BY_ROUTE.get(f"{method} {path}")
    if scopes is None:
        return []
    ways = [{"bearer": list(scopes)}]
    return ways if set(scopes) & SERVICE_SCOPES.keys() else [*ways, {"oauth2": list(scopes)}, {"oauth1": list(scopes)}]
