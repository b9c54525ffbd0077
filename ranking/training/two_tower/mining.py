"""Hard negatives: the nearest tweets of a reader that were not engaged."""

from __future__ import annotations

import numpy as np

from data.batch import F32, I64
from ranking.training.neighbours import Neighbours


def mined(neighbours: Neighbours, queries: F32, at: I64, each: int, depth: int, rng: np.random.Generator) -> I64:
    """[n, each] rows drawn, for each positive, from the `depth` nearest of its reader's vector; -1 for none.

    `at` [n] says which row of `queries` a positive's reader is; `rng` draws for all of them.
    """
    nearest = neighbours.search(queries, depth)
    if not nearest.shape[1]:
        return np.full((len(at), each), -1, np.int64)
    drawn: I64 = nearest[at[:, None], rng.integers(0, nearest.shape[1], (len(at), each))]
    return drawn
