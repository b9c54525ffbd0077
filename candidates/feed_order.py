"""The order of a feed: best score first, and a rule for equals."""

from __future__ import annotations

import numpy as np

from data.batch import I64, CandidateBatch


def order_by_score(batch: CandidateBatch) -> I64:
    """[N] rows request by request, best score first; ties to the newer tweet (`tweet_time_us`), then the larger id."""
    keys = [-batch.columns["tweet_id"]]
    if "tweet_time_us" in batch.columns:
        keys.append(-batch.columns["tweet_time_us"])
    keys.append(-batch.columns["score"])
    if len(batch.requests) > 1:
        keys.append(batch.request)
    return np.lexsort(keys).astype(np.int64)
