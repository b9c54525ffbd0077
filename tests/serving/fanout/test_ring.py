"""The ring against a plain model of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batch import Ragged
from serving.fanout.ring import TimelineRing

CAPACITY = 5

OPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 30), st.lists(st.integers(-1, 4), max_size=4, unique=True)),
        st.tuples(st.just("remove"), st.integers(0, 30), st.just([])),
        st.tuples(st.just("replace"), st.integers(0, 4), st.lists(st.integers(0, 30), max_size=8, unique=True)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(OPS)
def test_it_holds_the_newest_of_what_was_pushed(ops: list[tuple[str, int, list[int]]]) -> None:
    ring = TimelineRing(CAPACITY)
    model: dict[int, list[int]] = {user: [] for user in range(5)}
    for kind, one, others in ops:
        if kind == "push":
            ring.push(np.array([one]), Ragged.from_lists([others]))
            for user in others:
                if user >= 0:
                    model[user] = sorted({*model[user], one})[-CAPACITY:]
        elif kind == "remove":
            ring.remove(np.array([one]))
            model = {user: [tweet for tweet in held if tweet != one] for user, held in model.items()}
        else:
            ring.replace(np.array([one]), Ragged.from_lists([others]))
            model[one] = sorted(others)[-CAPACITY:]
        held = ring.read(np.arange(5), CAPACITY)
        assert [held[user].tolist() for user in range(5)] == [model[user][::-1] for user in range(5)]
        young = ring.read(np.arange(5), 3, one)
        newest = [[tweet for tweet in model[user][::-1] if tweet >= one][:3] for user in range(5)]
        assert [young[user].tolist() for user in range(5)] == newest


def test_reads_are_limited_and_unknown_owners_have_nothing() -> None:
    ring = TimelineRing(CAPACITY)
    ring.push(np.arange(3), Ragged.from_lists([[0], [0], [0]]))
    held = ring.read(np.array([0, 7, -1]), 2)
    assert [held[i].tolist() for i in range(3)] == [[2, 1], [], []]


@settings(deadline=None)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 200)), max_size=400))
def test_rings_grow_and_their_floors_say_what_they_lack(capacity: int, pushes: list[tuple[int, int]]) -> None:
    ring = TimelineRing(capacity)
    given: dict[int, set[int]] = {user: set() for user in range(10)}
    for at, (user, tweet) in enumerate(pushes):
        if at % 97 == 96:
            ring.forget(np.array([user]), np.array([max(given[user], default=0)]))
        ring.push(np.array([tweet]), Ragged.from_lists([[user]]))
        given[user].add(tweet)
    held, floors = ring.read(np.arange(10), capacity), ring.floors(np.arange(10))
    for user in range(10):
        assert len(held[user]) <= capacity
        above = sorted((one for one in given[user] if one > floors[user]), reverse=True)
        assert held[user].tolist()[: len(above)] == above
        if floors[user] < 0:
            assert len(held[user]) == len(given[user])
    # Room that was given up is used again.
    ring.replace(np.arange(10), held, floors)
    before = ring.nbytes
    ring.replace(np.arange(10), held, floors)
    assert ring.nbytes == before
    again = ring.read(np.arange(10), capacity)
    assert again.values.tolist() == held.values.tolist()
    assert ring.floors(np.arange(10)).tolist() == floors.tolist()


def test_the_digest_tells_contents_not_history() -> None:
    one, other = TimelineRing(CAPACITY), TimelineRing(CAPACITY)
    one.push(np.array([1, 2]), Ragged.from_lists([[0, 3], [0]]))
    other.push(np.array([2]), Ragged.from_lists([[0]]))
    other.push(np.array([9]), Ragged.from_lists([[400]]))
    other.push(np.array([1]), Ragged.from_lists([[3, 0]]))
    assert one.digest() != other.digest()
    other.remove(np.array([9]))
    assert one.digest() == other.digest()
    one.clear()
    assert one.digest() == TimelineRing(CAPACITY).digest()
