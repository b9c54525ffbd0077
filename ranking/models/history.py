"""What readers did last, as flat arrays with offsets, and as the padded tables that a transformer takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from data.batch import F32, I64, Array, Mask, offsets_of

HISTORY = ("user.history_authors", "user.history_actions", "user.history_ages_h")
"""The columns [B, L], newest first; an action of -1 where there are no more."""


@dataclass(frozen=True)
class Histories:
    """R requests; request r owns the actions `offsets[r]:offsets[r + 1]`, newest first. The last entry is padding."""

    offsets: I64
    """[R + 1]."""
    authors: I64
    """[M + 1] ids, -1 where the author is not known."""
    actions: Array
    """[M + 1] int8 codes."""
    ages_h: F32
    """[M + 1] hours before the request."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, columns: Mapping[str, Array], recent: int) -> Self:
        """From the padded columns of requests, the newest `recent` of each."""
        authors, actions, ages = (columns[name][:, :recent] for name in HISTORY)
        present = actions >= 0
        offsets = offsets_of(present.sum(axis=1))
        flat = (authors[present].astype(np.int64), actions[present].astype(np.int8), ages[present].astype(np.float32))
        return cls(offsets, np.append(flat[0], -1), np.append(flat[1], np.int8(0)), np.append(flat[2], np.float32(0)))

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """All requests of `parts`, one part after the other."""
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        columns = (
            np.concatenate([*(one[:-1] for one in every), every[-1][-1:]])
            for every in zip(*((part.authors, part.actions, part.ages_h) for part in parts), strict=True)
        )
        return cls(offsets_of(lengths), *columns)

    def padded(self, rows: I64, recent: int) -> tuple[I64, Mask]:
        """Places [B, L] in the flat arrays of the newest actions of `rows`, and which of them are there.

        L is the longest of these histories, at most `recent`; where one is shorter the place is that of the padding.
        """
        start, length = self.offsets[rows], np.minimum(np.diff(self.offsets)[rows], recent)
        column = np.arange(int(length.max(initial=0)))
        known = column < length[:, None]
        return np.where(known, start[:, None] + column, len(self.authors) - 1), known
