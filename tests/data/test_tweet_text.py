"""Weighted length and entities against examples whose answer follows from the published rules."""

import re
import sys
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
    is_blank,
    mentions,
    urls,
    weighted_length,
)
from data.unicode_text import sortable

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
        ("👍\u200d👍\u200d👍", 8),  # no emoji of Unicode's list
        ("👩🏽\u200d❤\u200d💋\u200d👨🏿", 2),
        ("👩\u200d❤️\u200d🔥", 2 + 1 + 2),
        ("🏴" + "\U000e0067" * 50, 102),
        ("a" + "\U000e0067" * 50, 101),
        ("🇦🇦", 4),
        ("🍕🏽", 4),
        ("👍\ufe0f", 2),
        ("👍\ufe0f\ufe0f", 4),
        ("#️⃣ #\ufe0f", 2 + 1 + 3),
        ("a" * 63 + ".com", URL_WEIGHT),
        ("a" * 64 + ".com", 68),
        ("https://" + "a" * 64 + ".com/x a.com", 8 + 64 + 7 + URL_WEIGHT),
        ("http://" + "あいうえおかきくけこ" * 5 + "あい.com", URL_WEIGHT),
        ("http://" + "あいうえおかきくけこ" * 5 + "あいう.com", 7 + 106 + 4),
        ("http://a" + "\xad" * 300 + ".com", 7 + 301 + 4),
        ("a." * 130 + "com", 263),
        ("http://a.com/" + "x" * 4_083, URL_WEIGHT),
        ("http://a.com/" + "x" * 4_084, 4_097),
        ("a.com/" + "x" * 4_083, 4_089),
    ],
)
def test_weighs_as_published(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_gives_entities_with_offsets_of_code_points() -> None:
    text = "👍 #Müller met @ann_1 at https://x.com/a#b."
    assert entities(text) == [
        Entity("hashtag", 2, 9, "Müller"),
        Entity("mention", 14, 20, "ann_1"),
        Entity("url", 24, 41, "https://x.com/a#b"),
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
        ("http://x.com/#frag x.com/#frag", []),
        ("#http://x.com #a://b", []),
        ("✌️#after ✌︎#style ✌🏿️#tone 👩‍👧#joined", ["after", "style", "tone", "joined"]),
        ("#1️⃣ #️⃣ #️x", ["1️⃣"]),
        (
            "#\u05e2\u05dc\u05be\u05d9\u05d3\u05d9 #\u05d5\u05db\u05d5\u05f3 #\u05de\u05f4\u05db",
            ["\u05e2\u05dc\u05be\u05d9\u05d3\u05d9", "\u05d5\u05db\u05d5\u05f3", "\u05de\u05f4\u05db"],
        ),
        ("#\u0f56\u0f7c\u0f51\u0f0b\u0f66", ["\u0f56\u0f7c\u0f51\u0f0b\u0f66"]),
        ("#メ～テレ #メ〜テレ #il·lusió", ["メ～テレ", "メ〜テレ", "il·lusió"]),
        ("#各〃 #〃 #_ #1_2 #_a", ["各〃", "_a"]),
        ("#a² #½ #Ⅷ", ["a"]),
        ("日本#語 。#語 &#amp", ["語"]),
        ("#\U00020021 #A\U000104a0", ["\U00020021", "A\U000104a0"]),
        ("#dodge/#answer", ["dodge", "answer"]),
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
        ("@" + "x" * 21, ["x" * 20]),
        ("RT@a rt:@b Rt @c", ["a", "b", "c"]),
        ("ART@a me+rt@b x.rt@c", []),
        ("日本@aさん", ["a"]),
        ("@josé @joseph", ["joseph"]),
        ("@http://a.com", []),
        ("f!@a f#@b f$@c f%@d f&@e f*@f _@g", []),
        ("(@a) .@b /@c -@d", ["a", "b", "c", "d"]),
        ("@ann/birds @ann", ["ann"]),
        ("@@twice @a@b", []),
    ],
)
def test_finds_mentions(text: str, found: list[str]) -> None:
    assert mentions(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://a.org/x?y=1&z=2#w!", ["http://a.org/x?y=1&z=2#w"]),
        ("(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("bit.ly/abc and news.bbc.co.uk", ["bit.ly/abc", "news.bbc.co.uk"]),
        ("me@example.com", []),
        ("end.Start of the next", []),
        ("https://münchen.org/straße", ["https://münchen.org/straße"]),
        ("http://localhost", []),
    ],
)
def test_finds_urls(text: str, found: list[str]) -> None:
    assert urls(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ann/birds, @b/c_d-1 の@e/fに", ["ann/birds", "b/c_d-1", "e/f"]),
        ("@ann/7th @ann/ @/birds", []),
        ("@ann/" + "x" * 26, ["ann/" + "x" * 25]),
    ],
)
def test_finds_lists(text: str, found: list[str]) -> None:
    assert [one.value for one in entities(text) if one.kind == "list"] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$TEST $Stock\u3000$a.bc $x_y", ["TEST", "Stock", "a.bc", "x_y"]),
        ("$AB. $AB, ($CD) .$CD x$CD", ["AB", "AB"]),
        ("$12 $A1 $株 $toolong $", []),
        ("\u202a$AB\u202c $A$B", ["A"]),
    ],
)
def test_finds_cashtags(text: str, found: list[str]) -> None:
    assert [one.value for one in entities(text) if one.kind == "cashtag"] == found


def test_of_two_entities_that_overlap_the_first_counts() -> None:
    assert [(one.kind, one.value) for one in entities("#日本x.com @a x.com/@b")] == [
        ("hashtag", "日本x"), ("mention", "a"), ("url", "x.com/@b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", " \n\u3000", "\u200b\u2060\ufeff", "\U000e0067\u200d\ufe0f", "\u3164\u2800\xad", "\x00"]
)
def test_is_blank_where_nothing_is_seen(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(text + "." + text)
    assert not is_blank("\U0001fae8" + text)


@given(WORDS)
def test_hashtags_are_those_of_the_entities(text: str) -> None:
    assert hashtags(text) == [one.value for one in entities(text) if one.kind == "hashtag"]


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


def test_long_rows_of_marks_are_normalised_in_parts() -> None:
    marks = "\u0345\u0316" * 600
    assert weighted_length("a" + marks) == 1_201
    assert fold("e\u0301" * 800) == "é" * 800
    assert weighted_length("e\u0301" * 800) == 800


def test_every_character_that_begins_with_a_mark_once_normalised_is_taken_for_one() -> None:
    marks = re.compile(f"[{sortable()}]")
    codes = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    first = ((one, unicodedata.normalize("NFKD", one)[0]) for one in codes)
    assert not [one for one, mark in first if unicodedata.combining(mark) and not marks.fullmatch(one)]


def test_folding_joins_case_width_and_sharp_s() -> None:
    assert fold("Trend") == fold("tREND") == "trend"
    assert fold("Straße") == fold("STRASSE")
    assert fold("ｗｉｄｅ") == "wide"


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing(tag: str) -> None:
    assert fold(fold(tag)) == fold(tag)
