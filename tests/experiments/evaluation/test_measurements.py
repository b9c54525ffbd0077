"""A catalogue measured by blocks gives the numbers that measuring it request by request gives."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from data.batch import CandidateBatch, Requests
from data.dataset import Dataset
from data.readers import read_log
from data.schema import ACTIONS
from data.split import LeaveLastOut, RandomRatio
from experiments.evaluation.diagnostics import reliabilities
from experiments.evaluation.measurements import (
    Known,
    Listed,
    Measured,
    Places,
    catalogue_of,
    measure_block,
    measure_step,
)
from experiments.evaluation.protocol import FullCatalogue
from experiments.evaluation.requested_metrics import Asked, Candidates
from features.online import FeatureState
from ranking.metrics.accuracy import FORMULAS
from ranking.metrics.classification import grouped_auc, log_loss
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from ranking.scorer import CatalogueScorer, Retriever
from ranking.scorers.popularity import Popularity
from ranking.scorers.recency import Recency
from ranking.training.trainer import TrainingContext, fit_scorer


class PairScorer:
    """Reads what belongs to the pair of reader and item, with many ties."""

    reads = ("pair.interactions", "tweet.ratings", "user_id")

    def score(self, batch: CandidateBatch):
        own = (batch.column("tweet_id") * 7 + batch.column("user_id") * 3) % 5
        return (own + batch.column("pair.interactions") + batch.column("tweet.ratings") % 3).astype(np.float32)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """60 people rate 5 to 24 of 90 films; some films are rated by nobody."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(8)
    lines = ["userId,movieId,rating,timestamp"]
    for user in range(1, 61):
        chosen = np.minimum(rng.geometric(0.05, rng.integers(5, 25)), 80)
        lines += [f"{user},{film},4.0,{user * 50 + at}" for at, film in enumerate(dict.fromkeys(chosen.tolist()))]
    (folder / "ratings.csv").write_text("\n".join(lines))
    titles = [f"{film},Film {film},War" for film in range(1, 91)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *titles]))
    return read_log("movielens", folder, folder / "data")


@pytest.fixture(scope="module")
def scorers(films: Dataset):
    split = RandomRatio().apply(films)
    torch.manual_seed(3)
    config = TwoTowerConfig.items().fitted(text_dim=0, topic_count=0)
    return {
        "popularity": Popularity(),
        "recency": Recency(),
        "pair": PairScorer(),
        "decayed": fit_scorer("popularity_decay", TrainingContext(films, split, 1), {"half_life_d": 1}),
        "item_knn": fit_scorer("item_knn", TrainingContext(films, split, 1), {"neighbours": 5, "shrinkage": 1}),
        "ease": fit_scorer("ease", TrainingContext(films, split, 1), {"l2": 10}),
        "als": fit_scorer("als", TrainingContext(films, split, 1), {"dim": 8, "l2": 1, "alpha": 3}),
        "two_tower": TwoTower(config, TowerPairs(config)),
    }


def by_steps(films, split, scorer, places, known):
    out, state = Measured(), FeatureState(None)
    for step in FullCatalogue(films, split, requests=1000, seed=1).steps(state):
        batch = state.lookup(step.batch, scorer.reads)
        measure_step(step, batch, scorer, scorer.score(batch), None, places, known, out)
    return out


def by_blocks(films, split, scorer, places, known, size):
    out, state, catalogue = Measured(), FeatureState(None), None
    for block in FullCatalogue(films, split, requests=1000, seed=1).blocks(state, size):
        catalogue = catalogue or catalogue_of(block, state, [scorer])
        measure_block(block, catalogue, state, scorer, places, known, out)
    return out


@pytest.mark.parametrize("splitter", [RandomRatio(), LeaveLastOut()], ids=lambda one: one.name)
@pytest.mark.parametrize("name", ["popularity", "recency", "pair", "decayed", "item_knn", "ease", "als", "two_tower"])
def test_blocks_and_steps_agree(name, splitter, films, scorers):
    split, scorer = splitter.apply(films), scorers[name]
    places, known = Places(10, 30), Known.of(split)
    steps = by_steps(films, split, scorer, places, known)
    for size in (7, 512):
        blocks = by_blocks(films, split, scorer, places, known, size)
        ours, theirs = blocks.request_frame(), steps.request_frame()
        assert ours.columns == theirs.columns
        assert ours.height == theirs.height > 40
        for column in ours.columns:
            np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-6, atol=1e-9, err_msg=column)
        assert blocks.listed().offsets.tolist() == steps.listed().offsets.tolist()
        for column, ids in blocks.listed().columns.items():
            assert ids.tolist() == steps.listed().columns[column].tolist()
        assert blocks.apart(10) == steps.apart(10)
    assert isinstance(scorer, CatalogueScorer) == (name in ("decayed", "item_knn", "ease", "als"))
    assert isinstance(scorer, Retriever) == ("ild_mmr" in theirs.columns) == (name == "two_tower")
    assert 0 < np.nanmean(theirs["ndcg"].to_numpy()) < 1


