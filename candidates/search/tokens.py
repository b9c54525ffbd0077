"""Words of texts in any script, spelled out so that an index that cuts at blanks has them.

Scripts that put no blanks between words, or glue particles to them (Han, kana, Hangul, Thai, Lao, Khmer, Burmese), are
spelled as overlapping pairs of characters, in order, and behind each run its last character alone. A word anywhere in
such a run is then a phrase of pairs, found without a dictionary and with nothing else found. A word of one
character is looked up among single characters, which are spelled separately. Everything else is cut at what is no
letter, mark or digit. Texts are brought to NFKC first; case and accents are the analyzer's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from unicodedata import is_normalized

import numpy as np
import tantivy
from numpy.typing import NDArray

from data.batch import I64, offsets_of
from data.kernel import kernel
from data.unicode_text import normalised

BLANK, WORD, GRAM = 0, 1, 2
"""Classes of characters: between words, of words, of scripts without blanks."""

_GRAM_RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x30FF),
    (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_CLASSED = 0x40000
"""Code points beyond are private or empty, and no words."""

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one class inside a word or phrase of a query."""

    text: str
    gram: bool


def analyzer() -> tantivy.TextAnalyzer:
    """Cuts spelled texts at blanks, lowers them, and strips Latin accents."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def spell(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words and pairs of each text separated by blanks, and its single characters of scripts without blanks."""
    plain = [text if is_normalized("NFKC", text) else normalised("NFKC", text) for text in texts]
    offsets = offsets_of(np.fromiter(map(len, plain), np.int64, len(plain)))
    codes = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), np.uint32)
    if not len(codes):
        return [""] * len(plain), [""] * len(plain)
    words, singles = np.empty(4 * len(codes), np.uint32), np.empty(2 * len(codes), np.uint32)
    ends = np.zeros((2, len(plain) + 1), np.int64)
    _spell(codes, offsets, classes(), words, singles, ends)
    return _cut(words, ends[0]), _cut(singles, ends[1])


def has_word(text: str) -> bool:
    """Whether there is a letter or digit in `text`."""
    return bool(runs(text))


def runs(text: str) -> list[Run]:
    """The runs of a word or phrase of a query, from left to right."""
    kinds, found = classes(), list[Run]()
    text = normalised("NFKC", text)
    codes = [kinds[ord(one)] if ord(one) < _CLASSED else BLANK for one in text]
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and codes[end] == codes[at]:
            end += 1
        if codes[at] != BLANK:
            found.append(Run(text[at:end], bool(codes[at] == GRAM)))
        at = end
    return found


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters."""
    return [run[at : at + 2] for at in range(len(run) - 1)]


@cache
def classes() -> NDArray[np.uint8]:
    """[code points] class of each."""
    out = np.zeros(_CLASSED, np.uint8)
    lettered = [code for code in range(_CLASSED) if unicodedata.category(chr(code))[0] in "LMN"]
    out[lettered] = WORD
    for low, high in _GRAM_RANGES:
        part = out[low : high + 1]
        part[part == WORD] = GRAM
    # A variation selector shows a character in another way and is no part of a word.
    out[0xFE00:0xFE10] = BLANK
    return out


def _cut(codes: Codes, ends: I64) -> list[str]:
    text = codes[: ends[-1]].tobytes().decode("utf-32-le")
    places = ends.tolist()
    return [text[a:b] for a, b in pairwise(places)]


@kernel
def _spell(
    codes: Codes, offsets: I64, kinds: NDArray[np.uint8], words: Codes, singles: Codes, ends: I64
) -> None:  # pragma: no cover - compiled
    """Fills `words` and `singles`; `ends` [2, texts + 1] get where each text's part ends in them."""
    at, one = 0, 0
    for text in range(len(offsets) - 1):
        before = 0
        for i in range(offsets[text], offsets[text + 1]):
            code = codes[i]
            kind = kinds[code] if code < len(kinds) else 0
            if before == 2 and kind != 2:
                words[at] = codes[i - 1]
                words[at + 1] = 32
                at += 2
            elif before == 1 and kind != 1:
                words[at] = 32
                at += 1
            if kind == 1:
                words[at] = code
                at += 1
            elif kind == 2:
                if before == 2:
                    words[at] = codes[i - 1]
                    words[at + 1] = code
                    words[at + 2] = 32
                    at += 3
                singles[one] = code
                singles[one + 1] = 32
                one += 2
            before = kind
        if before == 2:
            words[at] = codes[offsets[text + 1] - 1]
            at += 1
        ends[0, text + 1] = at
        ends[1, text + 1] = one
