"""The compiled parts of the follow graph, restated in plain Python: whom people find, who follows back, and when."""

from __future__ import annotations

from itertools import pairwise
from math import floor

import numpy as np
import pytest

from data.batch import F64, I64
from data.events import DAY_US
from data.rng import Stream
from data.synthetic.graph_kernels import (
    AROUND,
    GIANTS,
    STARS,
    Habits,
    Layout,
    draw_follows,
    draw_returns,
    draw_times,
    gather_returns,
    merge,
)

PEOPLE, TOPICS = 120, 4
HABITS = Habits(second=0.6, far=0.1, widest=0.8, reach=1.5, few=12, close=0.7, distant=0.2, modesty=0.5)


def running(weights: F64) -> F64:
    return np.r_[0.0, np.cumsum(weights)]


class Town:
    """People of two languages in two orders, cut into circles of random sizes."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        language = rng.permutation(np.repeat([0, 1], [80, 40]))
        interests = rng.dirichlet(np.ones(TOPICS), PEOPLE).astype(np.float32)
        top, place = interests.argmax(axis=1), rng.integers(0, 3, PEOPLE)
        order = np.stack([np.lexsort((top, language)), np.lexsort((place, language))]).astype(np.int32)
        at, low, high = (np.empty((2, PEOPLE), np.int32) for _ in range(3))
        for row in range(2):
            at[row, order[row]] = np.arange(PEOPLE)
            cuts = [0, *sorted({80, *rng.choice(np.arange(3, PEOPLE), 9, replace=False).tolist()}), PEOPLE]
            for begin, end in pairwise(cuts):
                low[row, order[row, begin:end]], high[row, order[row, begin:end]] = begin, end
        style = rng.normal(size=(PEOPLE, 6)).astype(np.float32)
        followed = rng.random(PEOPLE) < 0.8
        close, fame = rng.exponential(size=PEOPLE) * followed, rng.pareto(1.5, PEOPLE) * followed
        renown = rng.exponential(size=PEOPLE) * followed
        giants = np.lexsort((-renown, language)).astype(np.int32)
        self.top, self.close = top, close
        first = np.searchsorted((language * TOPICS + top)[order[0]], np.arange(2 * TOPICS + 1))
        within = at[0] - first[language * TOPICS + top]
        self.layout = Layout(
            order, at, low, high, np.stack([running(close[one]) for one in order]), running(fame[order[0]]),
            giants, running(renown[giants]), followed, first,
            within / np.diff(first)[language * TOPICS + top], language,
            np.where(rng.random(PEOPLE) < 0.3, 1 - language, -1), interests, style,
        )  # fmt: skip
        self.fame, self.renown = fame, renown
        self.quota = rng.integers(0, 6, (PEOPLE, 5)).astype(np.int32)


def by_weight(weights: F64, draw: float) -> int:
    """Which of some places a uniform number chooses."""
    return int(np.searchsorted(np.cumsum(weights), draw * weights.sum(), side="right"))


def look(town: Town, u: int, kind: int, wanted: int, w: list[float]) -> int:
    """Whom a person finds, -1 for no one."""
    layout, line = town.layout, town.layout.order[0]
    language = int(layout.language[u])
    if kind == AROUND:
        # So many people to either side, of the language; rarely, or where that is small, of the world.
        compatriots = np.flatnonzero(layout.language[line] == language)
        reach, at = int(HABITS.reach * wanted) + 4, int(layout.at[0, u])
        among = compatriots[np.abs(compatriots - at) <= reach]
        if w[0] < HABITS.far or len(compatriots) <= max(reach, HABITS.few):
            among = np.arange(PEOPLE)
        v = int(line[among[int(w[1] * len(among))]])
        return v if layout.followed[v] else -1
    if kind in (STARS, GIANTS) and layout.second[u] >= 0:
        abroad = w[0] < HABITS.second
        language = int(layout.second[u]) if abroad else language
        w[0] = w[0] / HABITS.second if abroad else (w[0] - HABITS.second) / (1 - HABITS.second)
    taste = layout.style
    if kind == GIANTS:
        line, taste = layout.giants, layout.interests
        among, weights = np.flatnonzero(layout.language[line] == language), town.renown
    elif kind == STARS:
        compatriots = np.flatnonzero(layout.language[line] == language)
        # A topic by the squares of interests; there, the place that is like one's own in one's own topic.
        topic = by_weight(layout.interests[u].astype(float) ** 2, w[1])
        here = compatriots[town.top[line[compatriots]] == topic]
        begin = int(layout.cell[language * TOPICS + topic])
        centre = begin + int(layout.corner[u] * len(here))
        # From the size of the own circle up to a power of the language's people, evenly in the logarithm.
        circle = float(layout.high[0, u] - layout.low[0, u])
        widest = max(len(compatriots) ** HABITS.widest, circle)
        half = floor(circle * (widest / circle) ** w[0])
        among = compatriots[np.abs(compatriots - centre) <= half]
        weights = town.fame
    else:
        line = layout.order[kind]
        among = np.arange(layout.low[kind, u], layout.high[kind, u])
        weights = town.close
    if not weights[line[among]].sum():
        return -1
    one, other = (int(line[among[by_weight(weights[line[among]], draw)]]) for draw in w[2:])
    near = [float(taste[u].astype(float) @ taste[v]) for v in (one, other)]
    return other if near[1] > near[0] else one


def follows(town: Town, u: int, luck: F64) -> set[int]:
    """Everybody whom one person finds, kind after kind; what one kind lacks goes to the next."""
    found, missing, draw = set[int](), 0, 0
    for kind in range(5):
        missing += int(town.quota[u, kind])
        wanted = missing
        for _ in range(3 * wanted + 4):
            if missing == 0:
                break
            v = look(town, u, kind, wanted, luck[draw].tolist())
            draw += 1
            if v not in (-1, u) and v not in found:
                found.add(v)
                missing -= 1
    return found


@pytest.mark.parametrize("seed", range(4))
def test_people_find_whom_the_rules_say(seed: int) -> None:
    town, stream = Town(seed), Stream(seed, "draws")
    offsets = np.r_[0, np.cumsum(town.quota.sum(axis=1))].astype(np.int64)
    own, found = np.empty(offsets[-1], np.int32), np.empty(PEOPLE, np.int32)
    draw_follows(town.layout, HABITS, town.quota, offsets, stream.key, own, found)
    luck = stream.uniform(np.arange(PEOPLE), n=4 * 200).reshape(PEOPLE, 200, 4)
    for u in range(PEOPLE):
        mine = own[offsets[u] : offsets[u] + found[u]].tolist()
        assert mine == sorted(follows(town, u, luck[u])), u
    assert found.sum() > 0.9 * town.quota.sum()


def pairs(seed: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    some = {(int(a), int(b)) for a, b in rng.integers(0, PEOPLE, (900, 2)) if a != b}
    return sorted(some | {(b, a) for a, b in list(some)[::4]})


def lists(edges: list[tuple[int, int]]) -> tuple[I64, np.ndarray]:
    """Where each follower's list begins, and the followees."""
    start = np.searchsorted(np.array([a for a, _ in edges]), np.arange(PEOPLE + 1)).astype(np.int64)
    return start, np.array([b for _, b in edges], np.int32)


