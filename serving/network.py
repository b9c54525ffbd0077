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
from typing import Any, ParamSpec, TypeVar

from candidates.search.hybrid import Mode
from candidates.search.text import Hits
from candidates.trends.engine import Trend
from data.dataset import Dataset
from data.errors import RookeryError
from data.events import EventBatch
from data.ids import EPOCH_MS
from features.online import FeatureState
from serving.auth.tokens import Tokens, load_secret
from serving.builder import Builder
from serving.events.consumer import GroupHealth, Runner, TornError
from serving.events.dead_letters import DeadLetters
from serving.events.log import DatabaseLog
from serving.events.outbox import REQUESTS, Outbox, Snowflakes, Transaction
from serving.events.pump import Pump
from serving.kit.clock import Clock, DataClock, WallClock
from serving.kit.db import Database
from serving.kit.lease import Lease
from serving.kit.lock import WriterLock
from serving.kit.paging import Paging
from serving.kit.problems import ProblemError
from serving.kit.telemetry import Metrics
from serving.loading import Archive, archived, record, recorded
from serving.ops.figures import figures
from serving.projections import Projections
from serving.ranker.model import ServedModel, untrained
from serving.ranker.scores import scored
from serving.ranker.service import Ranking
from serving.search.service import found
from serving.settings import Settings
from serving.timelines.home import HomeTimeline, ranked_home
from serving.timelines.service import ReadStats
from serving.trends.service import trending

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger("rookery.serving")


