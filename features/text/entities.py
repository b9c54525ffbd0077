"""People, places and organisations in a text, found by a gazetteer, by the words around a name and by its capitals.

There is no model. Known are the names of `features.text.gazetteer`, whatever their case; beyond those a run
of capitalised words is a person after a title or a given name, an organisation or a place by its last or first word
(University, Street), a place after "lives in" and the like; every other run is a name of no known kind. In Japanese and
Korean, which have no capitals, it uses the gazetteer, honorifics after a person and endings of places and
organisations. Other names are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from features.text import gazetteer as known

Kind = Literal["person", "place", "organisation"]

_SIGNS = re.compile(r"https?://\S+|[@＠#＃]\w+|(?<![\w-])[\w-]++(?:\.[a-z]{2,}+){1,3}+/\S*")
_TOKEN = re.compile(r"[^\W_](?:[\w'’&.\-]*\w)?|[^\w\s]")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ENDS = frozenset('.!?…:;"“”‘()[]|¡¿•—–\n')
"""Signs after which a capital letter has no meaning."""

_LONGEST = 4
"""Words of a person's name."""


@dataclass(slots=True)
class Names:
    """The names of a text as written, in order, each once."""

    people: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Of no known kind."""
    _known: set[tuple[Kind | None, str]] = field(default_factory=set, repr=False, compare=False)

    def add(self, kind: Kind | None, name: str) -> None:
        """Adds a name that is not there yet."""
        if not name or (kind, name) in self._known:
            return
        self._known.add((kind, name))
        lists = {"person": self.people, "place": self.places, "organisation": self.organisations, None: self.others}
        lists[kind].append(name)


@dataclass(slots=True)
class _Word:
    text: str
    low: str
    start: int
    end: int
    capital: bool
    opens: bool
    """Whether it is the first of its sentence."""
    joined: bool
    """Whether only spaces part it from the word before."""


def names(text: str) -> Names:
    """The names of a text. Hashtags, mentions and URLs are not names.

    A text in capitals throughout has only the names of the gazetteer. A single capitalised word that opens a sentence
    is a name only if it is in the gazetteer or a given name.
    """
    found = Names()
    if any(sign in text for sign in ("@", "#", "/", "＠", "＃")):
        text = _SIGNS.sub(" | ", text)
    words = _words(text)
    shouted = text.isupper()
    at = 0
    while at < len(words):
        entry = _lookup(words, at, shouted)
        stop = at + 1 if shouted or not words[at].capital else _run(words, at)
        if entry is not None and entry[0] >= stop - at:
            found.add(entry[1], _slice(text, words[at : at + entry[0]]))
            at += entry[0]
        elif stop > at + 1 or (words[at].capital and not shouted):
            _name_run(text, words, at, stop, found)
            at = stop
        else:
            at += 1
    if _CJK.search(text):
        _add_cjk(text, found)
    return found


def _words(text: str) -> list[_Word]:
    out: list[_Word] = []
    opens, end = True, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if len(token) == 1 and not token.isalnum():
            if token == "." and out and out[-1].low in known.TITLES and match.start() == end:
                end = match.end()
            else:
                opens = opens or token in _ENDS
            continue
        start = match.start()
        gap = text[end:start]
        opens = opens or "\n" in gap
        plain = token[:-2] if token.endswith(("'s", "’s")) else token
        capital = plain[0].isupper()
        out.append(_Word(plain, plain.lower(), start, start + len(plain), capital, opens, bool(out) and gap.isspace()))
        # A possessive ends a name.
        end, opens = (match.end(), False) if plain is token else (-1, False)
    return out


def _run(words: Sequence[_Word], at: int) -> int:
    """One past the last word of the capitalised run that begins at `at`; small words may be inside."""
    stop = at + 1
    while stop < len(words) and words[stop].joined:
        if words[stop].capital:
            stop += 1
        elif (
            words[stop].low in known.PARTICLES
            and stop + 1 < len(words)
            and words[stop + 1].capital
            and words[stop + 1].joined
            and words[stop].low != "y"
        ):
            stop += 2
        else:
            break
    return stop


def _lookup(words: Sequence[_Word], at: int, shouted: bool) -> tuple[int, Kind] | None:
    """How many words the longest entry of the gazetteer takes that begins at `at`, and its kind."""
    for rest, kind, strict in _index().get(words[at].low, ()):
        size = len(rest) + 1
        if at + size > len(words):
            continue
        if any(words[at + 1 + i].low != one or not words[at + 1 + i].joined for i, one in enumerate(rest)):
            continue
        first = words[at]
        if strict and (shouted or not _stands(first)):
            continue
        return size, kind
    return None


def _stands(word: _Word) -> bool:
    """Whether a word that is also common is written as a name."""
    if len(word.text) <= 3:
        return word.text.isupper()
    return word.capital and not word.opens


def _name_run(text: str, words: Sequence[_Word], at: int, stop: int, found: Names) -> None:
    """Adds what the capitalised run `words[at:stop]` names: what is known in it, and what lies around that."""
    while True:
        at, stop = _trimmed(words, at, stop)
        if at == stop or _name_whole(text, words, at, stop, found):
            return
        inner = _inner(words, at, stop)
        if inner is None:
            _name_unknown(text, words, at, stop, found)
            return
        place, first, size, kind = inner
        if not (place == at + 1 and words[at].opens):
            before = _trimmed(words, at, place)
            if before[0] < before[1] and not _name_whole(text, words, *before, found):
                _name_unknown(text, words, *before, found)
        found.add(kind, _slice(text, words[first : first + size]))
        at = min(first + size, stop)


def _trimmed(words: Sequence[_Word], at: int, stop: int) -> tuple[int, int]:
    """The run without words at its ends that are never of a name."""
    while at < stop and words[at].low in known.NEVER:
        at += 1
    while stop > at and words[stop - 1].low in known.NEVER:
        stop -= 1
    return at, stop


def _name_whole(text: str, words: Sequence[_Word], at: int, stop: int, found: Names) -> bool:
    """Adds the run as one name where its kind is known by its first or last word or the words before; whether it is."""
    kind = _kind(words, at, stop)
    if kind is not None:
        first = at + 1 if kind == "person" and words[at].low in known.TITLES and stop > at + 1 else at
        found.add(kind, _slice(text, words[first:stop]))
    return kind is not None


def _name_unknown(text: str, words: Sequence[_Word], at: int, stop: int, found: Names) -> None:
    """Adds the run as a name of no known kind, unless it is one word that opens a sentence."""
    name = _slice(text, words[at:stop])
    if len(name) > 1 and not (stop == at + 1 and words[at].opens):
        found.add(None, name)


def _inner(words: Sequence[_Word], at: int, stop: int) -> tuple[int, int, int, Kind] | None:
    """The first part of a run that is known: where it begins, with its title, and without; its words, and its kind."""
    for place in range(at, stop):
        entry = _lookup(words, place, False)
        if entry is not None:
            return place, place, *entry
        if place + 1 < stop and words[place].low in known.TITLES - known.PARTICLES:
            return place, place + 1, stop - place - 1, "person"
        if _begins_person(words, place, stop):
            return place, place, min(stop - place, _LONGEST), "person"
    return None


def _kind(words: Sequence[_Word], at: int, stop: int) -> Kind | None:
    """The kind of a run as a whole by its first and last word and by the words before it."""
    first, last, size = words[at].low.rstrip("."), words[stop - 1].low.rstrip("."), stop - at
    if first in known.TITLES and size > 1:
        return "person"
    if size > 1:
        if last in known.ORGANISATION_LAST or first in known.ORGANISATION_FIRST:
            return "organisation"
        if last in known.PLACE_LAST or first in known.PLACE_FIRST:
            return "place"
    if at and words[at].joined and not words[at - 1].capital:
        if words[at - 1].low in known.TITLES and words[at - 1].low not in known.PARTICLES:
            return "person"
        if at > 1 and size < 3 and f"{words[at - 2].low} {words[at - 1].low}" in known.PLACE_BEFORE:
            return "place"
    return None


def _begins_person(words: Sequence[_Word], at: int, stop: int) -> bool:
    """Whether there may be a given name at `at`, with what follows it in the run."""
    word = words[at]
    if word.low not in _given():
        return False
    if word.text.isupper() and len(word.text) < 4:
        return False
    if word.low not in known.ALSO_WORDS:
        return True
    return at + 1 < stop and _lookup(words, at + 1, False) is None


def _slice(text: str, words: Sequence[_Word]) -> str:
    return " ".join(text[words[0].start : words[-1].end].split()) if words else ""


def _add_cjk(text: str, found: Names) -> None:
    """Names in Japanese and Korean; where two would overlap, the one that begins first is taken, then the longer."""
    end = 0
    for start, stop, kind in sorted(_cjk_spans(text), key=lambda one: (one[0], -one[1])):
        if start >= end:
            found.add(kind, text[start:stop])
            end = stop


def _cjk_spans(text: str) -> Iterator[tuple[int, int, Kind]]:
    for pattern, kind in _cjk_patterns():
        for match in pattern.finditer(text):
            yield match.start(1), match.end(1), kind


@cache
def _index() -> dict[str, list[tuple[tuple[str, ...], Kind, bool]]]:
    """First word to the rest, the kind and whether it is also common; longest first, then people, places."""
    out: dict[str, list[tuple[tuple[str, ...], Kind, bool]]] = {}
    sources: tuple[tuple[str, Kind], ...] = (
        (known.PEOPLE, "person"), (known.PLACES, "place"), (known.ORGANISATIONS, "organisation")
    )  # fmt: skip
    for listed, kind in sources:
        for entry in " ".join(listed.split()).split(";"):
            words = [one.low for one in _words(entry.strip().rstrip("*"))]
            if words:
                out.setdefault(words[0], []).append((tuple(words[1:]), kind, entry.strip().endswith("*")))
    for rows in out.values():
        rows.sort(key=lambda row: -len(row[0]))
    return out


@cache
def _given() -> frozenset[str]:
    return frozenset(known.GIVEN.split()) | known.ALSO_WORDS


@cache
def _cjk_patterns() -> tuple[tuple[re.Pattern[str], Kind], ...]:
    def listed(names: str) -> re.Pattern[str]:
        entries = sorted((one for one in names.replace("\n", "").split(";") if one), key=lambda one: (-len(one), one))
        # Not inside a longer word in katakana or latin letters; Korean particles follow a name without a space.
        bare = "|".join(map(re.escape, entries))
        return re.compile(rf"(?<![\u30a0-\u30ffA-Za-z\uac00-\ud7af])({bare})(?![\u30a0-\u30ffA-Za-z0-9])")

    family = "|".join(known.FAMILIES)
    return (
        (listed(known.CJK_PEOPLE), "person"),
        (listed(known.CJK_ORGANISATIONS), "organisation"),
        (listed(known.CJK_PLACES), "place"),
        (re.compile(rf"((?:{family})[\u4e00-\u9fff]{{1,2}})(?![\u4e00-\u9fff]|大学|高校)"), "person"),
        (re.compile(r"([\u4e00-\u9fff々]{2,5}|[\u30a1-\u30ffー・]{2,10})(?:さん|氏|選手|監督|投手|首相|総理|議員|社長)"),
         "person"),
        (re.compile(r"([\uac00-\ud7af]{3})(?= ?(?:선수|감독|대통령|의원|배우|가수)(?![\uac00-\ud7af]{2}))"), "person"),
        (re.compile(r"([\u4e00-\u9fff\u30a1-\u30ffー]{2,8}(?:大学|高校|銀行|新聞|株式会社|電機|製作所|協会|党))"),
         "organisation"),
        (re.compile(r"((?:株式会社)[\u4e00-\u9fff\u30a1-\u30ffー]{2,10})"), "organisation"),
        (re.compile(r"([\uac00-\ud7af]{2,6}(?:대학교|은행|전자|신문|그룹))"), "organisation"),
        (re.compile(r"([\u4e00-\u9fff]{1,4}(?:都|府|県|市|区|駅|空港|公園|神社|球場))(?![\u4e00-\u9fff])"), "place"),
        (re.compile(r"([\uac00-\ud7af]{2,5}(?:공항|공원|해수욕장|경기장))"), "place"),
    )  # fmt: skip
