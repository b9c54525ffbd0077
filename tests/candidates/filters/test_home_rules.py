"""The rules of the home feed against plain Python over drawn networks, with a source that brings everything."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidates.component import Source
from candidates.filters.holdout import Holdout, HoldoutConfig, HoldoutGroup
from candidates.products.home import HomeConfig, home_funnel
from candidates.selectors import TopKConfig
from candidates.side_effects.impressions import Impressions
from candidates.timelines import PulledTimelines
from candidates.trace import FunnelResult
from data.batch import Array, CandidateBatch, Ragged, Requests
from data.events import HOUR_US, EventBatch
from features.online import FeatureState

NOW = 1_767_700_000_000_000
PEOPLE = list(range(1, 6))
TEXTS = {"username", "name", "language", "kind", "text"}
Tweet = tuple[int, str, int, float, str]
"""Author, kind, index of the tweet referred to, hours ago, text."""


def events(table: str, **columns: object) -> EventBatch:
    return EventBatch(table, {n: np.array(c, object if n in TEXTS else None) for n, c in columns.items()})


class Everything(Source):
    """Brings every tweet there is to everybody."""

    cap = 1_000

    def __init__(self, state: FeatureState) -> None:
        self.network = state.network

    def fetch(self, requests: Requests) -> Ragged:
        return Ragged.from_lists([list(range(len(self.network.tweets)))] * len(requests))


class ById:
    """Ranks by the tweet's id."""

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        return {"score": (batch.columns["tweet_id"] % 1_000).astype(np.float32)}


class Net:
    """A drawn network as plain Python, and as a feature state."""

    def __init__(
        self, tweets: list[Tweet], deleted: set[int], follows: set[tuple[int, int]], mutes: set[tuple[int, int]],
        blocks: set[tuple[int, int]],
    ) -> None:  # fmt: skip
        # A tweet refers to an earlier one.
        self.tweets = [
            (a, k if at else "original", ref % max(at, 1), h, t) for at, (a, k, ref, h, t) in enumerate(tweets)
        ]
        self.deleted = {one % len(tweets) for one in deleted} if tweets else set()
        self.follows, self.mutes, self.blocks = follows, mutes, blocks

    def state(self) -> FeatureState:
        state, n = FeatureState(None, views=["tweet.windows"]), len(PEOPLE)
        state.update(events(
            "users", user_id=PEOPLE, created_us=[NOW - 10**12] * n, username=[f"u{i}" for i in PEOPLE], name=[""] * n,
            verified=[False] * n, language=["en"] * n, place=[-1] * n, utc_offset_min=[0] * n,
        ))  # fmt: skip
        for table, key, names, pairs in (
            ("follows", "follow_id", ("follower_id", "followee_id"), self.follows),
            ("mutes", "mute_id", ("user_id", "muted_id"), self.mutes),
            ("blocks", "block_id", ("user_id", "blocked_id"), self.blocks),
        ):
            if pairs:
                left, right = zip(*sorted(pairs), strict=True)
                edges = {names[0]: left, names[1]: right, key: range(len(left)), "ended": [False] * len(left)}
                state.update(events(table, time_us=[NOW - 10**11] * len(left), **edges))
        order = sorted(range(len(self.tweets)), key=lambda at: -self.tweets[at][3])
        for at in order:
            author, kind, ref, hours, text = self.tweets[at]
            state.update(events(
                "tweets", tweet_id=[100 + at], time_us=[NOW - int(hours * HOUR_US)], author_id=[author], kind=[kind],
                referenced_id=[-1 if kind == "original" else 100 + ref], conversation_id=[-1], place=[-1],
                text=["" if kind == "retweet" else text], language=["en"], media_count=[0],
            ))  # fmt: skip
        for at in sorted(self.deleted):
            state.update(events("deletions", tweet_id=[100 + at], time_us=[NOW - 1]))
        return state

    def content(self, at: int) -> int:
        return self.tweets[at][2] if self.tweets[at][1] == "retweet" else at

    def apart(self, reader: int, author: int) -> bool:
        return (reader, author) in self.mutes | self.blocks or (author, reader) in self.blocks

    def above(self, at: int) -> list[int]:
        """What a tweet's content answers, and so on up."""
        at, found = self.content(at), []
        while self.tweets[at][1] == "reply":
            at = self.tweets[at][2]
            found.append(at)
        return found

    def hidden(self, reader: int, at: int) -> bool:
        content = self.content(at)
        people = {self.tweets[at][0], self.tweets[content][0]}
        if self.tweets[content][1] == "quote":
            people.add(self.tweets[self.tweets[content][2]][0])
        return bool({at, content} & self.deleted) or any(self.apart(reader, one) for one in people)

    def below_hidden(self, reader: int, at: int) -> bool:
        return any(one in self.deleted or self.apart(reader, self.tweets[one][0]) for one in self.above(at))

    def outside(self, reader: int, at: int) -> bool:
        author, kind, ref, *_ = self.tweets[at]
        near = {reader} | {b for a, b in self.follows if a == reader}
        if kind == "retweet":
            return author not in near
        return kind == "reply" and not (author in near and self.tweets[ref][0] in near | {author})

    def allowed(self, reader: int, at: int) -> bool:
        author, _, _, hours, _ = self.tweets[at]
        text = self.tweets[self.content(at)][4] if self.tweets[self.content(at)][1] != "retweet" else ""
        return not (
            self.hidden(reader, at) or self.below_hidden(reader, at) or self.outside(reader, at)
            or author == reader or hours >= 48 or not text
        )  # fmt: skip

    def root(self, at: int) -> int:
        return (self.above(at) or [self.content(at)])[-1]


