"""Until the state was built for the first time, every route but those that tell of it is refused."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.context import Context
from serving.kit import problems

ALWAYS = frozenset({"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"})
"""What answers while the network is loading."""

RETRY_S = 2
"""Seconds after which it is worth asking again."""


class Gate:
    """ASGI middleware: 503 with Retry-After for each path that needs the network, while it is loading."""

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Wraps `app`."""
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        open_to_all = scope["type"] != "http" or scope["path"] in ALWAYS or scope["path"].startswith("/docs/")
        if open_to_all or self.context.open:
            await self.app(scope, receive, send)
            return
        step = self.context.progress.step
        detail = f"the network is loading ({step.percent}%: {step.doing}); /readyz says when it is ready"
        response = problems.document(Request(scope), 503, "loading", detail, {"percent": step.percent})
        response.headers["Retry-After"] = str(RETRY_S)
        await response(scope, receive, send)
