"""Formulas, popularity, recency and value models: numbers by hand."""

from __future__ import annotations

from math import exp, log10

import numpy as np
import pytest
from pydantic import ValidationError

from data.batch import CandidateBatch, Requests
from data.errors import ConfigError, DataError
from ranking.artifact import describe, restore
from ranking.scorers.formulas import AffinityFormula, InterestFormula
from ranking.scorers.popularity import Popularity, PopularityConfig
from ranking.scorers.recency import Recency
from ranking.untrained import make_scorer
from ranking.value import ValueModel, ValueScorer

COLUMNS = {
    "tweet.age_h": [3.0, 0.0], "tweet.likes": [10, 0], "tweet.retweets": [4, 0], "tweet.replies": [2, 0],
    "tweet.engagements": [20, 0], "pair.affinity": [0.5, 0.0], "pair.similarity": [0.25, 0.0],
    "pair.interactions": [40, 250], "pair.topic_share": [2 / 3, 0], "tweet.media_count": [2, 0],
    "author.verified": [True, False],
}  # fmt: skip


def _batch(**columns):
    requests = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.zeros(1, np.int64)})
    return CandidateBatch(requests, np.array([0, 2]), {name: np.asarray(column) for name, column in columns.items()})


def test_affinity_formula():
    want = [0.2 / 4 + 0.3 * log10(10 + 8 + 3 + 1) + 0.3 * 0.5 + 0.2 * 0.25, 0.2]
    assert AffinityFormula().score(_batch(**COLUMNS)) == pytest.approx(want)


def test_interest_formula():
    first = 0.15 * exp(-3 / 24) + 0.25 * log10(22) + 0.3 * 0.4 + 0.2 * 2 / 3 + 0.05 * 1.2 + 0.05 * 1.1
    assert InterestFormula().score(_batch(**COLUMNS)) == pytest.approx([first, 0.15 + 0.3 + 0.05 + 0.05])


def test_popularity_and_recency():
    batch = _batch(**COLUMNS)
    assert Popularity().score(batch).tolist() == [20, 0]
    assert "tweet.age_h" not in Popularity().reads
    assert Popularity(PopularityConfig(half_life_h=3)).score(batch)[0] == pytest.approx(10)
    assert Popularity(PopularityConfig(counts=("tweet.likes", "tweet.retweets"))).score(batch).tolist() == [14, 0]
    assert Recency().score(batch).tolist() == [-3, 0]


@pytest.mark.parametrize("name", ["popularity", "recency", "affinity_formula", "interest_formula"])
def test_catalogue_artifact_round_trip_and_pointwise(name):
    scorer = make_scorer(name)
    batch = _batch(**COLUMNS)
    again = restore(name, *describe(scorer))
    scores = scorer.score(batch)
    assert scores.dtype == np.float32
    assert again.score(batch).tolist() == scores.tolist()
    assert again.reads == scorer.reads
    assert set(scorer.reads) <= set(COLUMNS)
    alone = CandidateBatch(batch.requests, np.array([0, 1]), {k: v[1:] for k, v in batch.columns.items()})
    assert scorer.score(alone)[0] == scores[1]


def test_bad_input_is_named():
    with pytest.raises(DataError, match=r"tweet\.engagements"):
        Popularity().score(_batch(**{"tweet.age_h": [1.0, 2.0]}))
    with pytest.raises(ConfigError, match="popularity"):
        make_scorer("populartiy")
    with pytest.raises(ValidationError, match="half_life"):
        PopularityConfig(half_life=3)


class _Known:
    reads = ("p",)
    actions = ("like", "reply", "not_interested")
    taken = np.ones(3, bool)

    def predict(self, batch):
        return batch.column("p").astype(np.float32)


def test_value_is_the_weighted_sum_of_the_actions():
    batch = _batch(p=[[0.5, 0.1, 0.0], [0.2, 0.0, 0.5]])
    scorer = ValueScorer(_Known(), ValueModel({"like": 1, "reply": 10, "not_interested": -2}))
    assert scorer.reads == ("p",)
    assert scorer.score(batch) == pytest.approx([1.5, -0.8])
    assert ValueScorer(_Known(), ValueModel.preset("engagement")).score(batch) == pytest.approx([0.6, 0.2])


def test_value_model_refuses_what_does_not_exist():
    with pytest.raises(ConfigError, match="'likes'"):
        ValueModel({"likes": 1})
    with pytest.raises(ConfigError, match="'best'"):
        ValueModel.preset("best")
