"""How people react to a tweet they are shown: closed-form logits of every action, examination, and draws.

The attraction of tweet t for person u at a moment is
    eagerness + interest x match(u, t) + affinity x sqrt(STYLE) x style(u).style(author) + bond x personal(u, author)
    + following x (u follows the author) + quality x quality(t) + freshness x exp(-age / freshness_h)
    + news x exp(-age / news_h) + social_proof x log1p(followed engagers) + popularity x log1p(likes)
    + media x (t carries any) - foreign x (the author's language is not u's) - toxic x (t is toxic)
    - fatigue x f / (f + 60) - boredom x b / (b + 10) - repetition x exposures,
with
- match: the taste for the tweet's two topics, weighed by `share` and 1 - `share`. Taste in a topic with interest w is
  w' / (w' + 0.08), w' = w (1 + drift sin(2 pi (days / drift_d + phase))), days since 1970 UTC. The phase of person and
  topic is one of 1024 even steps of a turn, the upper 10 bits of a hash of n = 64 u + topic, modulo 2^64: n times
  0x9E3779B97F4A7C15, exclusive-or with itself shifted right by 29, times 0xBF58476D1CE4E5B9.
- personal: the sum of four uniform numbers of the stream "bond" of (u, author), less 2, times sqrt(3).
- age: since the tweet was posted, never below 0. Followed engagers: of the last ENGAGERS people who liked, answered,
  retweeted or quoted it, those whom u follows; who is among them is not put there again. Likes: all so far.
- f: the sum over u's impressions so far of exp(-age / fatigue_h); b: the same over those whose main topic is that of t.
  Exposures: impressions of t among u's last SHOWN.

An action's logit is its base + slope x attraction + catching x virality x virality(t) + offence x (1 if toxic, and 1
if spam) + the person's own leaning. Given that the tweet is looked at, actions are independent, except that nobody
follows whom they follow, and that only a reply can be answered by the author, with the author's sociability as chance.
Nobody acts on a tweet of their own or on one deleted. Looking depends on the position alone, or is a cascade down the
slate (see `examination`).

A tweet not looked at is on the screen for 150 ms; one looked at for 700 + 1200 (0.5 + sigmoid(attraction - 2)) e ms
with an exponential e, and 1500 + 3000 e' more if anything is done. It is logged as 600 s at most. Scrolling on takes
another 900 ms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from data.batch import F32, F64, I64, Array
from data.events import DAY_US
from data.kernel import inline_kernel, kernel, parallel_kernel
from data.rng import Stream, philox, unit
from data.schema import ACTION_CODE
from data.synthetic.config import BehaviourConfig
from data.synthetic.people import STYLE, TASTE_HALF, WORLD_ACTIONS, People
from data.synthetic.posting import SPAM
from data.synthetic.state import State, find_edge

BASE: dict[str, tuple[float, float, float, float]] = {
    "like": (-8.55, 1.0, 0.5, 0.0),
    "reply": (-13.3, 0.9, 0.2, 0.0),
    "retweet": (-12.5, 1.0, 1.0, 0.0),
    "quote": (-15.3, 0.9, 0.8, 0.0),
    "click": (-7.3, 0.75, 0.2, 0.0),
    "profile_click": (-8.3, 0.6, 0.0, 0.0),
    "share": (-11.0, 0.8, 0.7, 0.0),
    "follow_author": (-9.9, 0.8, 0.0, 0.0),
    "not_interested": (-5.6, -0.5, 0.0, 1.2),
    "mute": (-7.3, -0.5, 0.0, 1.2),
    "block": (-7.7, -0.4, 0.0, 1.7),
    "report": (-8.5, -0.3, 0.0, 2.4),
}
"""Base and slope of each action's logit, and what virality and offence add; calibrated to the published ratios."""
REPLY, FOLLOW, ANSWERED = (ACTION_CODE[name] for name in ("reply", "follow_author", "reply_answered"))
_WORDS = 16
"""Random numbers an impression takes: examination, one an action but the last, two for dwell."""


class Minds(NamedTuple):
    """What kernels need of people and of the config; see `People`."""

    interests: F32
    style: F32
    leaning: F32
    language: I64
    sociability: F32
    logit: F64
    """[A - 1, 4] as BASE."""
    weights: F64
    key: Array
    """Of the stream of personal liking."""


def minds(people: People, config: BehaviourConfig, seed: int) -> Minds:
    """Packs people and weights for the kernels."""
    hour, c = 3.6e9, config
    weights = np.array(
        [
            c.interest, c.affinity * np.sqrt(STYLE), c.bond, c.quality, c.freshness, c.freshness_h * hour,
            c.social_proof, c.popularity, c.media, c.fatigue, c.repetition, c.fatigue_h * hour, c.following, c.news,
            c.news_h * hour,
            c.foreign, c.toxic, c.boredom, c.drift, 2 * np.pi / (c.drift_d * 24 * hour), c.virality, c.eagerness,
        ]
    )  # fmt: skip
    logit = np.array([BASE[action] for action in WORLD_ACTIONS[:ANSWERED]])
    key = Stream(seed, "bond").key
    return Minds(
        people.interests, people.style, people.leaning, people.language, people.sociability, logit, weights, key
    )


