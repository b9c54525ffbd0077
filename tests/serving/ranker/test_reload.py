"""Newer versions take the place of older ones: no request is dropped, and what does not work changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from data.dataset import Dataset
from data.errors import ModelError
from serving.aliases import AliasConfig
from serving.app import create_app
from serving.network import Network
from tests.features.logs import letters
from tests.serving.conftest import MakeNetwork
from tests.serving.ranker.models import Broken, ById, Likes, Model, Registry
from tests.serving.small_network import ALICE, BOB

Loaded = tuple[Network, TestClient, Registry]
IDS = ["1001", "1002", "1003", "1004"]


@pytest.fixture
def loaded(make_network: MakeNetwork, small: Dataset) -> Iterator[Loaded]:
    champion = Model(Likes(1.0), "1")
    registry = Registry({"champion": champion, "challenger": Model(ById(1.0), "2")})
    network = make_network(small, model=champion, models=registry, aliases=AliasConfig(loaded=("challenger",)))
    token = network.context.tokens.issue(ALICE, ["rank", "operator", "tweet.read", "users.read"])
    with TestClient(create_app(network), headers={"Authorization": f"Bearer {token}"}) as client:
        yield network, client, registry


def rank(client: TestClient, alias: str) -> tuple[str, list[float]]:
    answer = client.post("/v1/rank", json={"user_id": str(ALICE), "tweet_ids": IDS, "alias": alias})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert "degraded" not in body["meta"]
    return body["meta"]["model"]["version"], [one["score"] for one in body["data"]["scores"]]


def test_only_what_moved_is_fetched_and_ranks_from_then_on(loaded: Loaded) -> None:
    _, client, registry = loaded
    registry.fetched.clear()
    assert client.post("/v1/models/reload").json()["meta"]["changed"] == []
    assert registry.fetched == []
    registry.models["challenger"] = Model(ById(-1.0), "3")
    assert rank(client, "challenger")[0] == "2"
    body = client.post("/v1/models/reload").json()
    assert body["meta"]["changed"] == ["challenger"]
    assert [(one["alias"], one["version"]) for one in body["data"]] == [("champion", "1"), ("challenger", "3")]
    assert registry.fetched == ["challenger"]
    assert rank(client, "challenger") == ("3", [-1001, -1002, -1003, -1004])


def test_a_new_champion_ranks_homes_and_fills_the_index_of_retrieval(loaded: Loaded) -> None:
    network, client, registry = loaded
    parts = network.context.projections
    before = parts.home_model
    registry.models["champion"] = Model(Likes(-2.0), "4")
    client.post("/v1/models/reload")
    assert rank(client, "champion") == ("4", [-2, -2, 0, 0])
    assert client.get("/readyz").json()["model"]["version"] == "4"
    home = client.get(f"/2/users/{ALICE}/timeline").json()
    assert home["meta"]["model"]["version"] == "4"
    assert parts.home_model is not before
    assert len(parts.vectors) > 0
    assert parts.vectors.index is parts.home_model.index
    # A reload of the other kind: nothing is retrieved any more.
    registry.models["champion"] = Model(ById(1.0), "5")
    client.post("/v1/models/reload")
    assert client.get(f"/2/users/{ALICE}/timeline").json()["meta"]["model"]["version"] == "5"
    assert parts.vectors.index is None


def test_a_state_that_is_built_anew_has_the_new_champion(loaded: Loaded) -> None:
    network, client, registry = loaded
    registry.models["champion"] = Model(Likes(-2.0), "4")
    client.post("/v1/models/reload")
    context = network.context
    context.call(network._take_over, *network._builder.build(small_of(network), context.clock))
    assert rank(client, "champion") == ("4", [-2, -2, 0, 0])
    assert context.projections.home_model.model.version == "4"


def small_of(network: Network) -> Dataset:
    from serving.loading import archived

    dataset = archived(network.context.database)
    assert dataset is not None
    return dataset


def test_events_renew_no_vectors_of_a_model_that_is_gone(loaded: Loaded) -> None:
    network, client, registry = loaded
    state = network.context.state
    takers = sum(map(len, state._followers.values()))
    for version in ("3", "4", "5"):
        registry.models["challenger"] = Model(Likes(float(version)), version)
        client.post("/v1/models/reload")
        assert rank(client, "challenger") == (version, [float(version)] * 2 + [0, 0])
    # The champion's, and those of one challenger.
    assert sum(map(len, state._followers.values())) == 2 * takers
    assert len(network.context.projections._others) == 1


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Model(Broken(1003), "3"), "look for NaN"),
        (Model(ById(1.0), "3", understanding=letters()), "understands texts in another way"),
    ],
)
def test_what_does_not_work_leaves_the_older_one(loaded: Loaded, model: Model, said: str) -> None:
    network, client, registry = loaded
    registry.models["challenger"] = model
    with pytest.raises(ModelError) as raised:
        network.context.reload()
    assert said in f"{raised.value} {raised.value.remedy}"
    refused = client.post("/v1/models/reload")
    assert refused.status_code == 409
    assert str(raised.value) in refused.json()["detail"]
    assert rank(client, "challenger") == ("2", [1001, 1002, 1003, 1004])
    del registry.models["challenger"]
    gone = client.post("/v1/models/reload")
    assert gone.status_code == 409
    assert "no model answers to 'challenger'" in gone.json()["detail"]
    assert rank(client, "challenger")[0] == "2"


def test_requests_are_answered_before_while_and_after_a_model_is_replaced(loaded: Loaded) -> None:
    network, client, registry = loaded
    done = threading.Event()

    def ask() -> list[tuple[str, list[float]]]:
        answers = []
        while not done.is_set():
            answers += [rank(client, "challenger"), rank(client, "champion")]
        return answers

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(2)]
        for version in range(3, 13):
            registry.models["challenger"] = Model(ById(float(version)), str(version))
            registry.models["champion"] = Model(Likes(float(version)), str(version))
            assert network.context.reload() == {"champion": str(version), "challenger": str(version)}
            assert rank(client, "champion")[0] == str(version)
        done.set()
        answers = [one for each in asking for one in each.result()]
    by_version = {"1": [1, 1, 0, 0], "2": [1001, 1002, 1003, 1004]}
    for version, scores in answers:
        of_both = [[float(version)] * 2 + [0, 0], [float(version) * int(one) for one in IDS]]
        assert scores in (of_both if version not in by_version else [by_version[version]])


def test_a_poll_finds_what_moved_and_outlives_failures(make_network: MakeNetwork, small: Dataset) -> None:
    registry = Registry({"champion": Model(ById(1.0), "1")})
    network = make_network(small, model=registry.models["champion"], models=registry, aliases=AliasConfig(poll_s=1))
    # The thread's own loop, without waiting for its seconds.
    asked = Reloads(network.context.reload)
    poll = network._poll
    assert poll is not None
    poll._reload, poll._every_s = asked, 0.01
    del registry.models["champion"]
    asked.wait()
    registry.models["champion"] = Model(ById(1.0), "2")
    while network.context.model.version != "2":
        asked.wait()


class Reloads:
    """Tells when another call has ended, whatever came of it."""

    def __init__(self, reload: Callable[[], object]) -> None:
        self._reload, self._done = reload, threading.Semaphore(0)

    def __call__(self) -> object:
        try:
            return self._reload()
        finally:
            self._done.release()

    def wait(self) -> None:
        assert self._done.acquire(timeout=60)


def test_every_model_has_scored_before_the_network_is_ready(make_network: MakeNetwork, small: Dataset) -> None:
    towers = Likes(1.0)
    registry = Registry({"challenger": Model(towers, "2")})
    network = make_network(
        small, model=Model(ById(1.0), "1"), models=registry, aliases=AliasConfig(loaded=("challenger",))
    )
    assert towers.encoded > 0
    made = towers.encoded
    with TestClient(create_app(network)) as client:
        client.headers["Authorization"] = f"Bearer {network.context.tokens.issue(BOB, ['rank'])}"
        assert rank(client, "challenger") == ("2", [1, 1, 0, 0])
    assert towers.encoded == made
