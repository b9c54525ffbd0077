"""Compiled parts of the follow graph: each user's own follows, which of them are returned, both merged, and when.

Draws are Philox words keyed by (draw number, follower) or by the pair, so neither the number of threads nor their
order changes a byte. Every list of followees is kept sorted, which removes repeats by binary search.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from data.batch import F32, F64, I64
from data.kernel import inline_kernel, kernel, parallel_kernel
from data.rng import philox, unit

I32 = NDArray[np.int32]
B8 = NDArray[np.bool_]

CIRCLE, NEIGHBOURS, STARS, GIANTS, AROUND = range(5)
"""Kinds of follow: a circle of one interest, one of a place, the well-known of a topic, the best known of a language,
and others nearby by interest."""


class Layout(NamedTuple):
    """The two orders of all people; P people, K topics, L languages. Row 0 is the order by interest, row 1 by place.

    Both orders begin with the language, so that neighbours are similar and a language is one range.
    """

    order: I32
    """[2, P] people in order."""
    at: I32
    """[2, P] each person's place in the order."""
    low: I32
    """[2, P] where each person's circle begins."""
    high: I32
    """[2, P] where it ends, exclusive."""
    near: F64
    """[2, P + 1] running sum of weights within circles."""
    fame: F64
    """[P + 1] running sum of the weights of stars in the order by interest."""
    giants: I32
    """[P] people by language, as in `order`, and within it the best known first."""
    renown: F64
    """[P + 1] running sum of the weights of `giants`."""
    followed: B8
    """[P] whether anybody follows a person; all weights of others are 0."""
    cell: I64
    """[L * K + 1] where each language and topic begins in the order by interest."""
    corner: F64
    """[P] each person's place within their own language and topic, in [0, 1)."""
    language: I64
    """[P] rows of languages."""
    second: I64
    """[P] rows of the second languages, -1 for none."""
    interests: F32
    """[P, K] mixture over topics."""
    style: F32
    """[P, STYLE] latent style."""


class Habits(NamedTuple):
    """How people look for others to follow, and who follows back."""

    second: float
    """Chance that a bilingual person looks for one of the well-known in the second language."""
    far: float
    """Chance that one of those around is from anywhere in the world."""
    widest: float
    """Stars are looked for among at most (people of the language) ^ widest to either side."""
    reach: float
    """People to either side among whom those around are looked for, over how many are wanted."""
    few: int
    """People of a language so small that those around are looked for in the whole world."""
    close: float
    """Chance that a follow is returned within a circle, by a user who is no better known."""
    distant: float
    """The same outside."""
    modesty: float
    """Power of the ratio of weights by which the better known return less."""


