"""Search for a reader: the muted, the blocked and the blocking are not shown; meaning keeps to languages it knows."""

from collections.abc import Sequence

import numpy as np
import pytest

from candidates.search.hybrid import Search
from candidates.search.query import QueryError
from candidates.search.reader import Reader, reader_of
from data.events import EventBatch
from features.online import FeatureState
from tests.candidates.search.referee import Tweet, batch


class Axes:
    """An encoder with one axis for each of a few words."""

    words = ("bird", "cat", "pájaro", "鳥")
    dim = len(words)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[text.count(word) for word in self.words] for text in texts], np.float32)
        counts = counts.reshape(len(texts), self.dim) + 0.01
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


TWEETS = [
    Tweet(1, 1, 10, "bird", language="en"), Tweet(2, 2, 11, "bird bird", language="en"),
    Tweet(3, 3, 12, "pájaro bird", language="es"), Tweet(4, 4, 13, "鳥 bird", language="ja"),
    Tweet(5, 5, 14, "", kind="retweet", referenced_id=2), Tweet(6, 6, 10, "a bird, a cat #zoo", language="en-GB"),
    Tweet(7, 7, 15, "bird again", language=""),
]  # fmt: skip


@pytest.fixture
def search() -> Search:
    search = Search(Axes(), languages=frozenset({"en"}))
    search.update(batch(TWEETS))
    return search


def ids(search: Search, query: str, mode: str, **options: object) -> set[int]:
    return set(search.search(query, mode, 20, **options).tweet_ids.tolist())  # type: ignore[arg-type]


def test_meaning_keeps_to_languages_that_the_encoder_knows_or_the_reader_reads(search: Search) -> None:
    assert ids(search, "bird", "semantic") == {1, 2, 6, 7}
    assert ids(search, "bird", "semantic", reader=Reader(languages=frozenset({"es"}))) == {1, 2, 3, 6, 7}
    assert ids(search, "bird", "text") == {1, 2, 3, 4, 6, 7}
    anything = Search(Axes())
    anything.update(batch(TWEETS))
    assert ids(anything, "bird", "semantic") == {1, 2, 3, 4, 6, 7}


@pytest.mark.parametrize("mode", ["text", "semantic", "hybrid"])
def test_the_hidden_are_left_out_and_the_list_stays_full(search: Search, mode: str) -> None:
    hidden = Reader(hidden=np.array([11, 15]))
    assert ids(search, "bird", mode, reader=hidden) & {2, 7} == set()
    assert ids(search, "bird", mode) & {2, 7} == {2, 7}
    assert len(search.search("bird", mode, 2, reader=hidden)) == 2  # type: ignore[arg-type]
    assert ids(search, "is:retweet", "text", reader=hidden) == set()
    assert ids(search, "is:retweet", "text") == {5}


def test_a_list_is_full_although_most_of_the_best_are_hidden() -> None:
    search = Search()
    search.update(batch([Tweet(at, at, 1 + (at < 3), "same words") for at in range(400)]))
    hits = search.search("words", "text", 10, reader=Reader(hidden=np.array([1])))
    assert hits.tweet_ids.tolist() == [2, 1, 0]


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_operators_let_through_in_every_mode(search: Search, mode: str) -> None:
    assert ids(search, "bird from:10", mode) == {1, 6}
    assert ids(search, "bird -cat", mode) == ids(search, "bird", mode) - {6}
    assert ids(search, "bird #zoo", mode) == {6}
    assert ids(search, "bird lang:es", mode) <= {3}


def test_many_that_operators_let_through_are_checked_as_they_come(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {query: ids(search, query, "semantic") for query in ("bird -cat", "bird -from:10", "bird lang:en")}
    monkeypatch.setattr("candidates.search.hybrid._LISTED", 0)
    assert {query: ids(search, query, "semantic") for query in listed} == listed
    assert search.search("bird lang:en -from:11", "semantic", 1).tweet_ids.tolist() == [1]


def test_without_words_there_is_no_meaning(search: Search) -> None:
    with pytest.raises(QueryError, match="no words"):
        search.search("from:10", "semantic")
    assert search.search("from:10").tweet_ids.tolist() == [6, 1]


def test_a_deleted_tweet_is_found_by_nothing_even_when_it_comes_again_or_late(search: Search) -> None:
    search.update(EventBatch("deletions", {"tweet_id": np.array([6, 50])}))
    search.update(batch([TWEETS[5], Tweet(50, 8, 10, "bird #zoo", language="en")]))
    for mode in ("text", "semantic", "hybrid"):
        assert not ids(search, "bird", mode) & {6, 50}
        assert not ids(search, "#zoo", "text")
    assert search.hashtags.complete("zo") == []


def test_hashtags_complete_live_and_leave_with_their_tweets(search: Search) -> None:
    search.update(batch([Tweet(20, 9, 10, "#Zoology #zoo #ZOO"), Tweet(21, 9, 10, "#zoology #Zürich")]))
    assert search.hashtags.complete("#zo") == [("zoo", 2), ("Zoology", 2)]
    search.update(batch([Tweet(20, 9, 10, "#Zoology #zoo #ZOO")]))
    search.update(EventBatch("deletions", {"tweet_id": np.array([6])}))
    assert search.hashtags.complete("Zo", 1) == [("Zoology", 2)]
    assert search.hashtags.complete("zü") == [("Zürich", 1)]
    assert search.hashtags.complete("zoo") == [("Zoology", 2), ("zoo", 1)]


def test_a_reader_is_read_from_the_state() -> None:
    state = FeatureState(None, views=[])
    ids_ = np.array([10, 11, 12, 13])
    state.update(EventBatch("users", {
        "user_id": ids_, "created_us": np.zeros(4, np.int64), "verified": np.zeros(4, bool),
        "language": np.array(["ja", "en-US", "es", "pt"], object),
    }))  # fmt: skip
    for table, other in (("mutes", "muted_id"), ("blocks", "blocked_id")):
        pairs = {"mutes": [(10, 11), (13, 10)], "blocks": [(12, 10), (11, 13)]}[table]
        state.update(EventBatch(table, {
            "user_id": np.array([a for a, _ in pairs]), other: np.array([b for _, b in pairs]),
            "time_us": np.full(2, 5), "ended": np.zeros(2, bool),
        }))  # fmt: skip
    reader = reader_of(state, 10)
    assert sorted(reader.hidden.tolist()) == [11, 12]
    assert reader.languages == {"ja"}
    assert sorted(reader_of(state, 13).hidden.tolist()) == [10, 11]
    nobody = reader_of(state, 99)
    assert (len(nobody.hidden), nobody.languages) == (0, frozenset())
    state.update(batch([Tweet(100 + at, 10 + at, 11, "x", language="en-GB") for at in range(3)]))
    state.update(EventBatch("engagements", {
        "engagement_id": np.arange(3), "time_us": np.full(3, 50), "user_id": np.full(3, 10),
        "tweet_id": np.arange(100, 103), "author_id": np.full(3, 11), "action": np.array(["like"] * 3, object),
    }))  # fmt: skip
    assert reader_of(state, 10).languages == {"ja", "en"}
