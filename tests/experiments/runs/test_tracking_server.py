"""Train, evaluate, compare, promote and fetch over HTTP, with MLflow's own server, which keeps the artifacts too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from data.dataset import Dataset
from data.readers import read_log
from experiments.cli.model import promote
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
from experiments.evaluation.results import run_metric
from experiments.runs.config import RunConfig
from experiments.runs.train import train
from ranking.model_registry import MODEL_NAME, fetch
from ranking.store import connect
from ranking.store_file import ARTIFACTS
from tests.ports import held_port

pytestmark = pytest.mark.slow

START_S = 180
"""Most seconds that the server may take to start, on a busy machine."""

_ENDS_WITH_ITS_PARENT = """
import os, signal, subprocess, sys, threading

def end_all():
    sys.stdin.read()  # returns when the parent has closed the pipe or has been killed
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_all, daemon=True).start()
sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose database and artifacts are under `tmp_path`."""
    held = held_port()
    port = held.getsockname()[1]
    command = [
        sys.executable, "-c", _ENDS_WITH_ITS_PARENT,
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}", "--serve-artifacts",
        "--artifacts-destination", str(tmp_path / "artifacts"),
    ]  # fmt: skip
    # Without jobs: their processes would leave the group.
    alone = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=alone, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    try:
        uri, until = f"http://127.0.0.1:{port}", time.monotonic() + START_S
        while not _answers(uri):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        held.close()


@pytest.fixture
def films(tmp_path: Path) -> Dataset:
    """A small log of ratings: each of 12 readers rates every second of 6 films in a row."""
    ratings = [f"{user},{(user + at * 2) % 15 + 1},4.0,{user * 10 + at}" for user in range(1, 13) for at in range(6)]
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *ratings]))
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *(f"{n},F {n},War" for n in range(1, 16))]))
    return read_log("movielens", folder, tmp_path / "data")


def test_the_lab_works_with_a_tracking_server(
    server: str, films: Dataset, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    before = set((home / ARTIFACTS).rglob("*"))
    trained = train(films, RunConfig(scorer="ease", settings={"l2": [1, 10]}), home)
    assert (trained.version, trained.aliases) == ("1", ("champion", "challenger"))
    evaluate_references(films, ["v1", "recency"], EvaluateConfig(requests=40), home)
    compared = compare_runs(["recency", "v1"], home)
    client = connect(home)
    for row in compared.rows:
        assert client.get_run(row.run_id).data.metrics[run_metric(row.metric, compared.k)] == row.value.mean
    run = client.get_run(trained.run_id)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    # All settings, those of the defaults too, and the split that "auto" stands for.
    stated = {"settings.l2": "[1.0, 10.0]", "settings.validation_share": "0.2", "split": "leave_last_out"}
    assert stated.items() <= run.data.params.items()
    # NDCG of the held-out part of training is another number than that of the test.
    assert {"ndcg_20", "validation_ndcg_20"} <= client.get_model_version(MODEL_NAME, "1").tags.keys()
    promote("v1", alias="canary")
    bundle = fetch("canary", home=home)
    assert (bundle.name, bundle.run_id) == ("ease", trained.run_id)
    # All files are with the server, none under home.
    assert list((tmp_path / "artifacts").rglob("requests.parquet"))
    assert set((home / ARTIFACTS).rglob("*")) == before


def _answers(uri: str) -> bool:
    try:
        return httpx.get(f"{uri}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
