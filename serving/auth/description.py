"""Who may call what, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from serving.auth.scopes import BY_ROUTE, SERVICE_SCOPES

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`rookery token --user ID` prints one, which may do all that its user may; `--scope` adds what "
        "a service may do: " + "; ".join(f"`{scope}` ({what})" for scope, what in SERVICE_SCOPES.items()),
    },
}
"""How a caller says who it is."""


def security(method: str, path: str) -> list[dict[str, list[str]]]:
    """The ways to be allowed a route, each with the scopes that it needs; none for a route that is open to all."""
    scopes = BY_ROUTE.get(f"{method} {path}")
    return [] if scopes is None else [{"bearer": list(scopes)}]
