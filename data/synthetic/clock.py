"""The local clocks of activity on working days and at weekends: how much of a day happens by which hour."""

from __future__ import annotations

import numpy as np

from data.batch import F64

DIURNAL: F64 = np.array(
    [0.64, 0.39, 0.25, 0.18, 0.16, 0.22, 0.44, 0.80, 1.05, 1.08, 1.06, 1.10,
     1.22, 1.20, 1.12, 1.12, 1.16, 1.26, 1.38, 1.52, 1.64, 1.65, 1.46, 1.05]
)  # fmt: skip
"""[24] activity by local hour, peak to trough 10.3; retweets of what is fresh raise that of tweets to 11."""
DIURNAL /= DIURNAL.mean()

_LATER = (0.0, 4.0, 9.0, 18.0, 24.0), (0.0, 1.0, 1.0, 0.0, 0.0)
"""Share of the delay by local hour, straight lines in between: full from 4 to 9, none in the evening."""


def minutes(hours: F64, later_min: float = 0.0) -> F64:
    """[1440] activity by local minute, linear between the hours' midpoints.

    `later_min` is by how many minutes the morning is delayed: a minute has the activity that an earlier one, by as much
    as `_LATER` says, would have. The day's sum stays.
    """
    minute = np.arange(1440) + 0.5
    at, weight = np.arange(-1, 26) - 0.5, np.r_[hours[-2:], hours, hours[:1]]
    plain: F64 = np.interp(minute / 60.0, at, weight)
    late = np.interp((minute - later_min * np.interp(minute / 60.0, *_LATER)) / 60.0, at, weight)
    out: F64 = late * (plain.sum() / late.sum())
    return out


def clock(weight: F64) -> F64:
    """[..., 1441] cumulative share of activity [..., 1440] by local minute; of [24] hours, that of `minutes`."""
    if weight.shape[-1] == len(DIURNAL):
        weight = minutes(weight)
    total = np.cumsum(weight, axis=-1)
    out = np.zeros((*weight.shape[:-1], 1441))
    out[..., 1:] = total / total[..., -1:]
    return out
