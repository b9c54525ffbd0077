"""The query language: words, "phrases", #hashtags, and any of these after a minus to be left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from data.errors import RookeryError

MAX_QUERY = 512
"""Characters of a query; a longer one is refused before it is read."""

_TOKEN = re.compile(r"\s*(?P<minus>-)?(?:\"(?P<phrase>[^\"]*)(?P<close>\")?|(?P<word>[^\s\"]+))")


class QueryError(RookeryError):
    """A query that cannot be understood; `column` is the place of the fault, 1 for the first character."""

    def __init__(self, problem: str, *, column: int, remedy: str) -> None:
        """See `RookeryError`."""
        self.column = column
        super().__init__(f"{problem} at column {column} of the query", remedy=remedy)


@dataclass(frozen=True)
class Term:
    """One part of a query."""

    text: str
    """The words, without quotes, minus or #."""
    kind: str
    """`word`, `phrase` or `hashtag`."""
    negated: bool
    column: int
    """Where it begins, 1 for the first character."""


def parse(query: str) -> list[Term]:
    """The terms of a query, in order.

    Raises:
        QueryError: a query that is empty or too long, an open quote, a minus or # with nothing behind it, or nothing
            but negations.
    """
    if len(query) > MAX_QUERY:
        raise QueryError(
            f"the query has {len(query):,} characters, over the limit of {MAX_QUERY},",
            column=MAX_QUERY + 1,
            remedy="search for fewer words",
        )
    terms: list[Term] = []
    text = query.rstrip()
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:  # blanks alone, which rstrip leaves none of
            break
        terms.append(_term(match))
        at = match.end()
    if not terms:
        raise QueryError("there is nothing to search for", column=1, remedy="type a word")
    if all(term.negated for term in terms):
        raise QueryError("everything is negated", column=terms[0].column, remedy="add a word without a minus")
    return terms


def _term(match: re.Match[str]) -> Term:
    negated = match["minus"] is not None
    column = len(match[0]) - len(match[0].lstrip()) + match.start() + 1
    inner = column + int(negated)
    if match["phrase"] is not None:
        if match["close"] is None:
            raise QueryError("a quote is not closed", column=inner, remedy='put " at the end of the phrase')
        if not match["phrase"].strip():
            raise QueryError("a phrase is empty", column=inner, remedy="put words between the quotes")
        return Term(match["phrase"], "phrase", negated, column)
    word = match["word"]
    if word[0] in "#＃":
        if len(word) == 1:
            raise QueryError("# has no hashtag behind it", column=inner, remedy="write it without a space: #birds")
        return Term(word[1:], "hashtag", negated, column)
    if word == "-":
        raise QueryError("a minus has nothing behind it", column=column, remedy="write it before a word: -word")
    return Term(word, "word", negated, column)
