"""What a tweet's words hold by the network's rules: weighted length, hashtags, mentions and URLs with offsets.

The rules are those that Twitter published with twitter-text (configuration version 3). Offsets count code points
of the text as given, from the sign (`#`, `@`) to one past the last character. Of two entities that overlap the one that
begins first counts, so that a hashtag or mention inside a URL does not. A hashtag is kept as written; `fold` makes the
key under which two spellings of one hashtag meet. Every function takes time in proportion to the length of its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from data.batch import Array, Ragged
from data.tweet_emoji import emoji_spans
from data.tweet_urls import url_spans
from data.unicode_text import DIRECTIONS, LATIN_ACCENTS, SPACES, category, normalised

MAX_WEIGHTED_LENGTH = 280
"""The most that a tweet may weigh."""

MAX_LENGTH = 4_000
"""Code points of a tweet that the network reads at all: what is longer is refused before it is weighed."""

URL_WEIGHT = 23
"""What every URL weighs, however long: it is replaced by a short link."""

EMOJI_WEIGHT = 2
"""What an emoji weighs, of however many code points."""

_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh 1; all others weigh 2."""

_HEAVY = re.compile("[^" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _LIGHT if high != 4351) + "\x00-\u10ff]")

_MENTION = re.compile(
    r"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<=[Rr][Tt])(?<![A-Za-z0-9_+~.\-][Rr][Tt]))[@＠]"
    r"([A-Za-z0-9_]{1,20}+(?P<list>/[A-Za-z][A-Za-z0-9_\-]{0,24}+)?+)"
    rf"(?![@＠{LATIN_ACCENTS}]|://)"
)
"""A handle, or a list of a user's; not in an e-mail address or another word, but behind RT."""

_CASHTAG = re.compile(
    rf"(?<![^{SPACES}{DIRECTIONS}])\$([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?=\s|[!-/:-@\[-`{{-~]|\Z)"
)
"""A share's symbol: up to six letters and two behind a point."""

_TAG_SIGNS = "_\u200c\u200d\ua67e\u05be\u05f3\u05f4～〜\u309b\u309c\u30a0・〃\u0f0b\u0f0c·"
"""What a hashtag may have beside letters, marks and digits."""

_NOT_SEEN = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*+"
)
"""Spaces, controls, and what is invisible by Unicode."""

NOT_TEXT = re.compile("[\x00\ufeff\ufffe\uffff]")
"""What is no text: NUL, byte order marks and a code point that is none."""

