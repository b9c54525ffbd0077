"""The numbers behind an evaluation's plots, by cases whose answer is known, and the plots in the runs of MLflow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_recall_curve

from data.dataset import Dataset
from data.schema import ACTIONS, POSITIVE_ACTIONS
from data.splitters import TimeSplit
from experiments.cli.tables import probability_table, scorer_table
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.diagnostics import (
    LEAST_TAKEN,
    Curves,
    curves_of,
    gains,
    precision_recall,
    reliabilities,
    reliability,
    wilson,
)
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
from experiments.evaluation.measurements import Measured
from experiments.evaluation.plots import gain_by_segment, precision_recall_curves, reliability_diagrams
from experiments.evaluation.protocols.alive_tweets import AliveTweets
from experiments.evaluation.protocols.request import Step
from experiments.evaluation.results import Report, run_metric
from experiments.evaluation.segments import EVERYBODY
from experiments.reports.plots import intervals
from experiments.runs.config import RunConfig
from experiments.runs.train import train
from features.online import FeatureState
from ranking.metrics.catalogue import METRICS, metric
from ranking.metrics.classification import grouped_auc, log_loss, pr_auc
from ranking.model_registry import resolve_reference
from ranking.models.calibration import Calibration, Isotonic
from ranking.models.heavy import HeavyConfig, HeavyNet, HeavyRanker
from ranking.models.sequence import SequenceConfig, SequenceNet, SequenceRanker
from ranking.scorers.tabular import LogisticConfig
from ranking.store import connect
from ranking.training.rankers.fit_tabular import train_logistic
from tests.ranking.training.rankers.ranker_rows import EIGHT, batch, rows

LINE = Isotonic(np.array([0.0, 0.4, 1.0]), np.array([0.0, 0.1, 1.0]))


def exactly(shares: dict[float, int], rows_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, each for `rows_each` rows, and labels of which so many are positive."""
    p = np.repeat(list(shares), rows_each)
    return p, np.concatenate([np.arange(rows_each) < hits for hits in shares.values()])


def drawn(figure: Figure) -> list[tuple[np.ndarray, np.ndarray]]:
    """The lines of a figure's first panel."""
    return [(line.get_xdata(), line.get_ydata()) for line in figure.axes[0].lines]


def test_what_is_perfectly_calibrated_lies_on_the_diagonal() -> None:
    found = reliability(*exactly({0.1: 10, 0.3: 30, 0.5: 50, 0.8: 80}, 100), bins=4)
    assert found.curve.expected == pytest.approx([0.1, 0.3, 0.5, 0.8])
    assert found.curve.observed == pytest.approx(found.curve.expected)
    assert found.curve.count.tolist() == [100] * 4
    assert (found.error, found.ratio, found.taken) == (pytest.approx(0), pytest.approx(1), 170)
    assert ((found.low < found.curve.expected) & (found.curve.expected < found.high)).all()


def test_what_promises_twice_too_much_lies_below_it() -> None:
    found = reliability(*exactly({0.2: 10, 0.4: 20, 0.8: 40}, 100), bins=3)
    assert found.curve.observed == pytest.approx(found.curve.expected / 2)
    assert found.error == pytest.approx((0.1 + 0.2 + 0.4) / 3)
    assert found.ratio == pytest.approx(2)
    assert (found.high < found.curve.expected).all()


def test_wilsons_interval_is_scipys() -> None:
    hits, n = np.array([0, 3, 50, 10]), np.array([10, 7, 1000, 10])
    low, high = wilson(hits, n)
    for at, (k, size) in enumerate(zip(hits.tolist(), n.tolist(), strict=True)):
        one = binomtest(k, size).proportion_ci(method="wilson")
        assert (low[at], high[at]) == pytest.approx((one.low, one.high))


