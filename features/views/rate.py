"""How often an impression led to a positive action, smoothed, so that a single lucky impression weighs little."""

from __future__ import annotations

import numpy as np

from data.batch import F32, CandidateBatch
from features.bases.derived import Derived
from features.view import Feature

LIKELY, SHOWN = 1, 20
"""The prior: one action in twenty impressions."""


def rate_of(feature: str, done: str, shown: str, doc: str, entity: str = "candidate") -> Derived:
    """(column `done` + 1) / (column `shown` + 20); above 1 where actions come without impressions."""

    def rate(batch: CandidateBatch) -> F32:
        columns = batch.requests.columns if entity == "request" else batch.columns
        out: F32 = ((columns[done] + np.float64(LIKELY)) / (columns[shown] + np.float64(SHOWN))).astype(np.float32)
        return out

    meaning = f"{doc}, smoothed: (actions + {LIKELY}) / (impressions + {SHOWN})"
    return Derived(Feature(feature, meaning, unit="share", default=LIKELY / SHOWN), (done, shown), rate, entity)
