"""`rookery serve` in a process of its own over the small data set, to be killed, stopped and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from serving.auth.tokens import Tokens, load_secret
from tests.ports import held_port

WAIT_S = 300.0
"""Time that a process may take to start on a busy machine."""


def within(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether `holds` comes true in that time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class ServerProcess:
    """One network in `folder`, and the process that serves it."""

    def __init__(self, home: Path, data: Path, folder: Path, **settings: str) -> None:
        self.home, self.data, self.folder = home, data, folder
        self.settings = settings
        self._held = held_port()
        self.port: int = self._held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | subprocess.Popen[str]

    @property
    def database(self) -> Path:
        return self.folder / "network.sqlite"

    @property
    def said(self) -> Path:
        """What the last process wrote."""
        return self.folder / "said.log"

    @property
    def environment(self) -> dict[str, str]:
        # Tests ask again and again until something holds.
        return {
            **os.environ, "ROOKERY_HOME": str(self.home), "ROOKERY_RATE_LIMITS__ENABLED": "false", **self.settings
        }  # fmt: skip

    def command(self) -> list[str]:
        options = ["--data", str(self.data), "--network", str(self.folder), "--port", str(self.port)]
        return [sys.executable, "-m", "experiments.cli", "serve", *options]

    def start(self) -> float:
        """Starts it, and gives the seconds until it was ready."""
        began = time.monotonic()
        self.folder.mkdir(exist_ok=True)
        with self.said.open("w") as out:
            self.process = subprocess.Popen(self.command(), env=self.environment, stdout=out, stderr=subprocess.STDOUT)
        assert within(lambda: self.ready() or self.process.poll() is not None, WAIT_S)
        assert self.process.poll() is None, self.said.read_text()
        return time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kills it, and gives the port back."""
        self.kill()
        self._held.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Sends a signal; gives the exit code and the seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(60), time.monotonic() - began

    def ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        return False

    def health(self) -> dict[str, Any]:
        body: dict[str, Any] = httpx.get(f"{self.url}/readyz", trust_env=False).json()
        return body

    def caught_up(self) -> bool:
        """Whether it is ready and every consumer has followed the log to its end."""
        body = self.health()
        return body["status"] == "ready" and not any(one["lag"] for one in body["consumers"])

    def headers(self, user: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {Tokens(load_secret(self.home)).issue(user)}"}

    def post(self, user: int, text: str) -> int:
        headers = self.headers(user)
        answer = httpx.post(f"{self.url}/2/tweets", json={"text": text}, headers=headers, timeout=30, trust_env=False)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["id"])

    def home_of(self, user: int) -> list[int]:
        path = f"{self.url}/2/users/{user}/timeline?max_results=100"
        answer = httpx.get(path, headers=self.headers(user), timeout=30, trust_env=False)
        assert answer.status_code == 200, answer.text
        return [int(one["id"]) for one in answer.json()["data"]]

    @contextlib.contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """The database beside the server's back."""
        connection = sqlite3.connect(self.database, timeout=30)
        try:
            with connection:
                yield connection
        finally:
            connection.close()
