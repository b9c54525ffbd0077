"""How much and about what each author posts today, drawn when a day begins from what the author's originals got.

Impressions, likes, replies, retweets and quotes by others give an original its reward, the sum of their weights. With
G and N an author's rewards and originals, each fading over `memory_days`, G' and N' the same over `expected_days`,
n = `expected_tweets`, q = `noticed_reward`, and u = `usual_reward` x (appeal / median appeal)^(1/4):

    expected   e = (G' + n u) / (N' + n)
    reward     r = (G + n e) / (N + n)
    originals  rate x ((r + q) / (e + q))^posting, within 1/2 and 2
    outrage    chance x ((o + q) / (e + q))^outrage, within 1/2 and 2, where o is r of the outraged tweets alone
    topics     interest x exp(lean), within 1/3 and 3

The lean of a topic fades over `tilt_days` and grows on a day by `topics` x (what the author's originals on it got - e
for each written) / ((e + q) (M + n)), with M the originals fading over `tilt_days`. So who is not seen writes less, and
who gets what is expected writes as ever. Sums of a day are integers in hundredths: their order does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import F32, F64, I64, Array
from data.kernel import kernel
from data.schema import KIND_CODE
from data.synthetic.config import WorldConfig
from data.synthetic.people import People
from data.synthetic.retention import Lives
from data.synthetic.state_columns import Tweets

MOST, MOST_TILT = 2.0, 3.0
"""Bounds of the factors of originals and outrage, and of topics; the least is one over the most."""
_UNIT = 100.0
"""Sums of a day are in this part of a reward."""
_ORIGINAL = KIND_CODE["original"]
_ACTIONS = ("like", "reply", "retweet", "quote")

F16 = NDArray[np.float16]
I32 = NDArray[np.int32]


class Supply(NamedTuple):
    """Columns by user row [P]; K is 1 where `topics` is 0. Those of the day so far change in place."""

    chatter: F32
    """Factor of the mean number of originals on this day."""
    chatter_before: F32
    """The same of the day before; deletions and annotations of that day's originals are drawn from it."""
    heat: F32
    """Factor of the chance of outrage on this day."""
    heat_before: F32
    lean: F16
    """[P, K] logarithm of the factor of interests on this day."""
    lean_before: F16
    expected: F64
    """e as of the day's begin."""
    got: F64
    """G as of the day's begin."""
    wrote: F64
    """N."""
    hot_got: F64
    """G of outraged tweets."""
    hot_wrote: F64
    long_got: F64
    """G'."""
    long_wrote: F64
    tilt_wrote: F64
    """M."""
    points: I64
    """Rewards of this day so far, hundredths."""
    tweets: I64
    """Originals of this day so far."""
    hot_points: I64
    hot_tweets: I64
    surplus: I32
    """[P, K] rewards by main topic less e for each original, hundredths."""
    worth: I64
    """[5] hundredths of reward of a like, a reply, a retweet, a quote and an impression."""


class Voice(NamedTuple):
    """What decides a day's originals beside the people themselves."""

    chatter: F64
    """[P] factor of the mean number of originals; 0 for who may not post."""
    lean: Array
    """[P, K] or [P, 1] logarithm of the factor of interests."""
    heat: Array
    """[P] factor of the chance of outrage."""

    def liking(self, people: People, authors: I64) -> F32:
        """[N, K] weights of topics of some authors."""
        out: F32 = people.interests[authors] * np.exp(self.lean[authors].astype(np.float32))
        return out


def neutral(count: int) -> Voice:
    """Of people whom nothing moves."""
    return Voice(np.ones(count), np.zeros((count, 1), np.float16), np.ones(count, np.float32))


def start(people: People, config: WorldConfig) -> Supply:
    """Before the first day."""
    c, count = config.supply, len(people)
    one, none = np.ones(count, np.float32), np.zeros(count)
    topics = config.topics if c.topics > 0 else 1
    lean = np.zeros((count, topics), np.float16)
    weights = (*(getattr(c, f"{name}_weight") for name in _ACTIONS), c.view_weight)
    return Supply(
        one, one, one, one, lean, lean, usual_reward(config, people), none, none, none, none, none, none, none,
        *_nothing(count, topics), np.rint(np.array(weights) * _UNIT).astype(np.int64),
    )  # fmt: skip


def _nothing(count: int, topics: int) -> tuple[I64, I64, I64, I64, I32]:
    """The sums of a day that begins."""
    one, two, three, four = np.zeros((4, count), np.int64)
    return one, two, three, four, np.zeros((count, topics), np.int32)


def usual_reward(config: WorldConfig, people: People) -> F64:
    """[P] u, the reward of a tweet that each author expects at the start."""
    out: F64 = config.supply.usual_reward * (people.appeal / np.median(people.appeal)) ** 0.25
    return out


