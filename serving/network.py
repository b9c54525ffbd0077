"""The running network as one object: stores, state, funnel and consumers, and the threads that own them.

Three kinds of threads, and no lock that any two fight for:

- one **writer** runs transactions, one after another (SQLite has one writer in any case);
- one **owner** holds all state in memory: it follows the log and answers timelines, scores, trends and searches;
- any number of readers look rows up in the database.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import Depends, Request

from candidates.search.hybrid import Mode
from candidates.search.text import Hits
from candidates.trends.engine import WORLD, Trend
from data.dataset import Dataset
from data.errors import RookeryError
from data.events import EventBatch
from data.ids import EPOCH_MS
from features.online import FeatureState
from serving.archive import Archive, end_us, record, recorded
from serving.auth.tokens import Tokens, load_secret
from serving.events.consumer import GroupHealth, Runner, TornError
from serving.events.log import DatabaseLog
from serving.events.outbox import Outbox, Snowflakes, Transaction
from serving.events.pump import Pump
from serving.kit.clock import Clock, DataClock, WallClock
from serving.kit.db import Database
from serving.kit.paging import Paging
from serving.kit.problems import ProblemError
from serving.kit.telemetry import Metrics
from serving.projections import Projections
from serving.ranker.service import Ranking, ServedModel, rank, untrained
from serving.settings import Settings
from serving.timelines.home import HomeTimeline, ranked_home
from serving.timelines.service import ReadStats

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger("rookery.serving")


class Network:
    """Builds the parts, keeps their threads, and is what routes talk to."""

    def __init__(self, settings: Settings, model: ServedModel | None = None) -> None:
        """Opens the database of `settings.home`; `start` or `load` builds the state. Without a model, newest first.

        Raises:
            DataError: the database cannot be used.
            ConfigError: the token secret is too short.
        """
        self.settings = settings
        self.model = model if model is not None else untrained()
        self.metrics = Metrics()
        secret = load_secret(settings.home, settings.secret.get_secret_value() if settings.secret else None)
        self.tokens = Tokens(secret)
        self.paging = Paging(secret)
        self.database = Database(settings.database_path)
        self.log = DatabaseLog(self.database)
        self.clock: Clock = WallClock()
        self.ready = False
        self._failed = ""
        self._writer = ThreadPoolExecutor(1, "rookery-writer")
        self._owner = ThreadPoolExecutor(1, "rookery-owner")
        self._pump = Pump(self._step, linger_ms=settings.consumers.linger_ms)
        self._start_lock = threading.Lock()
        self._outbox: Outbox
        self._projections: Projections
        self._runner: Runner
        self._request_ids = Snowflakes()

    # ---- building

    def load(self, dataset: Dataset) -> Archive:
        """Loads a whole data set into the network, ids unchanged, and builds the state from it. Again: no change.

        Raises:
            ConfigError: the network holds another data set.
            DataError: the data set clashes with what the network holds, or cannot be read; nothing is written.
        """
        with self._start_lock:
            known = recorded(self.database) is not None
            writing = self._writer.submit(record, self.database, dataset)
            if known:
                writing.result()
            if not known or not self.ready:
                self._build(dataset, writing)
        archive = recorded(self.database)
        assert archive is not None
        return archive

    def start(self) -> None:
        """Builds the state from the recorded data set and the log, unless that was done.

        Raises:
            DataError: the data set's folder is gone or holds another one now.
        """
        with self._start_lock:
            if not self.ready:
                self._build(self._archived())

    def close(self) -> None:
        """Finishes what is under way and closes the database."""
        self._writer.shutdown(wait=True)
        self._pump.close()
        self._owner.shutdown(wait=True)
        self.database.close()

    def _archived(self) -> Dataset | None:
        archive = recorded(self.database)
        return None if archive is None else archive.open()

    def _build(self, dataset: Dataset | None, writing: Future[bool] | None = None, *, careful: bool = False) -> None:
        """Builds the state from `dataset` while the database is `writing` it; both must succeed."""
        before, self.ready = self.ready, False
        replaying = self._owner.submit(self._replay, dataset)
        try:
            if writing is not None:
                wait([replaying])  # whichever fails, neither goes on by itself
                writing.result()
            projections = replaying.result()
        except BaseException:
            self.ready = before
            raise
        self._writer.submit(self._set_time).result()
        self._owner.submit(self._follow, projections, careful).result()
        self.ready = True
        self._pump.wake()

    def _replay(self, dataset: Dataset | None) -> Projections:
        projections = Projections(self.settings, self.model, self.metrics)
        if dataset is not None:
            projections.replay(dataset, end_us(dataset))
        return projections

    def _set_time(self) -> None:
        archive = recorded(self.database)
        last_us = max(archive.end_us if archive else 0, self.log.last_time_us(), EPOCH_MS * 1000)
        if isinstance(self.clock, DataClock):
            last_us = max(last_us, self.clock.now_us())
        self.clock = DataClock(last_us + 1) if archive and self.settings.clock == "data" else WallClock()
        self._outbox = Outbox(self.database, self.clock, after_us=last_us, committed=self._pump.wake)

    def _follow(self, projections: Projections, careful: bool) -> None:
        runner = Runner(
            self.log,
            projections.consumers,
            self.database,
            self.clock,
            self.settings.consumers,
            self.metrics,
            careful=careful,
        )
        # The state starts empty, so that what could not be applied to an earlier one is tried again.
        runner.forget_dead_letters()
        runner.drain()
        self._projections, self._runner = projections, runner
        self._request_ids = Snowflakes(self.clock.now_us(), datacentre=30)
        self._warm_up()

    def _warm_up(self) -> None:
        """Reads one timeline for nobody to see: compiled loops are loaded before the first caller waits for them."""
        users = self.state.network.users
        if len(users):
            self._home(int(users.ids[0]), self.settings.home_size, None)
            self._projections.timelines.stats = ReadStats()

    def start_or_tell(self) -> None:
        """`start`, whose failure is logged and told by `fault`: for a server that should answer while it starts."""
        try:
            self.start()
        except Exception as error:
            self._failed = "the network could not start"
            log.error("the network could not start: %s", error, exc_info=not isinstance(error, RookeryError))

    @property
    def fault(self) -> str:
        """What keeps the network from working, "" for nothing."""
        return self._failed or (f"the log could not be followed ({self._pump.fault})" if self._pump.fault else "")

    # ---- following the log

    def _step(self) -> bool:
        try:
            # One batch a turn on the owner's thread: reads come between the batches of a backlog.
            return self.call(lambda: self.ready and self._runner.step())
        except TornError as error:
            log.error("%s; building it again", error)
            with self._start_lock:
                self._build(self._archived(), careful=True)
            return False

    def settle(self) -> None:
        """Waits until everything written so far has taken effect."""
        while self._step():
            pass

    # ---- threads

    def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` on the owner's thread and waits for it."""
        future: Future[T] = self._owner.submit(work, *args, **kwargs)
        return future.result()

    async def ask(self, work: Callable[..., T], *args: Any) -> T:
        """Runs `work` on the owner's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._owner, work, *args)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction on the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._outbox.write, work)

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and waits for it."""
        return self._writer.submit(self._outbox.write, work).result()

    # ---- answers

    @property
    def state(self) -> FeatureState:
        """The feature state; only the owner's thread may touch it (`call`, `ask`)."""
        return self._projections.state

    @property
    def projections(self) -> Projections:
        """All parts that follow the log; only the owner's thread may touch them (`call`, `ask`)."""
        return self._projections

    async def home(self, user_id: int, limit: int) -> HomeTimeline:
        """The ranked home timeline of a user now.

        Raises:
            NotFoundError: there is no such user.
        """
        return await self.ask(self._home, user_id, limit, None)

    def home_now(self, user_id: int, limit: int, *, time_us: int | None = None) -> HomeTimeline:
        """`home`, waiting for it; ranked for the moment `time_us` when given."""
        return self.call(self._home, user_id, limit, time_us)

    def _home(self, user_id: int, limit: int, time_us: int | None) -> HomeTimeline:
        now = self.clock.now_us() if time_us is None else time_us
        return ranked_home(
            self._projections,
            user_id,
            limit,
            time_us=now,
            request_id=self._request_ids.next(now),
            deadline_ms=self.settings.deadline_ms,
        )

    async def record(self, events: Sequence[EventBatch]) -> None:
        """Writes what a served slate caused to the log."""

        def append(tx: Transaction) -> None:
            for one in events:
                tx.emit(one)

        if events:
            await self.write(append)

    async def rank(self, user_id: int, tweet_ids: Sequence[int], time_us: int | None) -> tuple[Ranking, int]:
        """Scores of tweets for a user, and the moment that they are for: now, when none is given.

        Raises:
            NotFoundError: there is no such user.
        """

        def work() -> tuple[Ranking, int]:
            parts = self._projections
            now = self.clock.now_us() if time_us is None else time_us
            if now < parts.last_tweet_us:
                raise ProblemError(
                    422,
                    "past-moment",
                    f"time_us {now} lies before the last event, {parts.last_tweet_us}, from which on features are "
                    "known; leave time_us out",
                )
            return rank(parts.state, parts.ranker, user_id, tweet_ids, now), now

        return await self.ask(work)

    async def search(self, query: str, limit: int, mode: Mode | None = None) -> tuple[Hits, Mode]:
        """The tweets that answer a query, and how they were sought: `hybrid` unless nothing understands text.

        Raises:
            QueryError: the query cannot be understood.
            ProblemError: 422 for a mode that needs text understanding where the model has none.
        """

        def work() -> tuple[Hits, Mode]:
            parts = self._projections
            parts.index_now()
            chosen: Mode = mode or ("text" if parts.search.semantic is None else "hybrid")
            if parts.search.semantic is None and chosen != "text":
                detail = f"mode {chosen!r} needs a model that understands text; the one served does not: use mode=text"
                raise ProblemError(422, "no-understanding", detail)
            return parts.search.search(query, chosen, limit), chosen

        return await self.ask(work)

    async def trends(self, woeid: int, limit: int) -> tuple[list[Trend], int]:
        """Trends of a place in the window that ends now or, where that is empty, with the last tweet; and its end."""

        def work() -> tuple[list[Trend], int]:
            parts, place = self._projections, None if woeid == WORLD else woeid
            now = max(self.clock.now_us(), parts.last_tweet_us + 1)
            found = parts.trends.trends(now, place, limit)
            if found or not parts.last_tweet_us:
                return found, now
            return parts.trends.trends(parts.last_tweet_us + 1, place, limit), parts.last_tweet_us + 1

        return await self.ask(work)

    def model_card(self) -> dict[str, str]:
        """Name and version of the model that ranks."""
        return {"name": self.model.name, "version": self.model.version or "untrained"}

    def consumer_health(self) -> list[GroupHealth]:
        """How each consumer fares."""
        return self._runner.health()

    def stats(self) -> dict[str, Any]:
        """What the network holds and did: archive, fan-out by mode, timeline reads."""
        return self.call(self._stats)

    def _stats(self) -> dict[str, Any]:
        parts, archive = self._projections, recorded(self.database)
        fanout, reads = parts.fanout.stats, parts.timelines.stats
        return {
            "model": self.model_card(),
            "data": None if archive is None else {"name": archive.name, "content_hash": archive.content_hash},
            "users": len(parts.state.network.users),
            "tweets": len(parts.state.network.tweets),
            "vectors": 0 if parts.vectors is None else len(parts.vectors),
            "fanout": {
                "tweets": dict(fanout.tweets),
                "deliveries": dict(fanout.deliveries),
                "left_to_pull": dict(fanout.edges_left),
            },
            "timelines": {"reads": reads.reads, "pushed": reads.pushed, "pulled": reads.pulled},
            "events": self.log.end(),
        }


def of_app(request: Request) -> Network:
    """The network of the app, ready or not."""
    network: Network = request.app.state.network
    return network


def ready_network(request: Request) -> Network:
    """The network of the app.

    Raises:
        ProblemError: 503 while its state is being built.
    """
    network = of_app(request)
    if not network.ready:
        raise ProblemError(
            503,
            "loading",
            "the network's state is being built; ask /readyz when it is done",
            headers={"Retry-After": "2"},
        )
    return network


Net = Annotated[Network, Depends(ready_network)]
AnyNet = Annotated[Network, Depends(of_app)]
