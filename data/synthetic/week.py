"""The week: on which local day people do how much, when and about what. It answers to no feed."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np

from data.batch import F32, F64, I64, Array, Mask
from data.events import DAY_US, MINUTE_US
from data.rng import Stream
from data.synthetic.clock import DIURNAL, clock, minutes
from data.synthetic.config import WorldConfig
from data.synthetic.places import PLACES, utc_offsets_min
from data.synthetic.text.languages.language import PARENT, PARENT_NAMES, TOPIC_NAMES

_LEISURE = {
    "sports": 1.0, "games": 0.7, "screen": 0.8, "music": 0.5, "food": 0.8, "technology": -0.6, "society": -0.8,
    "knowledge": -0.5, "living": 0.6, "work": -1.0, "weather": 0.2,
}  # fmt: skip
"""How much topics lean to the weekend, by group of topics or by a topic's own name."""


def _by_topic() -> F64:
    leanings = zip(TOPIC_NAMES, PARENT, strict=True)
    return np.array([_LEISURE.get(name, _LEISURE[PARENT_NAMES[at]]) for name, at in leanings])


LEISURE: F64 = _by_topic()
"""[48] leaning of each topic to the weekend, -1 to 1."""


class Hours(NamedTuple):
    """What a UTC day holds of the week in each of G groups of people."""

    factor: F64
    """[G] factor of what starts on the day, in the mean."""
    clock: F64
    """[G, 1441] cumulative share of it by local minute; minutes of the local days before and after wrap around."""


def weekday(local_us: Array) -> I64:
    """[N] 0 for Monday to 6 for Sunday, from local microseconds."""
    out: I64 = (np.asarray(local_us) // DAY_US + 3) % 7
    return out


def is_weekend(time_us: I64, utc_offset_min: I64) -> Mask:
    """[N] whether times are on a Saturday or a Sunday by local time."""
    out: Mask = weekday(time_us + utc_offset_min * MINUTE_US) >= 5
    return out


def hours(config: WorldConfig, day: int, fewer: float) -> Hours:
    """By row of PLACES, for what is less by a share `fewer` at weekends; 0 is the first day."""
    c = config.week
    luck = Stream(config.seed, "weeks of places").uniform(np.arange(len(PLACES)))[:, 0]
    fewer_here = fewer * (1.0 + c.place_spread * (2.0 * luck - 1.0))
    working = 7.0 / (7.0 - 2.0 * fewer_here)
    offset = _offsets(config.start)[:, None]
    of_day = config.start_us + day * DAY_US + (np.arange(1440) - offset) % 1440 * MINUTE_US
    free = is_weekend(of_day, offset)
    plain, late = minutes(DIURNAL), minutes(DIURNAL, c.weekend_later_min)
    weight = np.where(free, ((1.0 - fewer_here) * working)[:, None] * late, working[:, None] * plain)
    return Hours(np.cumsum(weight, axis=1)[:, -1] / np.cumsum(plain)[-1], clock(weight))


def session_hours(config: WorldConfig, day: int) -> Hours:
    """Of sessions, by row of PLACES."""
    return hours(config, day, config.week.fewer_sessions)


def original_hours(config: WorldConfig, day: int) -> Hours:
    """Of bursts of originals, by row of PLACES, then the same of the accounts that are work."""
    both = (hours(config, day, one) for one in (config.week.fewer_originals, config.week.fewer_work_originals))
    return Hours(*(np.concatenate(parts) for parts in zip(*both, strict=True)))


def topic_factors(config: WorldConfig) -> F32:
    """[2, K] factor of each topic's chance to be written about on working days and at weekends.

    1 + s at weekends and 1 - 2 s / 5 on working days, with s = `topic_swing` x the leaning of the topic.
    """
    swing = config.week.topic_swing * LEISURE[: config.topics]
    return np.stack([1.0 - 0.4 * swing, 1.0 + swing]).astype(np.float32)


@cache
def _offsets(start: date) -> I64:
    return utc_offsets_min(start)
