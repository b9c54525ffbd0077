"""A shadow scores what was answered, off the answer's path; what it has no room for is dropped and counted."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from fastapi.testclient import TestClient

from data.batch import F32
from data.dataset import Dataset
from serving.aliases import AliasConfig
from serving.app import create_app
from serving.kit.telemetry import Metrics
from serving.shadow import Answered, Shadow, overlap
from tests.serving.conftest import MakeNetwork
from tests.serving.ranker.models import Broken, ById, Likes, Model, Registry
from tests.serving.small_network import ALICE

IDS = ["1001", "1002", "1003", "1004", "1006"]


def request(user_id: int) -> Answered:
    return Answered(user_id, [1, 2], np.array([2, 1], np.float32), 5, "champion")


def test_a_full_queue_drops_and_counts_and_never_waits() -> None:
    begun, go, scored, metrics = threading.Event(), threading.Event(), list[int](), Metrics()

    def score(alias: str, asked: Answered) -> F32:
        begun.set()
        assert go.wait(60)
        scored.append(asked.user_id)
        return asked.scores

    shadow = Shadow(("new",), 2, score, metrics)
    shadow.offer(request(1))
    assert begun.wait(60)
    for user in (2, 3, 4, 5):
        shadow.offer(request(user))
    assert metrics.shadow.labels("new", "dropped")._value.get() == 2
    go.set()
    shadow.settle()
    assert scored == [1, 2, 3]
    assert metrics.shadow.labels("new", "scored")._value.get() == 3
    shadow.close()


def test_closing_drops_what_waits() -> None:
    begun, go, scored = threading.Event(), threading.Event(), list[int]()

    def score(alias: str, asked: Answered) -> F32:
        begun.set()
        assert go.wait(60)
        scored.append(asked.user_id)
        return asked.scores

    shadow = Shadow(("new",), 1, score, Metrics())
    shadow.offer(request(1))
    assert begun.wait(60)
    shadow.offer(request(2))
    closing = threading.Thread(target=shadow.close)
    closing.start()
    go.set()
    closing.join(60)
    assert not closing.is_alive()
    assert scored == [1]


@pytest.mark.parametrize(
    ("ours", "theirs", "share"),
    [([3, 2, 1], [3, 2, 1], 1), ([3, 2, 1], [1, 2, 3], 0.5), ([3, 2, 1, 0], [0, 1, 2, 3], 0), ([], [], 1)],
)
def test_overlap_of_the_best_two(ours: list[float], theirs: list[float], share: float) -> None:
    assert overlap(np.array(ours, np.float32), np.array(theirs, np.float32), 2) == share


def test_shadows_see_what_was_answered_and_change_no_answer(make_network: MakeNetwork, small: Dataset) -> None:
    models = {"same": Model(ById(2.0), "2"), "broken": Model(Broken(1003), "3"), "towers": Model(Likes(1.0), "4")}
    network = make_network(
        small, model=Model(ById(1.0), "1"), models=Registry(dict(models)),
        aliases=AliasConfig(loaded=tuple(models), shadow=tuple(models)),
    )  # fmt: skip
    context = network.context
    with TestClient(create_app(network)) as client:
        client.headers["Authorization"] = f"Bearer {context.tokens.issue(None, ['rank'])}"
        for alias in ("champion", "champion", "same"):
            body = client.post("/v1/rank", json={"user_id": str(ALICE), "tweet_ids": [*IDS, "55"], "alias": alias})
            factor = {"champion": 1, "same": 2}[alias]
            assert [one["score"] for one in body.json()["data"]["scores"]] == [factor * int(one) for one in IDS]
    assert context.shadow is not None
    context.shadow.settle()

    def count(alias: str, outcome: str) -> float:
        return float(context.metrics.shadow.labels(alias, outcome)._value.get())

    # A shadow does not score again what it answered itself.
    assert [count(alias, "scored") for alias in models] == [2, 0, 3]
    assert [count(alias, "failed") for alias in models] == [0, 3, 0]
    figures = client.get("/metrics").text
    assert 'rookery_shadow_overlap_sum{alias="same"} 2.0' in figures
    assert 'rookery_rank_requests_total{alias="champion",version="1"} 2.0' in figures
