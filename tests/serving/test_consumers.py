"""A consumer is one class and one line: the list that drives live consumption drives the replay at start, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from candidates.trends.engine import WORLD
from data.dataset import Dataset
from data.events import HOUR_US, MINUTE_US, EventBatch
from serving.consumers.trends import TrendsConsumer
from serving.events.consumer import MemoryConsumer
from serving.events.outbox import event
from serving.kit.telemetry import Metrics
from serving.network import Network
from serving.ops.service import consumer_health
from serving.projections import Projections
from serving.tweets import service
from tests.serving.conftest import MakeNetwork
from tests.serving.small_network import ALICE, BOB, CAROL, START_US


class Texts(MemoryConsumer):
    """The texts of all tweets, and how the replay of the data set went."""

    group = "texts"
    tables = frozenset({"tweets"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.at_end: tuple[int, int] | None = None
        self.given: set[str] = set()

    def take(self, events: EventBatch) -> None:
        self.given.add(events.table)
        self.texts += events.columns["text"].tolist()

    def end_replay(self, time_us: int, check: Callable[[], None]) -> None:
        check()
        self.at_end = (time_us, len(self.texts))


@pytest.fixture
def with_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds `Texts` at the end of the list of every network's state."""
    init = Projections.__init__

    def longer(self: Projections, *parts: Any, **more: Any) -> None:
        init(self, *parts, **more)
        self.consumers = (*self.consumers, Texts())

    monkeypatch.setattr(Projections, "__init__", longer)


def texts_of(network: Network) -> Texts:
    one = network.context.projections.consumers[-1]
    assert isinstance(one, Texts)
    return one


@pytest.mark.usefixtures("with_texts")
def test_a_consumer_in_the_list_takes_the_data_set_then_the_log(make_network: MakeNetwork, small: Dataset) -> None:
    network = make_network(small)
    known = small.scan("tweets").sort("time_us").collect()["text"].to_list()
    found = texts_of(network)
    assert found.texts == known
    assert found.at_end == (small.time_range_us()[1], len(known))
    for text in ("one", "two"):
        network.context.write_now(lambda tx, said=text: service.post(tx, BOB, said))  # type: ignore[misc]
    network.settle()
    assert found.texts == [*known, "one", "two"]
    assert found.given == {"tweets"}
    assert {one.group: one.lag for one in consumer_health(network.context)}["texts"] == 0
    network.close()
    again = make_network()
    assert texts_of(again).texts == [*known, "one", "two"]
    assert texts_of(again).at_end == (small.time_range_us()[1], len(known))


@pytest.mark.usefixtures("with_texts")
def test_a_replay_is_of_any_batches_in_order(make_network: MakeNetwork, small: Dataset) -> None:
    """A simulation replays its own events, without a data set."""
    context = make_network().context
    parts = Projections(context.settings, context.model, Metrics())
    for_one = list(small.replay(sorted(parts.tables)).advance())
    parts.replay(iter(for_one), small.time_range_us()[1])
    other = Projections(context.settings, context.model, Metrics())
    other.replay((part for batch in for_one for part in _each(batch)), small.time_range_us()[1])
    assert parts.timelines.readers.digest() == other.timelines.readers.digest()
    assert parts.known.last_tweet_us == other.known.last_tweet_us > 0


def _each(batch: EventBatch) -> list[EventBatch]:
    return [batch.where(slice(at, at + 1)) for at in range(len(batch))]


def test_trends_of_an_empty_window_are_those_of_the_last_tweet() -> None:
    consumer = TrendsConsumer()
    nothing = consumer.trends(START_US, WORLD, 10)
    assert (nothing.trends, nothing.end_us) == ([], START_US)
    for one, author in enumerate((ALICE, BOB, CAROL)):
        consumer.take(
            event(
                "tweets", tweet_id=one, time_us=START_US, author_id=author, kind="original", text="#rook", media_count=0
            )
        )
    found = consumer.trends(START_US + HOUR_US, WORLD, 10)
    assert [one.name for one in found.trends] == ["#rook"]
    assert (found.end_us, found.window_us) == (START_US + HOUR_US, 60 * MINUTE_US)  # the window widens first
    later = consumer.trends(START_US + 24 * HOUR_US, WORLD, 10)
    assert ([one.name for one in later.trends], later.end_us) == (["#rook"], START_US + 1)


def test_a_replay_counts_names_and_phrases_of_its_end_alone() -> None:
    consumer = TrendsConsumer()
    for one, (hours, author) in enumerate((hours, author) for hours in (0, 40) for author in (ALICE, BOB, CAROL)):
        when = START_US + hours * HOUR_US
        text = f"Harbour Lights {hours} #rook"
        consumer.replay(
            event("tweets", tweet_id=one, time_us=when, author_id=author, kind="original", text=text, media_count=0)
        )
    consumer.end_replay(START_US + 41 * HOUR_US, lambda: None)
    found = consumer.trends(START_US + 40 * HOUR_US + 1, WORLD, 10)
    assert {one.name: (one.volume, one.first_seen_us) for one in found.trends} == {
        "#rook": (3, START_US), "Harbour Lights": (3, START_US + 40 * HOUR_US),
    }  # fmt: skip


def test_a_replay_delivers_no_deleted_tweet(make_network: MakeNetwork, small: Dataset) -> None:
    context = make_network(small).context
    parts = context.projections

    def held() -> set[int]:
        rows = parts.timelines.authors.read(np.arange(len(parts.state.network.users)), 100).values
        return set(parts.state.network.tweets.ids[rows].tolist())

    assert context.call(held) == {1001, 1002, 1003, 1004, 1005, 1006}
    assert sum(parts.fanout.stats.tweets.values()) == 0
