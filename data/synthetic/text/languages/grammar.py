"""Notation of rules: phrases that a language's clauses are built from, parsed into parts.

A clause is a pattern. It may leave open slots, and where the language declares `RULES`, name rules of it:

- `Name = this | that {Other} | 3* often this` is a rule; what comes first is used most, `3*` weighs more. A rule
  goes on over the lines that follow it. Its name begins with a capital, so that it is never taken for a word: an
  alternative that is nothing but the name of a rule is refused.
- `{Other}` stands for a rule, `{e}` for a slot, `{this|that}` for one of some words, `[maybe this]` for words that may
  be left out, more often where a text is to be brief.
- `{Other?}` is the rule `Other+`, `Other0` or `Other-` by the mood; `{Other@}` is `Other@1` if something was named
  before, in the text or in what it answers, else `Other@0`; `{Other%}` is that of the last name's kind and topic.
- `{=i}` makes "I" the subject that verbs agree with, one of SUBJECTS; `{=last}` the words last written, it or they.
- `~Name = go {Place} | stay in and ~eat {Food}` is a rule of predicates: the first word, and each after `~`, is a verb.
  `{Name:g}` is one in a form of FORMS; `{~Name}` hands the form on. `:s` agrees with the subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

SUBJECTS: tuple[str, ...] = ("i", "you", "he", "she", "it", "we", "they")
"""What a verb agrees with, in the order of a switch on the subject."""

FORMS = "bsdng"
"""Base, present, past, past participle, gerund."""

_RULE = re.compile(r"^(~?[A-Z]\w*(?:[-+]|@[01]|%\w+)?) =", re.MULTILINE)
_WEIGHT = re.compile(r"(\d+)\* ")
_CALLED = re.compile(r"\{([~=]?[a-zA-Z]\w*(?:[?@%]|[-+]|@[01])?(?::[bsdng])?)\}")
_VERB = re.compile(r"~([a-z]+)")


class Text(NamedTuple):
    """Words as they are."""

    words: str


class Verb(NamedTuple):
    """A verb in the form of its predicate."""

    lemma: str


class Name(NamedTuple):
    """A rule or a slot, with its mark."""

    name: str


class Choice(NamedTuple):
    """One of some alternatives, or also none."""

    options: tuple[Alternative, ...]
    maybe: bool


Part = Text | Verb | Name | Choice


class Alternative(NamedTuple):
    """A way to write a rule."""

    weight: float
    parts: tuple[Part, ...]


class Rule(NamedTuple):
    """A rule's ways."""

    predicate: bool
    options: tuple[Alternative, ...]


def rules_of(*texts: str) -> dict[str, Rule]:
    """The rules of some texts in the notation.

    Raises:
        ValueError: a rule is declared twice, a bracket is not closed, or an alternative is the bare name of a rule.

    >>> rules_of("Pet = cat | 2* dog")["Pet"].options[1].parts
    (Text(words='dog'),)
    """
    found: dict[str, Rule] = {}
    for text in texts:
        pieces = _RULE.split(text)
        if pieces[0].strip():
            raise ValueError(f"rules begin with what is no rule: {pieces[0].strip()[:60]!r}")
        for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
            bare = name.removeprefix("~")
            if bare in found:
                raise ValueError(f"rule {bare!r} is declared twice")
            found[bare] = Rule(name.startswith("~"), options_of(re.sub(r"\s*\n\s*", " ", body), name.startswith("~")))
    _refuse_bare_names(found)
    return found


def _refuse_bare_names(rules: Mapping[str, Rule]) -> None:
    names = {re.sub(r"[-+]$|(?<=[a-z])0$|[@%].*$", "", name) for name in rules}
    for name, rule in rules.items():
        if bare := names & set(_alone(rule.options)):
            raise ValueError(f"rule {name!r} would write the name of a rule, {min(bare)!r}: put it in brackets")


def _alone(options: tuple[Alternative, ...]) -> Iterator[str]:
    """What alternatives write that are nothing but words, at any depth."""
    for option in options:
        if len(option.parts) == 1 and isinstance(option.parts[0], Text):
            yield re.sub(r"^~|[?@%]$|:[bsdng]$", "", option.parts[0].words.strip())
        for part in option.parts:
            if isinstance(part, Choice):
                yield from _alone(part.options)


