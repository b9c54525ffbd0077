"""All words of the world compiled once: strings in one pool of bytes, clauses as tokens, names with a generated tail.

A list of words is a range of rows of strings, [first, one past the last), and a list of clauses a range of rows of
clauses; both are ordered by use. Nothing here depends on a world's seed, so all worlds share one lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import I64, Array
from data.rng import Stream
from data.synthetic.text.languages import LANGUAGES, TOPIC_NAMES, TOXIC_CATEGORIES, Entity, Language, Topic
from data.synthetic.text.languages.language import MOODS, SLOTS
from data.synthetic.text.languages.word_parts import EMOJI, WORD_PARTS
from data.tweet_text import weighted_length

U8 = NDArray[np.uint8]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]

TAIL = 400
"""Names generated for every topic of every language, after the hand-written ones."""

_INVENTED = 0.6
"""Share of generated names whose family name is invented."""

WORD_LISTS: tuple[str, ...] = (
    "adjectives -1", "adjectives 0", "adjectives 1", "intensifiers", "when", "joins", "fillers", "laughs", "stretches",
    "prefixes", "affixes", "company", "syllables", "tails", "stops", "emoji",
)  # fmt: skip
"""Lists of words that a language has once, in the order of the second axis of `Pool.words`.

"company" holds pairs: what is written before a friend's name, then what is written after it.
"""

TOPICAL_LISTS: tuple[str, ...] = ("entities", "things", "activities", "tags")
"""Lists of words that a language has for every topic, in the order of the second axis of `Pool.topical`."""

CLAUSE_LISTS: tuple[str, ...] = (
    "frames -1", "frames 0", "frames 1", "replies -1", "replies 0", "replies 1", "chat", "spam",
    *(f"toxic {category}" for category in TOXIC_CATEGORIES[1:]),
)  # fmt: skip
"""Lists of clauses of a language, in the order of the second axis of `Pool.clauses`."""


class Pool(NamedTuple):
    """What the kernels write from; S strings, C clauses, L languages, T topics."""

    data: U8
    """UTF-8 of all strings, one after another."""
    start: I64
    """[S + 1] where each string begins in `data`."""
    weight: I32
    """[S] weighted length."""
    entity: I32
    """[S] row of the entity that it names, -1 for none."""
    words: I64
    """[L, len(WORD_LISTS), 2] ranges of strings."""
    topical: I64
    """[L, len(TOPICAL_LISTS), T, 2] ranges of strings."""
    clauses: I64
    """[L, len(CLAUSE_LISTS), 2] ranges of clauses."""
    clause_start: I64
    """[C + 1] where each clause begins in `tokens`."""
    tokens: I32
    """Rows of strings; -1 - s is slot s of SLOTS."""
    accents: NDArray[np.bool_]
    """[L] whether some people leave accents out."""


class Packed(NamedTuple):
    """A pool in two arrays, because each array that a kernel passes on costs time."""

    data: U8
    table: I64
    """The ranges of words, of topical words and of clauses; whether languages leave out accents; then (start, weight,
    entity) of each string, the clauses' starts and the tokens."""
    clause_starts_at: int
    """Where the clauses' starts begin in `table`."""
    tokens_at: int
    """Where the tokens begin in `table`."""


WORDS_AT = 0
TOPICAL_AT = WORDS_AT + 2 * len(LANGUAGES) * len(WORD_LISTS)
CLAUSES_AT = TOPICAL_AT + 2 * len(LANGUAGES) * len(TOPICAL_LISTS) * len(TOPIC_NAMES)
ACCENTS_AT = CLAUSES_AT + 2 * len(LANGUAGES) * len(CLAUSE_LISTS)
STRINGS_AT = ACCENTS_AT + len(LANGUAGES)
"""Where the parts of `Packed.table` begin."""


class Lexicon(NamedTuple):
    """The pool, and the names that truth refers to."""

    pool: Pool
    packed: Packed
    entity_names: tuple[str, ...]
    """Persons, places and organisations of all languages, each once."""
    entity_kinds: I8
    """Rows of ENTITY_KINDS."""


@cache
def lexicon() -> Lexicon:
    """Compiles all languages; about half a second, once a process."""
    builder = _Builder()
    for row, language in enumerate(LANGUAGES):
        builder.add(row, language)
    return builder.build()


def people_of(language: Language, topic: Topic) -> tuple[Entity, ...]:
    """All entities of a topic: the hand-written ones, then `TAIL` generated ones, half of them persons."""
    rng = Stream(0, f"names {language.code} {topic.name}").generator()
    parts = WORD_PARTS[language.code]
    known = {entity.name for entity in topic.entities}
    names = [*topic.entities]
    pick = rng.random((2 * TAIL, 6)).tolist()
    for u in pick:
        if len(names) == len(topic.entities) + TAIL:
            break
        kind = 0 if u[3] < 0.5 else 1 if u[3] < 0.75 else 2
        pattern = (language.name, _at(language.spots, u[4]), _at(language.orgs, u[4]))[kind]
        family, given = _at(language.family, u[1]), _at(language.given, u[5])
        if u[0] < _INVENTED and parts.coins_given:
            family, given = _at(parts.onsets, u[1]), _at(parts.endings, u[2])
        elif u[0] < _INVENTED:
            family = _at(parts.onsets, u[1]) + _at(parts.endings, u[2])
        name = pattern.replace("{family}", family).replace("{given}", given)
        if name not in known:
            known.add(name)
            names.append(Entity(name, kind))
    return tuple(names)