@kernel
def top_two(interests, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Writes each person's two greatest interests, [P, K] to [2, P]."""
    for u in range(interests.shape[0]):
        first, second = 0, 1
        if interests[u, 1] > interests[u, 0]:
            first, second = 1, 0
        for k in range(2, interests.shape[1]):
            if interests[u, k] > interests[u, first]:
                first, second = k, first
            elif interests[u, k] > interests[u, second]:
                second = k
        out[0, u], out[1, u] = first, second


@inline_kernel
def _within(running, low, high, draw):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """An index in [low, high), chosen by weights, given as their running sum; `draw` in [0, 1)."""
    level = running[low] + draw * (running[high] - running[low])
    a, b = low, high - 1
    while a < b:
        middle = (a + b) >> 1
        if running[middle + 1] > level:
            b = middle
        else:
            a = middle + 1
    return a


@inline_kernel
def _position(line, size, value):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """How many of the sorted `line[:size]` are less than a value."""
    a, b = 0, size
    while a < b:
        middle = (a + b) >> 1
        if line[middle] < value:
            a = middle + 1
        else:
            b = middle
    return a


@inline_kernel
def _insert(line, size, value):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts a value into the sorted `line[:size]` unless it is there; whether it was put."""
    a = _position(line, size, value)
    if a < size and line[a] == value:
        return False
    for i in range(size, a, -1):
        line[i] = line[i - 1]
    line[a] = value
    return True


@inline_kernel
def _topic(interests, draw):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A topic, by the squares of a person's interests: stars are followed for what people like best."""
    level = 0.0
    for k in range(interests.shape[0]):
        level += interests[k] * interests[k]
    level *= draw
    for k in range(interests.shape[0]):
        level -= interests[k] * interests[k]
        if level < 0.0:
            return k
    return interests.shape[0] - 1


@inline_kernel
def _tongue(layout, habits, u, w0):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The language in which one of the well-known is looked for, and what remains of a draw in [0, 1) after that."""
    if layout.second[u] < 0:
        return layout.language[u], w0
    if w0 < habits.second:
        return layout.second[u], w0 / habits.second
    return layout.language[u], (w0 - habits.second) / (1.0 - habits.second)


@kernel
def _scene(layout, habits, u, w0, w1):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Range of the order by interest where a star is looked for: around the place in a topic that is like one's own.

    Its width is log-uniform from the size of a circle upwards, so that there are stars of every scale.
    """
    topics = layout.interests.shape[1]
    language, w0 = _tongue(layout, habits, u, w0)
    low, high = layout.cell[language * topics], layout.cell[(language + 1) * topics]
    cell = language * topics + _topic(layout.interests[u], w1)
    at = layout.cell[cell] + int(layout.corner[u] * (layout.cell[cell + 1] - layout.cell[cell]))
    narrow = float(layout.high[0, u] - layout.low[0, u])
    wide = max(float(high - low) ** habits.widest, narrow)
    half = int(narrow * (wide / narrow) ** w0)
    return max(low, at - half), min(high, at + half + 1)


@kernel
def _around(layout, habits, u, wanted, w0):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Range of the order by interest around a person, within the language; rarely, or if that is small, the world."""
    topics = layout.interests.shape[1]
    low = layout.cell[layout.language[u] * topics]
    high = layout.cell[(layout.language[u] + 1) * topics]
    reach = int(habits.reach * wanted) + 4
    if w0 < habits.far or high - low <= max(reach, habits.few):
        return 0, len(layout.language)
    at = layout.at[0, u]
    return max(low, at - reach), min(high, at + reach + 1)


@inline_kernel
def _nearer(taste, u, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Of two people the one whose row of `taste` [P, D] has the greater inner product with that of person u."""
    closer = 0.0
    for j in range(taste.shape[1]):
        closer += taste[u, j] * (taste[b, j] - taste[a, j])
    return b if closer > 0.0 else a


@kernel
def _giant(layout, habits, u, w0, w2, w3):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """One of the best known of a language; of two drawn by weight, the nearer in interests; -1 for none."""
    topics = layout.interests.shape[1]
    language, _ = _tongue(layout, habits, u, w0)
    low, high = layout.cell[language * topics], layout.cell[(language + 1) * topics]
    if layout.renown[low] >= layout.renown[high]:
        return -1
    a = layout.giants[_within(layout.renown, low, high, w2)]
    return _nearer(layout.interests, u, a, layout.giants[_within(layout.renown, low, high, w3)])


@kernel
def _candidate(layout, habits, u, kind, wanted, word):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """A user to follow, from four random words; -1 for none. Of two drawn by weight, the nearer in style."""
    w0, w1, w2, w3 = unit(word[0]), unit(word[1]), unit(word[2]), unit(word[3])
    if kind == GIANTS:
        return _giant(layout, habits, u, w0, w2, w3)
    if kind == AROUND:
        low, high = _around(layout, habits, u, wanted, w0)
        found = layout.order[0, low + int(w1 * (high - low))]
        return found if layout.followed[found] else -1
    if kind == STARS:
        low, high = _scene(layout, habits, u, w0, w1)
        row, running = 0, layout.fame
    else:
        row, running = kind, layout.near[kind]
        low, high = layout.low[row, u], layout.high[row, u]
    if low >= high or running[low] >= running[high]:
        return -1
    a = layout.order[row, _within(running, low, high, w2)]
    return _nearer(layout.style, u, a, layout.order[row, _within(running, low, high, w3)])


@parallel_kernel
def draw_follows(layout, habits, quota, offsets, key, out, found):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Each user's own follows.

    Args:
        layout: the two orders of all people.
        habits: how they look around.
        quota: [P, 5] how many follows of each kind a person wants; what one kind lacks goes to the next.
        offsets: [P + 1] where each person's list begins in `out`.
        key: [2] Philox key.
        out: [E] written: followees, sorted within a person's list.
        found: [P] written: length of each list.
    """
    for u in prange(quota.shape[0]):
        line = out[offsets[u] : offsets[u + 1]]
        size, draw, missing = 0, 0, 0
        for kind in range(quota.shape[1]):
            missing += quota[u, kind]
            wanted = missing
            for _ in range(3 * wanted + 4):
                if missing == 0:
                    break
                draw += 1
                word = philox(np.uint64(draw), np.uint64(u), np.uint64(0), np.uint64(0), key[0], key[1])
                v = _candidate(layout, habits, u, kind, wanted, word)
                if v >= 0 and v != u and _insert(line, size, v):
                    size += 1
                    missing -= 1
        found[u] = size


@parallel_kernel
def draw_returns(layout, habits, weight, offsets, found, followee, key, back):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Which follows are returned.

    Args:
        layout: the two orders of all people.
        habits: who follows back.
        weight: [P] how well people are known, 0 for those whom nobody follows.
        offsets: [P + 1] where each person's list begins in `followee`.
        found: [P] length of each list.
        followee: [E] people followed.
        key: [2] Philox key.
        back: [E] written: whether the follow is returned.
    """
    for u in prange(found.shape[0]):
        for e in range(offsets[u], offsets[u] + found[u]):
            v = followee[e]
            together = layout.low[0, u] == layout.low[0, v] or layout.low[1, u] == layout.low[1, v]
            p = habits.close if together else habits.distant
            if weight[u] < weight[v]:
                p *= (weight[u] / weight[v]) ** habits.modesty
            word = philox(np.uint64(1), np.uint64(u), np.uint64(v), np.uint64(0), key[0], key[1])
            back[e] = weight[u] > 0.0 and unit(word[0]) < p


@kernel
def gather_returns(offsets, found, followee, back, first, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Lists of those whom each person follows in return: writes `first` [P + 1] and `out`, sorted within each list.

    `first` comes in as zeros. `out` is at least as long as `back` has hits.
    """
    people = found.shape[0]
    for u in range(people):
        for e in range(offsets[u], offsets[u] + found[u]):
            if back[e]:
                first[followee[e] + 1] += 1
    for u in range(people):
        first[u + 1] += first[u]
    for u in range(people):
        for e in range(offsets[u], offsets[u] + found[u]):
            if back[e]:
                v = followee[e]
                out[first[v]] = u
                first[v] += 1
    for u in range(people, 0, -1):
        first[u] = first[u - 1]
    first[0] = 0


@kernel
def _union(a, b, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Size of the union of two sorted lists, written to `out` where that is not empty."""
    i, j, size = 0, 0, 0
    while i < len(a) or j < len(b):
        if j == len(b) or (i < len(a) and a[i] <= b[j]):
            value = a[i]
            j += j < len(b) and b[j] == value
            i += 1
        else:
            value = b[j]
            j += 1
        if len(out):
            out[size] = value
        size += 1
    return size


@parallel_kernel
def merge(offsets, found, own, first, returned, start, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Own follows and those in return as one sorted list a person: counts into `start` [P + 1], or fills `out`.

    With an empty `out` the length of person u's list is written to `start[u + 1]`; else `start` are offsets.
    """
    for u in prange(found.shape[0]):
        a = own[offsets[u] : offsets[u] + found[u]]
        b = returned[first[u] : first[u + 1]]
        if len(out):
            _union(a, b, out[start[u] : start[u + 1]])
        else:
            start[u + 1] = _union(a, b, out)


@parallel_kernel
def draw_times(created, start, followee, haste, end, lag, key, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """When each follow was made.

    Args:
        created: [P] ascending microseconds at which accounts were made.
        start: [P + 1] where each person's list begins in `followee`.
        followee: [E] sorted within a list.
        haste: [P] power by which the followers of a person come early: time is span x U^haste.
        end: the time before which all happens, microseconds.
        lag: microseconds; half of returned follows are returned sooner.
        key: [2] Philox key.
        out: [E] written: microseconds.
    """
    for u in prange(len(created)):
        for e in range(start[u], start[u + 1]):
            v = np.int64(followee[e])
            a, b = min(np.int64(u), v), max(np.int64(u), v)
            made = created[b] + 1
            word = philox(np.uint64(1), np.uint64(a), np.uint64(b), np.uint64(0), key[0], key[1])
            answers = False
            followed = v
            at = start[v] + _position(followee[start[v] : start[v + 1]], start[v + 1] - start[v], u)
            if at < start[v + 1] and followee[at] == u:
                # The one who is followed in haste is followed first.
                followed = a if unit(word[1]) * (haste[a] + haste[b]) < haste[a] else b
                answers = followed == u
            time = made + int((end - made) * unit(word[0]) ** haste[followed])
            if answers:
                luck = unit(word[2])
                # Compared as a float: one wait in a billion is longer than an integer can say.
                wait = lag * luck / (1.0 - luck) + 1.0
                time = time + (int(wait) if wait < end - time else int((end - time) * unit(word[3])))
            out[e] = time