_pairs = st.sets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda p: p[0] != p[1]), max_size=6)
_kinds = st.sampled_from(["original", "reply", "quote", "retweet"])
_tweets = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), _kinds, st.integers(0, 30), st.sampled_from([1.0, 20.0, 47.9, 48.0, 60.0]),
        st.sampled_from(["words", "words", "words", ""]),
    ),
    min_size=1, max_size=14,
)  # fmt: skip
_nets = st.builds(Net, _tweets, st.sets(st.integers(0, 13), max_size=3), _pairs, _pairs, _pairs)


def run(state: FeatureState, people: list[int], k: int, config: HomeConfig | None = None) -> FunnelResult:
    timelines = PulledTimelines(state.network, max_age_h=100)
    funnel = home_funnel(state, timelines, ById(), config=config, strict=True, more=[Everything(state)])
    requests = state.requests(np.array(people), np.full(len(people), NOW))
    return funnel.run(requests.with_columns({"request_id": np.arange(len(people))}), k)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_nets, st.integers(1, 14))
def test_no_source_brings_anything_past_the_rules(net: Net, k: int) -> None:
    state = net.state()
    result = run(state, PEOPLE, k)
    trace, slate = result.trace, result.slate
    removed_after, left = sum(trace.removed_after.values()), len(trace.scored) - len(slate)
    assert len(trace.merged) == sum(trace.removed.values()) + len(trace.scored)
    assert 0 <= removed_after <= left
    for number, reader in enumerate(PEOPLE):
        own = slice(slate.offsets[number], slate.offsets[number + 1])
        shown = (slate.columns["tweet_id"][own] - 100).tolist()
        assert all(net.allowed(reader, at) for at in shown)
        roots = [net.root(at) for at in shown]
        assert len(set(roots)) == len(roots)  # no content twice either: it is of its own conversation
        # The slate is filled again: it is short only where no conversation is left.
        possible = {net.root(at) for at in range(len(net.tweets)) if net.allowed(reader, at)}
        assert len(shown) == min(k, len(possible))
        if k >= 14:
            assert set(roots) == possible
        for at in range(len(net.tweets)):
            why = trace.why(100 + at, number)
            fates = [why.removed_by is not None, why.removed_after is not None, why.position is not None]
            assert sum(fates) <= 1
            if why.removed_by is None:
                assert (why.removed_after in ("hidden", "ancestor")) <= (not net.allowed(reader, at))
        alone = run(state, [reader], k).slate.columns["tweet_id"].tolist()
        assert alone == slate.columns["tweet_id"][own].tolist()


def test_what_an_ancestor_hides_leaves_the_slate_and_the_next_best_comes() -> None:
    # The reader 1 follows 2 and 3; tweet 0 is answered by 1, which is deleted, and that by 2.
    tweets: list[Tweet] = [
        (2, "original", 0, 5.0, "a"), (3, "reply", 0, 4.0, "b"), (2, "reply", 1, 3.0, "c"),
        (3, "original", 0, 2.0, "d"), (2, "original", 0, 1.0, "e"),
    ]  # fmt: skip
    net = Net(tweets, {1}, {(1, 2), (1, 3)}, set(), set())
    plain = HomeConfig(selector=TopKConfig(), author_diversity=None)
    trace = run(net.state(), [1], 3, plain).trace
    assert trace.why(102).removed_after == "ancestor"
    assert str(trace.why(102)).endswith("removed after selection: ancestor")
    assert [trace.why(one).position for one in (104, 103, 100)] == [0, 1, 2]
    assert trace.removed_after == {"hidden": 0, "ancestor": 1, "conversation": 0}
    assert trace.why(101).removed_by == "deleted"
    whole = run(Net(tweets, set(), net.follows, set(), set()).state(), [1], 3, plain).trace
    assert [whole.why(one).position for one in (104, 103, 102)] == [0, 1, 2]
    assert whole.why(101).position is None
    assert whole.why(100).removed_after is None  # nothing of the slate was dropped: nothing else was judged


