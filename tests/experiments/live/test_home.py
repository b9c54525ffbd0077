"""Why a feed is as it is, and what would become of a tweet: from the trace of real feeds of a small world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import polars as pl
import pytest

from candidates.explanation import DROPPED, NOT_FOUND, NOT_PICKED, SHOWN, FeedExplanation
from candidates.products.home import HomeConfig
from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError, NotFoundError
from experiments.live.home import LocalHome
from experiments.live.own_post import FOLLOWERS, OTHERS, score_post
from ranking.scorer import ValuedScorer
from serving.model import Untrained, untrained


class ByLikes(ValuedScorer):
    """Likes grow with a tweet's likes so far, replies with its age."""

    reads = ("tweet.likes", "tweet.age_h")
    actions = ("like", "reply")
    left_out = ()
    value_reads = ()

    def with_value(self, value: str | Mapping[str, float]) -> Self:
        return self

    def predict(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        likes, age = batch.column("tweet.likes"), batch.column("tweet.age_h")
        return np.stack([likes / (likes + 10), age / (age + 48)], axis=1).astype(np.float32)

    def score(self, batch: CandidateBatch) -> F32:
        return self.predict(batch) @ np.array([1.0, 0.5], np.float32)


@pytest.fixture(scope="module")
def home(tiny_dataset: Dataset) -> LocalHome:
    return LocalHome(tiny_dataset, Untrained(ByLikes(), "by_likes"), strict=True)


@pytest.fixture(scope="module")
def reader(tiny_dataset: Dataset) -> int:
    """Who asks most often."""
    asked = tiny_dataset.scan("requests").group_by("user_id").len().sort("len", "user_id").collect()
    return int(asked["user_id"][-1])


@pytest.fixture(scope="module")
def found(home: LocalHome, reader: int) -> FeedExplanation:
    trace = home.run(reader, 5).trace
    dropped = trace.merged.columns["tweet_id"][np.flatnonzero(trace.fate >= 0)[0]]
    worst = trace.scored.columns["tweet_id"][-1]
    return home.explain(reader, 5, [int(dropped), int(worst), 7])


def test_the_steps_lead_from_the_value_to_the_place(home: LocalHome, found: FeedExplanation, reader: int) -> None:
    values = np.sort(home.run(reader, 5).trace.scored.columns["value"])[::-1]
    assert [one.position for one in found.tweets] == [0, 1, 2, 3, 4]
    for one in found.tweets:
        assert one.outcome == SHOWN
        assert one.value is not None
        assert values[one.steps[0].rank_before - 1] == np.float32(one.value)
        score = one.value
        for before, step in zip((None, *one.steps), one.steps, strict=False):
            score *= step.factor
            assert step.score == pytest.approx(score, rel=1e-6)
            assert before is None or before.rank_after == step.rank_before
        assert one.steps[-1].stage == "selector"
        assert one.steps[-1].rank_after == one.position + 1


def test_probabilities_and_columns_are_those_of_the_score(found: FeedExplanation) -> None:
    for one in found.tweets:
        read = {feature.name: feature for feature in one.features}
        assert set(read) == set(ByLikes.reads)
        assert one.value == pytest.approx(one.probabilities["like"] + 0.5 * one.probabilities["reply"], rel=1e-6)
        likes = read["tweet.likes"].value
        assert one.probabilities["like"] == pytest.approx(likes / (likes + 10), rel=1e-6)
        assert all(0 < feature.percentile <= 100 for feature in one.features)
    most = max(found.tweets, key=lambda one: one.probabilities["like"])
    least = min(found.tweets, key=lambda one: one.probabilities["like"])
    liked = [next(f.percentile for f in one.features if f.name == "tweet.likes") for one in (most, least)]
    assert liked[0] >= liked[1]


def test_what_is_not_shown_says_where_it_was_lost(found: FeedExplanation) -> None:
    dropped, worst, unknown = found.asked
    assert dropped.outcome == DROPPED
    assert dropped.removed_by in found.removed
    assert dropped.sources
    assert worst.outcome == NOT_PICKED
    assert worst.steps[-1].rank_after is None
    assert worst.position is None
    assert unknown.outcome == NOT_FOUND
    assert not unknown.sources
    assert found.candidates == found.scored + sum(found.removed.values())
    assert sum(found.fetched.values()) >= found.candidates


class Revalued(ByLikes):
    """What `ByLikes` is by another value, for which it reads a column more."""

    reads = (*ByLikes.reads, "pair.mutual_follow")


class ByValue(ByLikes):
    def with_value(self, value: str | Mapping[str, float]) -> Self:
        return Revalued()  # type: ignore[return-value]


def test_the_reasons_are_those_of_the_value_by_which_the_feed_is_ranked(tiny_dataset: Dataset, reader: int) -> None:
    model = Untrained(ByValue(), "by_value")
    found = LocalHome(tiny_dataset, model, config=HomeConfig(value="x_2023"), strict=True).explain(reader, 3)
    assert {one.name for tweet in found.tweets for one in tweet.features} == set(Revalued.reads)


def test_a_model_without_actions_has_no_probabilities(tiny_dataset: Dataset, reader: int) -> None:
    found = LocalHome(tiny_dataset, untrained()).explain(reader, 3)
    assert all(one.probabilities == {} and one.features for one in found.tweets)


def test_a_post_reaches_followers_and_its_rank_is_that_of_its_value(tiny_dataset: Dataset) -> None:
    """Newest first, the newest tweet of all is the best by value for everybody."""
    before = tiny_dataset.content_hash
    follows = tiny_dataset.scan("follows").filter(~pl.col("ended")).group_by("followee_id").len()
    author = int(follows.sort("len", "followee_id").collect()["followee_id"][-1])
    home = LocalHome(tiny_dataset, untrained(), strict=True)
    made = score_post(home, "a new lens, at last", author, readers=40, k=20)
    again = score_post(LocalHome(tiny_dataset, untrained()), "a new lens, at last", author, readers=40, k=20)
    assert made.readers.equals(again.readers)
    readers = made.readers
    assert readers["group"].value_counts().sort("group").rows() == [(FOLLOWERS, 20), (OTHERS, 20)]
    assert author not in readers["user_id"].to_list()
    assert (readers["value_rank"] == 1).all()
    followers = readers.filter(group=FOLLOWERS)
    assert followers["sources"].str.contains("following").all()
    assert not readers.filter(group=OTHERS)["sources"].str.contains("following").any()
    shown = followers.filter(removed_by="")
    assert len(shown) > 10
    assert (shown["position"] == 0).all()
    summary = made.summary()
    assert summary["readers"].to_list() == [20, 20]
    assert summary["brought_pct"][0] == 100
    assert tiny_dataset.content_hash == before


def test_what_cannot_be_posted_is_refused(home: LocalHome, reader: int) -> None:
    time_us = home.time_us
    for text, said in (("  ", "no text"), ("x" * 281, "280"), ("a\x00b", "U\\+0000")):
        with pytest.raises(ConfigError, match=said):
            score_post(home, text, reader)
    with pytest.raises(NotFoundError, match="unknown user 5"):
        score_post(home, "a word", 5)
    with pytest.raises(ConfigError, match="readers=0"):
        score_post(home, "a word", reader, readers=0)
    assert home.time_us == time_us
