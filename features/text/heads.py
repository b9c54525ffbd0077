"""Classifiers of texts: multinomial logistic regression over an embedding and character n-grams.

A text is read as two blocks of equal weight: its embedding, centred and scaled to a mean square of 1, and its n-grams,
each times its rarity in the training texts and together of length 1. What a head knows is kept as safetensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.batch import F32, Array
from data.kernel import sum_kernel
from features.text.ngrams import BUCKETS, NGrams


@dataclass(frozen=True)
class Head:
    """p(label | text) = softmax(W x + G z + b) for a unit vector x [D] and the text's n-grams z.

    z has for each bucket value x `rarity`, divided by the length of that vector.
    """

    labels: tuple[str, ...]
    weights: F32
    """[L, D]."""
    bias: F32
    """[L]."""
    grams: F32 | None = None
    """[BUCKETS, L], of float16's precision; None for a head that reads the embedding alone."""
    rarity: F32 | None = None
    """[BUCKETS] ln((1 + n) / (1 + texts with it)) + 1 over the n training texts; None as `grams` is."""

    def probabilities(self, embeddings: F32, ngrams: NGrams | None = None) -> F32:
        """[N, L] probabilities. A text's are the same in any batch; a head without `grams` needs no `ngrams`."""
        scores = np.empty((len(embeddings), len(self.labels)), np.float32)
        weights, bias = np.ascontiguousarray(self.weights.T, np.float32), np.asarray(self.bias, np.float32)
        _dense(np.ascontiguousarray(embeddings, np.float32), weights, bias, scores)
        if self.grams is not None and self.rarity is not None:
            if ngrams is None:
                raise ValueError("this head reads n-grams: give them")
            _sparse(ngrams.offsets, ngrams.buckets, ngrams.values, self.grams, self.rarity, scores)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Weights by name, for safetensors; those of n-grams in half precision, which they have."""
        out: dict[str, Array] = {f"{prefix}.weights": self.weights, f"{prefix}.bias": self.bias}
        if self.grams is not None and self.rarity is not None:
            out |= {f"{prefix}.grams": self.grams.astype(np.float16), f"{prefix}.rarity": self.rarity}
        return out

    @classmethod
    def from_arrays(cls, prefix: str, labels: Sequence[str], arrays: Mapping[str, Array]) -> Head:
        """What `arrays` gave.

        Raises:
            ValueError: an array is missing, of another shape than the labels ask, or not finite.
        """
        weights, bias = arrays.get(f"{prefix}.weights"), arrays.get(f"{prefix}.bias")
        grams, rarity = arrays.get(f"{prefix}.grams"), arrays.get(f"{prefix}.rarity")
        size = len(labels)
        if weights is None or bias is None or weights.ndim != 2 or len(weights) != size or bias.shape != (size,):
            raise ValueError(f"head {prefix!r} lacks weights for its {size} labels")
        if (grams is None) != (rarity is None):
            raise ValueError(f"head {prefix!r} has one of grams and rarity without the other")
        if grams is not None and rarity is not None:
            if grams.shape != (BUCKETS, size) or rarity.shape != (BUCKETS,):
                raise ValueError(f"head {prefix!r} has n-grams of shape {grams.shape}, not {(BUCKETS, size)}")
            grams, rarity = grams.astype(np.float32), rarity.astype(np.float32)
        if not all(np.isfinite(one).all() for one in (weights, bias, grams, rarity) if one is not None):
            raise ValueError(f"head {prefix!r} has weights that are not finite")
        return cls(tuple(labels), weights, bias, grams, rarity)


@sum_kernel
def _dense(embeddings: F32, weights: F32, bias: F32, scores: F32) -> None:
    """[N, L] W x + b, a row after the other, so that a row does not depend on its batch; `weights` [D, L]."""
    for row in range(len(scores)):
        scores[row] = bias
        for dim in range(embeddings.shape[1]):
            x = embeddings[row, dim]
            for label in range(scores.shape[1]):
                scores[row, label] += x * weights[dim, label]


@sum_kernel
def _sparse(offsets: Array, buckets: Array, values: F32, grams: F32, rarity: F32, scores: F32) -> None:
    """Adds G z to each row."""
    total = np.empty(scores.shape[1], np.float32)
    for row in range(len(scores)):
        total[:] = 0
        square = np.float32(0)
        for entry in range(offsets[row], offsets[row + 1]):
            bucket = buckets[entry]
            value = values[entry] * rarity[bucket]
            square += value * value
            for label in range(len(total)):
                total[label] += value * grams[bucket, label]
        if square > 0:
            scores[row] += total / np.sqrt(square)
