"""Authors answer to what their originals got: the stated formulas by hand, bounds, and nothing without feedback."""

from __future__ import annotations

from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.batch import I64, CandidateBatch, Requests
from data.errors import ConfigError
from data.schema import KIND_CODE
from data.synthetic import retention, supply
from data.synthetic.attributes import About, originals
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.new_tweets import Written
from data.synthetic.people import People, make_people, topic_popularity
from data.synthetic.posting import make_posts
from data.synthetic.shocks import make_shocks
from data.synthetic.state import State
from data.synthetic.state_columns import Tweets, empty_tweets
from data.synthetic.supply import Supply, Voice
from data.synthetic.supply_config import FEEDBACK, SupplyConfig
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingConfig, LoggingFeed

EAGER = {"posting": 2.0, "topics": 4.0, "outrage": 2.0}
CONFIG = WorldConfig.parse(
    {
        "people": 150, "days": 4, "follows": 15.0, "annotated": 200, "seed": 3, "tick_min": 60, "tweets_per_day": 2.0,
        "supply": EAGER,
    }
)  # fmt: skip
SAME = WorldConfig.parse(
    CONFIG.model_dump() | {"retention": CONFIG.retention.model_dump() | dict.fromkeys(
        ("habit_engagement", "satisfaction_opens", "satisfaction_stays", "satisfaction_returns"), 0.0)}
)  # fmt: skip
"""Sessions answer to nothing."""
OTHER = LoggingConfig(following=0.02, popular=0.0, explore=0.98)


@cache
def people() -> People:
    return make_people(CONFIG)


def tweets_of(author: list[int], topic: list[int], outrage: list[float], kind: str = "original") -> Tweets:
    out = empty_tweets(len(author))
    out.author[:], out.topic[:, 0], out.topic[:, 1] = author, topic, topic
    out.outrage[:], out.kind[:] = outrage, KIND_CODE[kind]
    return out


def next_day(state: Supply, day: int = 1, config: WorldConfig = CONFIG) -> Supply:
    return supply.begin_day(config, people(), state, retention.start(config, people()), day)


class Author:
    """The formulas of the docstring for one author, day by day."""

    def __init__(self, usual: float, topics: int) -> None:
        self.c = CONFIG.supply
        self.usual = usual
        self.sums = dict.fromkeys(("G", "N", "O", "NO", "LG", "LN", "M"), 0.0)
        self.lean = [0.0] * topics
        self.expected = usual

    def day(self, got: dict[int, float], written: dict[int, int], hot: float, hot_written: int) -> None:
        c, s = self.c, self.sums
        total, count = sum(got.values()), sum(written.values())
        new = {"G": total, "N": count, "O": hot, "NO": hot_written, "LG": total, "LN": count, "M": count}
        days = {"LG": c.expected_days, "LN": c.expected_days, "M": c.tilt_days}
        for name, value in new.items():
            s[name] = s[name] * exp(-1 / days.get(name, c.memory_days)) + value
        before = round(100 * self.expected) / 100
        self.expected = (s["LG"] + c.expected_tweets * self.usual) / (s["LN"] + c.expected_tweets)
        for topic in range(len(self.lean)):
            surplus = got.get(topic, 0.0) - before * written.get(topic, 0)
            step = c.topics * surplus / ((self.expected + c.noticed_reward) * (s["M"] + c.expected_tweets))
            raw = self.lean[topic] * exp(-1 / c.tilt_days) + step
            self.lean[topic] = min(max(raw, -log(3)), log(3))

    def factor(self, got: str, wrote: str, slope: float) -> float:
        c, s = self.c, self.sums
        reward = (s[got] + c.expected_tweets * self.expected) / (s[wrote] + c.expected_tweets)
        return float(min(max(((reward + c.noticed_reward) / (self.expected + c.noticed_reward)) ** slope, 0.5), 2.0))


