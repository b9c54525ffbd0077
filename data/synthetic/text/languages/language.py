"""A language's words, parsed and checked; the 48 topics and their hierarchy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import NamedTuple, Self

import numpy as np

from data.batch import I64
from data.synthetic.text.languages.grammar import Rule

MOODS: tuple[int, ...] = (1, 0, -1)
"""Sentiments that clauses and adjectives are kept by."""

TOXIC_CATEGORIES: tuple[str, ...] = ("none", "insult", "profanity", "threat", "identity")
"""Kinds of toxicity; a text's truth is a row of it."""

ENTITY_KINDS: tuple[str, ...] = ("person", "place", "organisation")
"""Kinds of named entity; works, makes and events have none."""

SLOTS: tuple[str, ...] = (
    "e", "e2", "t", "t2", "d", "a", "x", "w", "n", "E", "T", "he", "b", "db", "dd", "an", "n12", "n99", "friend",
)  # fmt: skip
"""What clauses may leave open; see `languages`."""

_HIERARCHY: dict[str, str] = {
    "sports": "football, basketball, baseball, cricket, tennis, formula one, combat sports, running, fitness",
    "games": "video games, esports, board games",
    "screen": "anime, cinema, television, comedy",
    "music": "pop music, hip hop, kpop, classical and jazz",
    "food": "cooking, baking, coffee",
    "technology": "programming, artificial intelligence, gadgets, startups",
    "society": "crypto, finance, politics, climate, work, weather",
    "knowledge": "education, history, space, science, health, books",
    "living": "travel, photography, art, fashion, beauty, pets, gardening, cars and bikes, parenting",
}

PARENT_NAMES: tuple[str, ...] = tuple(_HIERARCHY)
"""Groups of topics."""

TOPIC_NAMES: tuple[str, ...] = tuple(name for names in _HIERARCHY.values() for name in names.split(", "))
"""In the order of every language's topics."""

PARENT: I64 = np.repeat(np.arange(len(_HIERARCHY)), [names.count(", ") + 1 for names in _HIERARCHY.values()])
"""[48] row of PARENT_NAMES of each topic."""
PARENT.flags.writeable = False

_CLAUSES = ("frames", "replies", "chat", "spam")
"""Lists that may be short where rules make many clauses of one."""

_HASHTAG = re.compile(r"[^\W\d]\w*")
_KIND = {"p": 0, "l": 1, "o": 2}


class Entity(NamedTuple):
    """A name that people talk about."""

    name: str
    kind: int
    """Row of ENTITY_KINDS, -1 for a work, a make or an event."""


@dataclass(frozen=True)
class Topic:
    """One topic's words in one language, each list ordered by how often its entries are used."""

    name: str
    """In English, one of TOPIC_NAMES."""
    tags: tuple[str, ...]
    """Hashtags without #."""
    entities: tuple[Entity, ...]
    things: tuple[str, ...]
    """Noun phrases."""
    activities: tuple[str, ...]
    """What people do."""


