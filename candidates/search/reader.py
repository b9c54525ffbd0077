"""Who searches: whose tweets they are not shown, and which languages they read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data.batch import I64
from data.schema import KIND_CODE
from features.online import FeatureState

_SHARE = 0.1
"""Of the tweets that a person liked, answered or spread lately: a language with this share is one they read."""


@dataclass(frozen=True)
class Reader:
    """One reader."""

    hidden: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    """[n] ids of the users whom the reader muted or blocked, and of those who block the reader."""
    languages: frozenset[str] = frozenset()
    """BCP 47 primary subtags of the languages that the reader reads, beside the encoder's."""


def reader_of(state: FeatureState, user_id: int) -> Reader:
    """The reader with an account; for one that is not known, a reader without ties and languages."""
    network = state.network
    row = network.users.rows(np.array([user_id], np.int64))
    if row[0] < 0:
        return Reader()
    graph = network.graph
    rows = [graph.mute.targets(row).values, graph.block.targets(row).values, graph.block.sources(row).values]
    hidden = network.users.ids[np.unique(np.concatenate(rows))]
    codes = network.tweet.language[_engaged(state, row)]
    counts = np.bincount(codes[codes >= 0], minlength=len(network.languages))
    read = set(np.flatnonzero(counts >= max(_SHARE * counts.sum(), 1)).tolist()) | {int(network.user.language[row[0]])}
    return Reader(hidden, frozenset(primary(network.languages[code]) for code in read if code >= 0))


def primary(language: str) -> str:
    """The primary subtag: `en` of `en-GB`."""
    return language.partition("-")[0].lower()


def _engaged(state: FeatureState, row: I64) -> I64:
    rows = state.history.tweets(row)[0]
    rows = rows[rows >= 0]
    words = state.network.tweet.kind[rows] != KIND_CODE["retweet"]
    engaged: I64 = rows[words]
    return engaged