def test_factors_are_the_stated_formulas_day_after_day() -> None:
    state = supply.start(people(), CONFIG)
    appeal = people().appeal[7]
    by_hand = Author(CONFIG.supply.usual_reward * (appeal / float(np.median(people().appeal))) ** 0.25, CONFIG.topics)
    assert state.expected[7] == pytest.approx(by_hand.usual)
    worth = {"like": 1.0, "reply": 2.0, "retweet": 1.0, "quote": 2.0, "click": 0.0, "follow_author": 0.0}
    rng = np.random.default_rng(5)
    for day in range(1, 6):
        n = int(rng.integers(1, 6))
        topic, outrage = rng.integers(0, 3, n).tolist(), np.where(rng.random(n) < 0.5, 0.7, 0.0).tolist()
        tweets = tweets_of([7] * n, topic, outrage)
        supply.observe_tweets(state, tweets, np.arange(n))
        shown = rng.integers(0, n, 40)
        supply.observe_impressions(state, tweets, np.full(40, 3), shown)
        did = rng.integers(0, n, 12)
        action = rng.choice(list(worth), 12).astype(object)
        supply.observe_engagements(state, tweets, np.full(12, 3), did, action)
        points = np.bincount(shown, minlength=n) * 0.01
        points += np.bincount(did, [worth[one] for one in action], minlength=n)
        got, written = dict[int, float](), dict[int, int]()
        for one in range(n):
            got[topic[one]] = got.get(topic[one], 0.0) + points[one]
            written[topic[one]] = written.get(topic[one], 0) + 1
        hot = [one for one in range(n) if outrage[one] > 0]
        by_hand.day(got, written, sum(points[one] for one in hot), len(hot))
        state = next_day(state, day)
        assert state.expected[7] == pytest.approx(by_hand.expected)
        assert state.chatter[7] == pytest.approx(by_hand.factor("G", "N", 2.0), rel=1e-6)
        assert state.heat[7] == pytest.approx(by_hand.factor("O", "NO", 2.0), rel=1e-6)
        # Halves have 11 bits.
        assert state.lean[7].astype(float) == pytest.approx(by_hand.lean, abs=3e-3)
        others = np.arange(len(people())) != 7
        assert (state.chatter[others] == 1).all()
        assert (state.heat[others] == 1).all()
        assert not state.lean[others].any()


def test_who_nobody_sees_writes_less_and_who_is_answered_more() -> None:
    state = supply.start(people(), CONFIG)
    tweets = tweets_of([1] * 4 + [2] * 4, [5] * 8, [0.0] * 8)
    supply.observe_tweets(state, tweets, np.arange(8))
    supply.observe_engagements(
        state, tweets, np.repeat(np.arange(10, 60), 4), np.tile(np.arange(4, 8), 50), np.full(200, "reply", object)
    )
    state = next_day(state)
    assert state.chatter[1] < 0.9
    assert state.chatter[2] > 1.1
    assert state.lean[1, 5] < 0 < state.lean[2, 5]
    assert (state.lean[2, :5] == 0).all()
    # Habituation: of what is got again and again, less and less is news.
    first = state.chatter[1]
    for day in range(2, 400):
        supply.observe_tweets(state, tweets, np.arange(4))
        state = next_day(state, day)
    assert first < state.chatter[1] < 1


def test_factors_are_bounded_however_much_an_author_gets() -> None:
    config = WorldConfig.parse(CONFIG.model_dump() | {"supply": {"posting": 50.0, "topics": 50.0, "outrage": 50.0}})
    state = supply.start(people(), config)
    tweets = tweets_of([1, 2], [5, 5], [0.5, 0.5])
    supply.observe_tweets(state, tweets, np.arange(2))
    many = np.full(100_000, 3)
    supply.observe_engagements(state, tweets, many, np.zeros(100_000, np.int64), np.full(100_000, "quote", object))
    state = next_day(state, config=config)
    assert state.chatter[[1, 2]].tolist() == [2.0, 0.5]
    assert state.heat[[1, 2]].tolist() == [2.0, 0.5]
    assert np.exp(state.lean[[1, 2], 5].astype(float)) == pytest.approx([3, 1 / 3], rel=1e-3)


