"""Fitted trees, all scored together as bit vectors (QuickScorer; Lucchese et al., SIGIR 2015).

To walk a row down a tree costs a mispredicted branch at most splits. Instead, each tree has one bit a leaf, left to
right, and each split that a row fails (its value is above the threshold) clears the bits of the leaves to its left. The
first bit that is still set is the leaf where the row ends. The splits of one column are sorted by their thresholds, so
that those which no row of a block fails are skipped; the others are a comparison and an "and" over the whole block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from data.batch import F32, F64, I64, offsets_of
from data.kernel import kernel

_BITS = 32
"""Leaves of a word."""
_BLOCK = 64
"""Rows that are scored together: as many as a few vector registers hold."""
_FACTOR = np.uint32(0x077CB531)
"""A de Bruijn sequence: multiplied by a power of two, its upper five bits identify the power."""
_POWER = np.zeros(_BITS, np.int64)
_POWER[(np.left_shift(np.uint32(1), np.arange(_BITS, dtype=np.uint32)) * _FACTOR) >> np.uint32(27)] = np.arange(_BITS)


@dataclass(frozen=True)
class Forest:
    """The trees of one or more fitted models; S splits, T trees, W words."""

    offsets: I64
    """[F + 1] the splits of each column."""
    threshold: F32
    """[S] up to which a row passes; ascending within a column."""
    word: I64
    """[S] word in which it clears bits; a split with leaves in several words stands here once for each."""
    mask: NDArray[np.uint32]
    """[S] the bits that stay."""
    words: I64
    """[T + 1] the words of each tree."""
    values: F64
    """[32 W] the leaves' answers."""
    output: I64
    """[T] which model a tree belongs to."""
    start: F64
    """[O] log odds of each model before its first tree."""

    @classmethod
    def of(cls, models: Sequence[Any]) -> Self:
        """From fitted `HistGradientBoostingClassifier`s of two classes over the same columns without categories."""
        trees = [stage[0].nodes for model in models for stage in model._predictors]
        output = np.repeat(np.arange(len(models)), [len(model._predictors) for model in models])
        sizes = np.array([len(nodes) for nodes in trees], np.int64)
        nodes, first, tree = np.concatenate(trees), np.cumsum(sizes) - sizes, np.repeat(np.arange(len(trees)), sizes)
        leaf = nodes["is_leaf"].astype(np.bool_)
        words = offsets_of(-(-np.add.reduceat(leaf, first, dtype=np.int64) // _BITS))

        # Nodes lie in the order of a walk that goes left first, so leaves come from left to right, and to the left of
        # a split are those between its two children.
        earlier: I64 = np.cumsum(leaf) - leaf
        before = earlier - earlier[first][tree]
        values = np.zeros(words[-1] * _BITS)
        values[(words[tree] * _BITS + before)[leaf]] = nodes["value"][leaf]
        split = np.flatnonzero(~leaf)
        low, high = before[(nodes["left"] + first[tree])[split]], before[(nodes["right"] + first[tree])[split]]

        least, most = low // _BITS, (high - 1) // _BITS
        several = np.repeat(np.arange(len(split)), most - least + 1)
        within = np.arange(len(several)) - np.searchsorted(several, several) + least[several]
        cleared = _below(high[several] - within * _BITS) & ~_below(low[several] - within * _BITS)
        column, threshold = nodes["feature_idx"][split][several], _at_most(nodes["num_threshold"][split][several])
        order = np.lexsort((threshold, column))
        return cls(
            offsets=np.searchsorted(column[order], np.arange(models[0].n_features_in_ + 1)).astype(np.int64),
            threshold=threshold[order],
            word=(words[tree[split][several]] + within)[order],
            mask=~cleared[order],
            words=words,
            values=values,
            output=output,
            start=np.array([float(model._baseline_prediction.ravel()[0]) for model in models]),
        )

    def __call__(self, x: F32) -> F64:
        """[N, O] probabilities of rows [N, F] without NaN."""
        odds = np.tile(self.start, (len(x), 1))
        _add(
            np.ascontiguousarray(x), self.offsets, self.threshold, self.word, self.mask, self.words, self.values,
            self.output, _POWER, odds,
        )  # fmt: skip
        p: F64 = 1 / (1 + np.exp(-odds))
        return p


def _below(count: I64) -> NDArray[np.uint32]:
    """Words whose lowest `count` bits are set; none below 0, all from 32 on."""
    return ((np.uint64(1) << np.clip(count, 0, _BITS).astype(np.uint64)) - np.uint64(1)).astype(np.uint32)


def _at_most(threshold: F64) -> F32:
    """The highest float32 that is not above: what a float32 is compared with, with the same answer."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


@kernel
def _add(
    x: Any, offsets: Any, threshold: Any, word: Any, mask: Any, words: Any, values: Any, output: Any, power: Any,
    odds: Any,
) -> Any:  # fmt: skip
    """Adds every tree's answer to `odds` [N, O]."""
    alive = np.empty((words[-1], _BLOCK), np.uint32)
    column = np.empty(_BLOCK, np.float32)
    for first in range(0, len(x), _BLOCK):
        rows = min(_BLOCK, len(x) - first)
        alive[:] = np.uint32(0xFFFFFFFF)
        column[:] = -np.inf
        for f in range(len(offsets) - 1):
            most = np.float32(-np.inf)
            for r in range(rows):
                column[r] = x[first + r, f]
                most = max(most, column[r])
            for s in range(offsets[f], offsets[f + 1]):
                limit, keep, bits = threshold[s], mask[s], alive[word[s]]
                if limit >= most:
                    break
                for r in range(_BLOCK):
                    bits[r] &= keep if column[r] > limit else np.uint32(0xFFFFFFFF)
        for tree in range(len(words) - 1):
            for r in range(rows):
                w = words[tree]
                while alive[w, r] == 0:
                    w += 1
                lowest = alive[w, r] & (np.uint32(0) - alive[w, r])
                leaf = power[np.uint32(lowest * _FACTOR) >> np.uint32(27)]
                odds[first + r, output[tree]] += values[w * _BITS + leaf]
