"""The home funnel with every source on: milliseconds a request by stage and component, and many requests at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from time import process_time

import numba
import numpy as np
import torch
from threadpoolctl import threadpool_limits

from candidates.funnel import Funnel
from candidates.products.home import HomeConfig, home_funnel
from candidates.trace import FunnelResult
from data.batch import Array, Requests
from data.dataset import Dataset
from data.home_folder import home_folder
from data.schema import ACTIONS
from experiments.bench.harness import Case
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of, understanding_of
from experiments.simulation.worlds import kept_data, world_config
from ranking.artifact import Bundle
from ranking.models.calibration import Calibration
from ranking.models.heavy import HeavyConfig, HeavyNet, HeavyRanker
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from ranking.ranker import LocalRanker
from ranking.scorer import Scorer
from serving.kit.telemetry import Metrics
from serving.loading import end_us
from serving.projections import Projections
from serving.settings import Settings

CAPS = HomeConfig(
    following_cap=500, two_tower_cap=500, popular_cap=300, social_cap=200, communities_cap=200, similar_cap=200,
    semantic_ids_cap=200, catch_up_cap=100, explore_cap=200, newest_cap=100,
)  # fmt: skip
"""Every source on; in a world of 10,000 people about 1,500 different candidates a request."""
K = 50


class FunnelBench:
    """Ranker M for one request at a time; the two-tower model as ranker for many at once. Weights are the first ones:
    time does not depend on them."""

    peer = (
        "for one request: the ranker's network alone, in torch, on inputs made ready before; for many requests at "
        "once: the same funnel, one request at a time"
    )

    def __init__(self, *, preset: str = "small", requests: int = 400, together: int = 1_024) -> None:
        """The world, how many readers are asked for, and how many of them at once."""
        self._preset, self._requests, self._together = preset, requests, together

    def cases(self) -> Iterator[Case]:
        """On one core. The p50 and p99 over all requests, by the clock and of the processor, and the mean of their
        candidates stand in the name of a case."""
        torch.manual_seed(1)
        folder = home_folder() / "cache" / "bench" / f"world-{self._preset}"
        feeds = Feeds(kept_data(world_config(self._preset, None, []), folder))
        with one_core():
            yield self._alone(feeds)
            yield self._at_once(feeds)

    def _alone(self, feeds: Feeds) -> Case:
        heavy = heavy_ranker()
        funnel = feeds.funnel(heavy)
        one_each = feeds.one_each(self._requests)
        timed = Timed(funnel, K)
        for requests in one_each:
            timed.run(requests)
        timed.forget()
        for requests in one_each:
            timed.run(requests)
        inputs = torch.rand(round(timed.scored), len(heavy.config.inputs.names))
        asked = cycle(one_each)
        return Case(
            f"1 request, {timed.candidates:,.0f} candidates, {K} shown, p50 {timed.quantile(0.5):.1f} ms, "
            f"p99 {timed.quantile(0.99):.1f} ms, of the processor {timed.busy(0.5):.1f} and {timed.busy(0.99):.1f} ms",
            lambda: timed.run(next(asked)),
            lambda: _network(heavy, inputs),
            1,
            "requests",
            parts=timed.parts,
        )

    def _at_once(self, feeds: Feeds) -> Case:
        funnel, many = feeds.funnel(feeds.towers), feeds.requests(self._together)
        single = [_one(many, at) for at in range(len(many))]
        timed = Timed(funnel, K)
        timed.run(_some(many, 8))  # compiled
        timed.forget()
        return Case(
            f"{len(many):,} requests at once, two-tower",
            lambda: timed.run(many),
            lambda: [funnel.run(one, K) for one in single],
            len(many),
            "requests",
            once=True,
            parts=timed.parts,
        )


class Feeds:
    """The running network's parts at the end of a log, and home funnels over them."""

    def __init__(self, dataset: Dataset, config: HomeConfig = CAPS) -> None:
        """Replays the log."""
        understanding = understanding_of(dataset, split_of(dataset, "auto"), RunConfig().encoder, home_folder())
        shape = TwoTowerConfig.tweets().fitted(
            text_dim=understanding.encoder.dim, topic_count=len(understanding.topics)
        )
        self.towers = TwoTower(shape, TowerPairs(shape))
        model = Bundle("two_tower", self.towers, understanding, dataset.name, dataset.content_hash)
        self._config, self._time_us = config, end_us(dataset)
        self._parts = Projections(Settings.read(record_impressions=False), model, Metrics())
        for events in dataset.replay(sorted(self._parts.tables)).advance():
            for consumer in (self._parts.known, self._parts.fanout, self._parts.vectors):
                if events.table in consumer.tables:
                    consumer.replay(events)
        for consumer in (self._parts.known, self._parts.fanout, self._parts.vectors):
            consumer.end_replay(self._time_us, lambda: None)

    def funnel(self, ranker: Scorer) -> Funnel:
        """The home funnel that ranks with `ranker`; a part that fails raises."""
        parts = self._parts
        return home_funnel(
            parts.state, parts.timelines, LocalRanker(parts.state, ranker), parts.vectors.index, self._config,
            strict=True,
        )  # fmt: skip

    def requests(self, count: int) -> Requests:
        """[count] requests at the end of the log, of users drawn evenly."""
        ids = self._parts.state.network.users.ids
        drawn = np.random.default_rng(1).choice(ids, count, replace=len(ids) < count)
        requests = self._parts.state.requests(drawn, self._time_us)
        return requests.with_columns({"request_id": np.arange(count, dtype=np.int64)})

    def one_each(self, count: int) -> list[Requests]:
        """The same, each alone."""
        return [_one(self.requests(count), at) for at in range(count)]


