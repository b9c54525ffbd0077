"""The home feed over a real feature state: who is shown what, why, and the same alone as in a batch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from candidates.products.home import HomeConfig, home_funnel
from candidates.selectors import TopKConfig
from candidates.timelines import PulledTimelines
from candidates.trace import FunnelResult
from candidates.tweet_vectors import TweetVectors
from data.batch import Array, CandidateBatch, Ragged, Requests
from data.errors import ConfigError, ModelError
from data.events import HOUR_US, EventBatch
from features.online import FeatureState
from ranking.slate.author_diversity import AuthorDiversityConfig

NOW = 1_767_700_000_000_000
TEXTS = {"username", "name", "language", "kind", "text", "action", "source", "product", "policy"}


def events(table: str, **columns: Sequence[object]) -> EventBatch:
    return EventBatch(table, {n: np.array(c, object if n in TEXTS else None) for n, c in columns.items()})


class EvenOdd:
    """A retrieval model worked out by eye: users and authors with ids alike in parity are near."""

    reads = ("user_id", "author_id")
    dim = 2

    def user_vectors(self, batch: CandidateBatch) -> Array:
        return np.eye(2, dtype=np.float32)[batch.requests.columns["user_id"] % 2]

    def tweet_vectors(self, batch: CandidateBatch) -> Array:
        return np.eye(2, dtype=np.float32)[batch.column("author_id") % 2]


class Newest:
    """Ranks by the tweet's id."""

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        return {"score": (batch.columns["tweet_id"] % 1_000).astype(np.float32)}


