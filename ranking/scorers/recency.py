"""The other floor baseline: newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data.batch import F32, CandidateBatch


@dataclass(frozen=True)
class Recency:
    """Minus the age in hours."""

    reads: ClassVar[tuple[str, ...]] = ("tweet.age_h",)

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32 minus the age in hours."""
        return np.negative(batch.column("tweet.age_h"), dtype=np.float32)
