"""How people react to a tweet they are shown: closed-form logits of every action, examination by position, and draws.

The attraction of tweet t for person u is
    interest x match(u, t) + affinity x style(u).style(author) + bond x personal(u, author)
    + following x (u follows the author) + quality x quality(t) + freshness x exp(-age / freshness_h)
    + social_proof x log1p(followed engagers) + popularity x log1p(likes) + media
    - fatigue x f / (f + 60) - repetition x exposures,
and an action's logit is its base + slope x attraction + the person's own leaning. Actions are independent given
that the tweet is looked at; looking depends on the position alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from data.batch import F32, F64, I64, Mask
from data.rng import Stream, philox, unit
from data.synthetic.config import BehaviourConfig
from data.synthetic.people import ACTIONS, STYLE, People
from data.synthetic.state import State, find_edge

BASE: dict[str, tuple[float, float]] = {
    "like": (-7.4, 1.0),
    "reply": (-10.2, 0.9),
    "retweet": (-9.2, 1.0),
    "quote": (-11.3, 0.9),
    "click": (-6.2, 0.75),
    "profile_click": (-7.3, 0.6),
    "follow_author": (-8.3, 0.8),
    "not_interested": (-5.6, -0.7),
}
"""Base and slope of each action's logit; calibrated on the default world to the published ratios of actions."""

_WORDS = 12
"""Random numbers an impression takes: examination, one an action, dwell, delay."""


class Minds(NamedTuple):
    """What kernels need of people and of the config; see `People`."""

    taste: F32
    style: F32
    leaning: F32
    base: F64
    slope: F64
    weights: F64
    key: np.ndarray


def minds(people: People, config: BehaviourConfig, seed: int) -> Minds:
    """Packs people and weights for the kernels."""
    weights = np.array(
        [
            config.interest, config.affinity * np.sqrt(STYLE), config.bond, config.quality, config.freshness,
            config.freshness_h * 3.6e9, config.social_proof, config.popularity, config.media, config.fatigue,
            config.repetition, config.fatigue_h * 3.6e9, config.following,
        ]
    )  # fmt: skip
    base, slope = (np.array([BASE[a][i] for a in ACTIONS]) for i in range(2))
    return Minds(people.taste, people.style, people.leaning, base, slope, weights, Stream(seed, "bond").key)


def examination(config: BehaviourConfig, position: I64) -> F64:
    """Chance that the tweet at a position (0 is the top) is looked at: position-based, independent of the others."""
    out: F64 = config.examination_top * np.exp(-position / config.examination_decay)
    return out


def probabilities(who: Minds, state: State, users: I64, tweets: I64, times_us: I64) -> F64:
    """[N, A] chance of each action given that the tweet is looked at, for user rows and tweet rows at moments."""
    out = np.empty((len(users), len(ACTIONS)))
    _probabilities(who, state.tweets, state.memory, state.edges, users, tweets, times_us, out)
    return out


def exposures(state: State, users: I64, tweets: I64) -> I64:
    """[N] earlier impressions of the tweet among the last of the person."""
    out = np.empty(len(users), np.int64)
    _exposures(state.memory, users, tweets, out)
    return out


def react(seed: int, p: F64, looked: F64, users: I64, tweet_ids: I64, exposure: I64) -> tuple[Mask, I64, I64]:
    """Draws what happens: [N, A] actions, [N] dwell_ms, [N] microseconds until the person scrolls on.

    `p` [N, A] are chances when looked at, `looked` [N] chances to be looked at. Draws are keyed by (user row, tweet id,
    exposure), so the same person meets the same tweet with the same luck whatever else happens.
    """
    u = Stream(seed, "reaction").uniform(users, tweet_ids, exposure, n=_WORDS)
    actions: Mask = (u[:, 1 : 1 + p.shape[1]] < p) & (u[:, :1] < looked[:, None])
    interest = 0.3 + p[:, 0] + p[:, 4]
    dwell = np.where(u[:, 0] < looked, 700.0 + 4000.0 * interest * -np.log1p(-u[:, 9]), 150.0)
    dwell = np.where(actions.any(axis=1), dwell + 1500.0 - 3000.0 * np.log1p(-u[:, 10]), dwell)
    delay = dwell * 1000.0
    return actions, np.minimum(dwell, 600_000).astype(np.int64), delay.astype(np.int64)


@njit(cache=True, inline="always")
def _seen(memory, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    count = 0
    for j in range(min(memory.shown_n[u], memory.shown.shape[1])):
        count += memory.shown[u, j] == t
    return count


@njit(cache=True)
def _exposures(memory, users, tweets, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(users.shape[0]):
        out[i] = _seen(memory, users[i], tweets[i])


@njit(cache=True, inline="always")
def _bond(key, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Personal liking of an author: the sum of four uniforms, centred, standard deviation 1."""
    w = philox(np.uint64(1), np.uint64(u), np.uint64(v), np.uint64(0), key[0], key[1])
    return (unit(w[0]) + unit(w[1]) + unit(w[2]) + unit(w[3]) - 2.0) * 1.7320508075688772


@njit(cache=True)
def _attraction(who, tweets, memory, edges, u, t, time):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    w, v = who.weights, tweets.author[t]
    share = tweets.share[t]
    x = w[0] * (share * who.taste[u, tweets.topic[t, 0]] + (1.0 - share) * who.taste[u, tweets.topic[t, 1]])
    close = 0.0
    for j in range(who.style.shape[1]):
        close += who.style[u, j] * who.style[v, j]
    x += w[1] * close + w[2] * _bond(who.key, u, v) + w[3] * tweets.quality[t]
    x += w[12] * (find_edge(edges, u, v) >= 0) + w[4] * np.exp(-max(time - tweets.time_us[t], 0) / w[5])
    proof = 0
    for j in range(min(tweets.counts[t, 4], tweets.engagers.shape[1])):
        proof += find_edge(edges, u, tweets.engagers[t, j]) >= 0
    x += w[6] * np.log1p(float(proof)) + w[7] * np.log1p(float(tweets.counts[t, 0])) + w[8] * (tweets.media[t] > 0)
    tired = memory.fatigue[u] * np.exp(-max(time - memory.fatigue_us[u], 0) / w[11])
    return x - w[9] * tired / (tired + 60.0) - w[10] * _seen(memory, u, t)


@njit(cache=True)
def _probabilities(who, tweets, memory, edges, users, rows, times, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(users.shape[0]):
        u, t = users[i], rows[i]
        if tweets.deleted[t] or tweets.author[t] == u:
            out[i] = 0.0
            continue
        x = _attraction(who, tweets, memory, edges, u, t, times[i])
        for a in range(out.shape[1]):
            out[i, a] = 1.0 / (1.0 + np.exp(-(who.base[a] + who.slope[a] * x + who.leaning[u, a])))
        if find_edge(edges, u, tweets.author[t]) >= 0:
            out[i, 6] = 0.0
