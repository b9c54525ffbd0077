"""The scoring endpoint over HTTP on loopback, client included, beside MLflow's server of the same models."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import msgspec
import numpy as np
import torch

from data.batch import Array, Ragged
from data.dataset import Dataset
from data.home_folder import home_folder
from experiments.bench.funnel import heavy_ranker
from experiments.bench.harness import Case
from experiments.bench.http_load import Load, LoadError, raw_post, run_load
from experiments.live.server import Server, running_server
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of, understanding_of
from experiments.simulation.worlds import kept_data, world_config
from features.online import FeatureState
from features.text.understanding import Understanding
from ranking.artifact import Bundle
from ranking.model_registry import save_for_mlflow
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from ranking.scorer import Scorer
from serving.loading import end_us
from serving.ranker.body import MSGPACK

CONNECTIONS, CANDIDATES = 4, 500
_READERS = 64
"""Readers whose requests take turns."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
"""The environment of both servers: more threads only wait for each other where a request is this short."""
_TURN = 40
"""Requests of one turn of either side."""
_MEASURED = {"two_tower": 6_000, "ranker M": 1_500}
"""Requests whose percentiles are shown."""


class ServeBench:
    """500 candidates by id of the newest tweets, 4 connections. Weights are the first ones: time does not depend on
    them."""

    peer = (
        "`mlflow models serve` of the same model, one worker, given the same number of rows; it keeps no features, so "
        "that each request brings all columns as JSON. Making that JSON is left out"
    )

    def cases(self) -> Iterator[Case]:
        """The quantiles over all requests stand in the name of a case, processor time a request among its parts."""
        torch.manual_seed(1)
        home = home_folder()
        dataset = kept_data(
            world_config("tiny", None, ["people=1500", "days=3"]), home / "cache" / "bench" / "world-serve"
        )
        understanding = understanding_of(dataset, split_of(dataset, "auto"), RunConfig().encoder, home)
        shape = TwoTowerConfig.tweets().fitted(
            text_dim=understanding.encoder.dim, topic_count=len(understanding.topics)
        )
        models: dict[str, Scorer] = {"two_tower": TwoTower(shape, TowerPairs(shape)), "ranker M": heavy_ranker()}
        state = _replayed(dataset, understanding)
        for name, scorer in models.items():
            with tempfile.TemporaryDirectory() as room, ExitStack() as stack:
                kind = "heavy" if name == "ranker M" else name
                bundle = Bundle(kind, scorer, understanding, dataset.name, dataset.content_hash)
                yield self._case(name, bundle, dataset, state, Path(room), stack)

    def _case(
        self, name: str, bundle: Bundle, dataset: Dataset, state: FeatureState, room: Path, stack: ExitStack
    ) -> Case:
        bundle.save(room / "model")
        columns = _columns(state, bundle.scorer)
        save_for_mlflow(bundle, columns, room / "mlflow")
        peer_url, peer_pid = stack.enter_context(_mlflow(room))
        server = stack.enter_context(
            running_server(
                home_folder(), dataset.folder, room / "network", settings=_ONE_THREAD, model=str(room / "model")
            )
        )
        ours, theirs = _ours(server, state), _theirs(peer_url, columns)

        def load(count: int) -> Load:
            return run_load(
                server.url, ours, count, connections=CONNECTIONS, pid=server.pid, read=msgspec.msgpack.decode
            )

        def peer(count: int) -> Load:
            return run_load(peer_url, theirs, count, connections=CONNECTIONS, pid=peer_pid, read=msgspec.json.decode)

        load(2 * _READERS)
        peer(CONNECTIONS)
        found, of_peer = load(_MEASURED[name]), peer(10 * CONNECTIONS)
        return Case(
            f"{name}, {CANDIDATES} candidates: {found.per_s:,.0f} requests/s, p50 {found.quantile(0.5):.1f} ms, "
            f"p99 {found.quantile(0.99):.1f} ms; MLflow {of_peer.per_s:,.1f} requests/s, p50 "
            f"{of_peer.quantile(0.5):.0f} ms",
            lambda: load(_TURN),
            lambda: peer(_TURN),
            _TURN,
            "requests",
            parts=lambda: {
                "processor, server": 1e3 * found.server_s / found.requests,
                "processor, client": 1e3 * found.client_s / found.requests,
                "processor, MLflow's server": 1e3 * of_peer.server_s / of_peer.requests,
            },
        )


def _replayed(dataset: Dataset, understanding: Understanding) -> FeatureState:
    state = FeatureState(understanding)
    for events in dataset.replay(sorted(state.tables)).advance():
        state.update(events)
    state.time_us = end_us(dataset)
    return state


def _newest(state: FeatureState) -> Array:
    """[500] rows of the newest living tweets."""
    return state.network.alive(state.time_us)[-CANDIDATES:]


def _ours(server: Server, state: FeatureState) -> list[bytes]:
    """Requests by id for some readers."""
    ids = state.network.tweets.ids[_newest(state)].tolist()
    headers = {**server.service(), "content-type": MSGPACK}
    users = np.random.default_rng(1).choice(state.network.users.ids, _READERS).tolist()
    bodies = [msgspec.msgpack.encode({"user_id": user, "tweet_ids": ids}) for user in users]
    return [raw_post(server.url, "/v1/rank", headers, body) for body in bodies]


def _columns(state: FeatureState, scorer: Scorer) -> dict[str, Array]:
    """[500, ...] all that the model reads, of one reader."""
    rows = _newest(state)
    requests = state.requests(state.network.users.ids[:1], state.time_us)
    batch = state.lookup(state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows)), scorer.reads)
    return {name: batch.column(name) for name in scorer.reads}


def _theirs(url: str, columns: Mapping[str, Array]) -> list[bytes]:
    """The same rows as MLflow takes them."""
    body = msgspec.json.encode({"inputs": {name: column.tolist() for name, column in columns.items()}})
    return [raw_post(url, "/invocations", {"content-type": "application/json"}, body)]


@contextmanager
def _mlflow(room: Path) -> Iterator[tuple[str, int]]:
    """`mlflow models serve` of the model in `room/mlflow`: where it listens, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # MLflow starts uvicorn by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    options = ["-m", str(room / "mlflow"), "-p", port, "-h", "127.0.0.1", "--env-manager", "local", "-w", "1"]
    with (room / "mlflow.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve", *options], stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, **_ONE_THREAD, "PATH": path},
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _await(process, url, room / "mlflow.log")
            yield url, process.pid
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(1_200):
        if process.poll() is not None:
            raise LoadError(f"mlflow models serve ended with {process.returncode}: {log.read_text()[-400:]}")
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/ping", trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise LoadError(f"mlflow models serve did not come up: {log.read_text()[-400:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends it and the worker that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
