"""How much and about what each author posts today, drawn when a day begins from what the author's tweets got."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.batch import F32, F64, I64, Array
from data.synthetic.config import WorldConfig
from data.synthetic.people import People
from data.synthetic.retention import Lives
from data.synthetic.state_columns import Tweets


class Supply(NamedTuple):
    """Columns by user row."""

    chatter: F32
    """[P] factor of the mean number of originals on this day."""
    tilt: F32
    """[P, K] or [P, 1] factor of the interests that today's topics are drawn from."""
    chatter_before: F32
    """[P] `chatter` of the day before; deletions and annotations of that day's originals are drawn from it."""
    tilt_before: F32
    """`tilt` of the day before."""


class Voice(NamedTuple):
    """What decides a day's originals beside the people themselves."""

    chatter: F64
    """[P] factor of the mean number of originals; 0 for who may not post."""
    tilt: F32
    """[P, K] or [P, 1] factor of interests."""


def start(people: People, config: WorldConfig) -> Supply:
    """Before the first day."""
    count = len(people)
    one, even = np.ones(count, np.float32), np.ones((count, 1), np.float32)
    return Supply(one, even, one, even)


def begin_day(config: WorldConfig, people: People, supply: Supply, lives: Lives, day: int) -> Supply:
    """The columns of day `day` (0 is the first), from those of the day before it; `lives` are those of `day`."""
    return supply._replace(chatter_before=supply.chatter, tilt_before=supply.tilt)


def voice(supply: Supply, lives: Lives, *, before: bool = False) -> Voice:
    """What decides the originals of this day, or of the day before."""
    if before:
        return Voice(supply.chatter_before * lives.wrote, supply.tilt_before)
    return Voice(supply.chatter * lives.writes, supply.tilt)


def observe_tweets(supply: Supply, tweets: Tweets, rows: I64) -> None:
    """Takes new tweets [N], rows of `tweets`, into the accumulators of the day."""


def observe_impressions(supply: Supply, tweets: Tweets, users: I64, rows: I64) -> None:
    """Takes impressions [N], of tweet rows by user rows, into the accumulators of the day."""


def observe_engagements(supply: Supply, tweets: Tweets, users: I64, rows: I64, action: Array) -> None:
    """Takes engagements [N], of tweet rows by user rows with their names of the schema's actions, into the day's."""
