"""A whole world in the running network, ranked by a two-tower model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient

from candidates.timelines import PulledTimelines
from data.dataset import Dataset
from data.events import HOUR_US
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig
from serving.app import create_app
from serving.fanout.config import FanoutConfig
from serving.network import Network
from serving.ops.service import stats
from serving.timelines.home import home_now
from serving.tweets import service

MakeNetwork = Callable[..., Network]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Served:
    """A model whose weights were drawn, not learned: the live path does not ask how good it is."""

    scorer: TwoTower
    name: str = "two_tower"
    version: str = "7"
    understanding: None = None


@pytest.fixture(scope="module")
def model() -> Served:
    torch.manual_seed(5)
    config = TwoTowerConfig(dim=16, hidden=16, text=False, topics=False)
    return Served(TwoTower(config, TowerPairs(config)))


@pytest.fixture
def world(make_network: MakeNetwork, tiny_dataset: Dataset, model: Served) -> Network:
    return make_network(tiny_dataset, model=model, fanout=FanoutConfig(settings={"push_below": 10, "pull_from": 40}))


def readers(dataset: Dataset, count: int) -> list[int]:
    asked = dataset.scan("requests").collect()["user_id"].unique(maintain_order=True)
    return [int(one) for one in asked.head(count)]


def test_every_timeline_is_what_the_graph_says(world: Network) -> None:
    def both() -> tuple[list[int], list[int], list[int], list[int]]:
        network = world.context.state.network
        rows = np.arange(len(network.users))
        pushed, pulled = world.context.projections.timelines.read(rows, 400), PulledTimelines(network).read(rows, 400)
        return pushed.offsets.tolist(), pulled.offsets.tolist(), pushed.values.tolist(), pulled.values.tolist()

    offsets, expected_offsets, rows, expected = world.context.call(both)
    assert offsets == expected_offsets
    assert rows == expected
    assert len(rows) > 1_000


def test_http_and_the_funnel_in_process_rank_alike(
    world: Network, make_network: MakeNetwork, tiny_dataset: Dataset, model: Served
) -> None:
    other = make_network(
        tiny_dataset, home="other", model=model, fanout=FanoutConfig(settings={"push_below": 5, "pull_from": 9})
    )
    with TestClient(create_app(world)) as client:
        for user in readers(tiny_dataset, 40):
            headers = {"Authorization": f"Bearer {world.context.tokens.issue(user)}"}
            path = f"/2/users/{user}/timeline?max_results=20"
            home = client.get(path, headers=headers).json()
            assert home["meta"]["model"] == {"name": "two_tower", "version": "7"}
            assert home["meta"]["fetched"]["two_tower"] > 0
            mine = home_now(other.context, user, 20, time_us=home["meta"]["time_us"])
            assert [int(one["id"]) for one in home["data"]] == mine.tweet_ids
            assert len(mine.tweet_ids) == 20


def test_new_tweets_can_be_retrieved(world: Network, tiny_dataset: Dataset) -> None:
    before = stats(world.context)["vectors"]
    author = readers(tiny_dataset, 1)[0]
    row = world.context.write_now(lambda tx: service.post(tx, author, "a thing that nobody ever said before"))
    world.settle()
    home_now(world.context, author, 5)
    assert stats(world.context)["vectors"] == before + 1

    def held() -> bool:
        rows = world.context.state.network.tweets.rows([row["tweet_id"]])
        vectors = world.context.projections.vectors.index
        return vectors is not None and bool(vectors.index.has(rows)[0])

    assert world.context.call(held)


def test_a_world_comes_back_after_a_restart(
    world: Network, make_network: MakeNetwork, tiny_dataset: Dataset, model: Served
) -> None:
    users = readers(tiny_dataset, 30)
    for user in users[:10]:
        world.context.write_now(lambda tx, one=user: service.post(tx, one, "just after the end"))  # type: ignore[misc]
    world.settle()
    # Of this moment both networks compute all vectors anew, however long the restart takes.
    at = world.context.clock.now_us() + 2 * HOUR_US
    before = [home_now(world.context, user, 20, time_us=at).tweet_ids for user in users]
    world.close()
    again = make_network(model=model, fanout=FanoutConfig(settings={"push_below": 10, "pull_from": 40}))
    assert [home_now(again.context, user, 20, time_us=at).tweet_ids for user in users] == before
    assert again.load(tiny_dataset).tweets == tiny_dataset.rows("tweets")