def test_a_retweet_by_someone_muted_brings_nothing() -> None:
    tweets: list[Tweet] = [(4, "original", 0, 5.0, "a"), (2, "retweet", 0, 1.0, "")]
    for mutes in (set(), {(1, 2)}):
        net = Net(tweets, set(), {(1, 2)}, mutes, set())
        state = net.state()
        only = HomeConfig(selector=TopKConfig(), popular_cap=0, newest_cap=0)
        funnel = home_funnel(state, PulledTimelines(state.network), ById(), config=only, strict=True)
        requests = state.requests(np.array([1]), NOW).with_columns({"request_id": np.array([1])})
        assert funnel.run(requests, 5).slate.columns["tweet_id"].tolist() == ([] if mutes else [100])


def test_a_reader_of_nobody_gets_the_newest_of_their_language() -> None:
    net = Net([(2, "original", 0, 5.0, "a"), (3, "original", 0, 1.0, "b")], set(), set(), set(), set())
    state = net.state()
    funnel = home_funnel(
        state, PulledTimelines(state.network), ById(), config=HomeConfig(selector=TopKConfig()), strict=True
    )
    requests = state.requests(np.array([1]), NOW).with_columns({"request_id": np.array([1])})
    assert funnel.run(requests, 5).slate.columns["tweet_id"].tolist() == [101, 100]


# ---- the holdout


CONFIG = HoldoutConfig(key=7, readers=0.2, originals=0.5, replies=0.25, retweets=1.0)


def drawn(config: HoldoutConfig, kind: str, n: int = 4_000) -> tuple[Array, Array]:
    """[n] whether each reader is of the group, and [n] whether each tweet of a kind is held out from the group."""
    net = Net([(2, "original", 0, 5.0, "a"), (3, kind, 0, 1.0, "b")], set(), set(), set(), set())
    network = net.state().network
    ids = np.arange(n) * 977 + 5
    group = HoldoutGroup(config).hydrate(Requests({"user_id": ids}))["holdout"]
    requests = Requests({"user_row": np.arange(2), "holdout": np.array([True, False])})
    rows = np.full(2 * n, 1)
    batch = CandidateBatch(requests, np.array([0, n, 2 * n]), {"tweet_id": np.tile(ids, 2), "tweet_row": rows})
    keep = Holdout(network, config).keep(batch)
    assert keep[n:].all()
    return group, ~keep[:n]


@pytest.mark.parametrize(("kind", "share"), [("original", 0.5), ("quote", 0.5), ("reply", 0.25), ("retweet", 1.0)])
def test_the_holdout_has_its_shares_and_is_the_same_again(kind: str, share: float) -> None:
    group, held = drawn(CONFIG, kind)
    assert abs(group.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 4_000)
    assert abs(held.mean() - share) <= 4 * np.sqrt(share * (1 - share) / 4_000)
    again_group, again = drawn(CONFIG, kind)
    assert np.array_equal(group, again_group)
    assert np.array_equal(held, again)
    # A larger share holds out more beside the same; another key draws anew.
    more_group, more = drawn(CONFIG.model_copy(update={"readers": 0.4, "originals": 0.8, "replies": 0.8}), kind)
    assert more_group[group].all()
    assert more[held].all()
    other_group, _ = drawn(CONFIG.model_copy(update={"key": 8}), kind)
    assert abs((group & other_group).mean() - 0.04) < 0.015


def test_the_group_is_logged_with_the_policy_and_held_out_from_every_source() -> None:
    net = Net([(2, "original", 0, 5.0, "a"), (3, "original", 0, 1.0, "b")], set(), set(), set(), set())
    everyone = HomeConfig(selector=TopKConfig(), holdout=HoldoutConfig(readers=1.0, originals=1.0))
    result = run(net.state(), [1], 5, everyone)
    assert len(result.slate) == 0
    assert result.trace.removed["holdout"] == 2

    class Held:
        def __init__(self) -> None:
            self.events: list[EventBatch] = []

        def emit(self, events: EventBatch) -> None:
            self.events.append(events)

    sink = Held()
    Impressions(sink, policy="heavy-3").after(result)
    assert sink.events[0].columns["policy"].tolist() == ["heavy-3+holdout"]