@pytest.mark.parametrize("name", ["pair", "ease"])
def test_the_catalogue_measures_by_the_best_places_what_whole_lists_give(name, films, scorers):
    split, scorer = RandomRatio().apply(films), scorers[name]
    known, more = Known.of(split), (*FORMULAS, "novelty")
    plain, asked = Places(3, 3), Places(3, 3, more)
    steps = by_steps(films, split, scorer, plain, known).request_frame()
    for frame in (
        by_blocks(films, split, scorer, asked, known, 16).request_frame(),
        by_steps(films, split, scorer, asked, known).request_frame(),
    ):
        for column in more:
            np.testing.assert_allclose(frame[column], steps[column], rtol=1e-12, err_msg=column)


def test_blocks_leave_out_what_was_engaged_and_find_what_was_held_out(films):
    split = RandomRatio().apply(films)
    train, test = split.train.collect(), split.test.collect()
    state = FeatureState(None, views=("tweet.facts",))
    users = []
    for block in FullCatalogue(films, split, requests=1000, seed=1).blocks(state, 16):
        ids = state.network.tweets.ids[block.items]
        assert sorted(ids.tolist()) == list(range(1, 91))
        for at, user in enumerate(block.requests.columns["user_id"].tolist()):
            mine = pl.col("user_id") == user
            assert set(ids[block.known[at]].tolist()) == set(train.filter(mine)["tweet_id"].to_list())
            assert set(ids[block.relevant[at]].tolist()) == set(test.filter(mine)["tweet_id"].to_list())
            users.append(user)
    assert users == sorted(test["user_id"].unique().to_list())


def test_exposure_and_novelty_by_hand(films):
    split = RandomRatio().apply(films)
    known = Known.of(split)
    pairs = split.train.collect().unique(["user_id", "tweet_id"])
    film, people = int(pairs["tweet_id"][0]), pairs["user_id"].n_unique()
    count = pairs.filter(pl.col("tweet_id") == film).height
    want = (-np.log2(count / people) + np.log2(people)) / 2  # film 90 is known to nobody
    assert known.novelty(np.array([film, 90]), np.array([0, 2]))[0] == pytest.approx(want)
    one = Listed(np.array([0, 2]), {"tweet_id": np.array([4, 5]), "author_id": np.array([8, -1])})
    two = Listed(np.array([0, 1, 2]), {"tweet_id": np.array([4, 4]), "author_id": np.array([8, 8])})
    asked = Asked(("coverage", "gini", "author_gini"))
    candidates = Candidates.of(asked)
    for ids, authors in (([3, 4, 5], [9, 8, -1]), ([4, 6], [8, 9])):
        requests = Requests({"user_row": np.zeros(1, np.int64)})
        columns = {"tweet_id": np.array(ids), "author_id": np.array(authors)}
        candidates.add(CandidateBatch(requests, np.array([0, len(ids)]), columns))
    shares = asked.shares(Measured(shown=[one, two]), candidates)
    assert list(shares) == ["coverage", "gini", "author_gini"]
    assert shares["coverage"] == 0.5
    assert shares["gini"] == pytest.approx((-3 * 0 - 1 * 0 + 1 * 1 + 3 * 3) / (4 * 4))
    # Two authors, all attention to one of them.
    assert shares["author_gini"] == pytest.approx(0.5)


@pytest.mark.parametrize("measure", [by_blocks, by_steps])
def test_a_nan_score_stands_last_and_is_counted(films, measure):
    class Broken(PairScorer):
        def __init__(self, least):
            self.least = least

        def score(self, batch):
            scores = super().score(batch)
            return np.where(batch.column("tweet_id") % 3 == 0, np.float32(self.least), scores)

    split = RandomRatio().apply(films)
    rest = (Places(5, 5), Known.of(split)) + ((16,) if measure is by_blocks else ())
    broken, last = (measure(films, split, Broken(least), *rest) for least in (np.nan, -1))
    assert broken.request_frame().equals(last.request_frame(), null_equal=True)
    assert broken.apart(5).unscored > 0.2
    assert last.apart(5).unscored == 0
    assert broken.apart(5).most == last.apart(5).most


def test_probabilities_are_judged_by_action_and_scores_over_all_impressions():
    like, reply = 1 << ACTIONS.index("like"), 1 << ACTIONS.index("reply")
    rng = np.random.default_rng(2)
    p, user = rng.random(400), rng.integers(0, 30, 400)
    liked = rng.random(400) < p
    acts = np.where(liked, like, 0)
    acts[:3] |= reply  # too seldom to be judged
    measured = Measured()
    measured.impression(user_id=user, score=p, label=acts > 0, acts=acts)
    asked = Asked(("grouped_auc", "log_loss", "calibration_error"))
    none = Candidates.of(asked)
    assert asked.by_action(measured) == {}
    assert asked.shares(measured, none) == {"grouped_auc": pytest.approx(grouped_auc(p, acts > 0, user))}
    predicted = Measured()
    predicted.impression(**{
        "user_id": user, "score": p, "label": acts > 0, "acts": acts, "p.like": p, "p.reply": p / 9
    })  # fmt: skip
    found = asked.by_action(predicted)
    assert list(found) == ["like"]
    assert list(found["like"]) == ["log_loss", "calibration_error"]
    assert found["like"]["log_loss"] == pytest.approx(log_loss(p, liked))
    assert found["like"]["calibration_error"] == reliabilities(predicted.impression_frame())["like"].error
    assert asked.by_action(Measured()) == {}
