"""The world with its feed beside a kernel that only draws actions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.batch import Mask
from data.events import DAY_US
from data.synthetic.config import WorldConfig
from data.synthetic.world import World
from experiments.bench.harness import Case
from experiments.feeds import LoggingFeed

_FACTORS, _ACTIONS = 16, 8


class WorldBench:
    """A world of 1,000 people from its start: opening, serving, reacting, merging; the first day's log in memory."""

    peer = "NumPy drawing 8 actions an impression from dot products: no graph, no texts, no feed, no log"

    def cases(self) -> Iterator[Case]:
        """As many impressions on both sides."""
        world = World.create(WorldConfig(people=1_000, days=2))
        count = _run(world)
        rng = np.random.default_rng(1)
        people, tweets = (rng.normal(size=(1_000, _FACTORS)).astype(np.float32) for _ in range(2))
        yield Case(
            "1,000 people x 1 day", lambda: _run(world), lambda: _draw(people, tweets, count), count, "impressions"
        )


def _run(world: World) -> int:
    """Impressions of the first day."""
    state = world.start()
    events = world.run(state, LoggingFeed(), world.config.start_us + DAY_US)
    return sum(len(batch) for batch in events if batch.table == "impressions")


def _draw(people: np.ndarray, tweets: np.ndarray, count: int) -> Mask:
    rng = np.random.default_rng(2)
    user, tweet = rng.integers(0, len(people), count), rng.integers(0, len(tweets), count)
    attraction = np.einsum("nf,nf->n", people[user], tweets[tweet])
    chance = 1 / (1 + np.exp(4 - attraction[:, None] * np.linspace(0.5, 1, _ACTIONS, dtype=np.float32)))
    drawn: Mask = rng.random((count, _ACTIONS), np.float32) < chance
    return drawn