EntityKind = Literal["hashtag", "mention", "list", "cashtag", "url"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a text: `text[start:end]` with its sign; `value` is without the sign, as written."""

    kind: EntityKind
    start: int
    end: int
    value: str


def weighted_length(text: str) -> int:
    """What `text` weighs against `MAX_WEIGHTED_LENGTH`, after Unicode normalisation NFC.

    A URL weighs 23, an emoji of Unicode's list 2; other code points weigh 1 in the Latin to Georgian ranges and in most
    general punctuation, else 2.
    """
    if text.isascii() and "." not in text:
        return len(text)
    text = normalised("NFC", text)
    found = url_spans(text)
    weight = URL_WEIGHT * len(found)
    at = 0
    for start, end in [*found, (len(text), len(text))]:
        weight += _plain_weight(text[at:start])
        at = end
    return weight


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing of `text`."""
    return _NOT_SEEN.fullmatch(text) is not None


def entities(text: str) -> list[Entity]:
    """All entities of `text` in the order of their start.

    A mention's value is the handle, that of a list `handle/list`.
    """
    out = [Entity("url", start, end, text[start:end]) for start, end in url_spans(text)] if "." in text else []
    if "#" in text or "＃" in text:
        out += [Entity("hashtag", m.start(), m.end(), m[1]) for m in _hashtags(text.isascii()).finditer(text)]
    if "@" in text or "＠" in text:
        out += [Entity("list" if m["list"] else "mention", m.start(), m.end(), m[1]) for m in _MENTION.finditer(text)]
    if "$" in text:
        out += [Entity("cashtag", m.start(), m.end(), m[1]) for m in _CASHTAG.finditer(text)]
    out.sort(key=lambda one: one.start)
    apart: list[Entity] = []
    for one in out:
        if not apart or apart[-1].end <= one.start:
            apart.append(one)
    return apart


def hashtags(text: str) -> list[str]:
    """Hashtags of `text` without `#`, as written, in order, repeats kept."""
    if "#" not in text and "＃" not in text:
        return []
    pattern = _hashtags(text.isascii())
    # No entity has a blank in it, so none that begins before a hashtag reaches over a blank into it.
    if "." in text and not all(m.start() == 0 or text[m.start() - 1] in " \n" for m in pattern.finditer(text)):
        return [one.value for one in entities(text) if one.kind == "hashtag"]
    found: list[str] = pattern.findall(text)
    return found


def mentions(text: str) -> list[str]:
    """Handles mentioned in `text` without `@`, as written, in order, repeats kept; lists are none."""
    return [one.value for one in entities(text) if one.kind == "mention"]


def urls(text: str) -> list[str]:
    """URLs in `text`, in order; bare domains count under every top-level domain."""
    return [one.value for one in entities(text) if one.kind == "url"]


def fold(hashtag: str) -> str:
    """The key of a hashtag: compatibility forms and case made one, so that `#Straße` and `#STRASSE` are the same."""
    if hashtag.isascii():
        return hashtag.lower()
    return normalised("NFKC", normalised("NFKC", hashtag).casefold())


def hashtags_of(texts: Sequence[str] | Iterable[str], *, folded: bool = False) -> Ragged:
    """[B] texts to their hashtags: a ragged column of [N] str objects, as `hashtags` gives them, or their folds.

    For streams: looks only at texts that contain the sign.
    """
    every = texts if isinstance(texts, Sequence | np.ndarray) else list(texts)
    key: Callable[[str], str] | None = fold if folded else None
    lengths = np.zeros(len(every), np.int64)
    values: list[str] = []
    for row in [row for row, text in enumerate(every) if "#" in text or "＃" in text]:
        found = hashtags(every[row])
        lengths[row] = len(found)
        values += map(key, found) if key else found
    column = np.empty(len(values), object)
    column[:] = values
    return Ragged.from_lengths(lengths, column)


def text_counts(texts: Array) -> tuple[Array, Array]:
    """Weighted length and number of hashtags of each text: two [N] int32."""
    length = np.fromiter((weighted_length(text) for text in texts.tolist()), np.int32, len(texts))
    return length, hashtags_of(texts).lengths.astype(np.int32)


def _plain_weight(text: str) -> int:
    """The weight of words without URLs."""
    if text.isascii():
        return len(text)
    weight = 0
    kept: list[str] = []
    at = 0
    for start, end in emoji_spans(text):
        kept.append(text[at:start])
        weight += EMOJI_WEIGHT
        at = end
    rest = "".join([*kept, text[at:]])
    return weight + len(rest) + len(_HEAVY.findall(rest))


@cache
def _hashtags(ascii_only: bool) -> re.Pattern[str]:
    """Letters, marks, digits and signs after `#`, a letter or mark among them.

    It is not glued to a word or `&` before it (an emoji's style mark is no word), nor to `#` or `://` behind it.
    """
    if ascii_only:
        return re.compile("#(?<![A-Za-z0-9_&]#)(?=[0-9_]*+[A-Za-z])([A-Za-z0-9_]++)(?!#|://)")
    letter, other = category("L M"), category("Nd") + _TAG_SIGNS
    return re.compile(
        rf"[#＃](?:(?<![{letter}{other}&].)|(?<=[\ufe0e\ufe0f].))(?![\ufe0f\u20e3])"
        rf"(?=[{other}]*+[{letter}])([{letter}{other}]++)(?![#＃]|://)"
    )
