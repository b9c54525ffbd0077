"""A server in a process of its own, and HTTP requests to it by several clients at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from data.errors import RookeryError
from serving.auth.tokens import Tokens, load_secret

CLIENTS = 8
"""Connections that post and read side by side."""


class LiveError(RookeryError):
    """The server did not come up, or a request failed."""


@dataclass(frozen=True)
class Latency:
    """Milliseconds a request as the client saw them, with `CLIENTS` clients at once."""

    n: int
    p50_ms: float
    p99_ms: float
    per_s: float

    @classmethod
    def of(cls, seconds: Sequence[float], wall_s: float) -> Latency:
        """From each request's seconds and those of all together."""
        ms = np.asarray(seconds) * 1000
        p50, p99 = np.percentile(ms, [50, 99])
        return cls(len(ms), float(p50), float(p99), len(ms) / wall_s)


@dataclass(frozen=True)
class Server:
    """A running server, the secret that signs its tokens, and its process."""

    url: str
    tokens: Tokens
    pid: int

    def user(self, user_id: int) -> dict[str, str]:
        """Headers that act as a user."""
        return {"Authorization": f"Bearer {self.tokens.issue(user_id)}"}

    def service(self) -> dict[str, str]:
        """Headers that may read and rank."""
        return {"Authorization": f"Bearer {self.tokens.issue(None, ['rank'])}"}


@contextlib.contextmanager
def running_server(
    home: Path,
    data: Path,
    network: Path,
    *,
    settings: Mapping[str, str],
    model: str = "champion",
    wait_s: float = 180.0,
) -> Iterator[Server]:
    """`rookery serve --data DIR` in a process of its own on a free port, until it is ready; stopped at the end.

    Raises:
        LiveError: it ended or was not ready in `wait_s` seconds; the message holds the end of its log.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = home / "serve.log"
    environment = {**os.environ, "ROOKERY_HOME": str(home), **settings}
    options = ["--data", str(data), "--network", str(network), "--port", str(port), "--model", model]
    command = [sys.executable, "-m", "experiments.cli", "serve", *options]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(process, url, log, wait_s)
            yield Server(url, Tokens(load_secret(home, os.environ.get("ROOKERY_SECRET"))), process.pid)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    pause = 0.1
    while time.monotonic() < until:
        if process.poll() is not None:
            raise LiveError(
                f"the server ended with {process.returncode}: {log.read_text()[-600:]}", remedy=f"see {log}"
            )
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(pause)
    raise LiveError(f"the server was not ready after {wait_s:.0f} s", remedy=f"see {log}")


def post_tweets(server: Server, authors: Sequence[int], texts: Sequence[str]) -> tuple[list[int], Latency]:
    """POST /2/tweets for each author and text; ids of the tweets in that order."""
    jobs = [
        ("POST", "/2/tweets", server.user(author), {"text": text}) for author, text in zip(authors, texts, strict=True)
    ]
    answers, latency = _all(server, jobs)
    return [int(one["data"]["id"]) for one in answers], latency


def read_homes(server: Server, users: Sequence[int], k: int) -> tuple[list[dict[str, Any]], Latency]:
    """GET the ranked home timeline of each user, `k` tweets; the answers' bodies in that order."""
    path = "/2/users/{}/timeline?max_results={}"
    return _all(server, [("GET", path.format(user, k), server.user(user), None) for user in users])


def get(server: Server, path: str, **query: Any) -> dict[str, Any]:
    """One GET as a reader."""
    answer = httpx.get(f"{server.url}{path}", params=query, headers=server.service(), timeout=60, trust_env=False)
    return _body(answer)


_Job = tuple[str, str, dict[str, str], dict[str, Any] | None]


def _all(server: Server, jobs: Sequence[_Job]) -> tuple[list[dict[str, Any]], Latency]:
    """All jobs, `CLIENTS` at a time."""
    answers: list[dict[str, Any]] = [{} for _ in jobs]
    seconds = [0.0] * len(jobs)
    waiting = iter(range(len(jobs)))

    async def work(client: httpx.AsyncClient) -> None:
        for at in waiting:
            verb, path, headers, body = jobs[at]
            began = time.perf_counter()
            answer = await client.request(verb, path, headers=headers, json=body)
            seconds[at] = time.perf_counter() - began
            answers[at] = _body(answer)

    async def run() -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as client:
            await asyncio.gather(*(work(client) for _ in range(CLIENTS)))

    began = time.perf_counter()
    asyncio.run(run())
    return answers, Latency.of(seconds, time.perf_counter() - began)


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise LiveError(
            f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}"
        )
    body: dict[str, Any] = answer.json()
    return body
