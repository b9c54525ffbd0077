"""A part of a home timeline that is late, and what the owner of the state does meanwhile."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from candidates import apart
from candidates.scorers.ranker import AskRanker
from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from features.online import FeatureState
from serving.model import Untrained
from serving.timelines.home import home_now
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB


class CountsTwice:
    """A scorer that counts the tweets of `state`, waits for `changed` for a moment, and counts again."""

    reads = ("tweet.likes",)

    def __init__(self) -> None:
        self.state: FeatureState | None = None
        self.changed, self.back = threading.Event(), threading.Event()
        self.counted: list[int] = []

    def score(self, batch: CandidateBatch) -> F32:
        if self.state is not None:
            self.counted.append(len(self.state.network.tweets))
            self.changed.wait(0.5)
            self.counted.append(len(self.state.network.tweets))
            self.back.set()
        return np.ones(len(batch), np.float32)


def test_the_state_does_not_change_under_a_ranker_that_was_left_behind(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AskRanker, "budget_ms", 20.0)
    monkeypatch.setattr(apart, "GRACE_S", 60.0)
    scorer = CountsTwice()
    network = make_network(small, model=Untrained(scorer, "counts_twice"), deadline_ms=60_000)
    scorer.state = network.context.state
    assert "late" in home_now(network.context, ALICE, 5).degraded["ask_ranker"]
    network.context.write_now(lambda tx: service.post(tx, BOB, "meanwhile"))
    network.settle()
    scorer.changed.set()
    assert scorer.back.wait(60)
    assert scorer.counted == [7, 7]
    assert len(scorer.state.network.tweets) == 8
