"""How much a request may send."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware: a body that is too long, or declared too long, is refused when the route reads it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        """Wraps `app`."""
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        # Before the first byte where the header gives the length, else as soon as one byte too many has come.
        taken = int(declared) if declared.isdigit() and int(declared) > self.max_bytes else 0

        async def counted() -> Message:
            nonlocal taken
            if taken <= self.max_bytes:
                message = await receive()
                taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                raise HTTPException(413, f"the request body is longer than {self.max_bytes} bytes; send less at a time")
            return message

        await self.app(scope, counted, send)
