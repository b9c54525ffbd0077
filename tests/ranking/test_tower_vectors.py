"""Kept vectors are those that the towers would give afresh, whatever happened, and never older than is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.batch import F32, I64, CandidateBatch, Ragged
from data.events import DAY_US, SECOND_US, EventBatch
from features.catalogue import features
from features.online import FeatureState
from ranking.ranker import LocalRanker
from ranking.scorer import Retriever
from ranking.tower_vectors import KeptVectorsConfig, TowerVectors
from tests.features.logs import START, TABLES_USED, Log, letters, logs

# Tables of the whole follow graph are made anew each midnight, so an event before a midnight changes what is read after
# it of everybody. No live network takes such an event; here all are asked at one moment after the log.
_DAILY = ("communities", "community_weights", "credibility", "known_for", "known_for_weight")
_OF_ONE = [one for one in features() if one.name.partition(".")[2] not in (*_DAILY, "audience", "audience_weights")]
READER = [one.name for one in _OF_ONE if one.name.startswith("user.")]
TWEET = [one.name for one in _OF_ONE if one.name.startswith(("tweet.", "author."))]
END = START + 60 * DAY_US


class AllColumns(Retriever):
    """Towers that give what they read, numbers side by side: no change of a column escapes their vectors."""

    dim = 0
    reads: tuple[str, ...] = ()

    def __init__(self, state: FeatureState, reader: list[str], tweet: list[str]) -> None:
        self.reads = (*reader, *tweet)
        self._reader, self._tweet = reader, tweet
        self.encoded: list[int] = []
        """Rows of the tweets that were encoded."""
        nobody, nothing = np.empty(0, np.int64), Ragged(np.zeros(1, np.int64), np.empty(0, np.int64))
        empty = state.lookup(state.base(state.requests(nobody, nobody), nothing), self.reads)
        self.dim = max(self.user_vectors(empty).shape[1], self.tweet_vectors(empty).shape[1])

    def user_vectors(self, batch: CandidateBatch) -> F32:
        return self._padded([batch.requests.columns[name] for name in self._reader], len(batch.requests))

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        self.encoded += batch.columns["tweet_row"].tolist()
        return self._padded([batch.columns[name] for name in self._tweet], len(batch))

    def score(self, batch: CandidateBatch) -> F32:
        return (self.tweet_vectors(batch) * self.user_vectors(batch)[batch.request]).sum(axis=1)

    def _padded(self, columns: list[F32], rows: int) -> F32:
        # Not -1: a width that is to be guessed cannot be of no rows.
        flat = [one.reshape(rows, int(np.prod(one.shape[1:]))).astype(np.float32) for one in columns]
        wide = np.concatenate([np.zeros((rows, 0), np.float32), *flat], axis=1)
        return np.pad(wide, ((0, 0), (0, max(self.dim - wide.shape[1], 0))))


def steps(log: Log) -> list[EventBatch]:
    """The log's events one by one, in order of time."""
    batches = {name: EventBatch.from_frame(name, log.tables[name]) for name in TABLES_USED}
    order = [(int(b.time_us[i]), place, i) for place, b in enumerate(batches.values()) for i in range(len(b))]
    return [list(batches.values())[place].where(slice(i, i + 1)) for _, place, i in sorted(order)]


def asked(state: FeatureState, time_us: int = END) -> tuple[I64, CandidateBatch]:
    """Every tweet for every user, as one batch; and the tweets' rows of one request."""
    rows = np.arange(len(state.network.tweets), dtype=np.int64)
    users = state.network.users.ids
    lists = Ragged.from_lengths(np.full(len(users), len(rows), np.int64), np.tile(rows, len(users)))
    return rows, state.base(state.requests(users, time_us), lists)


def afresh(state: FeatureState, model: AllColumns, batch: CandidateBatch) -> tuple[F32, F32]:
    full = state.lookup(batch, model.reads)
    return model.user_vectors(full), model.tweet_vectors(full)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(log=logs(), size=st.sampled_from([1, 3, 64]), every=st.integers(1, 4))
def test_kept_vectors_are_what_the_towers_give_after_any_events(log: Log, size: int, every: int) -> None:
    state = FeatureState(letters())
    model = AllColumns(state, READER, TWEET)
    kept = TowerVectors(state, model, KeptVectorsConfig(settle_s=0, tweets=size, readers=size))
    for at, events in enumerate(steps(log)):
        state.update(events)
        if at % every:
            continue
        _, batch = asked(state)
        readers, tweets = afresh(state, model, batch)
        np.testing.assert_array_equal(kept.readers(batch.requests), readers)
        times = batch.requests.columns["time_us"]
        np.testing.assert_array_equal(kept.tweets(batch.columns["tweet_row"], batch.offsets, times), tweets)


