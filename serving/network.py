"""Builds the running network, keeps its state behind the log, and closes it."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from candidates.products.blender import Promoted
from data.dataset import Dataset
from data.errors import RookeryError
from data.ids import EPOCH_MS
from serving.aliases import Aliases
from serving.auth.tokens import Tokens, load_secret
from serving.checkpoints.keeper import Keeper
from serving.checkpoints.store import CheckpointStore, Origin
from serving.context import Context
from serving.events.compaction import Compaction
from serving.events.dead_letters import DeadLetters
from serving.events.log import DatabaseLog
from serving.events.outbox import REQUESTS, Outbox, Snowflakes
from serving.events.pump import Pump
from serving.events.runner import Runner, TornError
from serving.kit.clock import DataClock, WallClock
from serving.kit.database_lock import WriterLock
from serving.kit.db import Database
from serving.kit.paging import Paging
from serving.kit.storage import StorageError
from serving.kit.telemetry import Metrics
from serving.kit.worker_lease import Lease
from serving.loading import Archive, archived, complete, record, recorded
from serving.model import ModelSource, ServedModel, untrained
from serving.projections import Projections
from serving.ranker.reload import Poll, reload_models
from serving.ranker.service import shadow_scores
from serving.settings import Settings
from serving.shadow import Shadow
from serving.state_builder import Builder

log = logging.getLogger("rookery.serving")


class Network:
    """The parts and their lifecycle: build, follow the log, close. Routes and services get its `context`."""

    def __init__(
        self,
        settings: Settings,
        model: ServedModel | None = None,
        *,
        models: ModelSource | None = None,
        promoted: Promoted | None = None,
    ) -> None:
        """Opens the database of `settings.home`; `start` or `load` builds the state. Without a model, newest first.

        `models` is where models of `settings.aliases` come from, and newer versions of all. `promoted` offers promoted
        tweets for home timelines; without it there are none.

        Raises:
            DataError: the database cannot be used.
            ConfigError: another process writes to the database, or the token secret is too short.
            NotFoundError: no model answers to an alias.
            ModelError: a model of an alias cannot be loaded, or does not fit the champion's text understanding.
        """
        aliases = Aliases(settings.aliases, model if model is not None else untrained(), models)
        secret = load_secret(settings.home, settings.secret.get_secret_value() if settings.secret else None)
        tokens = Tokens(secret)
        self._lock = WriterLock(settings.database_path)
        try:
            database = Database(settings.database_path)
            self.context = Context(
                settings=settings,
                aliases=aliases,
                metrics=Metrics(),
                tokens=tokens,
                paging=Paging(secret),
                database=database,
                lease=Lease(database),
                letters=DeadLetters(database, halt_after=settings.consumers.halt_after),
                log=DatabaseLog(database),
                password=settings.auth.password_for(settings.host),
                fault=self._fault,
                writer=ThreadPoolExecutor(1, "rookery-writer"),
                owner=ThreadPoolExecutor(1, "rookery-owner"),
                scorers=ThreadPoolExecutor(max(2, os.cpu_count() or 1), "rookery-scorer"),
                building=threading.Lock(),
                reload=self._reload,
            )
        except BaseException:
            self._lock.release()
            raise
        self._failed = ""
        self._closing = threading.Event()
        self._closed = False
        context = self.context
        self._start_lock = context.building
        self._checkpoints = CheckpointStore(settings.checkpoint_folder, context.log, context.letters)
        self._checkpoints.tidy()
        self._keeper = Keeper(
            settings.checkpoints,
            self._checkpoints,
            context.letters,
            Compaction(database, settings.impressions.keep_h),
            self._start_lock,
        )
        self._builder = Builder(
            settings,
            aliases,
            context.metrics,
            context.log,
            context.letters,
            database.identity(),
            self._checkpoints,
            self._closing,
            context.progress,
            promoted,
        )
        self._poll: Poll | None = None
        shadows = settings.aliases.shadow
        if shadows:
            context.shadow = Shadow(
                shadows, settings.aliases.shadow_waiting, partial(shadow_scores, context), context.metrics
            )
        self._pump = Pump(self._step, linger_ms=settings.consumers.linger_ms)

    # ---- building

    def load(self, dataset: Dataset) -> Archive:
        """Loads a whole data set into the network, ids unchanged, and builds the state from it.

        Calling it again changes nothing.

        Raises:
            ConfigError: the network holds another data set.
            DataError: the data set clashes with what the network holds, or cannot be read; nothing is written.
            ClosingError: the network was closed meanwhile.
        """
        context = self.context
        with self._start_lock:
            known = recorded(context.database) is not None
            writing = context.writer.submit(record, context.database, dataset, self._closing)
            if known:
                writing.result()
            if not known or not context.ready:
                self._build(dataset, writing)
        archive = recorded(context.database)
        assert archive is not None
        return archive

    def start(self) -> None:
        """Builds the state from the recorded data set and the log, unless that was done.

        Raises:
            DataError: the data set's folder is gone or holds another one now.
            ClosingError: the network was closed meanwhile.
        """
        with self._start_lock:
            if not self.context.ready:
                self._build(archived(self.context.database))

    def start_or_log(self) -> None:
        """`start`, whose failure is logged and reported by `/readyz`: for a server that answers while it starts."""
        try:
            self.start()
        except RookeryError as error:
            self._failed = "the network could not start"
            log.error("%s: %s", self._failed, error)
        except Exception:
            self._failed = "the network could not start"
            log.exception(self._failed)

    def give_up(self) -> None:
        """Ends a `load` or `start` under way with `ClosingError`; nothing else can be done then but `close`."""
        self._closing.set()

    def close(self) -> None:
        """Finishes the writes under way, gives up all other work, closes the database. A second call does nothing."""
        self._closing.set()
        if self._closed:
            return
        self._closed = True
        context = self.context
        try:
            context.writer.shutdown(wait=True)
            self._pump.close()
            if self._poll is not None:
                self._poll.join()
            if context.shadow is not None:
                context.shadow.close()
            context.owner.shutdown(wait=True, cancel_futures=True)
            context.scorers.shutdown(wait=True, cancel_futures=True)
            self._keep_at_close()
            context.lease.release(context.clock.now_us())
            context.database.checkpoint()
        except StorageError as error:
            log.warning("what was committed stays in the write-ahead log: %s", error)
        finally:
            context.database.close()
            self._lock.release()

    def _keep_at_close(self) -> None:
        """Saves the state for the next start; a failure costs that start a replay, no more."""
        context = self.context
        if context.ready:
            self._keeper.close_with(context.runner, self._origin(), context.clock.now_us())
        else:
            self._keeper.close()

    def _origin(self) -> Origin:
        archive = recorded(self.context.database)
        return self._builder.origin(archive.content_hash if archive else "")

    def _build(self, dataset: Dataset | None, writing: Future[bool] | None = None) -> None:
        """Builds the state from `dataset` while the database is `writing` it; both must succeed."""
        context = self.context
        before, context.open, context.ready = (context.open, context.ready), False, False
        context.progress.begin()
        replaying = context.owner.submit(self._builder.replay, dataset)
        try:
            if writing is not None:
                wait([replaying])  # whichever fails, the other does not go on by itself
                context.progress.stage("writing the data set into the database")(0, 1)
                writing.result()
            context.writer.submit(complete, context.database, dataset, self._closing).result()
            projections = replaying.result()
            context.writer.submit(self._set_time).result()
            context.letters.reload()
            context.call(lambda: self._take_over(*self._builder.follow(dataset, projections, context.clock)))
        except BaseException:
            context.open, context.ready = before
            raise
        context.open = context.ready = True
        self._pump.wake()
        if self._poll is None and context.aliases.source is not None and context.settings.aliases.poll_s is not None:
            self._poll = Poll(context.settings.aliases.poll_s, self._reload, self._closing)

    def _set_time(self) -> None:
        """Time goes on after every time given before: by the data set, the log, and earlier processes."""
        context = self.context
        archive = recorded(context.database)
        given_us = max(context.lease.floor_us, context.log.last_time_us(), EPOCH_MS * 1000)
        last_us = max(archive.end_us if archive else 0, given_us)
        if isinstance(context.clock, DataClock):
            last_us = max(last_us, context.clock.now_us())
        as_data = archive is not None and context.settings.clock == "data"
        # From the next millisecond on, the resolution of ids.
        begin = ((last_us if as_data else given_us) // 1000 + 1) * 1000
        clock = context.clock = DataClock(begin) if as_data else WallClock(max(begin, context.clock.now_us()))
        context.outbox = Outbox(context.database, clock, context.lease, after_us=last_us, committed=self._pump.wake)
        context.request_ids = Snowflakes(max(last_us, context.request_ids.last_us), datacentre=REQUESTS)

    def _take_over(self, projections: Projections, runner: Runner) -> None:
        context = self.context
        context.projections, context.runner = projections, runner
        projections.fanout.in_turns = True
        self._keeper.restored(projections.restored_at)
        projections.warm_up(context.settings.home_size, context.aliases.models.values(), time_us=context.now_us())

    def _reload(self) -> dict[str, str]:
        return reload_models(self.context, self._closing)

    # ---- following the log

    def _fault(self) -> str:
        return self._failed or (f"the log could not be followed ({self._pump.fault})" if self._pump.fault else "")

    def _step(self) -> bool:
        context = self.context
        if not context.open:
            return False
        context.database.heal()
        if context.letters.waiting():
            self._try_again()
        runner = context.runner
        try:
            # One batch a turn on the owner's thread: reads come between the batches of a backlog, and between those of
            # deliveries to very many.
            more = context.call(runner.step)
            while context.call(context.projections.fanout.go_on):
                pass
        except TornError as torn:
            self._build_again(runner, torn)
            return False
        except StorageError:
            context.ready = context.ready and not runner.torn
            raise
        if context.ready and self._keeper.due(runner):
            origin = self._origin()
            context.call(lambda: self._keeper.take(runner, origin, context.clock.now_us()))
        return more

    def _build_again(self, runner: Runner, torn: TornError) -> None:
        """Builds the state anew in place of an undefined one, which does not answer meanwhile; writes go on."""
        context = self.context
        with self._start_lock:
            if context.runner is not runner:
                return
            context.ready = False
            context.progress.begin()
            if context.database.fault:
                return  # what tore it is to be set aside, which cannot be written down
            log.error("%s; building it again", torn)
            dataset = archived(context.database)
            context.call(lambda: self._take_over(*self._builder.build(dataset, context.clock, torn)))
            context.ready = True

    def _try_again(self) -> None:
        """Builds the state anew with the dead letters that are to be tried again; the old one answers meanwhile."""
        context = self.context
        with self._start_lock:
            context.letters.reload()
            dataset = archived(context.database)
            context.call(self._take_over, *self._builder.build(dataset, context.clock))

    def settle(self) -> None:
        """Waits until everything written so far has taken effect."""
        for _ in range(2):
            while self._step():
                pass
            with self._start_lock:
                pass  # a state that the pump builds anew has taken all there was, too
