"""Classes of characters for regular expressions, and normalisation in time proportional to a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Literal

LATIN_ACCENTS = (
    "À-ÖØ-öø-ɏ\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
"""Latin letters beyond ASCII and the accents that combine with them, as ranges of a character class."""

DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks of writing direction."""

SPACES = "\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

_PLANES = (range(0x40000), range(0xE0000, 0xE0200))
"""Where letters, marks and digits are assigned; the rest is private or empty."""

_SHORT = 1_000
_RUN = 30
"""Marks in a row that are put in order together, as in Unicode's stream-safe format; no language writes as many."""


def ranges(codes: Iterable[int]) -> str:
    """Rising code points as ranges of a character class."""
    listed = list(codes)
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(listed), 1) if b != a + 1), len(listed)]
    return "".join(f"\\U{listed[a]:08x}-\\U{listed[b - 1]:08x}" for a, b in pairwise(breaks))


@cache
def category(names: str) -> str:
    """Ranges of the characters whose general category begins with one of `names`, separated by blanks."""
    wanted = tuple(names.split())
    return ranges(code for plane in _PLANES for code in plane if unicodedata.category(chr(code)).startswith(wanted))


def normalised(form: Literal["NFC", "NFKC"], text: str) -> str:
    """`text` in a normal form.

    The library sorts marks in a row by insertion, in time of the square of their number. In a text of
    over 1,000 code points a row of more than 30 is therefore normalised 30 at a time.
    """
    if text.isascii():
        return text
    if len(text) <= _SHORT:
        return unicodedata.normalize(form, text)
    cuts = [0, *(match.end() for match in _long_run().finditer(text)), len(text)]
    return "".join(unicodedata.normalize(form, text[a:b]) for a, b in pairwise(cuts))


def sortable() -> str:
    """Ranges of the characters that normalisation may put into another order.

    The two half-width sound marks of Japanese are letters, but marks once they are normalised.
    """
    return category("M") + "\uff9e\uff9f"


@cache
def _long_run() -> re.Pattern[str]:
    return re.compile(f"[{sortable()}]{{{_RUN}}}")