def probabilities(who: Minds, state: State, users: I64, tweets: I64, times_us: I64) -> F64:
    """[N, A] chance of each action given that the tweet is looked at, for user rows and tweet rows at moments."""
    out = np.empty((len(users), len(WORLD_ACTIONS)))
    _probabilities(who, state.tweets, state.memory, state.edges, users, tweets, times_us, out)
    return out


def examination(config: BehaviourConfig, p: F64, offsets: I64, position: I64) -> F64:
    """[N] chance that each tweet of slates is looked at; request b owns rows offsets[b]:offsets[b + 1], top first.

    By position it is examination_top x exp(-position / examination_decay), independent of the others. By cascade, the
    chance to look at the next is multiplied by `stay` or, after any action, by `stay_engaged`; `p` [N, A] are the
    chances of actions when looked at.
    """
    if config.examination == "position":
        out: F64 = config.examination_top * np.exp(-position / config.examination_decay)
        return out
    acts = 1.0 - np.prod(1.0 - p[:, :ANSWERED], axis=1)
    step = config.stay * (1.0 - acts) + config.stay_engaged * acts
    out = np.empty(len(p))
    _cascade(step, offsets, config.examination_top, out)
    return out


class Reactions(NamedTuple):
    """What happened to each impression; [N]."""

    actions: Array
    """uint16, bit a is set when action a was done; answers come later, see `State`."""
    dwell_ms: Array
    """int32."""
    after_us: Array
    """float64, microseconds from the request until the person scrolls on from it."""
    exposure: Array
    """int16, earlier impressions of the tweet among the last of the person."""


def react(
    who: Minds, state: State, config: BehaviourConfig, seed: int, users: I64, times_us: I64, offsets: I64, tweets: I64
) -> Reactions:
    """Draws what people do with slates: request b of user row `users[b]` owns `tweets[offsets[b]:offsets[b + 1]]`.

    Draws are those of the stream "reaction" keyed by (user row, tweet id, 4096 x day since 1970 + exposures), so the
    same person meets the same tweet with the same luck whatever else happens: word 0 decides whether it is looked at
    (by cascade, when it was looked at, whether the next is), word 1 + a whether action a is done, words 13 and 14 give
    the two exponentials of dwell. Runs on as many threads as Numba may use; the draws do not depend on it.
    """
    n = len(tweets)
    out = Reactions(np.empty(n, np.uint16), np.empty(n, np.int32), np.empty(n), np.empty(n, np.int16))
    cascade = config.examination == "cascade"
    look = np.array(
        [config.examination_top, config.examination_decay, config.stay, config.stay_engaged, float(cascade)]
    )
    key = Stream(seed, "reaction").key
    _react(who, state.tweets, state.memory, state.edges, look, key, users, times_us, offsets, tweets, *out)
    return out


