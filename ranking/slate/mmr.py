"""Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), incremental: at most O(k n D) a request.

Each place goes to the candidate with the largest

    relevance_weight * relevance - (1 - relevance_weight) * max over chosen c of cos(candidate, c)

where relevance is the score min-max scaled within the request (0 where all scores are equal) and the penalty of the
first place is 0. Ties go to the lower row. Cosines are float32, all else float64.

A candidate's penalty never falls while the slate grows, so what it was worth when it was last looked at bounds what it
is worth now: only candidates whose bound reaches the best of this place are compared with what was chosen since. The
choice is that of the full computation.

Other libraries' "diversity d" is not our `1 - d`. pyversity's MMR at d = 0.3 takes scores as they come where ours are
scaled to 0..1, so that its balance follows the scores' unit, and takes a cosine below 0 for 0 where ours rewards it.
The two agree on one scale: scores scaled to 0..1, and vectors without negative cosines. Any unit vectors become such by
one more coordinate of 1, which makes of a cosine c (1 + c) / 2; with scores scaled to 0..1 / 2 beside it, half of our
sum less a constant is theirs.
"""

from __future__ import annotations

import numpy as np

from data.batch import F32, F64, I64, Array, Mask, Ragged
from data.kernel import kernel, sum_kernel
from ranking.slate.diverse import Diversifier, by_score_after, diversified

_LEAST_COSINE = -1.001
"""Below any cosine that float32 gives."""


def mmr(
    scores: Array, vectors: Array, offsets: I64, k: int, *, relevance_weight: float = 0.7, depth: int = 20
) -> Ragged:
    """Rows [N]-numbered of the slate of each request, best first; a request of fewer than `k` gives all it has.

    `scores` is [N], `vectors` [N, D] of any length (they are scaled to unit vectors), `offsets` [B + 1].

    Raises:
        ConfigError: `k` or `depth` is negative or the weight outside 0..1.
        DataError: a score or a vector that is not finite, or arrays of different lengths.
    """
    return diversified("MMR", _fill, scores, vectors, offsets, k, relevance_weight=relevance_weight, depth=depth)


class MMR(Diversifier):
    """A selector that trades relevance against likeness to what is already chosen."""

    rule = staticmethod(mmr)


@kernel
def _fill(
    relevance: F64, unit: F32, offsets: I64, out: I64, by_score: I64, weight: float, depth: int, rows: I64
) -> None:
    """Overwrites `rows`, the slates by score, with those by MMR."""
    for b in range(len(offsets) - 1):
        low, high = offsets[b], offsets[b + 1]
        slate = rows[out[b] : out[b + 1]]
        places = min(len(slate), depth)
        if places == 0:
            continue
        taken = _choose(relevance[low:high], unit[low:high], weight, slate[:places])
        by_score_after(places, slate, taken, by_score[out[b] : out[b + 1]], low)


@kernel
def _choose(relevance: F64, unit: F32, weight: float, chosen: I64) -> Mask:
    """Fills `chosen` with places of one request's candidates; returns [n] which were taken."""
    n, variety = len(relevance), 1.0 - weight
    taken = np.zeros(n, np.bool_)
    alike = np.full(n, np.float32(_LEAST_COSINE))
    seen = np.zeros(n, np.int64)
    bound = weight * relevance
    chosen[0] = int(np.argmax(bound))
    bound -= variety * _LEAST_COSINE
    picked = np.empty((len(chosen), unit.shape[1]), np.float32)
    for place in range(1, len(chosen)):
        last = chosen[place - 1]
        taken[last] = True
        bound[last] = -np.inf
        picked[place - 1] = unit[last]
        # Beginning with the highest bound raises the bar early; the walk after it finds whatever stands above.
        best = int(np.argmax(bound))
        value = _renew(best, place, relevance, unit, picked, weight, alike, seen)
        bound[best] = value
        for i in range(n):
            if bound[i] < value:
                continue
            if seen[i] < place and not taken[i]:
                bound[i] = _renew(i, place, relevance, unit, picked, weight, alike, seen)
            if bound[i] > value or (bound[i] == value and i < best):
                best, value = i, bound[i]
        chosen[place] = best
    taken[chosen[len(chosen) - 1]] = True
    return taken


@kernel
def _renew(i: int, place: int, relevance: F64, unit: F32, picked: F32, weight: float, alike: F32, seen: I64) -> float:
    """What a candidate is worth beside the `place` chosen ones, compared with those that it has not yet seen."""
    for one in range(seen[i], place):
        alike[i] = max(alike[i], _dot(unit[i], picked[one]))
    seen[i] = place
    value: float = weight * relevance[i] - (1.0 - weight) * alike[i]
    return value


@sum_kernel
def _dot(a: F32, b: F32) -> np.float32:
    total = np.float32(0.0)
    for d in range(len(a)):
        total += a[d] * b[d]
    return total
