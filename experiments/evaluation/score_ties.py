"""How many of a request's candidates have one score, and whether some of these stand in the first places.

Where most candidates have one score, the tie rule ranks them and not the scorer, and what is measured is the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.batch import F32, F64, I64, Array
from data.kernel import kernel


@dataclass(frozen=True)
class ScoreTies:
    """Shares of the requests, from 0 to 1, over those with a relevant candidate and two candidates or more."""

    most: float
    """More than half of the candidates have one score."""
    every: float
    """All candidates have one score."""
    first: float
    """More than half have one score, and some of these stand in the first places, or would by another tie rule."""
    unscored: float
    """Share of the candidates, over all these requests, whose score is not a number."""

    @property
    def notable(self) -> bool:
        """Whether the table has a line on it: most requests are so, or a score was not a number."""
        return self.most > 0.5 or self.unscored > 0

    @property
    def short(self) -> str:
        """Two or three words, for a table; empty where it is not notable."""
        if not self.notable:
            return ""
        if self.most <= 0.5:
            return f"NaN: {share(self.unscored)}"
        return "all candidates tie" if self.every > 0.5 else "most candidates tie"

    def sentence(self, name: str, k: int) -> str:
        """The sentence under the table; empty where it is not notable."""
        parts = []
        if self.most > 0.5:
            parts.append(
                f"{name} does not tell most candidates apart: in {share(self.most)} of the requests more than half of "
                f"them have one score (in {share(self.every)} all), and in {share(self.first)} these reach the first "
                f"{k} places, where the tie rule ranks them and not {name}."
            )
        if self.unscored:
            parts.append(
                f"{share(self.unscored)} of the candidates have a score of {name} that is not a number (NaN): they "
                "stand last, as one tie."
            )
        return " ".join(parts)


def share(value: float) -> str:
    """A share in percent; 0% and 100% are exact."""
    rounded = f"{value:.0%}"
    if rounded == "100%" and value < 1:
        return "almost 100%"
    return "under 1%" if rounded == "0%" and value > 0 else rounded


def count_ties(scores: Array, offsets: I64) -> F64:
    """[B, 3] of each request: candidates, those with the median score, those above it, of scores [N] without NaN.

    A score that more than half of the candidates have is the median.
    """
    out = np.empty((len(offsets) - 1, 3))
    _count(np.asarray(scores, np.float64), np.asarray(offsets, np.int64), out)
    return out


def count_ties_dense(scores: F32, known: I64, offsets: I64) -> F64:
    """`count_ties` of scores [B, M]; `known` lists, by `offsets` [B + 1], the columns that are no candidates."""
    out = np.empty((len(scores), 3))
    _count_dense(scores, known, np.asarray(offsets, np.int64), out)
    return out


def summary(counts: F64, unscored: I64, judged: NDArray[np.bool_], k: int) -> ScoreTies | None:
    """Over the requests [B] that are `judged`; `counts` as `count_ties` gives them, `unscored` the NaN of each."""
    candidates, tied, above = counts.T
    there = judged & (candidates > 1)
    if not there.any():
        return None
    most = 2 * tied[there] > candidates[there]
    return ScoreTies(
        most=float(most.mean()),
        every=float((tied[there] == candidates[there]).mean()),
        first=float((most & (above[there] < k)).mean()),
        unscored=float(unscored[there].sum() / candidates[there].sum()),
    )


def tie_notes(ties: Mapping[str, ScoreTies | None], k: int) -> list[str]:
    """The sentences on scorers whose ties are notable, by their names."""
    return [one.sentence(name, k) for name, one in ties.items() if one is not None and one.notable]


@kernel
def _median(mine: Array, out: F64) -> None:
    out[0], out[1], out[2] = len(mine), 0, 0
    if len(mine) == 0:
        return
    middle = np.partition(mine, len(mine) // 2)[len(mine) // 2]
    for value in mine:
        out[1] += value == middle
        out[2] += value > middle


@kernel
def _count(scores: F64, offsets: I64, out: F64) -> None:
    for b in range(len(out)):
        _median(scores[offsets[b] : offsets[b + 1]], out[b])


@kernel
def _count_dense(scores: F32, known: I64, offsets: I64, out: F64) -> None:
    mine = np.empty(scores.shape[1], scores.dtype)
    for b in range(len(out)):
        at, size = offsets[b], 0
        for item in range(scores.shape[1]):
            if at < offsets[b + 1] and known[at] == item:
                at += 1
            else:
                mine[size] = scores[b, item]
                size += 1
        _median(mine[:size], out[b])
