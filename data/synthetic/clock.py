"""The local clock of activity: how much of a day happens by which hour."""

from __future__ import annotations

import numpy as np

from data.batch import F64

DIURNAL: F64 = np.array(
    [0.64, 0.39, 0.25, 0.18, 0.16, 0.22, 0.44, 0.80, 1.05, 1.08, 1.06, 1.10,
     1.22, 1.20, 1.12, 1.12, 1.16, 1.26, 1.38, 1.52, 1.64, 1.65, 1.46, 1.05]
)  # fmt: skip
"""[24] activity by local hour, peak to trough 10.3; retweets of what is fresh raise that of tweets to 11."""
DIURNAL /= DIURNAL.mean()


def clock(hours: F64) -> F64:
    """[1441] cumulative share of a day's activity by local minute, linear between the hours' midpoints."""
    minute = np.arange(1440) + 0.5
    weight = np.interp(minute / 60.0, np.arange(-1, 26) - 0.5, np.r_[hours[-2:], hours, hours[:1]])
    total = np.cumsum(weight)
    cumulative: F64 = np.r_[0.0, total / total[-1]]
    return cumulative
