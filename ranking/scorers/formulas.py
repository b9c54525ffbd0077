"""The two ranking formulas of the system that the lab models.

Age is in hours; counts are as known when the tweet is scored; engagement = likes + 2 retweets + 1.5 replies.

    affinity_formula = 0.2 / (1 + age) + 0.3 log10(engagement + 1) + 0.3 author affinity + 0.2 content relevance
    interest_formula = 0.15 exp(-age / 24) + 0.25 log10(engagement + 1) + 0.30 min(interactions with author / 100, 1)
                       + 0.20 (share of the tweet's topics among the reader's interests)
                       + 0.05 (1.2 with media, else 1) + 0.05 (1.1 if the author is verified, else 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data.batch import F32, F64, CandidateBatch

_COUNTS = ("tweet.age_h", "tweet.likes", "tweet.retweets", "tweet.replies")


@dataclass(frozen=True)
class AffinityFormula:
    """`affinity_formula`: freshness, engagement, affinity with the author and content relevance."""

    reads: ClassVar[tuple[str, ...]] = (*_COUNTS, "pair.affinity", "pair.similarity")

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        age = _double(batch, "tweet.age_h")
        score = 0.2 / (1 + age) + 0.3 * _log_engagement(batch)
        score += 0.3 * _double(batch, "pair.affinity") + 0.2 * _double(batch, "pair.similarity")
        return score.astype(np.float32)


@dataclass(frozen=True)
class InterestFormula:
    """`interest_formula`: freshness, engagement, interactions with the author, interests, media and the mark."""

    reads: ClassVar[tuple[str, ...]] = (
        *_COUNTS, "pair.interactions", "pair.topic_share", "tweet.media_count", "author.verified",
    )  # fmt: skip

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        score = 0.15 * np.exp(-_double(batch, "tweet.age_h") / 24) + 0.25 * _log_engagement(batch)
        score += 0.30 * np.minimum(_double(batch, "pair.interactions") / 100, 1)
        score += 0.20 * _double(batch, "pair.topic_share")
        score += 0.05 * np.where(_double(batch, "tweet.media_count") > 0, 1.2, 1.0)
        score += 0.05 * np.where(_double(batch, "author.verified") > 0, 1.1, 1.0)
        return score.astype(np.float32)


def _double(batch: CandidateBatch, name: str) -> F64:
    return batch.column(name).astype(np.float64)


def _log_engagement(batch: CandidateBatch) -> F64:
    likes, retweets, replies = (_double(batch, f"tweet.{name}") for name in ("likes", "retweets", "replies"))
    logged: F64 = np.log10(likes + 2 * retweets + 1.5 * replies + 1)
    return logged
