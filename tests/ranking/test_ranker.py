"""The ranker in process: a model of two towers encodes a tweet once a moment, and scores as it does one by one."""

import numpy as np
import pytest

from data.batch import F32, CandidateBatch, Ragged, Requests
from data.errors import ModelError
from data.events import HOUR_US
from features.online import FeatureState
from ranking.ranker import LocalRanker
from ranking.scorer import Retriever
from tests.candidates.sources.small_states import NOW, people, tweets


class Towers(Retriever):
    """A reader's id and a tweet's id and age as vectors; counts what it encodes."""

    reads = ("user_id", "user.verified", "tweet_id", "tweet.age_h")
    dim = 2

    def __init__(self) -> None:
        self.encoded = 0

    def user_vectors(self, batch: CandidateBatch) -> F32:
        columns = batch.requests.columns
        return np.stack([columns["user_id"], 1.0 + columns["user.verified"]], axis=1).astype(np.float32)

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        self.encoded += len(batch)
        return np.stack([batch.column("tweet_id"), batch.column("tweet.age_h")], axis=1).astype(np.float32)

    def score(self, batch: CandidateBatch) -> F32:
        return (self.tweet_vectors(batch) * self.user_vectors(batch)[batch.request]).sum(axis=1)


@pytest.fixture
def state() -> FeatureState:
    out = FeatureState(None, views=["tweet.facts", "user.account"])
    people(out, [(1, 2)])
    out.update(tweets(range(101, 107), [2] * 6, [6, 5, 4, 3, 2, 1]))
    return out


def candidates(state: FeatureState, requests: Requests, lists: list[list[int]]) -> CandidateBatch:
    return state.base(requests, Ragged.from_lists([state.network.tweets.rows(np.array(ids)) for ids in lists]))


def test_a_tweet_of_several_requests_is_encoded_once_a_moment_and_scored_as_alone(state: FeatureState) -> None:
    lists = [[106, 101, 103], [], [101, 103, 102], [103, 101]]
    requests = state.requests(np.array([1, 2, 3, 4]), np.array([NOW, NOW, NOW, NOW + HOUR_US]))
    towers = Towers()
    scores = LocalRanker(state, towers).rank(candidates(state, requests, lists))["score"]
    assert towers.encoded == 4 + 2
    alone = [
        LocalRanker(state, Towers()).rank(candidates(state, requests.take(np.array([at])), [ids]))["score"]
        for at, ids in enumerate(lists)
        if ids
    ]
    assert scores.tolist() == np.concatenate(alone).tolist()


def test_requests_without_a_candidate_get_no_scores(state: FeatureState) -> None:
    batch = candidates(state, state.requests(np.array([1, 2]), NOW), [[], []])
    assert LocalRanker(state, Towers()).rank(batch)["score"].shape == (0,)


def test_a_vector_that_is_not_finite_is_named_by_its_tweet(state: FeatureState) -> None:
    class Broken(Towers):
        def tweet_vectors(self, batch: CandidateBatch) -> F32:
            out = super().tweet_vectors(batch)
            out[batch.column("tweet_id") == 103] = np.nan
            return out

    batch = candidates(state, state.requests(np.array([1, 2]), NOW), [[101, 103], [103]])
    with pytest.raises(ModelError, match=f"tweet row {batch.columns['tweet_row'][1]} is nan"):
        LocalRanker(state, Broken()).rank(batch)
