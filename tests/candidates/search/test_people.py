"""Users by name and handle: typos by the stated distance against a plain one, order, completion while it changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.search.people import People
from candidates.search.prefixes import Prefixes
from data.events import EventBatch

NAMES = {
    1: ("ana_schmidt", "Ana Schmidt"), 2: ("schmid", "Jörg Schmid"), 3: ("anna", "Anna Karenina"),
    4: ("tanaka", "田中 太郎"), 5: ("bo", "Bo Li"), 6: ("analyst", "The Analyst"),
}  # fmt: skip


def users(names: dict[int, tuple[str, str]]) -> EventBatch:
    ids = list(names)
    return EventBatch("users", {
        "user_id": np.array(ids), "created_us": np.zeros(len(ids), np.int64), "verified": np.array(ids) % 2 == 0,
        "username": np.array([names[i][0] for i in ids], object), "name": np.array([names[i][1] for i in ids], object),
    })  # fmt: skip


def follows(followee: int, count: int, *, ended: bool = False) -> EventBatch:
    return EventBatch("follows", {
        "follower_id": np.arange(100, 100 + count), "followee_id": np.full(count, followee),
        "ended": np.full(count, ended),
    })  # fmt: skip


@pytest.fixture
def people() -> People:
    people = People()
    people.update(users(NAMES))
    return people


def plain_distance(a: str, b: str) -> int:
    """Optimal string alignment, as the textbook writes it."""
    d = {(i, -1): i + 1 for i in range(-1, len(a))} | {(-1, j): j + 1 for j in range(-1, len(b))}
    for i in range(len(a)):
        for j in range(len(b)):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i] != b[j]))
            if i and j and a[i] == b[j - 1] and a[i - 1] == b[j]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a) - 1, len(b) - 1]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text("abcd_", min_size=1, max_size=9), min_size=1, max_size=12, unique=True),
    st.text("abcd_", min_size=1, max_size=9),
)
def test_distances_against_the_textbook(handles: list[str], query: str) -> None:
    people = People()
    people.update(users({row: (handle, "") for row, handle in enumerate(handles)}))
    typos = 0 if len(query) <= 2 else 1 if len(query) <= 5 else 2
    wanted = {}
    for row, handle in enumerate(handles):
        distance = plain_distance(handle, query)
        if distance <= typos:
            wanted[row] = distance
        elif handle.startswith(query):
            wanted[row] = 3
    found = people.search(query, 50)
    assert dict(zip(found.user_ids.tolist(), found.distances.tolist(), strict=True)) == wanted
    assert found.distances.tolist() == sorted(found.distances.tolist())


def test_handles_and_names_with_typos(people: People) -> None:
    def ids(query: str) -> list[int]:
        return people.search(query).user_ids.tolist()

    assert ids("anna")[0] == 3
    assert ids("@ana_shmidt") == [1]
    assert ids("Schmitd")[:1] == [1]
    assert ids("jorg schmid") == [2]
    assert ids("karenia anna") == [3]
    assert ids("田中") == [4]
    assert ids("bi") == []
    assert ids("zzzzzz") == ids("") == ids("@") == []


def test_of_equal_typos_the_most_followed_first_and_the_hidden_never(people: People) -> None:
    people.update(follows(6, 3))
    assert people.search("ana").user_ids.tolist() == [1, 3, 6]
    people.update(follows(3, 1))
    people.update(follows(6, 3, ended=True))
    assert people.complete("ana").tolist() == [1, 6]
    assert people.complete("an").tolist() == [3, 1, 6]
    assert people.complete("an", hidden=np.array([3])).tolist() == [1, 6]
    assert people.complete("an", 1, hidden=np.array([3])).tolist() == [1]
    assert people.search("ana", hidden=np.array([1])).user_ids.tolist() == [3, 6]


def test_completion_by_handle_name_and_later_names_live(people: People) -> None:
    assert people.complete("@Ana_").tolist() == [1]
    assert people.complete("ana s").tolist() == [1]
    assert sorted(people.complete("schm").tolist()) == [1, 2]
    assert people.complete("太").tolist() == [4]
    assert people.complete("zoe").tolist() == people.complete("").tolist() == []
    people.update(users({7: ("zoe", "Zoë Anagram")}))
    assert people.complete("zoe").tolist() == [7]
    assert 7 in people.complete("anag").tolist()


def test_accounts_by_handle_and_id(people: People) -> None:
    people.update(users({8: ("5", "Five")}))
    assert [people.account(one) for one in ("anna", "5", "6", "99", "nobody")] == [3, 8, 6, 99, -1]
    assert people.verified(np.array([1, 2, 99])).tolist() == [False, True, False]
    assert len(people) == 7


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=4), st.integers(0, 3)), min_size=1, max_size=700),
    st.text("abc", max_size=3), st.integers(1, 8),
)  # fmt: skip
def test_completion_against_a_scan(keys: list[tuple[str, int]], prefix: str, limit: int) -> None:
    """Over the size at which waiting keys are merged, too."""
    index = Prefixes()
    for start in range(0, len(keys), 90):
        part = keys[start : start + 90]
        index.resize(start + len(part))
        index.weights[start:] = [weight for _, weight in part]
        index.add([key for key, _ in part], list(range(start, start + len(part))))
    found = index.complete(prefix, limit, least=1.0)
    weights = sorted((weight for key, weight in keys if key.startswith(prefix) and weight >= 1), reverse=True)
    assert [keys[row][1] for row in found.tolist()] == weights[:limit]
    assert len(set(found.tolist())) == len(found)
    assert all(keys[row][0].startswith(prefix) for row in found.tolist())
