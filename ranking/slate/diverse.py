"""What selectors that trade relevance for variety share: their settings, their checks, the places after the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike
from pydantic import BaseModel, ConfigDict, Field

from data.batch import I64, Array, CandidateBatch, Mask, Ragged
from data.errors import ConfigError
from data.kernel import kernel
from ranking.slate.inputs import finite_scores, min_max, unit_vectors
from ranking.slate.topk import top_k


class DiversityConfig(BaseModel):
    """How much variety costs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    relevance_weight: float = Field(0.7, ge=0, le=1)
    """Weight of relevance; the rest is the weight of variety. 1 is the best k by score."""
    depth: int = Field(20, ge=1)
    """Places that are diversified; those after follow by score."""
    pool: int | None = Field(None, ge=1)
    """How many of the best by score compete for the diversified places, the slate's length at least; None: all."""
    vectors: str = "tweet.embedding"
    """Column [N, D] whose cosine says how alike two candidates are; a zero vector is like nothing."""


class Diversifier:
    """A selector by such a rule."""

    rule: ClassVar[Callable[..., Ragged]]
    """From scores, vectors, offsets and k, with `relevance_weight` and `depth`, to rows of the batch."""

    def __init__(self, config: DiversityConfig | None = None) -> None:
        """With the default configuration when none is given."""
        self.config = config or DiversityConfig()

    @property
    def reads(self) -> tuple[str, ...]:
        """The score and the vectors."""
        return ("score", self.config.vectors)

    def select(self, batch: CandidateBatch, k: int) -> Ragged:
        """Row numbers of the batch, at most `k` a request: `depth` places by the rule, the rest by score."""
        config = self.config
        scores, vectors, offsets = batch.column("score"), batch.column(config.vectors), batch.offsets
        pool = None if config.pool is None else top_k(scores, offsets, max(config.pool, k))
        if pool is not None:
            scores, vectors, offsets = scores[pool.values], vectors[pool.values], pool.offsets
        picked = type(self).rule(
            scores, vectors, offsets, k, relevance_weight=config.relevance_weight, depth=config.depth
        )
        return picked if pool is None else Ragged(picked.offsets, pool.values[picked.values])


@kernel
def by_score_after(chosen: int, slate: I64, taken: Mask, by_score: I64, low: int) -> None:
    """Fills the places of a request's slate after the first `chosen`, which `taken` [n] marks, by score.

    The chosen places hold numbers within the request, whose candidates begin at row `low`; afterwards all hold rows.
    """
    for place in range(chosen):
        slate[place] += low
    at = chosen
    for row in by_score:
        if at < len(slate) and not taken[row - low]:
            slate[at] = row
            at += 1


def diversified(
    name: str, fill: Callable[..., Any], scores: Array, vectors: Array, offsets: I64, k: int, *,
    relevance_weight: float, depth: int, dtype: DTypeLike = np.float32,
) -> Ragged:  # fmt: skip
    """Rows [N]-numbered of the slate of each request, best first; a request of fewer than `k` gives all it has.

    `scores` is [N], `vectors` [N, D] of any length (they are scaled to unit vectors), `offsets` [B + 1]. `fill` is a
    kernel that puts the rule's choice over the first `depth` of the best `k` by score.

    Raises:
        ConfigError: `k` or `depth` is negative or the weight outside 0..1.
        DataError: a score or a vector that is not finite, or arrays of different lengths.
    """
    if not (0 <= relevance_weight <= 1 and depth >= 0):
        raise ConfigError(
            f"{name} has relevance_weight {relevance_weight} and depth {depth}", remedy="take 0..1 and at least 0"
        )
    values, offsets = finite_scores(scores, offsets, name)
    by_score = top_k(values, offsets, k)
    unit = unit_vectors(vectors, len(values), name, dtype)
    rows = by_score.values.copy()
    fill(min_max(values, offsets), unit, offsets, by_score.offsets, by_score.values, relevance_weight, depth, rows)
    return Ragged(by_score.offsets, rows)
