"""Search over tweets: by words, by meaning, and both fused by reciprocal rank.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): a tweet's score is the sum over the two rankings
of 1 / (60 + rank), rank 1 the best, over the ranks to a stated depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from candidates.search.query import QueryError
from candidates.search.semantic import SemanticIndex
from candidates.search.text import Hits, TextIndex, Within
from data.batch import F32, I64
from data.errors import ConfigError
from data.events import EventBatch

Mode = Literal["hybrid", "text", "semantic"]

RRF_K = 60
"""The constant of the paper: how much the very first ranks count over those after them."""
_DEPTH = 100
"""Hits of each ranking that are fused, at least."""


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
    """The text index and, with an encoder, the semantic one, fed by the same events."""

    tables = frozenset({"tweets", "deletions"})
    """Tables whose events it takes; others are passed over."""

    def __init__(self, encoder: Encoder | None = None, *, folder: Path | None = None) -> None:
        """Empty indexes in memory; the text index in `folder` when given."""
        self.encoder = encoder
        self.text = TextIndex(folder)
        self.semantic = None if encoder is None else SemanticIndex(encoder.dim)

    def __len__(self) -> int:
        return len(self.text)

    def update(self, events: EventBatch, embeddings: F32 | None = None) -> None:
        """Takes tweets and deletions.

        Args:
            events: rows of one table.
            embeddings: [N, D] of the tweets' texts where they are known already; encoded here when None.
        """
        if events.table == "deletions":
            self.text.delete(events.columns["tweet_id"])
            if self.semantic is not None:
                self.semantic.remove(events.columns["tweet_id"])
        if events.table != "tweets" or not len(events):
            return
        self.text.add(events)
        if self.semantic is None or self.encoder is None:
            return
        worded = (events.columns["kind"] != "retweet").astype(np.bool_)
        worded &= ~self.semantic.has(events.columns["tweet_id"])
        written = events.where(worded)
        vectors = (
            embeddings[worded] if embeddings is not None else self.encoder.encode(written.columns["text"].tolist())
        )
        self.semantic.add(written, vectors)

    def search(
        self, query: str, mode: Mode = "hybrid", limit: int = 10, *,
        before_us: int | None = None, since_us: int | None = None,
    ) -> Hits:  # fmt: skip
        """The best `limit` tweets for a query; equal scores: the newer tweet first.

        Args:
            query: see `candidates.search.query`; `semantic` takes it as a plain sentence.
            mode: `text` (BM25, all words must be there), `semantic` (cosine of embeddings) or `hybrid` (any word
                is enough, fused with the semantic ranking).
            limit: the most hits.
            before_us: only tweets posted before this time.
            since_us: only tweets posted at this time or later.

        Raises:
            QueryError: a query that cannot be understood.
            ConfigError: an unknown mode, or a mode that needs an encoder where there is none.
        """
        within = Within(since_us, before_us)
        if mode == "text":
            return self.text.search(query, limit, within=within)
        if mode not in ("hybrid", "semantic"):
            raise ConfigError(f"unknown search mode {mode!r}", remedy="choose hybrid, text or semantic")
        if self.semantic is None or self.encoder is None:
            raise ConfigError(f"search mode {mode!r} needs a text encoder", remedy="choose text, or give one")
        if not query.strip():
            raise QueryError("there is nothing to search for", column=1, remedy="type a word")
        vector = self.encoder.encode([query])[0]
        if mode == "semantic":
            return self.semantic.search(vector, limit, within=within)
        depth = max(_DEPTH, 2 * limit)
        by_text = self.text.search(query, depth, within=within, any_word=True)
        by_meaning = self.semantic.search(vector, depth, within=within)
        return fuse([by_text.tweet_ids, by_meaning.tweet_ids], limit)


def fuse(rankings: Sequence[I64], limit: int, *, k: int = RRF_K) -> Hits:
    """The best `limit` ids by the sum of 1 / (k + rank); equal sums: the larger id first.

    Args:
        rankings: lists of ids, each best first and without repeats.
        limit: the most hits.
        k: the constant.
    """
    ids = np.concatenate(rankings) if rankings else np.empty(0, np.int64)
    parts = [1.0 / (k + 1 + np.arange(len(one))) for one in rankings]
    distinct, at = np.unique(ids, return_inverse=True)
    scores = np.bincount(at, np.concatenate(parts) if parts else None, minlength=len(distinct)).astype(np.float64)
    best = np.lexsort((-distinct, -scores))[:limit]
    return Hits(distinct[best], scores[best])
