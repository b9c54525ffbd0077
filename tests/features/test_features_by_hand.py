"""Features of one small story whose numbers can be checked by eye, in both engines, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from data.batch import Ragged
from data.errors import ConfigError, DataError, ModelError, NotFoundError
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch
from features.catalogue import CATALOGUE, features, owners, plan
from features.leakage import leaks
from features.offline import features_of_log, offline_features
from features.online import FeatureState
from features.state.history import LENGTH
from tests.features.logs import START, TABLES_USED, Log, ask, frame, letters, logs, replay, row_of

NAMES = [feature.name for feature in features()]


def story() -> Log:
    """Ada (1) follows Bo (2) and Cy (3). Bo writes of a, Cy answers of b. Ada and Cy like Bo's tweet; Ada replies."""
    users = [
        {"user_id": one, "created_us": START - one * DAY_US, "verified": one == 2, "language": "en"}
        for one in (1, 2, 3)
    ]
    follows = [
        {"follow_id": 1, "time_us": START, "follower_id": 1, "followee_id": 2, "ended": False},
        {"follow_id": 2, "time_us": START + 1, "follower_id": 1, "followee_id": 3, "ended": False},
        {"follow_id": 3, "time_us": START + 2, "follower_id": 3, "followee_id": 1, "ended": False},
        {"follow_id": 4, "time_us": START + 3, "follower_id": 3, "followee_id": 1, "ended": True},
    ]
    tweets = [
        {"tweet_id": 10, "time_us": START, "author_id": 2, "kind": "original", "text": "a #a", "language": "en",
         "media_count": 2},
        {"tweet_id": 11, "time_us": START + HOUR_US, "author_id": 3, "kind": "reply", "text": "ab", "language": "ja",
         "media_count": 0},
    ]  # fmt: skip
    deeds = [(1, 10, 2, "like", 0), (3, 10, 2, "like", 5), (1, 10, 2, "reply", 61), (1, 11, 3, "not_interested", 62)]
    engagements = [
        {"engagement_id": i, "time_us": START + minute * MINUTE_US, "user_id": user, "tweet_id": tweet,
         "author_id": author, "action": action}
        for i, (user, tweet, author, action, minute) in enumerate(deeds)
    ]  # fmt: skip
    tables = {"users": users, "follows": follows, "tweets": tweets, "impressions": [], "engagements": engagements}
    rows = pl.DataFrame({"user_id": [1, 1, 1], "tweet_id": [10, 10, 11], "time_us": [
        START + 61 * MINUTE_US, START + 62 * MINUTE_US, START + 2 * HOUR_US]})  # fmt: skip
    return Log({name: frame(name, one) for name, one in tables.items()}, rows)


EXPECTED: list[dict[str, float]] = [
    # One minute past the hour: the first like fell out of the last twelve 5-minute buckets, its reply is not yet.
    {"tweet.likes": 2, "tweet.replies": 0, "tweet.engagements_1h": 1, "tweet.engagements_6h": 2, "tweet.media_count": 2,
     "tweet.age_h": 61 / 60, "tweet.length": 4, "tweet.hashtags": 1, "tweet.is_reply": 0, "author.verified": 1,
     "author.engagements_7d": 2, "author.followers": 1, "author.following": 0, "user.following": 2, "user.followers": 0,
     "user.engagements_7d": 1, "pair.interactions": 1, "pair.affinity": math.log(2) / math.log(21), "pair.follows": 1,
     "pair.social_proof": 1, "pair.language_match": 1, "pair.similarity": 1, "pair.topic_share": 1},
    {"tweet.likes": 2, "tweet.replies": 1, "tweet.engagements_1h": 2, "pair.interactions": 2, "user.engagements_7d": 2},
    # "ab" is half an a: cosine 1/sqrt(2) with a taste of nothing but a; of its two topics one is an interest.
    {"tweet.is_reply": 1, "author.verified": 0, "author.followers": 1, "pair.interactions": 0, "pair.social_proof": 0,
     "pair.language_match": 0, "pair.similarity": math.sqrt(0.5), "pair.topic_share": 0.5, "tweet.likes": 0,
     "author.engagements_7d": 0, "user.account_age_d": 1 + 2 / 24},
]  # fmt: skip


def test_the_story_reads_as_by_hand_in_both_engines() -> None:
    log, understanding = story(), letters()
    offline = features_of_log(log.lazy(), log.rows, NAMES, understanding)
    online = replay(log, understanding, NAMES, one_by_one=True)
    for row, expected in enumerate(EXPECTED):
        for found in (row_of(offline, row, NAMES), online[row]):
            for name, value in expected.items():
                assert found[name] == pytest.approx(value, abs=1e-6), (row, name)
    last = row_of(offline, 2, NAMES)
    assert last["user.history_tweets"][:3].tolist() == [10, 10, -1]
    assert last["user.history_authors"][:3].tolist() == [2, 2, -1]
    assert last["user.following_ids"][:3].tolist() == [3, 2, -1]
    assert last["user.interests"].tolist() == [1, 0, 0, 0, 0, 0]
    assert last["user.taste"].tolist() == [1, 0, 0, 0, 0, 0]


def test_without_understanding_texts_say_nothing_and_the_rest_stands() -> None:
    log = story()
    offline = features_of_log(log.lazy(), log.rows, NAMES, None)
    online = replay(log, None, NAMES, one_by_one=True)
    for name in NAMES:
        assert np.array_equal(row_of(offline, 0, NAMES)[name], online[0][name]), name
    assert offline.column("tweet.topics").tolist() == [[-1] * 3] * 3
    assert offline.column("user.taste").shape == offline.column("tweet.embedding").shape == (3, 0)


