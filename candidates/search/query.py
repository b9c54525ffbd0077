"""The query language, by recursive descent.

    query  = all ("OR" all)*        any of them
    all    = one+                   all of them; binds tighter than OR
    one    = "-"? ( "(" query ")" | quoted phrase | #tag | @user | name:value | word )

`candidates.search.operators` reads `name:value`. Every fault is a `QueryError` with its column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from candidates.search.nodes import And, Leaf, Mention, Node, Not, Or, Phrase, Tag, Word, positive
from candidates.search.operators import QueryError, handle, operator
from candidates.search.tokens import has_word
from data.tweet_text import fold, hashtags

__all__ = ["MAX_DEPTH", "MAX_QUERY", "QueryError", "parse"]

MAX_QUERY = 512
"""Characters of a query; a longer one is refused before it is read."""
MAX_DEPTH = 20
"""How deep groups may stand in groups."""

_PART = re.compile(
    r'(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)(?P<end>")?'
    r'|(?P<name>[A-Za-z_]+):(?:"(?P<quoted>[^"]*)(?P<unquote>")?|(?P<list>\[[^\]]*(?P<unlist>\])?)|(?P<value>[^\s()"/][^\s()"]*)?(?![^\s()]))'
    r'|(?P<word>[^\s()"]+)'
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a query: `kind` is open, close, or, minus or leaf."""

    kind: str
    column: int
    leaf: Leaf | None = None


def parse(query: str) -> Node:
    """The tree of a query.

    Raises:
        QueryError: a query that is empty, too long or nested too deep, or a part that cannot be understood.
    """
    if len(query) > MAX_QUERY:
        raise QueryError(
            f"the query has {len(query):,} characters, over the limit of {MAX_QUERY},",
            column=MAX_QUERY + 1,
            remedy="search for fewer words",
        )
    parts = _parts(query)
    if not parts:
        raise QueryError("there is nothing to search for", column=1, remedy="type a word")
    reader = _Reader(parts, len(query.rstrip()) + 1)
    tree = reader.either(0)
    if reader.peek is not None:
        raise QueryError(
            "a ) closes nothing", column=reader.peek.column, remedy='take it away, or put it in quotes: ")"'
        )
    return tree


class _Reader:
    """Reads parts from left to right."""

    def __init__(self, parts: list[_Part], end: int) -> None:
        """`end` is the column behind the query."""
        self._parts, self._at, self._end = parts, 0, end

    @property
    def peek(self) -> _Part | None:
        """The next part, None at the end."""
        return self._parts[self._at] if self._at < len(self._parts) else None

    def either(self, depth: int) -> Node:
        """`all ("OR" all)*`."""
        sides = [self._every(depth)]
        while self.peek is not None and self.peek.kind == "or":
            self._at += 1
            sides.append(self._every(depth))
        if len(sides) == 1:
            return sides[0]
        return Or(tuple(sides), sides[0].column)

    def _every(self, depth: int) -> Node:
        """`one+`, of which something must ask rather than leave out."""
        found: list[Node] = []
        while self.peek is not None and self.peek.kind not in ("or", "close"):
            found.append(self._one(depth))
        if not found:
            raise self._missing()
        tree = found[0] if len(found) == 1 else And(tuple(found), found[0].column)
        if not positive(tree):
            raise QueryError("everything is negated", column=tree.column, remedy="add a word without a minus beside it")
        return tree

    def _missing(self) -> QueryError:
        here = self.peek
        column = self._end if here is None else here.column
        before = self._parts[self._at - 1].kind if self._at else ""
        if here is not None and here.kind == "close" and before not in {"open", "or"}:
            return QueryError("a ) closes nothing", column=column, remedy='take it away, or put it in quotes: ")"')
        if before == "open":
            if here is None:
                return QueryError(
                    "a ( is not closed", column=self._parts[self._at - 1].column, remedy="put ) at the end"
                )
            return QueryError(
                "a group is empty", column=self._parts[self._at - 1].column, remedy="put words between ( and )"
            )
        where = "behind" if before == "or" else "before"
        column = self._parts[self._at - 1].column if before == "or" else column
        return QueryError(f"OR has nothing {where} it", column=column, remedy='write a OR b, or "OR" in quotes')

    def _one(self, depth: int) -> Node:
        part = self._parts[self._at]
        self._at += 1
        if part.kind == "minus":
            return Not(self._one(depth), part.column)
        if part.kind == "open":
            if depth >= MAX_DEPTH:
                raise QueryError(
                    f"groups stand more than {MAX_DEPTH} deep", column=part.column, remedy="write it with fewer groups"
                )
            inner = self.either(depth + 1)
            if self.peek is None:
                raise QueryError("a ( is not closed", column=part.column, remedy="put ) at the end of the group")
            self._at += 1
            return inner
        assert part.leaf is not None
        return part.leaf


