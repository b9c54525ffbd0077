"""Weighted length and entities against examples whose answer follows from the published rules."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.tweet_text import (
    URL_WEIGHT,
    Entity,
    entities,
    fold,
    hashtags,
    hashtags_of,
    mentions,
    urls,
    weighted_length,
)

WORDS = st.text(st.sampled_from("abZ9_ #＃@&.:/éßШ日本हिं👍🏽\u200d\ufe0f\u20e3x!?()…-"), max_size=60)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("a" * 280, 280),
        ("日本語", 6),
        ("안녕", 4),
        ("Привет", 6),
        ("“quoted”", 8),
        ("wait…", 6),  # U+2026 lies outside the light punctuation
        ("e\u0301", 1),  # normalised to one letter
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇯🇵🇧🇷", 4),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("1️⃣", 2),
        ("❤️", 2),
        ("©", 1),
        ("©️", 2),
        ("👍👍", 4),
        ("see https://example.com/" + "x" * 100, 4 + URL_WEIGHT),
        ("example.com.", URL_WEIGHT + 1),
        ("https://a.co https://b.co", 2 * URL_WEIGHT + 1),
        ("3.14 is not a link", 18),
    ],
)
def test_weighs_as_published(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_gives_entities_with_offsets_of_code_points() -> None:
    text = "👍 #Müller met @ann_1 at https://t.co/a#b."
    assert entities(text) == [
        Entity("hashtag", 2, 9, "Müller"),
        Entity("mention", 14, 20, "ann_1"),
        Entity("url", 24, 40, "https://t.co/a#b"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#one #two, #one", ["one", "two", "one"]),
        ("#2026 #2026goals", ["2026goals"]),
        ("a#b &#39; #", []),
        ("＃日本語 #हिन्दी #ไทย #العربية", ["日本語", "हिन्दी", "ไทย", "العربية"]),
        ("#ab#cd", []),
        ("#snake_case #stop-here", ["snake_case", "stop"]),
        ("(#brackets)", ["brackets"]),
        ("http://x.com/#frag", []),
    ],
)
def test_finds_hashtags(text: str, found: list[str]) -> None:
    assert hashtags(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@a @B_2, ＠c", ["a", "B_2", "c"]),
        ("mail a@b.com", []),
        ("@user's @userさん", ["user", "user"]),
        ("@" + "x" * 21, []),
        ("@@twice @a@b", []),
    ],
)
def test_finds_mentions(text: str, found: list[str]) -> None:
    assert mentions(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://a.example/x?y=1&z=2#w!", ["http://a.example/x?y=1&z=2#w"]),
        ("(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("bit.ly/abc and news.bbc.co.uk", ["bit.ly/abc", "news.bbc.co.uk"]),
        ("me@example.com", []),
        ("end.Start of the next", []),
        ("https://münchen.example/straße", ["https://münchen.example/straße"]),
        ("http://localhost", []),
    ],
)
def test_finds_urls(text: str, found: list[str]) -> None:
    assert urls(text) == found


@given(WORDS)
def test_entities_lie_in_the_text_apart_and_in_order(text: str) -> None:
    at = 0
    for one in entities(text):
        assert at <= one.start < one.end <= len(text)
        assert text[one.start : one.end].endswith(one.value)
        at = one.end


@given(WORDS)
def test_weight_lies_between_the_lightest_and_heaviest_reading(text: str) -> None:
    plain = unicodedata.normalize("NFC", text)
    if not urls(plain):
        assert weighted_length(text) <= 2 * len(plain)
    assert weighted_length(text) == weighted_length(plain)


@given(st.lists(WORDS, max_size=8), st.booleans())
def test_the_batched_form_agrees_with_the_single_one(texts: list[str], folded: bool) -> None:
    found = hashtags_of(texts, folded=folded)
    assert len(found) == len(texts)
    for text, tags in zip(texts, found, strict=True):
        assert tags.tolist() == [fold(tag) if folded else tag for tag in hashtags(text)]


def test_folding_joins_case_width_and_sharp_s() -> None:
    assert fold("Trend") == fold("tREND") == "trend"
    assert fold("Straße") == fold("STRASSE")
    assert fold("ｗｉｄｅ") == "wide"


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing(tag: str) -> None:
    assert fold(fold(tag)) == fold(tag)
