from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.batch import CandidateBatch, Requests
from data.errors import NotFoundError
from data.events import HOUR_US, EventBatch
from data.ids import snowflake
from experiments.simulation.logging_feed import SOURCES, LoggingConfig, LoggingFeed

NOW = 1_767_600_000_000_000 + 100 * HOUR_US
CONFIG = LoggingConfig(
    following=0.4, popular=0.25, fresh=0.15, explore=0.2, top=10, temperature=0.4, recency=0.2, recency_h=2.0,
    decay=0.05, engagement=0.7, retweeted=0.3, heating=1.6, current_h=36.0, fresh_h=18.0,
)  # fmt: skip
ALIVE_H = 47
SPOKEN = ("en", "ja")


class Log:
    """A small log for a feed, and the policy written out plainly: the independent implementation."""

    def __init__(self, config: LoggingConfig = CONFIG) -> None:
        self.config = config
        self.feed = LoggingFeed(config)
        self.follows: dict[int, list[int]] = {}
        self.tweets: dict[int, tuple[int, int, int]] = {}
        self.score: dict[int, float] = {}
        self.warmed: dict[int, list[tuple[float, int]]] = {}
        self.close: dict[tuple[int, int], int] = {}
        self.gone: set[int] = set()
        self.mutes: set[tuple[int, int]] = set()
        self.shown: set[tuple[int, int]] = set()
        self.users: list[int] = []
        self.replies: set[int] = set()
        self.silent: set[int] = set()
        self.previewed: set[int] = set()
        """Not yet in any list of what is popular."""

    def settle(self) -> None:
        """A quarter of an hour passes, in which an unknown tweet is deleted: lists are renewed."""
        self.add("deletions", tweet_id=-5, time_us=NOW + HOUR_US // 4)

    def language_of(self, user: int) -> str:
        """All but the last speak the first language."""
        return SPOKEN[user == self.users[-1]]

    def join(self, users: list[int]) -> None:
        self.users = users
        languages = np.array([self.language_of(user) for user in users], object)
        self.add("users", user_id=users, created_us=np.zeros(len(users), np.int64), language=languages)

    def block(self, user: int, other: int) -> None:
        self.mutes |= {(user, other), (other, user)}
        self.add("blocks", block_id=1, time_us=0, user_id=user, blocked_id=other, ended=False)

    def add(self, table: str, **columns: object) -> None:
        self.feed.observe(EventBatch(table, {n: np.atleast_1d(np.asarray(c)) for n, c in columns.items()}))

    def follow(self, a: int, b: int) -> None:
        self.follows.setdefault(a, []).insert(0, b)
        self.add("follows", follow_id=1, time_us=0, follower_id=a, followee_id=b, ended=False)

    def tweet(self, author: int, age_h: float, kind: str = "original", referenced: int = -1) -> int:
        time = NOW - int(age_h * HOUR_US)
        one = int(snowflake(time, len(self.tweets)))
        self.tweets[one] = (author, time, referenced if kind == "retweet" else one)
        if kind == "reply":
            self.replies.add(one)
            self.silent |= {one} if referenced in self.replies else set()
        texts = {"kind": np.array([kind], object), "language": np.array([self.language_of(author)], object)}
        self.add("tweets", tweet_id=one, time_us=time, author_id=author, referenced_id=referenced, **texts)
        return one

    def heat(self, tweet: int) -> float:
        """Its engagement, each weighing exp(-age / 5 h), when lists were renewed last."""
        renewed = NOW + HOUR_US // 4
        return sum(
            weight * float(np.exp((time - renewed) / (5 * HOUR_US))) for weight, time in self.warmed.get(tweet, [])
        )

    def warmth(self, tweet: int) -> float:
        return float((1 + self.heat(tweet)) ** self.config.heating)

    def engage(self, user: int, tweet: int, action: str, age_h: float = 1.0) -> None:
        author, weight = self.tweets[tweet][0], {"like": 1.0, "retweet": 2.0, "reply": 1.5}.get(action, 0.0)
        self.score[tweet] = self.score.get(tweet, 0.0) + weight
        time = NOW - int(age_h * HOUR_US)
        self.warmed.setdefault(tweet, []).append((weight, time))
        if author in self.follows.get(user, []) and action != "not_interested":
            self.close[user, author] = self.close.get((user, author), 0) + 1
        self.add("engagements", user_id=user, tweet_id=tweet, author_id=author,
                  action=np.array([action], object), time_us=time)  # fmt: skip

    def mute(self, user: int, other: int) -> None:
        self.mutes.add((user, other))
        self.add("mutes", mute_id=1, time_us=0, user_id=user, muted_id=other, ended=False)

    def delete(self, tweet: int) -> None:
        self.gone.add(tweet)
        self.add("deletions", tweet_id=tweet, time_us=NOW)

    def show(self, user: int, tweet: int) -> None:
        self.shown.add((user, tweet))
        self.add("impressions", user_id=user, tweet_id=tweet, time_us=NOW)

    def probabilities(self, user: int, above: list[int]) -> dict[int, float]:
        """Of every tweet at the next position, given those above."""
        clock, c = NOW + HOUR_US // 4, self.config
        oldest = clock - ALIVE_H * HOUR_US
        current = {t for t, (_, time, _) in self.tweets.items() if time > clock - c.current_h * HOUR_US}
        alive = [t for t, (_, time, target) in self.tweets.items()
                 if target == t and t not in self.gone | self.silent and time > oldest]  # fmt: skip
        spoken = [t for t in alive if self.language_of(self.tweets[t][0]) == self.language_of(user)]
        ranked = [t for t in spoken if t in current and t not in self.previewed]
        hottest = sorted(ranked, key=lambda t: (-self.heat(t), -t))[: self.config.top]
        allowed = {t for t in alive if self.tweets[t][0] != user and (user, self.tweets[t][0]) not in self.mutes
                   and (user, t) not in self.shown}  # fmt: skip
        brought: dict[int, float] = {}
        own: set[int] = set()
        for followee in self.follows.get(user, []):
            affinity = min(np.log1p(self.close.get((user, followee), 0)) / np.log(21), 1.0)
            newest = [t for t in sorted(self.tweets, reverse=True) if self.tweets[t][0] == followee and t in current]
            for one in newest:
                t = self.tweets[one][2]
                if t in allowed & current and (user, followee) not in self.mutes:
                    brought.setdefault(t, 0.3 * affinity)
                    own |= {t} if t == one else set()

        def weight(t: int) -> float:
            age = (NOW - self.tweets[t][1]) / HOUR_US
            score = (
                c.recency / (1 + age / c.recency_h)
                - c.decay * age
                + c.engagement * np.log10(self.score.get(t, 0.0) + 1)
            )
            return float(np.exp((score + brought[t]) / c.temperature)) * (1.0 if t in own else c.retweeted)

        def even(_: int) -> float:
            return 1.0

        left = allowed - set(above)
        pools = [[t for t in brought if t in left], [t for t in hottest if t in left],
                 [t for t in spoken if t in left and self.tweets[t][1] > clock - c.fresh_h * HOUR_US],
                 [t for t in spoken if t in left]]  # fmt: skip
        shares = np.array([c.following, c.popular, c.fresh, c.explore]) * [len(p) > 0 for p in pools]
        shares = shares / shares.sum()
        out: dict[int, float] = {}
        for pool, share, weigh in zip(pools, shares, (weight, self.warmth, even, even), strict=True):
            total = sum(weigh(t) for t in pool)
            for t in pool:
                out[t] = out.get(t, 0.0) + share * weigh(t) / total
        return out


def small(config: LoggingConfig = CONFIG) -> tuple[Log, int]:
    log = Log(config)
    users = [int(snowflake(NOW - 500 * HOUR_US, i)) for i in range(6)]
    me, a, b, c, d, e = users
    log.join(users)
    for other in (a, b, e):
        log.follow(me, other)
    tweets = [log.tweet(who, 40 - 3 * i) for i, who in enumerate((a, a, b, c, d, e, me, c, d, a, b, c))]
    old = log.tweet(c, 0.5)
    log.tweet(b, 0.4, "retweet", tweets[3])
    log.tweet(a, 0.3, "retweet", old)
    answer = log.tweet(b, 0.25, "reply", tweets[0])
    log.tweet(a, 0.2, "reply", answer)
    for tweet, action in ((tweets[0], "like"), (tweets[3], "retweet"), (tweets[3], "like"), (tweets[8], "reply"),
                          (tweets[2], "click"), (tweets[2], "not_interested")):  # fmt: skip
        log.engage(me, tweet, action)
    log.engage(a, tweets[8], "like")
    log.mute(me, e)
    log.block(d, me)
    log.delete(tweets[9])
    log.show(me, tweets[1])
    log.tweet(e, 0.1, "retweet", tweets[7])
    log.settle()
    return log, me


def serve(log: Log, user: int, n: int, k: int, first: int = 0) -> CandidateBatch:
    columns = {"request_id": snowflake(np.full(n, NOW), np.arange(n) % 4096) + (first + np.arange(n) // 4096) * 4096,
               "user_id": np.full(n, user), "user_row": np.zeros(n, np.int64), "time_us": np.full(n, NOW)}  # fmt: skip
    return log.feed.serve(Requests(columns), k)


def test_propensities_are_exact_given_the_prefix() -> None:
    log, me = small()
    slate = serve(log, me, 300, 8)
    for b in range(300):
        rows = slice(slate.offsets[b], slate.offsets[b + 1])
        served = slate.columns["tweet_id"][rows].tolist()
        for position, (tweet, said) in enumerate(zip(served, slate.columns["propensity"][rows], strict=True)):
            p = log.probabilities(me, served[:position])
            assert sum(p.values()) == pytest.approx(1.0)
            assert said == pytest.approx(p[tweet], rel=1e-11)


def test_what_is_popular_cools_by_a_factor_of_e_in_five_hours() -> None:
    """Ten are popular: three likes of 22 hours ago are less than one of four hours ago, 60 of 20 hours more."""
    log = Log(CONFIG)
    users = [int(snowflake(NOW - 500 * HOUR_US, i)) for i in range(6)]
    log.join(users)
    tweets = [log.tweet(users[1 + at % 4], 30 - at) for at in range(14)]
    for at, tweet in enumerate(tweets):
        for _ in range(3 if at in (1, 5, 12) else 0):
            log.engage(users[0], tweet, "like", 22.0)
    for _ in range(60):
        log.engage(users[0], tweets[0], "like", 20.0)
    for at, tweet in enumerate(tweets):
        if at not in (0, 1, 5, 12, 13):
            log.engage(users[0], tweet, "like", 4.0 if at % 2 else 1.0)
    log.engage(users[0], tweets[12], "like", 0.5)
    log.settle()
    hottest = sorted(tweets, key=log.heat)[::-1][:10]
    assert {tweets[0], tweets[12]} < set(hottest)
    assert not {tweets[1], tweets[5], tweets[13]} & set(hottest)
    slate = serve(log, users[0], 200, 6)
    for b in range(200):
        rows = slice(slate.offsets[b], slate.offsets[b + 1])
        served = slate.columns["tweet_id"][rows].tolist()
        for position, (tweet, said) in enumerate(zip(served, slate.columns["propensity"][rows], strict=True)):
            assert said == pytest.approx(log.probabilities(users[0], served[:position])[tweet], rel=1e-11)


def test_what_a_tick_brings_is_shown_once_it_is_indexed_at_its_exact_propensity() -> None:
    log, me = small(CONFIG.model_copy(update={"indexing_s": 30.0}))
    without = serve(log, me, 300, 8)
    followed, stranger = log.users[1], log.users[3]
    ages_s = np.array([90.0, 31.0, 29.0, -60.0])
    time = NOW - (ages_s * 1e6).astype(np.int64)
    ids = snowflake(time, np.arange(4))
    author = np.array([followed, followed, followed, stranger])
    columns = {"tweet_id": ids, "time_us": time, "author_id": author, "referenced_id": np.full(4, -1),
               "kind": np.full(4, "original", object), "language": np.full(4, "en", object)}  # fmt: skip
    log.feed.preview(EventBatch("tweets", columns))
    known = {int(ids[at]): (followed, int(time[at]), int(ids[at])) for at in (0, 1)}
    log.tweets |= known
    log.previewed = set(known)
    slate, seen = serve(log, me, 300, 8), set[int]()
    for b in range(300):
        rows = slice(slate.offsets[b], slate.offsets[b + 1])
        served = slate.columns["tweet_id"][rows].tolist()
        seen |= set(served)
        for position, (tweet, said) in enumerate(zip(served, slate.columns["propensity"][rows], strict=True)):
            assert said == pytest.approx(log.probabilities(me, served[:position])[tweet], rel=1e-11)
    assert seen & set(ids.tolist()) == set(known)
    log.feed.preview(EventBatch("tweets", {name: column[:0] for name, column in columns.items()}))
    again = serve(log, me, 600, 8)
    assert not set(again.columns["tweet_id"].tolist()) & set(ids.tolist())
    first = slice(0, without.offsets[300])
    assert np.array_equal(again.columns["tweet_id"][first], without.columns["tweet_id"])
    assert np.array_equal(again.columns["propensity"][first], without.columns["propensity"])


@pytest.mark.parametrize("position", [0, 1])
def test_draws_are_as_frequent_as_their_propensities(position: int) -> None:
    log, me = small()
    n = 20_000
    slate = serve(log, me, n, 2)
    ids = slate.columns["tweet_id"].reshape(n, 2)
    if position:
        first = np.unique(ids[:, 0], return_counts=True)
        above = int(first[0][first[1].argmax()])
        ids = ids[ids[:, 0] == above]
        p = log.probabilities(me, [above])
    else:
        p = log.probabilities(me, [])
    for tweet, expected in p.items():
        share = (ids[:, position] == tweet).mean()
        assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / len(ids)) + 1e-9


def test_never_shows_what_it_must_not() -> None:
    log, me = small()
    slate = serve(log, me, 50, 40)
    assert set(slate.columns["tweet_id"].tolist()) == set(log.probabilities(me, []))
    assert all(len(set(s.tolist())) == len(s) for s in np.split(slate.columns["tweet_id"], slate.offsets[1:-1]))
    assert set(slate.columns["source"]) <= set(SOURCES)


def test_what_is_deleted_within_the_quarter_is_not_shown_from_the_popular_list() -> None:
    log, me = small(CONFIG.model_copy(update={"top": 40}))
    before = set(serve(log, me, 50, 40).columns["tweet_id"].tolist())
    hot = max(before, key=log.heat)
    log.gone.add(hot)
    log.add("deletions", tweet_id=hot, time_us=NOW + HOUR_US // 4 + 1)
    slate = serve(log, me, 50, 40)
    assert set(slate.columns["tweet_id"].tolist()) == before - {hot}
    served = slate.columns["tweet_id"][: slate.offsets[1]].tolist()
    for position, tweet in enumerate(served):
        stated = slate.columns["propensity"][position]
        assert stated == pytest.approx(log.probabilities(me, served[:position])[tweet], rel=1e-11)


def test_who_serves_does_not_change_what_is_popular() -> None:
    (log, me), (other, _) = small(), small()
    serve(other, me, 20, 10)
    for one in (log, other):
        one.add("deletions", tweet_id=-6, time_us=NOW + HOUR_US)
    assert np.array_equal(serve(log, me, 30, 8).columns["tweet_id"], serve(other, me, 30, 8).columns["tweet_id"])


def test_a_request_is_answered_alike_alone_and_in_company() -> None:
    log, me = small()
    together, alone = serve(log, me, 9, 5), serve(log, me, 1, 5)
    assert np.array_equal(together.columns["tweet_id"][:5], alone.columns["tweet_id"])
    assert np.array_equal(together.columns["propensity"][:5], alone.columns["propensity"])


def test_nothing_to_show_is_an_empty_slate_and_a_stranger_an_error() -> None:
    log = Log()
    log.join([11, 12])
    assert serve(log, 11, 3, 5).offsets.tolist() == [0, 0, 0, 0]
    with pytest.raises(NotFoundError, match="13"):
        serve(log, 13, 1, 5)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_propensities_are_exact_in_random_small_networks(data: st.DataObject) -> None:
    log = Log(LoggingConfig(top=10, temperature=0.3, explore=0.2, decay=0.02, current_h=data.draw(st.floats(1, 47))))
    users = [int(snowflake(NOW - 500 * HOUR_US, i)) for i in range(5)]
    log.join(users)
    who = st.sampled_from(users)
    for a, b in data.draw(st.lists(st.tuples(who, who).filter(lambda p: p[0] != p[1]), max_size=8, unique=True)):
        log.follow(a, b)
    ages = sorted(data.draw(st.lists(st.floats(0.1, 60.0), min_size=3, max_size=9)), reverse=True)
    tweets: list[int] = []
    for age in ages:
        retweet = bool(tweets) and data.draw(st.integers(0, 3)) == 0
        made = log.tweet(data.draw(who), age, *(("retweet", data.draw(st.sampled_from(tweets))) if retweet else ()))
        tweets += [] if retweet else [made]
    for tweet in data.draw(st.lists(st.sampled_from(tweets), max_size=6)):
        log.engage(data.draw(who), tweet, data.draw(st.sampled_from(["like", "retweet", "click"])))
    log.settle()
    me = data.draw(who)
    slate = serve(log, me, 4, 4)
    for b in range(4):
        rows = slice(slate.offsets[b], slate.offsets[b + 1])
        served = slate.columns["tweet_id"][rows].tolist()
        for position, tweet in enumerate(served):
            expected = log.probabilities(me, served[:position])[tweet]
            assert slate.columns["propensity"][rows][position] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("name", "value"), [
    ("fresh", -0.1), ("fresh", 1.1), ("decay", -0.1), ("engagement", -1.0), ("engagement", np.inf),
    ("retweeted", 1.5), ("retweeted", -0.5), ("heating", -1.0), ("current_h", 0.0), ("current_h", 48.0),
    ("fresh_h", 0.0), ("fresh_h", 47.5), ("fresh_h", np.nan), ("explore", 0.0), ("following", 0.0),
])  # fmt: skip
def test_settings_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        LoggingConfig(**{name: value})


def test_what_is_old_is_shown_by_exploration_alone_at_its_exact_propensity() -> None:
    """Of 20 tweets alive ten are old: each has the share of `explore` over 20, whoever wrote or liked it."""
    log = Log(LoggingConfig(top=100, explore=0.02))
    users = [int(snowflake(NOW - 500 * HOUR_US, i)) for i in range(4)]
    me, a, b, _ = users
    log.join(users)
    log.follow(me, a)
    tweets = [log.tweet((a, b)[i % 2], 46 - 2.3 * i) for i in range(20)]
    for tweet in tweets[:6]:
        log.engage(b, tweet, "retweet", 1.0)
    log.settle()
    slate = serve(log, me, 20_000, 1)
    c = slate.columns
    old = np.isin(c["tweet_id"], [t for t in tweets if log.tweets[t][1] <= NOW + HOUR_US // 4 - 24 * HOUR_US])
    config = log.config
    # Nothing is fresh, or the last would be younger than two hours.
    whole = config.following + config.popular + config.explore
    assert set(c["source"][old]) == {"explore"}
    np.testing.assert_allclose(c["propensity"][old], config.explore / whole / 20, rtol=1e-12)
    assert old.mean() == pytest.approx(config.explore / whole / 2, rel=0.25)
    assert set(c["source"]) == {"following", "popular", "explore"}
