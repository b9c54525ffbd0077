"""The study of objectives on a tiny world: its numbers, its kept runs, its run in MLflow, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from data.errors import ConfigError
from data.synthetic.new_tweets import Written
from data.synthetic.world import World
from experiments.runs.tracking import find_runs, ready
from experiments.simulation.closed_run import PersonDays, feed_of
from experiments.studies.coefficients import COEFFICIENTS, CoefficientsConfig, study_coefficients
from experiments.studies.objectives import FEEDBACK, ObjectivesConfig, ObjectivesResult, study_objectives
from experiments.studies.outcomes import DAILY, MEASURES

TINY = ObjectivesConfig(
    preset="tiny", seeds=(1,), days=3, policies=("engagement_oracle", "welfare_oracle"),
    world={"people": 300, "tweets_per_day": 0.5, "tick_min": 15},
)  # fmt: skip


@pytest.fixture(scope="module")
def result(home: Path) -> ObjectivesResult:
    return study_objectives(TINY, home)


def kept(result: ObjectivesResult, policy: str) -> PersonDays:
    return PersonDays.load(result.folder / "seed-1" / policy)


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_outcomes_are_those_of_the_kept_numbers(result: ObjectivesResult) -> None:
    assert {one.measure for one in result.outcomes} == set(MEASURES)
    assert {one.period for one in result.outcomes} == {"all", "week 1"}
    assert {one.measure for one in result.daily} == set(DAILY)
    assert result.luck == ()
    for policy in TINY.policies:
        columns = kept(result, policy).columns
        plain = {
            "engagement": columns["engagements"].sum() / 900, "welfare": columns["welfare"].sum() / 900,
            "welfare_of_a_look": columns["welfare"].sum() / columns["looked"].sum(),
            "opened": columns["opened"].mean(), "returned": columns["opened"][2].mean(),
            "return_probability": kept(result, policy).return_probability.mean(), "left": columns["left"][2].mean(),
            "authors": (columns["originals"].sum(axis=0) > 0).mean(),
            "bait": columns["bait"].sum() / columns["impressions"].sum(),
            "outrage": columns["outrage"].sum() / columns["impressions"].sum(),
        }  # fmt: skip
        shown = np.sort(columns["shown"].sum(axis=0))
        plain["exposure_gini"] = np.abs(shown[:, None] - shown).sum() / (2 * 300**2 * shown.mean())
        for measure, value in plain.items():
            one = result.outcome(policy, measure)
            assert one.value.mean == pytest.approx(value, rel=1e-4), measure
            assert one.by_seed == (one.value.mean,)
            assert one.value.low <= one.value.mean <= one.value.high
        assert result.outcome(policy, "opened", "day 2").value.mean == pytest.approx(columns["opened"][1].mean())
    for measure in MEASURES:
        first, second = (result.outcome(policy, measure) for policy in TINY.policies)
        assert first.difference is None
        assert second.difference is not None
        assert second.difference.mean == pytest.approx(second.value.mean - first.value.mean, abs=1e-6)


@pytest.mark.slow
def test_each_oracle_wins_by_its_own_measure(result: ObjectivesResult) -> None:
    engagement, welfare = (result.outcome("welfare_oracle", one).difference for one in ("engagement", "welfare"))
    assert engagement is not None
    assert welfare is not None
    assert engagement.high < 0 < welfare.low


@pytest.mark.slow
def test_what_is_missing_is_run_and_nothing_else(result: ObjectivesResult, home: Path) -> None:
    before = times(result.folder)
    assert study_objectives(TINY, home) == result
    assert times(result.folder) == before
    lost = result.folder / "seed-1" / "welfare_oracle" / "numbers.npz"
    (lost.parent / "about.json").write_text("{}")
    assert study_objectives(TINY, home) == result
    changed = {path for path, time in times(result.folder).items() if before[path] != time}
    assert {path.parent for path in changed} == {lost.parent}
    other = study_objectives(TINY.model_copy(update={"days": 1, "policies": ("recency",)}), home)
    assert other.folder != result.folder


@pytest.mark.slow
def test_the_run_in_mlflow_has_the_numbers(result: ObjectivesResult, home: Path) -> None:
    import mlflow

    (*_, run) = [one for one in find_runs(ready(home), "tags.study = 'objectives'") if one.data.params["days"] == "3"]
    for policy in TINY.policies:
        value = result.outcome(policy, "welfare").value
        found = [run.data.metrics[f"welfare_{policy}{end}"] for end in ("", "_low", "_high")]
        assert found == [value.mean, value.low, value.high]
    table = mlflow.load_table("days.json", run_ids=[run.info.run_id])
    assert len(table) == 2 * 3 * len(DAILY)
    rows = table[(table.policy == "welfare_oracle") & (table.period == "day 3") & (table.measure == "opened")]
    (row,) = rows.to_dict("records")
    assert row["value"] == pytest.approx(result.outcome("welfare_oracle", "opened", "day 3").value.mean)
    files = {one.path for one in ready(home).list_artifacts(run.info.run_id, "plots")}
    assert files == {"plots/days.png"}


def log_of(config: ObjectivesConfig, policy: str) -> dict[str, str]:
    """The requests, originals and impressions of a run, with every column but texts' entities."""
    one = config.run(3, policy)
    world = World.create(one.world)
    state = world.start()
    out: dict[str, list[object]] = {"requests": [], "originals": [], "impressions": []}
    for step in world.steps(state, feed_of(one, world, state), one.world.end_us):
        events = step.events if isinstance(step, Written) else step
        columns = [column.tolist() for column in events.columns.values()]
        if events.table == "requests":
            columns = [events.columns[name].tolist() for name in events.columns if name != "policy"]
        if events.table == "tweets":
            out["originals"] += [row for row in zip(*columns, strict=True) if "original" in row]
        elif events.table in out:
            out[events.table] += list(zip(*columns, strict=True))
    return {table: repr(rows) for table, rows in out.items()}


