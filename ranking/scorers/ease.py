"""EASE, a linear autoencoder in closed form (Steck, WWW 2019).

With X [U, M] what readers engaged with and G = X'X + l2 I:  P = G^-1,  B = I - P diag(1 / diag P),  scores = x B, so
that B has a zero diagonal and predicts each item from the others. Solved in float64.

Where readers are far fewer than items, P comes from the smaller side (Woodbury): with K = (XX' + l2 I)^-1 and leverages
h_i = x_i' K x_i of the items' columns,

    x B = (w X - x * h) / (1 - h)    where w = x X' K,

the same numbers from U^2 instead of M^2 weights: 671 readers of 9,066 films take 2 MB instead of 330. Neither form
drops small weights: on a log of this size they are what sets it apart from its neighbours-only relatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field
from scipy import sparse
from scipy.linalg import lapack

from data.batch import F32, F64, I64, Array, Ragged
from data.errors import ModelError
from data.kernel import kernel
from ranking.scorers.item_config import ItemConfig, Values
from ranking.scorers.items import ItemModel, Items, check_shape

MOST = 20_000
"""Largest side that is solved: 3.2 GB in float64."""

_FEWER = 2
"""How many times fewer readers than items there must be for the readers' side."""

_COLUMNS = 2_048
"""Items whose leverages are computed at once."""


class EASEConfig(ItemConfig):
    """What is tried; of several values the best on the held-out part is kept."""

    l2: Values = Field((20, 50, 100, 200, 300, 500, 1_000, 2_000), min_length=1)
    """Weight of the squared weights, in readers."""

    tried: ClassVar[tuple[str, ...]] = ("l2",)


class EASE(ItemModel):
    """A linear autoencoder over items: their weights, or the readers' from which they follow."""

    config_type = EASEConfig
    config: EASEConfig

    def __init__(self, config: EASEConfig, items: Items, weights: Mapping[str, Array]) -> None:
        """`weights` are `b` [M, M], or `k` [U, U], `leverage` [M] and the CSR rows of X: `starts`, `columns`."""
        super().__init__(items)
        self.config, self._weights = config, weights
        if "k" in weights:
            self._by_item = _transposed(weights["starts"], weights["columns"], len(items))

    @classmethod
    def fit(cls, config: EASEConfig, items: Items, engaged: sparse.csr_array) -> Self:
        """From `engaged` [U, M], 1 where a reader engaged with an item. The config has one value.

        Raises:
            ModelError: more than `MOST` on the smaller side, or a matrix that cannot be inverted.
        """
        (l2,) = config.l2
        readers, count = engaged.shape
        fewer = readers * _FEWER <= count
        if (readers if fewer else count) > MOST:
            raise ModelError(
                f"EASE of {count:,} items and {readers:,} readers needs more memory than is sensible",
                remedy=f"fit it to at most {MOST:,} items, or take als or item_knn",
            )
        if not fewer:
            return cls(config, items, {"b": _item_weights(engaged, l2)})
        x = engaged.astype(np.float64)
        k = _inverse((x @ x.T).toarray(), l2)
        leverage = np.concatenate([_leverage(x[:, at : at + _COLUMNS], k) for at in range(0, count, _COLUMNS)])
        rows = {"starts": engaged.indptr.astype(np.int64), "columns": engaged.indices.astype(np.int32)}
        return cls(config, items, {"k": k.astype(np.float32), "leverage": leverage} | rows)

    def score_items(self, pasts: Ragged) -> F32:
        """[B, M] scores; an item's own engagement says nothing about it."""
        out = np.zeros((len(pasts), len(self.items)), np.float32)
        own = self._weights
        if "b" in own:
            _rows_of(pasts.offsets, pasts.values, own["b"], out)
        else:
            _from_readers(
                pasts.offsets, pasts.values, *self._by_item, own["k"], own["leverage"], own["starts"], own["columns"],
                out,
            )  # fmt: skip
        return out

    def weights(self) -> dict[str, Array]:
        """See `ConfiguredScorer`."""
        return self.items.weights() | dict(self._weights)

    @classmethod
    def from_artifact(cls, config: Mapping[str, Any], weights: Mapping[str, Array]) -> Self:
        """The model that `artifact` described.

        Raises:
            ModelError: weights are missing or of other shapes than their number of items says.
        """
        items = Items.from_weights(weights)
        if "k" not in weights:
            own = {"b": check_shape(weights, "b", (len(items), len(items)), "EASE")}
        else:
            readers = len(weights["k"])
            own = {
                "k": check_shape(weights, "k", (readers, readers), "EASE"),
                "leverage": check_shape(weights, "leverage", (len(items),), "EASE"),
                "starts": check_shape(weights, "starts", (readers + 1,), "EASE"),
            }
            own["columns"] = check_shape(weights, "columns", (int(own["starts"][-1]),), "EASE")
        return cls(EASEConfig(**config), items, own)


