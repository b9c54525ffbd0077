"""Exploration of new authors: who is eligible, where they stand, how likely that was, and that a request repeats it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from candidates.products.home import HomeConfig, home_funnel
from candidates.rerankers.new_authors import NewAuthors, NewAuthorsConfig
from candidates.selectors import TopKConfig
from candidates.timelines import PulledTimelines
from data.batch import Array, CandidateBatch, Requests, offsets_of
from data.events import HOUR_US
from ranking.slate.topk import TopK
from tests.candidates.small_network import NOW, engage, network, show

CONFIG = NewAuthorsConfig(followers_below=10, views_below=20, max_age_h=2.0, most=2, slot=3)
Row = tuple[float, int, int, int, float]
"""Score, followers of the author, views, engagements, age in hours."""


def batch(*requests: list[Row], first: int = 1) -> CandidateBatch:
    """Requests with the ids `first`, `first` + 1, ...; a tweet's id is 100 and its row."""
    table = np.array([row for one in requests for row in one], np.float64).reshape(-1, 5)
    n = len(requests)
    columns: dict[str, Array] = {
        "score": table[:, 0].astype(np.float32), "author_followers": table[:, 1].astype(np.int64),
        "tweet_views": table[:, 2].astype(np.float32), "tweet_engagements": table[:, 3].astype(np.float32),
        "tweet_time_us": NOW - (table[:, 4] * HOUR_US).astype(np.int64), "tweet_id": 100 + np.arange(len(table)),
    }  # fmt: skip
    query = {"request_id": first + np.arange(n), "time_us": np.full(n, NOW), "user_row": np.arange(n)}
    return CandidateBatch(Requests(query), offsets_of([len(one) for one in requests]), columns)


OLD = [(9.0 - i, 100, 900, 50, 5.0) for i in range(6)]


def test_small_new_tweets_take_their_places_and_the_others_close_up() -> None:
    some = batch([*OLD, (0.2, 9, 19, 3, 1.9), (0.1, 0, 0, 0, 0.0)])
    slates, propensity = NewAuthors(TopK(), CONFIG).draw(some, 5)
    assert slates.values[[0, 1, 4]].tolist() == [0, 1, 2]
    assert set(slates.values[[2, 3]].tolist()) == {6, 7}
    assert propensity[[0, 1, 4]].tolist() == [1, 1, 1]
    # Either of two takes the first place or the other does.
    engaged, fresh = beta(3.75, 65.25), beta(0.75, 49.25)
    wins = quad(lambda t: engaged.pdf(t) * fresh.cdf(t), 0, 1)[0]
    # Given the first, the second is certain.
    assert propensity[[2, 3]] == pytest.approx([wins if slates.values[2] == 6 else 1 - wins, 1], abs=1e-3)


@pytest.mark.parametrize(
    "row", [(0.2, 10, 0, 0, 1.0), (0.2, 9, 20, 0, 1.0), (0.2, 9, 0, 0, 2.0), (0.2, 9, 0, 0, -0.1)],
    ids=["not small", "seen enough", "not new", "from after the request"],
)  # fmt: skip
def test_what_is_not_small_and_new_stays_where_it_was(row: Row) -> None:
    some = batch([*OLD, row])
    slates, propensity = NewAuthors(TopK(), CONFIG).draw(some, 5)
    assert slates.values.tolist() == [0, 1, 2, 3, 4]
    assert propensity.tolist() == [1] * 5


def test_a_tweet_that_is_shown_anyway_explores_nothing() -> None:
    new = (9.5, 0, 0, 0, 0.5)
    slates, propensity = NewAuthors(TopK(), CONFIG).draw(batch([new, *OLD]), 5)
    assert slates.values.tolist() == [0, 1, 2, 3, 4]
    assert propensity.tolist() == [1] * 5
    alone = NewAuthors(TopK(), CONFIG).draw(batch([*OLD, (0.1, 0, 0, 0, 0.5)]), 5)
    assert alone[0].values.tolist() == [0, 1, 6, 2, 3]
    assert alone[1] == pytest.approx([1] * 5)


def test_fewer_places_than_the_slot_or_no_candidates_explore_nothing() -> None:
    some = batch([*OLD, (0.2, 0, 0, 0, 1.0)], [])
    for k in (0, 1, 2):
        assert NewAuthors(TopK(), CONFIG).draw(some, k)[0].values.tolist() == list(range(k))
    assert NewAuthors(TopK(), CONFIG).draw(some, 3)[0].values.tolist() == [0, 1, 6]
    assert NewAuthors(TopK(), CONFIG).draw(batch([], []), 5)[0].lengths.tolist() == [0, 0]


