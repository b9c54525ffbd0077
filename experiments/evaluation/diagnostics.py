"""The numbers behind an evaluation's plots: calibration by action, precision against recall, gain by segment of users.

All are of rows that the models were not fitted on: the impressions and the requests of the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from data.batch import F64, Array
from data.schema import ACTIONS
from experiments.evaluation.measurements import Measured
from experiments.evaluation.protocols.protocol import PROBABILITY
from experiments.evaluation.segments import rows_by_segment
from experiments.statistics.paired import RESAMPLES, Difference, Interval, paired_difference
from ranking.metrics.calibration import (
    BINS,
    CalibrationCurve,
    calibration_curve,
    calibration_error,
    expected_over_observed,
)
from ranking.metrics.classification import pr_auc

GAINS = ("ndcg", "true_value", "true_welfare")
"""What a gain is measured in, where an evaluation has it."""

LEAST_TAKEN = 20
"""Impressions with an action from which on its calibration is looked at."""


@dataclass(frozen=True)
class Reliability:
    """What was promised of one action against what came, bin by bin, by ascending probability."""

    curve: CalibrationCurve
    low: F64
    high: F64
    """[M] Wilson's 95% interval of each observed share, as if impressions were independent of each other."""
    error: float
    """Expected calibration error over these bins."""
    ratio: float
    """Expected / observed over all: above 1 promises too much."""
    taken: int
    """Impressions with the action."""


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision at each recall, from the best score down; tied scores enter together."""

    recall: F64
    precision: F64
    """[T + 1] by threshold. The first point, at recall 0, has the precision of the highest score."""
    area: Interval
    """`ranking.metrics.classification.pr_auc`, with a percentile bootstrap over users."""
    rate: float
    """Share of positives: the precision of chance."""


@dataclass(frozen=True)
class Gain:
    """A paired difference over the users of one segment."""

    dimension: str
    segment: str
    difference: Difference


@dataclass(frozen=True)
class Curves:
    """What is drawn of one evaluated model."""

    calibration: Mapping[str, Reliability]
    """By action."""
    precision_recall: PrecisionRecall | None
    base: str
    """What it gains over; empty where nothing else was evaluated."""
    gains: Mapping[str, Sequence[Gain]]
    """By metric; no metric without a base."""

    def numbers(self) -> dict[str, float]:
        """As a run's metrics."""
        out: dict[str, float] = {}
        for action, one in self.calibration.items():
            out |= {f"calibration_error_{action}": one.error, f"expected_over_observed_{action}": one.ratio}
        if self.precision_recall is not None:
            area = self.precision_recall.area
            out |= {"pr_auc": area.mean, "pr_auc_low": area.low, "pr_auc_high": area.high}
        return out


def curves_of(
    measured: Mapping[str, Measured], bases: Sequence[str], users: pl.DataFrame, *, seed: int
) -> dict[str, Curves]:
    """The curves of each model by reference. A model gains over the first of `bases` that is not itself."""
    frames = {reference: one.request_frame() for reference, one in measured.items()}
    out = {}
    for reference, one in measured.items():
        shown = one.impression_frame() if one.impressions else None
        calibration = reliabilities(shown) if shown is not None else {}
        areas = None
        if shown is not None:
            columns = [shown[name].to_numpy() for name in ("score", "label", "user_id")]
            areas = precision_recall(*columns, seed=seed)
        base = next((name for name in bases if name != reference), "")
        metrics = [name for name in GAINS if base and name in frames[reference].columns]
        gained = {name: gains(frames[reference], frames[base], users, name, seed=seed) for name in metrics}
        out[reference] = Curves(calibration, areas, base, {name: rows for name, rows in gained.items() if rows})
    return out


