"""Trends after a restart: the same lists, from what was saved and the events since; without it, from everything."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest

from candidates.trends.engine import TrendConfig, TrendList
from data.dataset import Dataset
from data.errors import ConfigError
from serving.events.outbox import Transaction
from serving.network import Network
from serving.settings import Settings
from serving.tweets import service as tweets
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN

WORLD = 1


def listed(network: Network, time_us: int | None = None) -> TrendList:
    network.settle()
    trends = network.context.projections.trends
    return network.context.call(lambda: trends.trends(time_us or network.context.clock.now_us(), WORLD, 20))


def post(network: Network, text: str, people: Sequence[int]) -> list[int]:
    made: list[int] = []
    for one in people:

        def write(tx: Transaction, author: int = one) -> None:
            made.append(int(tweets.post(tx, author, text)["tweet_id"]))

        network.context.write_now(write)
    return made


def test_lists_are_the_same_after_a_restart_without_a_replay(
    make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network(small)
    post(network, "#rook takes Harbour Island", (ALICE, BOB, CAROL, DAVE))
    before = listed(network)
    assert {"#rook", "Harbour Island"} <= {one.name for one in before.trends}
    network.close()

    def read_again(*_: object) -> None:
        raise AssertionError("a text was read again")

    monkeypatch.setattr("candidates.trends.engine.terms_of", read_again)
    again = make_network()
    assert listed(again, before.end_us) == before


def test_events_after_the_save_count_once_and_deletions_reach_what_was_saved(
    make_network: MakeNetwork, small: Dataset
) -> None:
    network = make_network(small)
    (first, *_) = post(network, "#rook", (ALICE, BOB, CAROL, DAVE))
    network.settle()
    network.close()
    saved = network.context.settings.checkpoint_folder
    shutil.copytree(saved, saved.with_name("older"))
    network = make_network()
    post(network, "#rook", (ERIN,))
    network.context.write_now(lambda tx: tweets.delete(tx, ALICE, first))
    before = listed(network)
    assert {one.name: one.volume for one in before.trends}["#rook"] == 4
    network.close()
    shutil.rmtree(saved)
    saved.with_name("older").rename(saved)  # as if it had been killed before it could save again
    assert listed(make_network(), before.end_us) == before


@pytest.mark.parametrize("fault", ["corrupt", "another configuration", "none"])
def test_what_cannot_be_used_is_made_again(make_network: MakeNetwork, small: Dataset, fault: str) -> None:
    network = make_network(small)
    post(network, "#rook", (ALICE, BOB, CAROL, DAVE))
    names = [one.name for one in listed(network).trends]
    network.close()
    saved = network.context.settings.checkpoint_folder
    if fault == "corrupt":
        for one in saved.glob("*/trends/counts.npz"):
            one.write_bytes(b"nothing")
    elif fault == "none":
        shutil.rmtree(saved)
    settings = {"trends": TrendConfig(new_account_h=1.0)} if fault == "another configuration" else {}
    again = make_network(**settings)
    assert "#rook" in names
    assert "#rook" in [one.name for one in listed(again).trends]


def test_the_scorer_is_a_setting(make_network: MakeNetwork, small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {}
    for scorer in ("kleinberg", "chi_square", "poisson_cycle", "poisson_point", "windowed"):
        monkeypatch.setenv("ROOKERY_TRENDS__SCORER", scorer)
        config = Settings.read().trends
        network = make_network(small, home=scorer, trends=config)
        post(network, "#rook", (ALICE, BOB, CAROL, DAVE, ERIN))
        scores[scorer] = {one.name: one.score for one in listed(network).trends}["#rook"]
    assert len(set(scores.values())) == 5


def test_a_scorer_or_a_setting_of_it_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_TRENDS__SCORER", "kleinburg")
    with pytest.raises(ConfigError, match=r"ROOKERY_TRENDS.*unknown trend scorer 'kleinburg'.*kleinberg"):
        Settings.read()
    monkeypatch.setenv("ROOKERY_TRENDS__SCORER", "chi_square")
    monkeypatch.setenv("ROOKERY_TRENDS__SCORER_SETTINGS", '{"half_life": 5}')
    with pytest.raises(ConfigError, match=r"unknown setting of trend scorer chi_square 'half_life'.*half_life_min"):
        Settings.read()
    monkeypatch.setenv("ROOKERY_TRENDS__SCORER_SETTINGS", '{"half_life_min": [5, 6]}')
    with pytest.raises(ConfigError, match="half_life_min"):
        Settings.read()
    monkeypatch.setenv("ROOKERY_TRENDS__SCORER_SETTINGS", '{"half_life_min": 5}')
    assert Settings.read().trends.scorer_settings == {"half_life_min": 5.0}
