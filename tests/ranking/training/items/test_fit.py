"""Fitting models of items: what is chosen, from what, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers import read_log
from data.split import training_part
from data.splitters import LeaveLastOut, RandomRatio, TimeSplit
from ranking.models.towers import TwoTowerConfig
from ranking.scorers.popularity import DecayedPopularity
from ranking.training.items import fit as fit_items
from ranking.training.positives import training_positives
from ranking.training.trainer import TrainingContext, trainer_of
from ranking.training.two_tower.examples import build_examples

GRIDS = {
    "item_knn": {"neighbours": [3, 20], "shrinkage": [0, 100]},
    "ease": {"l2": [1, 30, 300]},
    "als": {"dim": [2, 4], "l2": 1, "alpha": [1, 4]},
    "popularity_decay": {"half_life_d": [0, 1]},
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """80 people, 40 films in two kinds; each rates 12, mostly of one kind, a minute apart."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(2)
    lines = ["userId,movieId,rating,timestamp"]
    for user in range(1, 81):
        weight = np.where(np.arange(40) % 2 == user % 2, 8.0, 1.0) / (1 + np.arange(40) / 10)
        chosen = rng.choice(40, 12, replace=False, p=weight / weight.sum())
        lines += [f"{user},{film + 1},4.0,{user * 1000 + at * 60}" for at, film in enumerate(chosen)]
    (folder / "ratings.csv").write_text("\n".join(lines))
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *(f"{f},F {f},War" for f in range(1, 41))]))
    return read_log("movielens", folder, folder / "data")


def _fit(name, dataset, split, settings, seed=1):
    tried = []
    context = TrainingContext(dataset, split, seed, report=tried.append)
    model = trainer_of(name).fit(context, settings)
    return model, tried


@pytest.mark.parametrize("name", list(GRIDS))
def test_the_best_on_what_is_held_out_of_training_is_kept(name, films):
    split = RandomRatio().apply(films)
    model, tried = _fit(name, films, split, GRIDS[name])
    combinations = np.prod([len(np.atleast_1d(values)) for values in GRIDS[name].values()])
    assert len(tried) == combinations
    best = max(tried, key=lambda one: one["ndcg@20"])
    assert len({round(one["ndcg@20"], 9) for one in tried}) > 1
    for setting, value in best.items():
        if setting != "ndcg@20":
            assert getattr(model.config, setting) == (value,)
    # The same settings alone, without a choice, give the same model: all of training was used.
    fixed = {setting: value for setting, value in best.items() if setting != "ndcg@20"}
    assert model.config.chosen == fixed
    alone, reported = _fit(name, films, split, fixed)
    assert reported == [best]
    assert set(model.config.objectives) < set(best)
    for key, weight in alone.artifact()[1].items():
        np.testing.assert_array_equal(model.artifact()[1][key], weight, err_msg=key)


def test_where_nothing_can_be_held_out_one_value_is_fitted_and_several_are_refused(tmp_path):
    lines = ["userId,movieId,rating,timestamp", *(f"{user},{user % 3 + 1},4.0,{user}" for user in range(1, 9))]
    (tmp_path / "ratings.csv").write_text("\n".join(lines))
    (tmp_path / "movies.csv").write_text("\n".join(["movieId,title,genres", *(f"{f},F {f},War" for f in (1, 2, 3))]))
    few = read_log("movielens", tmp_path, tmp_path / "data")
    split = RandomRatio(within="log").apply(few)
    assert _fit("ease", few, split, {"l2": 5})[1] == []
    with pytest.raises(DataError, match=r"no reader has two engagements.*one value"):
        _fit("ease", few, split, {"l2": [5, 50]})


def test_the_test_part_is_not_looked_at(films):
    split = LeaveLastOut().apply(films)
    blind = type(split)(split.name, split.promise, split.train_before_us, split.train, pl.LazyFrame())
    (_, seen), (_, unseen) = (_fit("ease", films, one, GRIDS["ease"]) for one in (split, blind))
    assert seen == unseen