def wilson(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[F64, F64]:
    """Bounds of the shares `hits` / `n` [M], n > 0: Wilson's score interval (1927), which stays within 0 and 1.

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), with z the normal quantile of `level`.
    """
    from scipy.stats import norm

    size = np.asarray(n, np.float64)
    p, z = np.asarray(hits, np.float64) / size, float(norm.ppf(0.5 + level / 2))
    middle = p + z**2 / (2 * size)
    reach = z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    whole = 1 + z**2 / size
    return np.clip((middle - reach) / whole, 0, 1), np.clip((middle + reach) / whole, 0, 1)


def reliability(probabilities: Array, taken: Array, *, bins: int = BINS) -> Reliability:
    """Of probabilities [N] and what came [N] (above 0 for taken); equal probabilities share a bin."""
    curve = calibration_curve(probabilities, taken, bins=bins, by="quantile")
    low, high = wilson(curve.observed * curve.count, curve.count)
    error = calibration_error(probabilities, taken, bins=bins, by="quantile")
    ratio = expected_over_observed(probabilities, taken)
    return Reliability(curve, low, high, error, ratio, int((np.asarray(taken) > 0).sum()))


def reliabilities(shown: pl.DataFrame, *, least: int = LEAST_TAKEN) -> dict[str, Reliability]:
    """By action, of an action model's impressions as `Measured.impression_frame` has them.

    Left out are actions that fewer than `least` impressions had; empty for a scorer without probabilities.
    """
    return {action: reliability(p, taken) for action, p, taken in predicted_actions(shown, least=least)}


def predicted_actions(shown: pl.DataFrame, *, least: int = LEAST_TAKEN) -> Iterator[tuple[str, Array, Array]]:
    """Action, its probabilities [N] and 1 where it was taken [N], of the actions that `least` impressions had."""
    for name in shown.columns:
        action = name.removeprefix(PROBABILITY)
        if name == action:
            continue
        taken = (shown["acts"].to_numpy() >> ACTIONS.index(action)) & 1
        if taken.sum() >= least:
            yield action, shown[name].to_numpy(), taken


def precision_recall(
    scores: Array, labels: Array, users: Array, *, resamples: int = RESAMPLES, seed: int
) -> PrecisionRecall | None:
    """Of scores [N] and labels [N] (above 0 for positive) of `users` [N]; None where one class is absent."""
    positive = np.asarray(labels) > 0
    if positive.all() or not positive.any():
        return None
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ranked, hit = np.asarray(scores)[order], positive[order].astype(np.float64)
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    names, user = np.unique(np.asarray(users)[order], return_inverse=True)
    found = np.cumsum(hit)[ends]
    precision = found / (ends + 1)
    low, high = _area_bounds(hit, user, len(names), ends, resamples, seed)
    area = Interval(pr_auc(scores, labels), low, high, len(hit), len(names))
    recall = np.r_[0.0, found / found[-1]]
    return PrecisionRecall(recall, np.r_[precision[0], precision], area, float(positive.mean()))


def gains(ours: pl.DataFrame, base: pl.DataFrame, users: pl.DataFrame, metric: str, *, seed: int) -> list[Gain]:
    """Ours minus base in one metric, paired by request: over all users, then by segment, dimension after dimension.

    `ours` and `base` are as `Measured.request_frame` has them, `users` as `segments_of` gives it. A row needs
    `LEAST_USERS`; activity rises, other segments come by their number of users.
    """
    keys = ["request_id", "user_id"]
    pair = ours.select(*keys, ours=metric).join(base.select(*keys, base=metric), on=keys, maintain_order="left")
    pair = pair.filter(pl.col("ours").is_not_nan() & pl.col("base").is_not_nan())
    return [
        Gain(dimension, segment, paired_difference(part["ours"], part["base"], part["user_id"], seed=seed))
        for dimension, segment, part in rows_by_segment(pair, users)
    ]


def _area_bounds(
    hit: F64, user: Array, users: int, ends: Array, resamples: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Percentiles of the area over users drawn with replacement; NaN for one user.

    Rows [N] come by falling score. A drawn user's rows count as often as the user was drawn: nothing is sorted again.
    """
    if users < 2:
        return float("nan"), float("nan")
    rng = np.random.Generator(np.random.PCG64(seed))
    areas = np.full(resamples, np.nan)
    for at in range(resamples):
        weight = np.bincount(rng.integers(0, users, users), minlength=users)[user]
        found, entered = np.cumsum(weight * hit)[ends], np.cumsum(weight)[ends]
        if found[-1]:
            # Nothing has entered where no user of the highest scores was drawn; nothing was found there either.
            areas[at] = (np.diff(found, prepend=0.0) * found / np.maximum(entered, 1)).sum() / found[-1]
    low, high = np.nanquantile(areas, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
