"""Items by their neighbours (Sarwar et al., WWW 2001; Deshpande and Karypis, TOIS 2004).

    similarity(i, j) = readers of both / (sqrt(readers of i * readers of j) + shrinkage)
    score(reader, i) = sum of similarity(i, j) over those of i's k most similar items that the reader engaged with

Shrinkage keeps two items whose only reader is the same one from a similarity of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field
from scipy import sparse

from data.batch import F32, F64, I64, Array, Ragged
from data.kernel import kernel
from ranking.scorers.item_config import Counts, ItemConfig, Values
from ranking.scorers.items import ItemModel, Items, check_shape


class ItemKNNConfig(ItemConfig):
    """What is tried; of several values the best on the held-out part is kept."""

    neighbours: Counts = Field((20, 50, 100, 200, 500), min_length=1)
    """k, how many of the most similar items an item keeps."""
    shrinkage: Values = Field((0, 10, 50), min_length=1)
    """Added to the denominator of the cosine, in readers."""

    tried: ClassVar[tuple[str, ...]] = ("neighbours", "shrinkage")


class ItemKNN(ItemModel):
    """Items by their neighbours: each with those most like it, and their similarities."""

    config_type = ItemKNNConfig
    config: ItemKNNConfig

    def __init__(self, config: ItemKNNConfig, items: Items, starts: I64, columns: Array, values: F32) -> None:
        """CSR of [M, M] (`starts` [M + 1], `columns`, `values`); row j holds the items that j is a neighbour of."""
        super().__init__(items)
        self.config, self._starts, self._columns, self._values = config, starts, columns, values

    @classmethod
    def fit(cls, config: ItemKNNConfig, items: Items, engaged: sparse.csr_array) -> Self:
        """From `engaged` [U, M], 1 where a reader engaged with an item. The config has one value of each kind."""
        (k,), (shrinkage,) = config.neighbours, config.shrinkage
        together = (engaged.T @ engaged).tocsr()
        together.sort_indices()
        readers = np.bincount(engaged.indices, minlength=len(items)).astype(np.float64)
        starts, columns, values = _nearest(
            together.indptr.astype(np.int64), together.indices, together.data, readers, k, float(shrinkage)
        )
        # Rows of `_nearest` are an item's neighbours; scoring walks from what was engaged to what that speaks for.
        turned = sparse.csr_array((values, columns, starts), shape=(len(items), len(items))).T.tocsr()
        turned.sort_indices()
        return cls(
            config, items, turned.indptr.astype(np.int64), turned.indices.astype(np.int32),
            turned.data.astype(np.float32),
        )  # fmt: skip

    def score_items(self, pasts: Ragged) -> F32:
        """[B, M] sums of similarities."""
        out = np.zeros((len(pasts), len(self.items)), np.float32)
        _sum(pasts.offsets, pasts.values, self._starts, self._columns, self._values, out)
        return out

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        own = {"starts": self._starts, "columns": self._columns, "values": self._values}
        return self.items.weights() | own

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than their number of items says.
        """
        items = Items.from_weights(weights)
        starts = check_shape(weights, "starts", (len(items) + 1,), "item-kNN")
        some = (int(starts[-1]),)
        columns, values = (check_shape(weights, name, some, "item-kNN") for name in ("columns", "values"))
        return cls(ItemKNNConfig(**config), items, starts, columns, values)


@kernel
def _nearest(
    starts: I64, columns: Array, together: F64, readers: F64, k: int, shrinkage: float
) -> tuple[I64, Array, F32]:
    """The `k` most similar items of each, in CSR; of equally similar ones the lower item."""
    count = len(starts) - 1
    kept = np.zeros(count + 1, np.int64)
    for i in range(count):
        kept[i + 1] = kept[i] + min(k, max(0, starts[i + 1] - starts[i] - 1))
    near, value = np.empty(kept[-1], columns.dtype), np.empty(kept[-1], np.float32)
    for i in range(count):
        others = columns[starts[i] : starts[i + 1]]
        alike = np.empty(len(others), np.float64)
        for at in range(len(others)):
            j = others[at]
            alike[at] = together[starts[i] + at] / (np.sqrt(readers[i] * readers[j]) + shrinkage)
            if j == i:
                alike[at] = -1.0
        size = kept[i + 1] - kept[i]
        chosen = np.arange(len(others))
        if len(others) > 4 * size > 0:
            chosen = np.flatnonzero(alike >= np.partition(alike, len(others) - size)[len(others) - size])
        best = chosen[np.argsort(-alike[chosen], kind="mergesort")[:size]]
        near[kept[i] : kept[i + 1]] = others[best]
        value[kept[i] : kept[i + 1]] = alike[best].astype(np.float32)
    return kept, near, value


@kernel
def _sum(offsets: I64, pasts: I64, starts: I64, columns: Array, values: F32, out: F32) -> None:
    total = np.zeros(out.shape[1], np.float64)
    for b in range(len(out)):
        total[:] = 0
        for place in pasts[offsets[b] : offsets[b + 1]]:
            for i in range(starts[place], starts[place + 1]):
                total[columns[i]] += values[i]
        for i in range(len(total)):
            out[b, i] = total[i]