class Held:
    """An event sink that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[EventBatch] = []

    def emit(self, events: EventBatch) -> None:
        self.events.append(events)


PEOPLE = {1: "en", 2: "en", 3: "es", 4: "en", 5: "en", 6: "es"}
# id, author, hours ago, kind, refers to
TWEETS = [
    (101, 2, 50.0, "original", -1), (102, 2, 40.0, "original", -1), (103, 3, 30.0, "original", -1),
    (104, 4, 20.0, "original", -1), (105, 5, 10.0, "original", -1), (106, 6, 5.0, "original", -1),
    (107, 2, 4.0, "retweet", 105), (108, 1, 3.0, "original", -1), (109, 6, 2.0, "quote", 104),
    (110, 3, 1.0, "original", -1), (111, 5, 0.5, "original", -1),
]  # fmt: skip


@pytest.fixture
def state() -> FeatureState:
    """Person 1 follows 2 and 3; has muted 4, is blocked by nobody, has seen 110; 111 is deleted."""
    state = FeatureState(None, views=["tweet.windows"])
    ids = list(PEOPLE)
    state.update(
        events(
            "users", user_id=ids, created_us=[NOW - 10**12] * 6, username=[f"u{i}" for i in ids], verified=[False] * 6,
            name=[""] * 6, language=list(PEOPLE.values()), place=[-1] * 6, utc_offset_min=[0] * 6,
        )
    )  # fmt: skip
    state.update(
        events(
            "follows", follow_id=[1, 2, 3], time_us=[NOW - 10**11] * 3, follower_id=[1, 1, 6], followee_id=[2, 3, 1],
            ended=[False] * 3,
        )
    )  # fmt: skip
    state.update(events("mutes", mute_id=[1], time_us=[NOW - 10**11], user_id=[1], muted_id=[4], ended=[False]))
    tweet, author, hours, kind, refers = zip(*TWEETS, strict=True)
    n = len(TWEETS)
    state.update(
        events(
            "tweets", tweet_id=tweet, time_us=[NOW - int(h * HOUR_US) for h in hours], author_id=author, kind=kind,
            referenced_id=refers, conversation_id=[-1] * n, text=["words"] * n,
            language=[PEOPLE[a] for a in author], place=[-1] * n, media_count=[0] * n,
        )
    )  # fmt: skip
    state.update(events("deletions", tweet_id=[111], time_us=[NOW - 10]))
    state.update(
        events(
            "impressions", impression_id=[1], time_us=[NOW - 10**8], request_id=[9], user_id=[1], tweet_id=[110],
            author_id=[3], position=[0], source=["following"], score=[1.0], propensity=[1.0],
        )
    )  # fmt: skip
    state.update(
        events(
            "engagements", engagement_id=[1, 2, 3], time_us=[NOW - 3_000, NOW - 2_000, NOW - 1_000], user_id=[2, 3, 4],
            tweet_id=[106, 105, 105], author_id=[6, 5, 5], action=["like"] * 3, request_id=[-1] * 3,
            value=[np.nan] * 3, dwell_ms=[-1] * 3,
        )
    )  # fmt: skip
    return state


def vectors(state: FeatureState) -> TweetVectors:
    index = TweetVectors(EvenOdd())
    index.refresh(state, NOW)
    return index


def run(state: FeatureState, people: list[int], k: int = 20, **options: object) -> FunnelResult:
    timelines = PulledTimelines(state.network, max_age_h=60)
    funnel = home_funnel(state, timelines, Newest(), vectors(state), strict=True, **options)  # type: ignore[arg-type]
    return funnel.run(ask(state, people), k)


def ask(state: FeatureState, people: list[int]) -> Requests:
    requests = state.requests(np.array(people), np.full(len(people), NOW))
    return requests.with_columns({"request_id": 70 + np.arange(len(people))})


def shown(result: FunnelResult) -> list[list[int]]:
    ids = result.slate.columns["tweet_id"]
    return [part.tolist() for part in np.split(ids, result.slate.offsets[1:-1])]


def test_what_a_reader_is_shown_and_what_not(state: FeatureState) -> None:
    result = run(state, [1], config=HomeConfig(selector=TopKConfig()))
    trace = result.trace
    # 105 came by the retweet of 2; 106 is popular; 103 and 102 are followed; 104 is muted, 109 quotes it. 110 was shown
    # minutes ago: it may come, as so little else is there, and counts 0.3.
    assert shown(result) == [[103, 102, 106, 105, 110]]
    assert trace.why(105).source == "following"
    assert trace.why(106).source in ("two_tower", "popular")
    assert trace.why(110).factors["seen_factor"] == pytest.approx(0.3)
    reasons = {one: trace.why(one).removed_by for one in (101, 104, 108, 109)}
    assert reasons == {101: "age", 104: "muted", 108: "own", 109: "muted"}
    held = run(state, [1], config=HomeConfig(selector=TopKConfig(), served_leaves=4))
    assert shown(held) == [[103, 102, 106, 105]]
    assert held.trace.why(110).removed_by == "served"
    assert trace.why(111).source is None
    assert trace.why(107).source is None  # a retweet is never a candidate


def test_scores_from_outside_the_network_are_scaled(state: FeatureState) -> None:
    trace = run(state, [1], config=HomeConfig(selector=TopKConfig(), outside_factor=0.5)).trace
    assert trace.why(103).factors == {"network_factor": 1.0, "seen_factor": 1.0, "author_diversity": 1.0}
    assert trace.why(105).score == 105 * 0.5
    brought = "tweet 105: brought by following (place 2), two_tower (place 3), popular (place 1)"
    brought += ", newest_in_language (place 2)"
    told = f"{brought}, score 52.5 = 105 x 0.5 (network_factor) x 1 (seen_factor) x 1 (author_diversity)"
    assert str(trace.why(105)) == f"{told}, at position 3"


def test_an_authors_further_tweets_count_less(state: FeatureState) -> None:
    newer = {"tweet_id": [113, 114, 115], "time_us": [NOW - 300, NOW - 200, NOW - 100], "author_id": [3] * 3}
    state.update(
        events(
            "tweets", **newer, kind=["original"] * 3, referenced_id=[-1] * 3, conversation_id=[-1] * 3,
            text=["words"] * 3, language=["es"] * 3, place=[-1] * 3, media_count=[0] * 3,
        )
    )  # fmt: skip
    plain = run(state, [1], config=HomeConfig(selector=TopKConfig(), author_diversity=None, served_leaves=1))
    assert shown(plain) == [[115, 114, 113, 103, 102, 106, 105]]
    # The author's are worth 115 x 1, 114 x 0.625, 113 x 0.4375 and 103 x 0.34375; 106 and 105 are 3/4, from outside.
    result = run(state, [1], config=HomeConfig(selector=TopKConfig(), served_leaves=1))
    assert shown(result) == [[115, 102, 106, 105, 114, 113, 103]]
    assert result.slate.columns["score"].tolist() == [115.0, 102.0, 79.5, 78.75, 71.25, 49.4375, 35.40625]
    factors = [result.trace.why(one).factors["author_diversity"] for one in (115, 114, 113, 103, 102)]
    assert factors == [1.0, 0.625, 0.4375, 0.34375, 1.0]
    steep = HomeConfig(
        selector=TopKConfig(), served_leaves=1, author_diversity=AuthorDiversityConfig(decay=0.0, floor=0.5)
    )
    trace = run(state, [1], config=steep).trace
    assert [trace.why(one).factors["author_diversity"] for one in (115, 114, 113, 103)] == [1.0, 0.5, 0.5, 0.5]


def test_a_slate_has_so_many_of_an_author_while_there_are_others(state: FeatureState) -> None:
    newer = {"tweet_id": [113, 114], "time_us": [NOW - 300, NOW - 200], "author_id": [3] * 2}
    state.update(
        events(
            "tweets", **newer, kind=["original"] * 2, referenced_id=[-1] * 2, conversation_id=[-1] * 2,
            text=["words"] * 2, language=["es"] * 2, place=[-1] * 2, media_count=[0] * 2,
        )
    )  # fmt: skip
    plain = HomeConfig(selector=TopKConfig(), author_diversity=None, served_leaves=1)
    assert shown(run(state, [1], config=plain)) == [[114, 113, 103, 102, 106, 105]]
    few = plain.model_copy(update={"per_source": {"following": 2}})
    # 105 came by the followed, too, which are asked first.
    assert shown(run(state, [1], 3, config=few)) == [[114, 113, 106]]
    with pytest.raises(ConfigError, match="per_source names 'lists'"):
        run(state, [1], config=plain.model_copy(update={"per_source": {"lists": 2}}))
    capped = plain.model_copy(update={"per_author": 1})
    assert shown(run(state, [1], 4, config=capped)) == [[114, 102, 106, 105]]
    assert shown(run(state, [1], config=capped)) == [[114, 102, 106, 105, 113, 103]]


def test_blocks_count_both_ways(state: FeatureState) -> None:
    one = {"block_id": [1], "time_us": [NOW - 5], "ended": [False]}
    state.update(events("blocks", user_id=[5], blocked_id=[1], **one))
    state.update(events("blocks", user_id=[1], blocked_id=[6], **one))
    trace = run(state, [1]).trace
    assert (trace.why(105).removed_by, trace.why(106).removed_by) == ("blocked", "blocked")


def test_popular_is_by_language_and_by_engagements(state: FeatureState) -> None:
    only = HomeConfig(following_cap=0, two_tower_cap=0, newest_cap=0, selector=TopKConfig())
    english, spanish = run(state, [4, 3], config=only).trace, run(state, [3], config=only).trace
    assert english.fetched == {"popular": 2}
    assert (english.why(105, 0).source, english.why(106, 0).source) == ("popular", None)
    assert (spanish.why(105).source, spanish.why(106).source) == (None, "popular")


def test_retrieval_brings_the_nearest_and_follows_the_network(state: FeatureState) -> None:
    index = vectors(state)
    rows = state.network.tweets.rows
    found, _ = index.index.search(index.users(state, ask(state, [1])), 3)
    assert found.tolist() == [rows(np.array([110, 108, 105])).tolist()]  # odd authors, the larger row first
    state.update(events("deletions", tweet_id=[110], time_us=[NOW - 1]))
    state.update(
        events(
            "tweets", tweet_id=[112], time_us=[NOW + 1], author_id=[5], kind=["original"], referenced_id=[-1],
            conversation_id=[-1], text=["new"], language=["en"], place=[-1], media_count=[0],
        )
    )  # fmt: skip
    assert index.follow(state, NOW + 2) == 1
    found, _ = index.index.search(index.users(state, ask(state, [1])), 2)
    assert found.tolist() == [rows(np.array([112, 108])).tolist()]


def test_a_model_of_pairs_is_no_retrieval_model() -> None:
    class Pairs(EvenOdd):
        reads = ("user_id", "pair.follows")

    with pytest.raises(ModelError, match=r"pair\.follows"):
        TweetVectors(Pairs())


def test_the_same_feed_alone_and_in_a_batch_and_twice(state: FeatureState) -> None:
    everyone = list(PEOPLE)
    together = run(state, everyone)
    assert shown(together) == [shown(run(state, [one]))[0] for one in everyone]
    assert shown(run(state, everyone)) == shown(together)


def test_mmr_spreads_what_is_alike(state: FeatureState) -> None:
    plain, varied = run(state, [5], config=HomeConfig(selector=TopKConfig())), run(state, [5])
    parity = [one % 2 for one in varied.slate.columns["author_id"].tolist()]
    assert set(shown(plain)[0]) == set(shown(varied)[0])
    assert parity[0] != parity[1]


def test_without_vectors_the_feed_goes_by_text_or_plainly(state: FeatureState) -> None:
    funnel = home_funnel(state, PulledTimelines(state.network), Newest(), strict=True)
    result = funnel.run(ask(state, [1]), 5)
    assert list(result.trace.fetched) == ["following", "popular", "newest_in_language"]
    assert result.degraded == {}


def test_each_source_is_there_where_its_cap_says_so(state: FeatureState) -> None:
    """All but communities, whose views this state lacks; the rules hold for what they bring."""
    state.update(events("deletions", tweet_id=[102], time_us=[NOW - 5]))
    names = ["social", "similar", "semantic_ids", "catch_up", "explore"]
    every = HomeConfig(**{f"{name}_cap": 10 for name in names}, following_per_author=1, newest_cap=0, served_leaves=1)
    result = run(state, [1], config=every)
    assert list(result.trace.fetched) == ["following", "two_tower", "popular", *names]
    assert result.degraded == {}
    assert list(result.trace.why(106).sources) == ["two_tower", "social", "explore"]
    assert result.trace.why(104).removed_by == "muted"
    assert not {101, 102, 104, 107, 108, 110, 111} & set(shown(result)[0])
    assert list(run(state, [1]).trace.fetched) == ["following", "two_tower", "popular", "newest_in_language"]


def test_what_chance_alone_brought_is_recorded_with_its_probability(state: FeatureState) -> None:
    sink = Held()
    config = HomeConfig(explore_cap=1, two_tower_cap=0, popular_cap=0, newest_cap=0, served_hold_min=0)
    result = run(state, list(PEOPLE), config=config, sink=sink)
    drawn = len(state.network.alive(NOW))
    shown_by = sink.events[1].columns
    pairs = set(zip(shown_by["source"].tolist(), shown_by["propensity"].tolist(), strict=True))
    assert pairs == {("following", 1.0), ("explore", 1 / drawn)}
    assert result.trace.fetched["explore"] == len(PEOPLE)


def test_what_is_served_is_recorded_with_its_propensities(state: FeatureState) -> None:
    sink = Held()
    result = run(state, [1, 4], 2, sink=sink, policy="test-1")
    requests, impressions = sink.events
    assert requests.frame()["policy"].to_list() == ["test-1"] * 2
    assert requests.columns["request_id"].tolist() == [70, 71]
    frame = impressions.frame()
    assert frame["tweet_id"].to_list() == result.slate.columns["tweet_id"].tolist()
    assert frame["position"].to_list() == [0, 1, 0, 1][: len(frame)]
    assert frame["propensity"].to_list() == [1.0] * len(frame)
    assert frame["impression_id"].n_unique() == len(frame)
    state.update(impressions)
    again = run(state, [1], config=HomeConfig(served_leaves=1))
    assert not {*shown(result)[0]} & {*shown(again)[0]}


def test_without_relations_nothing_reaches_a_reader(state: FeatureState) -> None:
    funnel = home_funnel(state, PulledTimelines(state.network), Newest(), vectors(state))
    funnel.hydrators[1].graph = None  # type: ignore[attr-defined]
    result = funnel.run(ask(state, [1]), 5)
    assert len(result.slate) == 0
    assert {"viewer", "muted", "blocked"} <= set(result.degraded)


def test_pulled_timelines_are_the_newest_posts_of_the_followed(state: FeatureState) -> None:
    found = PulledTimelines(state.network).read(state.network.users.rows(np.array([1, 6, 4])), 3)
    ids = [state.network.tweets.ids[part].tolist() for part in (found[0], found[1], found[2])]
    assert ids == [[110, 107, 103], [108], []]
    assert isinstance(found, Ragged)
