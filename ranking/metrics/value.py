"""Slates against the truth: what they are worth, and what the best slate would have been worth.

Values come in as an array, one a candidate: by the truth of a made world, or by an estimate of it. There are two: the
engagement to expect (`true_value`), and how glad readers are to have seen it (`true_welfare`).
"""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Array, Ragged
from data.errors import DataError
from ranking.metrics.arrays import refuse_nan, request_sums
from ranking.metrics.metric import RequestMetric
from ranking.metrics.ranked import Ranked
from ranking.slate.topk import top_k


def slate_value(values: Array, slates: Ragged, looked: Array | None = None) -> F64:
    """[B] expected value of each slate: sum over places i of looked_i x value of what stands there; 0 for an empty one.

    `values` is [N], `slates` holds rows of it, best first. `looked` is [k], the probability that place i is looked at;
    1 everywhere when None.

    Raises:
        DataError: a NaN value, or a slate longer than `looked`.
    """
    refuse_nan(values, "value")
    worth = np.asarray(values, np.float64)[slates.values]
    if looked is not None:
        place = np.arange(len(worth)) - np.repeat(slates.offsets[:-1], slates.lengths)
        if place.max(initial=-1) >= len(looked):
            raise DataError(
                f"a slate of {place.max() + 1} places for {len(looked)} attentions", remedy="give one a place"
            )
        worth = worth * np.asarray(looked, np.float64)[place]
    return request_sums(worth, slates.offsets)


def regret(values: Array, offsets: I64, slates: Ragged, looked: Array | None = None) -> F64:
    """[B] the oracle's value less the slate's, at least 0; 0 where there is nothing to choose.

    The oracle knows `values` [N] and fills as many places as the slate has, with the best of the request's candidates
    first. That is the best any slate of this length can do, for `looked` that never rises from place to place.

    Raises:
        DataError: a NaN value, a slate longer than `looked`, or attention below 0 or rising.
    """
    if looked is not None and len(looked) and (np.diff(looked, append=0.0) > 0).any():
        raise DataError("attention rises from one place to the next or is below 0", remedy="give it falling, >= 0")
    refuse_nan(values, "value")
    best = top_k(values, offsets, int(slates.lengths.max(initial=0)))
    keep = np.arange(len(best.values)) - np.repeat(best.offsets[:-1], best.lengths) < slates.lengths[best.owner]
    cut = Ragged.from_mask(best.offsets, keep)
    oracle = Ragged(cut.offsets, best.values[cut.values])
    # Never below 0: a slate as good as the oracle's may sum to more in another order.
    return np.maximum(slate_value(values, oracle, looked) - slate_value(values, slates, looked), 0.0)


def _value(ranked: Ranked) -> F64:
    refuse_nan(ranked.column("score"), "score")
    values: F64 = ranked.in_places(ranked.column("true_value")).sum(axis=1).astype(np.float64)
    return values


def _welfare(ranked: Ranked) -> F64:
    refuse_nan(ranked.column("score"), "score")
    refuse_nan(ranked.column("true_welfare"), "welfare")
    welfare: F64 = ranked.in_places(ranked.column("true_welfare")).sum(axis=1).astype(np.float64)
    return welfare


def _regret(ranked: Ranked) -> F64:
    refuse_nan(ranked.column("score"), "score")
    return regret(ranked.column("true_value"), ranked.batch.offsets, ranked.slates)


VALUE = RequestMetric("true_value", ("score", "true_value"), _value)
WELFARE = RequestMetric("true_welfare", ("score", "true_welfare"), _welfare)
REGRET = RequestMetric("regret", ("score", "true_value"), _regret, whole=True)
