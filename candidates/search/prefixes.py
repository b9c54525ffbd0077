"""Completion: the heaviest of the keys that begin with a prefix, while keys and weights keep changing.

Keys are sorted once and found by bisection; new ones wait in a short list that is looked through, and are merged in
many at a time. A prefix that many keys have costs one pass over their weights.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from data.batch import F64, I64, Array
from features.state.columns import Columns, Spec

_WAITING = 512
"""New keys from which on they are merged."""
_LAST = "\U0010ffff"
"""Behind every character that a key has."""


class _Weights(Columns):
    """Weight by owner."""

    weight: F64
    SPEC: ClassVar[Spec] = {"weight": (np.float64, 0.0, 0)}


class Prefixes:
    """Keys, each of an owner (a dense row); an owner has any number of keys and one weight."""

    def __init__(self) -> None:
        """No keys."""
        self._keys = np.empty(0, object)
        self._owners = np.empty(0, np.int64)
        self._waiting: list[tuple[str, int]] = []
        self._columns = _Weights()

    def __len__(self) -> int:
        return len(self._keys) + len(self._waiting)

    @property
    def weights(self) -> F64:
        """[owners] weight of each."""
        return self._columns.weight

    def resize(self, owners: int) -> None:
        """Makes room for owners below `owners`, whose weight is 0."""
        self._columns.resize(owners)

    def add(self, keys: Sequence[str], owners: Sequence[int]) -> None:
        """Adds keys of owners."""
        self._waiting += zip(keys, owners, strict=True)
        if len(self._waiting) >= _WAITING:
            self._merge()

    def complete(self, prefix: str, limit: int, *, least: float = -np.inf) -> I64:
        """Up to `limit` owners of a key that begins with `prefix`, the heaviest first; equal weights: by key.

        Owners lighter than `least` are left out.
        """
        low, high = bisect_left(self._keys, prefix), bisect_left(self._keys, prefix + _LAST)
        waiting = sorted((key, owner) for key, owner in self._waiting if key.startswith(prefix))
        owners = np.concatenate([self._owners[low:high], np.array([owner for _, owner in waiting], np.int64)])
        weights = self._columns.weight[owners]
        owners, weights = owners[weights >= least], weights[weights >= least]
        # An owner may be there under several keys: more are taken than asked for, until enough are distinct.
        wanted = 4 * limit
        while True:
            best = _heaviest(weights, wanted)
            _, first = np.unique(owners[best], return_index=True)
            if len(first) >= limit or wanted >= len(owners):
                found: I64 = owners[best[np.sort(first)]][:limit]
                return found
            wanted *= 4

    def _merge(self) -> None:
        self._waiting.sort()
        places = [bisect_left(self._keys, key) for key, _ in self._waiting]
        keys = np.empty(len(places), object)
        keys[:] = [key for key, _ in self._waiting]
        self._keys = np.insert(self._keys, places, keys)
        self._owners = np.insert(self._owners, places, [owner for _, owner in self._waiting])
        self._waiting = []


def _heaviest(weights: Array, limit: int) -> I64:
    """Places of the `limit` largest, falling; of equal ones the first."""
    if limit >= len(weights):
        chosen = np.arange(len(weights))
    else:
        edge = np.partition(weights, len(weights) - limit)[len(weights) - limit]
        above = np.flatnonzero(weights > edge)
        chosen = np.concatenate([above, np.flatnonzero(weights == edge)[: limit - len(above)]])
    best: I64 = chosen[np.lexsort((chosen, -weights[chosen]))]
    return best
