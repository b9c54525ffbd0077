"""Planted bursts: a hashtag of one topic that many users suddenly write, at a place or everywhere, with a known shape.

The six shapes are those that clusters of hashtag curves have (Yang & Leskovec, WSDM 2011): each is a mixture of
two-sided exponentials around times in units of the burst's own scale.
"""

# ruff: noqa: SIM905 - lists of words read best as words
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64
from data.events import DAY_US, HOUR_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.places import LANGUAGE_CODES, LANGUAGE_OF, LANGUAGE_SHARES, place_shares
from data.synthetic.text.languages import LANGUAGES

SHAPES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "spike": ((1.0, 0.2, 0.05, 0.35),),
    "slow fall": ((1.0, 0.3, 0.08, 2.2),),
    "wave": ((1.0, 2.5, 1.0, 1.0),),
    "build-up": ((1.0, 5.0, 2.2, 0.12),),
    "rebound": ((0.55, 0.3, 0.1, 0.5), (0.45, 7.0, 0.8, 0.8)),
    "echoes": ((0.45, 0.8, 0.3, 0.4), (0.32, 6.0, 0.3, 0.4), (0.23, 11.0, 0.3, 0.4)),
}
"""Components of each shape: share of the volume, time of the peak, rise and fall times, in units of the scale."""

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
    language: I64
    """[S] row of LANGUAGE_CODES: people of other languages do not join."""
    place: I64
    """[S] row of PLACES where it is local, -1 where it is everywhere."""
    start_us: I64
    """[S] when it begins."""
    scale_us: I64
    """[S] unit of time of its shape."""
    shape: I64
    """[S] row of SHAPES."""
    volume: I64
    """[S] extra tweets it causes, where there are people to write them."""

    @property
    def peak_us(self) -> I64:
        """[S] time of the highest peak."""
        shapes = list(SHAPES.values())
        highest = [max(shapes[one], key=lambda part: part[0] / (part[2] + part[3])) for one in self.shape]
        return self.start_us + (np.array([part[1] for part in highest]) * self.scale_us).astype(np.int64)

    @property
    def end_us(self) -> I64:
        """[S] time by which nearly all of it has come."""
        shapes = list(SHAPES.values())
        last = [max(part[1] + 3.0 * part[3] for part in shapes[one]) for one in self.shape]
        return self.start_us + np.minimum(np.array(last) * self.scale_us, float(DAY_US)).astype(np.int64)


def make_shocks(config: WorldConfig, popularity: F64) -> Shocks:
    """Draws the bursts; volumes scale with the people who might join."""
    rng = Stream(config.seed, "shocks").generator()
    count = round(config.bursts_per_day * config.days)
    start = np.sort(rng.integers(config.start_us + HOUR_US, config.end_us - 2 * HOUR_US, count)) // 1000 * 1000
    topic = rng.choice(config.topics, count, p=popularity)
    everywhere = rng.choice(len(LANGUAGE_CODES), count, p=LANGUAGE_SHARES)
    somewhere = rng.choice(len(LANGUAGE_OF), count, p=place_shares())
    local = rng.random(count) < 0.4
    language = np.where(local, LANGUAGE_OF[somewhere], everywhere)
    size = np.clip(1.0 + rng.pareto(1.4, count), 1.0, 8.0)
    reach = np.array(LANGUAGE_SHARES)[language] * np.where(local, 0.5, 1.0)
    tags: list[str] = []
    for one in range(count):
        spoken = LANGUAGES[language[one]].topics[topic[one]]
        entity = spoken.entities[int(rng.integers(min(12, len(spoken.entities))))].name
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        stem = "".join(c for c in (entity.title() if entity.isascii() else entity) if c.isalnum())
        name = f"{stem}{word if language[one] == 0 else 1 + int(rng.integers(99))}"
        tags.append(name if name not in tags and not name[0].isdigit() else f"T{name}{one}")
    volume = config.burst_volume * config.people / 1000 * size * np.sqrt(reach)
    return Shocks(
        tag=tuple(tags),
        topic=topic,
        language=language,
        place=np.where(local, somewhere, -1),
        start_us=start,
        scale_us=(rng.lognormal(0.0, 0.4, count) * 0.9 * HOUR_US).astype(np.int64),
        shape=rng.permutation(np.arange(count) % len(SHAPES)),
        volume=np.maximum(volume.astype(np.int64), 6),
    )


def burst_times(shocks: Shocks, one: int, seed: int) -> I64:
    """[volume] times of the extra tweets of one burst, from its start on and before its end."""
    n, scale = int(shocks.volume[one]), float(shocks.scale_us[one])
    parts = np.array(list(SHAPES.values())[shocks.shape[one]])
    u = Stream(seed, "burst").uniform(one, np.arange(n), n=3)
    part = parts[np.minimum(np.searchsorted(np.cumsum(parts[:, 0]), u[:, 0]), len(parts) - 1)]
    rise, fall = part[:, 2], part[:, 3]
    before = u[:, 1] < rise / (rise + fall)
    span = int(shocks.end_us[one] - shocks.start_us[one])
    # Exponentials cut off at start and end, so that nothing piles up there.
    room = np.where(before, part[:, 1] / rise, np.maximum(span / scale - part[:, 1], 0.0) / fall)
    away = -np.log1p(u[:, 2] * np.expm1(-room))
    offset = part[:, 1] + np.where(before, -rise, fall) * away
    times: I64 = shocks.start_us[one] + np.clip(offset * scale, 0, span - 1).astype(np.int64)
    return times
