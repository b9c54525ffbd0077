"""Components that hang or fail, and a deadline: the answer comes, and says what was left out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from candidates import apart
from candidates.apart import Apart, LateError
from candidates.scorers.ranker import AskRanker
from data.batch import Array, CandidateBatch, Ragged, Requests
from tests.candidates.test_funnel import ByRow, Lists, ask, funnel, rows


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs waits for it; opened at the end."""
    event = threading.Event()
    yield event
    event.set()


class Hanging(Lists):
    def __init__(self, name: str, brings: list[int], gate: threading.Event) -> None:
        super().__init__(name, brings)
        self.gate, self.calls = gate, 0

    def fetch(self, requests: Requests) -> Ragged:
        self.calls += 1
        self.gate.wait(60)
        return super().fetch(requests)


class HangingRanker:
    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        self.gate.wait(60)
        return {"score": np.ones(len(batch), np.float32)}


def test_a_source_that_hangs_is_left_behind_and_called_again_once_it_is_back(gate: threading.Event) -> None:
    hanging = Hanging("one", [2], gate)
    one = funnel(sources=[hanging, Lists("two", [4, 8])])
    for _ in range(2):
        result = one.run(ask([0]), 5, deadline_ms=30_000)
        assert rows(result) == [[8, 4]]
        assert list(result.degraded) == ["one"]
    assert hanging.calls == 1
    assert result.degraded["one"] == "late: still at work for an earlier request"
    late = one._apart._late["one"]
    gate.set()
    assert late.wait(30)
    after = one.run(ask([0]), 5, deadline_ms=30_000)
    assert rows(after) == [[2, 8, 4]]
    assert after.degraded == {}
    assert hanging.calls == 2


def test_a_ranker_that_hangs_leaves_the_feed_newest_first(gate: threading.Event) -> None:
    result = funnel(ranker=AskRanker(HangingRanker(gate)), factors=[]).run(ask([0]), 5, deadline_ms=400)
    assert len(result.slate) > 0
    assert "ask_ranker" in result.degraded
    assert rows(result) == [sorted(rows(result)[0], reverse=True)]


def test_under_a_deadline_that_is_kept_the_slate_is_the_same() -> None:
    one = funnel(ranker=AskRanker(ByRow({2: 3.0, 4: 2.0, 6: 5.0, 8: 4.0})))
    free, held = one.run(ask([6, 0]), 3), one.run(ask([6, 0]), 3, deadline_ms=60_000)
    assert rows(free) == rows(held)
    assert free.degraded == held.degraded == {}
    assert rows(one.run(ask([6, 0]), 3)) == rows(free)


def test_what_runs_apart_raises_its_own_error() -> None:
    helper = Apart()

    def fails() -> int:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        helper.run("one", fails, 30)
    assert helper.run("one", lambda: 5, 30) == 5
    with pytest.raises(LateError, match="not done after 0 ms"):
        helper.run("two", lambda: threading.Event().wait(1), 0)


def test_who_settles_waits_for_what_is_late_and_not_for_ever(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging("one", [2], gate)
    one = funnel(sources=[hanging, Lists("two", [4, 8])])
    one.run(ask([0]), 5, deadline_ms=30_000)
    late = one._apart._late["one"]
    monkeypatch.setattr(apart, "GRACE_S", 0.01)
    one.settle()
    assert not late.is_set()
    other = funnel(sources=[Hanging("one", [2], gate), Lists("two", [4, 8])])
    other.run(ask([0]), 5, deadline_ms=30_000)
    monkeypatch.setattr(apart, "GRACE_S", 60.0)
    threading.Timer(0.05, gate.set).start()
    other.settle()
    assert other._apart._late["one"].is_set()
