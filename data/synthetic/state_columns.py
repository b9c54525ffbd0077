"""The columns that a world's state is made of, by tweet and by user, and the kernels that move them on."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from data.kernel import kernel
from data.synthetic.follow_set import FollowSet
from data.synthetic.pair_counts import PairCounts

ENGAGERS = 8
"""Latest people who engaged a tweet that are remembered."""
PUBLIC: dict[str, int] = {"like": 0, "reply": 1, "retweet": 2, "quote": 3}
"""Actions that others see, and their columns in `Tweets.counts`."""
LIKES, DISTINCT = PUBLIC["like"], len(PUBLIC)
"""Columns of `Tweets.counts`: likes, and how many distinct users were ever put among the engagers."""


class Tweets(NamedTuple):
    """Columns by tweet row: what is logged, what is only in the truth (topic to named), and what changes."""

    tweet_id: NDArray[np.int64]
    time_us: NDArray[np.int64]
    author: NDArray[np.int32]
    kind: NDArray[np.int8]
    conversation: NDArray[np.int64]
    referenced: NDArray[np.int64]
    """Tweet id, -1 for none."""
    media: NDArray[np.int8]
    topic: NDArray[np.int16]
    share: NDArray[np.float32]
    quality: NDArray[np.float32]
    virality: NDArray[np.float32]
    sentiment: NDArray[np.int8]
    toxicity: NDArray[np.int8]
    style: NDArray[np.int8]
    bait: NDArray[np.float32]
    outrage: NDArray[np.float32]
    usefulness: NDArray[np.float32]
    named: NDArray[np.int32]
    """1 + row of the writer's entities that its text names first, 0 for none."""
    counts: NDArray[np.int32]
    engagers: NDArray[np.int32]
    deleted: NDArray[np.bool_]


_SHAPES: dict[str, tuple[Any, int]] = {
    "tweet_id": (np.int64, 0), "time_us": (np.int64, 0), "author": (np.int32, 0), "kind": (np.int8, 0),
    "conversation": (np.int64, 0), "referenced": (np.int64, 0), "media": (np.int8, 0), "topic": (np.int16, 2),
    "share": (np.float32, 0), "quality": (np.float32, 0), "virality": (np.float32, 0), "sentiment": (np.int8, 0),
    "toxicity": (np.int8, 0), "style": (np.int8, 0), "bait": (np.float32, 0),
    "outrage": (np.float32, 0), "usefulness": (np.float32, 0), "named": (np.int32, 0), "counts": (np.int32, 5),
    "engagers": (np.int32, ENGAGERS), "deleted": (np.bool_, 0),
}  # fmt: skip


class Memory(NamedTuple):
    """Columns by user row."""

    fatigue: NDArray[np.float64]
    """[P] recent impressions, each weighing exp(-age / fatigue_h), as of `fatigue_us`."""
    fatigue_us: NDArray[np.int64]
    """[P] time of the last impression."""
    bored: NDArray[np.float32]
    """[P, K] the same by topic, impressions counted by the tweet's main topic."""


class Known(Protocol):
    """What the formulas of behaviour and welfare read of a state."""

    @property
    def tweets(self) -> Tweets:
        """Columns of the tweets known."""
        ...

    @property
    def memory(self) -> Memory:
        """What people remember."""
        ...

    @property
    def exposures(self) -> PairCounts:
        """What they were shown."""
        ...

    @property
    def follow_set(self) -> FollowSet:
        """Whom they follow."""
        ...


class Answers(NamedTuple):
    """Replies that their parents' authors are going to answer; [N]."""

    due_us: NDArray[np.int64]
    author: NDArray[np.int32]
    """User row of who will answer."""
    tweet: NDArray[np.int64]
    """Tweet row of the reply."""


def no_answers() -> Answers:
    """None are due."""
    return Answers(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64))


def empty_tweets(size: int) -> Tweets:
    """Columns of `size` rows of zeros."""
    shapes = (_SHAPES[name] for name in Tweets._fields)
    return Tweets._make(np.zeros((size, width) if width else size, dtype) for dtype, width in shapes)


@kernel
def show(memory, users, tweets, topic, times, decay_us):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts impressions, in order of time, into the memories of users; `decay_us` is `fatigue_h` in microseconds."""
    for i in range(users.shape[0]):
        u, t = users[i], tweets[i]
        if times[i] != memory.fatigue_us[u]:
            faded = np.exp(-(times[i] - memory.fatigue_us[u]) / decay_us)
            memory.fatigue[u] *= faded
            for k in range(memory.bored.shape[1]):
                memory.bored[u, k] *= faded
            memory.fatigue_us[u] = times[i]
        memory.fatigue[u] += 1.0
        memory.bored[u, topic[t, 0]] += 1.0


@kernel
def engage(counts, engagers, users, tweets, codes):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts public actions and puts each tweet's new engagers into its ring."""
    for i in range(users.shape[0]):
        t = tweets[i]
        counts[t, codes[i]] += 1
        known = False
        for j in range(min(counts[t, DISTINCT], engagers.shape[1])):
            known |= engagers[t, j] == users[i]
        if not known:
            engagers[t, counts[t, DISTINCT] % engagers.shape[1]] = users[i]
            counts[t, DISTINCT] += 1