def _item_weights(engaged: sparse.csr_array, l2: float) -> F32:
    """[M, M] B, whose row j is what an engagement with item j adds to every item."""
    x = engaged.astype(np.float64)
    p = _inverse((x.T @ x).toarray(), l2)
    p /= -np.diag(p)[None, :]
    np.fill_diagonal(p, 0)
    return p.astype(np.float32)


def _inverse(gram: F64, l2: float) -> F64:
    """(gram + l2 I)^-1 by Cholesky, in place."""
    gram.flat[:: len(gram) + 1] += l2
    # Of a symmetric matrix Fortran's lower half is C's upper: no copy is made.
    factor, failed = lapack.dpotrf(gram.T, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise ModelError(f"EASE cannot invert its matrix at l2 = {l2:g}", remedy="take a larger l2")
    inverse: F64 = factor.T
    _mirror(inverse)
    return inverse


def _leverage(x: sparse.csr_array, k: F64) -> F64:
    """[M'] x_i' K x_i of the columns of `x` [U, M']."""
    dense = x.toarray()
    found: F64 = np.einsum("ui,ui->i", dense, k @ dense)
    return found


def _transposed(starts: I64, columns: Array, count: int) -> tuple[I64, Array]:
    """CSR rows of X as its columns: who engaged with each item."""
    x = sparse.csr_array((np.ones(len(columns), np.float32), columns, starts), shape=(len(starts) - 1, count))
    turned = x.T.tocsr()
    return turned.indptr.astype(np.int64), turned.indices.astype(np.int32)


@kernel
def _mirror(square: F64) -> None:
    """Copies the half above the diagonal to the one below."""
    for i in range(len(square)):
        for j in range(i):
            square[i, j] = square[j, i]


@kernel
def _rows_of(offsets: I64, pasts: I64, b: F32, out: F32) -> None:
    for r in range(len(out)):
        row = out[r]
        for place in pasts[offsets[r] : offsets[r + 1]]:
            weights = b[place]
            for i in range(len(row)):
                row[i] += weights[i]


@kernel
def _from_readers(
    offsets: I64, pasts: I64, starts_of: I64, readers_of: Array, k: F32, leverage: F64, starts: I64, columns: Array,
    out: F32,
) -> None:  # fmt: skip
    shared, weight = np.zeros(len(k), np.float64), np.zeros(len(k), np.float64)
    total = np.zeros(out.shape[1], np.float64)
    for r in range(len(out)):
        mine = pasts[offsets[r] : offsets[r + 1]]
        shared[:], weight[:], total[:] = 0, 0, 0
        for place in mine:
            for reader in readers_of[starts_of[place] : starts_of[place + 1]]:
                shared[reader] += 1
        for reader in range(len(k)):
            if shared[reader]:
                row = k[reader]
                for other in range(len(k)):
                    weight[other] += shared[reader] * row[other]
        for reader in range(len(k)):
            for i in columns[starts[reader] : starts[reader + 1]]:
                total[i] += weight[reader]
        for place in mine:
            total[place] -= leverage[place]
        for i in range(len(total)):
            out[r, i] = total[i] / (1 - leverage[i])
