"""How people react to a tweet they are shown: closed-form logits of every action, examination, and draws.

The attraction of tweet t for user u at a time is
    eagerness + interest x match(u, t) + affinity x style(u).style(author) + bond x personal(u, author)
    + quality x quality(t) + following x (u follows the author)
    + freshness x exp(-age / freshness_us) + (news + urgency x z(t)) x exp(-age / news_us) + media x (t carries any)
    + social_proof x log1p(followed engagers) + popularity x log1p(likes)
    + susceptibility(u) x (bait x (bait(t) - MEAN_BAIT) + outrage x (outrage(t) - MEAN_OUTRAGE)
                           + provocation x (t is toxic))
    + usefulness x (usefulness(t) - MEAN_USEFULNESS) + friends x (u and the author follow each other)
    - foreign x (the author's language is not u's) - toxic x (t is toxic)
    - fatigue x f / (f + 60) - boredom x b / (b + 10) - repetition x exposures,
where the weights are the fields of `behaviour_parameters.Weights`, and
- match: the taste for the tweet's two topics, weighed by `share` and 1 - `share`. Taste in a topic with interest w is
  w' / (w' + TASTE_HALF), w' = w (1 + drift sin(drift_rate x time + phase)), time since 1970 UTC. The phase of a user
  and a topic is one of 1024 even steps of a turn, the upper 10 bits of a hash of n = 64 u + topic, modulo 2^64: n times
  0x9E3779B97F4A7C15, exclusive-or with itself shifted right by 29, times 0xBF58476D1CE4E5B9.
- personal: the sum of four uniform numbers of the stream "bond" of (u, author), less 2, times sqrt(3).
- age: since the tweet was posted, never below 0, times exp(pace x z). The z of a tweet has mean 0 and standard
  deviation 1: the sum of the four 16-bit numbers that a hash of its id h is made of, each over 65536, less 2, times
  sqrt(3). h is the id times 0x9E3779B97F4A7C15, exclusive-or with itself shifted right by 29, times
  0xBF58476D1CE4E5B9, exclusive-or with itself shifted right by 32, modulo 2^64.
- followed engagers: of the last ENGAGERS people who liked, answered,
  retweeted or quoted it, those whom u follows; a user who is among them is not added again. Likes: all so far.
- f: the sum over u's impressions so far of exp(-age / fatigue_us); b: the same over those that have the main topic of
  t. Exposures: all impressions of t by u so far.

An action's logit, with the fields of `Logit`, is
    base + slope x attraction + offence_slope x (1 if toxic, and 1 if spam) + the user's own leaning
    + virality_slope x virality x virality(t) + outrage_slope x (outrage(t) - MEAN_OUTRAGE).
Given that the tweet is looked at, actions are independent, except that a user does not follow an author again, and
that only a reply can be answered by the author, with the author's sociability as probability. Nobody acts on their own
tweet or on a deleted one. Looking depends on the position alone, or is a cascade down the slate (see `examination`).

A tweet that is not looked at is on the screen for 150 ms; one that is looked at for
700 + 1200 (0.5 + sigmoid(attraction - 2)) e ms with an exponential e, and 1500 + 3000 e' more if any action is done. At
most 600 s are logged. Scrolling on takes another 900 ms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from data.batch import F64, I64, Array
from data.events import DAY_US
from data.kernel import inline_kernel, kernel, parallel_kernel
from data.rng import philox, unit
from data.schema import ACTION_CODE
from data.synthetic.attributes import MEAN_BAIT, MEAN_OUTRAGE, MEAN_USEFULNESS, SPAM
from data.synthetic.behaviour_parameters import BehaviourParameters, Examination
from data.synthetic.follow_set import has_edge
from data.synthetic.pair_counts import count_of
from data.synthetic.people import TASTE_HALF, WORLD_ACTIONS
from data.synthetic.state_columns import DISTINCT, LIKES, Known

REPLY, FOLLOW, ANSWERED = (ACTION_CODE[name] for name in ("reply", "follow_author", "reply_answered"))
_WORDS = 16
"""Random numbers an impression takes: examination, one an action but the last, two for dwell."""


def probabilities(parameters: BehaviourParameters, state: Known, users: I64, tweets: I64, times_us: I64) -> F64:
    """[N, A] probability of each action given that the tweet is looked at, for user rows and tweet rows at times."""
    out = np.empty((len(users), len(WORLD_ACTIONS)))
    p = parameters
    _probabilities(
        p.traits, p.logits, p.weights, state.tweets, state.memory, state.exposures.pairs, state.follow_set.pairs,
        users, tweets, times_us, out,
    )  # fmt: skip
    return out


def examination(look: Examination, p: F64, offsets: I64, position: I64) -> F64:
    """[N] probability that each tweet of slates is looked at; request b owns rows offsets[b]:offsets[b + 1], top first.

    By position it is top x exp(-position / decay), independent of the others. By cascade it is `top` for the first, and
    the probability for the next is multiplied by `stay` or, after any action, by `stay_engaged`; `p` [N, A] are the
    probabilities of actions when looked at.
    """
    if not look.cascade:
        out: F64 = look.top * np.exp(-position / look.decay)
        return out
    acts = 1.0 - np.prod(1.0 - p[:, :ANSWERED], axis=1)
    step = look.stay * (1.0 - acts) + look.stay_engaged * acts
    out = np.empty(len(p))
    _cascade(step, offsets, look.top, out)
    return out


class Reactions(NamedTuple):
    """What happened to each impression; [N]."""

    actions: Array
    """uint16, bit a is set when action a was done; authors answer replies later, see `State`."""
    dwell_ms: Array
    """int32."""
    after_us: Array
    """float64, microseconds from the request until the user scrolls on from it."""
    exposure: Array
    """int16, earlier impressions of the tweet by the user."""


def react(
    parameters: BehaviourParameters, state: Known, users: I64, times_us: I64, offsets: I64, tweets: I64
) -> Reactions:
    """Draws what people do with slates: request b of user row `users[b]` owns `tweets[offsets[b]:offsets[b + 1]]`.

    Draws are those of the stream "reaction" keyed by (user row, tweet id, 65536 x day since 1970 + exposures), another
    key for each impression, so the same user meets the same tweet for the n-th time of a day with the same random
    numbers whatever else happens: word 0 decides whether it is
    looked at (by cascade, when it was looked at, whether the next is), word 1 + a whether action a is done, words 13
    and 14 give the two exponentials of dwell. Runs on all threads that Numba may use; the draws do not depend on it.
    """
    n, p = len(tweets), parameters
    out = Reactions(np.empty(n, np.uint16), np.empty(n, np.int32), np.empty(n), np.empty(n, np.int16))
    _react(
        p.traits, p.logits, p.weights, p.examination, p.reaction_key, state.tweets, state.memory,
        state.exposures.pairs, state.follow_set.pairs,
        users, times_us, offsets, tweets, out.actions, out.dwell_ms, out.after_us, out.exposure,
    )  # fmt: skip
    return out


@inline_kernel
def seen_before(tweets, memory, exposures, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Earlier impressions of a tweet; none of what was posted since the person last looked."""
    count = np.int64(0)
    if tweets.time_us[t] < memory.fatigue_us[u]:
        count = count_of(exposures, u, t)
    return count