def test_a_log_of_ratings_alone_has_histories() -> None:
    items = [{"tweet_id": i, "time_us": 0, "kind": "item", "text": "", "media_count": 0} for i in (1, 2)]
    rate = {"user_id": 7, "action": "rate", "time_us": 5}
    rated = [{"engagement_id": i, "tweet_id": i, **rate} for i in (1, 2)]
    log = Log({"tweets": frame("tweets", items), "engagements": frame("engagements", rated)},
              pl.DataFrame({"user_id": [7], "tweet_id": [1], "time_us": [6]}))  # fmt: skip
    offline = features_of_log(log.lazy(), log.rows, NAMES, letters())
    assert offline.column("user.history_tweets")[0, :3].tolist() == [2, 1, -1]
    assert offline.column("user.history_authors")[0, 0] == -1
    state = FeatureState(letters())
    for name in ("tweets", "engagements"):
        state.update(EventBatch.from_frame(name, log.tables[name]))
    found = ask(state, 7, 1, 6, NAMES)
    for name in NAMES:
        assert np.array_equal(row_of(offline, 0, NAMES)[name], found[name]), name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(logs())
def test_a_state_saved_midway_and_restored_goes_on_as_if_nothing_happened(
    tmp_path_factory: pytest.TempPathFactory, log: Log
) -> None:
    folder = tmp_path_factory.mktemp("state") / "saved"
    straight, until = FeatureState(letters()), START + 100 * 7 * MINUTE_US
    for part in (0, 1):
        for name in TABLES_USED:
            batch = EventBatch.from_frame(name, log.tables[name])
            early = batch.time_us < until
            straight.update(batch.where(~early if part else early))
        if not part:
            straight.save(folder)
            restored = FeatureState.load(folder, letters())
        else:
            for name in TABLES_USED:
                batch = EventBatch.from_frame(name, log.tables[name])
                restored.update(batch.where(batch.time_us >= until))
    for user, tweet, _ in log.rows.iter_rows():
        time = START + 10**12
        one, other = (ask(state, user, tweet, time, NAMES) for state in (straight, restored))
        for name in NAMES:
            assert np.array_equal(one[name], other[name]), name


def test_a_state_is_refused_with_another_understanding_or_without_files(tmp_path: Path) -> None:
    FeatureState(letters()).save(tmp_path / "state")
    FeatureState(letters()).save(tmp_path / "state")
    with pytest.raises(ModelError, match="another text understanding"):
        FeatureState.load(tmp_path / "state", None)
    with pytest.raises(ModelError, match="no feature state"):
        FeatureState.load(tmp_path / "nowhere", None)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_base_and_lookup_for_many_requests_at_once() -> None:
    state, log = FeatureState(letters()), story()
    for name, table in log.tables.items():
        state.update(EventBatch.from_frame(name, table))
    time = START + DAY_US
    requests = state.requests([1, 2, 3], time)
    rows = state.network.tweets.rows(np.array([10, 11]))
    batch = state.base(requests, Ragged(np.array([0, 2, 2, 3]), np.r_[rows, rows[:1]]))
    assert batch.columns["tweet_id"].tolist() == [10, 11, 10]
    assert batch.columns["author_id"].tolist() == [2, 3, 2]
    full = state.lookup(batch, NAMES)
    for place, (user, tweet) in enumerate([(1, 10), (1, 11), (3, 10)]):
        single = ask(state, user, tweet, time, NAMES)
        for name in NAMES:
            assert np.array_equal(full.column(name)[place], single[name]), name
    assert set(full.columns) - set(batch.columns) == {name for name in NAMES if not name.startswith("user.")}
    assert state.lookup(full, NAMES) is full


def test_no_feature_leaks_and_a_later_moment_does_change_some() -> None:
    log = story()
    assert leaks(log.lazy(), log.rows, NAMES, letters(), START + 61 * MINUTE_US) == {}
    assert features_of_log(log.lazy(), log.rows, ["tweet.replies"], None).column("tweet.replies").tolist() == [0, 1, 0]


def test_only_the_views_asked_for_are_kept() -> None:
    state = FeatureState(None, views=["pair.affinity"])
    assert "impressions" in state.tables
    assert [view.name for view in plan(["pair.affinity"])] == ["pair.history", "pair.affinity"]
    with pytest.raises(ConfigError, match=r"tweet\.likes"):
        state.lookup(
            state.base(state.requests([], START), Ragged(np.array([0]), np.empty(0, np.int64))), ["tweet.likes"]
        )


def test_unknown_names_and_missing_columns_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'tweet\.colour'"):
        plan(["tweet.colour"])
    with pytest.raises(ConfigError, match="'colour'"):
        FeatureState(None, views=["colour"])
    with pytest.raises(NotFoundError, match="unknown user 77"):
        FeatureState(None).requests([77], START)
    with pytest.raises(DataError, match="'time_us'"):
        offline_features(None, pl.DataFrame({"user_id": [1], "tweet_id": [1]}), NAMES, None)  # type: ignore[arg-type]


def test_no_rows_give_an_empty_batch() -> None:
    log = story()
    batch = features_of_log(log.lazy(), log.rows.clear(), NAMES, letters())
    assert len(batch) == 0
    assert batch.column("user.history_tweets").shape == (0, LENGTH)


def test_every_view_of_the_catalogue_stands_under_its_own_name() -> None:
    assert set(owners().values()) == set(CATALOGUE)
    assert len(NAMES) == len(set(NAMES))
