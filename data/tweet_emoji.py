"""Which runs of code points are one emoji: those of Unicode's list, which the package `emoji` carries.

A list decides and not the form, because any number of pictures and invisible tags can be joined into one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from emoji import EMOJI_DATA

_STYLE = "\ufe0f"
_JOINER = "\u200d"
_MOST = 10
"""Code points of the longest emoji."""

_PICTURE = "©®‼⁉™ℹ\u2190-\u21ff\u2300-\u23ffⓂ\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff〰〽㊗㊙\U0001f000-\U0001faff"
_ELEMENT = f"[{_PICTURE}][\U0001f3fb-\U0001f3ff]?{_STYLE}?[\U000e0020-\U000e007f]*+"
_RUN = re.compile(f"[0-9#*]{_STYLE}?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_ELEMENT}(?:{_JOINER}{_ELEMENT})*+")
"""Keycaps, flags, and pictures with their skin tone, style, tags and joined pictures."""


def emoji_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of the emoji of more than one code point, in order."""
    for run in _RUN.finditer(text):
        at, stop = run.span()
        while stop - at > 1:
            end = _longest(text, at, stop)
            if end - at > 1:
                yield at, end
            at = end


def _longest(text: str, at: int, stop: int) -> int:
    """Where the longest emoji ends that begins at `at` of a run that ends at `stop`; else one past the code point."""
    for end in range(min(stop, at + _MOST), at + 1, -1):
        if text[at:end].replace(_STYLE, "") in _listed():
            return end
    return at + 1


@cache
def _listed() -> frozenset[str]:
    """Every emoji without its style marks, which are often left out."""
    return frozenset(one.replace(_STYLE, "") for one in EMOJI_DATA)
