"""Ready, loading, halted; and what happens when a consumer fails inside a running network."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from candidates.search.hybrid import Search
from data.batch import F32, Ragged
from data.dataset import Dataset
from data.events import EventBatch
from features.online import FeatureState
from serving.app import create_app
from serving.events.dead_letters import REDRIVE, find, mark
from serving.events.log import Entry, Unreadable
from serving.events.outbox import event
from serving.events.pump import Pump
from serving.events.runner import ConsumerConfig
from serving.kit.progress import STAGES, BuildProgress, Step
from serving.network import Network
from serving.ops.service import consumer_health
from serving.projections import Projections
from serving.settings import Settings
from serving.timelines.home import home_now
from serving.tweets import service
from tests.serving.small_network import ALICE, BOB, write_small

MakeNetwork = Callable[..., Network]


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether `holds` comes true in that time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def post(network: Network, text: str) -> int:
    return int(network.context.write_now(lambda tx: service.post(tx, BOB, text))["tweet_id"])


def test_it_is_red_until_the_state_stands(tmp_path: Path) -> None:
    network = Network(Settings.model_validate({"home": tmp_path}))
    client = TestClient(create_app(network))  # not entered: its start is not run
    try:
        response = client.get("/readyz")
        assert (response.status_code, response.json()["status"], response.json()["percent"]) == (503, "loading", 0)
        assert client.get("/healthz").status_code == 200
        refused = client.get("/2/tweets/1", headers={"Authorization": f"Bearer {network.context.tokens.issue(1)}"})
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:rookery:problem:loading")
        # Also who says nothing of himself, and for what there is not.
        for path in ("/2/tweets/1", "/no/such/route"):
            refused = client.get(path)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:rookery:problem:loading"), path
            assert refused.headers["retry-after"] == "2"
        network.start()
        assert client.get("/readyz").status_code == 200
    finally:
        network.close()


def test_it_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The per cent of a whole load, as `/readyz` would give them at each step: they begin at 0 and only grow."""
    steps: list[Step] = []

    def watched(self: BuildProgress, name: str, value: Step) -> None:
        object.__setattr__(self, name, value)
        steps.append(value)

    monkeypatch.setattr(BuildProgress, "__setattr__", watched)
    network = Network(Settings.model_validate({"home": tmp_path / "home"}))
    network.load(write_small(tmp_path / "data"))
    network.close()
    percents = [one.percent for one in steps]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 90)
    assert {one.percent for one in steps if one.doing.startswith("replaying")} > {0, 60}
    whats = list(dict.fromkeys(one.doing.split(":")[0] for one in steps))
    # A first load has no checkpoint to read.
    assert whats == ["starting", *(one for one in STAGES if one != "reading a checkpoint")]


def test_an_app_that_starts_builds_its_state(tmp_path: Path) -> None:
    network = Network(Settings.model_validate({"home": tmp_path}))
    with TestClient(create_app(network)):
        pass
    assert network.context.ready
    network.close()


def test_an_app_that_cannot_start_keeps_the_reason_to_itself(make_network: MakeNetwork, tmp_path: Path) -> None:
    data = write_small(tmp_path / "data")
    make_network(data).close()
    shutil.rmtree(tmp_path / "data")
    network = Network(Settings.model_validate({"home": tmp_path / "home"}))
    app = create_app(network)
    with TestClient(app):
        pass  # leaving waits for the start
    response = TestClient(app).get("/readyz")
    network.close()
    assert (response.status_code, response.json()["status"]) == (503, "failed")
    assert str(tmp_path) not in response.text


def test_a_log_that_cannot_be_followed_turns_it_red_until_it_can(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_after: int, _limit: int, **_more: object) -> list[Entry | Unreadable]:
        raise OSError("disk")

    monkeypatch.setattr(network.context.log, "read", broken)
    with TestClient(create_app(network)) as client:
        assert within(10, lambda: client.get("/readyz").status_code == 503)
        response = client.get("/readyz")
        assert response.json()["status"] == "failed"
        assert "OSError" in response.text
        monkeypatch.undo()
        # Nobody posts anything: it looks again by itself.
        assert within(10, lambda: client.get("/readyz").status_code == 200)


