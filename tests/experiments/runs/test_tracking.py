"""What a run of MLflow states of itself, and its tables."""

from __future__ import annotations

import subprocess
from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import NotFoundError
from experiments.runs.tracking import (
    LIBRARIES,
    code_versions,
    continued_run,
    find_run,
    find_runs,
    flatten,
    log_evaluation,
    log_numbers,
    new_run,
    read_file,
    ready,
    tracked_run,
)

pytestmark = pytest.mark.slow


def test_a_run_states_its_config_data_code_device_and_cost(tiny_dataset: Dataset, home: Path) -> None:
    parameters = {"seed": 3, "settings": {"training": {"epochs": 2, "long": "x" * 7_000}, "odd@key": (1, 2)}}
    with tracked_run(home, name="one", dataset=tiny_dataset, parameters=parameters, tags={"kind": "test"}) as run_id:
        log_numbers({"recall@20": 0.5}, step=1)
    run = find_run(ready(home), run_id)
    assert {
        "seed": "3",
        "settings.training.epochs": "2",
        "settings.odd_key": "(1, 2)",
    }.items() <= run.data.params.items()
    assert len(run.data.params["settings.training.long"]) == 6_000
    tags = run.data.tags
    assert (tags["kind"], tags["data"], tags["data_hash"]) == ("test", tiny_dataset.name, tiny_dataset.content_hash)
    assert all(tags[f"version.{name}"] for name in (*LIBRARIES, "python"))
    assert tags["device"]
    numbers = run.data.metrics
    assert numbers["recall_20"] == 0.5
    assert numbers["wall_seconds"] > 0
    assert 0.05 < numbers["peak_memory_gib"] < 1_000
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == (tiny_dataset.name, tiny_dataset.content_hash[:32])
    with continued_run(home, run_id):
        log_numbers({"more": 1.0})
    assert find_run(ready(home), run_id).data.metrics["more"] == 1.0


def test_the_commit_of_the_code_is_stated_where_git_tracks_it() -> None:
    here = Path(__file__).parent
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    if asked.returncode:
        assert "mlflow.source.git.commit" not in code_versions()
    else:
        assert code_versions()["mlflow.source.git.commit"] == asked.stdout.strip()


def test_tables_of_an_evaluation_are_read_by_mlflow_and_replaced(
    tiny_dataset: Dataset, home: Path, tmp_path: Path
) -> None:
    import mlflow

    client = ready(home)
    run_id = new_run(home, name="none", dataset=tiny_dataset, parameters={}, tags={"kind": "test of tables"})
    for value in (0.25, float("nan")):
        table = pl.DataFrame({"segment": ["all", "é"], "users": [7, 5], "ndcg_20": [0.5, value]})
        numbers, tags = {"ndcg@20": 0.5}, {"evaluated.k": "20"}
        log_evaluation(client, run_id, tiny_dataset, numbers, tags, tmp_path, {"by.json": table}, "evaluation/key")
    shown = mlflow.load_table("evaluation/key/by.json", run_ids=[run_id])
    assert shown["segment"].tolist() == ["all", "é"]
    assert shown["ndcg_20"].isna().tolist() == [False, True]
    (run,) = find_runs(client, "tags.kind = 'test of tables'")
    assert run.data.metrics == {"ndcg_20": 0.5}
    assert run.data.tags["mlflow.loggedArtifacts"] == '[{"path": "evaluation/key/by.json", "type": "table"}]'
    assert len(run.inputs.dataset_inputs) == 1
    with pytest.raises(NotFoundError, match=r"of run .* is gone.*; evaluate again$"):
        read_file(run_id, "evaluation/key/other.json", remedy="evaluate again")
    with pytest.raises(NotFoundError, match="no run"):
        find_run(client, "0" * 32)


def test_nested_settings_have_dotted_keys() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": [3]}) == {"a.b": 1, "a.c.d": 2, "e": [3]}
