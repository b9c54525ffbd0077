"""Whom new accounts follow when they join, and who follows them back: drawn when the day begins, from its state.

An account follows a few others at once: some friends, the first of them somebody of the same language and place, the
others among those whom that one follows; and some suggestions: mostly giants of its language, by the law of
`data.synthetic.graph` with followers for fame, else one of the most followed people of its language who are interested
in a topic that is drawn by its own interests. Friends often follow back the same day, others seldom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.batch import F64, I64, Array
from data.events import DAY_US, MINUTE_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.follow_set import FollowSet
from data.synthetic.graph import GIANTS_SHARE, renown
from data.synthetic.people import People
from data.synthetic.retention import HERE, Lives

_SUGGESTED = 30
"""People who are suggested for a topic in a language."""
_BACK_FRIEND, _BACK_SUGGESTED = 0.5, 0.03
"""Chance that a friend, or someone suggested, who opens the app that day follows back."""
_BACK_LAG_MIN = 45.0
"""Mean minutes until they do."""


class Joins(NamedTuple):
    """Follows that a day's new accounts bring, ordered by time, follower and followee; [N]."""

    time_us: I64
    follower: I64
    """User rows."""
    followee: I64


def no_joins() -> Joins:
    """Nobody joins."""
    none = np.empty(0, np.int64)
    return Joins(none, none, none)


def first_follows(config: WorldConfig, people: People, lives: Lives, follow_set: FollowSet, day: int) -> Joins:
    """The follows of and back to those who join on `day` (0 is the first), each pair once.

    Each new account draws a Poisson number with mean `first_follows`, at least one; `friends_share` of them, rounded by
    chance, are friends. All follows are made when the account is; follows back come after an exponential time, on the
    same day or not at all.
    """
    low = config.start_us + day * DAY_US
    first, last = np.searchsorted(people.created_us, (low, low + DAY_US))
    settled = np.flatnonzero((lives.status == HERE) & (people.created_us < low))
    if first == last or not len(settled):
        return no_joins()
    new = np.arange(first, last)
    c = config.retention
    rng = Stream(config.seed, "first follows").generator(day)
    wanted = np.maximum(rng.poisson(c.first_follows, len(new)), 1)
    friends = np.floor(wanted * c.friends_share + rng.random(len(new))).astype(np.int64)
    who = np.repeat(new, friends), np.repeat(new, np.maximum(wanted - friends, 0))
    whom = (
        _friends(people, settled, follow_set, new, friends, rng),
        _suggested(people, settled, follow_set, who[1], rng),
    )
    follower, followee = np.concatenate(who), np.concatenate(whom)
    once = np.unique(follower * len(people) + followee, return_index=True)[1]
    there = (lives.status[followee[once]] == HERE) & (people.created_us[followee[once]] < low)
    once = once[there & (follower[once] != followee[once])]
    back = np.where(once < len(who[0]), _BACK_FRIEND, _BACK_SUGGESTED)
    follower, followee = follower[once], followee[once]
    time = people.created_us[follower]
    lag = (1.0 + rng.exponential(_BACK_LAG_MIN, len(once))) * MINUTE_US
    later = time + lag.astype(np.int64) // 1000 * 1000
    returns = (rng.random(len(once)) < back) & lives.opens[followee] & (later < low + DAY_US)
    time = np.concatenate([time, later[returns]])
    pairs = np.concatenate([follower, followee[returns]]), np.concatenate([followee, follower[returns]])
    order = np.lexsort((pairs[1], pairs[0], time))
    return Joins(time[order], pairs[0][order], pairs[1][order])


def _friends(
    people: People, settled: I64, follow_set: FollowSet, new: I64, counts: I64, rng: np.random.Generator
) -> I64:
    """[sum of counts] friends of each new account: one nearby, then some of those whom that one follows."""
    places = int(people.place.max()) + 1
    home = people.language * places + people.place
    order = settled[np.argsort(home[settled], kind="stable")]
    cell = np.searchsorted(home[order], home[new]), np.searchsorted(home[order], home[new], side="right")
    size = np.maximum(cell[1] - cell[0], 1)
    at = np.minimum(cell[0] + (rng.random(len(new)) * size).astype(np.int64), len(order) - 1)
    contact = order[at]
    start, followed = follow_set.followees(contact)
    row = np.repeat(np.arange(len(new)), counts)
    degree = np.diff(start)[row]
    pick = np.minimum(start[row] + (rng.random(len(row)) * degree).astype(np.int64), max(len(followed) - 1, 0))
    one_of_theirs = followed[pick] if len(followed) else contact[row]
    begins = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, bool)
    out: I64 = np.where(begins | (degree == 0), contact[row], one_of_theirs)
    return out


def _suggested(people: People, settled: I64, follow_set: FollowSet, who: I64, rng: np.random.Generator) -> I64:
    """[N] someone suggested to each: a giant of the language, or one of the most followed of a topic."""
    fans: F64 = np.bincount(follow_set.keys_unordered() & 0xFFFFFFFF, minlength=len(people)).astype(np.float64) + 1.0
    known = _known(people, settled, fans, who, rng)
    giants = _giants(people, settled, fans, who, rng)
    out: I64 = np.where((giants >= 0) & (rng.random(len(who)) < GIANTS_SHARE), giants, known)
    return out


def _giants(people: People, settled: I64, fans: F64, who: I64, rng: np.random.Generator) -> I64:
    """[N] of two people drawn by `renown` from all of the language, the nearer in interests; -1 for no speaker."""
    order = settled[np.lexsort((settled, -fans[settled], people.language[settled]))]
    language = people.language[order]
    running = np.r_[0.0, np.cumsum(renown(language))]
    low, high = (np.searchsorted(language, people.language[who], side=side) for side in ("left", "right"))
    level = running[low] + rng.random((2, len(who))) * (running[high] - running[low])
    at = np.clip(np.searchsorted(running, level, side="right") - 1, low, np.maximum(high - 1, low))
    pair = order[np.minimum(at, len(order) - 1)]
    liking = (people.interests[pair] * people.interests[who]).sum(axis=2)
    return np.where(low == high, -1, np.where(liking[1] > liking[0], pair[1], pair[0]))


def _known(people: People, settled: I64, fans: F64, who: I64, rng: np.random.Generator) -> I64:
    """[N] one of the most followed of a topic: by followers x interest in it among those first by that product."""
    mass = np.cumsum(people.interests[who], axis=1, dtype=np.float64)
    topic = (rng.random(len(who))[:, None] * mass[:, -1:] >= mass).sum(axis=1)
    topics = people.interests.shape[1]
    group, luck = people.language[who] * topics + np.minimum(topic, topics - 1), rng.random(len(who))
    out = np.empty(len(who), np.int64)
    for one in np.unique(group):
        rows = settled[people.language[settled] == one // topics]
        rows = rows if len(rows) else settled
        weight = fans[rows] * people.interests[rows, one % topics]
        best = _best(weight)
        total = np.cumsum(weight[best])
        at = np.flatnonzero(group == one)
        drawn = np.searchsorted(total, luck[at] * total[-1], side="right")
        out[at] = rows[best[np.minimum(drawn, len(best) - 1)]]
    return out


def _best(weight: F64) -> Array:
    """Rows of the largest weights, largest first; of equal ones the first."""
    if len(weight) > _SUGGESTED:
        rows = np.flatnonzero(weight >= np.partition(weight, len(weight) - _SUGGESTED)[len(weight) - _SUGGESTED])
    else:
        rows = np.arange(len(weight))
    return rows[np.lexsort((rows, -weight[rows]))][:_SUGGESTED]