def test_only_what_others_do_with_originals_counts() -> None:
    state = supply.start(people(), CONFIG)
    likes = np.full(3, "like", object)
    supply.observe_engagements(state, tweets_of([1] * 3, [0] * 3, [0.5] * 3), np.full(3, 1), np.arange(3), likes)
    for kind in ("reply", "retweet", "quote"):
        tweets = tweets_of([1] * 3, [0] * 3, [0.5] * 3, kind)
        supply.observe_tweets(state, tweets, np.arange(3))
        supply.observe_impressions(state, tweets, np.full(3, 4), np.arange(3))
        supply.observe_engagements(state, tweets, np.full(3, 4), np.arange(3), likes)
    for column in (state.points, state.tweets, state.hot_points, state.hot_tweets, state.surplus):
        assert not column.any()


def test_a_voice_moves_numbers_topics_and_outrage_of_posts() -> None:
    config = WorldConfig(people=2_000, days=1, tweets_per_day=3.0, bursts_per_day=0.0)
    crowd = make_people(config)
    shocks = make_shocks(config, topic_popularity(config))
    count, lean = len(crowd), np.zeros((len(crowd), config.topics), np.float16)
    lean[:, 4] = log(3)
    one, hot = np.ones(count, np.float32), np.full(count, 2.0, np.float32)
    plain = make_posts(config, crowd, shocks, 0)
    louder = make_posts(config, crowd, shocks, 0, Voice(np.full(count, 2.0), lean * 0, one))
    leaning = make_posts(config, crowd, shocks, 0, Voice(np.ones(count), lean, one))
    angry = make_posts(config, crowd, shocks, 0, Voice(np.ones(count), lean * 0, hot))
    assert len(louder) == pytest.approx(2 * len(plain), rel=0.1)
    assert len(leaning) == len(angry) == len(plain)
    assert (leaning.topic[:, 0] == 4).sum() > 1.8 * (plain.topic[:, 0] == 4).sum()
    assert (
        (leaning.topic[:, 0] == plain.topic[:, 0]) | (leaning.topic[:, 0] == 4) | (plain.topic[:, 0] > 4)
    ).mean() > 0.9
    assert np.array_equal(angry.pull.bait, plain.pull.bait)
    before, after = (float((one.pull.outrage[one.toxicity == 0] > 0).sum()) for one in (plain, angry))
    assert 1.5 * before < after <= 2.2 * before
    silent = make_posts(config, crowd, shocks, 0, Voice(np.zeros(count), lean, hot))
    assert len(silent) == 0


def test_heat_multiplies_the_chance_of_outrage() -> None:
    n = 100_000
    author = np.zeros(n, np.int64) + int(np.flatnonzero(people().kind == 0)[0])
    about = About(author, np.full((n, 2), 2), np.ones(n, np.float32), np.zeros(n, np.int64), np.zeros(n, np.int64))
    found = [
        (originals(CONFIG.seed, people(), about, np.arange(n), np.full(len(people()), heat)).outrage > 0).mean()
        for heat in (0.5, 1.0, 2.0)
    ]
    assert found[0] == pytest.approx(found[1] / 2, rel=0.1)
    assert found[2] == pytest.approx(found[1] * 2, rel=0.1)


class Nothing:
    """A feed that shows nobody anything."""

    policy = "nothing"

    def preview(self, originals: Any) -> None:
        pass

    def observe(self, events: Any) -> None:
        pass

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        columns = {"tweet_id": np.empty(0, np.int64), "author_id": np.empty(0, np.int64), "source": np.empty(0, object),
                   "score": np.empty(0, np.float32), "propensity": np.empty(0)}  # fmt: skip
        return CandidateBatch(requests, np.zeros(len(requests) + 1, np.int64), columns)


