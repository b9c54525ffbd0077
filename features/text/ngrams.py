"""Character n-grams of texts, counted into hashed buckets: what a head reads beside the embedding.

A text is folded to lower case, its URLs to one sign and its mentions to another, and punctuation is split from words.
Of each word, with a space before and after it, all runs of 2 to 5 characters are counted, and the word and its pair
with the word before. A bucket's value is 1 + ln(count). Nothing is learned here, so that all heads share one count.

The bucket of a run is the lower 15 bits of its hash h, FNV-1a over its code points in 32 bits, after h ^= h >> 15,
h *= 0x85EBCA6B, h ^= h >> 13. A word's hash is multiplied by 31 before that; a pair's is that of the word before times
961, exclusive-or with the word's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, offsets_of
from data.kernel import kernel

BITS = 15
BUCKETS = 1 << BITS
SHORTEST, LONGEST = 2, 5
"""Characters of the runs."""

URL, MENTION = r"https?://\S+", r"[@＠]\w+"
_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)
"""Of the hash FNV-1a."""
_END = 0
"""The code that ends a text."""


@dataclass(frozen=True, slots=True)
class NGrams:
    """Buckets of N texts in rows of CSR: `buckets[offsets[i]:offsets[i + 1]]` are those of text i, each once."""

    offsets: I64
    """[N + 1]."""
    buckets: Array
    """[E] int32 below `BUCKETS`."""
    values: F32
    """[E] 1 + ln(count)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Counts the n-grams of texts."""
        codes = np.frombuffer("\0".join(_folded(texts)).encode("utf-32-le"), np.uint32)
        # A run of each length, the word and the pair at most begin at a character or at the space before a word.
        room = (LONGEST - SHORTEST + 3) * (len(codes) + np.count_nonzero(codes == ord(" ")) + 2 * len(texts))
        offsets = np.zeros(len(texts) + 1, np.int64)
        buckets, values = np.empty(room, np.int32), np.empty(room, np.float32)
        _count(codes, offsets, buckets, values)
        return cls(offsets, buckets[: offsets[-1]].copy(), values[: offsets[-1]].copy())

    def take(self, rows: Array) -> Self:
        """Those of the texts at `rows` [M] int64."""
        lengths = np.diff(self.offsets)[rows]
        offsets = offsets_of(lengths)
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return type(self)(offsets, self.buckets[at], self.values[at])


def _folded(texts: Sequence[str]) -> list[str]:
    """Words separated by single spaces."""
    folded = (
        pl.Series("text", texts, pl.String)
        .str.to_lowercase()
        .str.replace_all(URL, " http ")
        .str.replace_all(MENTION, " @user ")
        .str.replace_all(r"([^\w\s@#'’])", " $1 ")
        .str.replace_all(r"[\s\x00]+", " ")
        .str.strip_chars(" ")
    )
    return folded.to_list()


@kernel
def _mixed(h: np.uint32) -> np.uint32:
    """Spreads a hash over its low bits, which name the bucket."""
    h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(0x85EBCA6B))
    return np.uint32(h ^ (h >> np.uint32(13)))


@kernel
def _count(codes: Array, offsets: I64, buckets: Array, values: F32) -> None:
    """Fills the rows of the texts that `_END` separates in `codes` [C] uint32."""
    counts = np.zeros(BUCKETS, np.int32)
    space = np.uint32(32)
    at, begin = 0, 0
    for row in range(len(offsets) - 1):
        first = at
        end = begin
        while end < len(codes) and codes[end] != _END:
            end += 1
        word, before = begin, np.uint32(0)
        while word < end:
            stop = word
            while stop < end and codes[stop] != space:
                stop += 1
            whole = _OFFSET
            for start in range(word - 1, stop):
                h = _OFFSET
                for place in range(start, min(start + LONGEST, stop + 1)):
                    code = space if place < word or place == stop else codes[place]
                    h = np.uint32((h ^ code) * _PRIME)
                    if place - start + 1 >= SHORTEST:
                        at = _add(_mixed(h), counts, buckets, at)
                if start >= word:
                    whole = np.uint32((whole ^ codes[start]) * _PRIME)
            # The word and the pair are distinguished from a run of the same characters by a factor of their own.
            at = _add(_mixed(np.uint32(whole * np.uint32(31))), counts, buckets, at)
            if word > begin:
                at = _add(_mixed(np.uint32(before * np.uint32(961)) ^ whole), counts, buckets, at)
            before = whole
            word = stop + 1
        for entry in range(first, at):
            values[entry] = 1.0 + np.log(counts[buckets[entry]])
            counts[buckets[entry]] = 0
        offsets[row + 1] = at
        begin = end + 1


@kernel
def _add(h: np.uint32, counts: Array, buckets: Array, at: int) -> int:
    """Counts one n-gram; a bucket that is new in its text takes the next entry."""
    bucket = np.int32(h & np.uint32(BUCKETS - 1))
    if counts[bucket] == 0:
        buckets[at] = bucket
        at += 1
    counts[bucket] += 1
    return at