@inline_kernel
def bond_of(key, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Personal liking of an author: mean 0, standard deviation 1."""
    w = philox(np.uint64(1), np.uint64(u), np.uint64(v), np.uint64(0), key[0], key[1])
    return (unit(w[0]) + unit(w[1]) + unit(w[2]) + unit(w[3]) - 2.0) * 1.7320508075688772


@inline_kernel
def _pace_of(tweet_id):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How fast a tweet ages: mean 0, standard deviation 1."""
    mixed = np.uint64(tweet_id) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    low = np.uint64(0xFFFF)
    total = (mixed & low) + ((mixed >> np.uint64(16)) & low) + ((mixed >> np.uint64(32)) & low)
    return (np.float64(total + (mixed >> np.uint64(48))) / 65536.0 - 2.0) * 1.7320508075688772


@inline_kernel
def _taste(traits, w, u, k, time):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How much a topic pleases a user at a time, in [0, 1)."""
    mixed = np.uint64(u * 64 + k) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    phase = np.float64(mixed >> np.uint64(54)) * 0.006135923151542565
    liked = traits.interests[u, k] * (1.0 + w.drift * np.sin(w.drift_rate * time + phase))
    return liked / (liked + TASTE_HALF)


@inline_kernel
def _attraction(traits, w, tweets, memory, edges, u, t, time, follows, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The attraction as in the docstring of the module, term by term; `w` are the `Weights`."""
    v, share, k = tweets.author[t], tweets.share[t], tweets.topic[t, 0]
    match = _taste(traits, w, u, k, time)
    if share < 1.0:
        match = share * match + (1.0 - share) * _taste(traits, w, u, tweets.topic[t, 1], time)
    close = 0.0
    for j in range(traits.style.shape[1]):
        close += traits.style[u, j] * traits.style[v, j]
    pace = _pace_of(tweets.tweet_id[t])
    age = max(time - tweets.time_us[t], 0) * np.exp(w.pace * pace)
    x = w.eagerness + w.interest * match + w.affinity * close + w.bond * bond_of(traits.bond_key, u, v)
    x = x + w.quality * tweets.quality[t] + w.following * follows
    if follows and has_edge(edges, v, u):
        x += w.friends
    pull = w.bait * (tweets.bait[t] - MEAN_BAIT) + w.outrage * (tweets.outrage[t] - MEAN_OUTRAGE)
    pull += w.provocation * (tweets.toxicity[t] > 0)
    x += traits.susceptibility[u] * pull + w.usefulness * (tweets.usefulness[t] - MEAN_USEFULNESS)
    fresh = w.freshness * np.exp(-age / w.freshness_us)
    news = (w.news + w.urgency * pace) * np.exp(-age / w.news_us)
    x += fresh + news + w.media * (tweets.media[t] > 0)
    proof = 0
    for j in range(min(tweets.counts[t, DISTINCT], tweets.engagers.shape[1])):
        proof += has_edge(edges, u, tweets.engagers[t, j])
    if proof:
        x += w.social_proof * np.log1p(float(proof))
    if tweets.counts[t, LIKES]:
        x += w.popularity * np.log1p(float(tweets.counts[t, LIKES]))
    x -= w.foreign * (traits.language[u] != traits.language[v]) + w.toxic * (tweets.toxicity[t] > 0)
    faded = np.exp(-max(time - memory.fatigue_us[u], 0) / w.fatigue_us)
    f, b = memory.fatigue[u] * faded, memory.bored[u, k] * faded
    return x - w.fatigue * f / (f + 60.0) - w.boredom * b / (b + 10.0) - w.repetition * seen


@inline_kernel
def _offence(tweets, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    return 1.0 * (tweets.toxicity[t] > 0) + (tweets.style[t] == SPAM)


@inline_kernel
def _logit(traits, logits, w, tweets, u, t, a, x, offence):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The logit of action `a` for the attraction `x`."""
    z = logits.base[a] + logits.slope[a] * x + logits.offence_slope[a] * offence + traits.leaning[u, a]
    z += logits.outrage_slope[a] * (tweets.outrage[t] - MEAN_OUTRAGE)
    return z + logits.virality_slope[a] * w.virality * tweets.virality[t]


@parallel_kernel
def _probabilities(  # type: ignore[no-untyped-def]
    traits, logits, weights, tweets, memory, exposures, edges, users, rows, times, out
):  # pragma: no cover - compiled
    for i in prange(users.shape[0]):
        u, t = users[i], rows[i]
        if tweets.deleted[t] or tweets.author[t] == u:
            out[i] = 0.0
            continue
        follows, seen = has_edge(edges, u, tweets.author[t]), seen_before(tweets, memory, exposures, u, t)
        x = _attraction(traits, weights, tweets, memory, edges, u, t, times[i], follows, seen)
        offence = _offence(tweets, t)
        for a in range(ANSWERED):
            out[i, a] = 1.0 / (1.0 + np.exp(-_logit(traits, logits, weights, tweets, u, t, a, x, offence)))
        if follows:
            out[i, FOLLOW] = 0.0
        out[i, ANSWERED] = out[i, REPLY] * traits.sociability[tweets.author[t]]


@kernel
def _cascade(step, offsets, top, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for b in range(len(offsets) - 1):
        probability = top
        for i in range(offsets[b], offsets[b + 1]):
            out[i] = probability
            probability *= step[i]


@inline_kernel
def _four(words, block, key, u, tweet_id, met):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Draws four of an impression's random numbers; one that is not looked at needs the first block alone."""
    four = philox(np.uint64(block + 1), np.uint64(u), np.uint64(tweet_id), met, key[0], key[1])
    for j in range(4):
        words[4 * block + j] = unit(four[j])


@parallel_kernel
def _react(  # type: ignore[no-untyped-def]
    traits, logits, weights, look, key, tweets, memory, exposures, edges, users, times, offsets, rows,
    actions, dwell, after, exposure,
):  # fmt: skip  # pragma: no cover - compiled
    """Fills the four columns of `Reactions`: those are arguments themselves, since `prange` writes to no other."""
    for b in prange(len(users)):
        u, time, spent, staying = users[b], times[b], 0.0, True
        words = np.empty(_WORDS)
        for i in range(offsets[b], offsets[b + 1]):
            t, position = rows[i], i - offsets[b]
            seen = seen_before(tweets, memory, exposures, u, t)
            met = np.uint64(time // DAY_US << 16 | seen)
            _four(words, 0, key, u, tweets.tweet_id[t], met)
            if look.cascade:
                looked = staying and (position > 0 or words[0] < look.top)
            else:
                looked = words[0] < look.top * np.exp(-position / look.decay)
            done, rest = 0, 150.0
            if looked and not tweets.deleted[t] and tweets.author[t] != u:
                for block in range(1, _WORDS // 4):
                    _four(words, block, key, u, tweets.tweet_id[t], met)
                follows = has_edge(edges, u, tweets.author[t])
                x = _attraction(traits, weights, tweets, memory, edges, u, t, time, follows, seen)
                offence = _offence(tweets, t)
                for a in range(ANSWERED):
                    z, draw = _logit(traits, logits, weights, tweets, u, t, a, x, offence), words[1 + a]
                    # 1 / (1 + exp(-z)) < 0.05 below -2.95: most draws need no exponential.
                    if (z > -2.95 or draw < 0.05) and draw * (1.0 + np.exp(-z)) < 1.0:
                        done |= 1 << a
                if follows:
                    done &= ~(1 << FOLLOW)
                rest = 700.0 - 1200.0 * (0.5 + 1.0 / (1.0 + np.exp(2.0 - x))) * np.log1p(-words[13])
                if done:
                    rest += 1500.0 - 3000.0 * np.log1p(-words[14])
            if look.cascade:
                stay = (look.stay_engaged if done else look.stay) * (look.top if position == 0 else 1.0)
                staying = looked and words[0] < stay
            spent += rest * 1000.0 + 900_000.0
            actions[i], dwell[i], after[i], exposure[i] = done, min(rest, 600_000.0), spent, seen
