"""Full text search of tweets on Tantivy: the operators of `candidates.search.query`, BM25, then the newer tweet.

Additions and deletions wait for the next search (`refresh`), because committing is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tantivy

from candidates.search.compiled import Compiler
from candidates.search.documents import INTEGERS, documents, register, schema
from candidates.search.nodes import (
    And,
    Around,
    Flag,
    From,
    Lang,
    MinFaves,
    Node,
    Not,
    Or,
    Phrase,
    Since,
    SinceId,
    Tag,
    Until,
    UntilId,
    Word,
    leaves,
)
from candidates.search.operators import PLACE_KM
from candidates.search.query import parse
from candidates.search.tokens import analyzer
from data.batch import F64, I64, Mask
from data.errors import DataError, NotFoundError
from data.events import EventBatch
from data.ids import IdIndex
from data.places import BY_WOEID
from data.tweet_text import fold
from features.state.columns import Columns, Spec

_HEAP = 64_000_000
"""Bytes that the writer may fill before it writes a segment."""
_THREADS = 2
"""Of the writer."""
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


NOTHING = Hits(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Within:
    """Which tweets may be found at all; None leaves a side open."""

    since_us: int | None = None
    """Posted at this time or later."""
    before_us: int | None = None
    """Posted before this time."""
    since_id: int | None = None
    """With a greater id."""
    until_id: int | None = None
    """With a smaller id."""
    last: tuple[int, int] | None = None
    """After the tweet with this time and id, where the newer and then the greater id comes first."""
    authors: Sequence[int] | None = None
    """Ids of authors; a tweet of any of them is enough."""
    hashtags: Sequence[str] | None = None
    """Without #; a tweet with any of them is enough."""
    languages: Sequence[str] | None = None
    """BCP 47; any of them is enough."""
    place: int | None = None
    """WOEID of a city; posted within 50 km of it."""
    min_likes: int | None = None
    """Liked at least so often."""
    media: bool | None = None
    """With a picture or video, or without."""
    verified: bool | None = None
    """By an author with the verified mark, or without."""

    def nodes(self) -> list[Node]:
        """The same as parts of a query that must all hold.

        Raises:
            NotFoundError: there is no such place.
        """
        out: list[Node] = []
        if self.since_us is not None:
            out.append(Since(self.since_us, 0))
        if self.before_us is not None:
            out.append(Until(self.before_us, 0))
        if self.since_id is not None:
            out.append(SinceId(self.since_id, 0))
        if self.until_id is not None:
            out.append(UntilId(self.until_id, 0))
        if self.last is not None:
            time_us, tweet_id = self.last
            same = And((Since(time_us, 0), Until(time_us + 1, 0), UntilId(tweet_id, 0)), 0)
            out.append(Or((Until(time_us, 0), same), 0))
        for values, kind in ((self.authors, _from), (self.hashtags, _tag), (self.languages, _lang)):
            if values is not None:
                out.append(Or(tuple(kind(one) for one in values), 0))
        if self.place is not None:
            if self.place not in BY_WOEID:
                raise NotFoundError(f"there is no place {self.place}", remedy="give the WOEID of a city")
            city = BY_WOEID[self.place]
            out.append(Around(city.latitude, city.longitude, PLACE_KM, 0))
        if self.min_likes is not None:
            out.append(MinFaves(self.min_likes, 0))
        for wanted, flag in ((self.media, "has:media"), (self.verified, "is:verified")):
            if wanted is not None:
                out.append(Flag(flag, 0) if wanted else Not(Flag(flag, 0), 0))
        return out


class _Tweets(Columns):
    """What is known of each tweet beside its words, by row."""

    time_us: I64
    author_id: I64
    retweeted_id: I64
    likes: I64
    deleted: Mask
    SPEC: ClassVar[Spec] = {
        "time_us": (np.int64, 0, 0), "author_id": (np.int64, -1, 0), "retweeted_id": (np.int64, -1, 0),
        "likes": (np.int64, 0, 0), "deleted": (np.bool_, False, 0),
    }  # fmt: skip


