"""Search: words, filters, ties and faults of the text index; meaning; the fusion by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candidates.search.hybrid import Search, fuse
from candidates.search.nodes import And
from candidates.search.query import MAX_QUERY, QueryError, parse
from candidates.search.text import TextIndex, Within
from data.errors import ConfigError, DataError
from data.events import EventBatch

TEXTS = (
    "a bird sings in the tree",
    "the cat watches a bird",
    "fresh bread from the oven #Baking",
    "Café au lait, bird-watching and #baking",
    "the the the oven",
)


def tweets(texts: Sequence[str] = TEXTS, *, first: int = 100, kinds: Sequence[str] | None = None) -> EventBatch:
    n = len(texts)
    return EventBatch(
        "tweets",
        {
            "tweet_id": first + np.arange(n), "time_us": 1_000 * (1 + np.arange(n)), "author_id": 1 + np.arange(n) % 2,
            "kind": np.array(kinds or ["original"] * n, object), "text": np.array(texts, object),
        },
    )  # fmt: skip


class Wordbag:
    """An encoder whose vectors can be worked out by eye: one axis a known word."""

    words = ("bird", "cat", "bread", "oven")
    dim = len(words)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[text.lower().count(word) for word in self.words] for text in texts], np.float32)
        counts = counts.reshape(len(texts), self.dim)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


@pytest.fixture
def index() -> TextIndex:
    index = TextIndex()
    index.add(tweets())
    return index


def found(index: TextIndex, query: str, **options: object) -> set[int]:
    return set(index.search(query, **options).tweet_ids.tolist())  # type: ignore[arg-type]


def test_a_query_that_is_too_long_is_refused_before_it_is_read() -> None:
    tree = parse("a " * (MAX_QUERY // 2))
    assert isinstance(tree, And)
    assert len(tree.children) == MAX_QUERY // 2
    with pytest.raises(QueryError, match="513 characters, over the limit of 512"):
        parse('"' * (MAX_QUERY + 1))


def test_all_words_must_be_there_unless_any_will_do(index: TextIndex) -> None:
    assert found(index, "bird") == {100, 101, 103}
    assert found(index, "bird cat") == {101}
    assert found(index, "bird oven", any_word=True) == {100, 101, 102, 103, 104}
    assert found(index, "bird -cat") == {100, 103}
    assert found(index, '"the oven"') == {102, 104}
    assert found(index, "CAFE") == {103}
    assert found(index, "bird-watching") == {103}
    assert found(index, "#BAKING") == {102, 103}
    assert found(index, "zebra") == set()


def test_filters(index: TextIndex) -> None:
    assert found(index, "bird", within=Within(since_us=2_000)) == {101, 103}
    assert found(index, "bird", within=Within(before_us=2_000)) == {100}
    assert found(index, "bird", within=Within(authors=[1])) == {100}
    assert found(index, "the", within=Within(hashtags=["Baking"])) == {102}


def test_filters_do_not_change_scores(index: TextIndex) -> None:
    free, held = index.search("bird"), index.search("bird", within=Within(since_us=0, before_us=9_000))
    assert free.tweet_ids.tolist() == held.tweet_ids.tolist()
    assert free.scores == pytest.approx(held.scores, rel=1e-6)


def test_equal_scores_newest_first_even_past_the_margin() -> None:
    index = TextIndex()
    for start in range(0, 900, 90):
        index.add(tweets(["same words"] * 90, first=start))
        index.refresh()
    assert index.search("words", 3).tweet_ids.tolist() != []
    times = index.search("words", 10)
    assert times.tweet_ids.tolist() == [90 * block + 89 for block in range(9, -1, -1)]


def test_a_log_may_repeat_itself_and_retweets_have_no_words(index: TextIndex) -> None:
    assert index.add(tweets()) == 0
    assert index.add(tweets(["bird"], first=500, kinds=["retweet"])) == 1
    assert len(index) == 6
    assert found(index, "is:retweet") == {500}
    index.delete(np.array([100, 100, 777]))
    assert found(index, "bird") == {101, 103}
    assert len(index) == 5


@settings(max_examples=40, deadline=None)
@given(
    times=st.lists(st.integers(0, 60) | st.integers(0, 10**16), max_size=20),
    begin=st.integers(0, 50),
    length=st.integers(1, 60),
    step=st.integers(1, 20),
)
@example(times=[9_007_199_254_740_993, 9_007_199_254_740_992], begin=9_007_199_254_740_985, length=20, step=4)
def test_counts_are_those_of_each_step(times: list[int], begin: int, length: int, step: int) -> None:
    index = TextIndex()
    events = tweets(["bird" if at % 3 else "cat" for at in range(len(times))])
    index.add(EventBatch("tweets", {**events.columns, "time_us": np.array(times, np.int64)}))
    counts = index.counts("bird", begin, begin + length, step)
    steps = range(begin // step, (begin + length - 1) // step + 1)
    birds = [time for at, time in enumerate(times) if at % 3 and begin <= time < begin + length]
    assert counts.tolist() == [sum(time // step == one for time in birds) for one in steps]


def test_an_index_in_a_folder_is_opened_again(tmp_path: Path) -> None:
    first = TextIndex(tmp_path / "text")
    first.add(tweets())
    first.refresh()
    del first
    again = TextIndex(tmp_path / "text")
    assert found(again, "bird") == {100, 101, 103}
    assert again.add(tweets()) == 0


@pytest.mark.parametrize(
    ("query", "column", "problem"),
    [  # those of operators are in test_query
        ("", 1, "nothing to search"),
        ("   ", 1, "nothing to search"),
        ('bird "in the', 6, "quote"),
        ('bird ""', 6, "empty"),
        ("bird -", 6, "minus"),
        ("bird # x", 6, "hashtag"),
        ("-bird", 1, "negated"),
        ("bird !!", 6, "no letter"),
        ("bird #12", 6, "no hashtag"),
    ],
)
def test_a_fault_in_a_query_is_named_with_its_column(index: TextIndex, query: str, column: int, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as caught:
        index.search(query)
    assert caught.value.column == column
    assert f"column {column} " in str(caught.value)


def test_reciprocal_rank_fusion_by_hand() -> None:
    hits = fuse([np.array([1, 2, 3]), np.array([3, 4])], 10)
    assert hits.tweet_ids.tolist() == [3, 1, 4, 2]
    assert hits.scores == pytest.approx([1 / 63 + 1 / 61, 1 / 61, 1 / 62, 1 / 62], rel=1e-12)


def test_weights_of_rankings_by_hand() -> None:
    hits = fuse([np.array([1, 2]), np.array([3, 2])], 10, weights=(0.5, 2.0))
    assert hits.tweet_ids.tolist() == [2, 3, 1]
    assert hits.scores == pytest.approx([2.5 / 62, 2 / 61, 0.5 / 61], rel=1e-12)
    assert fuse([np.array([1]), np.array([3])], 10, weights=(1.0, 0.0)).tweet_ids.tolist() == [1]
    assert len(fuse([np.array([1])], 10, weights=(0.0,))) == 0


def test_words_lead_where_a_tweet_has_them_all_and_follow_where_none_has() -> None:
    """By meaning the two come in the other order than by words."""
    search = Search(Wordbag())
    search.update(tweets(["cat cat cat cat bird", "bird cat bread oven", "oven"]))
    by_words, by_meaning = (search.search("bird cat bread", mode).tweet_ids[0] for mode in ("text", "semantic"))  # type: ignore[arg-type]
    assert by_words == 101
    assert search.search("bird cat bread").tweet_ids[0] == 101
    nearest = search.search("bird cat zebra", "semantic").tweet_ids[0]
    assert search.search("bird cat zebra").tweet_ids[0] == nearest
    assert by_meaning in (100, 101)


class Alike:
    """An encoder for which all texts mean the same."""

    dim = 1

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 1), np.float32)


def test_a_query_in_a_script_that_the_encoder_cannot_read_is_searched_by_words_alone() -> None:
    english, any_language = Search(Alike(), languages=frozenset({"en"})), Search(Alike())
    for search in (english, any_language):
        search.update(tweets(["bird", "鳥の歌が好き"]))
    assert english.search("鳥の歌と tea").tweet_ids.tolist() == [101]
    assert any_language.search("鳥の歌と tea").tweet_ids.tolist() == [101, 100]
    assert english.search("tea 鳥").tweet_ids.tolist() == [101, 100]


def test_the_three_modes() -> None:
    search = Search(Wordbag())
    search.update(tweets())
    assert search.search("bird cat", "text").tweet_ids.tolist() == [101]
    assert search.search("a cat and a bird", "semantic", 2).tweet_ids.tolist() == [101, 103]
    assert search.search("bird cat").tweet_ids.tolist()[0] == 101
    assert set(search.search("bird", "semantic", 2, before_us=4_000).tweet_ids.tolist()) == {100, 101}
    with pytest.raises(ConfigError, match="mode"):
        search.search("bird", "psychic")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="encoder"):
        Search().search("bird", "semantic")
    with pytest.raises(QueryError):
        search.search(" ", "semantic")


@pytest.mark.parametrize("mode", ["text", "semantic", "hybrid"])
def test_a_window_of_time_holds_its_start_and_not_its_end(mode: str) -> None:
    """Tweets about birds are of 1, 2 and 4 ms."""
    search = Search(Wordbag())
    search.update(tweets())

    def birds(since_us: int | None, before_us: int | None) -> set[int]:
        hits = search.search("bird", mode, before_us=before_us, since_us=since_us)  # type: ignore[arg-type]
        return set(hits.tweet_ids.tolist()) & {100, 101, 103}

    assert birds(None, None) == {100, 101, 103}
    assert birds(2_000, None) == {101, 103}
    assert birds(2_001, None) == {103}
    assert birds(None, 4_000) == {100, 101}
    assert birds(None, 4_001) == {100, 101, 103}
    assert birds(2_000, 4_000) == {101}


def test_deleted_tweets_are_found_no_more_and_a_rebuild_equals_the_original() -> None:
    search, again = Search(Wordbag()), Search(Wordbag())
    gone = EventBatch("deletions", {"tweet_id": np.array([101]), "time_us": np.array([9_000])})
    for events in (tweets().where(slice(0, 2)), tweets().where(slice(2, None)), gone):
        search.update(events)
    encoded = Wordbag().encode(TEXTS)
    again.update(tweets(), encoded)
    again.update(gone)
    for mode in ("semantic", "hybrid"):
        one, two = search.search("bird oven", mode), again.search("bird oven", mode)  # type: ignore[arg-type]
        assert one.tweet_ids.tolist() == two.tweet_ids.tolist()
        assert 101 not in one.tweet_ids
    assert 101 not in search.search("bird", "text").tweet_ids


def test_a_folder_has_one_writer_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    held = TextIndex(tmp_path / "text")
    with pytest.raises(DataError, match="cannot be opened"):
        TextIndex(tmp_path / "text")
    assert len(held) == 0
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "meta.json").write_text("{")
    with pytest.raises(DataError, match="rebuild"):
        TextIndex(tmp_path / "bad")
