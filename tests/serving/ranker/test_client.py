"""The ranker's client over real HTTP: against a network, and against a server whose faults are chosen by the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.products.home import home_funnel
from candidates.timelines import PulledTimelines
from data.batch import CandidateBatch, Ragged, Requests
from data.dataset import Dataset
from serving.aliases import AliasConfig
from serving.app import bind, listen, server
from serving.network import Network
from serving.ranker.breaker import Breaker, RetryBudget
from serving.ranker.client import ClientConfig, RankerClient, RankerError, RefusedError, _calls
from tests.serving.conftest import networks
from tests.serving.ranker.models import ById, Likes, Model, Registry, heavy
from tests.serving.small_network import ALICE, BOB, CAROL

LONG = 60_000.0
"""Milliseconds that are never used up."""
IDS = [1001, 1002, 1003]
Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Faulty:
    """A server that answers each request by the next of its replies, the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [good]
        self.asked: list[dict[str, Any]] = []
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = msgspec.msgpack.decode(self.rfile.read(int(self.headers["content-length"])))
                outer.asked.append(body)
                reply = outer.replies.pop(0) if len(outer.replies) > 1 else outer.replies[0]
                reply(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def close(self) -> None:
        self.let_go.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, content: bytes, kind: str = "application/msgpack") -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def answers(body: dict[str, Any], **wrong: Any) -> list[dict[str, Any]]:
    """What a server would say: an id is its own score."""
    about = {"model": {"name": "by id", "version": "1"}, "alias": "champion", "time_us": 5}
    return [
        {"data": {"user_id": str(one["user_id"]), "missing": [],
                  "scores": [{"tweet_id": str(i), "score": float(i)} for i in one["tweet_ids"]]} | wrong, "meta": about}
        for one in body["requests"]
    ]  # fmt: skip


