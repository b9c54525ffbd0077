"""Whether probabilities mean what they say. A label above 0 is positive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from data.batch import F64, I64, Array
from data.errors import ConfigError, DataError
from ranking.metrics.arrays import refuse_nan
from ranking.metrics.classification import checked_probabilities
from ranking.metrics.metric import ActionMetric

Bins = Literal["uniform", "quantile"]

BINS = 10
"""Bins of about equal count by which an evaluation judges calibration."""


@dataclass(frozen=True)
class CalibrationCurve:
    """The bins that hold a row, by ascending probability."""

    expected: F64
    """[M] mean probability."""
    observed: F64
    """[M] share of positives."""
    count: I64
    """[M] rows."""


def calibration_curve(probabilities: Array, labels: Array, *, bins: int = 10, by: Bins = "uniform") -> CalibrationCurve:
    """Mean probability against the share of positives, bin by bin; empty bins are left out.

    `uniform` cuts 0..1 into `bins` equal widths, `quantile` at the probabilities' own quantiles (interpolated linearly;
    bins between equal quantiles stay empty). A probability on an edge belongs to the bin below it, and equal
    probabilities always share a bin. scikit-learn has the same rules.

    Raises:
        ConfigError: no bin.
        DataError: a probability outside 0..1, a NaN label, or arrays of different lengths.
    """
    if bins < 1:
        raise ConfigError(f"{bins} bins", remedy="take at least 1")
    p, y = _checked(probabilities, labels)
    if not p.size:
        return CalibrationCurve(np.empty(0), np.empty(0), np.empty(0, np.int64))
    edges = np.linspace(0, 1, bins + 1)
    if by == "quantile":
        edges = np.percentile(p, edges * 100)
    place = np.searchsorted(edges[1:-1], p)
    count = np.bincount(place, minlength=bins)
    held = count > 0
    expected = np.bincount(place, weights=p, minlength=bins)[held] / count[held]
    observed = np.bincount(place, weights=y, minlength=bins)[held] / count[held]
    return CalibrationCurve(expected, observed, count[held])


def calibration_error(probabilities: Array, labels: Array, *, bins: int = 10, by: Bins = "uniform") -> float:
    """ECE: mean over rows of |expected - observed| of their bin (Naeini et al., AAAI 2015); NaN without rows."""
    curve = calibration_curve(probabilities, labels, bins=bins, by=by)
    if not curve.count.size:
        return float("nan")
    return float(np.average(np.abs(curve.expected - curve.observed), weights=curve.count))


def expected_over_observed(probabilities: Array, labels: Array) -> float:
    """Sum of probabilities / number of positives: 1 is calibrated at large, above 1 promises too much.

    NaN without a positive.
    """
    p, y = _checked(probabilities, labels)
    return float(p.sum() / y.sum()) if y.any() else float("nan")


CALIBRATION_ERROR = ActionMetric(
    "calibration_error", ("probability", "label"), partial(calibration_error, bins=BINS, by="quantile")
)
EXPECTED_OVER_OBSERVED = ActionMetric("expected_over_observed", ("probability", "label"), expected_over_observed)


def _checked(probabilities: Array, labels: Array) -> tuple[F64, F64]:
    if len(probabilities) != len(labels):
        raise DataError(
            f"{len(probabilities)} probabilities but {len(labels)} labels", remedy="give one label a probability"
        )
    refuse_nan(labels, "label")
    return checked_probabilities(probabilities), (np.asarray(labels) > 0).astype(np.float64)
