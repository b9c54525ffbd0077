"""Compiles rules (`languages.grammar`) and clauses into tokens, for `lexicon`.

A token of a clause is a row of strings; or -1 - s for slot s; or a kind below and a value in the low 40 bits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from data.synthetic.text.languages import Language
from data.synthetic.text.languages.grammar import (
    FORMS,
    SUBJECTS,
    Alternative,
    Choice,
    Part,
    Rule,
    Text,
    Verb,
    parts_of,
)
from data.synthetic.text.languages.language import ENTITY_KINDS, PARENT_NAMES, SLOTS

_PRONOUNS = ("I", "you", "we", "they")
"""Those that become the subject where words end with them; "he" and "it" have marks of their own."""

RULE, SWITCH, SUBJECT, MAYBE = (kind << 40 for kind in range(1, 5))
"""A rule; one of the tokens after a register's number in `switches`; a new subject; a rule or nothing."""

LAST = len(SUBJECTS)
"""The value of a new subject that is what the words last written speak of."""

SUBJ, REF, MOOD, HELD, SAY, LAX = range(6)
"""Registers, what a switch looks at: the verb's subject; he, she, it or they for the last name; the mood from 0;
whether nothing, a name or a thing was named; 4 x group of topics + kind of the last name;
how hastily the author types."""


class Compiler:
    """Collects the rules, clauses and switches of all languages."""

    def __init__(self, literal: Callable[[str], int]) -> None:
        """`literal` gives the row of a string."""
        self._literal = literal
        self.tokens: list[int] = []
        self.clause_start = [0]
        self.cumulative: list[float] = []
        self.rules: list[tuple[int, int]] = []
        self.switches: list[int] = []
        self._language: Language
        self._known: dict[object, int] = {}
        self._waiting: list[tuple[int, tuple[Alternative, ...], str]] = []

    def begin(self, language: Language) -> None:
        """Goes on with the clauses of a language."""
        self._language, self._known = language, {}

    def clauses(self, patterns: Iterable[str]) -> tuple[int, int]:
        """Compiles a list of clauses and all rules that they need; first and one past the last clause."""
        compiled = [self._all(parts_of(pattern), "") for pattern in patterns]
        span = self._append(compiled, [1.0] * len(compiled))
        while self._waiting:
            row, options, form = self._waiting.pop()
            compiled = [self._all(option.parts, form) for option in options]
            self.rules[row] = self._append(compiled, [option.weight for option in options])
        return span

    def _append(self, compiled: Sequence[list[int]], weights: Sequence[float]) -> tuple[int, int]:
        first = len(self.clause_start) - 1
        for tokens in compiled:
            self.tokens += tokens
            self.clause_start.append(len(self.tokens))
        if compiled:
            self.cumulative += (np.cumsum(weights) / np.sum(weights)).tolist()
        return first, len(self.clause_start) - 1

    def _all(self, parts: Iterable[Part], form: str) -> list[int]:
        return [token for part in parts for token in self._part(part, form)]

    def _part(self, part: Part, form: str) -> list[int]:
        if isinstance(part, Text):
            return self._text(part.words)
        if isinstance(part, Verb):
            return [self._verb(part.lemma, form)]
        if isinstance(part, Choice):
            return [(MAYBE if part.maybe else RULE) + self._rule(part, part.options, form)]
        if part.name == "he":
            # The pronoun, which becomes the subject.
            return [-1 - SLOTS.index("he"), self._name("it", form)]
        return [self._name(part.name, form)]

    def _text(self, words: str) -> list[int]:
        variants = self._language.words.variants
        if not variants:
            return [self._literal(words), *self._subject(words)]
        tokens = []
        for piece in re.split(rf"(?<![\w'])({'|'.join(map(re.escape, variants))})(?![\w'])", words):
            if piece in variants:
                tokens.append(self._switch(LAX, [self._literal(word) for word in variants[piece]], piece))
            elif piece:
                tokens.append(self._literal(piece))
        return tokens + self._subject(words)

    def _subject(self, words: str) -> list[int]:
        """What words that end with a pronoun make the subject."""
        pronouns = self._language.words.agreeing.get("sub", ())
        last = re.search(r"([\w']+) ?$", words)
        if last is None or last[1] not in _PRONOUNS or last[1] not in pronouns:
            return []
        return [SUBJECT + pronouns.index(last[1])]

    def _verb(self, lemma: str, form: str) -> int:
        if form not in FORMS or not form:
            raise ValueError(f"verb {lemma!r} stands outside a rule of predicates")
        forms = self._language.words.inflect(lemma)
        if lemma == "be" and form in "sd":
            return self._agreeing("be" if form == "s" else "was")
        if form == "s":
            row = [self._literal(forms[who in ("he", "she", "it")]) for who in SUBJECTS]
            return self._switch(SUBJ, row, f"verb {lemma}")
        return self._literal(forms[FORMS.index(form)])

    def _agreeing(self, name: str) -> int:
        return self._switch(SUBJ, [self._literal(word) for word in self._language.words.agreeing[name]], f"= {name}")

    def _name(self, name: str, form: str) -> int:
        words = self._language.words
        if name.startswith("="):
            return SUBJECT + (LAST if name == "=last" else SUBJECTS.index(name[1:]))
        if name in words.agreeing:
            return self._agreeing(name)
        if name in words.referring:
            return self._switch(REF, [self._literal(word) for word in words.referring[name]], f"of {name}")
        if name in SLOTS:
            return -1 - SLOTS.index(name)
        if name[-1] in "?@%":
            return self._marked(name[:-1], name[-1], form)
        bare, _, own = name.removeprefix("~").partition(":")
        return RULE + self._named(bare, own or (form if name.startswith("~") else ""))

    def _marked(self, name: str, mark: str, form: str) -> int:
        bare = name.removeprefix("~")
        form = form if name.startswith("~") else ""
        if mark == "?":
            return self._switch(MOOD, [RULE + self._named(bare + sign, form) for sign in "-0+"], f"{bare}?{form}")
        if mark == "@":
            both = [RULE + self._named(f"{bare}@{held}", form) for held in "01"]
            return self._switch(HELD, [*both, both[0]], f"{bare}@{form}")
        row = [
            RULE + self._named(self._nearest(bare, group, kind), form)
            for group in PARENT_NAMES for kind in (*ENTITY_KINDS, "work")
        ]  # fmt: skip
        return self._switch(SAY, row, f"{bare}%{form}")

    def _nearest(self, name: str, group: str, kind: str) -> str:
        """The rule of a kind in a group of topics, of the kind, or of all."""
        for one in (f"{name}%{group}_{kind}", f"{name}%{kind}"):
            if one in self._language.rules:
                return one
        return f"{name}%any"

    def _named(self, name: str, form: str) -> int:
        rule: Rule | None = self._language.rules.get(name)
        if rule is None:
            raise ValueError(f"{self._language.code}: unknown rule {name!r}")
        if rule.predicate != bool(form):
            raise ValueError(f"{self._language.code}: rule {name!r} is named with form {form!r}")
        return self._rule(name, rule.options, form)

    def _rule(self, what: object, options: tuple[Alternative, ...], form: str) -> int:
        known = (what, form)
        if known not in self._known:
            self._known[known] = len(self.rules)
            self.rules.append((0, 0))
            self._waiting.append((self._known[known], options, form))
        return self._known[known]

    def _switch(self, register: int, tokens: Sequence[int], known: str) -> int:
        if ("switch", known) not in self._known:
            self._known["switch", known] = len(self.switches)
            self.switches += [register, *tokens]
        return SWITCH + self._known["switch", known]
