"""The state in memory: every part that is built from a data set and the event log, and the list of their consumers.

All of it can be built again from both. One thread owns it (`serving.context`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from candidates.component import Source
from candidates.funnel import Funnel
from candidates.products.blender import Blender, Promoted
from candidates.products.follow import WhoToFollow
from candidates.products.home import home_funnel
from candidates.products.presets import LEFT_OUT
from candidates.search.hybrid import search_of
from candidates.side_effects.impressions import Impressions
from candidates.snapshots import Snapshots
from candidates.trace import FunnelResult
from candidates.visibility import Visibility
from data.batch import CandidateBatch, Mask
from data.events import EventBatch
from data.progress import Progress, no_progress
from features.online import FeatureState
from ranking.ranker import LocalRanker, optional_columns
from ranking.scorer import ValuedScorer
from serving.consumers.search import SearchConsumer
from serving.consumers.state import StateConsumer
from serving.consumers.trends import TrendsConsumer
from serving.consumers.vectors import VectorsConsumer
from serving.events.consumer import Consumer
from serving.fanout.consumer import FanoutConsumer
from serving.fanout.ring import TimelineRing
from serving.fanout.timelines import ReadStats, TimelineService
from serving.kit.closing import check_open
from serving.kit.telemetry import Metrics
from serving.model import ServedModel
from serving.ready_model import ReadyModel
from serving.settings import Settings

log = logging.getLogger("rookery.serving")


MakeSource = Callable[[FeatureState], Source]
"""Builds a source on the state; the class of a source whose `__init__` takes the state is one."""


class EventBuffer:
    """The `EventSink` of the funnel: holds what it emits until the answer is sent."""

    def __init__(self) -> None:
        self._held: list[EventBatch] = []

    def emit(self, events: EventBatch) -> None:
        """Holds `events`."""
        self._held.append(events)

    def take(self) -> list[EventBatch]:
        """Returns what is held, and holds nothing from then on."""
        held, self._held = self._held, []
        return held


class Projections:
    """The parts, wired to each other, and the consumers that feed them."""

    def __init__(
        self,
        settings: Settings,
        model: ServedModel,
        metrics: Metrics,
        sources: Sequence[MakeSource] = (),
        *,
        strict: bool = False,
        promoted: Promoted | None = None,
    ) -> None:
        """Empty parts for `model`; `sources` bring candidates to the home feed after those of `settings.feed`.

        `promoted` offers promoted tweets for home timelines; without it there are none.

        With `strict` a failure of a component of the home feed is raised; without, the component is left out.
        """
        for part in LEFT_OUT.get(settings.feed.preset or "", ()):
            log.info("feed.preset=%s is without %s: there is no such part", settings.feed.preset, part)
        self.state = FeatureState(model.understanding)
        network = self.state.network
        rings = [TimelineRing(settings.fanout.capacity) for _ in range(2)]
        self.timelines = TimelineService(
            network, *rings, max_age_h=settings.feed.max_age_h, cache_s=settings.fanout.cache_s
        )
        self._settings, self._sources, self._strict = settings, sources, strict
        self.home_model = ReadyModel.of(model, self.state, settings)
        """The model that ranks home timelines."""
        self._others: list[ReadyModel] = []

        self.known = StateConsumer(self.state)
        self.fanout = FanoutConsumer(network, self.timelines, settings.fanout, metrics)
        self.vectors = VectorsConsumer(self.state, self.home_model.index)
        encoder = None if model.understanding is None else model.understanding.encoder
        self.search = SearchConsumer(self.state, search_of(encoder))
        self.trends = TrendsConsumer(settings.trends)
        self.consumers: tuple[Consumer, ...] = (
            self.known,
            self.fanout,
            self.vectors,
            self.search,
            self.trends,
        )
        """All that take events, live and in a replay, in this order; to add a consumer, add its line."""

        self.restored: frozenset[Consumer] = frozenset()
        """Those that a checkpoint gave their state: a replay of the data set passes them over."""
        self.restored_at: int | None = None
        """The offset of that checkpoint."""
        self.who_to_follow = WhoToFollow(self.state, settings.follow)
        self.visibility = Visibility(self.state)
        self.blender = Blender(self.state, self.visibility, self.who_to_follow, promoted, settings.blender)
        self.snapshots = Snapshots(settings.snapshots)
        self._sink = EventBuffer()
        self._shown, self._funnel = self._feed()

    def _feed(self) -> tuple[Impressions | None, Funnel]:
        """What records later pages, and the funnel, for the model that ranks home timelines."""
        settings, ready, records = self._settings, self.home_model, self._settings.record_impressions
        # The funnel's own side effect counts its ids with another number.
        shown = Impressions(self._sink, policy=ready.policy, worker=29) if records else None
        funnel = home_funnel(
            self.state,
            self.timelines,
            ready.ranker,
            ready.index,
            settings.feed,
            sink=self._sink if records else None,
            policy=ready.policy,
            strict=self._strict,
            more=[make(self.state) for make in self._sources],
        )
        return shown, funnel

    @property
    def ranker(self) -> LocalRanker:
        """What ranks home timelines."""
        return self.home_model.ranker

    def ready(self, model: ServedModel) -> ReadyModel:
        """A model on this state; it is made when it is first asked for."""
        for one in (self.home_model, *self._others):
            if one.model is model:
                return one
        made = ReadyModel.of(model, self.state, self._settings)
        self._others.append(made)
        return made

    def forget(self, model: ServedModel) -> None:
        """Drops what is kept for a model that ranks no more."""
        for one in [one for one in self._others if one.model is model]:
            one.close()
            self._others.remove(one)

    def rank_homes_by(self, model: ServedModel, time_us: int) -> None:
        """Ranks home timelines by another model from now on; retrieval's index is filled with its vectors first."""
        ready = self.ready(model)
        if ready is self.home_model:
            return
        self.vectors.replace(ready.index, time_us)
        self._others = [self.home_model, *(one for one in self._others if one is not ready)]
        self.home_model = ready
        self._shown, self._funnel = self._feed()

    @property
    def left_out(self) -> list[str]:
        """What the feed's preset and value name and what is not there: in the feed, the model or the data."""
        left, scorer = list(LEFT_OUT.get(self._settings.feed.preset or "", ())), self.ranker.scorer
        if isinstance(scorer, ValuedScorer):
            left += scorer.left_out
            if not self.state.network.graph.follow.out_count.any():
                left += optional_columns(scorer)
        elif self._settings.feed.value is not None:
            left.append(f"value {self._settings.feed.value} (the model predicts no actions)")
        return left

    @property
    def tables(self) -> frozenset[str]:
        """Tables whose events any consumer takes in a replay."""
        return frozenset[str]().union(*(one.tables for one in self.consumers if one not in self.restored))

    def replay(
        self,
        batches: Iterable[EventBatch],
        until_us: int,
        closing: threading.Event | None = None,
        completing: Progress = no_progress,
    ) -> None:
        """Gives every consumer that was not restored the events of a data set, which come in order of time.

        It ends at `until_us`.
        `completing` is told which consumer completes the effect of all of them.

        Raises:
            ClosingError: `closing` was set meanwhile.
        """
        consumers = [one for one in self.consumers if one not in self.restored]
        for events in batches:
            check_open(closing)
            for consumer in consumers:
                if events.table in consumer.tables:
                    consumer.replay(events)
        for at, consumer in enumerate(consumers):
            completing(at, len(consumers), consumer.group)
            consumer.end_replay(until_us, lambda: check_open(closing))

    def home(
        self, user_id: int, k: int, *, time_us: int, request_id: int, deadline_ms: float | None = None
    ) -> tuple[FunnelResult, list[EventBatch]]:
        """The home feed's best `k` tweets for a user at `time_us`, and the events that record them as served.

        Raises:
            NotFoundError: there is no such user.
        """
        self.vectors.bring_up(time_us)
        requests = self.state.requests(np.array([user_id], np.int64), np.array([time_us], np.int64))
        requests = requests.with_columns({"request_id": np.array([request_id], np.int64)})
        self._sink.take()
        result = self._funnel.run(requests, k, deadline_ms=deadline_ms)
        return result, self._sink.take()

    def settle(self) -> None:
        """Waits for late parts of earlier feeds, which read the state: call it before anything changes it."""
        self._funnel.settle()

    def sources_of(self, bits: int) -> list[str]:
        """The names of the sources whose bits are set in a candidate's `sources`, in the funnel's order."""
        return [source.name for place, source in enumerate(self._funnel.sources) if bits >> place & 1]

    def still(self, ranked: CandidateBatch) -> Mask:
        """[N] what of a home feed that was ranked before, best first, may still be shown."""
        return self._funnel.still(ranked)

    def show(self, slate: CandidateBatch) -> list[EventBatch]:
        """The events that record a later page of a home feed as served."""
        if self._shown is not None:
            self._shown.show(slate)
        return self._sink.take()

    def warm_up(self, k: int, models: Iterable[ServedModel] = (), *, time_us: int) -> None:
        """Makes one home feed and scores of each of `models`, and drops them: compiled loops are loaded, and tweets
        encoded, before the first caller waits for them."""
        users = self.state.network.users
        try:
            if len(users):
                self.home(int(users.ids[0]), k, time_us=time_us, request_id=0)
        except Exception:
            # It would fail for one reader later; that is no reason not to start.
            log.exception("the timeline of user %d cannot be read", users.ids[0])
        for model in models:
            try:
                ready = self.ready(model)
                ready.encode(self.state.network.alive(time_us, self._settings.feed.max_age_h), time_us)
                ready.try_out(time_us)
            except Exception:
                log.exception("model %s version %s cannot score", model.name, model.version)
        self.timelines.stats = ReadStats()
