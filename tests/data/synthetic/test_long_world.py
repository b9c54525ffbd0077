"""A world that runs for longer than tweets are remembered, so that their rows are used again for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from data.batch import I64, CandidateBatch, Requests
from data.dataset import Dataset
from data.events import DAY_US, EventBatch
from data.ids import snowflake
from data.synthetic.behaviour import react
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.state import KEEP_US, State
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed
from tests.data.synthetic.previews import Previews

pytestmark = pytest.mark.slow

# Eager people: counts and social proof weigh much, and there are many reactions to compare.
CONFIG = WorldConfig(
    people=150, days=9, follows=30.0, annotated=200, seed=5, tweets_per_day=2.0, tick_min=15, deleted_share=0.05,
    state_at=0.8, behaviour=WorldConfig().behaviour.model_copy(update={"eagerness": 2.0, "popularity": 0.6}),
)  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "long", feed=LoggingFeed())


@pytest.fixture(scope="module")
def world(dataset: Dataset) -> World:
    return World.open(dataset.truth)


class Tick(NamedTuple):
    """What was shown in one tick, and the state before it."""

    state: State
    impressions: pl.DataFrame
    """Ordered by request and position."""
    requests: Requests
    offsets: I64


def ticks(dataset: Dataset, world: World, state: State) -> Iterator[Tick]:
    """Replays the log into a state that forgets nothing, tick by tick."""
    impressions = dataset.scan("impressions").sort("request_id", "position").collect()
    time = impressions["time_us"].to_numpy()
    replay, previews = dataset.replay(state.tables, after_us=state.time_us - 1), Previews(dataset)
    for low in range(state.time_us, CONFIG.end_us, CONFIG.tick_us):
        for events in replay.advance(low):
            state.apply(events)
        state.preview(previews.between(low, low + CONFIG.tick_us))
        shown = impressions.filter((time >= low) & (time < low + CONFIG.tick_us))
        first = np.flatnonzero(shown["position"].to_numpy() == 0)
        users = world.user_rows(shown["user_id"].to_numpy()[first])
        requests = Requests({"user_row": users, "time_us": shown["time_us"].to_numpy()[first]})
        yield Tick(state, shown, requests, np.r_[first, len(shown)].astype(np.int64))


def logged(dataset: Dataset, since_us: int) -> pl.DataFrame:
    columns = ("request_id", "tweet_id", "action", "dwell_ms")
    done = dataset.scan("engagements").filter(pl.col("request_id").is_not_null(), pl.col("time_us") >= since_us)
    return done.select(columns).sort(columns[:3]).collect()


@pytest.mark.parametrize("begin", ["start", "saved"])
def test_the_opened_truth_gives_every_reaction_of_the_log_again(dataset: Dataset, world: World, begin: str) -> None:
    state = world.start() if begin == "start" else world.saved()
    since_us = state.time_us
    parameters = BehaviourParameters.of(world.people, CONFIG)
    found = []
    for tick in ticks(dataset, world, state):
        columns, tweets = tick.requests.columns, tick.impressions["tweet_id"].to_numpy()
        drawn = react(
            parameters, tick.state, columns["user_row"], columns["time_us"], tick.offsets,
            tick.state.tweet_rows(tweets),
        )  # fmt: skip
        row, action = np.nonzero((drawn.actions[:, None] >> np.arange(len(WORLD_ACTIONS), dtype=np.uint16)) & 1)
        about = tick.impressions["request_id"].to_numpy()[row], tweets[row], np.array(WORLD_ACTIONS)[action]
        names = ("request_id", "tweet_id", "action", "dwell_ms")
        found.append(pl.DataFrame(dict(zip(names, (*about, drawn.dwell_ms[row]), strict=True))))
    ours, theirs = pl.concat(found).sort("request_id", "tweet_id", "action"), logged(dataset, since_us)
    assert len(theirs) > 500
    assert ours.equals(theirs.cast(dict(ours.schema)))


def test_rates_of_the_last_days_lie_on_the_diagonal_by_decile(dataset: Dataset, world: World) -> None:
    """Deciles of the truth, z-scores corrected for the number of deciles and actions (Bonferroni at 0.1%)."""
    chances, happened = [], []
    done = logged(dataset, CONFIG.end_us - 2 * DAY_US)
    for tick in ticks(dataset, world, world.saved()):
        tweets = tick.impressions["tweet_id"].to_numpy()
        columns = {"tweet_row": tick.state.tweet_rows(tweets), "position": tick.impressions["position"].to_numpy()}
        if len(tweets) and tick.impressions["time_us"][0] >= CONFIG.end_us - 2 * DAY_US:
            chances.append(
                world.truth.action_probability(tick.state, CandidateBatch(tick.requests, tick.offsets, columns))
            )
            acted = tick.impressions.select("request_id", "tweet_id").with_row_index("row").join(
                done, on=["request_id", "tweet_id"]
            )  # fmt: skip
            out = np.zeros((len(tweets), len(WORLD_ACTIONS)), bool)
            out[acted["row"].to_numpy(), [WORLD_ACTIONS.index(action) for action in acted["action"]]] = True
            happened.append(out)
    p, drawn = np.concatenate(chances), np.concatenate(happened)
    names = ("like", "click", "retweet", "reply", "profile_click")
    limit = float(norm.isf(0.001 / 2 / (11 * len(names))))
    for name in names:
        one, seen = p[:, WORLD_ACTIONS.index(name)], drawn[:, WORLD_ACTIONS.index(name)]
        decile = np.digitize(one, np.quantile(one, np.linspace(0.1, 0.9, 9)))
        for part in [np.ones(len(one), bool), *(decile == d for d in range(10))]:
            expected, spread = one[part].sum(), np.sqrt((one[part] * (1 - one[part])).sum())
            # A sum of few events is no normal number: at least three of them must separate right from wrong.
            assert abs(seen[part].sum() - expected) < max(limit * spread, 3.0), (name, expected, seen[part].sum())


def test_forgetting_every_day_leaves_the_living_as_they_are(dataset: Dataset, world: World) -> None:
    whole, some = world.start(), world.start()
    for state in (whole, some):
        replay = dataset.replay(state.tables, after_us=CONFIG.start_us - 1)
        for day in range(1, CONFIG.days + 1):
            for events in replay.advance(CONFIG.start_us + day * DAY_US):
                state.apply(events)
            if state is some:
                some.forget(CONFIG.start_us + day * DAY_US - KEEP_US)
    gone = whole.size - some.size
    assert gone > some.size
    for name in some.tweets._fields:
        assert np.array_equal(getattr(some.tweets, name), getattr(whole.tweets, name)[gone:]), name
    keys, counts = whole.exposures.rows()
    kept = keys & 0xFFFFFFFF >= gone
    assert np.array_equal(some.exposures.rows()[0], keys[kept] - gone)
    assert np.array_equal(some.exposures.rows()[1], counts[kept])


def test_a_tweet_in_a_row_used_before_is_born_with_nothing(dataset: Dataset, world: World) -> None:
    state = world.start()
    tweets, hidden = dataset.read("tweets"), world.hidden
    assert hidden is not None
    first, second = tweets.where(slice(0, 60)), tweets.where(slice(60, 120))
    about = {name: column[:60].copy() for name, column in hidden.columns.items()}
    state.apply(first, about)
    state._tweets.counts[:60], state._tweets.engagers[:60], state._tweets.deleted[:60] = 7, 3, True
    state.forget(int(second.time_us[0]))
    assert state.size < 60
    state.apply(second, about)
    born = slice(state.size - 60, state.size)
    assert not state.tweets.counts[born].any()
    assert not state.tweets.engagers[born].any()
    assert not state.tweets.deleted[born].any()


class _Keeps(LoggingFeed):
    """Drops no tweet, and renews its lists when the other does."""

    def _forget(self, now: int) -> None:
        if now // DAY_US != self._day:
            self._day, self._alive = now // DAY_US, None
            self._rank_popular()


def test_a_logging_feed_that_drops_old_tweets_serves_what_one_serves_that_keeps_them(dataset: Dataset) -> None:
    drops, keeps = LoggingFeed(), _Keeps()
    tables = ("users", "follows", "mutes", "blocks", "tweets", "deletions", "impressions", "engagements")
    replay, served = dataset.replay(tables), 0
    requests = dataset.read("requests")
    requests = requests.where(requests.columns["user_id"] < snowflake(CONFIG.start_us, 0))
    for time_us in range(CONFIG.start_us, CONFIG.end_us, DAY_US // 3):
        for events in replay.advance(time_us):
            for feed in (drops, keeps):
                feed.observe(events)
        query = _first(requests, time_us, 40)
        one, other = drops.serve(query, 30), keeps.serve(query, 30)
        assert np.array_equal(one.offsets, other.offsets)
        for name in ("tweet_id", "source", "score", "propensity"):
            assert np.array_equal(one.columns[name], other.columns[name]), name
        served += len(one)
    assert served > 5_000
    assert drops._size < keeps._size / 2


def _first(requests: EventBatch, since_us: int, count: int) -> Requests:
    at = np.searchsorted(requests.time_us, since_us)
    names = {"request_id": "request_id", "user_id": "user_id", "user_row": "user_id", "time_us": "time_us"}
    return Requests({name: requests.columns[of][at : at + count] for name, of in names.items()})
