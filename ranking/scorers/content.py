"""The nearest in content: how alike a tweet's text is to the texts that the reader engaged with last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data.batch import F32, CandidateBatch, Requests
from data.errors import ModelError
from ranking.scorer import CatalogueScorer, TextScorer


@dataclass(frozen=True)
class Content(CatalogueScorer, TextScorer):
    """Cosine of the tweet's embedding and the reader's taste, the mean embedding of the last engagements.

    Unlike the feature `pair.similarity` it does not end at 0, so that what is least alike stands last. 0 for a tweet
    without a text and for a reader without a taste.
    """

    reads: ClassVar[tuple[str, ...]] = ("user.taste", "tweet.embedding")

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        readers, tweets = _tastes(batch.requests), _unit(batch.column("tweet.embedding"))
        if len(readers) == 1:
            one: F32 = tweets @ readers[0]
            return one
        scores: F32 = np.einsum("nd,nd->n", tweets, readers[batch.request], dtype=np.float32)
        return scores

    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32 scores of the candidates of `items` for each of `requests`."""
        scores: F32 = _tastes(requests) @ _unit(items.columns["tweet.embedding"]).T
        return scores


def _tastes(requests: Requests) -> F32:
    if "user.taste" not in requests.columns:
        raise ModelError("content similarity needs request column 'user.taste'", remedy="look it up before scoring")
    return _unit(requests.columns["user.taste"])


def _unit(vectors: F32) -> F32:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: F32 = np.divide(vectors, length, out=np.zeros(vectors.shape, np.float32), where=length > 0)
    return unit
