"""The study of rankers: the oracle bounds all, the way is measured from the base, and a second call trains nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from data.dataset import Dataset
from experiments.runs.tracking import find_runs, ready
from experiments.studies import rankers
from experiments.studies.rankers import RankersConfig, RankersResult, rank_rankers

pytestmark = pytest.mark.slow

SHORT = {"two_tower": {"training": {"epochs": 1}}, "logistic": {"rows": {"most": 2_000}, "iterations": 5}}


@pytest.fixture
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        rankers.PRESETS,  # type: ignore[arg-type]
        "tiny",
        {"people": 300, "days": 4, "tweets_per_day": 0.7},
    )


def test_the_order_is_by_true_value_and_a_second_call_writes_nothing(small_world: None, home: Path) -> None:
    config = RankersConfig(
        preset="tiny", seeds=(1, 2), rankers=("two_tower", "logistic"), requests=60, settings=SHORT
    )  # fmt: skip
    result = rank_rankers(config, home)
    assert {row.name for row in result.rows} == {
        "oracle",
        "welfare_oracle",
        "two_tower",
        "logistic",
        "interest_formula",
    }
    means = [row.value.mean for row in result.rows]
    assert means == sorted(means, reverse=True)
    assert "requests of the test, sampled with the world's seed." in result.protocol
    first, *others = result.rows
    assert (first.name, first.way, first.behind) == ("oracle", pytest.approx(1.0), None)
    by_name = {row.name: row for row in result.rows}
    assert max(result.rows, key=lambda row: row.welfare.mean).name == "welfare_oracle"
    assert by_name["welfare_oracle"].value.mean < first.value.mean
    assert by_name["interest_formula"].way == pytest.approx(0.0)
    for above, row in zip(result.rows, others, strict=False):
        assert row.behind is not None
        assert row.behind.mean == pytest.approx(above.value.mean - row.value.mean)
        assert len(row.by_seed) == len(row.welfare_by_seed) == 2
    written = _times(result.folder)
    assert sum(path.name == "model.safetensors" for path in written) == 4
    _is_logged(result, home)
    assert rank_rankers(config, home) == result
    assert _times(result.folder) == written
    fewer = rank_rankers(config.model_copy(update={"requests": 40}), home)
    assert fewer.protocol != result.protocol
    again = _times(result.folder)
    assert {path.parent.name for path in again if again[path] != written.get(path)} == {"measured"}


def _is_logged(result: RankersResult, home: Path) -> None:
    """The run of the study has its settings with all defaults, its data, and the numbers of the result."""
    import mlflow

    client = ready(home)
    (run,) = [one for one in find_runs(client, "tags.study = 'rankers'") if one.info.status == "FINISHED"]
    stated = {"preset": "tiny", "split": "time", "settings.logistic.rows.most": "2000"}
    assert stated.items() <= run.data.params.items()
    assert "settings.two_tower.training.batch_size" in run.data.params
    worlds = [Dataset.open(result.folder / f"seed-{seed}" / "world") for seed in result.seeds]
    assert [run.data.tags[f"data_hash.seed_{seed}"] for seed in result.seeds] == [one.content_hash for one in worlds]
    assert run.data.tags["data"] == "tiny, seeds 1, 2"
    assert run.data.metrics["wall_seconds"] > 0
    table = mlflow.load_table("rankers.json", run_ids=[run.info.run_id]).set_index("ranker")
    for row in result.rows:
        assert run.data.metrics[f"true_value_20_{row.name}"] == row.value.mean
        assert table.true_value_20[row.name] == pytest.approx(row.value.mean)
        assert run.data.metrics[f"true_welfare_20_{row.name}"] == row.welfare.mean
        assert table.true_welfare_20_low[row.name] == pytest.approx(row.welfare.low)
        assert [table[f"seed_{seed}"][row.name] for seed in result.seeds] == pytest.approx(row.by_seed)
        assert row.behind is None or table.behind[row.name] == pytest.approx(row.behind.mean)
    assert "rankers.json" in run.data.tags["mlflow.loggedArtifacts"]


def _times(folder: Path) -> dict[Path, int]:
    """When each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_what_is_not_trained_or_not_there_is_refused() -> None:
    with pytest.raises(ValidationError, match="no trained scorer 'popularity'"):
        RankersConfig(rankers=("popularity",))
    with pytest.raises(ValidationError, match="no scorer 'heavy' that needs no training"):
        RankersConfig(base="heavy")
    with pytest.raises(ValidationError, match="settings of 'boostng', which is not among the rankers heavy"):
        RankersConfig(settings={"boostng": {}})
    with pytest.raises(ValidationError, match="rankers"):
        RankersConfig(rankers=())
    with pytest.raises(ValidationError, match="no preset 'huge'"):
        RankersConfig(preset="huge")