class Network:
    """Builds the parts, keeps their threads, and is what routes talk to."""

    def __init__(self, settings: Settings, model: ServedModel | None = None) -> None:
        """Opens the database of `settings.home`; `start` or `load` builds the state. Without a model, newest first.

        Raises:
            DataError: the database cannot be used.
            ConfigError: another process writes to the database, or the token secret is too short.
        """
        self.settings = settings
        self.model = model if model is not None else untrained()
        self.metrics = Metrics()
        secret = load_secret(settings.home, settings.secret.get_secret_value() if settings.secret else None)
        self.tokens = Tokens(secret)
        self.paging = Paging(secret)
        self._lock = WriterLock(settings.database_path)
        try:
            self.database = Database(settings.database_path)
            self._lease = Lease(self.database)
            self._letters = DeadLetters(self.database, halt_after=settings.consumers.halt_after)
        except BaseException:
            self._lock.release()
            raise
        self.log = DatabaseLog(self.database)
        self.clock: Clock = WallClock()
        self.open = False
        """Whether it takes writes and looks rows up: from the first building on."""
        self.ready = False
        """Whether the state in memory answers, too; while a torn one is built anew, it does not."""
        self._failed = ""
        self._closing = threading.Event()
        self._closed = False
        self._writer = ThreadPoolExecutor(1, "rookery-writer")
        self._owner = ThreadPoolExecutor(1, "rookery-owner")
        self._start_lock = threading.Lock()
        self._builder = Builder(settings, self.model, self.metrics, self.log, self._letters, self._closing)
        self._outbox: Outbox
        self._projections: Projections
        self._runner: Runner
        self._request_ids = Snowflakes(datacentre=REQUESTS)
        self._pump = Pump(self._step, linger_ms=settings.consumers.linger_ms)

    # ---- building

    def load(self, dataset: Dataset) -> Archive:
        """Loads a whole data set into the network, ids unchanged, and builds the state from it. Again: no change.

        Raises:
            ConfigError: the network holds another data set.
            DataError: the data set clashes with what the network holds, or cannot be read; nothing is written.
            ClosingError: the network was closed meanwhile.
        """
        with self._start_lock:
            known = recorded(self.database) is not None
            writing = self._writer.submit(record, self.database, dataset, self._closing)
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
            ClosingError: the network was closed meanwhile.
        """
        with self._start_lock:
            if not self.ready:
                self._build(archived(self.database))

    def close(self) -> None:
        """Finishes the writes that are under way, gives up what else is, and closes the database. Again: no change."""
        self._closing.set()
        if self._closed:
            return
        self._closed = True
        try:
            self._writer.shutdown(wait=True)
            self._pump.close()
            self._owner.shutdown(wait=True, cancel_futures=True)
            self._lease.release(self.clock.now_us())
            self.database.checkpoint()
        finally:
            self.database.close()
            self._lock.release()

    def _build(self, dataset: Dataset | None, writing: Future[bool] | None = None) -> None:
        """Builds the state from `dataset` while the database is `writing` it; both must succeed."""
        before, self.open, self.ready = (self.open, self.ready), False, False
        replaying = self._owner.submit(self._builder.replay, dataset)
        try:
            if writing is not None:
                wait([replaying])  # whichever fails, neither goes on by itself
                writing.result()
            projections = replaying.result()
            self._writer.submit(self._set_time).result()
            self._letters.reload()
            self.call(lambda: self._take_over(*self._builder.follow(dataset, projections, self.clock)))
        except BaseException:
            self.open, self.ready = before
            raise
        self.open = self.ready = True
        self._pump.wake()

    def _set_time(self) -> None:
        """Time goes on after all that was ever told: by the data set, the log, and processes before this one."""
        archive = recorded(self.database)
        told_us = max(self._lease.floor_us, self.log.last_time_us(), EPOCH_MS * 1000)
        last_us = max(archive.end_us if archive else 0, told_us)
        if isinstance(self.clock, DataClock):
            last_us = max(last_us, self.clock.now_us())
        as_data = archive is not None and self.settings.clock == "data"
        # From the next millisecond on, for ids hold no less.
        begin = ((last_us if as_data else told_us) // 1000 + 1) * 1000
        self.clock = DataClock(begin) if as_data else WallClock(max(begin, self.clock.now_us()))
        self._outbox = Outbox(self.database, self.clock, self._lease, after_us=last_us, committed=self._pump.wake)
        self._request_ids = Snowflakes(max(last_us, self._request_ids.last_us), datacentre=REQUESTS)

    def _take_over(self, projections: Projections, runner: Runner) -> None:
        self._projections, self._runner = projections, runner
        self._warm_up()

    def _warm_up(self) -> None:
        """Reads one timeline for nobody to see: compiled loops are loaded before the first caller waits for them."""
        users = self.state.network.users
        try:
            if len(users):
                self._home(int(users.ids[0]), self.settings.home_size, None)
        except Exception:
            # What would be one bad answer later is no reason not to start.
            log.exception("the timeline of user %d cannot be read", users.ids[0])
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
        if not self.open:
            return False
        if self._letters.waiting():
            self._try_again()
        runner = self._runner
        try:
            # One batch a turn on the owner's thread: reads come between the batches of a backlog.
            return self.call(runner.step)
        except TornError as torn:
            self._build_again(runner, torn)
            return False

    def _build_again(self, runner: Runner, torn: TornError) -> None:
        """Builds the state anew in place of a torn one, which answers nobody meanwhile; writes go on."""
        with self._start_lock:
            if self._runner is not runner:
                return
            self.ready = False
            log.error("%s; building it again", torn)
            dataset = archived(self.database)
            self.call(lambda: self._take_over(*self._builder.build(dataset, self.clock, torn)))
            self.ready = True

    def _try_again(self) -> None:
        """Builds the state anew with the dead letters that somebody had redriven; the old one answers meanwhile."""
        with self._start_lock:
            self._letters.reload()
            dataset = archived(self.database)
            self.call(self._take_over, *self._builder.build(dataset, self.clock))

    def settle(self) -> None:
        """Waits until everything written so far has taken effect."""
        for _ in range(2):
            while self._step():
                pass
            with self._start_lock:
                pass  # a state that the pump builds anew has taken all there was, too

    # ---- threads

    def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` on the owner's thread and waits for it."""
        future: Future[T] = self._owner.submit(work, *args, **kwargs)
        return future.result()

    async def ask(self, work: Callable[..., T], *args: Any) -> T:
        """Runs `work` on the owner's thread.

        Raises:
            ProblemError: 503 while the state is built anew.
        """
        if not self.ready:
            raise loading()
        return await asyncio.get_running_loop().run_in_executor(self._owner, work, *args)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction on the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, lambda: self._outbox.write(work))

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and waits for it."""
        return self._writer.submit(lambda: self._outbox.write(work)).result()

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
        now = self._now() if time_us is None else time_us
        worker = self._lease.keep(max(self.clock.now_us(), self._request_ids.last_us))
        return ranked_home(
            self._projections,
            user_id,
            limit,
            time_us=now,
            request_id=self._request_ids.next(self.clock.now_us(), worker),
            deadline_ms=self.settings.deadline_ms,
        )

    def _now(self) -> int:
        """The present moment; not before the last event that the state holds, as a write's may be just ahead."""
        return max(self.clock.now_us(), self.state.time_us)

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

        return await self.ask(lambda: scored(self._projections, self._now(), user_id, tweet_ids, time_us))

    async def search(self, query: str, limit: int, mode: Mode | None = None) -> tuple[Hits, Mode]:
        """The tweets that answer a query, and how they were sought: `hybrid` unless nothing understands text.

        Raises:
            QueryError: the query cannot be understood.
            ProblemError: 422 for a mode that needs text understanding where the model has none.
        """

        return await self.ask(lambda: found(self._projections, query, limit, mode))

    async def trends(self, woeid: int, limit: int) -> tuple[list[Trend], int]:
        """Trends of a place in the window that ends now or, where that is empty, with the last tweet; and its end."""
        return await self.ask(lambda: trending(self._projections, self.clock.now_us(), woeid, limit))

    def model_card(self) -> dict[str, str]:
        """Name and version of the model that ranks."""
        return {"name": self.model.name, "version": self.model.version or "untrained"}

    def consumer_health(self) -> list[GroupHealth]:
        """How each consumer fares."""
        return self._runner.health()

    def dead_letters(self) -> int:
        """Events that were set aside, of all consumers together."""
        return sum(self._letters.counts().values())

    def stats(self) -> dict[str, Any]:
        """What the network holds and did: archive, fan-out by mode, timeline reads.

        Raises:
            ProblemError: 503 while the state is built anew.
        """
        if not self.ready:
            raise loading()
        return self.call(lambda: figures(self._projections, self.model_card(), recorded(self.database), self.log.end()))


def loading() -> ProblemError:
    """The state is not there yet."""
    detail = "the network's state is being built; ask /readyz when it is done"
    return ProblemError(503, "loading", detail, headers={"Retry-After": "2"})