def good(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    send(handler, 200, msgspec.msgpack.encode({"data": answers(body)}))


def status(code: int, content: bytes = b"") -> Reply:
    return lambda handler, body: send(handler, code, content, "application/problem+json")


def other(**wrong: Any) -> Reply:
    return lambda handler, body: send(handler, 200, msgspec.msgpack.encode({"data": answers(body, **wrong)}))


def score(value: object) -> Reply:
    return other(scores=[{"tweet_id": str(i), "score": value} for i in IDS])


def hangs_up(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    made = Faulty()
    yield made
    made.close()


@contextmanager
def client(faulty: Faulty, **config: Any) -> Iterator[RankerClient]:
    with RankerClient(faulty.url, "t", ClientConfig(**{"deadline_ms": LONG, **config})) as made:
        yield made


def one_request(ids: list[int] = IDS) -> CandidateBatch:
    columns = {"tweet_id": np.array(ids), "tweet_row": np.arange(len(ids))}
    requests = {"user_id": np.array([7]), "user_row": np.array([0]), "time_us": np.array([5])}
    return CandidateBatch(Requests(requests), np.array([0, len(ids)]), columns)


class Reversed:
    """Ranks by itself: minus the id."""

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> dict[str, Any]:
        self.deadline_ms = deadline_ms
        return {"score": (-batch.columns["tweet_id"]).astype(np.float32)}


# ---- faults

UNUSABLE: dict[str, Reply] = {
    "503": status(503), "500": status(500), "429": status(429), "hangs up": hangs_up,
    "no msgpack": lambda handler, body: send(handler, 200, b"\xc1"),
    "NaN": score(float("nan")), "infinite": score(float("inf")), "no number": score("high"), "null": score(None),
    "too few": other(scores=[]), "other tweets": other(scores=[{"tweet_id": "5", "score": 1.0}] * 3),
    "other requests": lambda handler, body: send(handler, 200, msgspec.msgpack.encode({"data": answers(body) * 2})),
    "another order": other(scores=[{"tweet_id": str(i), "score": 1.0} for i in reversed(IDS)]),
}  # fmt: skip


@pytest.mark.parametrize("fault", UNUSABLE)
def test_what_cannot_be_used_is_asked_for_again_and_then_taken_from_the_fallback(faulty: Faulty, fault: str) -> None:
    with client(faulty, tries=2) as ranker:
        faulty.replies = [UNUSABLE[fault], good]
        assert ranker.scores(7, IDS).scores.tolist() == IDS
        assert ranker.outcomes == {"failed": 1, "retried": 1, "answered": 1}
        faulty.replies = [UNUSABLE[fault]]
        with pytest.raises(RankerError, match="gave no scores"):
            ranker.scores(7, IDS)
    with RankerClient(faulty.url, "t", ClientConfig(deadline_ms=LONG), fallback=Reversed()) as ranker:
        assert ranker.rank(one_request())["score"].tolist() == [-one for one in IDS]
        assert ranker.outcomes == {"failed": 2, "retried": 1, "fallback": 1}


def test_a_request_that_is_refused_is_neither_repeated_nor_replaced(faulty: Faulty) -> None:
    faulty.replies = [status(400, b'{"detail": "alias \'x\' is not loaded"}')]
    with RankerClient(faulty.url, "t", ClientConfig(open_after=1, deadline_ms=LONG), fallback=Reversed()) as ranker:
        for _ in range(3):
            with pytest.raises(RefusedError, match="status 400, alias 'x' is not loaded"):
                ranker.rank(one_request())
        assert (len(faulty.asked), ranker.breaker.is_open) == (3, False)
        faulty.replies = [status(401, b"<html>who are you?")]
        with pytest.raises(RefusedError, match="who are you"):
            ranker.scores(7, IDS)


def test_nobody_listens(faulty: Faulty) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        config = ClientConfig(deadline_ms=LONG, open_after=3)
        with RankerClient(url, "t", config, fallback=Reversed()) as ranker:
            for _ in range(4):
                assert ranker.rank(one_request())["score"].tolist() == [-one for one in IDS]
            # The fourth call finds it left alone, as does the second try of the second.
            assert ranker.outcomes == {"failed": 3, "retried": 1, "held back": 3, "fallback": 4}
            with pytest.raises(RankerError, match="left alone after 3 failures"):
                ranker.scores(7, IDS)


def test_a_deadline_leaves_no_second_try_and_the_next_call_has_its_own(faulty: Faulty) -> None:
    faulty.replies = [lambda handler, body: faulty.let_go.wait() and None]
    with client(faulty, tries=3) as ranker:
        with pytest.raises(RankerError, match="no answer within"):
            ranker.scores(7, IDS, deadline_ms=50)
        assert ranker.outcomes == {"failed": 1}
        faulty.replies = [good]
        assert ranker.scores(7, IDS).scores.tolist() == IDS


def test_an_answer_that_drips_in_is_late_all_the_same(faulty: Faulty) -> None:
    def drip(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-long: ")
        # Each byte comes long before a timeout of the socket: without a deadline of the whole this never ends.
        while not faulty.let_go.wait(0.005):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    faulty.replies = [drip]
    with client(faulty) as ranker:
        with pytest.raises(RankerError, match="no answer within"):
            ranker.scores(7, IDS, deadline_ms=100)
        faulty.let_go.set()


def test_the_fallback_has_what_is_left_of_the_deadline(faulty: Faulty) -> None:
    faulty.replies = [status(503)]
    fallback = Reversed()
    with RankerClient(faulty.url, "t", fallback=fallback) as ranker:
        ranker.rank(one_request(), deadline_ms=LONG)
        assert fallback.deadline_ms is not None
        assert 0 <= fallback.deadline_ms < LONG
        ranker.rank(one_request())
        assert fallback.deadline_ms is None


def test_retries_are_a_share_of_the_requests(faulty: Faulty) -> None:
    faulty.replies = [status(503)]
    with client(faulty, tries=5, retry_share=0.25, retries_saved=3, open_after=1_000) as ranker:
        for _ in range(40):
            with pytest.raises(RankerError):
                ranker.scores(7, IDS)
        assert 40 * 0.25 <= ranker.outcomes["retried"] <= 3 + 40 * 0.25
        assert len(faulty.asked) == 40 + ranker.outcomes["retried"]


def test_after_a_pause_one_request_tries_and_closes_the_breaker(faulty: Faulty) -> None:
    with client(faulty, tries=1, open_after=2, open_s=0) as ranker:
        faulty.replies = [status(503)]
        for _ in range(2):
            with pytest.raises(RankerError, match="503"):
                ranker.scores(7, IDS)
        assert ranker.breaker.is_open
        faulty.replies = [good]
        assert ranker.scores(7, IDS).scores.tolist() == IDS
        assert not ranker.breaker.is_open


# ---- the parts


class Reference:
    """A breaker in the plainest words."""

    def __init__(self) -> None:
        self.failures, self.opened, self.trying, self.now = 0, -1, False, 0

    def allow(self) -> bool:
        if self.opened < 0:
            return True
        if self.trying or self.now - self.opened < 3:
            return False
        self.trying = True
        return True


@given(st.lists(st.sampled_from(["allow", "good", "bad", "wait"]), max_size=60))
def test_the_breaker_is_its_reference(steps: list[str]) -> None:
    reference = Reference()
    breaker = Breaker(2, 3, lambda: reference.now)
    waiting = 0
    for step in steps:
        if step == "wait":
            reference.now += 1
        elif step == "allow":
            allowed = breaker.allow()
            assert allowed == reference.allow()
            waiting += allowed
        elif waiting:
            waiting -= 1
            if step == "good":
                breaker.succeeded()
                reference.failures, reference.opened, reference.trying = 0, -1, False
            else:
                breaker.failed()
                reference.failures += 1
                reference.opened = reference.now if reference.failures >= 2 else reference.opened
                reference.trying = False
        assert breaker.is_open == (reference.opened >= 0)


@given(st.lists(st.booleans(), max_size=200), st.sampled_from([0.0, 0.1, 0.5]), st.integers(0, 4))
def test_retries_never_outrun_the_budget(steps: list[bool], share: float, most: int) -> None:
    budget, made, retried = RetryBudget(share, most), 0, 0
    for retry in steps:
        if retry:
            retried += budget.take()
        else:
            budget.save()
            made += 1
        assert retried <= most + share * made + 1e-6


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(1, 6))
def test_a_batch_is_cut_into_calls_that_fit(sizes: list[int], most: int) -> None:
    offsets = np.cumsum([0, *sizes]).tolist()
    calls = _calls(offsets, most)
    parts = [part for call in calls for part in call]
    assert all(0 < sum(end - start for _, start, end in call) <= most for call in calls)
    assert [at for _, start, end in parts for at in range(start, end)] == list(range(offsets[-1]))
    assert all(offsets[b] <= start < end <= offsets[b + 1] for b, start, end in parts)


# ---- a real network


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Iterator[Network]:
    models = {"heavy": Model(heavy(), "7", "heavy"), "by id": Model(ById(1.0), "8")}
    aliases = AliasConfig(loaded=tuple(models))
    with networks(tmp_path_factory.mktemp("client")) as make:
        yield make(small, model=Model(Likes(1.0), "6", "likes"), models=Registry(dict(models)), aliases=aliases)


@pytest.fixture(scope="module")
def url(network: Network) -> Iterator[str]:
    (one,) = bind("127.0.0.1", 0)
    listen([one])
    running = server(network)
    thread = threading.Thread(target=running.run, args=([one],))
    thread.start()
    yield f"http://127.0.0.1:{one.getsockname()[1]}"
    running.should_exit = True
    thread.join()
    one.close()


@pytest.fixture
def ranker(network: Network, url: str) -> Iterator[RankerClient]:
    token = network.context.tokens.issue(None, ["rank"])
    with RankerClient(url, token, ClientConfig(deadline_ms=LONG, candidates=4)) as made:
        yield made


def test_scores_of_a_network_come_with_all_that_it_says(ranker: RankerClient) -> None:
    found = ranker.scores(ALICE, [1001, 55, 1004, 1007, 1003])
    assert (found.tweet_ids, found.missing, found.scores.tolist()) == ([1001, 1004, 1003], [55, 1007], [1, 0, 0])
    assert (found.model, found.version, found.alias, found.degraded) == ("likes", "6", "champion", {})
    likely = ranker.scores(ALICE, [1001, 1002], alias="heavy", probabilities=True, time_us=found.time_us + 10**9)
    assert list(likely.probabilities) == ["like", "reply", "report"]
    np.testing.assert_allclose(likely.scores, likely.probabilities["like"] + likely.probabilities["reply"], rtol=1e-5)
    assert likely.time_us == found.time_us + 10**9
    with pytest.raises(RefusedError, match="alias 'nobody' is not loaded"):
        ranker.scores(ALICE, [1001], alias="nobody")
    with pytest.raises(RefusedError, match="999"):
        ranker.scores(999, [1001])


def test_a_batch_is_ranked_as_in_process(network: Network, ranker: RankerClient) -> None:
    state, local = network.context.state, network.context.projections.ranker
    lists = [[1001, 1002, 1003, 1004, 1006, 1001], [], [1003], [1002, 1001]]
    rows = [state.network.tweets.rows(np.array(ids, np.int64)) for ids in lists]
    requests = state.requests(np.array([ALICE, BOB, CAROL, ALICE]), state.time_us)
    batch = state.base(requests, Ragged.from_lists(rows))
    over_http = ranker.rank(batch)["score"]
    assert over_http.tolist() == network.context.call(local.rank, batch)["score"].tolist()
    # A tweet that the server does not know is the last of its request.
    ids = batch.columns["tweet_id"].copy()
    ids[[0, 6]] = 55
    unknown = batch.with_columns({"tweet_id": ids})
    assert ranker.rank(unknown)["score"][[0, 6]].tolist() == [0, 0]


def test_a_funnel_elsewhere_ranks_by_it(network: Network, ranker: RankerClient) -> None:
    state, parts = network.context.state, network.context.projections
    requests = state.requests(np.array([ALICE]), state.time_us).with_columns({"request_id": np.array([1])})
    slates = [
        home_funnel(state, PulledTimelines(state.network, max_age_h=60), one, strict=True).run(requests, 10).slate
        for one in (ranker, parts.ranker)
    ]
    assert len(slates[0]) > 2
    assert slates[0].columns["tweet_id"].tolist() == slates[1].columns["tweet_id"].tolist()
    assert ranker.outcomes["answered"] > 0
