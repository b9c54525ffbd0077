"""An exact vector index on FAISS: add, remove, search, rebuild, and a versioned save that is never half written.

Inner product over float32 vectors; with unit vectors that is the cosine. The index is flat: at the sizes of the lab
(some ten thousand recent tweets) an exact scan takes well under a millisecond, and needs neither training nor a
check of its recall.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from data.batch import F32, F64, I64, Mask
from data.errors import DataError
from data.kernel import kernel

FORMAT = 1
_MARGIN = 16
"""Neighbours fetched beyond those wanted; all are then scored again, in the same way for any batch size."""


class VectorIndex:
    """Vectors by int64 key. Ties go to the larger key: with rows or snowflakes as keys, to the newer tweet."""

    def __init__(self, dim: int) -> None:
        """An empty index of vectors of length `dim`."""
        self.dim = dim
        self._index: Any = faiss.IndexFlatIP(dim)
        self._keys = np.empty(0, np.int64)
        self._sorted: tuple[I64, I64] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> I64:
        """[n] keys in the order they are stored."""
        return self._keys

    def add(self, keys: I64, vectors: F32) -> None:
        """Adds vectors `[n, dim]`; a key that is there already gets the new vector.

        Raises:
            DataError: shapes that do not fit, a key twice, or a value that is not finite.
        """
        keys, vectors = np.asarray(keys, np.int64), np.ascontiguousarray(vectors, np.float32)
        if vectors.shape != (len(keys), self.dim):
            raise DataError(
                f"vectors of shape {vectors.shape} for {len(keys)} keys", remedy=f"give shape ({len(keys)}, {self.dim})"
            )
        if len(np.unique(keys)) != len(keys):
            raise DataError("a key stands twice among the vectors to add", remedy="give each key once")
        if not np.isfinite(vectors).all():
            raise DataError("a vector to add has a value that is not finite", remedy="check the model that made it")
        if not len(keys):
            return
        self.remove(keys)
        if self._sorted is not None:
            self._sorted = _extended(*self._sorted, keys)
        self._index.add(vectors)
        self._keys = np.concatenate([self._keys, keys])

    def remove(self, keys: I64) -> int:
        """Removes the vectors of `keys`; unknown keys are passed over. Returns how many went."""
        at = self._positions(np.asarray(keys, np.int64))
        at = at[at >= 0]
        if not len(at):
            return 0
        gone = np.zeros(len(self._keys), np.bool_)
        gone[at] = True
        self._index.remove_ids(faiss.IDSelectorBatch(np.flatnonzero(gone).astype(np.int64)))
        self._keys = self._keys[~gone]
        self._sorted = None
        return int(gone.sum())

    def rebuild(self, keys: I64, vectors: F32) -> None:
        """Replaces everything by `keys` and `vectors`; when these are refused the old contents stay."""
        fresh = VectorIndex(self.dim)
        fresh.add(keys, vectors)
        self._index, self._keys, self._sorted = fresh._index, fresh._keys, None

    def has(self, keys: I64) -> Mask:
        """[n] whether each key is there."""
        held: Mask = self._positions(np.asarray(keys, np.int64)) >= 0
        return held

    def vectors(self, keys: I64) -> F32:
        """[n, dim] the vectors of `keys`; zeros for an unknown key."""
        at = self._positions(np.asarray(keys, np.int64))
        if not len(self._keys):
            return np.zeros((len(at), self.dim), np.float32)
        out = self._stored()[np.maximum(at, 0)]
        out[at < 0] = 0.0
        return out

    def search(self, queries: F32, k: int, *, allowed: Mask | None = None) -> tuple[I64, F32]:
        """The `k` nearest keys of each query and their inner products, best first; ties to the larger key.

        Args:
            queries: [B, dim] float32.
            k: how many for each query.
            allowed: [n] which of `keys` may be found; all when None.

        Returns:
            keys [B, k] and scores [B, k]; where there are fewer than `k`, key -1 and score -inf.
        """
        queries = np.ascontiguousarray(queries, np.float32).reshape(-1, self.dim)
        held = len(self._keys) if allowed is None else int(allowed.sum())
        keys = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        wanted = min(k, held)
        if not wanted or not len(queries):
            return keys, scores
        found = self._find(queries, min(held, wanted + _MARGIN), allowed)
        exact = self._exact(queries, found)
        tied = (exact.min(axis=1) >= -np.sort(-exact, axis=1)[:, wanted - 1]) & (found.shape[1] < held)
        keys[:, :wanted], scores[:, :wanted] = _best(self._keys[found], exact, wanted)
        for one in np.flatnonzero(tied):  # more ties at the edge than the margin holds: compare with everything
            rows = np.arange(len(self._keys)) if allowed is None else np.flatnonzero(allowed)
            every = self._exact(queries[one : one + 1], rows[None, :])
            keys[one, :wanted], scores[one, :wanted] = (x[0] for x in _best(self._keys[rows][None, :], every, wanted))
        return keys, scores

    def save(self, folder: Path) -> None:
        """Writes a new version beside the old one and then points to it, so that a reader finds one or the other."""
        folder.mkdir(parents=True, exist_ok=True)
        version = _current(folder) + 1
        staging = folder / f".{version}.partial"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        faiss.write_index(self._index, str(staging / "vectors.faiss"))
        np.save(staging / "keys.npy", self._keys, allow_pickle=False)
        (staging / "index.json").write_text(json.dumps({"format": FORMAT, "dim": self.dim, "count": len(self)}))
        target = folder / str(version)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
        pointer = folder / ".current.partial"
        pointer.write_text(str(version))
        os.replace(pointer, folder / "current")
        for old in folder.iterdir():
            if old.name.isdigit() and int(old.name) < version:
                shutil.rmtree(old)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Opens what `save` wrote last.

        Raises:
            DataError: nothing there, another format, or files that disagree.
        """
        path = folder / str(_current(folder))
        try:
            card = json.loads((path / "index.json").read_text())
            keys = np.load(path / "keys.npy", allow_pickle=False)
            index = faiss.read_index(str(path / "vectors.faiss"))
        except (OSError, ValueError, RuntimeError) as error:
            raise DataError(f"vector index {folder} cannot be read: {error}", remedy="rebuild it") from error
        if card.get("format") != FORMAT or not card["count"] == len(keys) == index.ntotal or card["dim"] != index.d:
            raise DataError(f"vector index {folder} is damaged or of another format", remedy="rebuild it")
        out = cls(card["dim"])
        out._index, out._keys = index, keys.astype(np.int64)
        return out

    def _positions(self, keys: I64) -> I64:
        """[n] position of each key, -1 where unknown."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        if self._sorted is None:
            order = np.argsort(self._keys, kind="stable")
            self._sorted = (self._keys[order], order)
        ordered, order = self._sorted
        at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
        return np.where(ordered[at] == keys, order[at], -1)

    def _stored(self) -> F32:
        """[n, dim] FAISS's own storage, not copied."""
        flat: F32 = faiss.rev_swig_ptr(self._index.get_xb(), len(self._keys) * self.dim)
        return flat.reshape(-1, self.dim)

    def _find(self, queries: F32, k: int, allowed: Mask | None) -> I64:
        """[B, k] positions, roughly ordered."""
        found: I64
        if allowed is None:
            _, found = self._index.search(queries, k)
            return found
        bits = np.packbits(allowed, bitorder="little")  # FAISS keeps a pointer into it: it lives until the search ends
        selector: Any = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
        parameters: Any = faiss.SearchParameters
        _, found = self._index.search(queries, k, params=parameters(sel=selector))
        return found

    def _exact(self, queries: F32, found: I64) -> F64:
        """[B, k] inner products in float64: unlike FAISS's they do not depend on how many queries came together."""
        out = np.empty(found.shape, np.float64)
        _products(self._stored(), queries, np.ascontiguousarray(found), out)
        return out


