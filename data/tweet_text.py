"""What a tweet's words hold by the network's rules: weighted length, hashtags, mentions and URLs with offsets.

The rules are those that Twitter published with twitter-text (configuration version 3). Offsets count code points
of the text as given, from the sign (`#`, `@`) to one past the last character. Hashtags and mentions inside a URL are
not entities. A hashtag is kept as written; `fold` makes the key under which two spellings of one hashtag meet.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np

from data.batch import Ragged

MAX_WEIGHTED_LENGTH = 280
"""The most that a tweet may weigh."""

URL_WEIGHT = 23
"""What every URL weighs, however long: it is replaced by a short link."""

EMOJI_WEIGHT = 2
"""What an emoji weighs, of however many code points."""

_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh 1; all others weigh 2."""

_HEAVY = re.compile("[^" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _LIGHT if high != 4351) + "\x00-\u10ff]")

_PICTURE = "\xa9\xae‼⁉™ℹ\u2190-\u21ff\u2300-\u23ffⓂ\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff〰〽㊗㊙\U0001f000-\U0001faff"
_ELEMENT = f"[{_PICTURE}](?:[\U0001f3fb-\U0001f3ff]|\ufe0f)?[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(f"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_ELEMENT}(?:\u200d{_ELEMENT})*")
"""Keycaps, flags, and pictures with their skin tone, style, tags and joined pictures."""

_BARE_TLD = (
    "com|org|net|edu|gov|int|info|io|co|me|tv|ly|app|dev|ai|uk|de|fr|es|it|jp|br|ca|au|in|eu|us|news|blog|social"
)
_URL = re.compile(
    r"(?<![\w@＠#＃$./-])"
    r"(?:https?://(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}"
    rf"|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_BARE_TLD})(?![\w@＠-]|\.\w))"
    r"(?::\d{1,5})?"
    r"(?:/[^\s<>\"“”『』「」。、]*)?(?:\?[^\s<>\"“”『』「」。、]*)?(?:\#[^\s<>\"“”『』「」。、]*)?",
    re.IGNORECASE,
)
_URL_TAIL = ".,:;!?'’…*_~-"
"""Punctuation that ends a sentence, not the URL."""

_MENTION = re.compile(r"(?<![a-zA-Z0-9_!#$%&*@＠])[@＠]([a-zA-Z0-9_]{1,20})(?![a-zA-Z0-9_@＠À-ɏ]|://)")

EntityKind = Literal["hashtag", "mention", "url"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a text: `text[start:end]` with its sign; `value` is without the sign, as written."""

    kind: EntityKind
    start: int
    end: int
    value: str


def weighted_length(text: str) -> int:
    """What `text` weighs against `MAX_WEIGHTED_LENGTH`, after Unicode normalisation NFC.

    A URL weighs 23, an emoji 2; other code points weigh 1 in the Latin to Georgian ranges and in most general
    punctuation, else 2.
    """
    if text.isascii() and "." not in text:
        return len(text)
    text = unicodedata.normalize("NFC", text)
    found = _urls(text)
    weight = URL_WEIGHT * len(found)
    at = 0
    for start, end in [*found, (len(text), len(text))]:
        weight += _plain_weight(text[at:start])
        at = end
    return weight


def entities(text: str) -> list[Entity]:
    """All hashtags, mentions and URLs of `text` in the order of their start."""
    spans = _urls(text) if "." in text else []
    out = [Entity("url", start, end, text[start:end]) for start, end in spans]
    if "#" in text or "＃" in text:
        out += [
            Entity("hashtag", m.start(), m.end(), m[1])
            for m in _hashtag_pattern(text.isascii()).finditer(text)
            if not _inside(m.start(), spans)
        ]
    if "@" in text or "＠" in text:
        out += [
            Entity("mention", m.start(), m.end(), m[1])
            for m in _MENTION.finditer(text)
            if not _inside(m.start(), spans)
        ]
    return sorted(out, key=lambda one: one.start)


def hashtags(text: str) -> list[str]:
    """Hashtags of `text` without `#`, as written, in order, repeats kept."""
    if "#" not in text and "＃" not in text:
        return []
    if "." in text:
        return [one.value for one in entities(text) if one.kind == "hashtag"]
    found: list[str] = _hashtag_pattern(text.isascii()).findall(text)
    return found


def mentions(text: str) -> list[str]:
    """Handles mentioned in `text` without `@`, as written, in order, repeats kept."""
    return [one.value for one in entities(text) if one.kind == "mention"]


def urls(text: str) -> list[str]:
    """URLs in `text`, in order; bare domains count under common top-level domains (twitter-text lists all)."""
    return [one.value for one in entities(text) if one.kind == "url"]


def fold(hashtag: str) -> str:
    """The key of a hashtag: compatibility forms and case made one, so that `#Straße` and `#STRASSE` are the same."""
    if hashtag.isascii():
        return hashtag.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", hashtag).casefold())


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
    return Ragged(np.r_[0, np.cumsum(lengths)].astype(np.int64), column)


def _plain_weight(text: str) -> int:
    """The weight of words without URLs."""
    if text.isascii() and "\u20e3" not in text:
        return len(text)
    weight = 0
    kept: list[str] = []
    at = 0
    for match in _EMOJI.finditer(text):
        if match.end() - match.start() > 1:
            kept.append(text[at : match.start()])
            weight += EMOJI_WEIGHT
            at = match.end()
    rest = "".join([*kept, text[at:]])
    return weight + len(rest) + len(_HEAVY.findall(rest))


def _urls(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _URL.finditer(text):
        start, end = match.span()
        end = start + len(match[0].rstrip(_URL_TAIL))
        # A closing bracket belongs to the URL only when it was opened inside it.
        while text[end - 1] in ")]" and text.count(text[end - 1], start, end) > text.count(
            "(["[")]".index(text[end - 1])], start, end
        ):
            end -= 1
        spans.append((start, end))
    return spans


def _inside(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


@cache
def _hashtag_pattern(ascii_only: bool) -> re.Pattern[str]:
    """Letters, digits, marks and underscores after `#`, a letter among them, not glued to a word or `&` before it."""
    letter, body = r"[A-Za-z]", "A-Za-z0-9_"
    if not ascii_only:
        letter = r"[^\W\d_]"
        body = rf"\w\u200c\u200d·・〜゛゜ー{_marks()}"
    return re.compile(rf"(?<![{body}&])[#＃]([{body}]*{letter}[{body}]*)(?![{body}#＃]|://)")


def _marks() -> str:
    """Ranges of all combining marks, which `\\w` leaves out and Indic, Thai and Arabic words need."""
    marks = [code for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M"]
    marks += [
        code for code in range(0xE0100, min(0xE01F0, sys.maxunicode)) if unicodedata.category(chr(code))[0] == "M"
    ]
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(marks)) if b != a + 1), len(marks)]
    return "".join(f"{chr(marks[a])}-{chr(marks[b - 1])}" for a, b in pairwise(breaks))
