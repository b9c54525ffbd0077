"""Community views: tweets' crowds against their definition, by hand, and alike in both engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.batch import Array, CandidateBatch, Ragged, Requests
from data.events import DAY_US, HOUR_US, MINUTE_US, NEVER_US, EventBatch
from data.schema import POSITIVE_ACTIONS
from features.graph.follow_edges import Edges
from features.graph.simclusters import WIDTH, Vectors, interests, known_for
from features.graph.tweet_communities import Engagements, Queries, TweetVectors, blank
from features.offline import features_of_log
from features.online import FeatureState
from features.views.communities import AUDIENCE_SIMILARITY, TWEET_SIMILARITY
from tests.features.logs import START, STEP, TABLES_USED, Log, ask, frame, letters, logs, replay, row_of
from tests.features.views.loose import RECIPE, loose
from tests.features.views.small_logs import answers, deeds, person, tweet

USER = ["user.communities", "user.community_weights"]
AUTHOR = ["author.communities", "author.community_weights", "author.known_for", "author.known_for_weight"]
TWEET = ["tweet.communities", "tweet.community_weights"]
NAMES = [*USER, *AUTHOR, *TWEET, "pair.community_similarity", "pair.audience_similarity"]
DAY = 24 * 60


@pytest.fixture(autouse=True, scope="module")
def _loose() -> Iterator[None]:
    with loose():
        yield


def vector(ids: Array, weights: Array) -> dict[int, float]:
    """By community; the weights of places without one are 0."""
    assert (weights[ids < 0] == 0).all()
    return {int(one): pytest.approx(float(w), abs=2e-6) for one, w in zip(ids, weights, strict=True) if one >= 0}


def interests_at(log: Log, midnight: int) -> dict[int, dict[int, float]]:
    """Each user's interests from a set of edges that changes one by one."""
    edges: set[tuple[int, int]] = set()
    for one in log.tables["follows"].iter_rows(named=True):
        pair = (one["follower_id"], one["followee_id"])
        if one["time_us"] < midnight and pair[0] != pair[1]:
            edges = edges - {pair} if one["ended"] else edges | {pair}
    graph = Edges.of(np.array([(s << 32) | t for s, t in edges], np.int64), np.arange(10))
    read = interests(graph, known_for(graph, RECIPE))
    return {int(user): {int(c): float(w) for c, w in zip(*one, strict=True) if c >= 0}
            for user, *one in zip(graph.ids, read.communities, read.weights, strict=True)}  # fmt: skip


def crowd(log: Log, tweet_id: int, time: int) -> dict[int, float]:
    """The tweet's vector by its definition, ages counted back from the moment."""
    posted = dict(log.tables["tweets"].select("tweet_id", "time_us").iter_rows())
    total: dict[int, float] = {}
    for one in log.tables["engagements"].iter_rows(named=True):
        counts = one["action"] in POSITIVE_ACTIONS and posted[tweet_id] <= one["time_us"] < time
        midnight = one["time_us"] - one["time_us"] % DAY_US
        if one["tweet_id"] == tweet_id and counts and time // DAY_US - one["time_us"] // DAY_US <= 2:
            for community, weight in interests_at(log, midnight).get(one["user_id"], {}).items():
                faded = weight * 0.5 ** ((time - one["time_us"]) / (8 * HOUR_US))
                total[community] = total.get(community, 0.0) + faded
    norm = np.sqrt(sum(weight**2 for weight in total.values()))
    return {community: weight / norm for community, weight in total.items()}


@st.composite
def lively(draw: st.DrawFn) -> Log:
    """A random log with follows, likes and questions enough for communities, most on the first four days."""
    log, person = draw(logs()), st.integers(1, 5)
    moment = st.integers(0, 4 * 205).map(lambda step: START + step * STEP)
    pair = st.tuples(st.one_of(st.just(START - DAY_US), moment), person, person, st.sampled_from([False] * 5 + [True]))
    follows = [{"follow_id": 100 + at, "time_us": t, "follower_id": s, "followee_id": o, "ended": ended}
               for at, (t, s, o, ended) in enumerate(draw(st.lists(pair, min_size=12, max_size=30)))]  # fmt: skip
    tweets = [{**one, "time_us": START} for one in log.tables["tweets"].iter_rows(named=True)]
    some = st.integers(100, 99 + len(tweets))
    like = st.tuples(moment, person, some)
    likes = [{"engagement_id": 100 + at, "time_us": t, "user_id": user, "tweet_id": on,
              "author_id": tweets[on - 100]["author_id"], "action": "like", "dwell_ms": None}
             for at, (t, user, on) in enumerate(draw(st.lists(like, min_size=10, max_size=40)))]  # fmt: skip
    rows = draw(st.lists(st.tuples(person, some, moment), min_size=1, max_size=4))
    more: dict[str, Any] = {"follows": follows, "tweets": tweets, "engagements": likes}
    tables = {name: frame(name, [*(log.tables[name].iter_rows(named=True) if name != "tweets" else ()), *more[name]])
              if name in more else table for name, table in log.tables.items()}  # fmt: skip
    asked = pl.DataFrame(rows, schema=["user_id", "tweet_id", "time_us"], orient="row")
    return Log(tables, pl.concat([log.rows, asked.select(log.rows.columns)]))