def _at(options: Sequence[str], u: float) -> str:
    return options[int(u * len(options))]


class _Builder:
    """Collects strings and clauses."""

    def __init__(self) -> None:
        shape = len(LANGUAGES)
        self._strings: list[bytes] = []
        self._weights: list[int] = []
        self._entity_of: list[int] = []
        self._literal: dict[str, int] = {}
        self._entities: dict[Entity, int] = {}
        self._tokens: list[int] = []
        self._clause_start = [0]
        self._words = np.zeros((shape, len(WORD_LISTS), 2), np.int64)
        self._topical = np.zeros((shape, len(TOPICAL_LISTS), len(TOPIC_NAMES), 2), np.int64)
        self._clauses = np.zeros((shape, len(CLAUSE_LISTS), 2), np.int64)

    def add(self, row: int, language: Language) -> None:
        """Compiles one language."""
        parts = WORD_PARTS[language.code]
        lists = (
            *(language.adjectives[mood] for mood in sorted(MOODS)), language.intensifiers, language.when,
            language.joins, language.fillers, parts.laughs, parts.stretches, parts.prefixes, parts.affixes,
            tuple(chain.from_iterable(parts.company)),
            parts.syllables, parts.tails, (parts.stop,), EMOJI,
        )  # fmt: skip
        for at, words in enumerate(lists):
            self._words[row, at] = self._range(words)
        for at, topic in enumerate(language.topics):
            self._topical[row, 0, at] = self._names(people_of(language, topic))
            for kind, words in enumerate((topic.things, topic.activities, topic.tags), 1):
                self._topical[row, kind, at] = self._range(words)
        clauses = (
            *(language.frames[mood] for mood in sorted(MOODS)), *(language.replies[mood] for mood in sorted(MOODS)),
            language.chat, language.spam, *(language.toxic[category] for category in TOXIC_CATEGORIES[1:]),
        )  # fmt: skip
        for at, patterns in enumerate(clauses):
            self._clauses[row, at] = self._compile(patterns)

    def build(self) -> Lexicon:
        """Everything collected, as arrays."""
        pool = Pool(
            data=np.frombuffer(b"".join(self._strings), np.uint8).copy(),
            start=_starts(map(len, self._strings)),
            weight=np.array(self._weights, np.int32),
            entity=np.array(self._entity_of, np.int32),
            words=self._words,
            topical=self._topical,
            clauses=self._clauses,
            clause_start=np.array(self._clause_start, np.int64),
            tokens=np.array(self._tokens, np.int32),
            accents=np.array([WORD_PARTS[language.code].accents for language in LANGUAGES]),
        )
        names = tuple(entity.name for entity in self._entities)
        return Lexicon(pool, _packed(pool), names, np.array([entity.kind for entity in self._entities], np.int8))

    def _string(self, text: str, entity: int = -1) -> int:
        self._strings.append(text.encode())
        self._weights.append(weighted_length(text))
        self._entity_of.append(entity)
        return len(self._strings) - 1

    def _range(self, words: Iterable[str]) -> tuple[int, int]:
        first = len(self._strings)
        for word in words:
            self._string(word)
        return first, len(self._strings)

    def _names(self, entities: Iterable[Entity]) -> tuple[int, int]:
        first = len(self._strings)
        for entity in entities:
            known = -1 if entity.kind < 0 else self._entities.setdefault(entity, len(self._entities))
            self._string(entity.name, known)
        return first, len(self._strings)

    def _compile(self, patterns: Iterable[str]) -> tuple[int, int]:
        first = len(self._clause_start) - 1
        for pattern in patterns:
            for at, part in enumerate(re.split(r"\{(.*?)\}", pattern)):
                if at % 2:
                    self._tokens.append(-1 - SLOTS.index(part))
                elif part:
                    if part not in self._literal:
                        self._literal[part] = self._string(part)
                    self._tokens.append(self._literal[part])
            self._clause_start.append(len(self._tokens))
        return first, len(self._clause_start) - 1


def _packed(pool: Pool) -> Packed:
    count = len(pool.weight)
    rows = np.zeros((count + 1, 3), np.int64)
    rows[:, 0], rows[:count, 1], rows[:count, 2] = pool.start, pool.weight, pool.entity
    arrays = (pool.words, pool.topical, pool.clauses, pool.accents, rows, pool.clause_start, pool.tokens)
    table = np.concatenate([part.ravel().astype(np.int64) for part in arrays])
    clause_starts_at = STRINGS_AT + rows.size
    return Packed(pool.data, table, clause_starts_at, clause_starts_at + len(pool.clause_start))


def _starts(lengths: Iterable[int]) -> I64:
    return np.fromiter(chain((0,), lengths), np.int64).cumsum()


def strings(pool: Pool, span: Array) -> list[str]:
    """The words of a range of strings."""
    return [pool.data[pool.start[s] : pool.start[s + 1]].tobytes().decode() for s in range(*span.tolist())]