def test_what_is_held_out_is_like_the_split(films, monkeypatch):
    found = {}
    real = fit_items._ndcg

    def keep(judged, engaged, held, config, seed):
        found["rows"] = engaged.rows.with_columns(held=held)
        return real(judged, engaged, held, config, seed)

    monkeypatch.setattr(fit_items, "_ndcg", keep)
    latest = {}
    for split in (LeaveLastOut(), RandomRatio()):
        _fit("ease", films, split.apply(films), GRIDS["ease"])
        by_user = found["rows"].sort("time_us").group_by("user_id", maintain_order=True)
        latest[split.name] = by_user.agg(pl.col("held").last())["held"].mean()
        counts = found["rows"].group_by("user_id").agg(pl.len(), pl.col("held").sum())
        assert counts["held"].to_list() == [max(1, size // 5) for size in counts["len"].to_list()]
    assert latest["leave_last_out"] == 1
    assert latest["random_ratio"] < 0.3


@pytest.mark.parametrize("model", ["ease", "two_tower"])
def test_of_one_moment_the_later_in_the_file_is_held_out_to_choose_by(tmp_path, monkeypatch, model):
    """Not the larger item: else settings are chosen by what new items want."""
    rng, lines, last = np.random.default_rng(5), ["userId,movieId,rating,timestamp"], {}
    for user in range(30):
        chosen = rng.permutation(25)[:6] + 1
        lines += [f"{user},{film},4.0,{user * 10 + (at == 5)}" for at, film in enumerate(chosen)]
        last[user] = chosen[4]
    (tmp_path / "ratings.csv").write_text("\n".join(lines))
    (tmp_path / "movies.csv").write_text("\n".join(["movieId,title,genres", *(f"{f},F {f},War" for f in range(1, 26))]))
    log = read_log("movielens", tmp_path, tmp_path / "data")
    split = LeaveLastOut().apply(log)
    found = {}
    if model == "ease":
        real = fit_items._ndcg
        monkeypatch.setattr(fit_items, "_ndcg", lambda judged, engaged, held, *rest: (
            found.update(rows=engaged.rows.filter(held)), real(judged, engaged, held, *rest))[1])  # fmt: skip
        _fit("ease", log, split, {"l2": [1, 10]})
        held = dict(found["rows"].select("user_id", "tweet_id").iter_rows())
    else:
        positives = training_positives(log, engagements=split.train)
        config = TwoTowerConfig.items().model_copy(update={"text": False, "topics": False})
        made = build_examples(training_part(log, split), config, positives=positives, ties=split.ties)
        at = made.validation
        tweets = made.tweet_ids[made.tweets.tweet[made.tweet_row]]
        held = dict(zip(made.readers.user_id[made.request][at].tolist(), tweets[at].tolist(), strict=True))
    assert held == last


def test_a_log_of_living_tweets_is_refused(tiny_dataset):
    with pytest.raises(DataError, match=r"ease learns items by their ids.*lasting items"):
        trainer_of("ease").fit(TrainingContext(tiny_dataset, TimeSplit().apply(tiny_dataset), 1), {})


def test_settings_are_named(films):
    split = RandomRatio().apply(films)
    with pytest.raises(ConfigError, match=r"unknown key 'lambda' in the settings of ease.*l2"):
        trainer_of("ease").fit(TrainingContext(films, split, 1), {"lambda": 3})
    with pytest.raises(ConfigError, match=r"l2\.1 = -1 in the settings of als"):
        trainer_of("als").fit(TrainingContext(films, split, 1), {"l2": [1, -1]})


def test_popularity_fades_by_engagement():
    day = 24 * 3600 * 1_000_000
    times = np.array([0, 0, 0, 10 * day, 10 * day]) + 5
    items = np.array([0, 0, 0, 1, 1])
    config = fit_items.DecayedPopularityConfig(half_life_d=10)
    assert DecayedPopularity.fit(config, np.array([7, 9]), items, times).worth.tolist() == [1.5, 2]
    never = fit_items.DecayedPopularityConfig(half_life_d=0)
    assert DecayedPopularity.fit(never, np.array([7, 9]), items, times).worth.tolist() == [3, 2]


def test_a_model_goes_through_a_folder(films, tmp_path: Path):
    from ranking.artifact import Bundle

    for name, grid in GRIDS.items():
        model, _ = _fit(name, films, RandomRatio().apply(films), grid)
        Bundle(name, model, None, films.name, films.content_hash, "random_ratio").save(tmp_path / name)
        again = Bundle.load(tmp_path / name, cache=tmp_path).scorer
        assert type(again) is type(model)
        for key, weight in model.artifact()[1].items():
            np.testing.assert_array_equal(again.artifact()[1][key], weight)