@dataclass(frozen=True)
class Words:
    """What the rules of a language take for granted."""

    inflect: Callable[[str], tuple[str, ...]] = lambda verb: (verb,) * 5
    """A verb's FORMS; the second is that of the third person singular."""
    agreeing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that agree with the subject, [7] in the order of SUBJECTS."""
    referring: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words for the last name, [4]: he, she, it, they."""
    variants: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Words as a careful, a hasty and a very hasty author types them."""
    plural: Callable[[str], bool] = lambda noun: False
    woman: Callable[[str], bool] = lambda name: False
    base: Callable[[str], tuple[str, str]] = lambda activity: (activity, activity)
    """Base form and past of an activity."""


@dataclass(frozen=True)
class Language:
    """All words of one language; the package says what each list is."""

    code: str
    """ISO 639-1."""
    topics: tuple[Topic, ...]
    """In the order of TOPIC_NAMES."""
    frames: Mapping[int, tuple[str, ...]]
    replies: Mapping[int, tuple[str, ...]]
    chat: tuple[str, ...]
    adjectives: Mapping[int, tuple[str, ...]]
    intensifiers: tuple[str, ...]
    when: tuple[str, ...]
    joins: tuple[str, ...]
    fillers: tuple[str, ...]
    toxic: Mapping[str, tuple[str, ...]]
    """By TOXIC_CATEGORIES without the first."""
    spam: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    name: str
    """Pattern of a full name, over {given} and {family}."""
    orgs: tuple[str, ...]
    """Patterns of organisations over {family}."""
    spots: tuple[str, ...]
    """Patterns of places over {family}."""
    rules: Mapping[str, Rule]
    """What clauses are built from beside slots; none where all clauses are frames."""
    next: Mapping[int, tuple[str, ...]]
    """Clauses that go on about what a text has named; none where frames follow each other."""
    bait: tuple[str, ...]
    """Clauses that tease; where there are none, frames stand for them, and so for the next two."""
    outrage: tuple[str, ...]
    useful: tuple[str, ...]
    words: Words
    """How verbs and words bend, for the rules."""

    @classmethod
    def of(cls, words: ModuleType) -> Self:
        """The language that a module of words describes.

        Raises:
            ValueError: a list is short, a slot or a mark unknown, a hashtag malformed, or the topics not TOPIC_NAMES.
        """
        extra = vars(words)
        language = cls(
            code=words.CODE,
            topics=tuple(_topic(words.CODE, line) for line in words.TOPICS.strip().splitlines()),
            frames=words.FRAMES,
            replies=words.REPLIES,
            chat=words.CHAT,
            adjectives=words.ADJECTIVES,
            intensifiers=words.INTENSIFIERS,
            when=words.WHEN,
            joins=words.JOINS,
            fillers=words.FILLERS,
            toxic=words.TOXIC,
            spam=words.SPAM,
            given=words.GIVEN,
            family=words.FAMILY,
            name=words.NAME,
            orgs=words.ORGS,
            spots=words.SPOTS,
            rules=extra.get("RULES", {}),
            next=extra.get("NEXT", dict.fromkeys(MOODS, ())),
            bait=extra.get("BAIT", ()),
            outrage=extra.get("OUTRAGE", ()),
            useful=extra.get("USEFUL", ()),
            words=extra.get("WORDS", Words()),
        )
        language._check()
        return language

    def clauses(self) -> tuple[str, ...]:
        """Everything with slots: frames, replies, small talk, toxic clauses and spam."""
        by_mood = (
            clause for lists in (self.frames, self.replies, self.next) for mood in MOODS for clause in lists[mood]
        )
        toxic = (clause for category in TOXIC_CATEGORIES[1:] for clause in self.toxic[category])
        return (*by_mood, *self.chat, *toxic, *self.spam, *self.bait, *self.outrage, *self.useful)

    def _check(self) -> None:
        if tuple(topic.name for topic in self.topics) != TOPIC_NAMES:
            raise ValueError(f"{self.code}: the topics are not TOPIC_NAMES in their order")
        for name, words, least in (
            *((f"frames {mood}", self.frames[mood], 50) for mood in MOODS),
            *((f"replies {mood}", self.replies[mood], 20) for mood in MOODS),
            *((f"adjectives {mood}", self.adjectives[mood], 12) for mood in MOODS),
            *((f"toxic {category}", self.toxic[category], 12) for category in TOXIC_CATEGORIES[1:]),
            ("chat", self.chat, 40), ("intensifiers", self.intensifiers, 8), ("when", self.when, 14),
            ("joins", self.joins, 8), ("fillers", self.fillers, 16), ("spam", self.spam, 15),
            ("given", self.given, 40), ("family", self.family, 40), ("orgs", self.orgs, 12), ("spots", self.spots, 12),
        ):  # fmt: skip
            needed = 1 if self.rules and name.split()[0] in _CLAUSES else least
            if len(words) < needed or not all(words):
                raise ValueError(f"{self.code}: {name} needs {needed} entries, none empty; there are {len(words)}")
        known = {
            *SLOTS,
            *self.rules,
            *(re.sub(r"(@)[01]$|(?<=\w)[-+]$", r"\1", name) for name in self.rules),
            *self.words.agreeing,
            *self.words.referring,
        }
        for clause in self.clauses():
            if unknown := set(slots(clause)) - known:
                raise ValueError(f"{self.code}: unknown slot {sorted(unknown)} in {clause!r}")
        for patterns, needs in (((self.name,), {"given", "family"}), (self.orgs + self.spots, {"family"})):
            for pattern in patterns:
                if set(slots(pattern)) != needs:
                    raise ValueError(f"{self.code}: {pattern!r} must have exactly the slots {sorted(needs)}")


def slots(pattern: str) -> list[str]:
    """Names of the slots of a pattern, in order.

    >>> slots("{e} never lets {e2} down")
    ['e', 'e2']
    """
    return re.findall(r"\{(.*?)\}", pattern)


def _topic(code: str, line: str) -> Topic:
    try:
        name, tags, entities, things, activities = (part.strip() for part in line.split("|"))
    except ValueError:
        raise ValueError(f"{code}: a topic has five parts between bars: {line[:60]!r}") from None
    topic = Topic(name, tuple(tags.split()), tuple(map(_entity, _items(entities))), _items(things), _items(activities))
    short = [
        f"{len(words)} {what}"
        for what, words, least in (
            ("hashtags", topic.tags, 5), ("entities", topic.entities, 10), ("things", topic.things, 12),
            ("activities", topic.activities, 5),
        ) if len(words) < least
    ]  # fmt: skip
    if short:
        raise ValueError(f"{code}: topic {name!r} has only {', '.join(short)}")
    if wrong := [tag for tag in topic.tags if not _HASHTAG.fullmatch(tag)]:
        raise ValueError(f"{code}: topic {name!r} has malformed hashtags {wrong}")
    return topic


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(";") if item.strip())


def _entity(text: str) -> Entity:
    name, star, mark = text.partition("*")
    if star and mark not in _KIND:
        raise ValueError(f"entity {text!r} must end with *p, *l, *o or no mark")
    return Entity(name.strip(), _KIND[mark] if star else -1)