def story() -> tuple[FeatureState, AllColumns]:
    """Two authors with two tweets each, and a reader who follows nobody yet."""
    state = FeatureState(None, views=["tweet.facts", "tweet.counts", "author.account", "user.account"])
    people = {"user_id": [1, 2, 3], "created_us": [START] * 3, "verified": [False] * 3}
    state.update(EventBatch("users", {name: np.array(column) for name, column in people.items()}))
    posted = {
        "tweet_id": np.arange(101, 105), "time_us": START + np.arange(4), "author_id": np.array([2, 2, 3, 3]),
        "kind": np.array(["original"] * 4, object), "text": np.array(["words"] * 4, object),
        "media_count": np.zeros(4, np.int64),
    }  # fmt: skip
    state.update(EventBatch("tweets", posted))
    return state, AllColumns(state, ["user.following", "user.account_age_d"], ["tweet.likes", "author.followers"])


def like(state: FeatureState, number: int, time_us: int, tweet: int = 101) -> None:
    one = {"engagement_id": number, "time_us": time_us, "user_id": 1, "tweet_id": tweet, "author_id": 2}
    columns = {name: np.array([value]) for name, value in one.items()}
    state.update(EventBatch("engagements", columns | {"action": np.array(["like"], object)}))


def test_what_no_event_named_is_not_encoded_again() -> None:
    state, model = story()
    kept = TowerVectors(state, model, KeptVectorsConfig(settle_s=0))
    rows, batch = asked(state)
    kept.scores(batch)
    assert sorted(model.encoded) == rows.tolist()
    model.encoded.clear()
    kept.scores(batch)
    assert model.encoded == []
    # A like changes what is read of the tweet, and might change what is read of its author.
    like(state, 1, START + 10)
    kept.scores(batch)
    assert sorted(model.encoded) == [0, 1]
    model.encoded.clear()
    # What was shown changes none of the columns.
    shown = {"impression_id": 1, "time_us": START + 20, "request_id": 1, "user_id": 1, "tweet_id": 101, "author_id": 2,
             "position": 0, "score": 0.0, "source": "test"}  # fmt: skip
    state.update(EventBatch("impressions", {name: np.array([value]) for name, value in shown.items()}))
    kept.scores(batch)
    assert model.encoded == []
    follow = {"follow_id": 1, "time_us": START + 30, "follower_id": 1, "followee_id": 3, "ended": False}
    state.update(EventBatch("follows", {name: np.array([value]) for name, value in follow.items()}))
    scores = kept.scores(batch)
    assert sorted(set(model.encoded)) == [2, 3]
    np.testing.assert_allclose(scores, model.score(state.lookup(batch, model.reads)), rtol=1e-6)


def test_a_vector_is_used_so_long_and_no_longer_forwards_and_backwards() -> None:
    state, model = story()
    kept = TowerVectors(state, model, KeptVectorsConfig(max_age_s=60))
    made = kept.readers(asked(state)[1].requests)
    for seconds in (-60, 60):
        again = kept.readers(asked(state, END + seconds * SECOND_US)[1].requests)
        np.testing.assert_array_equal(again, made)
    later = asked(state, END + 60 * SECOND_US + 1)[1]
    np.testing.assert_array_equal(kept.readers(later.requests), afresh(state, model, later)[0])
    sooner = asked(state, END - 1)[1]
    np.testing.assert_array_equal(kept.readers(sooner.requests), afresh(state, model, sooner)[0])


def test_a_tweet_that_is_liked_again_and_again_is_encoded_once_in_a_while() -> None:
    state, model = story()
    kept = TowerVectors(state, model, KeptVectorsConfig(settle_s=1))
    for number in range(30):
        like(state, number, START + number)
        kept.scores(asked(state, END + number * SECOND_US // 10)[1])
    # Within three seconds the tweet and its author's other one were made at the first request and twice more.
    assert sorted(model.encoded) == [0] * 3 + [1] * 3 + [2, 3]


def test_with_no_age_allowed_every_request_makes_its_own() -> None:
    state, model = story()
    kept = TowerVectors(state, model, KeptVectorsConfig(max_age_s=0))
    for _ in range(3):
        kept.scores(asked(state)[1])
    assert sorted(model.encoded) == sorted([*range(4)] * 3)


def test_the_ranker_scores_by_kept_vectors_as_without() -> None:
    state, model = story()
    batch = asked(state)[1]
    kept = TowerVectors(state, model)
    for number in range(3):
        by_kept = LocalRanker(state, model, kept).rank(batch)["score"]
        np.testing.assert_allclose(by_kept, LocalRanker(state, model).rank(batch)["score"], rtol=1e-6)
        like(state, number, START + number, 103)
        kept = TowerVectors(state, model) if number else kept
    alone = batch.take(Ragged(np.array([0, 4]), np.arange(4)))
    assert kept.scores(CandidateBatch(batch.requests.take(np.array([0])), alone.offsets, alone.columns)).shape == (4,)
