"""Which positives are held out of training to choose its best epoch or settings."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Mask


def held_out(time_us: I64, reader: I64, share: float, rule: str) -> Mask:
    """[P] True for what is held out: the last `share` by time, the last `share` (at least one) of each reader, or any.

    `time_us` may be any numbers that ascend with time; ties go by row. A reader with one positive keeps it in training
    under `last`.
    """
    out = np.zeros(len(time_us), np.bool_)
    if rule == "time":
        order = np.argsort(time_us, kind="stable")
        out[order[len(order) - round(len(order) * share) :]] = True
        return out
    if rule == "random":
        out[np.random.default_rng(4).permutation(len(time_us))[: round(len(time_us) * share)]] = True
        return out
    order = np.lexsort((np.arange(len(time_us)), time_us, reader))
    owner = reader[order]
    size = np.bincount(reader)[owner]
    first = np.searchsorted(owner, owner, "left")
    from_end = size - (np.arange(len(order)) - first)
    out[order] = (from_end <= np.maximum(1, np.floor(size * share))) & (size > 1)
    return out