def test_without_sampling_the_best_by_score_is_taken() -> None:
    config = CONFIG.model_copy(update={"sampled": False, "most": 1})
    some = batch([*OLD, (0.1, 0, 0, 0, 1.0), (0.2, 0, 0, 0, 1.0)])
    slates, propensity = NewAuthors(TopK(), config).draw(some, 5)
    assert slates.values.tolist() == [0, 1, 7, 2, 3]
    assert propensity.tolist() == [1] * 5


def test_the_propensity_is_how_often_it_happens() -> None:
    new: list[Row] = [(0.5, 0, 19, 2, 1.0), (0.4, 0, 0, 0, 1.0), (0.3, 0, 10, 0, 1.0), (0.2, 0, 19, 1, 1.0)]
    many = batch(*[[*OLD, *new]] * 4_000)
    slates, propensity = NewAuthors(TopK(), CONFIG).draw(many, 5)
    tweet, stated = (slates.values % 10 - 6).reshape(-1, 5)[:, 2:4], propensity.reshape(-1, 5)[:, 2:4]
    total = 0.0
    for pair in itertools.permutations(range(4), 2):
        here = (tweet == pair).all(axis=1)
        ((first, second),) = {tuple(row) for row in np.round(stated[here], 9).tolist()}
        total += first * second
        allowed = 4 * np.sqrt(first * second * (1 - first * second) / 4_000) + 1e-3
        assert here.mean() == pytest.approx(first * second, abs=allowed)
    assert total == pytest.approx(1, abs=1e-3)


_rows = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([0, 50]), st.integers(0, 30), st.integers(0, 9), st.floats(0, 3)),
    max_size=12,
)


@settings(max_examples=60)
@given(st.lists(_rows, max_size=3), st.integers(0, 9))
def test_a_request_is_answered_the_same_alone_and_again(requests: list[Any], k: int) -> None:
    selector = NewAuthors(TopK(), CONFIG)
    slates, propensity = selector.draw(batch(*requests), k)
    assert slates.lengths.tolist() == [min(k, len(one)) for one in requests]
    assert len(set(slates.values.tolist())) == len(slates.values)
    assert ((propensity > 0) & (propensity <= 1)).all()
    low = 0
    for number, one in enumerate(requests):
        # The same ids of request and tweets alone.
        single = batch(one, first=1 + number)
        single = single.with_columns({"tweet_id": single.columns["tweet_id"] + low})
        alone, chance = selector.draw(single, k)
        assert (alone.values + low).tolist() == slates[number].tolist()
        assert chance == pytest.approx(propensity[slates.offsets[number] : slates.offsets[number + 1]])
        low += len(one)


def test_the_home_feed_explores_and_logs_the_propensity() -> None:
    class Worst:
        """Ranks what is new last."""

        def rank(self, batch: CandidateBatch, *, deadline_ms: float | None) -> dict[str, Array]:
            return {"score": -batch.columns["tweet_id"].astype(np.float32)}

    tweets = [(100 + i, 2, 10 - i * 0.1) for i in range(30)] + [(200 + i, 3, 0.9) for i in range(5)]
    state = network(range(1, 40), tweets, [(1, 2), (1, 3)] + [(i, 2) for i in range(4, 30)],
                    views=["tweet.windows", "tweet.counts"])  # fmt: skip
    show(state, 30, [204] * 25, NOW - 10**6)
    engage(state, 204, [30], time_us=NOW - 10**5)
    config = HomeConfig(author_diversity=None, selector=TopKConfig(), new_authors=NewAuthorsConfig(followers_below=5))
    funnel = home_funnel(state, PulledTimelines(state.network, max_age_h=60), Worst(), config=config, strict=True)

    def slate(request: int) -> tuple[list[int], Array]:
        requests = state.requests(np.array([1]), NOW).with_columns({"request_id": np.array([request])})
        shown = funnel.run(requests, 20).slate
        return shown.columns["tweet_id"].tolist(), shown.columns["propensity"]

    first, propensity = slate(7)
    assert first[:14] == list(range(100, 114))
    assert first[16:] == list(range(114, 118))
    assert set(first[14:16]) < {200, 201, 202, 203}, "204 has been seen enough"
    # Four alike, then three.
    assert propensity.tolist() == pytest.approx([1] * 14 + [1 / 4, 1 / 3] + [1] * 4, abs=1e-3)
    assert slate(7)[0] == first
    assert len({tuple(slate(one)[0][14:16]) for one in range(30)}) > 5