def options_of(body: str, predicate: bool = False) -> tuple[Alternative, ...]:
    """The alternatives between the bars of a body; the weight falls with the place."""
    options, at = _options(body, 0, "")
    if at != len(body):
        raise ValueError(f"a bracket is not open before {body[at:][:30]!r}")
    options = tuple(_stripped(option) for option in options)
    if predicate:
        options = tuple(_with_verb(option) for option in options)
    shift = len(options) / 5 + 2
    return tuple(Alternative(o.weight / (rank + shift), o.parts) for rank, o in enumerate(options))


def parts_of(pattern: str) -> tuple[Part, ...]:
    """The parts of one pattern.

    Raises:
        ValueError: a bracket is not closed or not open.
    """
    options, at = _options(pattern, 0, "")
    if at != len(pattern) or len(options) != 1:
        raise ValueError(f"a pattern is one alternative with all brackets closed: {pattern!r}")
    return options[0].parts


def _stripped(option: Alternative) -> Alternative:
    """Without blanks at both ends."""
    parts = [*option.parts]
    if parts and isinstance(parts[0], Text):
        parts[0] = Text(parts[0].words.lstrip(" "))
    if parts and isinstance(parts[-1], Text):
        parts[-1] = Text(parts[-1].words.rstrip(" "))
    return Alternative(option.weight, tuple(part for part in parts if part != Text("")))


def names_of(rules: Mapping[str, Rule]) -> set[str]:
    """Every name, without its mark, that the rules mention."""
    found: set[str] = set()
    for rule in rules.values():
        for option in rule.options:
            _collect(option.parts, found)
    return found


def _collect(parts: tuple[Part, ...], found: set[str]) -> None:
    for part in parts:
        if isinstance(part, Name):
            found.add(part.name)
        elif isinstance(part, Choice):
            for option in part.options:
                _collect(option.parts, found)


def _with_verb(option: Alternative) -> Alternative:
    """The first word of a predicate as a verb."""
    parts = option.parts
    if parts and isinstance(parts[0], Text):
        word = re.match(r"[a-z]+", parts[0].words)
        if word:
            parts = (Verb(word[0]), Text(parts[0].words[word.end() :]), *parts[1:])
    return Alternative(option.weight, tuple(p for p in parts if p != Text("")))


def _options(body: str, at: int, close: str) -> tuple[tuple[Alternative, ...], int]:
    """Alternatives from `at` to the closing bracket, and where it is."""
    options: list[Alternative] = []
    parts: list[Part] = []
    text = ""
    while at < len(body) and body[at] not in close:
        char = body[at]
        named = _CALLED.match(body, at)
        if named:
            parts += [*_words(text), Name(named[1])]
            text, at = "", named.end() - 1
        elif char in "{[":
            parts += _words(text)
            text = ""
            inner, at = _options(body, at + 1, "}" if char == "{" else "]")
            if at >= len(body):
                raise ValueError(f"a bracket is not closed in {body[:60]!r}")
            parts.append(Choice(inner, char == "["))
        elif char == "|":
            options.append(_alternative(parts, text))
            parts, text = [], ""
        elif char in "}]":
            raise ValueError(f"a bracket is not open in {body[max(at - 40, 0) : at + 20]!r}")
        else:
            text += char
        at += 1
    options.append(_alternative(parts, text))
    return tuple(options), at


def _alternative(parts: list[Part], text: str) -> Alternative:
    parts = [*parts, *_words(text)]
    weight = 1.0
    if parts and isinstance(parts[0], Text) and (found := _WEIGHT.match(parts[0].words.lstrip())):
        weight = float(found[1])
        parts[0] = Text(parts[0].words.lstrip()[found.end() :])
    return Alternative(weight, tuple(part for part in parts if part != Text("")))


def _words(text: str) -> list[Part]:
    parts: list[Part] = []
    for at, piece in enumerate(_VERB.split(text)):
        if piece:
            parts.append(Verb(piece) if at % 2 else Text(piece))
    return parts
