"""Deliveries in many turns in a running network: reads come between them, and nothing is left over."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from data.dataset import Dataset
from data.events import EventBatch
from serving.events.outbox import Transaction
from serving.fanout import consumer
from serving.fanout.config import FanoutConfig
from serving.network import Network
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import DAVE

FANOUT = FanoutConfig(policy="push")


@pytest.fixture(autouse=True)
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is one delivery, and one is written at once."""
    monkeypatch.setattr(consumer, "BATCH", 1)
    monkeypatch.setattr(consumer, "_FIRST_TURN", 1)


def followers(network: Network) -> list[int]:
    state = network.context.state.network
    return state.graph.followers(state.users.rows([DAVE])).values.tolist()


def who_has(network: Network) -> list[int]:
    """Dave's followers whose lists have his newest tweet."""
    parts = network.context.projections
    newest = len(parts.state.network.tweets) - 1
    return [one for one in followers(network) if newest in parts.timelines.readers.read(np.array([one]), 9).values]


def test_timelines_are_read_between_the_batches_of_a_delivery(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small, fanout=FANOUT)
    parts, between, posted = network.context.projections, list[int](), threading.Event()
    go_on = parts.fanout.go_on

    def noted() -> bool:
        if posted.is_set():
            between.append(len(who_has(network)))
        return go_on()

    monkeypatch.setattr(parts.fanout, "go_on", noted)
    posted.set()
    network.context.write_now(lambda tx: service.post(tx, DAVE, "to both"))
    network.settle()
    assert len(followers(network)) == 2
    assert {0, 1, 2} <= set(between)
    assert network.context.call(who_has, network) == followers(network)


def test_a_network_that_closes_within_a_delivery_has_it_whole_after_the_next_start(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small, fanout=FANOUT)
    parts = network.context.projections
    network.settle()
    # The turns after the first never come: closing finishes what is in work.
    monkeypatch.setattr(parts.fanout, "go_on", lambda: False)
    deliver = parts.fanout.deliver

    def begun(events: EventBatch, *, count: bool = True) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(parts.fanout, "go_on", lambda: type(parts.fanout).go_on(parts.fanout))
            deliver(events, count=count)

    monkeypatch.setattr(parts.fanout, "deliver", begun)

    def post(tx: Transaction) -> None:
        service.post(tx, DAVE, "to both")

    network.context.write_now(post)
    network.settle()
    assert len(network.context.call(who_has, network)) == 1
    monkeypatch.setattr(parts.fanout, "go_on", lambda: type(parts.fanout).go_on(parts.fanout))
    network.close()
    again = make_network(fanout=FANOUT)
    assert again.context.projections.restored
    assert again.context.call(who_has, again) == followers(again)
