"""Sweeps: the best setting found on a known curve, resumption, trials that diverge or are pruned, and bad files."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import mlflow
import numpy as np
import pytest
from pydantic import ValidationError

from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from data.readers import read_log
from experiments.runs.config import RunConfig, validate
from experiments.runs.sweep import Range, SweepConfig, sweep
from ranking.catalogue import SCORERS, ScorerEntry
from ranking.scorer import ScorerConfig
from ranking.store import connect
from ranking.training.trainer import Trainer, TrainingContext
from ranking.training.two_tower.task import IN_SAMPLE_K

pytestmark = pytest.mark.slow

EPOCHS = 4


class CurveConfig(ScorerConfig):
    by_epoch: ClassVar[bool] = True
    x: float = 0.0
    kind: str = "good"

    @property
    def objectives(self) -> tuple[str, ...]:
        return ("validation_loss",)


@dataclass(frozen=True)
class Curve:
    """Learns nothing."""

    reads: ClassVar[tuple[str, ...]] = ("tweet.age_h",)

    def score(self, batch: CandidateBatch) -> F32:
        return np.zeros(len(batch), np.float32)


class CurveTrainer(Trainer):
    """Reports (x - 0.3)^2 + 1 / epoch, and diverges where x is above 0.9."""

    config_type = CurveConfig

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> Curve:
        config = CurveConfig(**settings)
        x = config.x + (0.2 if config.kind == "bad" else 0.0)
        if config.kind == "clash":
            raise ConfigError(f"kind 'clash' does not go with x = {x}")
        assert context.report is not None
        for epoch in range(1, EPOCHS + 1):
            if x > 0.9:
                raise ModelError(f"the loss is inf in epoch {epoch}")
            context.report({"validation_loss": (x - 0.3) ** 2 + 1 / epoch})
        return Curve()


curve_trainer = CurveTrainer()


@pytest.fixture(autouse=True)
def curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCORERS, "curve", ScorerEntry(f"{__name__}:Curve", f"{__name__}:curve_trainer"))


def config(trials: int, **more: Any) -> SweepConfig:
    search = {"settings.x": Range(low=0.0, high=1.0), "settings.kind": Range(choices=("good", "bad"))}
    return SweepConfig(trials=trials, run=RunConfig(scorer="curve"), search=search, **more)


def test_the_best_of_a_known_curve_is_found_logged_and_can_be_trained(tiny_dataset: Dataset, home: Path) -> None:
    found = sweep(tiny_dataset, config(16, prune=False, seed=3), home)
    assert len(found.trials) == 16
    complete = [row for row in found.trials if row.state == "complete"]
    assert all(row.settings["settings.x"] > 0.7 for row in found.trials if row.state == "failed")
    assert found.best.value == min(row.value for row in complete if row.value is not None)
    assert found.best.value == pytest.approx(1 / EPOCHS, abs=0.02)
    run = validate(RunConfig, tomllib.loads(found.config.read_text()), source="the file")
    assert run.settings == {key.removeprefix("settings."): value for key, value in found.best.settings.items()}
    client = connect(home)
    children = client.search_runs(
        [client.get_run(found.run_id).info.experiment_id], f"tags.`mlflow.parentRunId` = '{found.run_id}'"
    )
    assert {child.info.run_id for child in children} == {row.run_id for row in found.trials}
    stated = client.get_run(found.run_id).data.params
    assert (stated["run.split"], stated["run.seed"], stated["search.settings.x.high"]) == ("time", "1", "1.0")
    assert not {"run.settings.x", "run.settings.kind"} & stated.keys()
    states = {child.info.run_id: child.info.status for child in children}
    assert all((states[row.run_id] == "FAILED") == (row.state == "failed") for row in found.trials)
    assert mlflow.active_run() is None


def test_a_sweep_that_goes_on_has_the_trials_of_one_that_was_not_stopped(tiny_dataset: Dataset, home: Path) -> None:
    whole = sweep(tiny_dataset, config(6), home)
    shutil.rmtree(home / "sweeps")
    first = sweep(tiny_dataset, config(3), home)
    rest = sweep(tiny_dataset, config(6), home)
    assert (first.went_on_after, rest.went_on_after) == (0, 3)
    assert first.run_id == rest.run_id

    def outcomes(result: Any) -> list[tuple[Any, ...]]:
        return [(row.state, row.value, row.settings) for row in result.trials]

    assert outcomes(rest) == outcomes(whole)
    assert outcomes(rest)[:3] == outcomes(first)


def test_a_trial_that_is_worse_than_most_is_pruned(tiny_dataset: Dataset, home: Path) -> None:
    found = sweep(tiny_dataset, config(10, seed=5), home)
    pruned = [row for row in found.trials if row.state == "pruned"]
    assert pruned
    middle = np.median([row.value for row in found.trials[:5] if row.state == "complete"])
    assert all((row.settings["settings.x"] - 0.3) ** 2 + 1 > middle for row in pruned)
    client = connect(home)
    assert all(client.get_run(row.run_id).info.status == "FINISHED" for row in pruned)


def test_settings_that_do_not_go_together_fail_their_trial_alone(tiny_dataset: Dataset, home: Path) -> None:
    search = {"settings.x": Range(low=0.0, high=0.5), "settings.kind": Range(choices=("good", "clash"))}
    settings = SweepConfig(trials=8, seed=2**32 - 1, run=RunConfig(scorer="curve"), search=search)
    found = sweep(tiny_dataset, settings, home)
    assert {row.state for row in found.trials if row.settings["settings.kind"] == "clash"} == {"failed"}
    assert found.best.settings["settings.kind"] == "good"
    assert len(found.trials) == 8


def test_where_no_trial_fits_its_error_is_raised_after_the_first_five(tiny_dataset: Dataset, home: Path) -> None:
    search = {"settings.x": Range(low=0.0, high=0.5), "settings.kind": Range(choices=("clash",))}
    settings = SweepConfig(trials=9, run=RunConfig(scorer="curve"), search=search)
    with pytest.raises(ConfigError, match="kind 'clash' does not go"):
        sweep(tiny_dataset, settings, home)
    only = settings.model_copy(update={"trials": 5})
    with pytest.raises(ModelError, match="none of 5 trials came to an end; the last one: kind 'clash' does not go"):
        sweep(tiny_dataset, only, home)


def test_what_a_training_does_not_report_is_refused(tiny_dataset: Dataset, home: Path) -> None:
    with pytest.raises(ConfigError, match=r"'ndcg'.*does not report that.*validation_loss"):
        sweep(tiny_dataset, config(1, objective="ndcg"), home)
    with pytest.raises(ConfigError, match="'popularity' is not trained"):
        sweep(tiny_dataset, config(1).model_copy(update={"run": RunConfig(scorer="popularity")}), home)


@pytest.mark.parametrize(
    ("scorer", "objective", "reports"),
    [
        ("boosting", "validation_recall@20", "it reports validation_loss"),
        ("ease", "validation_loss", "it reports ndcg@20"),
        ("heavy", "ndcg@20", "it reports validation_loss, train_loss"),
        ("two_tower", "ndcg@20", f"it reports validation_loss, validation_recall@{IN_SAMPLE_K}"),
    ],
)
def test_an_objective_that_the_scorer_never_reports_is_refused_before_a_trial(
    tiny_dataset: Dataset, home: Path, scorer: str, objective: str, reports: str
) -> None:
    settings = SweepConfig(objective=objective, run=RunConfig(scorer=scorer), search={"seed": Range(low=1, high=3)})
    with pytest.raises(ConfigError, match=rf"'{objective}'.*{scorer}") as error:
        sweep(tiny_dataset, settings, home)
    assert error.value.remedy.startswith(reports)


def test_more_is_better_of_recalls_unless_one_says_otherwise() -> None:
    search = {"seed": Range(low=1, high=3)}
    for objective, direction in (("ndcg@20", "maximize"), ("validation_recall@20", "maximize"), ("a_loss", "minimize")):
        assert SweepConfig(objective=objective, search=search).direction == direction
    assert SweepConfig(objective="ndcg@20", direction="minimize", search=search).direction == "minimize"
    assert SweepConfig(search=search).direction == "minimize"


def test_a_model_without_epochs_is_tuned(tiny_dataset: Dataset, home: Path) -> None:
    fixed = {"rows": {"most": 2000}, "actions": ["like", "reply"], "trees": 5}
    settings = SweepConfig(
        trials=2, run=RunConfig(scorer="boosting", settings=fixed),
        search={"settings.learning_rate": Range(choices=(1e-6, 0.2))}, seed=4,
    )  # fmt: skip
    found = sweep(tiny_dataset, settings, home)
    assert {row.state for row in found.trials} == {"complete"}
    stated = connect(home).get_run(found.run_id).data.params
    assert (stated["run.settings.trees"], stated["run.settings.rows.evened"]) == ("5", "0.5")
    assert "run.settings.learning_rate" not in stated
    by_rate = {row.settings["settings.learning_rate"]: row.value for row in found.trials}
    assert found.best.value == min(by_rate.values())


def test_an_item_model_is_tuned_by_its_ndcg(home: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    lines = ["userId,movieId,rating,timestamp"]
    lines += [
        f"{u},{f},4.0,{u * 99 + at}" for u in range(1, 41) for at, f in enumerate(rng.choice(20, 6, replace=False))
    ]
    (tmp_path / "ratings.csv").write_text("\n".join(lines))
    (tmp_path / "movies.csv").write_text("\n".join(["movieId,title,genres", *(f"{f},F {f},War" for f in range(20))]))
    films = read_log("movielens", tmp_path, tmp_path / "data")
    settings = SweepConfig(
        trials=7, objective="ndcg@20", run=RunConfig(scorer="ease"), search={"settings.l2": Range(low=1.0, high=900.0)}
    )
    found = sweep(films, settings, home)
    assert {row.state for row in found.trials} == {"complete"}
    assert found.best.value == max(row.value for row in found.trials if row.value is not None)


@pytest.mark.parametrize(
    "bad",
    [{}, {"choices": (1,), "low": 0}, {"low": 1}, {"low": 2, "high": 1}, {"low": 0, "high": 1, "log": True}, {"lo": 1}],
)
def test_a_range_that_is_none_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Range(**bad)
