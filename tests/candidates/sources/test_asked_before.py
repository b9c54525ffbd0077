"""The same state and request bring the same tweets, whatever was requested before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from candidates.component import Source
from candidates.sources.catch_up import CatchUp
from candidates.sources.communities import Communities
from candidates.sources.semantic_ids import SemanticIds
from candidates.sources.similar import Similar
from candidates.sources.two_tower import TwoTower
from candidates.tweet_vectors import TweetVectors
from data.batch import Array, CandidateBatch
from data.events import HOUR_US, MINUTE_US
from features.online import FeatureState
from tests.candidates.sources.small_states import NOW, ask, engaged, events, people, tweets
from tests.features.logs import letters

DYING, LIVING, LIKED = range(101, 109), range(201, 206), 301
"""Ids of tweets: the first die within ten minutes."""


class ByText:
    """A retrieval model that knows what dies: it is nearest to everybody."""

    reads = ("author_id",)
    dim = 1

    def user_vectors(self, batch: CandidateBatch) -> Array:
        return np.ones((len(batch.requests), 1), np.float32)

    def tweet_vectors(self, batch: CandidateBatch) -> Array:
        return 1.0 / batch.column("tweet_id").astype(np.float32)[:, None]


def state() -> FeatureState:
    """Reader 1 follows 2 and likes their newest tweet; what is most like it dies within ten minutes."""
    out = FeatureState(letters(), views=["tweet.windows"])
    people(out, [(1, 2)])
    ids = [*DYING, *LIVING, LIKED]
    texts = ["abc"] * len(DYING) + ["abd"] * len(LIVING) + ["abc"]
    hours = [48 - 0.01 * at for at in range(1, 9)] + [5 - 0.1 * at for at in range(5)] + [1.0]
    out.update(tweets(ids, [2] * len(ids), hours, text=texts))
    out.update(engaged([(1, LIKED, "like", 0.5)], lambda tweet: 2))
    return out


def two_tower(of: FeatureState) -> Source:
    vectors = TweetVectors(ByText())
    vectors.refresh(of, NOW)
    return TwoTower(of, vectors, 5)


MAKE: dict[str, Callable[[FeatureState], Source]] = {
    "similar": lambda of: Similar(of, 5, likes=1),
    "semantic_ids": lambda of: SemanticIds(of, 20),
    "catch_up": lambda of: CatchUp(of, 20),
    "two_tower": two_tower,
}


def ids_of(of: FeatureState, source: Source, time_us: int) -> list[int]:
    ids: list[int] = of.network.tweets.ids[source.fetch(ask(of, [1], time_us)).values].tolist()
    return ids


@pytest.mark.parametrize("name", list(MAKE))
def test_what_died_since_takes_no_place_of_the_living(name: str) -> None:
    known = state()
    source = MAKE[name](known)
    assert set(ids_of(known, source, NOW)) & set(DYING)
    later = ids_of(known, source, NOW + 10 * MINUTE_US)
    assert later == ids_of(known, MAKE[name](known), NOW + 10 * MINUTE_US)
    assert set(later) - {LIKED} == set(LIVING)


@pytest.mark.parametrize("name", ["similar", "semantic_ids", "catch_up"])
def test_a_later_request_takes_nothing_from_an_earlier_moment(name: str) -> None:
    known = state()
    source = MAKE[name](known)
    ids_of(known, source, NOW + HOUR_US)
    before = ids_of(known, source, NOW)
    assert before == ids_of(known, MAKE[name](known), NOW)
    assert set(before) & set(DYING)


@pytest.mark.parametrize("name", ["similar", "semantic_ids", "catch_up"])
def test_a_tweet_that_was_known_by_its_id_alone_is_there_at_once(name: str) -> None:
    known = state()
    source = MAKE[name](known)
    known.update(engaged([(3, 999, "click", 0.4)], lambda tweet: 2))
    ids_of(known, source, NOW)
    known.update(tweets([998, 999], [2, 2], [0.3, 0.2], text=["abc", "abc"]))
    found = ids_of(known, source, NOW)
    assert found == ids_of(known, MAKE[name](known), NOW)
    assert 999 in found


def test_lists_of_communities_are_those_of_the_state_within_five_minutes_too() -> None:
    known = FeatureState(None, views=["tweet.windows", "user.communities", "tweet.communities"])
    follows = [(one, 1 + (one % 2) * 5 + at) for one in range(11, 81) for at in range(5)]
    n = len(follows)
    known.update(
        events(
            "follows", follow_id=range(n), time_us=[NOW - 10**12] * n, follower_id=[one for one, _ in follows],
            followee_id=[other for _, other in follows], ended=[False] * n,
        )
    )  # fmt: skip
    known.update(tweets(range(500, 510), range(1, 11), [3.0 - at / 10 for at in range(10)]))
    known.update(engaged([(11, 500, "like", 0.2), (12, 506, "like", 0.1)], lambda tweet: 1 + tweet % 10))
    source = Communities(known, 6)
    requests = ask(known, [11, 12], NOW)
    first = source.fetch(requests)
    known.update(engaged([(one, 507, "like", 0.0) for one in range(13, 40)], lambda tweet: 1 + tweet % 10))
    later = ask(known, [11, 12], NOW + 1)
    found = source.fetch(later)
    assert found.values.tolist() == Communities(known, 6).fetch(later).values.tolist()
    assert found.values.tolist() != first.values.tolist()


def test_what_was_served_is_no_reason_to_make_lists_anew() -> None:
    known = state()
    known.update(tweets([900], [2], [0.1]))
    before = known.changes
    known.update(
        events(
            "impressions", impression_id=[1], time_us=[NOW - 10**8], request_id=[9], user_id=[1], tweet_id=[900],
            author_id=[2], position=[0], propensity=[1.0],
        )
    )  # fmt: skip
    reader, shown = known.network.users.rows([1]), known.network.tweets.rows([900])
    assert known.seen.has(reader, shown, np.array([NOW])).all()
    assert known.changes == before
    known.update(engaged([(1, 900, "like", 0.0)], lambda tweet: 2))
    assert known.changes > before
