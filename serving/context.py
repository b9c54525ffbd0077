"""The running network as routes and services see it: its settings, its parts, and the threads that work on them.

Three kinds of threads, and no lock that any two contend for:

- one **writer** runs transactions, one after another (SQLite has one writer in any case);
- one **owner** holds all state in memory: it follows the log and answers timelines, scores, trends and searches (the
  arithmetic of a model without kept vectors is left to `scorers`, once its columns were looked up);
- any number of readers look rows up in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request

from features.online import FeatureState
from serving.aliases import CHAMPION, Aliases
from serving.auth.tokens import Tokens
from serving.events.dead_letters import DeadLetters
from serving.events.log import DatabaseLog
from serving.events.outbox import REQUESTS, Outbox, Snowflakes, Transaction
from serving.events.runner import Runner
from serving.kit.clock import Clock, WallClock
from serving.kit.db import Database
from serving.kit.paging import Paging
from serving.kit.problems import ProblemError
from serving.kit.progress import BuildProgress
from serving.kit.storage import StorageError
from serving.kit.telemetry import Metrics
from serving.kit.worker_lease import Lease
from serving.model import ServedModel
from serving.projections import Projections
from serving.settings import Settings
from serving.shadow import Shadow

T = TypeVar("T")
P = ParamSpec("P")


@dataclass
class Context:
    """What `serving.network` built. Its state in memory is replaced whenever it is built anew."""

    settings: Settings
    aliases: Aliases
    """The models that rank."""
    metrics: Metrics
    tokens: Tokens
    paging: Paging
    database: Database
    lease: Lease
    letters: DeadLetters
    log: DatabaseLog
    password: str | None
    """With which people sign in on the pages; None where nobody can."""
    fault: Callable[[], str]
    """What keeps the network from working, "" for nothing."""
    writer: ThreadPoolExecutor
    owner: ThreadPoolExecutor
    scorers: ThreadPoolExecutor
    """Threads for what needs no state any more: a model's arithmetic on columns that were looked up."""
    building: threading.Lock
    """Held while the state is built or a model is replaced."""
    reload: Callable[[], dict[str, str]]
    """Ranks by newer versions of the models, where there are any; returns alias to new version. In any thread."""

    open: bool = False
    """Whether it takes writes and looks rows up: from the first build on."""
    ready: bool = False
    """Whether the state in memory answers, too: not while an undefined one is built anew."""
    stopping: bool = False
    """Whether the server is about to stop: what is open without an end, as a stream, ends."""
    progress: BuildProgress = field(default_factory=BuildProgress)
    """How far the state is that is being built."""
    clock: Clock = field(default_factory=WallClock)
    request_ids: Snowflakes = field(default_factory=lambda: Snowflakes(datacentre=REQUESTS))
    outbox: Outbox = field(init=False)
    projections: Projections = field(init=False)
    """All parts in memory; only the owner's thread may touch them (`call`, `ask`)."""
    runner: Runner = field(init=False)

    streams: Counter[str] = field(default_factory=Counter)
    """Open streams by app; of the event loop's thread."""
    shadow: Shadow | None = None
    """What has other models score what was answered, where there are such."""

    @property
    def model(self) -> ServedModel:
        """The model that ranks home timelines."""
        return self.aliases.models[CHAMPION]

    @property
    def state(self) -> FeatureState:
        """The feature state; only the owner's thread may touch it (`call`, `ask`)."""
        return self.projections.state

    def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` on the owner's thread and waits for it."""
        return self.owner.submit(self._owned, partial(work, *args, **kwargs)).result()

    async def ask(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` on the owner's thread.

        Raises:
            ProblemError: 503 while the state is built anew.
        """
        self.check_ready()
        return await asyncio.get_running_loop().run_in_executor(self.owner, self._owned, partial(work, *args, **kwargs))

    def _owned(self, work: Callable[[], T]) -> T:
        """Runs `work` on the owner's thread once no late part of a feed reads the state any more."""
        if self.ready:
            self.projections.settle()
        return work()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction on the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, lambda: self.outbox.write(work))

    async def note(self, work: Callable[[Transaction], T]) -> None:
        """`write` of what an answer that was sent caused; it is left out where the disk takes nothing."""
        with contextlib.suppress(StorageError):
            await self.write(work)

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and waits for it."""
        return self.writer.submit(lambda: self.outbox.write(work)).result()

    def check_ready(self) -> None:
        """Refuses to answer from a state that is not there.

        Raises:
            ProblemError: 503 while the state is built.
        """
        if not self.ready:
            raise _loading()

    def now_us(self) -> int:
        """The present time; not before the last event of the state, as a write's may be just ahead. Owner's thread."""
        return max(self.clock.now_us(), self.state.time_us)

    def new_request_id(self) -> int:
        """An id for a request, greater than all before it. Owner's thread."""
        now = self.clock.now_us()
        try:
            worker = self.lease.keep(max(now, self.request_ids.last_us))
        except StorageError:
            # Timelines are read on: what a disk refuses a lease for, it does not record either.
            worker = self.lease.worker
        return self.request_ids.next(now, worker)


async def of_app(request: Request) -> Context:
    """The context of the app, ready or not. Async, as FastAPI takes a thread for each other dependency."""
    context: Context = request.app.state.context
    return context


async def open_network(request: Request) -> Context:
    """The context of the app.

    Raises:
        ProblemError: 503 while its state is built for the first time.
    """
    context = await of_app(request)
    if not context.open:
        raise _loading()
    return context


Net = Annotated[Context, Depends(open_network)]

AnyNet = Annotated[Context, Depends(of_app)]


def _loading() -> ProblemError:
    detail = "the network's state is being built; ask /readyz when it is done"
    return ProblemError(503, "loading", detail, headers={"Retry-After": "2"})
