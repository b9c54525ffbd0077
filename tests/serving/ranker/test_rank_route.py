"""POST /v1/rank: one or several, in JSON or msgpack, by any alias, with probabilities, and when a model fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import msgspec
import numpy as np
import pytest
from fastapi.testclient import TestClient

from data.dataset import Dataset
from serving.aliases import AliasConfig
from serving.app import create_app
from serving.network import Network
from tests.serving.conftest import networks
from tests.serving.described import DescribedClient
from tests.serving.ranker.models import Broken, ById, Likes, Model, Registry, heavy
from tests.serving.small_network import ALICE, BOB, CAROL, ERIN

IDS = ["1001", "1002", "1003", "1004"]
REGISTRY = {
    "heavy": Model(heavy(), "7", "heavy"),
    "likes": Model(Likes(1.0), "8", "likes"),
    "broken": Model(Broken(1003), "9", "broken"),
}
Rank = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Iterator[Network]:
    aliases = AliasConfig(loaded=tuple(REGISTRY), shares={"likes": 0.5})
    with networks(tmp_path_factory.mktemp("rank")) as make:
        yield make(small, model=Model(ById(1.0), "6"), models=Registry(dict(REGISTRY)), aliases=aliases)


@pytest.fixture(scope="module")
def client(network: Network) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {network.context.tokens.issue(None, ['rank', 'operator'])}"}
    with DescribedClient(create_app(network), raise_server_exceptions=False, headers=headers) as made:
        yield made


@pytest.fixture(scope="module")
def rank(client: TestClient) -> Rank:
    def ask(**body: object) -> httpx.Response:
        response: httpx.Response = client.post("/v1/rank", json=body)
        return response

    return ask


def scores(body: dict[str, dict[str, list[dict[str, float]]]]) -> list[float]:
    return [one["score"] for one in body["data"]["scores"]]


def test_several_requests_are_answered_one_by_one_as_alone(rank: Rank) -> None:
    asked = [
        {"user_id": str(ALICE), "tweet_ids": IDS}, {"user_id": str(BOB), "tweet_ids": []},
        {"user_id": CAROL, "tweet_ids": ["1002", "55", 1001]}, {"user_id": str(ERIN), "tweet_ids": ["1007"]},
    ]  # fmt: skip
    time_us = rank(user_id=str(ALICE), tweet_ids=IDS).json()["meta"]["time_us"] + 10**9
    for alias in ("champion", "likes", "heavy"):
        at = [{**one, "time_us": time_us} for one in asked]
        together = rank(requests=at, alias=alias).json()["data"]
        assert [one["meta"]["alias"] for one in together] == [alias] * 4
        for one, answer in zip(at, together, strict=True):
            alone = rank(**one, alias=alias).json()
            assert answer["meta"] == alone["meta"]
            assert [x["tweet_id"] for x in answer["data"]["scores"]] == [x["tweet_id"] for x in alone["data"]["scores"]]
            assert scores(answer) == pytest.approx(scores(alone), rel=1e-5)
            assert answer["data"]["missing"] == alone["data"]["missing"]
    assert together[2]["data"]["missing"] == ["55"]
    assert [one["tweet_id"] for one in together[2]["data"]["scores"]] == ["1002", "1001"]
    assert together[3]["data"] == {"user_id": str(ERIN), "scores": [], "missing": ["1007"]}


def test_msgpack_says_the_same_as_json(client: TestClient, rank: Rank) -> None:
    body = {"requests": [{"user_id": ALICE, "tweet_ids": [1001, 1004]}], "alias": "heavy", "probabilities": True}
    plain = rank(**body).json()["data"][0]
    body["requests"][0]["time_us"] = plain["meta"]["time_us"]  # type: ignore[index]
    packed = client.post(
        "/v1/rank", content=msgspec.msgpack.encode(body), headers={"content-type": "application/msgpack"}
    )
    assert packed.headers["content-type"] == "application/msgpack"
    assert msgspec.msgpack.decode(packed.content)["data"][0] == plain


def test_an_alias_is_asked_for_by_name_and_the_answer_names_its_model(rank: Rank) -> None:
    for alias, (name, version) in {"champion": ("by hand", "6"), "likes": ("likes", "8")}.items():
        meta = rank(user_id=str(ALICE), tweet_ids=IDS, alias=alias).json()["meta"]
        assert (meta["model"], meta["alias"]) == ({"name": name, "version": version}, alias)
    assert scores(rank(user_id=str(ALICE), tweet_ids=IDS, alias="likes").json()) == [1, 1, 0, 0]
    refused = rank(user_id=str(ALICE), tweet_ids=IDS, alias="nobody")
    assert refused.status_code == 400
    assert "alias 'nobody' is not loaded; there is champion, heavy, likes, broken" in refused.json()["detail"]


def test_without_a_name_a_user_has_the_alias_of_its_share_always(rank: Rank, network: Network) -> None:
    users = [ALICE, BOB, CAROL, ERIN]
    wanted = [network.context.aliases.of(one) for one in users]
    assert set(wanted) == {"champion", "likes"}
    before = network.context.metrics.ranked.labels("likes", "8")._value.get()
    for _ in range(2):
        several = [{"user_id": str(one), "tweet_ids": IDS} for one in users]
        answers = rank(requests=several).json()["data"]
        assert [one["meta"]["alias"] for one in answers] == wanted
        assert [one["data"]["user_id"] for one in answers] == [str(one) for one in users]
        by = {"champion": [1001, 1002, 1003, 1004], "likes": [1, 1, 0, 0]}
        assert [scores(one) for one in answers] == [by[alias] for alias in wanted]
    assert network.context.metrics.ranked.labels("likes", "8")._value.get() == before + 2 * wanted.count("likes")


def test_probabilities_of_each_action_and_their_value(rank: Rank) -> None:
    plain = rank(user_id=str(ALICE), tweet_ids=IDS, alias="heavy").json()
    assert "probabilities" not in plain["data"]["scores"][0]
    time_us = plain["meta"]["time_us"]
    body = rank(user_id=str(ALICE), tweet_ids=IDS, alias="heavy", probabilities=True, time_us=time_us).json()
    for one, score in zip(body["data"]["scores"], scores(plain), strict=True):
        p = one["probabilities"]
        assert list(p) == ["like", "reply", "report"]
        assert all(0 < chance < 1 for chance in p.values())
        # By the value `engagement` every positive action counts one.
        assert one["score"] == pytest.approx(p["like"] + p["reply"], rel=1e-5)
        assert one["score"] == score
    refused = rank(user_id=str(ALICE), tweet_ids=IDS, alias="likes", probabilities=True)
    assert refused.status_code == 400
    assert "likes is likes, which predicts no actions" in refused.json()["detail"]


def test_where_a_model_fails_the_newest_come_first_and_the_answer_says_so(rank: Rank, network: Network) -> None:
    body = rank(user_id=str(ALICE), tweet_ids=IDS, alias="broken").json()
    assert body["meta"]["degraded"] == {"model": "broken version 9 failed; scored by recency"}
    assert body["meta"]["model"] == {"name": "recency", "version": "untrained"}
    assert scores(body) == sorted(scores(body))
    assert np.isfinite(scores(body)).all()
    assert network.context.metrics.rank_failed.labels("broken", "9")._value.get() >= 1
    # Without the tweet that it fails at, it is used again.
    well = rank(user_id=str(ALICE), tweet_ids=["1001"], alias="broken").json()
    assert "degraded" not in well["meta"]
    assert scores(well) == [1]


def test_all_candidates_of_a_call_count_for_the_limit(rank: Rank) -> None:
    many = [{"user_id": str(ALICE), "tweet_ids": ["1001"] * 700}] * 3
    refused = rank(requests=many)
    assert refused.status_code == 400
    assert (refused.json()["count"], refused.json()["limit"]) == (2_100, 2_000)
    assert rank(requests=many[:2]).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"requests": []}, "`requests` is empty"),
        ({"requests": [{"user_id": "101", "tweet_ids": []}], "user_id": "101"}, "stands in place of"),
        ({"requests": [{"user_id": "101", "tweet_ids": []}], "time_us": 5}, "stands in place of"),
        ({"requests": [{"user_id": "101"}]}, "tweet_ids"),
        ({"requests": [{"user_id": "101", "tweet_ids": [], "alias": "likes"}]}, "alias"),
        ({"tweet_ids": ["1001"]}, "user_id"),
        ({"user_id": "101", "tweet_ids": ["1,1"]}, "'1,1' is not an id"),
        ({"user_id": "101", "tweet_ids": ["9" * 19]}, "not an id"),
        ({"user_id": "101", "tweet_ids": [], "time_us": -1}, "-1 is not a time"),
        ({"user_id": "101", "tweet_ids": [], "alias": 7}, "alias"),
        ({"user_id": "101", "tweet_ids": [], "probabilities": "yes"}, "probabilities"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_what_is_wrong(rank: Rank, body: dict[str, object], said: str) -> None:
    refused = rank(**body)
    assert refused.status_code == 400
    assert said in refused.json()["detail"]


def test_of_several_requests_one_for_nobody_refuses_all(rank: Rank) -> None:
    refused = rank(requests=[{"user_id": str(ALICE), "tweet_ids": IDS}, {"user_id": "999", "tweet_ids": IDS}])
    assert refused.status_code == 404
    assert "999" in refused.json()["detail"]


def test_the_loaded_models_are_listed(client: TestClient) -> None:
    listed = client.get("/v1/models").json()["data"]
    assert [(one["alias"], one["version"], one["share"], one["shadow"]) for one in listed] == [
        ("champion", "6", 0.5, False), ("heavy", "7", 0.0, False), ("likes", "8", 0.5, False),
        ("broken", "9", 0.0, False),
    ]  # fmt: skip
