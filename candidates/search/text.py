"""Full text search of tweets on Tantivy: BM25, filters by author, time and hashtag.

Additions and deletions wait for the next search (`refresh`), because committing is slow. Texts are cut at
everything that is no letter or digit, lowered, and stripped of accents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy

from candidates.search.query import QueryError, Term, parse
from data.batch import F64, I64
from data.errors import DataError
from data.events import EventBatch
from data.ids import IdIndex
from data.tweet_text import fold, hashtags, hashtags_of

_ANALYZER = "tweet"
_HEAP = 15_000_000
"""Bytes that the writer may fill before it writes a segment."""
_MARGIN = 64


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, best first."""

    tweet_ids: I64
    """[n]"""
    scores: F64
    """[n] falling; of their own scale in each mode."""

    def __len__(self) -> int:
        return len(self.tweet_ids)


@dataclass(frozen=True, slots=True)
class Within:
    """Which tweets may be found at all; None leaves a side open."""

    since_us: int | None = None
    """Posted at this time or later."""
    before_us: int | None = None
    """Posted before this time."""
    authors: Sequence[int] | None = None
    """Ids of authors; a tweet of any of them is enough."""
    hashtags: Sequence[str] | None = None
    """Without #; a tweet with any of them is enough."""


class TextIndex:
    """Tweets by their words. Retweets have none and are passed over."""

    def __init__(self, folder: Path | None = None) -> None:
        """In memory, or in `folder`, where an index that is there is opened.

        Raises:
            DataError: the folder holds something that Tantivy cannot open, or another process writes there.
        """
        self._analyzer = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.ascii_fold())
            .build()
        )
        self._schema = _schema()
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, path=None if folder is None else str(folder))
            self._index.register_tokenizer(_ANALYZER, self._analyzer)
            self._writer = self._index.writer(_HEAP, 1)
        except (OSError, ValueError) as error:
            raise DataError(f"text index {folder} cannot be opened: {error}", remedy="close or rebuild it") from error
        self._ids = IdIndex(self._stored_ids())
        self._deleted: set[int] = set()
        self._pending = 0

    def __len__(self) -> int:
        """Tweets that can be found, those not committed yet among them."""
        return len(self._ids) - len(self._deleted)

    def add(self, events: EventBatch) -> int:
        """Adds rows of `tweets`; ids that were added before are passed over, so that a log may repeat itself.

        Returns:
            How many were added.
        """
        columns = events.columns
        wanted = (columns["kind"] != "retweet") & (self._ids.rows(columns["tweet_id"]) < 0)
        picked = events.where(wanted.astype(np.bool_))
        if not len(picked):
            return 0
        columns = picked.columns
        tags = hashtags_of(columns["text"], folded=True)
        rows = zip(
            columns["tweet_id"].tolist(), picked.time_us.tolist(), columns["author_id"].tolist(), columns["text"],
            strict=True,
        )  # fmt: skip
        for number, (tweet, time_us, author, text) in enumerate(rows):
            document = tantivy.Document(tweet_id=tweet, time_us=time_us, author_id=author, text=text)
            for tag in tags[number]:
                document.add_text("hashtag", tag)
            self._writer.add_document(document)
        self._ids.add(columns["tweet_id"])
        self._pending += len(picked)
        return len(picked)

    def delete(self, tweet_ids: I64) -> None:
        """Deletes tweets; ids that are not here are passed over."""
        for one in tweet_ids[self._ids.rows(tweet_ids) >= 0].tolist():
            if one not in self._deleted:
                self._writer.delete_documents_by_term("tweet_id", one)
                self._deleted.add(one)
                self._pending += 1

    def refresh(self) -> None:
        """Makes what was added and deleted visible; does nothing when nothing was."""
        if self._pending:
            self._writer.commit()
            self._index.reload()
            self._pending = 0

    def search(self, query: str, limit: int = 10, *, within: Within | None = None, any_word: bool = False) -> Hits:
        """The best `limit` tweets by BM25; equal scores: the newer first, then the larger id.

        Args:
            query: see `candidates.search.query`.
            limit: the most hits.
            within: which tweets may be found.
            any_word: one word of the query is enough (more count more); else a tweet needs them all.

        Raises:
            QueryError: a query that cannot be understood.
        """
        terms = parse(query)
        self.refresh()
        built = self._build(terms, within or Within(), any_word=any_word)
        searcher = self._index.searcher()
        total = searcher.num_docs
        wanted = limit + _MARGIN
        if not limit or not total:
            return Hits(np.empty(0, np.int64), np.empty(0))
        while True:
            found = searcher.search(built, limit=min(wanted, total), count=False).hits
            # Ties that the list cuts through could be broken by the order of segments: fetch until it cuts none.
            if len(found) < wanted or found[limit - 1][0] > found[-1][0]:
                break
            wanted *= 4
        scores = np.array([score for score, _ in found], np.float64)
        addresses = [address for _, address in found]
        ids = np.array(searcher.fast_field_values("tweet_id", addresses), np.int64)
        times = np.array(searcher.fast_field_values("time_us", addresses), np.int64)
        best = np.lexsort((-ids, -times, -scores))[:limit]
        return Hits(ids[best], scores[best])

    def _build(self, terms: Sequence[Term], within: Within, *, any_word: bool) -> tantivy.Query:
        must, should, never = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        wanted: list[tantivy.Query] = []
        for term in terms:
            query = self._term(term)
            if term.negated:
                parts.append((never, query))
            else:
                wanted.append(query)
        occur = should if any_word else must
        parts.append((must, tantivy.Query.boolean_query([(occur, query) for query in wanted])))
        for query in self._filters(within):
            parts.append((must, tantivy.Query.const_score_query(query, 0.0)))
        return tantivy.Query.boolean_query(parts)

    def _term(self, term: Term) -> tantivy.Query:
        if term.kind == "hashtag":
            tags = hashtags(f"#{term.text}")
            if not tags:
                raise QueryError(f"#{term.text} is no hashtag", column=term.column, remedy="a hashtag has a letter")
            return tantivy.Query.term_query(self._schema, "hashtag", fold(tags[0]))
        words = self._analyzer.analyze(term.text)
        if not words:
            raise QueryError(f"{term.text!r} has no letter or digit", column=term.column, remedy="search for words")
        if len(words) == 1:
            return tantivy.Query.term_query(self._schema, "text", words[0])
        return tantivy.Query.phrase_query(self._schema, "text", words)

    def _filters(self, within: Within) -> list[tantivy.Query]:
        filters = []
        if within.since_us is not None or within.before_us is not None:
            filters.append(tantivy.Query.range_query(
                self._schema, "time_us", tantivy.FieldType.Integer, within.since_us, within.before_us,
                include_upper=within.before_us is None,
            ))  # fmt: skip
        if within.authors is not None:
            filters.append(tantivy.Query.term_set_query(self._schema, "author_id", list(within.authors)))
        if within.hashtags is not None:
            tags = [fold(tag) for tag in within.hashtags]
            filters.append(tantivy.Query.term_set_query(self._schema, "hashtag", tags))
        return filters

    def _stored_ids(self) -> I64:
        searcher = self._index.searcher()
        if not searcher.num_docs:
            return np.empty(0, np.int64)
        found = searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs, count=False).hits
        ids = searcher.fast_field_values("tweet_id", [address for _, address in found])
        return np.sort(np.array(ids, np.int64))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("tweet_id", "time_us", "author_id"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name=_ANALYZER)
    builder.add_text_field("hashtag", tokenizer_name="raw", index_option="basic")
    return builder.build()
