"""The set of follow edges of a running world: open addressing over one array, which kernels look edges up in."""

from __future__ import annotations

import numpy as np

from data.batch import I64, Array, Mask
from data.kernel import inline_kernel, kernel

_FREE, _REMOVED = -1, -2


class FollowSet:
    """Edges from follower rows to followee rows, each once."""

    def __init__(self) -> None:
        """No edge."""
        self.slots: I64 = np.full(1 << 16, _FREE, np.int64)
        """[S] follower x 2^32 + followee, -1 where a slot is free, -2 where an edge was removed; for `find_edge`."""
        self._taken = 0

    def contains(self, followers: I64, followees: I64) -> Mask:
        """[N] whether each edge is in the set."""
        out = np.zeros(len(followers), bool)
        _contains(self.slots, np.asarray(followers, np.int64), np.asarray(followees, np.int64), out)
        return out

    def change(self, followers: I64, followees: I64, ended: Array) -> None:
        """Adds edges, or removes them where `ended` is true, in order."""
        if 2 * (self._taken + len(followers)) > len(self.slots):
            keys = self.keys()
            self.slots = np.full(1 << int(np.ceil(np.log2(4 * (len(keys) + len(followers))))), _FREE, np.int64)
            self._taken = _change(self.slots, keys >> 32, keys & 0xFFFFFFFF, np.zeros(len(keys), bool))
        self._taken += _change(self.slots, followers, followees, np.asarray(ended, bool))

    def keys(self) -> I64:
        """Ascending follower x 2^32 + followee of all edges."""
        return np.sort(self.keys_unordered())

    def keys_unordered(self) -> I64:
        """The same in an order that depends on how the set came about."""
        return self.slots[self.slots >= 0]

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
def _first_slot(key, mask):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    return (((key >> 32) * np.int64(40503) + (key & 0xFFFFFFFF)) * np.int64(-7046029254386353131) >> 20) & mask


@inline_kernel
def find_edge(slots, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Slot of the edge a -> b, or -1. Callable from Numba."""
    key = (np.int64(a) << 32) | np.int64(b)
    mask = slots.shape[0] - 1
    slot = _first_slot(key, mask)
    while slots[slot] != _FREE:
        if slots[slot] == key:
            return slot
        slot = (slot + 1) & mask
    return np.int64(-1)


@kernel
def _change(slots, a, b, ended):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds or removes edges; returns the number of free slots taken."""
    mask, taken = slots.shape[0] - 1, 0
    for i in range(a.shape[0]):
        at = find_edge(slots, a[i], b[i])
        if ended[i]:
            if at >= 0:
                slots[at] = _REMOVED
        elif at < 0:
            key = (a[i] << 32) | b[i]
            slot = _first_slot(key, mask)
            while slots[slot] != _FREE:
                slot = (slot + 1) & mask
            slots[slot] = key
            taken += 1
    return taken


@kernel
def _contains(slots, a, b, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(a.shape[0]):
        out[i] = find_edge(slots, a[i], b[i]) >= 0
