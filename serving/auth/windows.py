"""Windows that slide: how many requests each key made in the last so many seconds, in memory or in Redis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, Protocol

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

from serving.kit.clock import ticks

log = logging.getLogger("rookery.serving")

ANSWER_S = 0.25
"""Seconds that Redis has to answer; requests are not counted while it does not."""

RETRY_S = 5.0
"""Seconds for which a Redis that did not answer is not asked again."""


@dataclass(frozen=True, slots=True)
class Window:
    """A key's window after a request."""

    taken: bool
    """Whether the request was within the limit; one that was not is not counted."""
    remaining: int
    """Requests that may follow at once."""
    reset_s: float
    """Unix seconds at which the oldest request leaves the window."""


class Windows(Protocol):
    """Counts requests by key."""

    async def take(self, key: str, limit: int, window_s: int) -> Window | None:
        """Counts one request of `key` unless `limit` were made in the last `window_s` seconds; None: cannot count."""

    async def close(self) -> None:
        """Lets go of what it holds open."""


class MemoryWindows:
    """Windows of this process. Time and memory are bounded by the requests of one window, however many keys came.

    They are measured by a stopwatch, so that a clock that is set does not move them.
    """

    def __init__(self) -> None:
        """No request yet."""
        # By the time of their newest request, so that those that are over lie in front.
        self._times: OrderedDict[tuple[str, int], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """Keys that are kept."""
        return len(self._times)

    async def take(self, key: str, limit: int, window_s: int) -> Window:
        """Counts one request of `key` unless `limit` were made in the last `window_s` seconds."""
        now = ticks() / 1e9
        self._drop(now)
        times = self._times.get((key, window_s))
        if times is None:
            times = self._times[key, window_s] = deque()
        while times and times[0] <= now - window_s:
            times.popleft()
        taken = len(times) < limit
        if taken:
            times.append(now)
            self._times.move_to_end((key, window_s))
        return Window(taken, limit - len(times), time.time() + times[0] + window_s - now)

    async def close(self) -> None:
        """Nothing is open."""

    def _drop(self, now: float) -> None:
        while self._times:
            (_, window_s), times = oldest = next(iter(self._times.items()))
            if times and times[-1] > now - window_s:
                return
            del self._times[oldest[0]]


class RedisWindows:
    """Windows that several processes share, in the Redis at a URL. What it does not answer for is not counted."""

    def __init__(self, url: str, *, prefix: str = "rookery:rate") -> None:
        """Connects at the first request; keys begin with `prefix`."""
        self._pool = ConnectionPool.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage(url, wrap_exceptions=True, implementation="redispy", key_prefix=prefix, **options)
        self._limiter = MovingWindowRateLimiter(storage)
        self._again_s = 0.0

    async def take(self, key: str, limit: int, window_s: int) -> Window | None:
        """Counts one request of `key` unless `limit` were made in the last `window_s` seconds; None: no answer."""
        if time.monotonic() < self._again_s:
            return None
        item = RateLimitItemPerSecond(limit, window_s)
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                taken = await self._limiter.hit(item, key)
                stats = await self._limiter.get_window_stats(item, key)
        except (StorageError, OSError, TimeoutError) as error:
            self._again_s = time.monotonic() + RETRY_S
            log.warning("requests are not counted for %g s: Redis does not answer (%s)", RETRY_S, error)
            return None
        return Window(taken, stats.remaining, stats.reset_time)

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.aclose()
