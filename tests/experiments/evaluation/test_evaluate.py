"""Train, evaluate, compare and promote, on one small world with one small model, and a scorer from the README."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from data.batch import CandidateBatch, Requests
from data.dataset import Dataset
from data.errors import ConfigError, DataError, ModelError, NotFoundError
from data.events import HOUR_US
from data.readers import read_log
from data.schema import POSITIVE_ACTIONS
from data.splitters import TimeSplit
from experiments.cli.model import promote
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.comparison_page import write_comparison
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles, evaluate_references
from experiments.evaluation.results import Report
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of
from experiments.runs.train import TrainResult, train
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS, ScorerEntry
from ranking.model_registry import fetch
from ranking.scorers.popularity import Popularity
from ranking.store import connect

pytestmark = pytest.mark.slow

FORTY = EvaluateConfig(requests=40)


@dataclass(frozen=True)
class Lab:
    """A trained model and its evaluation beside two baselines."""

    home: Path
    trained: TrainResult
    model: str
    report: Report


@pytest.fixture(scope="module")
def lab(home: Path, tiny_dataset: Dataset) -> Lab:
    trained = train(tiny_dataset, RunConfig(settings={"training": {"epochs": 1}}), home)
    model = f"v{trained.version}"
    return Lab(home, trained, model, evaluate_references(tiny_dataset, [model, "popularity"], FORTY, home))


@pytest.fixture
def films(tmp_path: Path) -> Dataset:
    """A MovieLens-like log: 12 people rate 6 of 15 films each."""
    folder = tmp_path / "films"
    folder.mkdir()
    ratings = [f"{user},{(user + at * 2) % 15 + 1},4.0,{user * 10 + at}" for user in range(1, 13) for at in range(6)]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *ratings]))
    movies = [f"{film},Film {film},War" for film in range(1, 16)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *movies]))
    return read_log("movielens", folder, tmp_path / "data")


def few_ages() -> CandidateBatch:
    requests = Requests({"user_id": np.array([1])})
    ages = np.array([0.0, 1.0, 6.0, 30.0], np.float32)
    likes = np.array([0.0, 1.0, 3.0, 7.0], np.float32)
    return CandidateBatch(requests, np.array([0, 4], np.int64), {"tweet.age_h": ages, "tweet.likes": likes})


def test_training_registers_what_it_measured(lab: Lab, tiny_dataset: Dataset) -> None:
    assert len(lab.trained.epochs) == 1
    assert set(lab.trained.columns) == set(lab.trained.epochs[0])
    assert "challenger" in lab.trained.aliases
    bundle = fetch(lab.model, home=lab.home)
    assert (bundle.name, bundle.version, bundle.run_id) == ("two_tower", lab.trained.version, lab.trained.run_id)
    assert bundle.data_hash == tiny_dataset.content_hash


def test_the_same_evaluation_gives_the_same_numbers(lab: Lab, tiny_dataset: Dataset) -> None:
    again = evaluate_references(tiny_dataset, [lab.model, "popularity"], FORTY, lab.home)
    assert again == lab.report
    other = evaluate_references(tiny_dataset, ["popularity"], EvaluateConfig(requests=40, seed=8), lab.home)
    assert other.key != lab.report.key
    assert other.row("popularity").ndcg != lab.report.row("popularity").ndcg
    near = EvaluateConfig(requests=40, split="time fraction=0.2001")
    assert evaluate_references(tiny_dataset, ["popularity"], near, lab.home).key != lab.report.key


def test_a_list_of_one_place_has_no_diversity(lab: Lab, tiny_dataset: Dataset) -> None:
    report = evaluate_references(tiny_dataset, [lab.model], EvaluateConfig(requests=40, k=1), lab.home)
    assert report.row("two_tower").mmr is None
    assert report.row("two_tower").ndcg.mean <= 1
    assert lab.report.row("two_tower").mmr is not None


def test_requests_without_an_engagement_alone_are_refused(tiny_dataset: Dataset) -> None:
    split, bundle = split_of(tiny_dataset, "auto"), Bundle("popularity", Popularity(), None, "", "")
    told = set()
    for seed in range(8):
        try:
            report, _ = evaluate_bundles(tiny_dataset, split, {"p": bundle}, EvaluateConfig(requests=2, seed=seed))
        except DataError as error:
            told.add(str(error))
        else:
            assert np.isfinite(report.row("popularity").ndcg.mean)
    assert {one.split(";")[0] for one in told} == {
        "none of the 2 sampled requests has a relevant candidate, so there is no NDCG"
    }


def test_a_model_is_the_same_without_the_truth(lab: Lab, tiny_dataset: Dataset, tmp_path: Path) -> None:
    shutil.copytree(tiny_dataset.folder, tmp_path / "blind", ignore=shutil.ignore_patterns("truth"))
    blind = Dataset.open(tmp_path / "blind")
    again = train(blind, RunConfig(settings={"training": {"epochs": 1}}), lab.home)
    timed = {"seconds", "examples_per_s"}
    for ours, theirs in zip(again.epochs, lab.trained.epochs, strict=True):
        assert {k: v for k, v in ours.items() if k not in timed} == {k: v for k, v in theirs.items() if k not in timed}
    report = evaluate_references(blind, [f"v{again.version}", "popularity"], FORTY, lab.home)
    seen = lab.report.row("two_tower")
    assert (report.row("two_tower").ndcg, report.row("two_tower").auc) == (seen.ndcg, seen.auc)
    assert [row.name for row in report.rows if "oracle" in row.name] == []
    assert all(row.true_value is None and row.true_welfare is None for row in report.rows)


def test_each_oracle_is_best_by_its_own_truth(lab: Lab, tiny_dataset: Dataset) -> None:
    names = [row.name for row in lab.report.rows]
    assert sorted(names) == ["oracle", "popularity", "two_tower", "welfare_oracle"]
    values = {row.name: row.true_value for row in lab.report.rows}
    welfare = {row.name: row.true_welfare for row in lab.report.rows}
    for name, measured, least in (("oracle", values, 0.0), ("welfare_oracle", welfare, -20.0)):
        best = measured.pop(name)
        assert best is not None
        for one in measured.values():
            assert one is not None
            assert least < one.mean < best.mean < 20
            assert one.n == best.n
    for row in lab.report.rows:
        assert row.auc is not None
        for interval in (row.ndcg, row.recall, row.auc):
            assert 0 <= interval.low <= interval.mean <= interval.high <= 1
    asked = tiny_dataset.scan("requests").select(pl.col("user_id").unique()).collect()["user_id"].to_list()
    assert set(lab.report.users) < set(asked)
    assert 20 < len(lab.report.users) <= 40
    assert lab.report.row("two_tower").mmr is not None
    assert lab.report.row("popularity").mmr is None


def test_the_ndcg_of_popularity_is_what_polars_and_a_pencil_give(tiny_dataset: Dataset) -> None:
    split = TimeSplit().apply(tiny_dataset)
    bundle = Bundle("popularity", Popularity(), None, tiny_dataset.name, tiny_dataset.content_hash)
    _, measured = evaluate_bundles(tiny_dataset, split, {"popularity": bundle}, EvaluateConfig(requests=150, k=60))
    judged = measured["popularity"].request_frame()
    names = ("tweets", "deletions", "requests", "impressions", "engagements", "mutes", "blocks")
    log = {name: tiny_dataset.scan(name).collect() for name in names}
    moments = dict(log["requests"].select("request_id", "time_us").iter_rows())
    readers = dict(log["requests"].select("request_id", "user_id").iter_rows())
    checked = []
    for request, ndcg, recall in judged.select("request_id", "ndcg", "recall").iter_rows():
        now = moments[request]
        acted = log["engagements"].filter(pl.col("action").is_in(POSITIVE_ACTIONS))
        relevant = set(acted.filter(pl.col("request_id") == request)["tweet_id"].to_list())
        if not relevant:
            assert np.isnan(ndcg)
            assert np.isnan(recall)
            continue
        shown = log["impressions"].filter(pl.col("request_id") == request)["tweet_id"].to_list()
        gone = log["deletions"].filter(pl.col("time_us") < now)["tweet_id"].to_list()
        posted = pl.col("time_us").is_between(now - 48 * HOUR_US, now, closed="none") & (pl.col("kind") != "retweet")
        before, me = pl.col("time_us") < now, readers[request]
        muted = log["mutes"].filter(before, pl.col("user_id") == me)["muted_id"].to_list()
        muted += log["blocks"].filter(before, pl.col("user_id") == me)["blocked_id"].to_list()
        muted += log["blocks"].filter(before, pl.col("blocked_id") == me)["user_id"].to_list()
        offered = posted & ~pl.col("tweet_id").is_in(gone) & ~pl.col("author_id").is_in(muted)
        candidate = offered | pl.col("tweet_id").is_in(shown)
        counts = dict(acted.filter(pl.col("time_us") < now).group_by("tweet_id").len().iter_rows())
        ids = log["tweets"].filter(candidate).sort("time_us", "tweet_id", descending=True)["tweet_id"].to_list()
        first = sorted(ids, key=lambda one: -counts.get(one, 0))[:60]  # ties: the newer tweet first
        gained = sum(1 / np.log2(place + 2) for place, one in enumerate(first) if one in relevant)
        ideal = sum(1 / np.log2(place + 2) for place in range(min(len(relevant), 60)))
        assert ndcg == pytest.approx(gained / ideal)
        assert recall == pytest.approx(len(relevant & set(first)) / len(relevant))
        checked.append(ndcg)
    assert len(checked) > 10
    assert len({round(one, 6) for one in checked}) > 3


def test_a_model_is_refused_on_a_log_that_lacks_its_tables(lab: Lab, films: Dataset) -> None:
    with pytest.raises(ModelError) as refused:
        evaluate_references(films, [lab.model, "popularity"], FORTY, lab.home)
    said = re.search(r"reads '([\w.]+)' from table (\w+)", str(refused.value))
    assert said is not None
    assert said[1] in fetch(lab.model, home=lab.home).scorer.reads
    assert said[2] not in films.tables
    assert films.name in str(refused.value)


def test_a_log_without_impressions_has_no_auc_and_no_oracle(lab: Lab, films: Dataset) -> None:
    report = evaluate_references(films, ["popularity", "recency"], FORTY, lab.home)
    assert [row.name for row in report.rows] == ["popularity", "recency"]
    for row in report.rows:
        assert row.auc is None
        assert row.true_value is None
        assert row.true_welfare is None
        assert row.ndcg.n == 12
    assert "full catalogue" in report.protocol


def test_metrics_are_shown_by_name(lab: Lab, films: Dataset) -> None:
    names = ("mrr", "ndcg", "novelty", "gini", "coverage", "mrr")
    asked = EvaluateConfig(requests=40, k=3, metrics=names)
    (row,) = evaluate_references(films, ["popularity"], asked, lab.home).rows
    assert list(row.metrics) == ["mrr", "novelty"]
    assert 0 < row.metrics["mrr"].low <= row.metrics["mrr"].mean <= row.metrics["mrr"].high <= 1
    assert row.metrics["novelty"].mean > 0
    assert set(row.shares) == {"gini", "coverage"}
    assert 3 / 15 <= row.shares["coverage"] <= 1
    assert 0 <= row.shares["gini"] <= 1 - 3 / 15
    with pytest.raises(ValidationError, match="no metric 'ndgc'"):
        EvaluateConfig(metrics=("ndgc",))


def test_more_metrics_leave_the_others_as_they_are(home: Path, films: Dataset) -> None:
    possible = ("hit", "recall", "precision", "map", "mrr", "ndcg", "diversity", "novelty")
    asked = EvaluateConfig(requests=40, k=3, metrics=(*possible, "coverage", "gini", "exposure_gini"))
    (row,) = evaluate_references(films, ["popularity"], asked, home).rows
    (plain,) = evaluate_references(films, ["popularity"], EvaluateConfig(requests=40, k=3), home).rows
    assert (row.ndcg, row.recall, row.auc, row.true_value) == (plain.ndcg, plain.recall, None, None)
    assert (plain.metrics, plain.shares, plain.by_action) == ({}, {}, {})
    assert list(row.metrics) == ["hit", "precision", "map", "mrr", "diversity", "novelty"]
    assert 0 <= row.shares["exposure_gini"] < 1
    # A list of one has no pair.
    lonely = EvaluateConfig(requests=40, k=1, metrics=("diversity",))
    report = evaluate_references(films, ["popularity"], lonely, home)
    assert report.rows[0].metrics == {}
    assert any(note.startswith("No diversity of popularity: undefined") for note in report.notes)
    # Where no text is understood there are no vectors.
    bundle = Bundle("popularity", Popularity(), None, films.name, films.content_hash)
    report, _ = evaluate_bundles(films, split_of(films, "auto"), {"popularity": bundle}, asked)
    assert "diversity" not in report.rows[0].metrics


def test_a_world_ranked_as_a_catalogue_has_no_oracle(tiny_dataset: Dataset) -> None:
    bundle = Bundle("popularity", Popularity(), None, tiny_dataset.name, tiny_dataset.content_hash)
    asked = EvaluateConfig(requests=20, metrics=("author_gini",))
    report, _ = evaluate_bundles(tiny_dataset, split_of(tiny_dataset, "leave_last_out"), {"popularity": bundle}, asked)
    (row,) = report.rows
    assert row.true_value is None
    assert row.true_welfare is None
    assert 0 < row.shares["author_gini"] < 1


@pytest.mark.parametrize(
    "name", ["regret", "true_value", "true_welfare", "request_auc", "auc", "log_loss", "author_gini"]
)
def test_a_metric_that_does_not_apply_is_refused_with_those_that_do(home: Path, films: Dataset, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        evaluate_references(films, ["popularity"], EvaluateConfig(requests=40, metrics=("hit", name)), home)
    said = str(refused.value)
    assert f"metric {name!r} does not apply to {films.name!r}, ranked as full-catalogue" in said
    assert said.endswith(
        "those that do are hit, recall, precision, map, map_capped, mrr, ndcg, diversity, novelty, coverage, gini, "
        "exposure_gini"
    )


def test_item_models_are_trained_evaluated_and_compared(lab: Lab, films: Dataset) -> None:
    settings = {"ease": {"l2": [1, 10]}, "item_knn": {"neighbours": 5, "shrinkage": 1}, "als": {"dim": 4, "l2": 1}}
    models = []
    for scorer, own in settings.items():
        trained = train(films, RunConfig(scorer=scorer, settings=own), lab.home)
        assert len(trained.epochs) in (1, 2, 3)
        models.append(f"v{trained.version}")
    report = evaluate_references(films, [*models, "popularity", "content"], EvaluateConfig(requests=40, k=5), lab.home)
    # A film is followed by the one two further on: who knows the items finds it, who counts does not.
    for name in settings:
        assert report.row(name).ndcg.mean > report.row("popularity").ndcg.mean
    compared = compare_runs(["popularity", *models], lab.home)
    assert len(compared.rows) == 2 * (1 + len(models))


def test_a_model_that_learned_from_the_test_is_refused(lab: Lab, tiny_dataset: Dataset) -> None:
    bundle = fetch(lab.model, home=lab.home)
    assert bundle.split == "time"
    other = replace(bundle, split="leave_last_out")
    split = TimeSplit().apply(tiny_dataset)
    with pytest.raises(ModelError, match="'leave_last_out' of this data, which overlaps the test of 'time'"):
        evaluate_bundles(tiny_dataset, split, {"leaky": other}, FORTY)


def test_compare_pairs_the_requests(lab: Lab, tiny_dataset: Dataset) -> None:
    evaluate_references(tiny_dataset, [lab.model, "popularity"], FORTY, lab.home)
    compared = compare_runs(["popularity", lab.model], lab.home)
    assert (compared.base, compared.k, len(compared.rows)) == ("popularity", 20, 8)
    assert compared.protocol == lab.report.protocol
    for metric in ("ndcg", "recall", "true_value", "true_welfare"):
        base, other = (row for row in compared.rows if row.metric == metric)
        assert (base.reference, other.reference) == ("popularity", lab.model)
        tests = (base.difference, base.effect, base.wilcoxon_p, base.corrected_p, base.corrected_wilcoxon_p)
        assert tests == (None,) * 5
        assert base.value.mean == getattr(lab.report.row("popularity"), metric).mean
        assert other.value.mean == getattr(lab.report.row("two_tower"), metric).mean
        assert other.difference is not None
        assert other.difference.mean == pytest.approx(other.value.mean - base.value.mean)
        assert np.sign(other.difference.mean) == np.sign(other.value.mean - base.value.mean)
        assert other.difference.low <= other.difference.mean <= other.difference.high
        assert other.wilcoxon_p is not None
        assert other.corrected_p is not None
        assert other.difference.p_value <= other.corrected_p <= 1
        assert other.corrected_wilcoxon_p is not None
        assert other.wilcoxon_p <= other.corrected_wilcoxon_p <= 1
        # Four metrics of one run: the smallest of four counts four times.
    signed = [row.wilcoxon_p for row in compared.rows if row.wilcoxon_p is not None]
    assert min(row.corrected_wilcoxon_p or 2 for row in compared.rows) == pytest.approx(min(1, 4 * min(signed)))
    swapped = compare_runs([lab.model, "popularity"], lab.home)
    for one, two in zip(compared.rows[1::2], swapped.rows[1::2], strict=True):
        assert one.difference is not None
        assert two.difference is not None
        assert two.difference.mean == pytest.approx(-one.difference.mean)


def test_compare_breaks_the_difference_down_by_segment(lab: Lab, tiny_dataset: Dataset, tmp_path: Path) -> None:
    evaluate_references(tiny_dataset, [lab.model, "popularity"], EvaluateConfig(requests=200), lab.home)
    compared = compare_runs(["popularity", lab.model], lab.home, ["recall"])
    assert [row.metric for row in compared.rows] == ["recall", "recall"]
    whole = compared.rows[1]
    assert whole.difference is not None
    assert whole.effect is not None
    assert np.sign(whole.effect.size) == np.sign(whole.difference.mean)
    by = {one.dimension for one in compared.segments}
    assert "activity" in by
    for dimension in by:
        parts = [one for one in compared.segments if one.dimension == dimension]
        assert len({one.segment for one in parts}) == len(parts)
        assert sum(one.difference.n for one in parts) <= whole.difference.n
        assert all(one.corrected_p >= one.difference.p_value for one in parts)
        assert all(one.difference.users >= 5 for one in parts)
    page = tmp_path / "pages" / "compare.html"
    write_comparison(compared, page)
    text = page.read_text()
    assert text.count("<img") == 1 + len(by)
    assert all(f"recall@20 by {dimension}" in text for dimension in by)
    with pytest.raises(ConfigError, match="not all runs have metric 'nonsense'"):
        compare_runs(["popularity", lab.model], lab.home, ["nonsense"])


def test_compare_refuses_runs_of_other_data(lab: Lab, films: Dataset) -> None:
    evaluate_references(films, ["recency"], FORTY, lab.home, scorers={"of_films_alone": Popularity()})
    with pytest.raises(ConfigError, match="evaluated on other data or by other protocols"):
        compare_runs(["of_films_alone", lab.model], lab.home)


def test_a_name_means_the_run_that_shares_the_latest_evaluation(
    lab: Lab, tiny_dataset: Dataset, films: Dataset
) -> None:
    names = ["popularity", "recency", "affinity_formula"]
    protocols = {}
    for seed in (11, 12, 13):
        config = EvaluateConfig(requests=30, seed=seed)
        protocols[seed] = evaluate_references(tiny_dataset, names if seed < 13 else names[:2], config, lab.home)
    assert compare_runs(names[:2], lab.home).protocol == protocols[13].protocol
    evaluate_references(films, names[:1], FORTY, lab.home)
    compared = compare_runs(names, lab.home)
    assert compared.protocol == protocols[12].protocol
    assert compared.rows[0].value.mean == protocols[12].row("popularity").ndcg.mean
    alone = evaluate_references(films, ["content"], FORTY, lab.home)
    with pytest.raises(ConfigError, match="rookery evaluate content affinity_formula --data"):
        compare_runs(["content", "oracle", "affinity_formula"], lab.home)
    assert alone.rows


def test_compare_refuses_the_same_run_twice_under_any_of_its_names(lab: Lab) -> None:
    for names in (["popularity"], [lab.model, lab.model], [lab.model, lab.trained.version, "popularity"]):
        with pytest.raises(ConfigError):
            compare_runs(names, lab.home)
    with pytest.raises(ConfigError):
        compare_runs([lab.model, lab.trained.run_id], lab.home)


def test_a_name_stands_for_its_last_evaluated_run_not_for_one_that_was_trained_since(
    lab: Lab, tiny_dataset: Dataset
) -> None:
    evaluate_references(tiny_dataset, ["popularity"], FORTY, lab.home)
    newer = train(tiny_dataset, RunConfig(scorer="popularity"), lab.home)
    compared = compare_runs(["popularity", lab.model], lab.home)
    assert compared.rows[0].value.mean == lab.report.row("popularity").ndcg.mean
    with pytest.raises(NotFoundError, match="never evaluated"):
        compare_runs([f"v{newer.version}", lab.model], lab.home)


def test_a_value_of_ones_own_is_trained_with_and_another_is_chosen_afterwards(
    lab: Lab, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    quick = {"iterations": 5, "actions": ["like", "reply"], "rows": {"most": 2000}}
    with pytest.raises(ConfigError, match=r"none of what the model predicts \(like, reply\)"):
        train(tiny_dataset, RunConfig(scorer="logistic", settings={**quick, "value": {"share": 1}}), lab.home)
    own = {"like": 1.0, "share": 2.0, "offset": 0.1}
    trained = train(tiny_dataset, RunConfig(scorer="logistic", settings={**quick, "value": own}), lab.home)
    assert trained.value_left_out == ("share",)
    run = connect(lab.home).get_run(trained.run_id)
    assert run.data.tags["value.left_out"] == "share"
    assert run.data.params["settings.value.share"] == "2.0"

    model, other = f"v{trained.version}", f"v{trained.version}?value={{reply=1}}"
    report = evaluate_references(tiny_dataset, [model, other, "popularity"], FORTY, lab.home)
    mine, theirs = report.row("logistic"), report.row("logistic?value={reply=1}")
    assert (mine.run_id, theirs.run_id, theirs.version) == (trained.run_id, "", trained.version)
    assert mine.auc != theirs.auc
    bundle, chosen = fetch(model, home=lab.home), fetch(other, home=lab.home)
    assert bundle.scorer.config.value == own
    replies = chosen.scorer.with_value({"reply": 1})
    compared = compare_runs([model, other, "popularity"], lab.home)
    assert {row.scorer for row in compared.rows} == {"logistic", "logistic?value={reply=1}", "popularity"}
    kinds = {row.scorer: connect(lab.home).get_run(row.run_id).data.tags["kind"] for row in compared.rows}
    assert kinds == {"logistic": "trained", "logistic?value={reply=1}": "trained", "popularity": "baseline"}
    assert chosen.save(tmp_path / "chosen").kind == "logistic"
    again = fetch(str(tmp_path / "chosen"), home=lab.home).scorer
    assert again.config == replies.config
    assert (again.valued.value, bundle.scorer.valued.value.offset) == (replies.valued.value, 0.1)
    with pytest.raises(ConfigError, match=r"unknown action 'replies'"):
        fetch(f"{model}?value={{replies=1}}", home=lab.home)
    with pytest.raises(ConfigError, match=r"'two_tower' has no value to choose"):
        fetch(f"{lab.model}?value=x_2026_08", home=lab.home)


def test_two_models_by_the_same_value_are_two_runs(lab: Lab, tiny_dataset: Dataset) -> None:
    quick = {"actions": ["like", "reply"], "rows": {"most": 2000}}
    models = [
        train(tiny_dataset, RunConfig(scorer="logistic", settings={**quick, "iterations": one}), lab.home)
        for one in (2, 6)
    ]
    first, second = (f'v{one.version}?value={{"reply"=1e+0}}' for one in models)
    with pytest.raises(NotFoundError, match=r"was never evaluated; rookery evaluate 'v\d+\?value=\{\"reply\"=1e\+0\}'"):
        compare_runs([first, second], lab.home)
    report = evaluate_references(tiny_dataset, [first, second], FORTY, lab.home)
    compared = compare_runs([first, second], lab.home, ["true_value"])
    values = {row.reference: row.true_value for row in report.rows}
    assert [row.value.mean for row in compared.rows] == [values[one].mean for one in (first, second)]
    assert compared.rows[0].value.mean != compared.rows[1].value.mean


def test_what_is_no_alias_and_where_no_page_can_be_is_refused(lab: Lab, tiny_dataset: Dataset, tmp_path: Path) -> None:
    for alias in ("my best", "v2", "latest", ""):
        with pytest.raises(ConfigError, match=f"alias '{alias}'"):
            promote(lab.model, alias=alias)
    evaluate_references(tiny_dataset, [lab.model, "popularity"], FORTY, lab.home)
    compared = compare_runs(["popularity", lab.model], lab.home)
    (tmp_path / "file").write_text("here")
    for place in (tmp_path, tmp_path / "file" / "page.html"):
        with pytest.raises(ConfigError, match="cannot be written"):
            write_comparison(compared, place)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_promote_moves_an_alias(lab: Lab, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    second = train(tiny_dataset, RunConfig(scorer="recency"), lab.home)
    for model, version in ((lab.model, lab.trained.version), (second.run_id, second.version)):
        promote(model, alias="canary", as_json=True)
        assert f'"version": "{version}"' in capsys.readouterr().out
        assert fetch("canary", home=lab.home).version == version
    assert fetch(lab.model, home=lab.home).run_id == lab.trained.run_id


def test_the_scorer_of_the_architecture_page_is_evaluated_trained_and_reloaded(
    lab: Lab, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    code = next(one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class Freshness" in one)
    (tmp_path / "freshness_of_the_page.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(SCORERS, "freshness", ScorerEntry("freshness_of_the_page:Freshness"))
    try:
        report = evaluate_references(tiny_dataset, ["freshness", "recency"], FORTY, lab.home)
        assert report.row("freshness").ndcg != report.row("recency").ndcg

        run = RunConfig(scorer="freshness", settings={"half_life_h": 2.0})
        trained = train(tiny_dataset, run, lab.home)
        bundle = fetch(f"v{trained.version}", home=lab.home)
        scores = bundle.scorer.score(few_ages())
        # log2(1 + likes) is 0, 1, 2 and 3.
        halvings = np.array([0.0, 1.0, 6.0, 30.0]) / 2
        np.testing.assert_allclose(scores, np.arange(4) * 2.0**-halvings, rtol=1e-6)
        again = evaluate_references(tiny_dataset, [f"v{trained.version}"], FORTY, lab.home)
        assert again.row("freshness").auc is not None
        with pytest.raises(ConfigError, match="half_life"):
            train(tiny_dataset, RunConfig(scorer="freshness", settings={"half_life": 2.0}), lab.home)
    finally:
        sys.modules.pop("freshness_of_the_page", None)
