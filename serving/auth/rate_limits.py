"""How often a caller may call a route: so many requests in any 15 minutes, counted by caller and route.

A route belongs to one class, and the class has the number. A caller is the token's user, its app or the token itself
where it has no user, or the address where there is no valid token. A request that is refused is not counted and reaches
nothing else: neither its body is read nor the network asked.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Sequence
from typing import Literal

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, RedisDsn
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.auth.callers import Callers
from serving.auth.tokens import TokenError
from serving.auth.windows import MemoryWindows, RedisWindows, Window, Windows
from serving.kit.problems import document

RateClass = Literal["reads", "writes", "timelines", "follows", "search", "unlimited"]


class RateLimitConfig(BaseModel):
    """How many requests a caller may make to a route within any `window_s` seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    enabled: bool = True
    """Off: nothing is counted, and no answer has the headers. For measurements."""
    storage: Literal["memory"] | RedisDsn = "memory"
    """`memory`: this process counts for itself; `redis://HOST:PORT/DB`: all processes that share it count together."""
    window_s: int = Field(default=900, ge=1, le=86_400)
    """Seconds of the window."""
    reads: int = Field(default=900, ge=1)
    """Look-ups and lists."""
    writes: int = Field(default=300, ge=1)
    """Posting, liking, retweeting, deleting."""
    timelines: int = Field(default=180, ge=1)
    """Home timelines."""
    follows: int = Field(default=50, ge=1)
    """Following and unfollowing."""
    search: int = Field(default=450, ge=1)
    """Searches and completions."""

    def windows(self) -> Windows:
        """Where requests are counted."""
        return MemoryWindows() if self.storage == "memory" else RedisWindows(str(self.storage))


_LIMITED = "/2/"
"""What the paths of all limited routes begin with."""
_HOME = re.compile(r"/2/users/\{id\}/(timelines?|mentions)(/|$)")
_SEARCH = re.compile(r"/2/(tweets|users)/search|/2/tweets/counts|/2/search")
_FOLLOW = re.compile(r"/2/users/\{[a-z_]+\}/(following|blocking|muting)(/|$)")


def class_of(method: str, path: str) -> RateClass:
    """The class of a route, by its method and its template.

    What is open to all, the operator's and a service's routes (`/v1`, `POST /2/users`), and what gives apps their
    tokens are not limited.
    """
    if not path.startswith(_LIMITED) or path.startswith("/2/oauth2/") or (method == "POST" and path == "/2/users"):
        return "unlimited"
    if _SEARCH.match(path):
        return "search"
    if _HOME.match(path):
        return "timelines"
    if method == "GET":
        return "reads"
    return "follows" if _FOLLOW.match(path) else "writes"


def operations(routes: Sequence[BaseRoute]) -> list[tuple[APIRoute, str]]:
    """Those of `routes` that are of the API, each with its method."""
    return [(one, method) for one in routes if isinstance(one, APIRoute) for method in sorted(one.methods or ())]


class RateLimits:
    """ASGI middleware: counts requests to limited routes, says in answers what is left, and refuses with 429."""

    def __init__(
        self, app: ASGIApp, *, config: RateLimitConfig, windows: Windows, callers: Callers, routes: Sequence[BaseRoute]
    ) -> None:
        """Wraps `app`, whose `routes` are limited by `config` and counted in `windows`."""
        self.app = app
        self._config = config
        self._callers = callers
        self._windows = windows
        amounts: dict[str, int] = config.model_dump()
        self._limits = [
            (route, f"{method} {route.path}", amounts[found])
            for route, method in operations(routes)
            if config.enabled and (found := class_of(method, route.path)) != "unlimited"
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        found = self._find(scope) if scope["type"] == "http" else None
        window = None
        if found is not None:
            route, name, limit = found
            key = f"{await self._caller(scope)} {name}"
            window = await self._windows.take(key, limit, self._config.window_s)
        if found is None or window is None:
            await self.app(scope, receive, send)
            return
        headers = [
            (b"x-rate-limit-limit", str(limit).encode()),
            (b"x-rate-limit-remaining", str(window.remaining).encode()),
            (b"x-rate-limit-reset", str(math.ceil(window.reset_s)).encode()),
        ]

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        if window.taken:
            await self.app(scope, receive, counted)
            return
        scope["route"] = route
        await _refusal(Request(scope), limit, self._config.window_s, window)(scope, receive, counted)

    def _find(self, scope: Scope) -> tuple[APIRoute, str, int] | None:
        if not scope["path"].startswith(_LIMITED):
            return None
        return next((one for one in self._limits if one[0].matches(scope)[0] is Match.FULL), None)

    async def _caller(self, scope: Scope) -> str:
        try:
            claims = await self._callers.identify(scope)
        except TokenError:
            client = scope.get("client")
            return f"address {client[0] if client else '-'}"
        if claims.user_id is not None:
            return f"user {claims.user_id}"
        if claims.client_id is not None:
            return f"app {claims.client_id}"
        return f"token {hashlib.sha256(Headers(scope=scope)['authorization'].encode()).hexdigest()[:32]}"


def _refusal(request: Request, limit: int, window_s: int, window: Window) -> Response:
    wait_s = max(1, math.ceil(window.reset_s - time.time()))
    detail = (
        f"this route takes {limit} requests of a caller in any {window_s / 60:g} minutes, and they are used up; "
        f"ask again in {wait_s} seconds"
    )
    response = document(request, 429, "too-many-requests", detail, {})
    response.headers["retry-after"] = str(wait_s)
    return response
