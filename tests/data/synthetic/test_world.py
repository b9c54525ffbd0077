from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.batch import CandidateBatch, Requests
from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.events import EventBatch
from data.synthetic.behaviour import examination
from data.synthetic.config import WorldConfig
from data.synthetic.people import ACTIONS
from data.synthetic.state import State
from data.synthetic.world import World, make_world
from experiments.feeds import LoggingFeed

CONFIG = WorldConfig(people=120, days=2, follows=30.0, annotated=200, seed=5, tweets_per_day=3.0, mutes_per_person=1.0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "one", feed=LoggingFeed())


@pytest.fixture(scope="module")
def world(dataset: Dataset) -> World:
    return World.open(dataset.truth)


def same(one: State, other: State) -> bool:
    parts = [(getattr(one.tweets, n), getattr(other.tweets, n)) for n in one.tweets._fields]
    parts += [(getattr(one.memory, n), getattr(other.memory, n)) for n in one.memory._fields]
    parts += [(np.sort(one.edges[one.edges >= 0]), np.sort(other.edges[other.edges >= 0]))]
    return one.time_us == other.time_us and all(np.array_equal(a, b) for a, b in parts)


def replayed(state: State, dataset: Dataset, until_us: int | None = None, step_us: int | None = None) -> State:
    replay = dataset.replay(state.tables, after_us=state.time_us - 1)
    if step_us is not None:
        for moment in range(state.time_us, until_us or CONFIG.end_us, step_us):
            for events in replay.advance(moment):
                state.apply(events)
    for events in replay.advance(until_us):
        state.apply(events)
    return state


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(dataset: Dataset, tmp_path: Path) -> None:
    assert make_world(CONFIG, tmp_path / "again", feed=LoggingFeed()).content_hash == dataset.content_hash
    other = CONFIG.model_copy(update={"seed": 6})
    assert make_world(other, tmp_path / "other", feed=LoggingFeed()).content_hash != dataset.content_hash


def test_a_replay_of_the_log_ends_in_the_state_of_the_run(dataset: Dataset, world: World) -> None:
    fresh = World.create(CONFIG)
    ran, feed = fresh.start(), LoggingFeed()
    for _ in fresh.run(ran, feed, CONFIG.end_us):
        pass
    kept = world.saved()
    assert kept.time_us == CONFIG.start_us + round(0.75 * 192) * CONFIG.tick_us
    assert same(replayed(kept, dataset), ran)
    assert same(replayed(world.saved(), dataset, step_us=7_000_000_000), ran)
    assert same(replayed(world.start(), dataset), ran)


def test_a_run_in_two_parts_is_the_run_in_one(dataset: Dataset) -> None:
    fresh = World.create(CONFIG)
    state, feed = fresh.start(), LoggingFeed()
    log: list[EventBatch] = []
    for until in (CONFIG.start_us + 31 * CONFIG.tick_us, CONFIG.end_us):
        log += list(fresh.run(state, feed, until))
    for table, key in (("impressions", "impression_id"), ("engagements", "engagement_id"), ("tweets", "tweet_id")):
        ours = np.concatenate([b.columns[key] for b in log if b.table == table])
        assert np.array_equal(ours, dataset.read(table).columns[key])


def test_ids_map_to_the_rows_of_the_log(dataset: Dataset, world: World) -> None:
    users, tweets = dataset.read("users").columns["user_id"], dataset.read("tweets").columns["tweet_id"]
    assert np.array_equal(world.user_rows(users), np.arange(len(users)))
    assert np.array_equal(world.tweet_rows(tweets), np.arange(len(tweets)))
    assert world.user_rows(np.array([5]))[0] == -1
    state = replayed(world.saved(), dataset)
    assert np.array_equal(state.tweet_rows(tweets), np.arange(len(tweets)))


def pairs(state: State, users: np.ndarray, tweets: np.ndarray, time_us: int) -> CandidateBatch:
    n = len(users)
    requests = Requests({"user_row": users, "time_us": np.full(n, time_us)})
    return CandidateBatch(requests, np.arange(n + 1), {"tweet_row": tweets})


def test_logged_actions_are_as_frequent_as_the_truth_says(dataset: Dataset, world: World) -> None:
    """Replays the log tick by tick, asks the truth about every impression and compares sums, per action."""
    state = world.saved()
    expected, variance = np.zeros(len(ACTIONS)), np.zeros(len(ACTIONS))
    first = state.time_us
    impressions = dataset.read("impressions").columns
    replay = dataset.replay(state.tables, after_us=first - 1)
    for tick in range(first, CONFIG.end_us, CONFIG.tick_us):
        for events in replay.advance(tick):
            state.apply(events)
        here = (impressions["time_us"] >= tick) & (impressions["time_us"] < tick + CONFIG.tick_us)
        n = int(here.sum())
        requests = Requests(
            {"user_row": world.user_rows(impressions["user_id"][here]), "time_us": impressions["time_us"][here]}
        )
        rows = state.tweet_rows(impressions["tweet_id"][here])
        columns = {"tweet_row": rows, "position": impressions["position"][here]}
        p = world.truth.action_probability(state, CandidateBatch(requests, np.arange(n + 1), columns))
        expected += p.sum(axis=0)
        variance += (p * (1 - p)).sum(axis=0)
    done = dataset.scan("engagements").filter(pl.col("time_us") >= first).collect()["action"].value_counts()
    counts = dict(done.iter_rows())
    observed = np.array([counts.get(a, 0) for a in ACTIONS])
    assert (np.abs(observed - expected) < 5 * np.sqrt(variance) + 1).all(), dict(zip(ACTIONS, expected, strict=True))


