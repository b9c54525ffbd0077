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
from data.splitters import LeaveLastOut, RandomRatio
from experiments.evaluation.diagnostics import reliabilities
from experiments.evaluation.measurements import Lists, Measured, TrainingCounts, measure
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.protocol import Needs
from experiments.evaluation.protocols.request import RequestBlock
from experiments.evaluation.requested_metrics import Candidates, RequestedMetrics
from features.online import FeatureState
from ranking.metrics.accuracy import FORMULAS, accuracy
from ranking.metrics.beyond_accuracy import novelty
from ranking.metrics.catalogue import metric
from ranking.metrics.classification import grouped_auc, log_loss
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from ranking.scorer import CatalogueScorer, Retriever
from ranking.scorers.popularity import Popularity
from ranking.scorers.recency import Recency
from ranking.slate.topk import top_k
from ranking.training.trainer import TrainingContext, fit_scorer
from tests.experiments.evaluation.one_by_one import steps_of


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


ALL = tuple(metric(name) for name in (*FORMULAS, "novelty"))


def requested(*names):
    return RequestedMetrics(tuple(metric(name) for name in names))


def by_steps(films, split, scorer, k, pool, counts):
    out, state, needs = Measured(), FeatureState(None), Needs(scorer.reads, (), k, pool)
    for step in steps_of(FullCatalogue(films, split, requests=1000, seed=1), state):
        block = RequestBlock(step, state.lookup(step.batch, scorer.reads), None, needs)
        measure(block, block.scored(scorer), ALL, k, pool, counts, out)
    return out


def by_blocks(films, split, scorer, k, pool, counts, size):
    out, needs = Measured(), Needs(scorer.reads, (), k, pool)
    for block in FullCatalogue(films, split, requests=1000, seed=1).blocks(FeatureState(None), needs, size):
        measure(block, block.scored(scorer), ALL, k, pool, counts, out)
    return out


@pytest.mark.parametrize("splitter", [RandomRatio(), LeaveLastOut()], ids=lambda one: one.name)
@pytest.mark.parametrize("name", ["popularity", "recency", "pair", "decayed", "item_knn", "ease", "als", "two_tower"])
def test_blocks_and_steps_agree(name, splitter, films, scorers):
    split, scorer = splitter.apply(films), scorers[name]
    counts = TrainingCounts.of(split)
    steps = by_steps(films, split, scorer, 10, 30, counts)
    for size in (7, 512):
        blocks = by_blocks(films, split, scorer, 10, 30, counts, size)
        ours, theirs = blocks.request_frame(), steps.request_frame()
        assert ours.columns == theirs.columns
        assert ours.height == theirs.height > 40
        for column in ours.columns:
            np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-6, atol=1e-9, err_msg=column)
        assert blocks.all_lists().offsets.tolist() == steps.all_lists().offsets.tolist()
        for column, ids in blocks.all_lists().columns.items():
            assert ids.tolist() == steps.all_lists().columns[column].tolist()
        assert blocks.score_ties(10) == steps.score_ties(10)
    assert isinstance(scorer, CatalogueScorer) == (name in ("decayed", "item_knn", "ease", "als"))
    assert isinstance(scorer, Retriever) == ("ild_mmr" in theirs.columns) == (name == "two_tower")
    assert 0 < np.nanmean(theirs["ndcg"].to_numpy()) < 1


@pytest.mark.parametrize("name", ["pair", "ease"])
def test_the_catalogue_measures_by_the_best_places_what_whole_lists_give(name, films, scorers):
    split, scorer, state = RandomRatio().apply(films), scorers[name], FeatureState(None)
    counts = TrainingCounts.of(split)
    frames = [
        by_blocks(films, split, scorer, 3, 3, counts, 16).request_frame(),
        by_steps(films, split, scorer, 3, 3, counts).request_frame(),
    ]
    for at, step in enumerate(steps_of(FullCatalogue(films, split, requests=1000, seed=1), state)):
        scores = scorer.score(state.lookup(step.batch, scorer.reads))
        first = top_k(scores, step.batch.offsets, 3)
        known = counts.of_tweets(step.batch.columns["tweet_id"][first.values])
        want = {one: values[0] for one, values in accuracy(scores, step.relevant, step.batch.offsets, 3).items()}
        want["novelty@3"] = novelty(known, counts.users, first.offsets)[0]
        for frame in frames:
            assert {f"{one.name}@3": frame[one.name][at] for one in ALL} == pytest.approx(want, rel=1e-12)


