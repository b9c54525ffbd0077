"""The set of follow edges of a running world, which kernels look edges up in."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array, Mask
from data.kernel import inline_kernel
from data.synthetic.pair_counts import PairCounts, Pairs, count_of


class FollowSet:
    """Edges from follower rows to followee rows, each once."""

    def __init__(self, people: int) -> None:
        """No edge among so many people."""
        self._counts = PairCounts(people, most=1)

    @property
    def pairs(self) -> Pairs:
        """For `has_edge`."""
        return self._counts.pairs

    def contains(self, followers: I64, followees: I64) -> Mask:
        """[N] whether each edge is in the set."""
        return self._counts.of(followers, followees) > 0

    def change(self, followers: I64, followees: I64, ended: Array) -> None:
        """Adds edges, or removes them where `ended` is true, in order."""
        self._counts.add(followers, followees, np.where(ended, -1, 1).astype(np.int16))

    def keys(self) -> I64:
        """Ascending follower x 2^32 + followee of all edges."""
        return self._counts.rows()[0]

    def keys_unordered(self) -> I64:
        """The same in an order that depends on how the set came about."""
        return self._counts.rows(ordered=False)[0]

    def followees(self, followers: I64) -> tuple[I64, I64]:
        """Whom each of `followers` [N] follows: [N + 1] offsets and their rows, ascending for each."""
        keys = self.keys_unordered()
        wanted = np.zeros(int(max(followers.max(initial=0), (keys >> 32).max(initial=0))) + 1, bool)
        wanted[followers] = True
        keys = np.sort(keys[wanted[keys >> 32]])
        low, high = np.searchsorted(keys, followers << 32), np.searchsorted(keys, (followers + 1) << 32)
        offsets = np.r_[0, np.cumsum(high - low)]
        rows = np.repeat(low - offsets[:-1], high - low) + np.arange(offsets[-1])
        return offsets, keys[rows] & 0xFFFFFFFF


@inline_kernel
def has_edge(edges, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether user row a follows user row b. Callable from Numba."""
    return count_of(edges, a, b) > 0