class Timed:
    """Runs a funnel and keeps the milliseconds of its stages and components."""

    def __init__(self, funnel: Funnel, k: int) -> None:
        """Slates of `k`."""
        self._funnel, self._k = funnel, k
        self.forget()

    def forget(self) -> None:
        """Keeps nothing of what was run so far."""
        self._stages: dict[str, list[float]] = defaultdict(list)
        self._components: dict[str, list[float]] = defaultdict(list)
        self._busy: list[float] = []
        self._candidates: list[int] = []
        self._scored: list[int] = []

    def run(self, requests: Requests) -> FunnelResult:
        """One call of the funnel."""
        begun = process_time()
        result = self._funnel.run(requests, self._k)
        self._busy.append((process_time() - begun) * 1e3)
        for name, ms in result.trace.stage_ms.items():
            self._stages[name].append(ms)
        for name, ms in result.trace.component_ms.items():
            self._components[name].append(ms)
        self._candidates.append(len(result.trace.merged))
        self._scored.append(len(result.trace.scored))
        return result

    @property
    def candidates(self) -> float:
        """Different candidates a call, the mean."""
        return float(np.mean(self._candidates))

    @property
    def scored(self) -> float:
        """Candidates that the ranker scored a call, the mean."""
        return float(np.mean(self._scored))

    def quantile(self, share: float) -> float:
        """Of the milliseconds of all stages of a call."""
        return float(np.quantile(np.sum(list(self._stages.values()), axis=0), share))

    def busy(self, share: float) -> float:
        """Quantile of the milliseconds of processor time of a call: what the clock shows where nobody else computes."""
        return float(np.quantile(self._busy, share))

    def parts(self) -> Mapping[str, float]:
        """Median milliseconds of each stage and, indented, of each component."""
        stages = {name: float(np.median(ms)) for name, ms in self._stages.items()}
        return stages | {f"  {name}": float(np.median(ms)) for name, ms in self._components.items()}


@contextmanager
def one_core() -> Iterator[None]:
    """Every library computes on one thread meanwhile."""
    of_torch, of_numba = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(of_torch)
        numba.set_num_threads(of_numba)


def heavy_ranker() -> HeavyRanker:
    """Ranker M with its first weights."""
    config = HeavyConfig(actions=ACTIONS[:10])
    return HeavyRanker(config, HeavyNet(config), Calibration(), np.ones(10, np.bool_))


def _network(heavy: HeavyRanker, inputs: torch.Tensor) -> Array:
    with torch.inference_mode():
        out: Array = torch.sigmoid(heavy.net(heavy.net.normalise(inputs), None, None)).numpy()
    return out


def _one(requests: Requests, at: int) -> Requests:
    return requests.take(np.array([at]))


def _some(requests: Requests, count: int) -> Requests:
    return requests.take(np.arange(min(count, len(requests))))


class MediumFunnelBench(FunnelBench):
    """The same in a world of 100,000 people, which takes long to make."""

    def __init__(self) -> None:
        super().__init__(preset="medium")
