"""The languages of the world: their words, and the topics that all of them talk about.

A language is a module of words without code. Its names are: `CODE`; `TOPICS`, a line a topic, `name | hashtags |
entities | things | activities`, each list ordered by use, an entity ending with `*p` for a person, `*l` a place, `*o`
an organisation; clauses by mood in `FRAMES` and `REPLIES`; small talk in `CHAT`; `ADJECTIVES` by mood, `INTENSIFIERS`,
`WHEN`, `JOINS` between clauses, `FILLERS`; `TOXIC` clauses by category; `SPAM`; and what names are made of: `GIVEN`,
`FAMILY`, `NAME`, `ORGS`, `SPOTS`. Slots of clauses: {e} {e2} an entity, {t} {t2} a thing, {d} an activity, {a} an
adjective of the mood, {x} an intensifier, {w} a time word, {n} a number.

A language may declare `RULES` (see `grammar`), and `WORDS` for how its words bend; its clauses may name rules, and
`NEXT`, `BAIT`, `OUTRAGE` and `USEFUL` hold clauses that go on, tease, accuse and advise. More slots: {E} and
{T} are an entity and a thing as the subject, {he} its pronoun as the subject, {b} the last name again, {db} and {dd} an
activity's base form and past, {an} the article, {n12} and {n99} small numbers, {friend} a friend's nickname.
"""

from __future__ import annotations

from data.synthetic.text.languages import en, es, ja, ko, pt
from data.synthetic.text.languages.language import (
    PARENT,
    PARENT_NAMES,
    TOPIC_NAMES,
    TOXIC_CATEGORIES,
    Entity,
    Language,
    Topic,
)

LANGUAGES: tuple[Language, ...] = tuple(Language.of(module) for module in (en, ja, es, pt, ko))
"""In the order of their share of the network."""

__all__ = ["LANGUAGES", "PARENT", "PARENT_NAMES", "TOPIC_NAMES", "TOXIC_CATEGORIES", "Entity", "Language", "Topic"]