@pytest.mark.slow
def test_without_feedback_no_policy_moves_requests_or_originals() -> None:
    config = TINY.model_copy(
        update={"feedback": 0.0, "days": 4, "world": {"people": 150, "tweets_per_day": 1.0, "tick_min": 15}}
    )
    engagement, recency = (log_of(config, policy) for policy in ("engagement_oracle", "recency"))
    assert engagement["requests"] == recency["requests"]
    assert engagement["originals"] == recency["originals"]
    assert engagement["impressions"] != recency["impressions"]
    with_feedback = config.model_copy(update={"feedback": 3.0})
    assert log_of(with_feedback, "engagement_oracle")["requests"] != log_of(with_feedback, "recency")["requests"]


def test_feedback_scales_every_coefficient_that_a_feed_can_move() -> None:
    plain, twice, none = (
        TINY.model_copy(update={"feedback": factor}).run(1, "recency").world for factor in (1.0, 2.0, 0.0)
    )
    assert FEEDBACK["retention"]
    for group, names in FEEDBACK.items():
        for name in names:
            values = [world.model_dump()[group][name] for world in (plain, twice, none)]
            assert values[0] > 0
            assert values[1:] == [2 * values[0], 0]


@pytest.mark.slow
def test_coefficients_are_changed_one_at_a_time(home: Path) -> None:
    name = "retention.satisfaction_opens"
    config = CoefficientsConfig(
        preset="tiny",
        seeds=(1, 2),
        days=2,
        factors=(0.0,),
        coefficients=(name,),
        world={"people": 120, "tick_min": 30},
    )
    result = study_coefficients(config, home)
    assert {(one.coefficient, one.factor) for one in result.effects} == {(name, 0.0)}
    for one in result.effects:
        base = result.base[one.measure]
        assert one.change.mean == pytest.approx(one.difference.mean - base.mean, abs=1e-6)
        assert np.mean(one.by_seed) == pytest.approx(one.difference.mean, abs=1e-6)
    before = times(result.folder)
    assert study_coefficients(config, home) == result
    assert times(result.folder) == before


def test_wrong_coefficients_are_refused(home: Path) -> None:
    assert "retention.satisfaction_opens" in COEFFICIENTS
    with pytest.raises(ValidationError, match=r"no coefficient 'retention\.habit'; did you mean"):
        CoefficientsConfig(coefficients=("retention.habit",))
    with pytest.raises(ValidationError, match="cannot be multiplied by -1"):
        CoefficientsConfig(factors=(-1.0,))
    with pytest.raises(ConfigError, match="habit_engagement"):
        study_coefficients(CoefficientsConfig(factors=(9.0,), coefficients=("retention.habit_engagement",)), home)
