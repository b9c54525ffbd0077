"""Plackett-Luce: slates drawn with probabilities that follow from the scores, and those probabilities.

Places are filled one after another, each by one of the candidates left, i with the probability

    w_i / sum of w over those left,        w = exp(score / temperature)

(Luce 1959, Plackett 1975). A place's propensity is that probability, given the places before it; their product is the
slate's. Adding independent Gumbel noise to score / temperature and sorting draws such a slate at once.

The probability that candidate i stands at place j, whatever stands before it, is a sum over all beginnings. With
independent clocks T_i ~ Exp(w_i), the order in which they ring is the same draw, so it is an integral over the time t
at which i rings:

    P(i at j) = integral of w_i exp(-w_i t) * P(exactly j - 1 of the others have rung by t) dt

The sum of independent events under it costs O(n k) by convolution of those before and after i, and the integral, taken
by the trapezoidal rule in log t where it converges exponentially, is exact but for rounding (below 1e-9; the tests hold
it against the sum over all orders). It costs O(n k^2) a node and some five hundred nodes a request.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch, Ragged
from data.errors import ConfigError
from data.kernel import kernel
from data.rng import Stream
from ranking.slate.inputs import finite_scores
from ranking.slate.topk import top_k

_STEP = 0.1
"""Of the trapezoidal rule in log t: the error falls as exp(-pi^2 / step)."""
_LEAST_WEIGHT = -40.0
"""Log weights are cut off this far below the greatest of their request: a chance of 4e-18 a place."""


@dataclass(frozen=True)
class Sampled:
    """Slates with what they were drawn with."""

    slates: Ragged
    """Rows of the candidates, in order of place."""
    propensity: F64
    """[slates' rows] probability of each place's candidate, given the places before it."""

    @property
    def slate_propensity(self) -> F64:
        """[B] probability of each whole slate; 1 for an empty one."""
        out = np.ones(len(self.slates))
        np.multiply.at(out, self.slates.owner, self.propensity)
        return out


class PlackettLuce:
    """A selector that draws; the draws of a request depend on the seed, its `request_id` and the tweets alone."""

    reads: tuple[str, ...] = ("score", "request_id", "tweet_id")

    def __init__(self, seed: int, temperature: float = 1.0) -> None:
        """`temperature` > 0 divides the scores: towards 0 the best k, the larger the more even."""
        _check(temperature)
        self.temperature = temperature
        self.stream = Stream(seed, "plackett-luce")

    def sample(self, batch: CandidateBatch, k: int) -> Sampled:
        """At most `k` a request, with their propensities."""
        uniform = self.stream.uniform(batch.column("request_id"), batch.column("tweet_id"))[:, 0]
        return sample(batch.column("score"), batch.offsets, k, uniform, temperature=self.temperature)

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request."""
        return self.sample(batch, k).slates


def sample(scores: Array, offsets: I64, k: int, uniform: F64, *, temperature: float = 1.0) -> Sampled:
    """Draws a slate of at most `k` for each request.

    `scores` is [N], `offsets` [B + 1], `uniform` [N] independent numbers in [0, 1), one a candidate.

    Raises:
        ConfigError: `k` is negative or the temperature not above 0.
        DataError: a score that is not finite, or arrays of different lengths.
    """
    logits, offsets = _logits(scores, offsets, temperature)
    # The least number that float64 knows above 0 stands for 0, so that its logarithm is finite.
    gumbel = -np.log(-np.log(np.maximum(uniform, np.finfo(np.float64).tiny)))
    slates = top_k(logits + gumbel, offsets, k)
    return Sampled(slates, _given_prefix(logits, offsets, slates))


def propensities(scores: Array, offsets: I64, slates: Ragged, *, temperature: float = 1.0) -> F64:
    """[slates' rows] probability of each place of given slates, given the places before it.

    Raises:
        ConfigError: the temperature is not above 0.
        DataError: a score that is not finite, or arrays of different lengths.
    """
    logits, offsets = _logits(scores, offsets, temperature)
    return _given_prefix(logits, offsets, slates)


def marginals(scores: Array, offsets: I64, k: int, *, temperature: float = 1.0) -> F64:
    """[N, k] probability that each candidate stands at each of the first `k` places of its request.

    Every place that a request can fill sums to 1 over its candidates; those beyond are 0. A score so far below the best
    that its weight is under exp(-40) of it counts as if it were that.

    Raises:
        ConfigError: `k` is negative or the temperature not above 0.
        DataError: a score that is not finite, or arrays of different lengths.
    """
    if k < 0:
        raise ConfigError(f"k is {k}", remedy="take 0 or more")
    logits, offsets = _logits(scores, offsets, temperature)
    out = np.zeros((len(logits), k))
    if k:
        _integrate(np.maximum(logits, _LEAST_WEIGHT), offsets, _STEP, out)
    return out


def _check(temperature: float) -> None:
    if not 0 < temperature < np.inf:
        raise ConfigError(f"temperature is {temperature}", remedy="take a number above 0")


def _logits(scores: Array, offsets: I64, temperature: float) -> tuple[F64, I64]:
    """[N] score / temperature less the greatest of the request."""
    _check(temperature)
    values, offsets = finite_scores(scores, offsets, "Plackett-Luce")
    filled = np.diff(offsets) > 0
    best = np.zeros(len(offsets) - 1)
    if len(values):
        best[filled] = np.maximum.reduceat(values, offsets[:-1][filled])
    return (values - np.repeat(best, np.diff(offsets))) / temperature, offsets


def _given_prefix(logits: F64, offsets: I64, slates: Ragged) -> F64:
    out = np.empty(len(slates.values))
    _prefix(logits, offsets, slates.offsets, slates.values, out)
    return out


@kernel
def _prefix(logits: F64, offsets: I64, out_offsets: I64, rows: I64, out: F64) -> None:
    for b in range(len(offsets) - 1):
        low, high = offsets[b], offsets[b + 1]
        start, end = out_offsets[b], out_offsets[b + 1]
        shown = np.zeros(high - low, np.bool_)
        for row in rows[start:end]:
            shown[row - low] = True
        # From the last place back, the log of the sum of what is left only grows: nothing is ever subtracted.
        left = -np.inf
        for i in range(low, high):
            if not shown[i - low]:
                left = np.logaddexp(left, logits[i])
        for place in range(end - 1, start - 1, -1):
            left = np.logaddexp(left, logits[rows[place]])
            out[place] = np.exp(logits[rows[place]] - left)


@kernel
def _integrate(logits: F64, offsets: I64, step: float, out: F64) -> None:
    k = out.shape[1]
    for b in range(len(offsets) - 1):
        low, high = offsets[b], offsets[b + 1]
        n = high - low
        if n == 0:
            continue
        weights = np.exp(logits[low:high])
        # Outside, the integrand is below 1e-17: no clock has rung, or all have.
        first, last = np.log(1e-18 / weights.sum()), np.log(45.0 / weights.min())
        after = np.zeros((n + 1, k))
        before = np.empty(k)
        for node in range(int((last - first) / step) + 1):
            t = np.exp(first + node * step)
            # after[i, j]: chance that exactly j of the candidates from i on have rung by t.
            after[n, :] = 0.0
            after[n, 0] = 1.0
            for i in range(n - 1, -1, -1):
                silent = np.exp(-weights[i] * t)
                after[i, 0] = silent * after[i + 1, 0]
                for j in range(1, k):
                    after[i, j] = silent * after[i + 1, j] + (1.0 - silent) * after[i + 1, j - 1]
            before[:] = 0.0
            before[0] = 1.0
            for i in range(n):
                silent = np.exp(-weights[i] * t)
                rings = step * weights[i] * t * silent
                for j in range(k):
                    total = 0.0
                    for one in range(j + 1):
                        total += before[one] * after[i + 1, j - one]
                    out[low + i, j] += rings * total
                for j in range(k - 1, 0, -1):
                    before[j] = silent * before[j] + (1.0 - silent) * before[j - 1]
                before[0] *= silent