class TextIndex:
    """Tweets by their words and by all that the operators ask for. A retweet has no words of its own."""

    def __init__(self, folder: Path | None = None, *, account: Callable[[str], int] | None = None) -> None:
        """In memory, or in `folder`, where an index that is there is opened.

        Args:
            folder: where the index is kept.
            account: the id of an account by its handle, -1 for none; without it only ids in digits are known.

        Raises:
            DataError: the folder holds something that Tantivy cannot open, or another process writes there.
        """
        words = analyzer()
        self._schema = schema()
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, path=None if folder is None else str(folder))
            register(self._index, words)
            self._writer = self._index.writer(_HEAP, _THREADS)
        except (OSError, ValueError) as error:
            raise DataError(f"text index {folder} cannot be opened: {error}", remedy="close or rebuild it") from error
        self._tweets, self._ids = _Tweets(), IdIndex()
        # Not a method of this object: it would keep itself alive, and the folder's lock with it.
        self._compiler = Compiler(self._schema, words, account or _digits, partial(_liked, self._tweets, self._ids))
        self._restore()
        self._pending = 0

    def __len__(self) -> int:
        """Tweets that can be found, those not committed yet among them."""
        return int(len(self._ids) - self._tweets.deleted.sum())

    def add(self, events: EventBatch, verified: Mask | None = None) -> int:
        """Adds rows of `tweets`; ids that were added or deleted before are passed over: a log may repeat itself.

        Args:
            events: rows of `tweets`.
            verified: [N] whether the author has the verified mark; nobody when None.

        Returns:
            How many were added.
        """
        fresh = self.fresh(events.columns["tweet_id"])
        picked = events.where(fresh)
        if not len(picked):
            return 0
        columns = picked.columns
        rows = self._ids.add(columns["tweet_id"])
        self._tweets.resize(len(self._ids))
        self._tweets.time_us[rows], self._tweets.author_id[rows] = picked.time_us, columns["author_id"]
        about = self._about(picked)
        retweeted = np.where(columns["kind"] == "retweet", about, -1)
        self._tweets.retweeted_id[rows] = retweeted
        marked = np.zeros(len(picked), np.bool_) if verified is None else verified[fresh]
        for document in documents(picked, about, retweeted, marked):
            self._writer.add_json(document)
        self._pending += len(picked)
        return len(picked)

    def fresh(self, tweet_ids: I64) -> Mask:
        """[n] whether each was neither added nor deleted before."""
        return self._ids.rows(tweet_ids) < 0

    def here(self, tweet_ids: I64) -> Mask:
        """[n] whether each was added and not deleted."""
        rows = self._ids.rows(tweet_ids)
        held: Mask = (rows >= 0) & ~self._tweets.deleted[rows] if len(self._ids) else rows >= 0
        return held

    def delete(self, tweet_ids: I64) -> None:
        """Deletes tweets. One that was never added is not found either, should it come later."""
        known = self._ids.rows(tweet_ids)
        rows = self._ids.add(tweet_ids)
        self._tweets.resize(len(self._ids))
        for one in tweet_ids[(known >= 0) & ~self._tweets.deleted[rows]].tolist():
            self._writer.delete_documents_by_term("tweet_id", one)
            self._pending += 1
        self._tweets.deleted[rows] = True

    def like(self, tweet_ids: I64, change: int = 1) -> None:
        """Adds `change` likes (-1: taken back) for each of `tweet_ids`; those that are not here are passed over."""
        rows = self._ids.rows(tweet_ids)
        np.add.at(self._tweets.likes, rows[rows >= 0], change)

    def refresh(self) -> None:
        """Makes what was added and deleted visible; does nothing when nothing was."""
        if self._pending:
            self._writer.commit()
            self._index.reload()
            self._pending = 0

    def search(
        self, query: str | Node, limit: int = 10, *,
        within: Within | None = None, any_word: bool = False, hidden: I64 | None = None, newest: bool = False,
    ) -> Hits:  # fmt: skip
        """The best `limit` tweets by BM25; of equal scores, and without words, the newer first, then the larger id.

        Args:
            query: see `candidates.search.query`.
            limit: the most hits.
            within: which tweets may be found.
            any_word: one word of the query is enough (more count more); else a tweet needs them all.
            hidden: ids of authors whose tweets, and retweets of whose tweets, are left out.
            newest: the newer first, whatever the words; scores are 0 then.

        Raises:
            QueryError: a query that cannot be understood.
        """
        tree = joined(parse(query) if isinstance(query, str) else query, within)
        self.refresh()
        scored = any(isinstance(leaf, Word | Phrase) and not negated for leaf, negated in leaves(tree))
        built = self._compiler.build(tree, any_word=any_word)
        return self._best(built, limit, hidden, by_time=newest or not scored)

    def counts(self, query: str, begin_us: int, end_us: int, step_us: int, within: Within | None = None) -> I64:
        """[n] tweets that match, by the step of time that each was posted in.

        Args:
            query: see `candidates.search.query`.
            begin_us: from when on; steps begin at multiples of `step_us`, so that the first may be a part of one.
            end_us: until when; later than `begin_us`.
            step_us: microseconds a step.
            within: which tweets are counted, for the rest.

        Raises:
            QueryError: a query that cannot be understood.
        """
        tree = joined(joined(parse(query), within), Within(begin_us, end_us))
        self.refresh()
        first = begin_us // step_us
        out: I64 = np.zeros((end_us - 1) // step_us - first + 1, np.int64)
        steps = {"steps": {"histogram": {"field": "time_us", "interval": float(step_us), "min_doc_count": 1}}}
        for one in self._index.searcher().aggregate(self._compiler.build(tree), steps)["steps"]["buckets"]:
            out[round(one["key"] / step_us) - first] = one["doc_count"]
        return out

    def matching(self, tree: Node, most: int) -> I64 | None:
        """Ids of all tweets that match, None where there are more than `most`."""
        self.refresh()
        searcher, built = self._index.searcher(), self._compiler.build(tree)
        if not searcher.num_docs or searcher.search(built, limit=1, count=True).count > most:
            return np.empty(0, np.int64) if not searcher.num_docs else None
        return self._found(searcher, built, most)[1]

    def matches(self, tree: Node, tweet_ids: I64) -> Mask:
        """[n] whether each of `tweet_ids` matches."""
        if not len(tweet_ids):
            return np.zeros(0, np.bool_)
        self.refresh()
        among = tantivy.Query.term_set_query(self._schema, "tweet_id", tweet_ids.tolist())
        built = tantivy.Query.boolean_query([
            (tantivy.Occur.Must, self._compiler.build(tree)), (tantivy.Occur.Must, among),
        ])  # fmt: skip
        _, found = self._found(self._index.searcher(), built, len(tweet_ids))
        return np.isin(tweet_ids, found)

    def visible(self, tweet_ids: I64, hidden: I64) -> Mask:
        """[n] whether neither the author of each tweet, nor whom it retweets is among `hidden`."""
        rows = self._ids.rows(tweet_ids)
        out: Mask = ~np.isin(self._tweets.author_id[rows], hidden) & ~np.isin(self._tweets.retweeted_id[rows], hidden)
        return out

    def _best(self, built: tantivy.Query, limit: int, hidden: I64 | None, *, by_time: bool) -> Hits:
        searcher = self._index.searcher()
        if limit < 1 or not searcher.num_docs:
            return NOTHING
        wanted = limit + _MARGIN
        while True:
            keys, ids = self._found(searcher, built, wanted, order="time_us" if by_time else None)
            last = keys[-1] if len(keys) == wanted else None
            times = self._tweets.time_us[self._ids.rows(ids)]
            if hidden is not None and len(hidden):
                seen = self.visible(ids, hidden)
                keys, ids, times = keys[seen], ids[seen], times[seen]
            # Ties that the list cuts through could be broken by the order of segments: fetch until it cuts none.
            if last is None or (len(keys) >= limit and keys[limit - 1] > last):
                break
            wanted *= 4
        best = np.lexsort((-ids, -times, -keys))[:limit]
        scores: F64 = np.zeros(len(best)) if by_time else keys[best].astype(np.float64)
        return Hits(ids[best], scores)

    def _found(self, searcher: Any, built: tantivy.Query, most: int, order: str | None = None) -> tuple[Any, I64]:
        """Keys (score, or the field to order by) and ids of the first `most` hits, keys falling."""
        found = searcher.search(
            built, limit=max(min(most, searcher.num_docs), 1), count=False, order_by_field=order
        ).hits
        keys = np.array([key for key, _ in found], np.float64 if order is None else np.int64)
        ids = searcher.fast_field_values("tweet_id", [address for _, address in found])
        return keys, np.array(ids, np.int64)

    def _about(self, events: EventBatch) -> I64:
        if "referenced_id" not in events.columns:
            return np.full(len(events), -1, np.int64)
        rows = self._ids.rows(events.columns["referenced_id"])
        about: I64 = np.where(rows >= 0, self._tweets.author_id[rows], -1)
        return about

    def _restore(self) -> None:
        searcher = self._index.searcher()
        if not searcher.num_docs:
            return
        found = searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs, count=False).hits
        addresses = [address for _, address in found]
        column = {name: np.array(searcher.fast_field_values(name, addresses), np.int64) for name in INTEGERS}
        order = np.argsort(column["tweet_id"])
        rows = self._ids.add(column["tweet_id"][order])
        self._tweets.resize(len(self._ids))
        for name in INTEGERS[1:]:
            self._tweets.arrays()[name][rows] = column[name][order]


def joined(tree: Node, within: Within | None) -> Node:
    """A query's tree that holds `within` as well."""
    more = () if within is None else tuple(within.nodes())
    if not more:
        return tree
    own = tree.children if isinstance(tree, And) else (tree,)
    return And((*own, *more), tree.column)


def _liked(tweets: _Tweets, ids: IdIndex, likes: int) -> tuple[I64, bool]:
    """Ids of the tweets with at least so many likes, or of the others where those are fewer, and which of the two."""
    enough = tweets.likes >= likes
    inside = bool(2 * enough.sum() <= len(enough))
    return ids.ids[enough == inside], inside


def _from(user: Any) -> Node:
    return From(int(user), 0)


def _tag(tag: Any) -> Node:
    return Tag(fold(tag), 0)


def _lang(language: Any) -> Node:
    return Lang(language.lower(), 0)


def _digits(handle: str) -> int:
    return int(handle) if handle.isdecimal() and len(handle) <= 18 else -1