def _parts(query: str) -> list[_Part]:
    parts: list[_Part] = []
    at = 0
    while at < len(query):
        if query[at].isspace():
            at += 1
            continue
        column = at + 1
        if query[at] == "-":
            if at + 1 == len(query) or query[at + 1].isspace() or query[at + 1] in "-)":
                raise QueryError("a minus has nothing behind it", column=column, remedy="write it before a word: -word")
            parts.append(_Part("minus", column))
            at += 1
            continue
        match = _PART.match(query, at)
        assert match is not None, "every character is a blank, a sign or part of a word"
        parts.append(_part(match, column))
        at = match.end()
    return parts


def _part(match: re.Match[str], column: int) -> _Part:
    if match["open"] or match["close"]:
        return _Part("open" if match["open"] else "close", column)
    if match["word"] == "OR":
        return _Part("or", column)
    return _Part("leaf", column, _leaf(match, column))


def _leaf(match: re.Match[str], column: int) -> Leaf:
    if match["phrase"] is not None:
        return _phrase(match["phrase"], column, closed=match["end"] is not None)
    if match["name"] is not None:
        return _operator(match, column)
    word = match["word"]
    if word[0] in "#＃":
        return _tag(word, column)
    if word[0] in "@＠":
        if len(word) == 1:
            raise QueryError(f"{word} has no handle behind it", column=column, remedy="write it without a space: @user")
        return Mention(handle(word[1:], column), column)
    _check_word(word, column)
    return Word(word, column)


def _phrase(text: str, column: int, *, closed: bool) -> Leaf:
    if not closed:
        raise QueryError("a quote is not closed", column=column, remedy='put " at the end of the phrase')
    if not text.strip():
        raise QueryError("a phrase is empty", column=column, remedy="put words between the quotes")
    _check_word(text, column)
    return Phrase(text, column)


def _operator(match: re.Match[str], column: int) -> Leaf:
    name = match["name"].lower()
    if match["quoted"] is not None:
        if match["unquote"] is None:
            raise QueryError("a quote is not closed", column=column + len(name) + 1, remedy='put " at the end')
        return operator(name, match["quoted"].strip(), column)
    if match["list"] is not None:
        if match["unlist"] is None:
            raise QueryError("a [ is not closed", column=column + len(name) + 1, remedy="put ] at the end")
        return operator(name, match["list"], column)
    return operator(name, match["value"] or "", column)


def _tag(word: str, column: int) -> Leaf:
    if len(word) == 1:
        raise QueryError(f"{word} has no hashtag behind it", column=column, remedy="write it without a space: #birds")
    tags = hashtags(word)
    if not tags or has_word(word[1 + len(tags[0]) :]):
        raise QueryError(
            f"{word[:32]} is no hashtag",
            column=column,
            remedy="a hashtag has a letter, and letters, digits and _ alone",
        )
    return Tag(fold(tags[0]), column)


def _check_word(text: str, column: int) -> None:
    if not has_word(text):
        raise QueryError(f"{text[:32]!r} has no letter or digit", column=column, remedy="search for words")