def test_probabilities_without_a_position_are_those_when_looked_at(world: World) -> None:
    state = world.saved()
    users, tweets = np.arange(20), np.arange(20) + 100
    batch = pairs(state, users, tweets, state.time_us)
    looked = world.truth.action_probability(state, batch)
    placed = world.truth.action_probability(state, batch.with_columns({"position": np.full(20, 9)}))
    assert np.allclose(placed, looked * examination(CONFIG.behaviour, np.array([9]))[0])
    own = pairs(state, state.tweets.author[tweets].astype(np.int64), tweets, state.time_us)
    assert (world.truth.action_probability(state, own) == 0).all()


def test_slate_value_is_the_expected_sum_of_weights(world: World) -> None:
    state = world.saved()
    requests = Requests({"user_row": np.array([1, 2, 3]), "time_us": np.full(3, state.time_us)})
    slate = CandidateBatch(requests, np.array([0, 4, 4, 9]), {"tweet_row": np.arange(50, 59)})
    weights = np.linspace(1.0, 2.0, len(ACTIONS))
    p = world.truth.action_probability(state, slate)
    position = np.array([0, 1, 2, 3, 0, 1, 2, 3, 4])
    by_hand = (p @ weights) * examination(CONFIG.behaviour, position)
    value = world.truth.slate_value(state, slate, weights)
    assert np.allclose(value, [by_hand[:4].sum(), 0.0, by_hand[4:].sum()])


def test_taste_moves_the_truth_more_than_popularity(world: World) -> None:
    state = world.saved()
    users = np.repeat(np.arange(60), 300)
    tweets = np.tile(np.arange(300), 60)
    like = world.truth.action_probability(state, pairs(state, users, tweets, state.time_us))[:, 0].reshape(60, 300)
    logit = np.log(like.clip(1e-9) / (1 - like.clip(1e-9)))
    by_tweet = logit.mean(axis=0)
    assert np.var(logit - by_tweet) > 2 * np.var(by_tweet)


def test_state_survives_a_save(world: World, tmp_path: Path) -> None:
    state = world.saved()
    state.save(tmp_path / "state")
    assert same(State.load(tmp_path / "state", world.hidden), state)
    with pytest.raises(DataError, match="no state"):
        State.load(tmp_path / "absent")


def test_a_log_applied_twice_is_refused(dataset: Dataset, world: World) -> None:
    state = replayed(world.saved(), dataset)
    with pytest.raises(DataError, match="twice"):
        state.apply(dataset.read("tweets").where(slice(-3, None)))


def test_unknown_rows_are_refused(world: World) -> None:
    state = world.saved()
    with pytest.raises(DataError, match="tweet row"):
        world.truth.action_probability(state, pairs(state, np.array([0]), np.array([10**7]), state.time_us))
    with pytest.raises(DataError, match="user row -1"):
        world.truth.action_probability(state, pairs(state, np.array([-1]), np.array([0]), state.time_us))


class OneTweet:
    """Serves the same tweet id to everybody, `times` times."""

    policy = "one"

    def __init__(self, tweet_id: int, times: int) -> None:
        self.tweet_id, self.times = tweet_id, times

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        n = len(requests) * self.times
        columns = {"tweet_id": np.full(n, self.tweet_id), "source": np.full(n, "x", object), "score": np.zeros(n),
                   "propensity": np.ones(n)}  # fmt: skip
        return CandidateBatch(requests, np.arange(len(requests) + 1) * self.times, columns)

    def observe(self, events: EventBatch) -> None:
        if events.table == "tweets" and self.tweet_id < 0:
            self.tweet_id = int(events.columns["tweet_id"][0])
            self.times = 2


def run(feed: OneTweet) -> Iterator[EventBatch]:
    world = World.create(CONFIG)
    return world.run(world.start(), feed, CONFIG.end_us)


def test_a_feed_that_serves_nonsense_is_told() -> None:
    with pytest.raises(DataError, match="tweet 7, which nobody posted"):
        list(run(OneTweet(7, 1)))
    with pytest.raises(DataError, match="twice in one slate"):
        list(run(OneTweet(-1, 0)))


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        make_world(CONFIG, tmp_path / "w", feed=OneTweet(7, 1))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises((DataError, ConfigError), match="truth"):
        World.open(tmp_path)


def test_the_log_is_consistent(dataset: Dataset) -> None:
    tweets, users = dataset.scan("tweets").collect(), dataset.scan("users").collect()
    impressions, engagements = dataset.scan("impressions").collect(), dataset.scan("engagements").collect()
    assert tweets["author_id"].is_in(users["user_id"].implode()).all()
    assert tweets["text"].str.len_chars().max() <= 280
    assert (tweets.filter(pl.col("kind") == "retweet")["text"] == "").all()
    assert (tweets.filter(pl.col("kind") != "retweet")["text"] != "").all()
    assert tweets.filter(pl.col("kind") != "original")["referenced_id"].is_in(tweets["tweet_id"].implode()).all()
    posted = impressions.join(tweets.select("tweet_id", posted="time_us", by="author_id"), on="tweet_id")
    assert len(posted) == len(impressions)
    assert (posted["posted"] < posted["time_us"]).all()
    assert (posted["by"] == posted["author_id"]).all()
    assert (posted["by"] != posted["user_id"]).all()
    shown = engagements.join(impressions, on=["request_id", "tweet_id", "user_id"], suffix="_shown")
    assert len(shown) == len(engagements)
    assert (shown["time_us"] > shown["time_us_shown"]).all()
    retweets = (engagements["action"] == "retweet").sum()
    assert (tweets["kind"] == "retweet").sum() == retweets
    slates = impressions.sort("request_id", "position").group_by("request_id", maintain_order=True).agg("position")
    assert all(p == list(range(len(p))) for p in slates["position"].to_list())
