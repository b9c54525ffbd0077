"""What looking at a tweet is worth to a person on reflection, whether or not they act on it: a closed form.

The welfare of tweet t for user u at a time, given that u looks at it, is tanh(z), in (-1, 1), with
    z = base + interest x match(u, t) + usefulness x usefulness(t) + quality x quality(t)
        + friends x (u and the author follow each other) + bond x personal(u, author) + novelty x novelty(u, t)
        - bait x bait(t) - outrage x outrage(t) - toxic x (t is toxic) - foreign x (the author's language is not u's)
        - repetition x exposures,
where the weights are the fields of `WelfareConfig`, personal and exposures are those of `behaviour`, and
- match: the reflective taste for the tweet's two topics, weighed by `share` and 1 - `share`. The reflective taste for a
  topic with weight w in `People.reflective` is w / (w + TASTE_HALF); unlike the impulsive taste it does not drift.
- novelty: 10 / (10 + b) for a tweet that u was never shown, with b as in `behaviour`: u's recent impressions of the
  tweet's main topic. It is 0 for a tweet that u was shown before.

0 is as good as not having looked; -1 and 1 are the worst and the best that a tweet can be. One's own tweet, or a
deleted one, has a welfare of 0.

Source: Kleinberg, Mullainathan and Raghavan, "The Challenge of Understanding What Users Want: Inconsistent Preferences
and Engagement Optimization", 2022. There an item has a value u for the impulsive and a value v for the reflective self
of a user; the first decides what the user does, the second is welfare, and they need not agree. Here u is the
attraction of `behaviour` and v is z: bait, outrage and insults raise the first and lower the second; usefulness and
friends do the reverse; tastes in topics agree in part.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from data.batch import F64, I64
from data.kernel import inline_kernel, parallel_kernel
from data.synthetic.behaviour import bond_of, seen_before
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.follow_set import has_edge
from data.synthetic.people import TASTE_HALF
from data.synthetic.state_columns import Known


def welfare(parameters: BehaviourParameters, state: Known, users: I64, tweets: I64, times_us: I64) -> F64:
    """[N] expected welfare of looking at tweet rows, for user rows at times, in [-1, 1].

    Runs on all threads that Numba may use.
    """
    out, p = np.empty(len(users)), parameters
    _welfare(
        p.traits, p.welfare, state.tweets, state.memory, state.exposures.pairs, state.follow_set.pairs, users, tweets,
        times_us, out,
    )  # fmt: skip
    return out


@inline_kernel
def _match(traits, tweets, u, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How much the topics of a tweet please a user on reflection, in [0, 1)."""
    share, w = tweets.share[t], traits.reflective[u, tweets.topic[t, 0]]
    match = w / (w + TASTE_HALF)
    if share < 1.0:
        w = traits.reflective[u, tweets.topic[t, 1]]
        match = share * match + (1.0 - share) * w / (w + TASTE_HALF)
    return match


@inline_kernel
def _argument(traits, w, tweets, memory, edges, u, t, time, seen):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """z as in the docstring of the module, term by term; `w` are the `WelfareWeights`."""
    v = np.int64(tweets.author[t])
    z = w.base + w.interest * _match(traits, tweets, u, t) + w.bond * bond_of(traits.bond_key, u, v)
    z += w.usefulness * tweets.usefulness[t] + w.quality * tweets.quality[t]
    if has_edge(edges, u, v) and has_edge(edges, v, u):
        z += w.friends
    if seen == 0:
        faded = np.exp(-max(time - memory.fatigue_us[u], 0) / w.fatigue_us)
        z += w.novelty * 10.0 / (10.0 + memory.bored[u, tweets.topic[t, 0]] * faded)
    z -= w.bait * tweets.bait[t] + w.outrage * tweets.outrage[t] + w.toxic * (tweets.toxicity[t] > 0)
    return z - w.foreign * (traits.language[u] != traits.language[v]) - w.repetition * seen


@parallel_kernel
def _welfare(traits, w, tweets, memory, exposures, edges, users, rows, times, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in prange(users.shape[0]):
        u, t = users[i], rows[i]
        if tweets.deleted[t] or tweets.author[t] == u:
            out[i] = 0.0
        else:
            seen = seen_before(tweets, memory, exposures, u, t)
            out[i] = np.tanh(_argument(traits, w, tweets, memory, edges, u, t, times[i], seen))
