"""Which tweets may be candidates at all: what sources that go by histories and lists leave out."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Mask
from data.events import HOUR_US
from features.state.network import NetworkState


def living(network: NetworkState, rows: I64, time_us: I64, max_age_h: float) -> Mask:
    """[N] whether each tweet is known, not deleted, posted by `time_us` [N] and then younger than `max_age_h` hours.

    A negative row is not. Give the rows of originals: a retweet passes like any other tweet.
    """
    tweet = network.tweet
    if not len(tweet):
        return np.zeros(len(rows), np.bool_)
    posted = tweet.time_us[rows]
    young = (posted <= time_us) & (posted > time_us - np.int64(max_age_h * HOUR_US))
    known: Mask = (rows >= 0) & (tweet.kind[rows] >= 0) & ~tweet.deleted[rows] & young
    return known