@pytest.mark.slow
@pytest.mark.parametrize("one_by_one", [True, False], ids=["one by one", "a table at a time"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(log=lively())
def test_both_engines_give_what_the_definition_gives(log: Log, one_by_one: bool) -> None:
    offline = features_of_log(log.lazy(), log.rows, NAMES, letters())
    for row, online in enumerate(replay(log, letters(), NAMES, one_by_one=one_by_one)):
        past = row_of(offline, row, NAMES)
        for name in NAMES:
            np.testing.assert_array_equal(past[name], online[name], err_msg=name)
        user, tweet_id, time = (int(log.rows[name][row]) for name in ("user_id", "tweet_id", "time_us"))
        if tweet_id in log.tables["tweets"]["tweet_id"]:
            assert crowd(log, tweet_id, time) == vector(*(past[name] for name in TWEET))
        own = interests_at(log, time - time % DAY_US).get(user, {})
        assert own == vector(*(past[name] for name in USER))
        ours = vector(*(past[name] for name in TWEET))
        dot = sum(weight * float(ours[one].expected) for one, weight in own.items() if one in ours)
        assert past["pair.community_similarity"] == pytest.approx(dot, abs=1e-5)


def pairs_of_stars() -> list[dict[str, Any]]:
    """Users 5, 6 follow 1 and 2; users 7, 8 follow 3 and 4: communities 1 and 3.

    Two stars each, for one alone is like no other and known for nothing.
    """
    pairs = [(s, t) for s, stars in ((5, (1, 2)), (6, (1, 2)), (7, (3, 4)), (8, (3, 4))) for t in stars]
    return [{"follow_id": at, "time_us": START - DAY_US, "follower_id": s, "followee_id": t, "ended": False}
            for at, (s, t) in enumerate(pairs)]  # fmt: skip


def stars(
    asked: list[tuple[int, int, int]], *events: tuple[int, int, int, int | None, str], more: list[Any] | None = None
) -> list[dict[str, Array]]:
    """Tweet 10 of user 1."""
    follows = [*pairs_of_stars(), *(more or [])]
    return answers(asked, NAMES, users=[person(one) for one in range(1, 9)], follows=follows,
                   tweets=[tweet(10, 0, 1)], engagements=deeds(*events))  # fmt: skip


def test_an_engagement_weighs_half_as_much_as_one_eight_hours_later() -> None:
    (one,) = stars([(5, 10, 600)], (60, 5, 10, 1, "like"), (60 + 8 * 60, 7, 10, 1, "reply"))
    assert one["tweet.communities"].tolist() == [3, 1, *[-1] * (WIDTH - 2)]
    np.testing.assert_allclose(one["tweet.community_weights"][:2], np.array([2, 1]) / np.sqrt(5), rtol=1e-6)
    assert one["pair.community_similarity"] == pytest.approx(1 / np.sqrt(5), rel=1e-6)


def test_the_half_life_goes_on_over_midnight_and_ends_with_the_day_after_the_next() -> None:
    events = [(DAY - 240, 5, 10, 1, "like"), (DAY + 240, 7, 10, 1, "like")]
    last = 3 * DAY - 1
    before, after, edge, gone, empty = stars(
        [(5, 10, DAY - 1), (5, 10, DAY + 241), (5, 10, last), (5, 10, last + 1), (5, 10, 4 * DAY)], *events
    )
    assert before["pair.community_similarity"] == pytest.approx(1)
    for one in (after, edge):
        assert one["pair.community_similarity"] == pytest.approx(1 / np.sqrt(5), rel=1e-6)
    assert gone["tweet.communities"].tolist() == [3, *[-1] * (WIDTH - 1)]
    assert (empty["tweet.communities"] == -1).all()
    assert empty["pair.community_similarity"] == 0


def test_engagements_at_the_moment_itself_and_acts_against_a_tweet_do_not_count() -> None:
    at, later = stars([(5, 10, 60), (5, 10, 61)], (60, 5, 10, 1, "like"), (30, 7, 10, 1, "report"))
    assert (at["tweet.communities"] == -1).all()
    assert later["tweet.communities"].tolist() == [1, *[-1] * (WIDTH - 1)]


def test_an_engager_counts_with_the_interests_of_the_midnight_before() -> None:
    # Reader 5 goes over to stars 3 and 4 at noon of the first day.
    gone = [{"follow_id": 20 + at, "time_us": START + 12 * HOUR_US, "follower_id": 5, "followee_id": star,
             "ended": star < 3} for at, star in enumerate((1, 2, 3, 4))]  # fmt: skip
    (old, new) = stars([(6, 10, DAY - 1), (6, 10, DAY + 61)], (13 * 60, 5, 10, 1, "like"), (DAY + 60, 5, 10, 1, "like"),
                       more=gone)  # fmt: skip
    assert old["tweet.communities"].tolist() == [1, *[-1] * (WIDTH - 1)]
    assert new["tweet.communities"][:2].tolist() == [3, 1]
    assert new["user.communities"].tolist() == [1, *[-1] * (WIDTH - 1)]


def test_authors_are_known_for_their_community_and_heard_in_that_of_their_readers() -> None:
    (one,) = stars([(5, 10, 60)])
    assert one["author.known_for"].tolist() == [1]
    assert one["author.known_for_weight"] == 1
    assert one["author.communities"].tolist() == [1, *[-1] * (WIDTH - 1)]
    assert one["pair.audience_similarity"] == pytest.approx(1)
    (other,) = stars([(7, 10, 60)])
    assert other["pair.audience_similarity"] == 0


@given(st.data())
def test_similarity_is_the_dot_product_of_two_sparse_vectors(data: st.DataObject) -> None:
    def sparse(rows: int) -> tuple[Array, Array]:
        ids, weights = np.full((rows, WIDTH), -1, np.int64), np.zeros((rows, WIDTH), np.float32)
        for row in range(rows):
            some = data.draw(st.lists(st.integers(0, 12), max_size=WIDTH, unique=True))
            ids[row, : len(some)], weights[row, : len(some)] = some, [0.1 + one / 3 for one in range(len(some))]
        return ids, weights

    own, theirs = sparse(2), sparse(5)
    requests = {"user_row": np.arange(2), "user.communities": own[0], "user.community_weights": own[1]}
    batch = CandidateBatch(Requests(requests), np.array([0, 3, 5]), {"tweet_row": np.arange(5)})
    for view, prefix in ((TWEET_SIMILARITY, "tweet"), (AUDIENCE_SIMILARITY, "author")):
        columns = {f"{prefix}.communities": theirs[0], f"{prefix}.community_weights": theirs[1]}
        found = view.function(batch.with_columns(columns))
        for i, b in enumerate((0, 0, 0, 1, 1)):
            mine = dict(zip(own[0][b].tolist(), own[1][b].tolist(), strict=True))
            expected = sum(
                mine.get(c, 0.0) * w for c, w in zip(*(x[i].tolist() for x in theirs), strict=True) if c >= 0
            )
            assert found[i] == pytest.approx(expected, rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 400), st.integers(1, 60))
def test_crowds_of_many_communities_are_the_sums_of_a_dense_matrix(seed: int, events: int, batch: int) -> None:
    """However many communities a tweet gathers, and however the events are cut."""
    rng, users, names, tweets = np.random.default_rng(seed), 30, 90, 3
    ids = np.sort(rng.choice(10**15, names, replace=False))
    read = Vectors(np.stack([rng.choice(ids, WIDTH, replace=False) for _ in range(users)]),
                   rng.random((users, WIDTH), np.float32) + np.float32(0.1))  # fmt: skip
    read.communities[rng.random((users, WIDTH)) < 0.2] = -1
    time = START + np.sort(rng.integers(0, DAY_US, events))
    on, who = rng.integers(-1, tweets, events).astype(np.int32), rng.integers(-1, users, events).astype(np.int32)
    crowds, total = TweetVectors(1, START), np.zeros((tweets, names))
    crowds.resize(tweets)
    none = Queries(np.zeros(0, np.int64), np.zeros(0, np.int64), blank(0))
    slots = crowds.slots(read)
    for at in range(0, events, batch):
        part = slice(at, at + batch)
        crowds.take(Engagements(on[part], who[part], time[part]), slots, read, none)
    for tweet_row, user, moment in zip(on, who, time, strict=True):
        for community, weight in zip(read.communities[user], read.weights[user], strict=True):
            if tweet_row >= 0 and user >= 0 and community >= 0:
                gain = 2.0 ** ((moment - START) / (8 * HOUR_US))
                total[tweet_row, np.searchsorted(ids, community)] += gain * weight
    asked, out = np.array([0, 2, 1, 5, -1]), blank(5)
    nothing = Engagements(on[:0], who[:0], time[:0])
    crowds.take(nothing, slots, read, Queries(asked, np.full(5, NEVER_US), out))
    assert (out.communities[3:] == -1).all()
    for row, one in enumerate(asked[:3]):
        best = np.argsort(-total[one], kind="stable")[:WIDTH]
        best = best[total[one, best] > 0]
        assert out.communities[row, : len(best)].tolist() == ids[best].tolist()
        norm = max(np.linalg.norm(total[one, best]), 1e-30)
        np.testing.assert_allclose(out.weights[row, : len(best)], total[one, best] / norm, rtol=1e-5)
        assert (out.communities[row, len(best) :] == -1).all()


def _events(*engagements: tuple[int, int, int, int | None, str]) -> Iterator[EventBatch]:
    tables: Mapping[str, Any] = {
        "users": [person(one) for one in range(1, 9)], "follows": pairs_of_stars(), "tweets": [tweet(10, 0, 1)],
        "engagements": deeds(*engagements),
    }  # fmt: skip
    for name in TABLES_USED:
        if name in tables:
            yield EventBatch.from_frame(name, frame(name, tables[name]))


LIKES = [(at * 300, 5 + at % 4, 10, 1, "like") for at in range(19)]


def _fed(state: FeatureState, *engagements: tuple[int, int, int, int | None, str]) -> FeatureState:
    for events in _events(*engagements):
        state.update(events)
    return state


def test_looking_does_not_change_what_comes_after() -> None:
    """Asked after every event, of days ahead too, and asked once: the same answers."""
    often, once = FeatureState(letters()), _fed(FeatureState(letters()), *LIKES)
    _fed(often)
    for like in LIKES:
        for events in _events(like):
            if events.table == "engagements":
                often.update(events)
        # Of days ahead and back, and again within a day; the last one lies in a new day after every fifth like.
        for ahead in (1, DAY, 3 * DAY, 2) if like[0] < 2 * DAY else (1, 2, 241):
            ask(often, 5, 10, START + (like[0] + ahead) * MINUTE_US, NAMES)
    for ahead in (1, DAY, 2):
        asked = [ask(state, 5, 10, START + (LIKES[-1][0] + ahead) * MINUTE_US, NAMES) for state in (often, once)]
        for name in NAMES:
            np.testing.assert_array_equal(asked[0][name], asked[1][name], err_msg=name)
    assert (asked[0]["tweet.communities"] >= 0).sum() == 2


def test_a_saved_state_goes_on_as_the_one_that_stayed(tmp_path: Path) -> None:
    state = _fed(FeatureState(letters()), *LIKES[:9])
    state.save(tmp_path / "state")
    restored = FeatureState.load(tmp_path / "state", letters())
    follow = {"follow_id": np.array([99]), "time_us": np.array([START + 2700 * MINUTE_US]),
              "follower_id": np.array([5]), "followee_id": np.array([3]), "ended": np.array([False])}  # fmt: skip
    for one in (state, restored):
        for part in (EventBatch("follows", follow), *(e for e in _events(*LIKES[9:]) if e.table == "engagements")):
            one.update(part)
    for minute in (LIKES[-1][0] + 1, LIKES[-1][0] + DAY):
        here, there = (ask(one, 5, 10, START + minute * MINUTE_US, NAMES) for one in (state, restored))
        for name in NAMES:
            np.testing.assert_array_equal(here[name], there[name], err_msg=name)
    assert 0 < here["pair.community_similarity"] < 1


def test_requests_of_several_days_in_one_batch_are_answered_as_if_alone() -> None:
    state = _fed(FeatureState(letters()), *LIKES)
    times = START + (LIKES[-1][0] + np.array([1, DAY, 2, 2 * DAY, DAY + 1])) * MINUTE_US
    requests = state.requests([5, 7, 5, 7, 5], times)
    rows = state.network.tweets.rows(np.array([10]))
    batch = state.lookup(state.base(requests, Ragged(np.arange(6), np.repeat(rows, 5))), NAMES)
    for at, (user, time) in enumerate(zip((5, 7, 5, 7, 5), times.tolist(), strict=True)):
        alone = ask(state, user, 10, time, NAMES)
        for name in NAMES:
            np.testing.assert_array_equal(batch.column(name)[at], alone[name], err_msg=name)


def test_only_three_days_of_engagements_are_kept() -> None:
    """Whether anybody asks or not."""
    state = FeatureState(letters(), views=["tweet.communities"])
    _fed(state)
    likes = [(at * 20 * DAY // 2000, 5, 10, 1, "like") for at in range(2000)]
    for events in _events(*likes):
        if events.table == "engagements":
            for at in range(0, len(events), 50):
                state.update(events.where(slice(at, at + 50)))
    kept = state._views["tweet.communities"].arrays()
    assert 200 < len(kept["time_us"]) <= 3 * 100 + 50
    assert kept["time_us"][0] >= START + 17 * DAY_US
