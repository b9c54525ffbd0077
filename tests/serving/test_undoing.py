"""What is taken back stops counting: on the tweet, in the features that rank, and after a restart from the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.batch import Ragged
from data.dataset import Dataset
from serving.engagements import service as engagements
from serving.events.outbox import Transaction
from serving.graph import service as graph
from serving.network import Network
from serving.tweets import service as tweets
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, DAVE, ERIN, START_US, small_frames, write_small

MEALS, OPENING = 1002, 1003
COUNTS = ("tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.engagements", "author.engagements")
WATCHED = (*COUNTS, "tweet.engagements_15m", "tweet.engagements_24h", "pair.social_proof")


def features(network: Network, tweet_id: int, reader: int = ALICE) -> dict[str, float]:
    """Features of a tweet for a reader, now."""
    network.settle()
    state, now = network.context.projections.state, network.context.clock.now_us() + 1

    def looked_up() -> dict[str, float]:
        requests = state.requests([reader], now)
        rows = state.network.tweets.rows(np.array([tweet_id]))
        batch = state.lookup(state.base(requests, Ragged(np.array([0, 1]), rows)), WATCHED)
        return {name: float(batch.column(name)[0]) for name in WATCHED}

    return network.context.call(looked_up)


def write(network: Network, *acts: Callable[[Transaction], object]) -> None:
    for act in acts:
        network.context.write_now(act)


def test_likes_that_are_taken_back_move_no_feature_however_often(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    write(network, lambda tx: graph.follow(tx, ERIN, BOB))
    before = features(network, OPENING, ERIN)
    for _ in range(5):
        write(network, lambda tx: engagements.like(tx, BOB, OPENING))
    liked = features(network, OPENING, ERIN)
    grown = {name for name in WATCHED if liked[name] == before[name] + 1}
    assert grown == set(WATCHED) - {"tweet.retweets", "tweet.replies", "tweet.quotes"}
    for _ in range(5):
        write(
            network,
            lambda tx: engagements.unlike(tx, BOB, OPENING),
            lambda tx: engagements.unlike(tx, BOB, OPENING),  # once is enough
            lambda tx: engagements.like(tx, BOB, OPENING),
        )
    assert features(network, OPENING, ERIN) == liked
    write(network, lambda tx: engagements.unlike(tx, BOB, OPENING))
    assert features(network, OPENING, ERIN) == before
    network.close()
    assert features(make_network(), OPENING, ERIN) == before


@pytest.mark.parametrize("kind", ["retweet", "reply", "quote"])
def test_a_deleted_answer_or_retweet_stops_counting(make_network: MakeNetwork, small: Dataset, kind: str) -> None:
    network = make_network(small)
    before = features(network, OPENING)
    made: list[int] = []

    def act(tx: Transaction) -> None:
        if kind == "retweet":
            made.append(tweets.retweet(tx, ERIN, OPENING))
        else:
            target = {"reply_to": OPENING} if kind == "reply" else {"quotes": OPENING}
            made.append(tweets.post(tx, ERIN, "said", **target)["tweet_id"])

    write(network, act)
    name = {"retweet": "tweet.retweets", "reply": "tweet.replies", "quote": "tweet.quotes"}[kind]
    assert features(network, OPENING)[name] == before[name] + 1
    write(network, lambda tx: tweets.delete(tx, ERIN, made[0]))
    assert features(network, OPENING) == before


def test_an_action_of_the_data_set_can_be_taken_back(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    assert features(network, MEALS)["tweet.likes"] == 1
    write(network, lambda tx: engagements.unlike(tx, ALICE, MEALS), lambda tx: engagements.unretweet(tx, BOB, MEALS))
    after = features(network, MEALS)
    assert {name: after[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert after["tweet.engagements_24h"] == 0


def test_an_answer_to_a_deleted_tweet_can_be_deleted(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    write(network, lambda tx: tweets.delete(tx, DAVE, OPENING), lambda tx: tweets.delete(tx, CAROL, 1004))
    assert features(network, OPENING)["tweet.replies"] == 0


def test_a_data_set_in_which_something_was_taken_back(make_network: MakeNetwork, tmp_path: Path) -> None:
    undone = {"undo_id": 1, "time_us": START_US + 13 * 3_600_000_000, "user_id": ALICE, "tweet_id": MEALS,
              "author_id": CAROL, "action": "like"}  # fmt: skip
    engaged_us = small_frames()["engagements"].filter(pl.col("engagement_id") == 2004)["time_us"][0]
    dataset = write_small(tmp_path / "data", undos=pl.DataFrame([undone | {"engaged_us": engaged_us}]))
    network = make_network(dataset)
    assert features(network, MEALS)["tweet.likes"] == 0
    row = tweets.by_id(network.context, MEALS)
    assert (row.likes, row.retweets) == (0, 1)
    write(network, lambda tx: engagements.unlike(tx, ALICE, MEALS))  # there is none any more
    assert tweets.by_id(network.context, MEALS).likes == 0
