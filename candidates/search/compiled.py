"""A query's tree as a query of Tantivy. Words and phrases count by BM25; operators only let through."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import tantivy

from candidates.search.documents import author_key
from candidates.search.nodes import (
    And,
    Around,
    Conversation,
    Flag,
    From,
    Lang,
    Leaf,
    Mention,
    MinFaves,
    Node,
    Not,
    Or,
    Phrase,
    Since,
    SinceId,
    Tag,
    To,
    Until,
    UntilId,
    Word,
    parts,
    wordy,
)
from candidates.search.tokens import Run, pairs, runs
from data.batch import I64
from data.places import within_km

_MUST, _SHOULD, _NEVER = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_LONG_RUN = 3
"""Characters of a run without blanks from which on, where any word is enough, any of its pairs is enough."""
_FLAT = re.escape


class Compiler:
    """Compiles trees for one index."""

    def __init__(
        self,
        schema: tantivy.Schema,
        analyzer: tantivy.TextAnalyzer,
        account: Callable[[str], int],
        liked: Callable[[int], tuple[I64, bool]],
    ) -> None:
        """For the fields of `schema`.

        Args:
            schema: `candidates.search.documents.schema`.
            analyzer: that of texts.
            account: the id of the account with a handle in lower case or an id in digits, -1 where there is none.
            liked: for a number of likes, ids of tweets, and whether they are those with at least as many or the others.
        """
        self._schema, self._analyzer, self._account, self._liked = schema, analyzer, account, liked

    def build(self, tree: Node, *, any_word: bool = False) -> tantivy.Query:
        """The query of a tree; with `any_word`, one of the words and phrases that must all hold is enough."""
        if not any_word:
            return self._node(tree, loose=False)
        every = parts(tree)
        clauses = [self._clause(part) for part in every if not wordy(part)]
        asked = [self._node(part, loose=True) for part in every if wordy(part)]
        if asked:
            clauses.append((_MUST, _any(asked)))
        return tantivy.Query.boolean_query(clauses)

    def _clause(self, node: Node) -> tuple[tantivy.Occur, tantivy.Query]:
        if isinstance(node, Not):
            return _NEVER, self._node(node.child, loose=False)
        return _MUST, self._node(node, loose=False)

    def _node(self, node: Node, *, loose: bool) -> tantivy.Query:
        if isinstance(node, And):
            return _every([self._clause(child) for child in node.children])
        if isinstance(node, Or):
            return _any([self._node(child, loose=loose) for child in node.children])
        if isinstance(node, Not):
            return _every([self._clause(node)])
        if isinstance(node, Word | Phrase):
            return self._words(runs(node.text), loose=loose)
        return tantivy.Query.const_score_query(self._operator(node), 0.0)

    def _words(self, found: Sequence[Run], *, loose: bool) -> tantivy.Query:
        if loose and (len(found) > 1 or (found[0].gram and len(found[0].text) >= _LONG_RUN)):
            return _any([self._loose(run) for run in found])
        if len(found) == 1 and found[0].gram and len(found[0].text) == 1:
            return tantivy.Query.term_query(self._schema, "single", found[0].text)
        terms: list[str] = []
        for run in found:
            terms += [*pairs(run.text), run.text[-1]] if run.gram else self._analyzer.analyze(run.text)
        last = found[-1]
        if last.gram and len(last.text) > 1:
            # The run may go on in the tweet.
            terms.pop()
        if len(terms) == 1:
            return tantivy.Query.term_query(self._schema, "text", terms[0])
        if last.gram and len(last.text) == 1:
            patterns: list[str | tuple[int, str]] = [*map(_FLAT, terms[:-1]), _FLAT(terms[-1]) + ".?"]
            return tantivy.Query.regex_phrase_query(self._schema, "text", patterns)
        return tantivy.Query.phrase_query(self._schema, "text", [*terms])

    def _loose(self, run: Run) -> tantivy.Query:
        if not run.gram or len(run.text) < _LONG_RUN:
            return self._words([run], loose=False)
        terms = pairs(run.text)
        every = _any([tantivy.Query.term_query(self._schema, "text", term) for term in terms])
        return tantivy.Query.boost_query(every, 1.0 / len(terms))

    def _operator(self, leaf: Leaf) -> tantivy.Query:
        if isinstance(leaf, Since | Until):
            since = leaf.time_us if isinstance(leaf, Since) else None
            until = leaf.time_us if isinstance(leaf, Until) else None
            return tantivy.Query.range_query(
                self._schema, "time_us", tantivy.FieldType.Integer, since, until, include_upper=until is None
            )
        if isinstance(leaf, SinceId | UntilId):
            greater = leaf.tweet_id if isinstance(leaf, SinceId) else None
            smaller = leaf.tweet_id if isinstance(leaf, UntilId) else None
            return tantivy.Query.range_query(
                self._schema, "tweet_id", tantivy.FieldType.Integer, greater, smaller,
                include_lower=greater is None, include_upper=smaller is None,
            )  # fmt: skip
        if isinstance(leaf, MinFaves):
            ids, inside = self._liked(leaf.likes)
            query = tantivy.Query.term_set_query(self._schema, "tweet_id", ids.tolist())
            return query if inside else _every([(_NEVER, query)])
        if isinstance(leaf, Conversation):
            first = tantivy.Query.term_query(self._schema, "tweet_id", leaf.tweet_id)
            return _any([first, self._key(f"conversation:{leaf.tweet_id}")])
        keys = self._keys(leaf)
        if len(keys) == 1:
            return self._key(keys[0])
        return tantivy.Query.term_set_query(self._schema, "key", keys)

    def _key(self, key: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "key", key, "basic")

    def _keys(self, leaf: Leaf) -> list[str]:
        """The keys of which a tweet has one."""
        match leaf:
            case From(user):
                keys = [author_key("from", self._id(user))]
            case To(user):
                keys = [author_key("to", self._id(user))]
            case Tag(value):
                keys = [f"#{value}"]
            case Mention(handle):
                keys = [f"@{handle}"]
            case Lang(code):
                keys = [f"lang:{code}"]
            case Flag(value):
                keys = [value]
            case Around(latitude, longitude, radius_km):
                keys = [f"place:{one}" for one in within_km(latitude, longitude, radius_km).tolist()]
            case _:
                raise AssertionError(leaf)
        return keys

    def _id(self, user: str | int) -> int:
        # No key has -2: a handle that nobody has finds nothing, and an author who is not known has -1.
        found = user if isinstance(user, int) else self._account(user)
        return found if found >= 0 else -2


def _every(clauses: Sequence[tuple[tantivy.Occur, tantivy.Query]]) -> tantivy.Query:
    """All of the clauses; of nothing but exclusions, everything else."""
    if all(occur == _NEVER for occur, _ in clauses):
        rest = tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0)
        return tantivy.Query.boolean_query([(_MUST, rest), *clauses])
    return tantivy.Query.boolean_query(clauses)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(_SHOULD, query) for query in queries])
