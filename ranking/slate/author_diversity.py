"""Author diversity: an author's further tweets count less, down to a floor.

Among the candidates of one request and one author, in order of score (ties: the lower row first), the one at position
k = 0, 1, 2, ... is multiplied by

    (1 - floor) * decay^k + floor          with decay 0.5 and floor 0.25: 1, 0.625, 0.4375, 0.344, ... -> 0.25

as the published home timeline does (twitter/the-algorithm, home-mixer). A score below 0 is
divided by it instead, so that the factor always moves a tweet down.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, F64, I64, Array
from data.errors import DataError
from ranking.slate.inputs import finite_scores


class AuthorDiversityConfig(BaseModel):
    """How fast an author's tweets lose weight."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    decay: float = Field(0.5, ge=0, le=1)
    """What each further tweet keeps of the part above the floor."""
    floor: float = Field(0.25, gt=0, le=1)
    """What even an author's hundredth tweet keeps."""


def author_diversity(scores: Array, authors: Array, offsets: I64, *, decay: float = 0.5, floor: float = 0.25) -> F32:
    """[N] float32 multipliers; `scores` and `authors` (any ids) are [N], `offsets` [B + 1].

    Raises:
        DataError: a score that is not finite, or arrays of different lengths.
    """
    values, offsets = finite_scores(scores, offsets, "author diversity")
    if len(authors) != len(values):
        raise DataError(f"{len(authors)} authors for {len(values)} scores", remedy="give one author a candidate")
    keep = (1.0 - floor) * decay ** position_among(values, authors, offsets).astype(np.float64) + floor
    return np.where(values < 0, 1.0 / keep, keep).astype(np.float32)


def position_among(scores: F64, groups: Array, offsets: I64) -> I64:
    """[N] how many of the same request and group stand above in order of score, ties to the lower row."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((-scores, groups, owner))
    new = np.ones(len(order), np.bool_)
    new[1:] = (owner[order][1:] != owner[order][:-1]) | (groups[order][1:] != groups[order][:-1])
    at = np.arange(len(order), dtype=np.int64)
    position = np.empty(len(order), np.int64)
    position[order] = at - np.maximum.accumulate(np.where(new, at, 0))
    return position