@inline_kernel
def _seen(tweets, memory, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Earlier impressions among those remembered; none of what was posted since the person last looked."""
    count = 0
    if tweets.time_us[t] < memory.fatigue_us[u]:
        for j in range(min(memory.shown_n[u], memory.shown.shape[1])):
            count += memory.shown[u, j] == t
    return count


@kernel
def _bond(key, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Personal liking of an author: the sum of four uniforms, centred, standard deviation 1."""
    w = philox(np.uint64(1), np.uint64(u), np.uint64(v), np.uint64(0), key[0], key[1])
    return (unit(w[0]) + unit(w[1]) + unit(w[2]) + unit(w[3]) - 2.0) * 1.7320508075688772


@inline_kernel
def _taste(who, u, k, time):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    w = who.weights
    mixed = np.uint64(u * 64 + k) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    phase = np.float64(mixed >> np.uint64(54)) * 0.006135923151542565
    liked = who.interests[u, k] * (1.0 + w[18] * np.sin(w[19] * time + phase))
    return liked / (liked + TASTE_HALF)


@kernel
def _attraction(who, tweets, memory, edges, u, t, time, follows, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    w, v = who.weights, tweets.author[t]
    share, k = tweets.share[t], tweets.topic[t, 0]
    match = _taste(who, u, k, time)
    if share < 1.0:
        match = share * match + (1.0 - share) * _taste(who, u, tweets.topic[t, 1], time)
    close = 0.0
    for j in range(who.style.shape[1]):
        close += who.style[u, j] * who.style[v, j]
    age = max(time - tweets.time_us[t], 0)
    x = w[21] + w[0] * match + w[1] * close + w[2] * _bond(who.key, u, v) + w[3] * tweets.quality[t] + w[12] * follows
    x += w[4] * np.exp(-age / w[5]) + w[13] * np.exp(-age / w[14]) + w[8] * (tweets.media[t] > 0)
    proof = 0
    for j in range(min(tweets.counts[t, 4], tweets.engagers.shape[1])):
        proof += find_edge(edges, u, tweets.engagers[t, j]) >= 0
    if proof:
        x += w[6] * np.log1p(float(proof))
    if tweets.counts[t, 0]:
        x += w[7] * np.log1p(float(tweets.counts[t, 0]))
    x -= w[15] * (who.language[u] != who.language[v]) + w[16] * (tweets.toxicity[t] > 0)
    faded = np.exp(-max(time - memory.fatigue_us[u], 0) / w[11])
    tired, bored = memory.fatigue[u] * faded, memory.bored[u, k] * faded
    return x - w[9] * tired / (tired + 60.0) - w[17] * bored / (bored + 10.0) - w[10] * seen


@inline_kernel
def _logit(who, tweets, u, t, a, x, offence):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    z = who.logit[a, 0] + who.logit[a, 1] * x + who.logit[a, 3] * offence + who.leaning[u, a]
    return z + who.logit[a, 2] * who.weights[20] * tweets.virality[t]


@parallel_kernel
def _probabilities(who, tweets, memory, edges, users, rows, times, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in prange(users.shape[0]):
        u, t = users[i], rows[i]
        if tweets.deleted[t] or tweets.author[t] == u:
            out[i] = 0.0
            continue
        follows = find_edge(edges, u, tweets.author[t]) >= 0
        x = _attraction(who, tweets, memory, edges, u, t, times[i], follows, _seen(tweets, memory, u, t))
        offence = 1.0 * (tweets.toxicity[t] > 0) + (tweets.style[t] == SPAM)
        for a in range(ANSWERED):
            out[i, a] = 1.0 / (1.0 + np.exp(-_logit(who, tweets, u, t, a, x, offence)))
        if follows:
            out[i, FOLLOW] = 0.0
        out[i, ANSWERED] = out[i, REPLY] * who.sociability[tweets.author[t]]


@kernel
def _cascade(step, offsets, top, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for b in range(len(offsets) - 1):
        chance = top
        for i in range(offsets[b], offsets[b + 1]):
            out[i] = chance
            chance *= step[i]


@inline_kernel
def _four(words, block, key, u, tweet_id, met):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Draws four of an impression's random numbers; one that nobody looks at needs the first block alone."""
    four = philox(np.uint64(block + 1), np.uint64(u), np.uint64(tweet_id), met, key[0], key[1])
    for j in range(4):
        words[4 * block + j] = unit(four[j])


@parallel_kernel
def _react(who, tweets, memory, edges, look, key, users, times, offsets, rows, actions, dwell, after, exposure):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for b in prange(len(users)):
        u, time, spent, staying = users[b], times[b], 0.0, True
        words = np.empty(_WORDS)
        for i in range(offsets[b], offsets[b + 1]):
            t, position = rows[i], i - offsets[b]
            seen = _seen(tweets, memory, u, t)
            met = np.uint64(time // DAY_US << 12 | seen)
            _four(words, 0, key, u, tweets.tweet_id[t], met)
            if look[4] > 0.0:
                looked = staying and (position > 0 or words[0] < look[0])
            else:
                looked = words[0] < look[0] * np.exp(-position / look[1])
            done, rest = 0, 150.0
            if looked and not tweets.deleted[t] and tweets.author[t] != u:
                for block in range(1, _WORDS // 4):
                    _four(words, block, key, u, tweets.tweet_id[t], met)
                follows = find_edge(edges, u, tweets.author[t]) >= 0
                x = _attraction(who, tweets, memory, edges, u, t, time, follows, seen)
                offence = 1.0 * (tweets.toxicity[t] > 0) + (tweets.style[t] == SPAM)
                for a in range(ANSWERED):
                    z, luck = _logit(who, tweets, u, t, a, x, offence), words[1 + a]
                    # 1 / (1 + exp(-z)) < 0.05 below -2.95: most draws need no exponential.
                    if (z > -2.95 or luck < 0.05) and luck * (1.0 + np.exp(-z)) < 1.0:
                        done |= 1 << a
                if follows:
                    done &= ~(1 << FOLLOW)
                rest = 700.0 - 1200.0 * (0.5 + 1.0 / (1.0 + np.exp(2.0 - x))) * np.log1p(-words[13])
                if done:
                    rest += 1500.0 - 3000.0 * np.log1p(-words[14])
            if look[4] > 0.0:
                staying = looked and words[0] < (look[3] if done else look[2]) * (look[0] if position == 0 else 1.0)
            spent += rest * 1000.0 + 900_000.0
            actions[i], dwell[i], after[i], exposure[i] = done, min(rest, 600_000.0), spent, seen