def test_calibration_is_of_the_actions_that_were_taken_often_enough() -> None:
    like, reply = 1 << ACTIONS.index("like"), 1 << ACTIONS.index("reply")
    acts = np.zeros(200, np.int64)
    acts[:LEAST_TAKEN] |= like
    acts[1:LEAST_TAKEN] |= reply
    shown = pl.DataFrame({"score": np.ones(200), "acts": acts, "p.like": np.full(200, 0.2), "p.reply": np.ones(200)})
    found = reliabilities(shown)
    assert list(found) == ["like"]
    assert found["like"].curve.observed.tolist() == [LEAST_TAKEN / 200]
    assert reliabilities(shown.drop("p.like", "p.reply")) == {}


def test_precision_and_recall_by_hand_and_of_a_perfect_order() -> None:
    users = np.arange(4)
    found = precision_recall(np.array([1.0, 4, 3, 2]), np.array([0, 1, 0, 1]), users, seed=1)
    assert found is not None
    assert found.recall.tolist() == [0, 0.5, 0.5, 1, 1]
    assert found.precision == pytest.approx([1, 1, 1 / 2, 2 / 3, 1 / 2])
    assert found.area.mean == pytest.approx((1 + 2 / 3) / 2)
    assert (found.area.n, found.area.users, found.rate) == (4, 4, 0.5)
    best = precision_recall(np.array([9.0, 8, 1, 0]), np.array([1, 1, 0, 0]), users, seed=1)
    assert best is not None
    assert (best.area.mean, best.area.low, best.area.high) == (1, 1, 1)
    tied = precision_recall(np.ones(4), np.array([1, 0, 0, 0]), users, seed=1)
    assert tied is not None
    assert (tied.recall.tolist(), tied.precision.tolist(), tied.area.mean) == ([0, 1], [0.25, 0.25], 0.25)
    assert precision_recall(np.arange(4), np.ones(4), users, seed=1) is None
    one_user = precision_recall(np.arange(4), np.array([1, 0, 0, 1]), np.zeros(4), seed=1)
    assert one_user is not None
    assert np.isnan([one_user.area.low, one_user.area.high]).all()


def test_the_curve_is_scikit_learns_and_its_area_is_the_metric() -> None:
    rng = np.random.default_rng(3)
    label = rng.random(500) < 0.2
    score = np.round(rng.normal(size=500) + label, 1)  # with ties
    found = precision_recall(score, label, rng.integers(0, 40, 500), seed=1)
    assert found is not None
    precision, recall, _ = precision_recall_curve(label, score)
    assert found.recall == pytest.approx(recall[::-1])
    assert found.precision[1:] == pytest.approx(precision[::-1][1:])
    assert found.area.mean == pytest.approx(average_precision_score(label, score))
    assert (np.diff(found.recall) * found.precision[1:]).sum() == pytest.approx(found.area.mean)
    (x, y), *_ = drawn(precision_recall_curves({"model": found}, title=""))
    assert (x.tolist(), y.tolist()) == (found.recall.tolist(), found.precision.tolist())


def test_bounds_of_the_area_are_those_of_rows_copied_user_by_user() -> None:
    rng = np.random.default_rng(5)
    user, label = rng.integers(0, 12, 90), rng.random(90) < 0.3
    score = np.round(rng.normal(size=90) + label, 1)
    found = precision_recall(score, label, user, resamples=60, seed=9)
    draws, areas = np.random.Generator(np.random.PCG64(9)), []
    for _ in range(60):
        at = np.concatenate([np.flatnonzero(user == one) for one in draws.integers(0, 12, 12)])
        areas.append(pr_auc(score[at], label[at]))
    assert found is not None
    assert (found.area.low, found.area.high) == pytest.approx(tuple(np.quantile(areas, [0.025, 0.975])))
    assert found.area.low < found.area.mean < found.area.high


