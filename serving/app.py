"""Composes routes, errors, metrics and mounts into one app, and serves it in one process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp

from data.errors import ConfigError
from serving.auth import description, scopes
from serving.auth.access import reader
from serving.auth.callers import Callers
from serving.auth.rate_limits import RateLimits, class_of, operations
from serving.context import Context
from serving.engagements import routes as engagements
from serving.graph import routes as graph
from serving.kit import openapi, problems
from serving.kit.closing import ClosingError
from serving.kit.limits import BodyLimit
from serving.kit.parameters import given_once
from serving.kit.slow_clients import timed_requests
from serving.kit.telemetry import Telemetry
from serving.live import routes as live
from serving.network import Network
from serving.oauth import browser
from serving.oauth import routes as oauth
from serving.oauth.errors import OAuthError, PageError
from serving.oauth.pages import on_page_error
from serving.oauth.sign_in import SignIn
from serving.ops import routes as ops
from serving.ops.gate import Gate
from serving.ranker import routes as ranker
from serving.search import routes as search
from serving.streams import routes as streams
from serving.timelines import routes as timelines
from serving.trends import routes as trends
from serving.tweets import routes as tweets
from serving.users import routes as users

ROUTERS = (ranker, ops, oauth, search, streams, trends, tweets, users, timelines, graph, engagements)
"""One `routes` module for each domain; the first that has a path answers it. They are looked through one by one, so
what is asked for most often comes first."""


def api_routes() -> list[BaseRoute]:
    """The routes of all domains."""
    return [route for module in ROUTERS for route in module.router.routes]


def guarded_routes() -> list[tuple[str, str]]:
    """Method and path of the routes that ask who calls."""
    return [(method, route.path) for route, method in operations(api_routes()) if _asks(route.dependant)]


def _asks(dependant: Dependant) -> bool:
    return any(one.call is reader or _asks(one) for one in dependant.dependencies)


def create_app(network: Network, mounts: Mapping[str, ASGIApp] | None = None, *, start: bool = True) -> FastAPI:
    """The API of `network`; `mounts` puts other apps under their paths (`/lab`).

    Unless `start` is off, the state is built when the app starts, if that was not done. While it is built for the first
    time, `/readyz` is red and says how far it is, and other routes answer 503 (`serving.ops.gate`).
    """
    scopes.check_complete(f"{method} {path}" for method, path in guarded_routes())
    context = network.context
    limits = context.settings.rate_limits
    windows = limits.windows()
    routes = api_routes()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        context.stopping = False
        building = None if context.ready or not start else asyncio.create_task(asyncio.to_thread(network.start_or_log))
        yield
        await windows.close()
        if building is not None:
            await building

    app = openapi.App(
        rules=openapi.Rules(
            is_limited=lambda method, path: limits.enabled and class_of(method, path) != "unlimited",
            security=description.security,
            schemes=description.SCHEMES,
        ),
        title="Rookery",
        summary="A Twitter-like network whose ranking is under study.",
        description=openapi.DESCRIPTION,
        version="2",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(given_once)],
        lifespan=lifespan,
        # A redirect to the path without its slash would lead to whatever host the request names.
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.context = context
    callers = app.state.callers = Callers(context.tokens, context.database, context.settings.auth.fixed_tokens)
    app.state.sign_in = SignIn(context.tokens, context.password, context.settings.auth)
    problems.install(app, [*routes, *browser.router.routes])
    app.add_exception_handler(OAuthError, oauth.on_refusal)
    app.add_exception_handler(PageError, on_page_error)
    app.include_router(openapi.router)
    app.include_router(browser.router)
    for module in ROUTERS:
        app.include_router(module.router)
    # Not of FastAPI's kind: what routes depend on (parameters, security) asks for a request.
    app.router.routes.append(WebSocketRoute(live.PATH, live.live))
    for path, mounted in (mounts or {}).items():
        app.mount(path, mounted)
    # Innermost: what the others refuse is not counted.
    app.add_middleware(RateLimits, config=limits, windows=windows, callers=callers, routes=routes)
    app.add_middleware(Gate, context=context)
    app.add_middleware(BodyLimit, max_bytes=context.settings.max_body_bytes)
    app.add_middleware(Telemetry, metrics=context.metrics, on_failure=problems.on_failure)
    return app


STOP_S = 5
"""Seconds that answers under way may take once the server is to stop."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets at every address of `host`, bound and not listening yet: no other process gets the port meanwhile.

    Raises:
        ConfigError: there is no such address, or the port is taken.
    """
    with ExitStack() as undo:
        made: list[socket.socket] = []
        failed: OSError | None = None
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, kind, protocol, _, address in dict.fromkeys(found):
                one = undo.enter_context(socket.socket(family, kind, protocol))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    one.bind((address[0], made[0].getsockname()[1] if made else port, *address[2:]))
                except OSError as error:
                    # A name may have addresses of a kind that this machine does not speak.
                    if error.errno != errno.EADDRNOTAVAIL:
                        raise
                    failed = error
                else:
                    made.append(one)
        except OSError as error:
            failed, made = error, []
        if not made:
            assert failed is not None
            raise _taken(host, port, failed) from failed
        undo.pop_all()
        return made


class _Server(uvicorn.Server):
    """Has what is open without an end come to one, before it waits for answers under way."""

    def __init__(self, config: uvicorn.Config, context: Context) -> None:
        super().__init__(config)
        self._context = context

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops in order."""
        self._context.stopping = True
        await super().shutdown(sockets)


def server(network: Network, mounts: Mapping[str, ASGIApp] | None = None, *, start: bool = True) -> uvicorn.Server:
    """A server for `network`, not running yet: `run(sockets)` it, here or in a thread. `start`: see `create_app`."""
    config = uvicorn.Config(
        create_app(network, mounts, start=start),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http=timed_requests(network.context.settings.read_timeout_s),
        timeout_graceful_shutdown=STOP_S,
    )
    return _Server(config, network.context)


def listen(sockets: Sequence[socket.socket]) -> None:
    """Listens at bound `sockets`.

    Raises:
        ConfigError: another process listens there.
    """
    for one in sockets:
        try:
            one.listen()
        except OSError as error:
            host, port, *_ = one.getsockname()
            raise _taken(host, port, error) from error


def run(
    network: Network,
    sockets: Sequence[socket.socket],
    load: Callable[[], object],
    *,
    mounts: Mapping[str, ASGIApp] | None = None,
) -> None:
    """Serves `network` at `sockets` until it is interrupted, while `load` builds its state, too; the caller closes it.

    Raises:
        ConfigError: another process listens there.
        Exception: what `load` raised; serving ends then.
    """
    listen(sockets)
    running = server(network, mounts, start=False)
    failed: list[BaseException] = []

    def loading() -> None:
        try:
            load()
        except BaseException as error:
            failed.append(error)
            running.should_exit = True

    thread = threading.Thread(target=loading, name="rookery-load")
    thread.start()
    try:
        # Uvicorn has shut down in order when it hands the interrupt on.
        with contextlib.suppress(KeyboardInterrupt):
            running.run(list(sockets))
    finally:
        network.give_up()
        thread.join()
    if failed and not isinstance(failed[0], ClosingError):
        raise failed[0]


def _taken(host: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot listen at {host or '*'}:{port}: {error.strerror}",
        remedy="stop what listens there, or choose another host or port (0: a free port)",
    )
