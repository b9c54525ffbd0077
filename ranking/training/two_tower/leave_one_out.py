"""Histories where time plays no part: for each positive its reader's other engagements, later ones too.

For splits that are drawn at random. A model that predicts which items go together, whatever came first, learns by
leaving each item out in turn, as EASE and autoencoders do; a history of what came before would teach it the order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data.batch import I64, Mask, offsets_of
from data.kernel import kernel
from ranking.models.inputs import Bags


def other_engagements(reader: I64, tweet_ids: I64, training: Mask, recent: int) -> Bags:
    """[P] bags of tweet ids: the newest `recent` training positives of each positive's reader, without its own tweet.

    Rows ascend in time; `training` [P] says which of them may stand in a history.
    """
    kept = np.flatnonzero(training)[::-1]
    order = kept[np.argsort(reader[kept], kind="stable")]
    offsets = offsets_of(np.bincount(reader[kept], minlength=int(reader.max()) + 1))
    codes, ends = _others(reader, tweet_ids, order, offsets, recent)
    return Bags(codes, ends)


@kernel
def _others(reader: I64, tweet_ids: I64, order: I64, offsets: I64, recent: int) -> Any:
    ends = np.zeros(len(reader) + 1, np.int64)
    for row in range(len(reader)):
        ends[row + 1] = ends[row] + min(recent, offsets[reader[row] + 1] - offsets[reader[row]])
    codes = np.empty(ends[-1], np.int64)
    at = 0
    for row in range(len(reader)):
        begin = at
        for place in range(offsets[reader[row]], offsets[reader[row] + 1]):
            if at - begin == recent:
                break
            if order[place] != row:
                codes[at] = tweet_ids[order[place]]
                at += 1
        ends[row + 1] = at
    return codes[:at].copy(), ends
