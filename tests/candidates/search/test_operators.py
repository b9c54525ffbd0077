"""Every operator, alone and combined, finds what a brute-force referee finds; BM25 ties and time order as stated."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.search.hybrid import Search
from candidates.search.query import QueryError, parse
from candidates.search.text import Within
from data.events import DAY_US, HOUR_US, EventBatch
from tests.candidates.search.referee import HANDLES, START_US, Tweet, batch, holds

WORDS = (
    "rook", "Bishop", "café", "CAFE", "tea", "don't", "e4", "#Chess", "#chess", "#東京", "@Bob_2", "@nobody", "見る",
    "東京都", "東京", "京都", "猫", "猫が好き", "coffee", "コーヒー", "ｺｰﾋｰ", "학교에서", "학교", "https://x.org/a.b",
    "naïve", "Straße", "東京coffee", "，", "!", "rook bishop", "猫 coffee",
)  # fmt: skip
PLACES = (-1, 44418, 28218, 1118370, 2459115)


@cache
def world() -> tuple[Search, tuple[Tweet, ...]]:
    """300 tweets of four people with likes and deletions, in an index that took them in pieces."""
    rng = np.random.default_rng(7)
    tweets: list[Tweet] = []
    for at in range(300):
        kind = ("original", "original", "reply", "quote", "retweet")[rng.integers(5)] if at > 5 else "original"
        about = tweets[rng.integers(at)] if kind != "original" else None
        words = " ".join(rng.choice(WORDS, rng.integers(1, 7)).tolist())
        tweets.append(Tweet(
            1_000 + at, START_US + at // 2 * HOUR_US, int(rng.choice([1, 2, 3, 4, 9])), words, kind,
            about.tweet_id if about else -1,
            -1 if about is None else about.conversation_id if about.conversation_id >= 0 else about.tweet_id,
            str(rng.choice(["en", "en-GB", "ja", "eng", ""])), int(rng.choice(PLACES)), int(rng.integers(2)),
            to=about.author_id if about else -1,
        ))  # fmt: skip
        tweets[-1].verified = tweets[-1].author_id in (2, 9)
    search = Search()
    ids = np.array([*HANDLES, 9])
    search.update(EventBatch("users", {
        "user_id": ids, "created_us": np.zeros(5, np.int64), "verified": np.isin(ids, (2, 9)),
        "username": np.array([*HANDLES.values(), ""], object), "name": np.array([""] * 5, object),
    }))  # fmt: skip
    for start in range(0, 300, 70):
        search.update(batch(tweets[start : start + 70]))
        search.text.refresh()
    liked = rng.choice(300, 500, p=(w := 1.0 / np.arange(1, 301)) / w.sum())
    for at in liked.tolist():
        tweets[at].likes += 1
    search.update(EventBatch("engagements", {
        "tweet_id": np.append(liked + 1_000, [1_000, 77]),
        "action": np.array(["like"] * 500 + ["click", "like"], object),
    }))  # fmt: skip
    gone = rng.choice(300, 25, replace=False)
    for at in gone.tolist():
        tweets[at].deleted = True
    search.update(EventBatch("deletions", {"tweet_id": gone + 1_000}))
    return search, tuple(tweets)


def wanted(query: str) -> set[int]:
    tree = parse(query)
    return {one.tweet_id for one in world()[1] if not one.deleted and holds(tree, one)}


EACH = [
    "rook", "CAFÉ", '"rook bishop"', "don't", "#chess", "#東京", "@bob_2", "from:ann", "from:Bob_2", "from:4", "from:9",
    "from:nobody", "to:carla", "to:4", "to:9", "lang:en", "lang:en-gb", "lang:ja", "has:media", "has:links",
    "has:hashtags", "has:mentions", "is:reply", "is:retweet", "is:quote", "is:verified", "conversation_id:1000",
    "conversation_id:1003", "min_faves:0", "min_faves:1", "min_faves:3", "min_faves:500", "since:2026-01-07",
    "until:2026-01-07", "since:2026-01-06T05:00:00Z until:2026-01-06T06:00:00Z",
    "place:London", "place:44418", "place:Tokyo", "point_radius:[-0.13 51.5 300km]",
    "point_radius:[-0.13 51.5 100mi]", "point_radius:[0 0 1km]", "tea OR rook",
    "-has:media rook", "rook -(tea OR is:reply)", "(rook tea) OR (from:ann -has:links)", "東京", "京都", "京", "猫",
    "猫が", "が", "コーヒー", "ｺｰﾋｰ", "학교", "교에", "에서", '"東京 coffee"', '"coffee 猫"', '"猫 coffee"',
    "東京coffee", "strasse", "NAIVE", "-min_faves:1 tea", "is:verified OR tea",
]  # fmt: skip


@pytest.mark.parametrize("query", EACH)
def test_each_operator_against_the_referee(query: str) -> None:
    hits = world()[0].search(query, "text", 400)
    assert set(hits.tweet_ids.tolist()) == wanted(query)
    assert len(set(hits.tweet_ids.tolist())) == len(hits)


def test_only_what_should_find_nothing_does() -> None:
    assert {query for query in EACH if not wanted(query)} == {"from:nobody", "min_faves:500", "point_radius:[0 0 1km]"}


LEAVES = st.sampled_from(EACH[:50])
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
        st.tuples(inner, inner).map(lambda two: f"(({two[0]}) -({two[1]}))"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(QUERIES)
def test_any_combination_against_the_referee(query: str) -> None:
    try:
        parse(query)
    except QueryError:  # two operators of a leaf of its own can stand where only one may
        return
    assert set(world()[0].search(query, "text", 400).tweet_ids.tolist()) == wanted(query)


def test_without_words_the_newest_come_first_and_then_the_larger_id() -> None:
    search, tweets = world()
    kept = [one for one in tweets if not one.deleted and one.author_id == 1]
    newest = [one.tweet_id for one in sorted(kept, key=lambda one: (-one.time_us, -one.tweet_id))]
    for limit in (1, 2, 5, 30):
        assert search.search("from:ann", "text", limit).tweet_ids.tolist() == newest[:limit]


@pytest.mark.parametrize(
    ("within", "query"),
    [
        (Within(languages=["en", "ja"]), "(lang:en OR lang:ja) tea"),
        (Within(place=44418), "place:London tea"),
        (Within(min_likes=2, media=True), "min_faves:2 has:media tea"),
        (Within(media=False, verified=True), "-has:media is:verified tea"),
        (
            Within(verified=False, authors=[1, 2], hashtags=["CHESS"]),
            "-is:verified (from:ann OR from:bob_2) #chess tea",
        ),
        (Within(START_US + DAY_US, START_US + 2 * DAY_US), "since:2026-01-06 until:2026-01-07 tea"),
        (Within(authors=[]), "from:nobody tea"),
    ],
)
def test_filters_are_the_operators(within: Within, query: str) -> None:
    assert set(world()[0].search("tea", "text", 400, within=within).tweet_ids.tolist()) == wanted(query)