def log_of(config: WorldConfig, feed: Any) -> tuple[str, str, int]:
    """Requests, originals with their texts and true attributes, and the number of originals."""
    world = World.create(config)
    requests, posts = [], []
    for one in world.steps(world.start(), feed, config.end_us):
        events = one.events if isinstance(one, Written) else one
        if events.table == "requests":
            requests += events.frame().drop("policy").rows()
        elif isinstance(one, Written):
            rows = np.flatnonzero(events.columns["kind"] == "original")
            hidden = [column[rows].tolist() for column in one.hidden.values()]
            posts += list(zip(events.where(rows).frame().rows(), *hidden, strict=True))
    return repr(requests), repr(posts), len(posts)


def test_without_feedback_no_feed_moves_sessions_or_posting_and_with_each_slope_it_does() -> None:
    still = SAME.model_copy(update={"supply": SAME.supply.model_copy(update=dict.fromkeys(FEEDBACK, 0.0))})
    one, two, three = (log_of(still, feed) for feed in (LoggingFeed(), LoggingFeed(OTHER), Nothing()))
    assert one == two == three
    for name in FEEDBACK:
        strong = {name: 50.0, "usual_reward": 0.5}
        moved = still.model_copy(update={"supply": still.supply.model_copy(update=strong)})
        seen, unseen = log_of(moved, LoggingFeed()), log_of(moved, Nothing())
        assert seen[0] == unseen[0], name
        assert seen[1] != unseen[1], name
    silent = log_of(still.model_copy(update={"supply": still.supply.model_copy(update={"posting": 2.0})}), Nothing())
    assert silent[2] < 0.9 * three[2]


def test_a_killed_run_and_two_workers_give_the_same_bytes_and_state(tmp_path: Path) -> None:
    whole = make_world(CONFIG, tmp_path / "whole", feed=LoggingFeed())

    def stop(done: float, total: float, note: str = "", /) -> None:
        if done > 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_world(CONFIG, tmp_path / "again", feed=LoggingFeed(), progress=stop)
    again = make_world(CONFIG, tmp_path / "again", feed=LoggingFeed(), workers=2)
    assert again.content_hash == whole.content_hash
    one, two = (World.open(made.truth).saved() for made in (whole, again))
    assert one.supply.points.any()
    for a, b in zip(one.supply, two.supply, strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)
    world = World.open(whole.truth)
    state = State(CONFIG, world.people, None)
    assert [column.shape for column in state.supply] == [column.shape for column in one.supply]


def test_a_person_costs_some_hundred_bytes() -> None:
    state = supply.start(people(), CONFIG)
    size = sum(column.nbytes for column in {id(column): column for column in state}.values()) / len(people())
    assert size < 8 * CONFIG.topics + 200
    none = CONFIG.model_copy(update={"supply": CONFIG.supply.model_copy(update={"topics": 0.0})})
    small: Supply = next_day(supply.start(people(), none), config=none)
    assert small.lean.shape == small.surplus.shape == (len(people()), 1)
    rows: I64 = np.arange(2)
    supply.observe_tweets(small, tweets_of([1, 2], [5, 5], [0.0, 0.0]), rows)
    assert not small.surplus.any()


WRONG = [
    ("posting", -0.1), ("topics", 51.0), ("outrage", float("nan")), ("usual_reward", 0.0), ("noticed_reward", 0.0),
    ("expected_tweets", 0.0), ("memory_days", 0.0), ("expected_days", float("inf")), ("tilt_days", 4_000.0),
    ("reply_weight", -1.0), ("retweet_weight", 11.0), ("quote_weight", "many"), ("like_weight", -0.1),
    ("view_weight", -0.01),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"supply\.{name}"):
        WorldConfig.parse({"supply": {name: value}})


def test_every_setting_is_tried_with_a_wrong_value() -> None:
    assert {name for name, _ in WRONG} == set(SupplyConfig.model_fields)
