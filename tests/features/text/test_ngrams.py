"""N-grams of texts counted in plain Python, bucket for bucket."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.text.ngrams import BUCKETS, NGrams


def fnv(text: str) -> int:
    """FNV-1a over code points, 32 bits."""
    h = 2166136261
    for letter in text:
        h = (h ^ ord(letter)) * 16777619 % 2**32
    return h


def bucket(h: int) -> int:
    h = (h ^ (h >> 15)) * 0x85EBCA6B % 2**32
    return (h ^ (h >> 13)) % 2**15


def counted(words: list[str]) -> dict[int, float]:
    """The buckets of a text whose words are plain, with 1 + ln(count)."""
    found: Counter[int] = Counter()
    for at, word in enumerate(words):
        around = f" {word} "
        for start in range(len(around)):
            for length in range(2, 6):
                if start + length <= len(around):
                    found[bucket(fnv(around[start : start + length]))] += 1
        found[bucket(fnv(word) * 31 % 2**32)] += 1
        if at:
            found[bucket((fnv(words[at - 1]) * 961 % 2**32) ^ fnv(word))] += 1
    return {one: 1 + log(count) for one, count in found.items()}


words = st.lists(st.text(st.sampled_from("abcéß漢字カ0_"), min_size=1, max_size=7), max_size=6)


@settings(max_examples=60)
@given(st.lists(words, min_size=1, max_size=4))
def test_n_grams_are_counted_as_stated(texts: list[list[str]]) -> None:
    found = NGrams.of([" ".join(one) for one in texts])
    assert len(found) == len(texts)
    for row, one in enumerate(texts):
        span = slice(found.offsets[row], found.offsets[row + 1])
        got = dict(zip(found.buckets[span].tolist(), found.values[span].tolist(), strict=True))
        assert len(got) == span.stop - span.start
        assert got == pytest.approx(counted(one), rel=1e-6)


@pytest.mark.parametrize(("text", "same"), [
    ("Hello  WORLD", ["hello", "world"]), ("see https://a.com/x?y now", ["see", "http", "now"]),
    ("hi @Bob_1 and ＠carl", ["hi", "@user", "and", "@user"]), ("so, what?!", ["so", ",", "what", "?", "!"]),
    ("it's #Fun", ["it's", "#fun"]), ("a\x00b", ["a", "b"]), ("", []), ("   ", []),
])  # fmt: skip
def test_texts_are_folded_before_they_are_counted(text: str, same: list[str]) -> None:
    found = NGrams.of([text])
    assert dict(zip(found.buckets.tolist(), found.values.tolist(), strict=True)) == pytest.approx(counted(same))


def test_rows_can_be_taken_in_any_order() -> None:
    found = NGrams.of(["one two", "", "three"])
    taken = found.take(np.array([2, 0, 2]))
    for row, of in enumerate((2, 0, 2)):
        mine, theirs = (slice(n.offsets[r], n.offsets[r + 1]) for n, r in ((taken, row), (found, of)))
        assert np.array_equal(taken.buckets[mine], found.buckets[theirs])
        assert np.array_equal(taken.values[mine], found.values[theirs])
    assert found.buckets.max() < BUCKETS
