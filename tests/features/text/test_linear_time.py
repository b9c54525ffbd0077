"""Every function that reads people's texts takes time in proportion to their length."""

import random
import time
from collections.abc import Callable
from functools import partial

import pytest

from data import tweet_text
from data.unicode_text import normalised
from features.text.entities import names
from features.text.language import detect_all
from features.text.ngrams import NGrams

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "weighted_length": tweet_text.weighted_length,
    "entities": tweet_text.entities,
    "hashtags": lambda text: tweet_text.hashtags_of([text], folded=True),
    "fold": tweet_text.fold,
    "is_blank": tweet_text.is_blank,
    "normalised": partial(normalised, "NFC"),
    "names": names,
    "language": lambda text: detect_all([text]),
    "n-grams": lambda text: NGrams.of([text]),
}

PARTS = [
    *"aA1_-./()#@$＃ \n!',?&=あ한。ーéⅱİß\"", "..", "http://", "https://t.co/", "a.com", "A. ", ".com", "a@", "#a",
    "#1", "さん", "\u0301", "\u0345", "\u0316", "\ufe0f", "\u200d", "👍", "👍🏽", "\U000e0067", "🏴", "🇯", "\u200b",
    "x-", "a-b.", "Dr. ", "John ", "New York ", "de ", "The ", "佐藤", "東京", "株式会社", "co:1", "\uff9e", "\u0f73",
    "xn--", "भारत.", "a_.b", "&#", "RT@",
]  # fmt: skip

KNOWN = [
    ("http://a.com/", ")"), ("#", "a#"), ("a.com/(", "x"),
    ("", "a.com/("), ("", "a."), ("@ ", "a-"), ("", "\u0345\u0316"),
    ("", "\u0345\uff9e"), ("", "\u0f73"), ("", "#a x.co "), ("", "John "), ("x ", "Zq. x "), ("👍", "\u200d👍"),
    ("🏴", "\U000e0067"), ("a.com?", "!"), ("a.com/", "."), ("http://", "a_."), ("", "語a_"), ("@", "@"), ("", "x@a"),
]  # fmt: skip

SMALL, TIMES, ROUNDS = 10_000, 4, 2
"""Characters of the first text, and how much longer the next is, twice: 10, 40 and 160 thousand."""
MIXED = 8
"""Texts of one to three parts chosen at random."""
GROWTH, SLACK_S = 9.0, 0.002
"""Time may grow by this, between the 4 of linear and the 16 of quadratic functions, and by what a clock errs."""


def least(function: Callable[[str], object], text: str, limit: float = 0.0) -> float:
    """Seconds of this thread for one call, the least of five; enough where it is within `limit`."""
    found = float("inf")
    for _ in range(5):
        start = time.thread_time()
        function(text)
        found = min(found, time.thread_time() - start)
        if found <= limit:
            break
    return found


def alike(head: str, unit: str, size: int) -> str:
    """`head` and then `unit` over and over."""
    return head + unit * (size // len(unit))


def closed(head: str, unit: str, size: int) -> str:
    """As `alike`, with a sign behind it that spoils a tag."""
    return alike(head, unit, size) + "#"


def different(head: str, unit: str, size: int) -> str:
    """As `alike`, with a number behind each, so that no two are the same."""
    return head + "".join(f"{unit}{at} " for at in range(size // (len(unit) + 6)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_text_takes_more_than_its_share_of_time(name: str) -> None:
    chosen, function = random.Random(name), FUNCTIONS[name]
    heads = ("", "http://a.com/", "#", "@", "a.", "John ")
    mixed = [(chosen.choice(heads), "".join(chosen.choices(PARTS, k=chosen.randint(1, 3)))) for _ in range(MIXED)]
    texts = [(alike, head, unit) for head, unit in KNOWN + mixed]
    texts += [(closed, "#", "a"), (closed, "#", "é"), (closed, "@", "a")]
    texts += [(different, head, unit) for head, unit in (("x ", "Zq"), ("", "#a"), ("", "a.com/"), ("", "@a"))]
    function(alike("", "".join(PARTS), SMALL))
    for build, head, unit in texts:
        before, size = least(function, build(head, unit, SMALL)), SMALL
        for _ in range(ROUNDS):
            size *= TIMES
            limit = GROWTH * before + SLACK_S
            after = least(function, build(head, unit, size), limit)
            assert after <= limit, f"{name}, {head!r} and {unit!r} to {size:,}: {before:.4f} s, then {after:.4f} s"
            before = after