@kernel
def _products(stored: F32, queries: F32, found: I64, out: F64) -> None:
    """Fills `out` [B, k] with the inner products of each query and the vectors at `found`, summed in order."""
    for b in range(found.shape[0]):
        for at in range(found.shape[1]):
            total = 0.0
            for d in range(stored.shape[1]):
                total += np.float64(stored[found[b, at], d]) * np.float64(queries[b, d])
            out[b, at] = total


def _best(keys: I64, scores: F64, k: int) -> tuple[I64, F32]:
    """[B, k] best by (score, key), both falling."""
    order = np.lexsort((-keys, -scores), axis=1)[:, :k]
    return np.take_along_axis(keys, order, axis=1), np.take_along_axis(scores, order, axis=1).astype(np.float32)


def _extended(ordered: I64, order: I64, keys: I64) -> tuple[I64, I64] | None:
    """The sorted keys with `keys` put behind them, None where they do not belong there."""
    if (len(ordered) and keys[0] <= ordered[-1]) or (np.diff(keys) <= 0).any():
        return None
    return np.concatenate([ordered, keys]), np.concatenate([order, len(order) + np.arange(len(keys))])


def _current(folder: Path) -> int:
    """Number of the version that `current` points to, 0 when there is none."""
    pointer = folder / "current"
    try:
        return int(pointer.read_text())
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise DataError(f"{pointer} is damaged", remedy="remove the folder and rebuild the index") from error
