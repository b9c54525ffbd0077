"""What a mute hides and what it leaves, over HTTP and through Tweepy's calls, from a data set or begun here."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from fastapi.testclient import TestClient

from data.events import HOUR_US
from serving.app import create_app
from serving.network import Network
from tests.serving.conftest import MakeNetwork
from tests.serving.older_database import make_older
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, START_US, write_small
from tests.serving.test_blocks import as_user, tried

MUTING, BY_BOB = f"/2/users/{ALICE}/muting", "1001"


def muted(client: TestClient, network: Network) -> list[str]:
    answer = client.get(MUTING, headers=as_user(network, ALICE))
    assert answer.status_code == 200, answer.text
    return [one["username"] for one in answer.json().get("data", [])]


def shown(client: TestClient, network: Network) -> set[str]:
    """Authors in Alice's timelines."""
    authors = set()
    for path in ("timelines/reverse_chronological", "timeline"):
        found = client.get(f"/2/users/{ALICE}/{path}?tweet.fields=author_id", headers=as_user(network, ALICE))
        authors |= {one["author_id"] for one in found.json().get("data", [])}
    return authors


def test_a_mute_hides_what_is_posted_and_nothing_else(network: Network) -> None:
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        headers = as_user(network, ALICE)
        assert str(BOB) in shown(client, network)
        for _ in range(2):
            answer = client.post(MUTING, json={"target_user_id": str(BOB)}, headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"data": {"muting": True}})
        client.post(MUTING, json={"target_user_id": str(DAVE)}, headers=headers)
        network.settle()
        assert muted(client, network) == ["dave", "bob"]
        page = client.get(MUTING, params={"max_results": 1}, headers=headers).json()
        older = client.get(MUTING, params={"pagination_token": page["meta"]["next_token"]}, headers=headers).json()
        assert [one["data"][0]["username"] for one in (page, older)] == ["dave", "bob"]
        assert not {str(BOB), str(DAVE)} & shown(client, network)
        # Both go on as before: the follow stands, and neither is kept from an act.
        for one, other in ((ALICE, BOB), (BOB, ALICE)):
            assert {r.status_code for r in tried(client, network, one, other, BY_BOB).values()} <= {200, 201}
        for _ in range(2):
            answer = client.delete(f"{MUTING}/{BOB}", headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"data": {"muting": False}})
        network.settle()
        assert muted(client, network) == ["dave"]
        assert str(BOB) in shown(client, network)
        # What was asked for twice happened once.
        assert [one.events.table for one in network.context.log.read(0, 100)].count("mutes") == 3


def test_a_mute_is_the_users_own_affair(network: Network) -> None:
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        headers = as_user(network, ALICE)
        for target, status in ((ALICE, 400), (999, 404)):
            assert client.post(MUTING, json={"target_user_id": str(target)}, headers=headers).status_code == status
        other = as_user(network, BOB)
        assert client.get(MUTING, headers=other).status_code == 403
        assert client.post(MUTING, json={"target_user_id": str(DAVE)}, headers=other).status_code == 403
        assert client.delete(f"{MUTING}/{DAVE}", headers=other).status_code == 403


def data_with_mutes(folder: Path) -> object:
    rows = [(ALICE, BOB, False), (ALICE, CAROL, False), (ALICE, CAROL, True)]
    frame = pl.DataFrame([
        {"mute_id": 900 + i, "time_us": START_US + (10 + i) * HOUR_US, "user_id": user, "muted_id": other,
         "ended": ended}
        for i, (user, other, ended) in enumerate(rows)
    ])  # fmt: skip
    return write_small(folder, mutes=frame)


def test_mutes_of_a_data_set_are_listed_and_ended_also_after_a_restart(
    make_network: MakeNetwork, tmp_path: Path
) -> None:
    network = make_network(data_with_mutes(tmp_path / "muted"))
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        assert muted(client, network) == ["bob"]
        assert str(BOB) not in shown(client, network)
        assert client.delete(f"{MUTING}/{BOB}", headers=as_user(network, ALICE)).status_code == 200
    network.close()
    network = make_network()
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        assert muted(client, network) == []
        assert str(BOB) in shown(client, network)


def test_a_database_from_before_mutes_were_kept_gets_those_of_its_data_set(
    make_network: MakeNetwork, tmp_path: Path
) -> None:
    network = make_network(data_with_mutes(tmp_path / "muted"))
    network.close()
    make_older(network.context.database.path, "6")
    network = make_network()
    with TestClient(create_app(network), raise_server_exceptions=False) as client:
        assert muted(client, network) == ["bob"]
