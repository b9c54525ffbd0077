"""Metrics in Prometheus' format, and a request id on every answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.kit.clock import elapsed_ms, ticks

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Metrics:
    """Every figure that `/metrics` shows, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "rookery_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "rookery_request_seconds",
            "Time to answer, seconds",
            ["method", "route"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.tweets = Counter("rookery_fanout_tweets", "Tweets fanned out", ["mode"], registry=self.registry)
        self.deliveries = Counter(
            "rookery_fanout_deliveries", "Entries written to timelines", ["mode"], registry=self.registry
        )
        self.events = Counter("rookery_events_applied", "Events applied", ["group"], registry=self.registry)
        self.failures = Counter("rookery_events_failed", "Failed tries to apply", ["group"], registry=self.registry)
        self.dead = Counter("rookery_events_dead", "Events set aside", ["group"], registry=self.registry)
        self.offset = Gauge("rookery_consumer_offset", "Last event applied", ["group"], registry=self.registry)
        self.lag = Gauge("rookery_consumer_lag", "Events not applied yet", ["group"], registry=self.registry)

        self.ranked = Counter("rookery_rank_requests", "Requests scored", ["alias", "version"], registry=self.registry)
        self.rank_failed = Counter(
            "rookery_rank_failed", "Requests whose model failed", ["alias", "version"], registry=self.registry
        )
        self.shadow = Counter(
            "rookery_shadow_requests", "Requests for a shadow, by outcome", ["alias", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.shadow_overlap = Histogram(
            "rookery_shadow_overlap", "Share of the best ten that a shadow has in common with the answer", ["alias"],
            buckets=[tenth / 10 for tenth in range(11)], registry=self.registry,
        )  # fmt: skip

    def render(self) -> bytes:
        """The text of `/metrics`."""
        return generate_latest(self.registry)


class Telemetry:
    """ASGI middleware: numbers, counts and times each request, and answers where the app failed."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, on_failure: Callable[[Request, Exception], Response]) -> None:
        """Wraps `app`; `on_failure` makes the answer for an error that nothing else caught."""
        self.app = app
        self.metrics = metrics
        self.on_failure = on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        scope["request_id"] = request_id
        start = ticks()
        status, took_ms = 0, 0.0

        async def marked(message: Message) -> None:
            nonlocal status, took_ms
            if message["type"] == "http.response.start":
                # Not when it ends: a stream is open as long as its reader wants.
                status, took_ms = message["status"], elapsed_ms(start)
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, marked)
        except Exception as error:
            if status:
                raise
            await self.on_failure(Request(scope), error)(scope, receive, marked)
        finally:
            # The path's template, not the path: ids would make a series each.
            route = scope.get("route")
            name = route.path if isinstance(route, Route) else "unrouted"
            self.metrics.requests.labels(scope["method"], name, str(status)).inc()
            self.metrics.seconds.labels(scope["method"], name).observe((took_ms or elapsed_ms(start)) / 1e3)
