"""All words of the world compiled once: strings in one pool of bytes, clauses as tokens, names with a generated tail.

A list of words is a range of rows of strings, [first, one past the last), and a list of clauses a range of rows of
clauses; both are ordered by use. Nothing here depends on a world's seed, so all worlds share one lexicon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import F64, I64, Array
from data.rng import Stream
from data.synthetic.text.languages import LANGUAGES, TOPIC_NAMES, TOXIC_CATEGORIES, Entity, Language, Topic
from data.synthetic.text.languages.language import ENTITY_KINDS, MOODS, Words
from data.synthetic.text.languages.word_parts import EMOJI, WORD_PARTS
from data.synthetic.text.rules import Compiler
from data.tweet_text import weighted_length

U8 = NDArray[np.uint8]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]

TAIL = 400
"""Names generated for every topic of every language, after the hand-written ones."""

_PERSON, _, _ORGANISATION = range(len(ENTITY_KINDS))

_INVENTED = 0.6
"""Share of generated names whose family name is invented."""

WORD_LISTS: tuple[str, ...] = (
    "adjectives -1", "adjectives 0", "adjectives 1", "intensifiers", "when", "joins", "fillers", "laughs", "stretches",
    "prefixes", "affixes", "company", "syllables", "tails", "stops", "emoji",
)  # fmt: skip
"""Lists of words that a language has once, in the order of the second axis of `Pool.words`.

"company" holds pairs: what is written before a friend's name, then what is written after it.
"""

TOPICAL_LISTS: tuple[str, ...] = ("entities", "things", "activities", "tags", "to do", "did")
"""Lists of words that a language has for every topic, in the order of the second axis of `Pool.topical`."""

CLAUSE_LISTS: tuple[str, ...] = (
    "frames -1", "frames 0", "frames 1", "replies -1", "replies 0", "replies 1", "chat", "spam",
    *(f"toxic {category}" for category in TOXIC_CATEGORIES[1:]), "next -1", "next 0", "next 1", "bait", "outrage",
    "useful",
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
    referring: I8
    """[S] what stands for it: 0 he, 1 she, 2 it, 3 they."""
    kind: I8
    """[S] row of ENTITY_KINDS, and 3 for what is none of them."""
    words: I64
    """[L, len(WORD_LISTS), 2] ranges of strings."""
    topical: I64
    """[L, len(TOPICAL_LISTS), T, 2] ranges of strings."""
    clauses: I64
    """[L, len(CLAUSE_LISTS), 2] ranges of clauses."""
    clause_start: I64
    """[C + 1] where each clause begins in `tokens`."""
    tokens: I64
    """See `rules`."""
    cumulative: F64
    """[C] how likely this clause of its rule is or one before it."""
    rules: I64
    """[R, 2] ranges of clauses."""
    switches: I64
    """A register and as many tokens as it has values, one switch after another."""
    entity_string: I64
    """[E] a row of strings that is the name of each entity."""
    ruled: NDArray[np.bool_]
    """[L] whether clauses are built from rules."""
    accents: NDArray[np.bool_]
    """[L] whether some people leave accents out."""


class Packed(NamedTuple):
    """A pool in two arrays, because each array that a kernel passes on costs time."""

    data: U8
    table: I64
    """The ranges of words, of topical words and of clauses; whether languages leave out accents, and are ruled; then
    (start, weight, entity, referring, kind) of each string, the clauses' starts, the tokens and what is after them in
    `Pool`."""
    clause_starts_at: int
    """Where the clauses' starts begin in `table`."""
    tokens_at: int
    """Where the tokens begin in `table`."""
    rules_at: int
    switches_at: int
    entities_at: int
    cumulative_at: int


