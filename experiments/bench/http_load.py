"""Requests over HTTP/1.1 by several connections at once, each by one as soon as its last was answered.

The client is kept small, as it has the same processors as the server: bytes are written as they were made before, and
of an answer only its length is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import uvloop

from data.errors import RookeryError


class LoadError(RookeryError):
    """A request was not answered with 200."""


@dataclass(frozen=True)
class Load:
    """What a load did."""

    requests: int
    wall_s: float
    ms: tuple[float, ...]
    """Milliseconds of each request."""
    client_s: float
    """Processor time of this process, reading the answers among it."""
    server_s: float
    """Processor time of the server; NaN where the system does not tell."""

    @property
    def per_s(self) -> float:
        """Requests a second."""
        return self.requests / self.wall_s

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        return float(np.quantile(self.ms, share))


def raw_post(url: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole request."""
    lines = {"host": urlsplit(url).netloc, "content-length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def run_load(
    url: str,
    requests: Sequence[bytes],
    count: int,
    *,
    connections: int,
    pid: int,
    read: Callable[[bytes], object],
) -> Load:
    """Sends `count` requests, those of `requests` in turn, and has `read` decode the body of every answer.

    Args:
        url: of the server.
        requests: whole requests.
        count: how many are sent.
        connections: how many are under way at once.
        pid: the server's process, whose processor time counts with that of its children.
        read: what a client does with the body.

    Raises:
        LoadError: a status other than 200.
    """
    address, waiting, ms = urlsplit(url), iter(range(count)), [0.0] * count

    async def work() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for at in waiting:
            began = time.perf_counter()
            writer.write(requests[at % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            if b" 200 " not in head[:16]:
                raise LoadError(f"{url} answered {head[:40]!r} {body[:300]!r}")
            read(body)
            ms[at] = (time.perf_counter() - began) * 1e3
        writer.close()

    async def all_of_them() -> None:
        await asyncio.gather(*(work() for _ in range(connections)))

    server_s, client_s, began = processor_s(pid), time.process_time(), time.perf_counter()
    uvloop.run(all_of_them())
    wall_s = time.perf_counter() - began
    return Load(count, wall_s, tuple(ms), time.process_time() - client_s, processor_s(pid) - server_s)


def processor_s(pid: int) -> float:
    """Seconds of processor time of a process and its children so far; NaN where the system does not tell."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may have any characters.
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        stats[int(path.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    if pid not in stats:
        return float("nan")
    family, found = {pid}, -1
    while found != len(family):
        found = len(family)
        family |= {one for one, (parent, _) in stats.items() if parent in family}
    return sum(stats[one][1] for one in family) / _TICKS


_TICKS = 100.0
"""The kernel shows clock ticks of 1/100 s to every program (man 5 proc)."""


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at < 0:
        raise LoadError(f"an answer without its length: {head[:80]!r}")
    return int(lower[at + 15 : lower.find(b"\r\n", at)])
