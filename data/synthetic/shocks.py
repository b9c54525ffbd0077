"""Planted bursts: a hashtag of one topic that many suddenly use, at a place or everywhere, with a known shape."""

# ruff: noqa: SIM905 - lists of words read best as words
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64
from data.events import DAY_US, HOUR_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.lexicon import TOPICS

SHAPES: tuple[str, ...] = ("spike", "wave")
"""A spike starts at its peak and decays; a wave rises first."""

_WORDS = (
    "Live Final Leak Reveal Drama Scandal Day Night Launch Chaos Reunion Returns Record Outage Strike Debut Farewell "
    "Upset Special Watch Week Moment Verdict Surprise Update"
).split()


@dataclass(frozen=True)
class Shocks:
    """[S] bursts, in order of their start."""

    tag: tuple[str, ...]
    """Hashtag without #, each used by one burst."""
    topic: I64
    """[S] the topic."""
    place: I64
    """[S] row of `people.PLACES` where it is local, -1 where it is everywhere."""
    start_us: I64
    """[S] when it begins."""
    scale_us: I64
    """[S] decay time."""
    shape: I64
    """[S] row of SHAPES."""
    volume: I64
    """[S] extra tweets it causes."""


def make_shocks(config: WorldConfig, popularity: F64) -> Shocks:
    """Draws the bursts; volumes scale with the number of people."""
    rng = Stream(config.seed, "shocks").generator()
    count = round(config.bursts_per_day * config.days)
    start = np.sort(rng.integers(config.start_us + HOUR_US, config.end_us - 2 * HOUR_US, count))
    topic = rng.choice(config.topics, count, p=popularity)
    size = np.clip(1.0 + rng.pareto(1.6, count), 1.0, 8.0) * config.people / 5000
    tags: list[str] = []
    for one in range(count):
        entity = TOPICS[topic[one]].entities[int(rng.integers(min(12, len(TOPICS[topic[one]].entities))))]
        name = "".join(c for c in entity.title() if c.isalnum()) + _WORDS[int(rng.integers(len(_WORDS)))]
        tags.append(name if name not in tags else f"{name}{one}")
    return Shocks(
        tag=tuple(tags),
        topic=topic,
        place=np.where(rng.random(count) < 0.35, rng.integers(0, 10, count), -1),
        start_us=start,
        scale_us=(rng.lognormal(0.0, 0.5, count) * 0.8 * HOUR_US).astype(np.int64),
        shape=rng.integers(0, len(SHAPES), count),
        volume=np.maximum((35 * size).astype(np.int64), 4),
    )


def burst_times(shocks: Shocks, one: int, rng: np.random.Generator, end_us: int) -> I64:
    """[volume] moments of the extra tweets of one burst, within a day of its start and before `end_us`."""
    n, scale = int(shocks.volume[one]), float(shocks.scale_us[one])
    after = rng.exponential(scale, n) if shocks.shape[one] == 0 else rng.gamma(3.0, scale / 2.0, n)
    last = min(DAY_US, end_us - int(shocks.start_us[one]) - 1_000_000)
    moments: I64 = shocks.start_us[one] + np.minimum(after, last * rng.random(n) ** 0.1).astype(np.int64)
    return moments