# Where the parts of `Packed.table` begin.
WORDS_AT = 0
TOPICAL_AT = WORDS_AT + 2 * len(LANGUAGES) * len(WORD_LISTS)
CLAUSES_AT = TOPICAL_AT + 2 * len(LANGUAGES) * len(TOPICAL_LISTS) * len(TOPIC_NAMES)
ACCENTS_AT = CLAUSES_AT + 2 * len(LANGUAGES) * len(CLAUSE_LISTS)
RULED_AT = ACCENTS_AT + len(LANGUAGES)
STRINGS_AT = RULED_AT + len(LANGUAGES)
STRING = 5
"""Numbers a string in `Packed.table`."""


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
    orgs = parts.orgs.get(topic.name, language.orgs)
    known = {entity.name for entity in topic.entities}
    names = [*topic.entities]
    pick = rng.random((2 * TAIL, 6)).tolist()
    for u in pick:
        if len(names) == len(topic.entities) + TAIL:
            break
        kind = 0 if u[3] < 0.5 else 1 if u[3] < 0.75 else 2
        pattern = (language.name, _at(language.spots, u[4]), _at(orgs, u[4]))[kind]
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
        self._words_of = Words()
        self._entities: dict[Entity, int] = {}
        self._referring: list[int] = []
        self._kinds: list[int] = []
        self._entity_string: list[int] = []
        self._compiler = Compiler(self._once)
        self._ruled: list[bool] = []
        self._words = np.zeros((shape, len(WORD_LISTS), 2), np.int64)
        self._topical = np.zeros((shape, len(TOPICAL_LISTS), len(TOPIC_NAMES), 2), np.int64)
        self._clauses = np.zeros((shape, len(CLAUSE_LISTS), 2), np.int64)

    def add(self, row: int, language: Language) -> None:
        """Compiles one language."""
        parts = WORD_PARTS[language.code]
        self._words_of = language.words
        self._compiler.begin(language)
        self._ruled.append(bool(language.rules))
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
            to_do = [language.words.base(activity) for activity in topic.activities]
            done = [past for _, past in to_do]
            by_kind = (topic.things, topic.activities, topic.tags, [base for base, _ in to_do], done)
            for kind, entries in enumerate(by_kind, 1):
                self._topical[row, kind, at] = self._range(entries)
        clauses = (
            *(language.frames[mood] for mood in sorted(MOODS)), *(language.replies[mood] for mood in sorted(MOODS)),
            language.chat, language.spam, *(language.toxic[category] for category in TOXIC_CATEGORIES[1:]),
            *(language.next[mood] for mood in sorted(MOODS)), language.bait, language.outrage, language.useful,
        )  # fmt: skip
        for at, patterns in enumerate(clauses):
            self._clauses[row, at] = self._compiler.clauses(patterns)

    def build(self) -> Lexicon:
        """Everything collected, as arrays."""
        pool = Pool(
            data=np.frombuffer(b"".join(self._strings), np.uint8).copy(),
            start=_starts(map(len, self._strings)),
            weight=np.array(self._weights, np.int32),
            entity=np.array(self._entity_of, np.int32),
            referring=np.array(self._referring, np.int8),
            kind=np.array(self._kinds, np.int8),
            words=self._words,
            topical=self._topical,
            clauses=self._clauses,
            clause_start=np.array(self._compiler.clause_start, np.int64),
            tokens=np.array(self._compiler.tokens, np.int64),
            cumulative=np.array(self._compiler.cumulative, np.float64),
            rules=np.array(self._compiler.rules, np.int64).reshape(-1, 2),
            switches=np.array(self._compiler.switches, np.int64),
            entity_string=np.array(self._entity_string, np.int64),
            ruled=np.array(self._ruled),
            accents=np.array([WORD_PARTS[language.code].accents for language in LANGUAGES]),
        )
        names = tuple(entity.name for entity in self._entities)
        return Lexicon(pool, _packed(pool), names, np.array([entity.kind for entity in self._entities], np.int8))

    def _string(self, text: str, entity: int = -1, kind: int = -1) -> int:
        words = self._words_of
        refers = 3 if kind == _ORGANISATION or (kind < 0 and words.plural(text)) else 2
        self._strings.append(text.encode())
        self._weights.append(weighted_length(text))
        self._entity_of.append(entity)
        self._referring.append(int(words.woman(text)) if kind == _PERSON else refers)
        self._kinds.append(kind if kind >= 0 else 3)
        return len(self._strings) - 1

    def _once(self, text: str) -> int:
        if text not in self._literal:
            self._literal[text] = self._string(text)
        return self._literal[text]

    def _range(self, words: Iterable[str]) -> tuple[int, int]:
        first = len(self._strings)
        for word in words:
            self._string(word)
        return first, len(self._strings)

    def _names(self, entities: Iterable[Entity]) -> tuple[int, int]:
        first = len(self._strings)
        for entity in entities:
            known = -1 if entity.kind < 0 else self._entities.setdefault(entity, len(self._entities))
            row = self._string(entity.name, known, entity.kind)
            if known == len(self._entity_string):
                self._entity_string.append(row)
        return first, len(self._strings)


def _packed(pool: Pool) -> Packed:
    count = len(pool.weight)
    rows = np.zeros((count + 1, STRING), np.int64)
    rows[:, 0] = pool.start
    rows[:count, 1:] = np.stack([pool.weight, pool.entity, pool.referring, pool.kind], axis=1)
    arrays = (
        pool.words, pool.topical, pool.clauses, pool.accents, pool.ruled, rows, pool.clause_start, pool.tokens,
        pool.rules, pool.switches, pool.entity_string, pool.cumulative * 2.0**32,
    )  # fmt: skip
    ends = np.cumsum([part.size for part in arrays]).tolist()
    table = np.concatenate([part.ravel().astype(np.int64) for part in arrays])
    return Packed(pool.data, table, *ends[5:11])


def _starts(lengths: Iterable[int]) -> I64:
    return np.fromiter(chain((0,), lengths), np.int64).cumsum()


def strings(pool: Pool, span: Array) -> list[str]:
    """The words of a range of strings."""
    return [pool.data[pool.start[s] : pool.start[s + 1]].tobytes().decode() for s in range(*span.tolist())]