def test_the_pump_outlives_a_failure() -> None:
    called, outcomes = [threading.Event(), threading.Event()], [OSError("disk"), None]

    def step() -> bool:
        outcome = outcomes[sum(one.is_set() for one in called)]
        called[0 if not called[0].is_set() else 1].set()
        if outcome is not None:
            raise outcome
        return False

    pump = Pump(step, linger_ms=0)
    pump.wake()
    assert called[0].wait(10)
    pump.wake()
    assert called[1].wait(10)
    pump.close()
    assert pump.fault == ""


def test_the_pump_tells_what_failed() -> None:
    called = threading.Event()

    def step() -> bool:
        called.set()
        raise OSError("disk")

    pump = Pump(step, linger_ms=0)
    pump.wake()
    assert called.wait(10)
    pump.close()
    assert pump.fault == "OSError"


def test_a_consumer_that_fails_once_goes_on(network: Network) -> None:
    fanout, failures = network.context.projections.fanout, [1]
    deliver = fanout.deliver

    def failing(events: EventBatch, *, count: bool = True) -> None:
        deliver(events, count=count)
        if failures:
            failures.pop()
            raise RuntimeError("cut off after the entries were written, before the offset")

    fanout.deliver = failing  # type: ignore[method-assign]
    tweet_id = post(network, "still delivered")
    network.settle()
    assert not failures
    assert home_now(network.context, ALICE, 5).tweet_ids[0] == tweet_id
    assert all((one.lag, one.dead, one.halted) == (0, 0, False) for one in consumer_health(network.context))


