"""Implicit-feedback factorisation (Hu, Koren and Volinsky, ICDM 2008), fitted by the library `implicit`.

Minimises, with c = alpha for what was engaged and 1 for all else, p = 1 and 0,

    sum over readers and items of c (p - x'y)^2 + l2 (sum |x|^2 + sum |y|^2)

The model keeps the items' vectors y. A reader's x is solved exactly from what the reader engaged with by now, so that
a new engagement counts at once and a reader need not have been there when the model was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from implicit.als import AlternatingLeastSquares
from pydantic import Field
from scipy import sparse
from threadpoolctl import threadpool_limits

from data.batch import F32, F64, I64, Array, CandidateBatch, Ragged
from data.errors import ModelError
from data.kernel import kernel, sum_kernel
from data.settings import Seed
from ranking.scorers.item_config import Counts, ItemConfig, Values
from ranking.scorers.items import ItemModel, Items, check_shape


class ALSConfig(ItemConfig):
    """What is tried; of several values the best on the held-out part is kept."""

    dim: Counts = Field((32, 64, 128), min_length=1)
    """D, the length of the vectors."""
    l2: Values = Field((10, 20, 50), min_length=1)
    """Weight of the squared vectors."""
    alpha: Values = Field((1, 3, 10), min_length=1)
    """Weight of an engagement; an item that was not engaged weighs 1."""
    iterations: int = Field(15, ge=1)
    """Times that readers and items are solved in turn."""
    seed: Seed = 1
    """Seed of the vectors that it begins with; the run's own when trained."""
    threads: int = Field(2, ge=1)
    """CPU threads; the numbers do not depend on them."""

    tried: ClassVar[tuple[str, ...]] = ("dim", "l2", "alpha")


class ALS(ItemModel):
    """Factors of implicit feedback: items' vectors, and readers' solved from them."""

    config_type = ALSConfig
    config: ALSConfig

    def __init__(self, config: ALSConfig, items: Items, vectors: F32) -> None:
        """`vectors` are [M, D]."""
        super().__init__(items)
        self.config, self.vectors = config, np.ascontiguousarray(vectors, np.float32)
        wide = self.vectors.astype(np.float64)
        self._gram = wide.T @ wide

    @classmethod
    def fit(cls, config: ALSConfig, items: Items, engaged: sparse.csr_array) -> Self:
        """From `engaged` [U, M], 1 where a reader engaged with an item. The config has one value of each kind.

        Raises:
            ModelError: the vectors are not finite.
        """
        (dim,), (l2,), (alpha,) = config.dim, config.l2, config.alpha
        # The library requires this: its own threads already take all cores.
        with threadpool_limits(1, user_api="blas"):
            model = AlternatingLeastSquares(
                factors=dim, regularization=l2, alpha=alpha, iterations=config.iterations,
                random_state=config.seed, num_threads=config.threads,
            )  # fmt: skip
            model.fit(sparse.csr_matrix(engaged, dtype=np.float32), show_progress=False)
        if not np.isfinite(model.item_factors).all():
            raise ModelError(f"iALS diverged at l2 = {l2:g}, alpha = {alpha:g}", remedy="take a larger l2")
        return cls(config, items, model.item_factors)

    def reader_vectors(self, pasts: Ragged) -> F32:
        """[B, D] vectors of readers who engaged with the items `pasts`; zeros for one without a past."""
        out = np.zeros((len(pasts), self.vectors.shape[1]), np.float32)
        (l2,), (alpha,) = self.config.l2, self.config.alpha
        _solve(pasts.offsets, pasts.values, self.vectors, self._gram, float(l2), float(alpha), out)
        return out

    def score_items(self, pasts: Ragged) -> F32:
        """[B, M] products of vectors."""
        out = np.empty((len(pasts), len(self.items)), np.float32)
        _products(self.reader_vectors(pasts), self.vectors, out)
        return out

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32; only the candidates are scored."""
        places = self.items.places(batch.column("tweet_id"))
        out = np.zeros(len(batch), np.float32)
        _pairs(self.reader_vectors(self.items.pasts(batch.requests)), self.vectors, batch.offsets, places, out)
        return out

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return self.items.weights() | {"vectors": self.vectors}

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than the config says.
        """
        items, parsed = Items.from_weights(weights), ALSConfig(**config)
        return cls(parsed, items, check_shape(weights, "vectors", (len(items), int(parsed.dim[0])), "iALS"))


@kernel
def _solve(offsets: I64, pasts: I64, vectors: F32, gram: F64, l2: float, alpha: float, out: F32) -> None:
    """x = (Y'Y + (alpha - 1) sum y y' + l2 I)^-1 alpha sum y, the sums over what was engaged."""
    dim = vectors.shape[1]
    left, right = np.empty((dim, dim), np.float64), np.empty(dim, np.float64)
    for b in range(len(out)):
        if offsets[b] == offsets[b + 1]:
            continue
        left[:], right[:] = gram, 0
        for place in pasts[offsets[b] : offsets[b + 1]]:
            y = vectors[place]
            for i in range(dim):
                right[i] += alpha * y[i]
                scaled = (alpha - 1) * y[i]
                for j in range(dim):
                    left[i, j] += scaled * y[j]
        for i in range(dim):
            left[i, i] += l2
        out[b] = np.linalg.solve(left, right).astype(np.float32)


@sum_kernel
def _dot(a: F32, b: F32) -> np.float32:
    total = np.float32(0)
    for d in range(len(a)):
        total += a[d] * b[d]
    return total


@kernel
def _products(readers: F32, vectors: F32, out: F32) -> None:
    for b in range(len(out)):
        for i in range(len(vectors)):
            out[b, i] = _dot(readers[b], vectors[i])


@kernel
def _pairs(readers: F32, vectors: F32, offsets: I64, places: I64, out: F32) -> None:
    for b in range(len(readers)):
        for i in range(offsets[b], offsets[b + 1]):
            if places[i] >= 0:
                out[i] = _dot(readers[b], vectors[places[i]])
