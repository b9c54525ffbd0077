"""Ranked feeds: candidates against a replay of the log in plain Python, the order by score, what oracles promise."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from data.batch import CandidateBatch, Requests
from data.errors import NotFoundError
from data.events import DAY_US, HOUR_US, EventBatch
from data.ids import snowflake
from data.schema import POSITIVE_ACTIONS
from data.synthetic.config import WorldConfig
from data.synthetic.new_tweets import Written
from data.synthetic.state import State
from data.synthetic.world import World
from experiments.simulation.candidate_scores import (
    POLICIES,
    OracleScores,
    PopularityScores,
    RecencyScores,
    standardised,
)
from experiments.simulation.logging_feed import ALIVE_US, RING, SOURCES, LoggingConfig
from experiments.simulation.ranked_feed import RankedConfig, RankedFeed

CONFIG = WorldConfig.parse({"people": 150, "days": 3, "follows": 12, "tweets_per_day": 1.0, "seed": 5})
WIDE = RankedConfig(most=2_000, per_author=100, popular=30, explore=25, young_h=5)
NOW = CONFIG.start_us + 2 * DAY_US
INDEXED_US = NOW - int(LoggingConfig().indexing_s * 1e6)
"""Posts after this are not shown yet."""


@dataclass
class Ran:
    """A world that ran for two days with a feed by recency, and its log."""

    world: World
    state: State
    feed: RankedFeed
    log: list[EventBatch]

    def feed_by(self, name: str, scores: object, config: RankedConfig = WIDE) -> RankedFeed:
        """Another feed that has observed the same log."""
        feed = RankedFeed(name, scores, config)  # type: ignore[arg-type]
        for events in self.log:
            feed.observe(events)
        return feed

    def oracle(self, welfare: float) -> OracleScores:
        return OracleScores(self.world, self.state, welfare)

    def requests(self, users: np.ndarray | None = None) -> Requests:
        rows = np.arange(CONFIG.people) if users is None else users
        n = len(rows)
        return Requests({
            "request_id": snowflake(NOW + np.arange(n), 0), "user_id": self.world.people.user_id[rows],
            "user_row": rows, "time_us": np.full(n, NOW), "limit": np.full(n, 40),
        })  # fmt: skip


@pytest.fixture(scope="module")
def ran() -> Ran:
    world = World.create(CONFIG)
    state = world.start()
    feed = RankedFeed("recency", RecencyScores(), WIDE)
    log = [one.events if isinstance(one, Written) else one for one in world.steps(state, feed, NOW)]
    return Ran(world, state, feed, log)


class Plain:
    """What the log holds, in plain Python."""

    def __init__(self, log: list[EventBatch]) -> None:
        self.language: dict[int, str] = {}
        self.tweets: dict[int, dict[str, object]] = {}
        self.follows: dict[int, set[int]] = defaultdict(set)
        self.hidden: dict[int, set[int]] = defaultdict(set)
        self.shown: dict[int, list[int]] = defaultdict(list)
        self.gone: set[int] = set()
        self.engagement: dict[int, float] = defaultdict(float)
        weight = {"like": 1.0, "reply": 1.5, "retweet": 2.0}
        for events in log:
            names = list(events.columns)
            for row in zip(*(column.tolist() for column in events.columns.values()), strict=True):
                one = dict(zip(names, row, strict=True))
                if events.table == "users":
                    self.language[one["user_id"]] = one["language"]
                elif events.table == "tweets":
                    self.tweets[one["tweet_id"]] = one
                elif events.table == "follows":
                    (
                        self.follows[one["follower_id"]].discard
                        if one["ended"]
                        else self.follows[one["follower_id"]].add
                    )(one["followee_id"])
                elif events.table == "mutes":
                    self.hidden[one["user_id"]].add(one["muted_id"])
                elif events.table == "blocks":
                    self.hidden[one["user_id"]].add(one["blocked_id"])
                    self.hidden[one["blocked_id"]].add(one["user_id"])
                elif events.table == "deletions":
                    self.gone.add(one["tweet_id"])
                elif events.table == "impressions":
                    self.shown[one["user_id"]].append(one["tweet_id"])
                elif events.table == "engagements":
                    self.engagement[one["tweet_id"]] += weight.get(one["action"], 0.0)

    def shows(self, tweet: dict[str, object]) -> int | None:
        """What a tweet would be shown as: itself, or the original of a retweet; answers to answers are not shown."""
        if tweet["kind"] == "retweet":
            return tweet["referenced_id"]  # type: ignore[return-value]
        parent = self.tweets.get(tweet["referenced_id"])  # type: ignore[call-overload]
        deep = tweet["kind"] == "reply" and parent is not None and parent["kind"] == "reply"
        return None if deep else tweet["tweet_id"]  # type: ignore[return-value]

    def allowed(self, user: int, tweet_id: int, clock: int) -> bool:
        tweet = self.tweets[tweet_id]
        return (
            tweet["author_id"] != user
            and tweet["author_id"] not in self.hidden[user]
            and tweet_id not in self.gone
            and tweet_id not in self.shown[user][-RING:]
            and clock - ALIVE_US < tweet["time_us"] <= INDEXED_US
        )  # type: ignore[operator]

    def from_followed(self, user: int, clock: int) -> set[int]:
        authors = self.follows[user] - self.hidden[user]
        shown = {
            self.shows(one)
            for one in self.tweets.values()
            if one["author_id"] in authors and clock - ALIVE_US < one["time_us"] <= INDEXED_US  # type: ignore[operator]
        }
        return {one for one in shown if one is not None and self.allowed(user, one, clock)}


def lists_of(batch: CandidateBatch, name: str) -> list[list[int]]:
    return [part.tolist() for part in np.split(batch.columns[name], batch.offsets[1:-1])]


def clock_of(log: list[EventBatch]) -> int:
    return max(int(events.time_us[-1]) for events in log if len(events))


def test_candidates_are_what_a_plain_replay_of_the_log_allows(ran: Ran) -> None:
    plain, clock = Plain(ran.log), clock_of(ran.log)
    batch = ran.feed.candidates(ran.requests())
    followed = explored = 0
    for user, ids, codes in zip(
        ran.world.people.user_id[: CONFIG.people].tolist(), lists_of(batch, "tweet_id"), lists_of(batch, "source_code"),
        strict=True,
    ):  # fmt: skip
        assert ids == sorted(set(ids), reverse=True)
        assert all(plain.allowed(user, one, clock) for one in ids)
        by_source = {
            name: {one for one, code in zip(ids, codes, strict=True) if SOURCES[code] == name} for name in SOURCES
        }
        assert by_source["following"] == plain.from_followed(user, clock)
        spoken = plain.language[user]
        for one in by_source["popular"] | by_source["explore"]:
            assert plain.tweets[one]["language"] == spoken
        for one in by_source["explore"]:
            assert plain.tweets[one]["time_us"] >= NOW - 5 * HOUR_US  # type: ignore[operator]
        assert len(by_source["explore"]) <= 25
        assert len(by_source["popular"]) <= 30
        followed, explored = followed + len(by_source["following"]), explored + len(by_source["explore"])
    assert followed > 100
    assert explored > 100
    engagement = dict(zip(batch.columns["tweet_id"].tolist(), batch.columns["engagement"].tolist(), strict=True))
    assert max(engagement.values()) > 0
    assert engagement == pytest.approx({one: plain.engagement[one] for one in engagement})
    posted = dict(zip(batch.columns["tweet_id"].tolist(), batch.columns["posted_us"].tolist(), strict=True))
    assert posted == {one: plain.tweets[one]["time_us"] for one in posted}


def test_feeds_with_other_scores_have_the_same_candidates(ran: Ran) -> None:
    popular = ran.feed_by("popularity", PopularityScores())
    a, b = ran.feed.candidates(ran.requests()), popular.candidates(ran.requests())
    np.testing.assert_array_equal(a.offsets, b.offsets)
    np.testing.assert_array_equal(a.columns["tweet_id"], b.columns["tweet_id"])
    other = ran.feed_by("popularity", PopularityScores(), WIDE.model_copy(update={"seed": 1}))
    assert other.candidates(ran.requests()).columns["tweet_id"].tolist() != a.columns["tweet_id"].tolist()


def test_caps_bound_the_candidates(ran: Ran) -> None:
    few = ran.feed_by("recency", RecencyScores(), RankedConfig(most=10, per_author=2, popular=10, explore=0))
    assert 10 < np.diff(few.candidates(ran.requests()).offsets).max() <= 20
    assert few.policy.startswith("recency-")
    assert RankedFeed("recency", RecencyScores()).policy == "recency"


def test_slates_are_ordered_by_score_and_the_newer_of_equals_comes_first(ran: Ran) -> None:
    feed = ran.feed_by("popularity", PopularityScores())
    requests = ran.requests()
    limited = Requests(dict(requests.columns) | {"limit": np.arange(CONFIG.people) % 7})
    batch, slate = feed.candidates(limited), feed.serve(limited, 5)
    found = zip(lists_of(batch, "tweet_id"), lists_of(batch, "engagement"), lists_of(slate, "tweet_id"), strict=True)
    ties = 0
    for at, (ids, scores, shown) in enumerate(found):
        best = sorted(zip(ids, scores, strict=True), key=lambda one: (-one[1], -one[0]))[: min(5, at % 7)]
        assert shown == [one for one, _ in best]
        ties += len({score for _, score in best}) < len(best)
    assert ties > 5
    assert (slate.columns["propensity"] == 1).all()
    authors = dict(zip(batch.columns["tweet_id"].tolist(), batch.columns["source_code"].tolist(), strict=True))
    assert {SOURCES[authors[one]] for one in slate.columns["tweet_id"].tolist()} == set(slate.columns["source"])
    plain = Plain(ran.log)
    for one, author in zip(slate.columns["tweet_id"].tolist(), slate.columns["author_id"].tolist(), strict=True):
        assert plain.tweets[one]["author_id"] == author


def test_recency_shows_the_newest(ran: Ran) -> None:
    slate = ran.feed.serve(ran.requests(), 10)
    batch = ran.feed.candidates(ran.requests())
    for ids, shown in zip(lists_of(batch, "tweet_id"), lists_of(slate, "tweet_id"), strict=True):
        assert shown == ids[:10]


def expected(ran: Ran, slate: CandidateBatch) -> tuple[np.ndarray, np.ndarray]:
    """[B] sums over each slate of the probability of any positive action, and of welfare, by the truth."""
    rows = {"tweet_row": ran.state.tweet_rows(slate.columns["tweet_id"])}
    one = CandidateBatch(slate.requests, slate.offsets, rows)
    truth = ran.world.truth
    p = truth.action_probability(ran.state, one)
    positive = [at for at, action in enumerate(truth.actions) if action in POSITIVE_ACTIONS]
    values = 1 - np.prod(1 - p[:, positive], axis=1), truth.welfare(ran.state, one)
    engagement, welfare = (np.bincount(one.request, value, len(one.requests)) for value in values)
    return engagement, welfare


def test_each_oracle_is_best_at_its_own_truth_and_the_mix_lies_between(ran: Ran) -> None:
    mixes = {"engagement": 0.0, "even": 0.5, "welfare": 1.0}
    feeds = {name: ran.feed_by(name, ran.oracle(mix)) for name, mix in mixes.items()}
    feeds |= {"popularity": ran.feed_by("popularity", PopularityScores()), "recency": ran.feed}
    engagement, welfare = {}, {}
    for name, feed in feeds.items():
        engagement[name], welfare[name] = expected(ran, feed.serve(ran.requests(), 8))
    for name in feeds:
        assert (engagement["engagement"] >= engagement[name] - 1e-9).all()
        assert (welfare["welfare"] >= welfare[name] - 1e-9).all()
    assert engagement["engagement"].sum() > engagement["even"].sum() > engagement["welfare"].sum()
    assert welfare["welfare"].sum() > welfare["even"].sum() > welfare["engagement"].sum()


def test_scores_are_standardised_within_each_request() -> None:
    values, lengths = np.array([1.0, 3.0, 5.0, 7.0, 7.0, 2.0]), np.array([3, 0, 2, 1])
    spread = np.std([1.0, 3.0, 5.0])
    assert standardised(values, lengths).tolist() == pytest.approx([-2 / spread, 0, 2 / spread, 0, 0, 0])
    assert len(standardised(np.empty(0), np.array([0, 0]))) == 0


def test_whoever_was_muted_or_blocks_is_shown_no_more(ran: Ran) -> None:
    feed = ran.feed_by("recency", RecencyScores())
    before = feed.candidates(ran.requests())
    sizes = np.diff(before.offsets)
    reader = int(np.argmax(sizes))
    plain = Plain(ran.log)
    mine = lists_of(before, "tweet_id")[reader]
    authors = list(dict.fromkeys(plain.tweets[one]["author_id"] for one in mine))
    user = int(ran.world.people.user_id[reader])
    muted, blocking, deleted = authors[0], authors[1], next(
        one for one in mine if plain.tweets[one]["author_id"] not in authors[:2]
    )  # fmt: skip
    row = {"time_us": NOW, "ended": False}
    for table, columns in (
        ("mutes", {"mute_id": 1, "user_id": user, "muted_id": muted, **row}),
        ("blocks", {"block_id": 1, "user_id": blocking, "blocked_id": user, **row}),
        ("deletions", {"tweet_id": deleted, "time_us": NOW}),
    ):
        feed.observe(EventBatch(table, {name: np.array([value]) for name, value in columns.items()}))
    only = partial(ran.requests, np.array([reader]))
    after = feed.candidates(only()).columns["tweet_id"].tolist()
    assert after
    assert deleted not in after
    assert not {plain.tweets[one]["author_id"] for one in after} & {muted, blocking}


def test_a_stranger_is_refused(ran: Ran) -> None:
    requests = Requests({**ran.requests(np.array([0])).columns, "user_id": np.array([7])})
    with pytest.raises(NotFoundError, match="user 7 is unknown"):
        ran.feed.serve(requests, 5)


def test_only_oracles_know_the_truth(ran: Ran) -> None:
    for name, make in POLICIES.items():
        assert isinstance(make(ran.world, ran.state, 0.5), OracleScores) == ("oracle" in name)