def test_a_torn_state_is_built_again(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view that fails at one tweet, after other views took it: the others must not count it twice."""
    update, poison = FeatureState.update, "one that a view cannot take"

    def failing(self: FeatureState, events: EventBatch) -> None:
        update(self, events)
        if events.table == "tweets" and poison in events.columns["text"]:
            raise ValueError("a view failed after the others had counted")

    monkeypatch.setattr(FeatureState, "update", failing)
    network = make_network(small)

    def act() -> list[int]:
        first, _, last = (post(network, text) for text in ("before", poison, "after"))
        network.context.write_now(lambda tx: service.engage(tx, ALICE, service.original(tx, first), "like"))
        return [first, last]

    before = network.context.clock.now_us()
    posted = act()
    network.settle()
    assert network.context.ready
    assert network.context.clock.now_us() > before
    health = {one.group: one for one in consumer_health(network.context)}
    assert (health["state"].dead, health["state"].lag, health["fanout"].lag) == (1, 0, 0)

    def likes() -> list[float]:
        state = network.context.state
        rows = state.network.tweets.rows(posted)
        requests = state.requests([ALICE], network.context.clock.now_us())
        batch = state.base(requests, Ragged(np.array([0, len(rows)], np.int64), rows))
        found: list[float] = state.lookup(batch, ["tweet.likes"]).column("tweet.likes").tolist()
        return found

    assert network.context.call(likes) == [1.0, 0.0]


def test_a_halted_consumer_turns_it_red_and_a_restart_heals(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, consumers=ConsumerConfig(tries=2, halt_after=3))

    def broken(events: EventBatch, *, count: bool = True) -> None:
        raise RuntimeError("broken")

    network.context.projections.fanout.deliver = broken  # type: ignore[method-assign]
    posted = [post(network, f"tweet {i}") for i in range(6)]
    network.settle()
    with TestClient(create_app(network)) as client:
        response = client.get("/readyz")
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "halted"
    assert "fanout" in body["detail"]
    assert {one["group"]: one["lag"] for one in body["consumers"]}["fanout"] == 4
    network.close()
    # The two events that were set aside before it was halted stay so, until somebody has them tried again.
    again = make_network()
    assert home_now(again.context, ALICE, 10).tweet_ids[:4] == posted[:1:-1]
    assert [(one.group, one.dead) for one in consumer_health(again.context) if one.dead] == [("fanout", 2)]
    assert all((one.lag, one.halted) == (0, False) for one in consumer_health(again.context))
    mark(again.context.database, find(again.context.database), REDRIVE)
    again.settle()
    assert home_now(again.context, ALICE, 10).tweet_ids[:6] == posted[::-1]
    assert all((one.lag, one.dead, one.halted) == (0, 0, False) for one in consumer_health(again.context))


class Gate:
    """Holds up every building of the state while it is shut."""

    def __init__(self, network: Network, patch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        replay = network._builder.replay

        def held(dataset: Dataset | None) -> Projections:
            self.reached.set()
            assert self.opened.wait(60)
            return replay(dataset)

        patch.setattr(network._builder, "replay", held)


def like_in_the_log(network: Network, action: str) -> None:
    """An engagement in the log that HTTP does not offer."""
    about = {"user_id": ALICE, "tweet_id": 1001, "author_id": BOB, "action": action}
    network.context.write_now(
        lambda tx: tx.emit(event("engagements", engagement_id=tx.new_id(), time_us=tx.now_us, **about))
    )


def test_writes_go_on_while_a_torn_state_is_built_again(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(network, monkeypatch)
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(BOB)}"}
    with TestClient(create_app(network)) as client:
        like_in_the_log(network, "adores")
        assert gate.reached.wait(30)
        posted = client.post("/2/tweets", json={"text": "meanwhile"}, headers=headers)
        assert posted.status_code == 201
        one = posted.json()["data"]["id"]
        assert client.get(f"/2/tweets/{one}", headers=headers).status_code == 200
        assert client.get("/readyz").status_code == 503
        for path in (
            f"/2/users/{BOB}/timeline",
            "/2/tweets/search/recent?query=x",
            "/v1/network",
        ):
            refused = client.get(path, headers=headers)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:rookery:problem:loading"), path
        gate.opened.set()
        assert within(30, lambda: client.get("/readyz").status_code == 200)
        network.settle()
        assert int(one) in home_now(network.context, ALICE, 5).tweet_ids
    assert {(one.group, one.dead, one.lag) for one in consumer_health(network.context) if one.dead} == {("state", 1, 0)}


def test_the_old_state_answers_while_letters_are_tried_again(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    like_in_the_log(network, "adores")
    network.settle()
    before = home_now(network.context, ALICE, 20).tweet_ids
    assert before
    gate = Gate(network, monkeypatch)
    mark(network.context.database, find(network.context.database), REDRIVE)
    assert gate.reached.wait(30)
    assert network.context.ready
    assert home_now(network.context, ALICE, 20).tweet_ids == before
    gate.opened.set()
    assert within(30, lambda: [one.state for one in find(network.context.database)] == ["dead"])
    network.settle()
    assert home_now(network.context, ALICE, 20).tweet_ids == before


def test_a_rebuilding_that_fails_is_tried_until_it_succeeds(make_network: MakeNetwork, tmp_path: Path) -> None:
    network = make_network(write_small(tmp_path / "data"))
    shutil.move(tmp_path / "data", tmp_path / "moved")
    like_in_the_log(network, "adores")
    with TestClient(create_app(network)) as client:
        assert within(30, lambda: client.get("/readyz").json()["status"] == "failed")
        shutil.move(tmp_path / "moved", tmp_path / "data")
        assert within(30, lambda: client.get("/readyz").status_code == 200)


def test_a_timeline_that_cannot_be_read_does_not_keep_the_network_from_starting(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("no timeline")

    with monkeypatch.context() as patch:
        patch.setattr(Projections, "home", broken)
        network = make_network(small)
    assert network.context.ready
    assert home_now(network.context, ALICE, 5).tweet_ids


def test_a_tweet_that_cannot_be_indexed_costs_the_others_nothing(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Search.update

    def picky(self: Search, events: EventBatch, embeddings: F32 | None = None) -> None:
        if events.table == "tweets" and "zugzwang poison" in events.columns["text"]:
            raise ValueError("not this one")
        update(self, events, embeddings)

    monkeypatch.setattr(Search, "update", picky)
    posted = [post(network, text) for text in ("zugzwang before", "zugzwang poison", "zugzwang after")]
    network.settle()
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(BOB)}"}
    with TestClient(create_app(network)) as client:
        for _ in range(2):
            answer = client.get("/2/tweets/search/recent?query=zugzwang", headers=headers)
            assert answer.status_code == 200
            assert {int(one["id"]) for one in answer.json()["data"]} == {posted[0], posted[2]}
