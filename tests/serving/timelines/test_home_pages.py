"""The ranked home timeline read on and on: pages of a snapshot, and a feed that never runs empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient

from candidates.snapshots import SnapshotConfig
from data.batch import Ragged
from data.dataset import Dataset
from data.events import MINUTE_US
from serving.app import create_app
from serving.events.outbox import Transaction
from serving.network import Network
from serving.timelines.home import HomeTimeline, home_now
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL

As = Callable[[int], dict[str, str]]
HOME = f"/2/users/{ALICE}/timeline"


@pytest.fixture
def busy(make_network: MakeNetwork, small: Dataset) -> Network:
    """Bob posts 30 tweets, so that Alice has several pages of six."""
    network = make_network(small, home_size=6)
    post(network, 30)
    return network


def post(network: Network, count: int) -> None:
    def all_of_them(tx: Transaction) -> None:
        for one in range(count):
            service.post(tx, (BOB, CAROL)[one % 2], f"tweet {one}")

    network.context.write_now(all_of_them)
    network.settle()


@pytest.fixture
def client(busy: Network) -> Iterator[TestClient]:
    with TestClient(create_app(busy)) as one:
        yield one


@pytest.fixture
def act_as(busy: Network) -> As:
    return lambda user: {"Authorization": f"Bearer {busy.context.tokens.issue(user)}"}


def read(client: TestClient, headers: dict[str, str], **query: object) -> tuple[list[str], str | None]:
    answer = client.get(HOME, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [one["id"] for one in body["data"]], body["meta"].get("next_token")


def test_pages_read_on_from_one_snapshot_without_repeats(client: TestClient, busy: Network, act_as: As) -> None:
    alice = act_as(ALICE)
    first, token = read(client, alice)
    pages, tokens = [first], [token]
    while token is not None:
        # What is posted and served meanwhile changes nothing of the snapshot.
        post(busy, 1)
        read(client, alice)
        busy.settle()
        page, token = read(client, alice, pagination_token=token)
        pages.append(page)
        tokens.append(token)
    together = [one for page in pages for one in page]
    assert [len(page) for page in pages[:-1]] == [6] * (len(pages) - 1)
    assert len(set(together)) == len(together) == 34  # 1003 is of the conversation of 1004
    again, _ = read(client, alice, pagination_token=tokens[0])
    assert again == pages[1]


def test_what_may_not_be_shown_any_more_is_left_out_of_later_pages(
    client: TestClient, busy: Network, act_as: As
) -> None:
    alice = act_as(ALICE)
    _, token = read(client, alice)
    assert token is not None
    second, _ = read(client, alice, pagination_token=token)
    third = second[1]
    author = client.get(f"/2/tweets/{third}?tweet.fields=author_id", headers=alice).json()["data"]["author_id"]
    assert client.delete(f"/2/tweets/{third}", headers=act_as(int(author))).status_code == 200
    busy.settle()
    page, _ = read(client, alice, pagination_token=token)
    assert page[:5] == [one for one in second if one != third]
    assert len(page) == 6


def test_later_pages_count_as_served(client: TestClient, busy: Network, act_as: As) -> None:
    alice = act_as(ALICE)
    first, token = read(client, alice, max_results=5)
    second, _ = read(client, alice, max_results=5, pagination_token=token)
    busy.settle()
    shown = [one.events for one in busy.context.log.read(0, 200) if one.events.table == "impressions"]
    assert [one.columns["tweet_id"].tolist() for one in shown] == [[*map(int, first)], [*map(int, second)]]
    assert [one.columns["position"].tolist() for one in shown] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert len({*shown[0].columns["request_id"].tolist(), *shown[1].columns["request_id"].tolist()}) == 1
    assert shown[0].columns["time_us"][0] < shown[1].columns["time_us"][0]
    assert len({one for part in shown for one in part.columns["impression_id"].tolist()}) == 10


def test_a_token_of_another_list_or_user_is_refused_by_name(client: TestClient, act_as: As) -> None:
    _, token = read(client, act_as(ALICE))
    other = client.get(f"/2/users/{BOB}/timeline", headers=act_as(BOB), params={"pagination_token": token})
    chronological = client.get(HOME, headers=act_as(ALICE), params={
        "pagination_token": token, "algorithm": "reverse_chronological",
    })  # fmt: skip
    made_up = client.get(HOME, headers=act_as(ALICE), params={"pagination_token": "AAAA"})
    for refused in (other, chronological, made_up):
        assert refused.status_code == 400, refused.text
        assert refused.json()["type"] == "urn:rookery:problem:bad-cursor"
        assert "pagination_token" in refused.json()["detail"]


def test_a_snapshot_expires_and_is_given_up_for_newer_ones(
    client: TestClient, busy: Network, act_as: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = read(client, act_as(ALICE))
    parts, now = busy.context.projections, busy.context.call(busy.context.now_us)
    monkeypatch.setattr(busy.context, "now_us", lambda: now + 31 * MINUTE_US)
    late = client.get(HOME, headers=act_as(ALICE), params={"pagination_token": token})
    assert (late.status_code, late.json()["type"]) == (400, "urn:rookery:problem:expired-cursor")
    monkeypatch.undo()
    monkeypatch.setattr(parts.snapshots, "config", SnapshotConfig(held=2))
    _, token = read(client, act_as(ALICE))
    for _ in range(2):
        home_now(busy.context, BOB, 3)
    assert len(parts.snapshots) == 2
    gone = client.get(HOME, headers=act_as(ALICE), params={"pagination_token": token})
    assert (gone.status_code, gone.json()["type"]) == (400, "urn:rookery:problem:expired-cursor")


def served(network: Network, time_us: int, k: int = 6) -> HomeTimeline:
    """Reads a home timeline as of a time and records it as served."""
    home = home_now(network.context, ALICE, k, time_us=time_us)
    network.context.write_now(lambda tx: [tx.emit(one) for one in home.events])
    network.settle()
    return home


@pytest.mark.parametrize("step_us", [0, 7 * MINUTE_US])
def test_a_feed_read_fifty_times_never_runs_empty(make_network: MakeNetwork, small: Dataset, step_us: int) -> None:
    network = make_network(small)
    post(network, 30)
    now = network.context.call(network.context.now_us)
    shown: list[list[int]] = []
    for one in range(50):
        if one == 25:
            network.close()
            network = make_network()
        shown.append(served(network, now + one * step_us).tweet_ids)
        assert len(shown[-1]) == len(set(shown[-1])) == 6
    # What was seen sinks: nearly all 34 come before long, however the newest would be ranked.
    assert len({one for page in shown[:10] for one in page}) >= 30
    assert all(shown[one] != shown[one + 1] for one in range(5))


def test_what_was_seen_comes_after_a_restart_as_before(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    post(network, 12)
    now = network.context.call(network.context.now_us)
    for one in range(3):
        served(network, now + one * MINUTE_US)
    later = now + 20 * MINUTE_US
    before = home_now(network.context, ALICE, 20, time_us=later)
    network.close()
    again = make_network()
    after = home_now(again.context, ALICE, 20, time_us=later)
    assert (after.tweet_ids, after.scores) == (before.tweet_ids, before.scores)


def test_a_snapshot_holds_at_most_so_many(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small, snapshots=SnapshotConfig(tweets=9))
    post(network, 12)
    home = home_now(network.context, ALICE, 4)
    held = network.context.projections.snapshots.find(home.request_id, home.time_us)
    assert held is not None
    assert held.ranked.columns["tweet_id"].tolist()[:4] == home.tweet_ids
    assert len(held.ranked) == 9
    rest = held.ranked.take(Ragged(np.array([0, 5]), np.arange(4, 9))).columns["score"]
    assert (np.diff(rest) <= 0).all()


def test_what_one_follows_is_kept_until_something_changes_it(client: TestClient, busy: Network, act_as: As) -> None:
    alice = act_as(ALICE)
    stats = busy.context.projections.timelines.stats

    def cached() -> bool:
        before = stats.cached
        read(client, alice)
        busy.settle()
        return stats.cached > before

    assert [cached(), cached(), cached()] == [False, True, True]
    assert client.post("/2/tweets", json={"text": "mine"}, headers=alice).status_code == 201
    busy.settle()
    assert [cached(), cached()] == [False, True]
    (newest,) = client.get(f"/2/users/{BOB}/tweets?max_results=5", headers=alice).json()["data"][:1]
    assert client.delete(f"/2/tweets/{newest['id']}", headers=act_as(BOB)).status_code == 200
    # Before fan-out hears of it and after.
    for _ in range(2):
        page, _ = read(client, alice, max_results=100)
        assert newest["id"] not in page
        busy.settle()
    assert client.post("/2/tweets", json={"text": "news"}, headers=act_as(BOB)).status_code == 201
    busy.settle()
    assert [cached(), cached()] == [False, True]