def begin_day(config: WorldConfig, people: People, supply: Supply, lives: Lives, day: int) -> Supply:
    """The columns of day `day` (0 is the first), from those of the day before it; `lives` are those of `day`."""
    c = config.supply
    memory, experience, tilting = (np.exp(-1.0 / days) for days in (c.memory_days, c.expected_days, c.tilt_days))
    points, hot_points = supply.points / _UNIT, supply.hot_points / _UNIT
    got, wrote = supply.got * memory + points, supply.wrote * memory + supply.tweets
    hot_got, hot_wrote = supply.hot_got * memory + hot_points, supply.hot_wrote * memory + supply.hot_tweets
    long_got = supply.long_got * experience + points
    long_wrote = supply.long_wrote * experience + supply.tweets
    tilt_wrote = supply.tilt_wrote * tilting + supply.tweets
    n, q = c.expected_tweets, c.noticed_reward
    expected = (long_got + n * usual_reward(config, people)) / (long_wrote + n)

    def factor(got: F64, wrote: F64, slope: float) -> F32:
        reward = (got + n * expected) / (wrote + n)
        out: F32 = np.clip(((reward + q) / (expected + q)) ** slope, 1.0 / MOST, MOST).astype(np.float32)
        return out

    lean = supply.lean
    if c.topics > 0:
        lean = supply.lean.copy()
        rows = np.flatnonzero(tilt_wrote)
        share = c.topics / (_UNIT * (expected + q) * (tilt_wrote + n))
        step = supply.surplus[rows] * share[rows, None].astype(np.float32)
        most = np.log(MOST_TILT)
        lean[rows] = np.clip(lean[rows] * np.float32(tilting) + step, -most, most)
    return Supply(
        factor(got, wrote, c.posting), supply.chatter, factor(hot_got, hot_wrote, c.outrage), supply.heat,
        lean, supply.lean, expected, got, wrote, hot_got, hot_wrote, long_got, long_wrote, tilt_wrote,
        *_nothing(len(people), lean.shape[1]), supply.worth,
    )  # fmt: skip


def voice(supply: Supply, lives: Lives, *, before: bool = False) -> Voice:
    """What decides the originals of this day, or of the day before."""
    if before:
        return Voice(supply.chatter_before * lives.wrote, supply.lean_before, supply.heat_before)
    return Voice(supply.chatter * lives.writes, supply.lean, supply.heat)


def observe_tweets(supply: Supply, tweets: Tweets, rows: I64) -> None:
    """Takes new tweets [N], rows of `tweets`, into the accumulators of the day."""
    rows = rows[tweets.kind[rows] == _ORIGINAL]
    authors = tweets.author[rows].astype(np.int64)
    hot = tweets.outrage[rows] > 0
    _add(supply.tweets, supply.hot_tweets, authors, hot, np.ones(len(rows), np.int64))
    cost = -np.rint(supply.expected[authors] * _UNIT).astype(np.int64)
    _add_topics(supply.surplus, authors, tweets.topic[rows, 0], cost)


def observe_impressions(supply: Supply, tweets: Tweets, users: I64, rows: I64) -> None:
    """Takes impressions [N], of tweet rows by user rows, into the accumulators of the day."""
    _reward(supply, tweets, users, rows, np.full(len(rows), supply.worth[-1]))


def observe_engagements(supply: Supply, tweets: Tweets, users: I64, rows: I64, action: Array) -> None:
    """Takes engagements [N], of tweet rows by user rows with their names of the schema's actions, into the day's."""
    worth = np.zeros(len(rows), np.int64)
    for at, name in enumerate(_ACTIONS):
        worth[action == name] = supply.worth[at]
    _reward(supply, tweets, users, rows, worth)


def _reward(supply: Supply, tweets: Tweets, users: I64, rows: I64, worth: I64) -> None:
    """Takes rewards [N] of tweet rows, given by user rows, into the day; only those of originals by others count."""
    given = np.flatnonzero((tweets.kind[rows] == _ORIGINAL) & (tweets.author[rows] != users) & (worth > 0))
    rows, worth = rows[given], worth[given]
    authors = tweets.author[rows].astype(np.int64)
    _add(supply.points, supply.hot_points, authors, tweets.outrage[rows] > 0, worth)
    _add_topics(supply.surplus, authors, tweets.topic[rows, 0], worth)


@kernel
def _add(total, hot_total, authors, hot, amount):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds amounts [N] to their authors' sums, and to those of outraged tweets."""
    for i in range(len(authors)):
        total[authors[i]] += amount[i]
        if hot[i]:
            hot_total[authors[i]] += amount[i]


@kernel
def _add_topics(surplus, authors, topic, amount):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds amounts [N] to their authors' sums by topic, if they are kept."""
    if surplus.shape[1] > 1:
        for i in range(len(authors)):
            surplus[authors[i], topic[i]] += amount[i]
