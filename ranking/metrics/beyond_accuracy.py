"""Beyond accuracy: variety and novelty of slates, how much of a catalogue is shown, and how unequally.

Slates are ragged: request b's rows `offsets[b]:offsets[b + 1]`, best first.
"""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array
from data.errors import DataError
from ranking.metrics.arrays import request_sums
from ranking.metrics.metric import ListMetric, RequestMetric
from ranking.metrics.ranked import Ranked


def intra_list_diversity(vectors: Array, offsets: I64) -> F64:
    """[B] mean over the pairs of a slate of 1 - cosine (Ziegler et al., WWW 2005); NaN below two items.

    `vectors` is [N, D] of any length; a zero vector has cosine 0 with everything. From |sum v|^2 = sum |v|^2 +
    2 sum over pairs of v_i.v_j, so that a slate of n costs O(n D).

    Raises:
        DataError: a vector with a number that is not finite, or too long to be measured.
    """
    vectors = np.asarray(vectors, np.float64)
    with np.errstate(over="ignore"):
        lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    if not (finite := np.isfinite(lengths[:, 0])).all():
        row = int(finite.argmin())
        raise DataError(f"vector in row {row} has length {lengths[row, 0]}", remedy="mend the model that made it")
    unit = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > 0)
    total = request_sums(unit, offsets)
    own = request_sums((unit**2).sum(axis=1), offsets)
    n = np.diff(offsets).astype(np.float64)
    alike = np.divide((total**2).sum(axis=1) - own, n * (n - 1), out=np.full(len(n), np.nan), where=n > 1)
    diversity: F64 = 1 - alike
    return diversity


def novelty(counts: Array, population: int, offsets: I64) -> F64:
    """[B] mean over a slate of -log2(share of the population that knows the item), in bits; NaN for an empty slate.

    Mean self-information (Zhou et al., PNAS 2010). `counts` is [N], how many of `population` people (or events) had to
    do with each item of the slates; an item that nobody knows counts as known to one, so that it stays finite.

    Raises:
        DataError: a count below 0 or above the population.
    """
    known = np.asarray(counts, np.float64)
    if known.size and not (known.min() >= 0 and known.max() <= population):
        raise DataError(
            f"counts span {known.min()} to {known.max()} of {population}", remedy="count people of the population"
        )
    bits = request_sums(-np.log2(np.maximum(known, 1) / max(population, 1)), offsets)
    n = np.diff(offsets)
    mean: F64 = np.divide(bits, n, out=np.full(len(n), np.nan), where=n > 0)
    return mean


def coverage(shown: Array, catalogue: int) -> float:
    """Share of a catalogue of `catalogue` items that appears at least once in `shown` (ids or rows); NaN if empty."""
    return len(np.unique(shown)) / catalogue if catalogue > 0 else float("nan")


def gini(counts: Array) -> float:
    """Gini coefficient of non-negative counts or exposures, items with 0 included: 0 all equal, towards 1 all to one.

    sum over i of (2 i - n - 1) x_i / (n sum x) with x ascending; NaN where nothing was counted.

    Raises:
        DataError: a count below 0 or NaN.
    """
    x = np.sort(np.asarray(counts, np.float64))
    n, total = len(x), x.sum()
    if (n and not x[0] >= 0) or np.isnan(total):
        raise DataError(f"counts begin with {x[0]} and sum to {total}", remedy="give numbers of at least 0")
    if n == 0 or total <= 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total))


def exposure(ids: Array, offsets: I64) -> tuple[Array, F64]:
    """Distinct `ids` ascending [G] and the attention that each receives [G], summed over slates.

    Place i (1 is the top) receives 1 / log2(i + 1), as in Singh and Joachims, KDD 2018. `ids` is [N], of items or of
    authors. For the inequality among a whole catalogue, give `gini` a zero for each of the others.
    """
    if len(ids) != int(offsets[-1]):
        raise DataError(f"{len(ids)} ids for {int(offsets[-1])} places", remedy="give one id a place")
    names, group = np.unique(ids, return_inverse=True)
    place = np.arange(len(ids)) - np.repeat(np.asarray(offsets)[:-1], np.diff(offsets))
    seen: F64 = np.bincount(group, weights=1 / np.log2(place + 2), minlength=len(names)).astype(np.float64)
    return names, seen


def author_exposure(authors: Array, offsets: I64) -> tuple[Array, F64]:
    """Distinct `authors` ascending [G] and their shares of all exposure [G], which sum to 1; empty without slates."""
    names, seen = exposure(authors, offsets)
    return names, seen / seen.sum() if len(seen) else seen


def shown_gini(ids: Array, among: int) -> float:
    """`gini` of how often each of `among` ids stands in `ids` [N]; those that never do count with 0.

    An id below 0 is none. NaN where there is no id.
    """
    return _gini_among(np.unique(ids[ids >= 0], return_counts=True)[1], among)


def exposure_gini(ids: Array, offsets: I64, among: int) -> float:
    """`gini` of the `exposure` of `among` ids, of items or of authors; those that stand in no slate count with 0.

    An id below 0 is none: its place gives no exposure to anyone. NaN where there is no id.
    """
    names, seen = exposure(ids, offsets)
    return _gini_among(seen[names >= 0], among)


def _diversity(ranked: Ranked) -> F64:
    return intra_list_diversity(ranked.column("tweet.embedding")[ranked.slates.values], ranked.slates.offsets)


def _novelty(ranked: Ranked) -> F64:
    population = int(ranked.column("population").max(initial=1))
    return novelty(ranked.column("popularity")[ranked.slates.values], population, ranked.slates.offsets)


DIVERSITY = RequestMetric("diversity", ("score", "tweet.embedding"), _diversity)
NOVELTY = RequestMetric("novelty", ("score", "popularity", "population"), _novelty)
COVERAGE = ListMetric("coverage", "tweet_id", lambda ids, offsets, among: coverage(ids, among))
GINI = ListMetric("gini", "tweet_id", lambda ids, offsets, among: shown_gini(ids, among))
EXPOSURE_GINI = ListMetric("exposure_gini", "tweet_id", exposure_gini)
AUTHOR_GINI = ListMetric("author_gini", "author_id", exposure_gini)


def _gini_among(counts: Array, among: int) -> float:
    return gini(np.r_[counts, np.zeros(among - len(counts))])
