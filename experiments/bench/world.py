"""The world: draws of its oracle, and whole worlds with their feed and their files, beside kernels that do less."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from data.batch import Mask
from data.dataset import Dataset
from data.events import HOUR_US
from data.synthetic.behaviour import react
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.world import World
from experiments.bench.harness import Case
from experiments.simulation.logging_feed import LoggingFeed

_FACTORS, _SLATE = 16, 20
_PEER = (
    f"NumPy drawing {len(WORLD_ACTIONS)} actions an impression from dot products: no graph, no texts, no feed, no log"
)


class WorldBench:
    """The oracle's draws of all actions, and a world of 100,000 people for two days with everything written."""

    peer = _PEER

    def __init__(self, *, people: int = 100_000, draws: int = 1_000_000) -> None:
        """People of the world; draws are made in one of a fifth of them."""
        self._people, self._count = people, draws

    def cases(self) -> Iterator[Case]:
        """As many draws, or impressions, on both sides."""
        yield _draws(self._people // 5, self._count)
        yield _whole(self._people, 2)


class GrowthBench:
    """Whole worlds of a day by number of people: the cost of an impression should grow little."""

    peer = _PEER

    def cases(self) -> Iterator[Case]:
        """From ten thousand people to a million."""
        for people in (10_000, 31_623, 100_000, 316_228, 1_000_000):
            yield _whole(people, 1)


def _draws(people: int, count: int) -> Case:
    """Reactions to slates of random tweets in a state that six hours have unrolled."""
    config = WorldConfig(people=people, days=1)
    world, feed = World.create(config), LoggingFeed()
    state = world.start()
    for _ in world.run(state, feed, config.start_us + 6 * HOUR_US):
        pass
    parameters = BehaviourParameters.of(world.people, config)
    rng = np.random.default_rng(1)
    slates = count // _SLATE
    users, tweets = rng.integers(0, people, slates), rng.integers(0, state.size, count)
    times, offsets = np.full(slates, state.time_us), np.arange(slates + 1) * _SLATE
    return Case(
        f"oracle draws of {len(WORLD_ACTIONS) - 1} actions and dwell",
        lambda: react(parameters, state, users, times, offsets, tweets),
        _peer(count),
        count,
        "draws",
    )


def _whole(people: int, days: int) -> Case:
    """A world from nothing to its manifest; measured once, after a small one has compiled the kernels."""
    _made(WorldConfig(people=200, days=1), workers=2)
    config = WorldConfig(people=people, days=days)
    expected = round(people * days * config.impressions_per_day)
    return Case(
        f"{people:,} people x {days} day{'s' * (days > 1)}, everything written",
        lambda: _made(config, workers=2),
        _peer(expected),
        lambda dataset: dataset.rows("impressions"),
        "impressions",
        size=people,
        once=True,
    )


def _made(config: WorldConfig, workers: int | None = None) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        return make_world(config, Path(folder) / "world", feed=LoggingFeed(), workers=workers)


def _peer(count: int) -> partial[list[Mask]]:
    rng = np.random.default_rng(1)
    people, tweets = (rng.normal(size=(1_000, _FACTORS)).astype(np.float32) for _ in range(2))
    return partial(_draw, people, tweets, count)


def _draw(people: np.ndarray, tweets: np.ndarray, count: int) -> list[Mask]:
    """In blocks that fit the cache, as one would write it for speed."""
    rng, out = np.random.default_rng(2), []
    for low in range(0, count, 1 << 14):
        n = min(1 << 14, count - low)
        user, tweet = rng.integers(0, len(people), n), rng.integers(0, len(tweets), n)
        attraction = np.einsum("nf,nf->n", people[user], tweets[tweet])
        chance = 1 / (1 + np.exp(4 - attraction[:, None] * np.linspace(0.5, 1, len(WORLD_ACTIONS), dtype=np.float32)))
        out.append(rng.random((n, len(WORLD_ACTIONS)), np.float32) < chance)
    return out