def test_people_follow_back_within_a_circle_and_the_known_less() -> None:
    town, stream, edges = Town(1), Stream(1, "returns"), pairs(1)
    start, followee = lists(edges)
    back, low = np.zeros(len(edges), np.bool_), town.layout.low
    draw_returns(town.layout, HABITS, town.close, start, np.diff(start).astype(np.int32), followee, stream.key, back)
    stated = []
    for u, v in edges:
        if not town.close[u]:
            stated.append(False)  # whom nobody follows
            continue
        chance = 0.7 if low[0, u] == low[0, v] or low[1, u] == low[1, v] else 0.2
        better_known = max(town.close[v] / town.close[u], 1.0)
        stated.append(stream.uniform(u, v)[0, 0] < chance / better_known**0.5)
    assert back.tolist() == stated
    assert 0.1 < np.mean(stated) < 0.6

    first, returned = np.zeros(PEOPLE + 1, np.int64), np.empty(back.sum(), np.int32)
    gather_returns(start, np.diff(start).astype(np.int32), followee, back, first, returned)
    merged = np.zeros(PEOPLE + 1, np.int64)
    parts = (start, np.diff(start).astype(np.int32), followee, first, returned)
    merge(*parts, merged, np.empty(0, np.int32))
    merged = np.cumsum(merged)
    out = np.empty(merged[-1], np.int32)
    merge(*parts, merged, out)
    whole = sorted(set(edges) | {(v, u) for (u, v), one in zip(edges, stated, strict=True) if one})
    assert list(zip(np.repeat(np.arange(PEOPLE), np.diff(merged)).tolist(), out.tolist(), strict=True)) == whole


def test_the_popular_are_followed_early_and_half_of_the_answers_come_within_the_lag() -> None:
    stream, edges, rng = Stream(2, "times"), pairs(2), np.random.default_rng(2)
    start, followee = lists(edges)
    created = np.sort(rng.integers(0, 900 * DAY_US, PEOPLE))
    haste, end, lag = 1 + rng.exponential(size=PEOPLE), 1000 * DAY_US, DAY_US / 2
    time = np.empty(len(edges), np.int64)
    draw_times(created, start, followee, haste, end, lag, stream.key, time)
    found, known, waits = dict(zip(edges, time.tolist(), strict=True)), set(edges), []
    for u, v in edges:
        a, b = min(u, v), max(u, v)
        made = int(created[b]) + 1
        luck = stream.uniform(a, b, n=4)[0]
        if (v, u) not in known:
            assert abs(found[u, v] - made - (end - made) * luck[0] ** haste[v]) <= 1
            continue
        # Of two who follow each other the one who is followed in haste is followed first.
        first = a if luck[1] < haste[a] / (haste[a] + haste[b]) else b
        begun = made + (end - made) * luck[0] ** haste[first]
        if first == v:
            assert abs(found[u, v] - begun) <= 1
            continue
        wait = lag * luck[2] / (1 - luck[2])
        wait = wait if wait + 1 < end - begun else (end - begun) * luck[3]
        assert abs(found[u, v] - begun - wait) <= 2
        waits.append(found[u, v] - found[v, u])
    assert min(waits) > 0
    assert np.median(waits) == pytest.approx(lag, rel=0.35)
