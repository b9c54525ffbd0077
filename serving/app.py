"""Composes routes, errors, metrics and mounts into one app, and serves it in one process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from serving.engagements import routes as engagements
from serving.graph import routes as graph
from serving.kit import problems
from serving.kit.limits import BodyLimit
from serving.kit.telemetry import Telemetry
from serving.network import Network
from serving.ops import routes as ops
from serving.ranker import routes as ranker
from serving.search import routes as search
from serving.timelines import routes as timelines
from serving.trends import routes as trends
from serving.tweets import routes as tweets
from serving.users import routes as users

ROUTERS = (ops, search, tweets, users, timelines, graph, engagements, trends, ranker)
"""One `routes` module a domain; the first that knows a path answers it."""


def create_app(network: Network, mounts: Mapping[str, ASGIApp] | None = None) -> FastAPI:
    """The API of `network`; `mounts` puts other apps under their paths (`/lab`).

    The state is built when the app starts, unless that was done: until then `/readyz` is red, other routes answer 503.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        building = None if network.ready else asyncio.create_task(asyncio.to_thread(network.start_or_tell))
        yield
        if building is not None:
            await building

    app = FastAPI(
        title="Rookery",
        summary="A Twitter-like network whose ranking is under study.",
        description="Get a token: `rookery token --user ID`; send it as `Authorization: Bearer TOKEN`.",
        version="2",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.network = network
    app.state.tokens = network.tokens
    problems.install(app)
    for module in ROUTERS:
        app.include_router(module.router)
    for path, mounted in (mounts or {}).items():
        app.mount(path, mounted)
    app.add_middleware(BodyLimit, max_bytes=network.settings.max_body_bytes)
    app.add_middleware(Telemetry, metrics=network.metrics, on_failure=problems.on_failure)
    return app


def server(network: Network, mounts: Mapping[str, ASGIApp] | None = None) -> uvicorn.Server:
    """A server for `network`, not running yet: `run()` it, here or in a thread."""
    config = uvicorn.Config(
        create_app(network, mounts),
        host=network.settings.host,
        port=network.settings.port,
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
    return uvicorn.Server(config)


def run(network: Network, *, mounts: Mapping[str, ASGIApp] | None = None) -> None:
    """Serves `network` until it is stopped; the caller closes it."""
    # Uvicorn has shut down in order when it hands the interrupt on.
    with contextlib.suppress(KeyboardInterrupt):
        server(network, mounts).run()
