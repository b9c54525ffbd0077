"""The most active readers of a tweet."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, Mask


def most_active(offsets: I64, acts: F64, most: I64) -> Mask:
    """[E] True for the `most[t]` edges of each tweet t with the greatest `acts`; of equal ones the first."""
    chosen = np.zeros(len(acts), np.bool_)
    for tweet, (begin, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        count = int(most[tweet])
        if count >= end - begin:
            chosen[begin:end] = True
        elif count > 0:
            one = acts[begin:end]
            least = np.partition(one, len(one) - count)[len(one) - count]
            above = one > least
            chosen[begin:end] = above
            equal = np.flatnonzero(one == least)[: count - int(above.sum())]
            chosen[begin + equal] = True
    return chosen
