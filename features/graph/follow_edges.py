"""Which follow edges exist at a time, whatever the order in which users came: the input of every graph snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from data.batch import I32, I64, Array
from data.events import NEVER_US
from data.kernel import kernel
from features.state.append_buffer import AppendBuffer


@dataclass(frozen=True, slots=True)
class Edges:
    """U users with an edge, E edges between them; a user is its place in `ids`. No user follows itself."""

    ids: I64
    """[U] ids, ascending."""
    out_offsets: I64
    """[U + 1] where each user's followees begin in `targets`."""
    targets: I32
    """[E] followees, ascending within a user."""
    in_offsets: I64
    """[U + 1] where each user's followers begin in `sources`."""
    sources: I32
    """[E] followers, ascending within a user."""

    @classmethod
    def of(cls, pairs: I64, ids: I64) -> Edges:
        """From pairs of labels (source in the high half) and the id of each label, on which alone it depends."""
        source, target = pairs >> 32, pairs & 0xFFFFFFFF
        used = np.zeros(len(ids), np.bool_)
        used[source] = used[target] = True
        labels = np.flatnonzero(used)
        labels = labels[np.argsort(ids[labels])]
        rank = np.zeros(len(ids), np.int32)
        rank[labels] = np.arange(len(labels), dtype=np.int32)
        by_target = _bucket(rank[target], rank[source], len(labels))
        out = _transpose(*by_target)
        return cls(ids[labels], *out, *_transpose(*out))

    @property
    def digest(self) -> bytes:
        """Equal for equal edges between equal ids, and for them alone."""
        parts = blake2b(digest_size=16)
        for array in (self.ids, self.out_offsets, self.targets):
            parts.update(array.data)
        return parts.digest()


class FollowEdges:
    """Pairs of user rows with an edge at a horizon, and every change since: edges at any later time are known.

    Changes come in order of time. A beginning of an edge that exists, or an end of none, changes nothing.
    """

    def __init__(self) -> None:
        """No edges."""
        self._pairs = np.empty(0, np.int64)
        self._changes = AppendBuffer(pair=np.int64, time_us=np.int64, ended=np.bool_)
        self._settled = 0
        self._reach_us = 0
        self._last: tuple[int, Edges] | None = None

    @property
    def newest_us(self) -> int:
        """The time of the last change that is not settled; long ago where there is none."""
        return int(self._changes["time_us"][-1]) if len(self._changes) else -NEVER_US

    @property
    def open(self) -> int:
        """How many changes are not settled."""
        return len(self._changes)

    def remember(self, reach_us: int) -> None:
        """Makes sure that `forget` leaves the last `reach_us` microseconds open."""
        self._reach_us = max(self._reach_us, reach_us)

    def update(self, source: I64, target: I64, time_us: I64, ended: Array) -> None:
        """Takes changes of edges; a pair with a negative row, and a user with itself, are no edge."""
        self._changes.append((source << 32) | target, time_us, ended)

    def count(self, before_us: int) -> int:
        """How many changes came before a time: equal counts, equal edges."""
        return self._settled + self._changes.before("time_us", before_us)

    def pairs(self, before_us: int) -> I64:
        """[E] pairs with an edge after all changes before a time, ascending; the source in the high half."""
        return self._after(self.count(before_us) - self._settled)

    def edges(self, before_us: int, ids: I64) -> Edges:
        """The same as a graph of users with `ids` by row, which only ever grow; the last one is kept."""
        count = self.count(before_us)
        if self._last is None or self._last[0] != count:
            self._last = count, Edges.of(self.pairs(before_us), ids)
        return self._last[1]

    def settle(self, before_us: int) -> None:
        """Forgets the edges of earlier times than this."""
        changes = self.count(before_us) - self._settled
        self._pairs = self._after(changes)
        self._changes.drop(changes)
        self._settled += changes

    def forget(self) -> None:
        """Settles changes that are older than any time in use."""
        self.settle(self.newest_us - self._reach_us)

    def arrays(self) -> dict[str, Array]:
        """Everything by name, for saving."""
        changes = {f"change_{name}": array for name, array in self._changes.arrays().items()}
        return {"pairs": self._pairs, **changes}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Takes what `arrays` gave."""
        self._last = None
        self._pairs = np.array(arrays["pairs"], np.int64)
        self._changes.restore({n.removeprefix("change_"): a for n, a in arrays.items() if n.startswith("change_")})

    def _after(self, changes: int) -> I64:
        pair, ended = self._changes["pair"][:changes], self._changes["ended"][:changes]
        edge = (pair >= 0) & (pair >> 32 != pair & 0xFFFFFFFF)
        pair, ended = pair[edge], ended[edge]
        if not len(pair):
            return self._pairs
        order = np.argsort(pair, kind="stable")
        last = np.append(np.flatnonzero(np.diff(pair[order])), len(pair) - 1)
        changed, active = pair[order[last]], ~ended[order[last]]
        place = np.searchsorted(self._pairs, changed)
        known = place < len(self._pairs)
        known[known] = self._pairs[place[known]] == changed[known]
        kept = np.delete(self._pairs, place[known & ~active])
        new = changed[active & ~known]
        return np.insert(kept, np.searchsorted(kept, new), new)


@kernel
def _bucket(left: Any, right: Any, size: Any) -> Any:
    """The right sides grouped by left side: [size + 1] offsets and [E] values in their order."""
    offsets = np.zeros(size + 1, np.int64)
    for one in left:
        offsets[one + 1] += 1
    for i in range(size):
        offsets[i + 1] += offsets[i]
    free, values = offsets[:-1].copy(), np.empty(len(left), np.int32)
    for i in range(len(left)):
        values[free[left[i]]] = right[i]
        free[left[i]] += 1
    return offsets, values


@kernel
def _transpose(offsets: Any, values: Any) -> Any:
    """The inverse lists, each ascending."""
    size = len(offsets) - 1
    turned = np.zeros(size + 1, np.int64)
    for one in values:
        turned[one + 1] += 1
    for i in range(size):
        turned[i + 1] += turned[i]
    free, owners = turned[:-1].copy(), np.empty(len(values), np.int32)
    for i in range(size):
        for k in range(offsets[i], offsets[i + 1]):
            owners[free[values[k]]] = i
            free[values[k]] += 1
    return turned, owners