def segmented(gain_of: dict[str, float]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Two requests of each of 8 users a segment, with what `gain_of` says of their segment; a user of no segment."""
    users = pl.DataFrame({
        "user_id": np.arange(8 * len(gain_of) + 1),
        "activity": [*np.repeat(list(gain_of), 8), None],
    })  # fmt: skip
    ids = np.repeat(users["user_id"].to_numpy(), 2)
    base = pl.DataFrame({"request_id": np.arange(len(ids)), "user_id": ids, "ndcg": np.linspace(0.1, 0.4, len(ids))})
    gain = pl.Series(np.repeat([*np.repeat(list(gain_of.values()), 8), 0.0], 2))
    return base.with_columns(ndcg=pl.col("ndcg") + gain), base, users


def test_a_segments_gain_is_the_mean_difference_of_its_users() -> None:
    ours, base, users = segmented({"100 actions and more": 0.3, "no history": -0.1})
    found = gains(ours, base.sample(fraction=1.0, shuffle=True, seed=1), users, "ndcg", seed=2)
    assert [(one.dimension, one.segment) for one in found] == [
        (EVERYBODY, EVERYBODY), ("activity", "no history"), ("activity", "100 actions and more"),
    ]  # fmt: skip
    everybody, idle, busy = (one.difference for one in found)
    assert everybody.mean == pytest.approx((16 * 0.3 - 16 * 0.1) / 34)
    assert everybody.low < everybody.mean < everybody.high
    assert (idle.mean, idle.low, idle.high) == pytest.approx((-0.1, -0.1, -0.1))
    assert (busy.mean, busy.low, busy.high) == pytest.approx((0.3, 0.3, 0.3))
    assert [(one.users, one.n) for one in (everybody, idle, busy)] == [(17, 34), (8, 16), (8, 16)]
    figure = gain_by_segment({"NDCG@20": found}, title="")
    x, y = drawn(figure)[0]
    assert (x, y.tolist() if hasattr(y, "tolist") else list(y)) == (
        pytest.approx([e.difference.mean for e in found]),
        [0, 1, 2],
    )
    assert [one.get_text() for one in figure.axes[0].get_yticklabels()] == [
        "all users (17 users)", "activity: no history (8 users)", "activity: 100 actions and more (8 users)",
    ]  # fmt: skip


def test_a_segment_needs_five_users_with_a_defined_difference() -> None:
    ours, base, users = segmented({"1 to 9 actions": 0.2, "no history": 0.1})
    four = pl.col("user_id").is_in([0, 1, 2, 3])
    gone = ours.with_columns(ndcg=pl.when(four).then(float("nan")).otherwise("ndcg"))
    found = gains(gone, base, users, "ndcg", seed=2)
    assert [one.segment for one in found] == [EVERYBODY, "no history"]
    assert found[0].difference.users == 13


def test_each_gains_over_the_first_base_that_is_not_itself() -> None:
    ours, base, users = segmented({"no history": 0.25})
    measured = {}
    for name, frame in {"v1": ours, "formula": base, "oracle": ours}.items():
        measured[name] = Measured(requests={column: [frame[column].to_numpy()] for column in frame.columns})
    found = curves_of(measured, ["formula", "v1"], users, seed=1)
    assert {name: one.base for name, one in found.items()} == {"v1": "formula", "formula": "v1", "oracle": "formula"}
    means = {name: one.gains["ndcg"][1].difference.mean for name, one in found.items()}
    assert means == pytest.approx({"v1": 0.25, "formula": -0.25, "oracle": 0.25})
    assert list(found["v1"].gains) == ["ndcg"]  # nothing is known of true value
    alone = curves_of({"v1": measured["v1"]}, ["v1"], users, seed=1)["v1"]
    assert alone == Curves({}, None, "", {})
    assert alone.numbers() == {}


def test_a_panel_an_action_shows_its_bins() -> None:
    like = reliability(*exactly({0.1: 10, 0.3: 30}, 100), bins=2)
    reply = reliability(*exactly({0.2: 10, 0.4: 20, 0.8: 40}, 100), bins=3)
    figure = reliability_diagrams({"like": like, "reply": reply}, title="Calibration of m")
    assert figure.get_suptitle() == "Calibration of m"
    assert [axes.get_title().partition(":")[0] for axes in figure.axes] == ["like", "reply"]
    diagonal, (x, y) = drawn(figure)[:2]
    assert list(diagonal[0]) == list(diagonal[1])
    assert (x.tolist(), y.tolist()) == (like.curve.expected.tolist(), like.curve.observed.tolist())
    names = intervals({"a": (0.2, 0.1, 0.4), "b": (0.3, 0.3, float("nan"))}, title="", xlabel="").axes[0]
    assert [one.get_text() for one in names.get_yticklabels()] == ["a", "b"]


@pytest.mark.parametrize("kind", ["heavy", "sequence"])
def test_a_networks_probabilities_in_place_are_those_that_it_was_trained_to_give(kind: str) -> None:
    torch.manual_seed(4)
    calibration, taken = Calibration(0.3, (LINE,) * 3), np.array([True, True, False])
    shape = {"actions": ACTIONS[:3], "inputs": EIGHT, "buckets": 32}
    model = (
        HeavyRanker(config := HeavyConfig(**shape), HeavyNet(config), calibration, taken)
        if kind == "heavy"
        else SequenceRanker(settings := SequenceConfig(**shape, dim=8), SequenceNet(settings), calibration, taken)
    )
    torch.nn.init.constant_(model.net.position.weight, -0.7)
    asked, place = batch([4, 3]), np.array([0, 5, 9, 30, 2, 0, 7])
    found = model.predict(asked, place.astype(np.float32))
    top = model.predict(asked)
    logit = torch.logit(torch.from_numpy(model.raw(asked)).double())
    with torch.inference_mode():
        placed = model.net.position(logit, torch.from_numpy(place.astype(np.float32)))
    expected = calibration(torch.sigmoid(placed).numpy())
    np.testing.assert_allclose(found[:, :2], expected[:, :2], rtol=1e-5)
    np.testing.assert_allclose(found[[0, 5]], top[[0, 5]], rtol=1e-5)
    assert (found[place > 0, :2] < top[place > 0, :2]).all()
    assert (found[:, 2] == 0).all()


def test_a_tabular_model_is_asked_at_the_place() -> None:
    rng = np.random.default_rng(2)
    x, place = rng.normal(size=(3000, 8)), rng.integers(0, 40, 3000)
    acted = rng.random(3000) < 1 / (1 + np.exp(0.1 * place))
    model = train_logistic(LogisticConfig(inputs=EIGHT), rows(acted[:, None], x, position=place))
    asked = batch([50])
    top, deep = (model.predict(asked, np.full(50, at, np.float32))[:, 0] for at in (0, 30))
    np.testing.assert_allclose(top, model.predict(asked)[:, 0], rtol=1e-6)
    assert (deep < top / 2).all()


def test_steps_hold_the_place_and_what_came_of_each_impression(tiny_dataset: Dataset) -> None:
    split = TimeSplit().apply(tiny_dataset)
    steps: list[Step] = list(AliveTweets(tiny_dataset, split, requests=60, seed=7).steps(FeatureState(None, views=())))
    shown = tiny_dataset.scan("impressions").select("request_id", "tweet_id", "position").collect()
    acted = tiny_dataset.scan("engagements").drop_nulls("request_id").collect()
    seen = set()
    for step in steps:
        ids = step.batch.columns["tweet_id"]
        here = shown.filter(pl.col("request_id") == step.request_id)
        assert dict(zip(ids[step.shown].tolist(), step.position[step.shown].tolist(), strict=True)) == dict(
            here.select("tweet_id", "position").iter_rows()
        )
        assert (step.position[~step.shown] == -1).all()
        mine = acted.filter(pl.col("request_id") == step.request_id).select("tweet_id", "action")
        pairs = {
            (one, action)
            for one, bits in zip(ids.tolist(), step.acts.tolist(), strict=True)
            for code, action in enumerate(ACTIONS)
            if bits >> code & 1
        }
        assert pairs == set(mine.filter(pl.col("tweet_id").is_in(ids)).iter_rows())
        seen |= {action for _, action in pairs}
        positive = {one for one, action in pairs if action in POSITIVE_ACTIONS}
        assert set(ids[step.relevant].tolist()) == positive
    assert len(seen) > 3


@pytest.fixture(scope="module")
def evaluated(home: Path, tiny_dataset: Dataset, full_pictures: None) -> tuple[str, Report]:
    """An action model's run, evaluated beside two scorers without probabilities."""
    trained = train(tiny_dataset, RunConfig(scorer="logistic"), home)
    named = [f"v{trained.version}", "popularity", "interest_formula"]
    return trained.run_id, evaluate_references(
        tiny_dataset, named, EvaluateConfig(requests=300, metrics=tuple(METRICS)), home
    )


def kept(home: Path, run_id: str, report: Report, room: Path) -> Path:
    """The folder of a run's evaluation."""
    return Path(connect(home).download_artifacts(run_id, f"evaluation/{report.key}", str(room)))


@pytest.mark.slow
def test_a_run_holds_its_plots_and_their_numbers(evaluated: tuple[str, Report], home: Path, tmp_path: Path) -> None:
    run_id, report = evaluated
    folder = kept(home, run_id, report, tmp_path)
    plots = {"ndcg.png", "precision_recall.png", "calibration.png", "gain_by_segment.png"}
    data = {"requests.parquet", "users.parquet", "impressions.parquet", "about.json", "segments.json"}
    assert {one.name for one in folder.iterdir()} == plots | data
    for name in plots:
        assert np.ptp(imread(folder / name)[..., :3]) > 0.5
    shown = pl.read_parquet(folder / "impressions.parquet")
    assert shown.columns[:3] == ["user_id", "score", "label"]
    numbers = connect(home).get_run(run_id).data.metrics
    assert numbers["pr_auc"] == pytest.approx(average_precision_score(shown["label"], shown["score"]))
    assert numbers["pr_auc_low"] < numbers["pr_auc"] < numbers["pr_auc_high"]
    taken = (shown["acts"].to_numpy() >> ACTIONS.index("like")) & 1
    p = shown["p.like"].to_numpy()
    assert numbers["expected_over_observed_like"] == pytest.approx(p.sum() / taken.sum())
    assert 0 < numbers["calibration_error_like"] < 0.1
    assert numbers["ndcg_20"] == report.row("logistic").ndcg.mean


def names(kind: str) -> set[str]:
    """The catalogue's metrics of a kind."""
    return {one for one in METRICS if metric(one).kind == kind}


@pytest.mark.slow
def test_a_world_gives_every_metric_of_the_catalogue(evaluated: tuple[str, Report], home: Path, tmp_path: Path) -> None:
    run_id, report = evaluated
    rows = {row.name: row for row in report.rows}
    best = rows["oracle"].true_value
    assert best is not None
    for name, row in rows.items():
        assert set(row.metrics) == names("request") - {"ndcg", "recall", "true_value", "true_welfare"}
        assert set(row.shares) == names("list") | {"pr_auc", "grouped_auc"}
        assert row.true_value is not None
        assert row.true_welfare is not None
        assert -20 < row.true_welfare.low < row.true_welfare.mean < 20
        assert row.metrics["regret"].mean == pytest.approx(best.mean - row.true_value.mean, abs=1e-5)
        assert row.metrics["regret"].n == row.ndcg.n
        assert 0 < row.metrics["diversity"].low <= row.metrics["diversity"].high < 1.1
        assert all(0 <= row.metrics[one].mean <= 1 for one in ("hit", "precision", "map", "mrr", "request_auc"))
        assert all(0 < row.shares[one] < 1 for one in row.shares)
        assert (name == "logistic") == bool(row.by_action)
    assert rows["oracle"].metrics["regret"].mean == 0
    shown = pl.read_parquet(kept(home, run_id, report, tmp_path) / "impressions.parquet")
    logistic, numbers = rows["logistic"], connect(home).get_run(run_id).data.metrics
    score, label, user = (shown[one].to_numpy() for one in ("score", "label", "user_id"))
    assert logistic.shares["grouped_auc"] == pytest.approx(grouped_auc(score, label, user))
    assert numbers["grouped_auc"] == logistic.shares["grouped_auc"]
    assert numbers["author_gini_20"] == logistic.shares["author_gini"]
    assert numbers["regret_20"] == logistic.metrics["regret"].mean
    assert logistic.true_welfare is not None
    assert numbers["true_welfare_20"] == logistic.true_welfare.mean
    liked = (shown["acts"].to_numpy() >> ACTIONS.index("like")) & 1
    assert logistic.by_action["like"]["log_loss"] == pytest.approx(log_loss(shown["p.like"].to_numpy(), liked))
    probabilities = [one for one in METRICS if metric(one).kind == "action"]
    for action, found in logistic.by_action.items():
        assert list(found) == probabilities
        assert found["calibration_error"] == numbers[f"calibration_error_{action}"]
        assert found["relative_cross_entropy"] == numbers[f"relative_cross_entropy_{action}"]
    (note,) = (one for one in report.notes if one.startswith("None of "))
    assert all(one in note for one in ("popularity", "interest_formula", "oracle", "welfare_oracle"))
    assert "logistic" not in note
    table = probability_table(report)
    assert len(table.rows) == len(logistic.by_action)
    assert len(scorer_table(report).columns) == 6 + len(METRICS) - 5 - len(probabilities)


@pytest.mark.slow
def test_what_was_asked_for_is_compared(evaluated: tuple[str, Report], home: Path) -> None:
    _, report = evaluated
    compared = compare_runs(["popularity", "interest_formula"], home, ["regret", "diversity"])
    assert [row.metric for row in compared.rows] == ["regret"] * 2 + ["diversity"] * 2
    for row in compared.rows:
        assert row.value.mean == report.row(row.reference).metrics[row.metric].mean


@pytest.mark.slow
def test_a_scorer_without_probabilities_has_all_but_calibration(
    evaluated: tuple[str, Report], home: Path, tmp_path: Path
) -> None:
    _, report = evaluated
    client = connect(home)
    experiment = client.get_experiment_by_name("rookery")
    assert experiment is not None
    for name in ("popularity", "interest_formula", "oracle", "welfare_oracle"):
        asked = f"tags.scorer = '{name}' AND tags.evaluation = '{report.key}'"
        (run, *_) = client.search_runs([experiment.experiment_id], asked)
        folder = kept(home, run.info.run_id, report, tmp_path / name)
        found = {one.name for one in folder.glob("*.png")}
        assert found == {"ndcg.png", "precision_recall.png", "gain_by_segment.png"}
        assert "pr_auc" in run.data.metrics
        assert not any(one.startswith("calibration") for one in run.data.metrics)


@pytest.mark.slow
def test_runs_have_the_numbers_of_the_comparison_and_of_their_segments(
    evaluated: tuple[str, Report], home: Path
) -> None:
    import mlflow

    _, report = evaluated
    compared = compare_runs(["popularity", "interest_formula", "logistic"], home, ["ndcg", "recall", "regret"])
    client, runs = connect(home), {row.reference: row.run_id for row in compared.rows}
    for row in compared.rows:
        numbers, name = client.get_run(row.run_id).data.metrics, run_metric(row.metric, compared.k)
        found = (numbers[name], numbers[f"{name}_low"], numbers[f"{name}_high"])
        assert found == (row.value.mean, row.value.low, row.value.high)
    assert compared.segments
    tables = {name: mlflow.load_table(f"evaluation/{report.key}/segments.json", run_ids=[runs[name]]) for name in runs}
    for part in compared.segments:
        table, name = tables[part.reference], run_metric(part.metric, compared.k)
        (row,) = table[(table.dimension == part.dimension) & (table.segment == part.segment)].to_dict("records")
        assert row[name] == pytest.approx(part.value.mean)
        assert row[f"{name}_low"] == pytest.approx(part.value.low)
    whole = tables["logistic"].iloc[0]
    assert (whole.dimension, whole.ndcg_20) == ("all users", pytest.approx(report.row("logistic").ndcg.mean))


@pytest.mark.slow
def test_a_version_states_its_data_split_and_numbers(evaluated: tuple[str, Report], home: Path) -> None:
    run_id, report = evaluated
    version = resolve_reference(connect(home), run_id)
    assert version.description.startswith("logistic, trained on ")
    tags = version.tags
    assert (tags["scorer"], tags["split"], tags["evaluated.split"]) == ("logistic", "time", "time")
    assert float(tags["ndcg_20"]) == pytest.approx(report.row("logistic").ndcg.mean, rel=1e-5)
    assert tags["data"] == tags["evaluated.data"]