def test_blocks_leave_out_what_was_engaged_and_find_what_was_held_out(films):
    split = RandomRatio().apply(films)
    train, test = split.train.collect(), split.test.collect()
    state = FeatureState(None, views=("tweet.facts",))
    users = []
    for block in FullCatalogue(films, split, requests=1000, seed=1).users(state, 16):
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
    counts = TrainingCounts.of(split)
    pairs = split.train.collect().unique(["user_id", "tweet_id"])
    film, people = int(pairs["tweet_id"][0]), pairs["user_id"].n_unique()
    count = pairs.filter(pl.col("tweet_id") == film).height
    want = (-np.log2(count / people) + np.log2(people)) / 2  # film 90 is known to nobody
    two_films = counts.of_tweets(np.array([film, 90]))
    assert novelty(two_films, counts.users, np.array([0, 2]))[0] == pytest.approx(want)
    one = Lists(np.array([0, 2]), {"tweet_id": np.array([4, 5]), "author_id": np.array([8, -1])})
    two = Lists(np.array([0, 1, 2]), {"tweet_id": np.array([4, 4]), "author_id": np.array([8, 8])})
    asked = requested("coverage", "gini", "author_gini")
    candidates = Candidates.of(asked)
    for ids, authors in (([3, 4, 5], [9, 8, -1]), ([4, 6], [8, 9])):
        requests = Requests({"user_row": np.zeros(1, np.int64)})
        columns = {"tweet_id": np.array(ids), "author_id": np.array(authors)}
        candidates.add(CandidateBatch(requests, np.array([0, len(ids)]), columns))
    shares = asked.shares(Measured(lists=[one, two]), candidates)
    assert list(shares) == ["coverage", "gini", "author_gini"]
    assert shares["coverage"] == 0.5
    assert shares["gini"] == pytest.approx((-3 * 0 - 1 * 0 + 1 * 1 + 3 * 3) / (4 * 4))
    # Two authors, all attention to one of them.
    assert shares["author_gini"] == pytest.approx(0.5)


@pytest.mark.parametrize("way", [by_blocks, by_steps])
def test_a_nan_score_stands_last_and_is_counted(films, way):
    class Broken(PairScorer):
        def __init__(self, least):
            self.least = least

        def score(self, batch):
            scores = super().score(batch)
            return np.where(batch.column("tweet_id") % 3 == 0, np.float32(self.least), scores)

    split = RandomRatio().apply(films)
    rest = (5, 5, TrainingCounts.of(split)) + ((16,) if way is by_blocks else ())
    broken, last = (way(films, split, Broken(least), *rest) for least in (np.nan, -1))
    assert broken.request_frame().equals(last.request_frame(), null_equal=True)
    assert broken.score_ties(5).unscored > 0.2
    assert last.score_ties(5).unscored == 0
    assert broken.score_ties(5).most == last.score_ties(5).most


def test_probabilities_are_judged_by_action_and_scores_over_all_impressions():
    like, reply = 1 << ACTIONS.index("like"), 1 << ACTIONS.index("reply")
    rng = np.random.default_rng(2)
    p, user = rng.random(400), rng.integers(0, 30, 400)
    liked = rng.random(400) < p
    acts = np.where(liked, like, 0)
    acts[:3] |= reply  # too seldom to be judged
    measured = Measured()
    measured.add_impressions(user_id=user, score=p, label=acts > 0, acts=acts)
    asked = requested("grouped_auc", "log_loss", "calibration_error")
    none = Candidates.of(asked)
    assert asked.by_action(measured) == {}
    assert asked.shares(measured, none) == {"grouped_auc": pytest.approx(grouped_auc(p, acts > 0, user))}
    predicted = Measured()
    predicted.add_impressions(**{
        "user_id": user, "score": p, "label": acts > 0, "acts": acts, "p.like": p, "p.reply": p / 9
    })  # fmt: skip
    found = asked.by_action(predicted)
    assert list(found) == ["like"]
    assert list(found["like"]) == ["log_loss", "calibration_error"]
    assert found["like"]["log_loss"] == pytest.approx(log_loss(p, liked))
    assert found["like"]["calibration_error"] == reliabilities(predicted.impression_frame())["like"].error
    assert asked.by_action(Measured()) == {}
