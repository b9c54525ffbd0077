"""Author diversity as a part of the funnel: what its order is, and that it hangs on nothing else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.feed_order import order_by_score
from candidates.rerankers.author_diversity import AuthorDiversity
from data.batch import CandidateBatch, Requests

Row = tuple[int, int, int]
"""Score, author and time; the tweet's id is its place."""


def batch(requests: list[list[Row]], mixed: int | None = None) -> tuple[CandidateBatch, list[int]]:
    """The requests' candidates, in an order drawn by `mixed` within each, and each row's tweet."""
    rng = np.random.default_rng(mixed)
    offsets = np.r_[0, np.cumsum([len(one) for one in requests])].astype(np.int64)
    order = [low + rng.permutation(len(one)) for low, one in zip(offsets, requests, strict=False)]
    tweet = np.concatenate([np.empty(0, np.int64), *order]) if mixed is not None else np.arange(offsets[-1])
    table = np.array([row for one in requests for row in one], np.int64).reshape(-1, 3)[tweet]
    columns = {
        "score": table[:, 0].astype(np.float32), "author_id": table[:, 1], "tweet_time_us": table[:, 2],
        "tweet_id": 100 + tweet,
    }  # fmt: skip
    return CandidateBatch(Requests({"user_row": np.arange(len(requests))}), offsets, columns), tweet.tolist()


def test_three_tweets_of_one_author_in_order_of_score() -> None:
    some, _ = batch([[(2, 7, 0), (9, 7, 0), (5, 8, 0), (4, 7, 0)]])
    factor = AuthorDiversity().factor(some)
    assert factor.tolist() == [0.4375, 1.0, 1.0, 0.625]
    after = some.with_columns({"score": some.columns["score"] * factor})
    # 9 x 1, 5 x 1, 4 x 0.625, 2 x 0.4375.
    assert some.columns["score"][order_by_score(after)].tolist() == [9.0, 5.0, 4.0, 2.0]


def test_of_equal_scores_the_newer_is_the_better_then_the_larger_id() -> None:
    some, _ = batch([[(1, 7, 10), (1, 7, 30), (1, 7, 20), (1, 7, 20)]])
    assert AuthorDiversity().factor(some).tolist() == [0.34375, 1.0, 0.4375, 0.625]


def test_requests_are_apart_and_who_is_unknown_is_nobodys_neighbour() -> None:
    some, _ = batch([[(3, 7, 0), (2, -1, 0), (1, -1, 0)], [], [(3, 7, 0), (4, 7, 0)]])
    assert AuthorDiversity().factor(some).tolist() == [1.0, 1.0, 1.0, 0.625, 1.0]


def test_nothing_to_rank_has_no_factors() -> None:
    for requests in ([], [[], []]):
        assert AuthorDiversity().factor(batch(requests)[0]).shape == (0,)


_rows = st.lists(st.tuples(st.integers(-2, 2), st.integers(-1, 2), st.integers(0, 2)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(_rows, max_size=3), st.integers(0, 99))
def test_a_factor_does_not_hang_on_the_order_of_the_batch(requests: list[list[Row]], mixed: int) -> None:
    plain, _ = batch(requests)
    other, tweet = batch(requests, mixed)
    factor = AuthorDiversity().factor(plain)
    assert AuthorDiversity().factor(other).tolist() == factor[tweet].tolist()
