"""What stands between the tweets of a home timeline: who to follow, and promoted tweets by their port."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from candidates.products.blender import BlenderConfig, PromotedTweet
from candidates.products.follow import Suggestion, WhoToFollow
from candidates.products.home import HomeConfig
from data.dataset import Dataset
from serving.app import create_app
from serving.graph.service import follow
from serving.network import Network
from serving.settings import Settings
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN


class Offers:
    """Two tweets of advertiser 7, one of 8, one of nobody known, and one that was deleted."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked = 0
        self.open = threading.Event()
        self.open.set()
        self.back = threading.Event()

    def offers(self, user_id: int, time_us: int) -> Sequence[PromotedTweet]:
        self.asked += 1
        if self.fault:
            raise OSError(self.fault)
        if not self.open.is_set():
            self.open.wait(60)
            self.back.set()
        return [PromotedTweet(*one) for one in ((1007, 9), (1, 6), (1006, 7), (1003, 7), (1001, 8))]


def post(network: Network, author: int, count: int) -> None:
    network.context.write_now(lambda tx: [service.post(tx, author, f"tweet {one}") for one in range(count)])
    network.settle()


def read(network: Network, user: int, **query: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(user)}"}
    with TestClient(create_app(network)) as client:
        answer = client.get(f"/2/users/{user}/timeline", headers=headers, params=query)
    network.settle()
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(body: dict[str, Any]) -> str:
    return "".join(one["kind"][0] for one in body["timeline"])


def test_without_a_port_only_who_to_follow_stands_at_place_six(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    network.context.write_now(lambda tx: follow(tx, BOB, CAROL))  # and Carol follows Dave
    post(network, DAVE, 12)
    body = read(network, BOB, max_results=8)
    assert kinds(body) == "tttttwttt"
    assert [one["id"] for one in body["timeline"] if one["kind"] == "tweet"] == [one["id"] for one in body["data"]]
    (account,) = body["includes"]["users"]
    assert account["id"] == str(DAVE)
    assert account["id"] == body["meta"]["who_to_follow"][0]["id"]
    assert body["meta"]["who_to_follow"][0]["reason"]
    assert body["includes"]["tweets"] == []
    assert kinds(read(network, BOB, max_results=8)) == "t" * 8, "nobody is suggested again within 30 hours"
    later = read(network, BOB, max_results=2, pagination_token=body["meta"]["next_token"])
    assert kinds(later) == "tt"


def test_a_failure_of_who_to_follow_costs_the_module_and_nothing_else(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small)
    post(network, DAVE, 12)

    def fails(self: WhoToFollow, user_id: int, k: int, time_us: int) -> list[Suggestion]:
        raise ArithmeticError("no walk")

    monkeypatch.setattr(WhoToFollow, "suggest", fails)
    body = read(network, BOB, max_results=8)
    assert kinds(body) == "t" * 8
    assert body["meta"]["degraded"] == {"who_to_follow": "failed: ArithmeticError: no walk"}


def test_promoted_tweets_keep_their_distance_and_what_is_gone_is_not_shown(tmp_path: Any, small: Dataset) -> None:
    port = Offers()
    blender = BlenderConfig(promoted_ms=60_000)
    settings = Settings(home=tmp_path, feed=HomeConfig(popular_cap=0, newest_cap=0), blender=blender)
    network = Network(settings, promoted=port)
    try:
        network.load(small)
        post(network, BOB, 30)
        body = read(network, ALICE, max_results=12)
        shown = [one for one in body["timeline"] if one["kind"] != "who_to_follow"]
        promoted = [at for at, one in enumerate(shown) if one["kind"] == "promoted"]
        assert promoted[0] == 3
        assert all(after - before > 3 for before, after in itertools.pairwise(promoted))
        payers = [shown[at]["advertiser_id"] for at in promoted]
        assert payers[:2] == ["7", "8"]
        assert [one["id"] for one in body["includes"]["tweets"]] == [shown[at]["id"] for at in promoted]
        assert not {"1007", "1"} & {one["id"] for one in shown}
        port.fault = "the auction is closed"
        body = read(network, ERIN, max_results=12)
        assert "p" not in kinds(body)
        assert body["meta"]["degraded"]["promoted"] == "failed: OSError: the auction is closed"
    finally:
        network.close()


def test_a_port_that_hangs_costs_promoted_tweets_and_nothing_else(tmp_path: Any, small: Dataset) -> None:
    port = Offers()
    port.open.clear()
    feed, blender = HomeConfig(popular_cap=0, newest_cap=0), BlenderConfig(promoted_ms=10)
    network = Network(Settings(home=tmp_path, feed=feed, blender=blender), promoted=port)
    try:
        network.load(small)
        post(network, BOB, 12)
        first, second = (read(network, ALICE, max_results=8) for _ in range(2))
        assert kinds(first).count("t") == kinds(second).count("t") == 8
        assert "p" not in kinds(first) + kinds(second)
        assert first["meta"]["degraded"]["promoted"] == "late: not done after 10 ms"
        assert second["meta"]["degraded"]["promoted"] == "late: still at work for an earlier request"
        assert port.asked == 1, "it is not asked again before it has come back"
        port.open.set()
        assert port.back.wait(60)
    finally:
        port.open.set()
        network.close()


def test_what_a_preset_goes_without_is_said(make_network: MakeNetwork, small: Dataset) -> None:
    left = read(make_network(small, feed={"preset": "x_2026_10"}), ALICE)["meta"]["left_out"]
    assert "surveys in the feed" in left
    assert "value x_2026_10 (the model predicts no actions)" in left
