"""Probabilities put right: first for the negatives that training left out, then by what was seen to happen.

Training keeps every impression with an action and a share r of the others; those with another action count r as well
where one is learned. So the odds of each action come out 1 / r too high. Where the model says p, the truth is

    p r / (1 - p + p r)

(He et al., "Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014, section 6.3, written there as
q = p / (p + (1 - p) / w)); in log odds it is an addition of log r.

What is left is mended by isotonic regression (Zadrozny and Elkan, KDD 2002) in its centred form (Oron and Flournoy,
2017): each block of equal fitted values counts at its mean, straight lines join the blocks, and (0, 0) and (1, 1) are
the ends. Unlike steps it never makes two scores equal that were not, so it keeps the order of a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.isotonic import IsotonicRegression

from data.batch import F32, F64, Array
from data.errors import ConfigError


def undo_down_sampling(p: Array, rate: float) -> F64:
    """Probabilities under all rows, from those `p` learned where negatives were kept with probability `rate`.

    Raises:
        ConfigError: `rate` is not in (0, 1].
    """
    if not 0 < rate <= 1:
        raise ConfigError(f"negatives were kept at rate {rate}", remedy="a rate lies in (0, 1]")
    p = np.asarray(p, np.float64)
    mended: F64 = p * rate / (1 - p + p * rate)
    return mended


@dataclass(frozen=True)
class Isotonic:
    """A rising line through (0, 0) and (1, 1)."""

    x: F64
    """[K] rising strictly from 0 to 1."""
    y: F64
    """[K] rising strictly from 0 to 1."""

    @classmethod
    def identity(cls) -> Self:
        """Changes nothing."""
        return cls(np.array([0.0, 1.0]), np.array([0.0, 1.0]))

    @classmethod
    def fit(cls, p: Array, label: Array, weight: Array | None = None) -> Self:
        """From predictions [N] and what happened [N] (0 or 1); the identity where nothing or everything happened.

        Raises:
            ConfigError: predictions that are no probabilities.
        """
        p, label = np.asarray(p, np.float64), np.asarray(label, np.float64)
        weight = np.ones(len(p)) if weight is None else np.asarray(weight, np.float64)
        if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()):
            raise ConfigError("predictions to calibrate lie outside [0, 1]", remedy="look for NaN in the columns")
        happened = float((weight * label).sum())
        if happened == 0 or happened == float(weight.sum()):
            return cls.identity()
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(p, label, sample_weight=weight)
        order = np.argsort(p, kind="stable")
        block = np.cumsum(np.r_[0, np.diff(fitted[order]) > 0])
        mass = np.bincount(block, weight[order])
        x = np.bincount(block, (weight * p)[order]) / mass
        y = np.bincount(block, (weight * fitted)[order]) / mass
        # A block at 0 or 1 would be a level stretch to the end beside it.
        inside = (x > 0) & (x < 1) & (y > 0) & (y < 1) & np.r_[True, np.diff(x) > 0]
        return cls(np.r_[0.0, x[inside], 1.0], np.r_[0.0, y[inside], 1.0])

    def __call__(self, p: Array) -> F64:
        """[N] from [N]."""
        return np.interp(p, self.x, self.y)


@dataclass(frozen=True)
class Calibration:
    """What turns a model's probabilities [N, A] into the world's: the rate of kept negatives, and a line an action."""

    rate: float = 1.0
    lines: tuple[Isotonic, ...] = ()
    """One an action, or none."""

    @classmethod
    def fit(cls, p: Array, labels: Array, *, rate: float, weight: Array) -> Self:
        """From predictions [N, A] of held-out rows that were kept as the training rows were, with labels [N, A].

        `weight` [N] is what each row stands for; a column of labels -1 keeps the identity.
        """
        mended = undo_down_sampling(p, rate)
        lines = tuple(
            Isotonic.fit(mended[:, a], labels[:, a], weight) if (labels[:, a] >= 0).all() else Isotonic.identity()
            for a in range(labels.shape[1])
        )
        return cls(rate, lines)

    def __call__(self, p: Array) -> F32:
        """[N, A] float32 from the model's probabilities [N, A]."""
        mended = undo_down_sampling(p, self.rate)
        for a, line in enumerate(self.lines):
            mended[:, a] = line(mended[:, a])
        return mended.astype(np.float32)

    def arrays(self) -> dict[str, Array]:
        """By name, for an artifact."""
        out: dict[str, Array] = {"calibration.rate": np.array([self.rate], np.float64)}
        for a, line in enumerate(self.lines):
            out[f"calibration.{a}"] = np.stack([line.x, line.y])
        return out

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """What `arrays` gave, among other arrays; without any, no calibration."""
        if "calibration.rate" not in arrays:
            return cls()
        names: Sequence[str] = [name for name in arrays if name.startswith("calibration.")]
        lines = [arrays[f"calibration.{a}"].astype(np.float64) for a in range(len(names) - 1)]
        return cls(float(arrays["calibration.rate"][0]), tuple(Isotonic(one[0], one[1]) for one in lines))
