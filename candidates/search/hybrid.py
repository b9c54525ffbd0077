"""Search over tweets: by words, by meaning, and both fused by reciprocal rank.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): a tweet's score is the sum over the two rankings
of weight / (60 + rank), rank 1 the best, over the ranks to a stated depth. The paper's weights are 1; here words count
more than meaning where some tweet has all of them, and less where none has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from candidates.search import nodes
from candidates.search.hashtags import Hashtags
from candidates.search.people import People
from candidates.search.query import QueryError, parse
from candidates.search.reader import Reader
from candidates.search.semantic import KNOWN_LANGUAGES, SemanticIndex
from candidates.search.text import NOTHING, Hits, TextIndex, Within, joined
from candidates.search.tokens import runs
from data.batch import F32, I64
from data.errors import ConfigError
from data.events import EventBatch
from features.text.encoder import TextEncoder

Mode = Literal["hybrid", "text", "semantic"]

RRF_K = 60
"""The constant of the paper: how much the very first ranks count over those after them."""
WHOLE, PARTLY = 4.0, 0.5
"""Weight of the ranking by words where some tweet has all words of the query, and where none has; by meaning, it is 1.
Chosen on the queries of seed 1 of `rookery study search`."""
_WITHOUT_BLANKS = frozenset({"ja", "zh", "ko", "th", "lo", "km", "my"})
_DEPTH = 100
"""Hits of each ranking that are fused, at least."""
_LISTED = 20_000
"""Tweets that operators let through up to which they are listed; of more, the nearest are checked one by one."""
_NOBODY = Reader()


class Encoder(Protocol):
    """Turns texts into vectors: `features.text.encoder.TextEncoder`."""

    @property
    def dim(self) -> int:
        """D, the length of the vectors."""
        ...

    def encode(self, texts: Sequence[str]) -> F32:
        """[N, D] unit vectors; zeros for a text without words."""
        ...


class Search:
    """The text index, people, hashtags and, with an encoder, the semantic index, fed by the same events."""

    tables = frozenset({"users", "follows", "tweets", "deletions", "engagements", "undos"})
    """Tables whose events it takes; others are passed over."""

    def __init__(
        self, encoder: Encoder | None = None, *, folder: Path | None = None, languages: frozenset[str] | None = None
    ) -> None:
        """Empty indexes in memory.

        Args:
            encoder: of texts; without one there is no search by meaning.
            folder: where the text index is kept; in memory when None.
            languages: primary subtags of the languages that the encoder knows; all when None.
        """
        self.encoder = encoder
        self.people = People()
        self.hashtags = Hashtags()
        self.text = TextIndex(folder, account=self.people.account)
        self.semantic = None if encoder is None else SemanticIndex(encoder.dim, languages)
        self._languages = languages

    def __len__(self) -> int:
        return len(self.text)

    def update(self, events: EventBatch, embeddings: F32 | None = None) -> None:
        """Takes events of `tables`.

        Args:
            events: rows of one table.
            embeddings: [N, D] of the tweets' texts where they are known already; encoded here when None.
        """
        if not len(events):
            return
        if events.table in ("users", "follows"):
            self.people.update(events)
        elif events.table in ("engagements", "undos"):
            liked = events.columns["tweet_id"][events.columns["action"] == "like"]
            self.text.like(liked, 1 if events.table == "engagements" else -1)
        elif events.table == "deletions":
            self.text.delete(events.columns["tweet_id"])
            self.hashtags.remove(events.columns["tweet_id"])
            if self.semantic is not None:
                self.semantic.remove(events.columns["tweet_id"])
        elif events.table == "tweets":
            self._add(events, embeddings)

    def search(
        self, query: str, mode: Mode = "hybrid", limit: int = 10, *,
        before_us: int | None = None, since_us: int | None = None, within: Within | None = None,
        reader: Reader | None = None, newest: bool = False,
    ) -> Hits:  # fmt: skip
        """The best `limit` tweets for a query; equal scores: the newer tweet first.

        Args:
            query: see `candidates.search.query`; operators let through in every mode.
            mode: `text` (BM25, all words must be there), `semantic` (cosine of embeddings) or `hybrid` (any word
                is enough, fused with the semantic ranking).
            limit: the most hits.
            before_us: only tweets posted before this time.
            since_us: only tweets posted at this time or later.
            within: which tweets may be found, for the rest.
            reader: who searches; None for somebody who hides nobody.
            newest: in mode `text`, the newer tweet first instead of the better.

        Raises:
            QueryError: a query that cannot be understood, or one without words for `semantic`.
            ConfigError: an unknown mode, or a mode that needs an encoder where there is none.
        """
        tree = joined(joined(parse(query), within), Within(since_us, before_us))
        reader = reader or _NOBODY
        if mode == "text":
            return self.text.search(tree, limit, hidden=reader.hidden, newest=newest)
        if mode not in ("hybrid", "semantic"):
            raise ConfigError(f"unknown search mode {mode!r}", remedy="choose hybrid, text or semantic")
        if self.semantic is None or self.encoder is None:
            raise ConfigError(f"search mode {mode!r} needs a text encoder", remedy="choose text, or give one")
        words = nodes.words(tree)
        if mode == "semantic":
            if not words:
                raise QueryError(
                    "there are no words to compare", column=tree.column, remedy="type some, or use mode text"
                )
            return self._by_meaning(words, tree, limit, reader)
        if not words:
            return self.text.search(tree, limit, hidden=reader.hidden)
        depth = max(_DEPTH, 2 * limit)
        by_text = self.text.search(tree, depth, any_word=True, hidden=reader.hidden)
        by_meaning = self._by_meaning(words, tree, depth, reader)
        whole = len(self.text.search(tree, 1, hidden=reader.hidden)) > 0
        weights = (WHOLE if whole else PARTLY, 0.0 if self._foreign(words) else 1.0)
        return fuse([by_text.tweet_ids, by_meaning.tweet_ids], limit, weights=weights)

    def _foreign(self, words: str) -> bool:
        """Whether most letters are of scripts without blanks, and the encoder knows no language that is written so."""
        if self._languages is None or self._languages & _WITHOUT_BLANKS:
            return False
        found = runs(words)
        return 2 * sum(len(run.text) for run in found if run.gram) > sum(len(run.text) for run in found)

    def _by_meaning(self, words: str, tree: nodes.Node, limit: int, reader: Reader) -> Hits:
        assert self.semantic is not None
        assert self.encoder is not None
        vector = self.encoder.encode([words])[0]
        let_through = [part for part in nodes.parts(tree) if not nodes.wordy(part)]
        if not let_through:
            return self.semantic.search(vector, limit, languages=reader.languages, hidden=reader.hidden)
        condition = nodes.And(tuple(let_through), tree.column)
        among = self.text.matching(condition, _LISTED)
        if among is not None:
            return self.semantic.search(vector, limit, among=among, languages=reader.languages, hidden=reader.hidden)
        wanted = 4 * limit
        while True:
            hits = self.semantic.search(vector, wanted, languages=reader.languages, hidden=reader.hidden)
            ok = self.text.matches(condition, hits.tweet_ids)
            if len(hits) < wanted or ok.sum() >= limit:
                return Hits(hits.tweet_ids[ok][:limit], hits.scores[ok][:limit])
            wanted *= 4

    def _add(self, events: EventBatch, embeddings: F32 | None) -> None:
        fresh = self.text.fresh(events.columns["tweet_id"])
        added = events.where(fresh)
        self.text.add(added, self.people.verified(added.columns["author_id"]))
        self.hashtags.add(added)
        if self.semantic is None or self.encoder is None:
            return
        # Those that the words' index took before a failure may be missing here.
        worded = (events.columns["kind"] != "retweet").astype(np.bool_)
        worded &= self.text.here(events.columns["tweet_id"]) & ~self.semantic.has(events.columns["tweet_id"])
        written = events.where(worded)
        vectors = (
            embeddings[worded] if embeddings is not None else self.encoder.encode(written.columns["text"].tolist())
        )
        self.semantic.add(written, vectors)


def search_of(encoder: TextEncoder | None) -> Search:
    """Empty indexes for an encoder, which is asked about texts of the languages it knows."""
    return Search(encoder, languages=None if encoder is None else KNOWN_LANGUAGES.get(encoder.name))


def fuse(
    rankings: Sequence[I64], limit: int, *, k: int = RRF_K, weights: Sequence[float] | None = None
) -> Hits:  # fmt: skip
    """The best `limit` ids by the sum of weight / (k + rank); equal sums: the larger id first.

    Args:
        rankings: lists of ids, each best first and without repeats.
        limit: the most hits.
        k: the constant.
        weights: how much each ranking counts, 1 when None; one of weight 0 brings nothing.
    """
    kept = [(one, 1.0 if weights is None else weights[at]) for at, one in enumerate(rankings)]
    kept = [(one, weight) for one, weight in kept if weight > 0]
    if not kept:
        return NOTHING
    ids = np.concatenate([one for one, _ in kept])
    parts = [weight / (k + 1 + np.arange(len(one))) for one, weight in kept]
    distinct, at = np.unique(ids, return_inverse=True)
    scores = np.bincount(at, np.concatenate(parts), minlength=len(distinct)).astype(np.float64)
    best = np.lexsort((-distinct, -scores))[:limit]
    return Hits(distinct[best], scores[best])
