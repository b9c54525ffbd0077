"""Where a text has a top-level domain, by the list in `top_level_domains.txt`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[A-Za-z0-9]++(?![A-Za-z0-9@+-])")
_ENCODED = re.compile(r"[Xx][Nn]--[A-Za-z0-9-]+")
_GOES_ON = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@+-")
"""Characters that cannot follow a top-level domain."""


@cache
def top_level_domains() -> frozenset[str]:
    """All names, in lower case."""
    listed = files("data").joinpath("top_level_domains.txt").read_text("utf-8")
    return frozenset(name for line in listed.splitlines() if not line.startswith("#") for name in line.split())


def top_level_end(text: str, at: int, stop: int) -> int | None:
    """Where the top-level domain ends that begins at `at` of `text[:stop]`; the longest; None where there is none.

    A name that is encoded (`xn--`) is not looked up.
    """
    word = _WORD.match(text, at, stop)
    if word is not None and word.end() == stop and stop < len(text) and text[stop] in _GOES_ON:
        word = None
    if word is not None and word[0].lower() in top_level_domains():
        return word.end()
    encoded = _ENCODED.match(text, at, stop)
    if encoded is not None:
        return encoded.end()
    shortest, longest, first = _others()
    if at >= stop or text[at].lower() not in first:
        return None
    for end in range(min(at + longest, stop), at + shortest - 1, -1):
        if text[at:end].lower() in top_level_domains() and (end == len(text) or text[end] not in _GOES_ON):
            return end
    return None


@cache
def _others() -> tuple[int, int, frozenset[str]]:
    """The shortest and longest length and the first letters of the names with letters beyond ASCII."""
    names = [name for name in top_level_domains() if not name.isascii()]
    return min(map(len, names)), max(map(len, names)), frozenset(name[0] for name in names)
