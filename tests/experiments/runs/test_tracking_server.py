"""Train, evaluate, compare, promote and fetch over HTTP, with MLflow's own server, which keeps the artifacts too."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from data.dataset import Dataset
from experiments.cli.model import promote
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
from experiments.evaluation.results import run_metric
from experiments.runs.config import RunConfig
from experiments.runs.train import train
from ranking.model_registry import fetch
from ranking.store import connect
from ranking.store_file import ARTIFACTS

pytestmark = pytest.mark.slow

START_S = 180
"""Most seconds that the server may take to start, on a busy machine."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose database and artifacts are under `tmp_path`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}", "--serve-artifacts",
        "--artifacts-destination", str(tmp_path / "artifacts"),
    ]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True)
    try:
        uri, until = f"http://127.0.0.1:{port}", time.monotonic() + START_S
        while not _answers(uri):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_lab_works_with_a_tracking_server(
    server: str, tiny_dataset: Dataset, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    before = set((home / ARTIFACTS).rglob("*"))
    settings = {"rows": {"most": 2_000}, "actions": ["like"]}
    trained = train(tiny_dataset, RunConfig(scorer="logistic", settings=settings), home)
    assert (trained.version, trained.aliases) == ("1", ("champion", "challenger"))
    evaluate_references(tiny_dataset, ["v1", "recency"], EvaluateConfig(requests=30), home)
    compared = compare_runs(["recency", "v1"], home)
    client = connect(home)
    for row in compared.rows:
        assert client.get_run(row.run_id).data.metrics[run_metric(row.metric, compared.k)] == row.value.mean
    run = client.get_run(trained.run_id)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    # All settings, those of the defaults too, and the split that "auto" stands for.
    assert {
        "settings.rows.most": "2000",
        "settings.rows.evened": "0.5",
        "split": "time",
    }.items() <= run.data.params.items()
    promote("v1", alias="canary")
    bundle = fetch("canary", home=home)
    assert (bundle.name, bundle.run_id) == ("logistic", trained.run_id)
    # All files are with the server, none under home.
    assert list((tmp_path / "artifacts").rglob("requests.parquet"))
    assert set((home / ARTIFACTS).rglob("*")) == before


def _answers(uri: str) -> bool:
    try:
        return httpx.get(f"{uri}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
