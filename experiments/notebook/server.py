"""The running network served from a thread of this process."""

from __future__ import annotations

import atexit
import threading
import time
from contextlib import ExitStack
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from data.errors import ConfigError, RookeryError
from experiments.live.open_network import resolve
from serving.app import bind, listen, server
from serving.ops.service import stats

_POLL_S = 0.01


class ServedNetwork:
    """A network at `url`, on this machine's loopback address, until it is closed or its `with` block ends."""

    def __init__(
        self, data: Path | None, model: str, home: Path, *, folder: Path | None = None, port: int = 0, **settings: Any
    ) -> None:
        """Loads `data`, ranks with `model`, listens at `port` (0: a free one) and returns when requests are answered.

        Raises:
            ConfigError: the port is taken, or another process has the network open.
            NotFoundError: nothing answers to `model`.
            ModelError: the model reads columns which the data set cannot fill.
        """
        plan = resolve(data, model, home, folder, {**settings, "host": "127.0.0.1", "port": port})
        with ExitStack() as undo:
            self.network = plan.network()
            undo.callback(self.network.close)
            sockets = [undo.enter_context(one) for one in bind(plan.settings.host, plan.settings.port)]
            plan.load(self.network)
            listen(sockets)
            self._server = server(self.network)
            self._thread = threading.Thread(target=self._server.run, args=(sockets,), name="rookery-serve", daemon=True)
            self._thread.start()
            undo.callback(self._stop)
            self._await_start()
            self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
            self._undo = undo.pop_all()
        self._closed = False
        atexit.register(self.close)

    def headers(self, user_id: int | None = None) -> dict[str, str]:
        """What a request sends to act as a user; without one, to read and to rank."""
        tokens = self.network.context.tokens
        token = tokens.issue(None, ["rank"]) if user_id is None else tokens.issue(user_id)
        return {"Authorization": f"Bearer {token}"}

    def get(self, path: str, *, user_id: int | None = None, **query: Any) -> dict[str, Any]:
        """The JSON that GET `path` answers.

        Raises:
            ConfigError: the network is closed.
            RookeryError: it answered with an error, which the message holds.
        """
        self._check_open()
        answer = httpx.get(
            f"{self.url}{path}", params=query, headers=self.headers(user_id), timeout=60, trust_env=False
        )
        return _body(answer)

    def post(self, path: str, body: dict[str, Any], *, user_id: int | None = None) -> dict[str, Any]:
        """The JSON that POST `path` answers to a JSON body.

        Raises:
            ConfigError: the network is closed.
            RookeryError: it answered with an error, which the message holds.
        """
        self._check_open()
        answer = httpx.post(f"{self.url}{path}", json=body, headers=self.headers(user_id), timeout=60, trust_env=False)
        return _body(answer)

    def close(self) -> None:
        """Stops the server in order and closes the network. Again: no change."""
        atexit.unregister(self.close)
        self._closed = True
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ServedNetwork at {self.url}{', closed' if self._closed else ''}"

    def _repr_html_(self) -> str:
        docs = escape(f"{self.url}/docs")
        some = stats(self.network.context)
        card = some["model"]
        words = f"{some['users']:,} users and {some['tweets']:,} tweets, ranked by {card['name']} {card['version']}"
        return f'<div>{escape(words)}: <a href="{docs}">{docs}</a></div>'

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("the network is closed", remedy="serve it again: rookery.serve(world)")

    def _await_start(self) -> None:
        while not self._server.started:
            if not self._thread.is_alive():
                raise RookeryError("the server ended before it answered", remedy="see the lines above")
            time.sleep(_POLL_S)

    def _stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        request = answer.request
        raise RookeryError(f"{request.method} {request.url.path} answered {answer.status_code}: {answer.text[:300]}")
    body: dict[str, Any] = answer.json()
    return body
