"""Vectors by key on FAISS: add, remove, search, rebuild while serving, and a versioned save that is never half written.

Inner product over float32 vectors; with unit vectors that is the cosine. Whole vectors are always kept, so that what an
approximate index finds (`candidates.vector_config`) is scored again exactly, and the same alone as in a batch. A
removed vector is marked and never found; the index is made anew without them when they are many.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from candidates.vector_config import VectorConfig, build, tuned
from data.batch import F32, F64, I64, Mask
from data.errors import ConfigError, DataError, ModelError
from data.ids import IdIndex
from data.kernel import kernel

FORMAT = 2
_MARGIN = 16
"""Neighbours fetched beyond those wanted; all are then scored again, in the same way for any batch size."""
_FAISS: Any = faiss
_FEW = 0.1
"""Share of vectors that may be found under which a search compares with each of them."""


class VectorIndex:
    """Vectors by int64 key. Ties go to the larger key: with rows or snowflakes as keys, to the newer tweet."""

    def __init__(self, dim: int, config: VectorConfig | None = None, *, version: str = "") -> None:
        """An empty index of vectors of length `dim`, made by the model of a `version`."""
        self.dim, self.config, self.version = dim, config or VectorConfig(), version
        self._journals: list[list[Callable[[VectorIndex], object]]] = []
        self._clear()

    def __len__(self) -> int:
        return self._size - self._dead

    @property
    def keys(self) -> I64:
        """[n] keys in the order they are stored."""
        return self._all_keys[: self._size] if not self._dead else self._all_keys[self._places()]

    @property
    def approximate(self) -> bool:
        """Whether a search may miss something."""
        return self._near is not None

    @property
    def near_bytes(self) -> int:
        """What the index that is searched takes: codes or graph; of the exact one, its vectors."""
        return len(faiss.serialize_index(self._flat if self._near is None else self._near))

    def retune(self, config: VectorConfig) -> None:
        """Searches as `config` says from now on.

        Raises:
            ConfigError: it builds another index.
        """
        if not self.config.same_build(config):
            raise ConfigError("another index must be built for that", remedy="change width, probes or rescored alone")
        self.config = config
        if self._near is not None:
            tuned(config, self._near)

    def add(self, keys: I64, vectors: F32) -> None:
        """Adds vectors `[n, dim]`; a key that is there already gets the new vector.

        Raises:
            DataError: shapes that do not fit, a key twice, or a value that is not finite.
        """
        keys, vectors = np.asarray(keys, np.int64), np.ascontiguousarray(vectors, np.float32)
        self._check(keys, vectors)
        if not len(keys):
            return
        self._note(lambda other: other.add(keys, vectors))
        self._drop(keys)
        self._append(keys, vectors)
        self._tidy()

    def remove(self, keys: I64) -> int:
        """Removes the vectors of `keys`; unknown keys are passed over. Returns how many went."""
        keys = np.asarray(keys, np.int64)
        self._note(lambda other: other.remove(keys))
        gone = self._drop(keys)
        self._tidy()
        return gone

    def rebuild(self, keys: I64, vectors: F32) -> None:
        """Replaces everything by `keys` and `vectors`; when these are refused the old contents stay."""
        fresh = VectorIndex(self.dim, self.config, version=self.version)
        fresh.add(keys, vectors)
        self._note(lambda other: other.rebuild(keys, vectors))
        self._take(fresh)

    def rebuilding(self) -> Rebuild:
        """An index made anew from what is held now, beside this one, which goes on serving and changing."""
        return Rebuild(self)

    def has(self, keys: I64) -> Mask:
        """[n] whether each key is there."""
        held: Mask = self._positions(np.asarray(keys, np.int64)) >= 0
        return held

    def vectors(self, keys: I64) -> F32:
        """[n, dim] the vectors of `keys`; zeros for an unknown key."""
        at = self._positions(np.asarray(keys, np.int64))
        if not self._size:
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
        held = len(self) if allowed is None else int(allowed.sum())
        keys = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        wanted = min(k, held)
        if not wanted or not len(queries):
            return keys, scores
        open_ = self._open(allowed)
        if self._near is not None and held >= _FEW * self._size:
            found = self._find(self._near, queries, min(held, int(self.config.rescored * wanted) + _MARGIN), open_)
            exact = self._exact(queries, found)
            best, value = _best(np.where(found >= 0, self._all_keys[found], -1), exact, wanted)
            keys[:, :wanted], scores[:, :wanted] = best, value
            return keys, scores
        found = self._find(self._flat, queries, min(held, wanted + _MARGIN), open_)
        exact = self._exact(queries, found)
        tied = (exact.min(axis=1) >= -np.sort(-exact, axis=1)[:, wanted - 1]) & (found.shape[1] < held)
        keys[:, :wanted], scores[:, :wanted] = _best(self._all_keys[found], exact, wanted)
        for one in np.flatnonzero(tied):  # more ties at the edge than the margin holds: compare with everything
            rows = np.arange(self._size) if open_ is None else np.flatnonzero(open_)
            every = self._exact(queries[one : one + 1], rows[None, :])
            best, value = _best(self._all_keys[rows][None, :], every, wanted)
            keys[one, :wanted], scores[one, :wanted] = best[0], value[0]
        return keys, scores

    def save(self, folder: Path) -> None:
        """Writes a new version beside the old one and then points to it, so that a reader finds one or the other."""
        folder.mkdir(parents=True, exist_ok=True)
        number = _current(folder) + 1
        staging = folder / f".{number}.partial"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        faiss.write_index(self._flat, str(staging / "vectors.faiss"))
        if self._near is not None:
            faiss.write_index(self._near, str(staging / "near.faiss"))
        np.save(staging / "keys.npy", self._all_keys[: self._size], allow_pickle=False)
        np.save(staging / "alive.npy", self._alive[: self._size], allow_pickle=False)
        card = {"format": FORMAT, "dim": self.dim, "count": self._size, "version": self.version}
        card |= {"config": self.config.model_dump(), "near": self._near is not None}
        (staging / "index.json").write_text(json.dumps(card))
        target = folder / str(number)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
        pointer = folder / ".current.partial"
        pointer.write_text(str(number))
        os.replace(pointer, folder / "current")
        for old in folder.iterdir():
            if old.name.isdigit() and int(old.name) < number:
                shutil.rmtree(old)

    @classmethod
    def load(cls, folder: Path, *, version: str | None = None) -> Self:
        """Opens what `save` wrote last.

        Args:
            folder: where it was saved.
            version: of the model whose vectors they must be; any when None.

        Raises:
            DataError: nothing there, another format, or files that disagree.
            ModelError: the vectors are of another version of the model.
        """
        path = folder / str(_current(folder))
        try:
            card = json.loads((path / "index.json").read_text())
            keys, alive = (np.load(path / f"{name}.npy", allow_pickle=False) for name in ("keys", "alive"))
            flat = faiss.read_index(str(path / "vectors.faiss"))
            near = faiss.read_index(str(path / "near.faiss")) if card.get("near") else None
        except (OSError, ValueError, RuntimeError) as error:
            raise DataError(f"vector index {folder} cannot be read: {error}", remedy="rebuild it") from error
        counts = {card["count"], len(keys), len(alive), flat.ntotal} | ({near.ntotal} if near is not None else set())
        if card.get("format") != FORMAT or len(counts) != 1 or card["dim"] != flat.d:
            raise DataError(f"vector index {folder} is damaged or of another format", remedy="rebuild it")
        if version is not None and card["version"] != version:
            raise ModelError(
                f"vector index {folder} holds vectors of model {card['version']!r}, not {version!r}",
                remedy="rebuild it",
            )
        out = cls(card["dim"], VectorConfig(**card["config"]), version=card["version"])
        out._flat, out._near = flat, None if near is None else tuned(out.config, near)
        out._all_keys, out._alive, out._size = keys.astype(np.int64), alive, len(keys)
        out._dead = int(len(alive) - alive.sum())
        places = np.flatnonzero(alive)
        out._rows.add(keys[places])
        out._place = places.astype(np.int64)
        return out

    def _clear(self) -> None:
        self._flat: Any = faiss.IndexFlatIP(self.dim)
        self._near: Any = None
        self._all_keys = np.empty(0, np.int64)
        self._alive = np.empty(0, np.bool_)
        self._rows, self._place = IdIndex(), np.empty(0, np.int64)
        self._size = self._dead = 0

    def _take(self, other: VectorIndex) -> None:
        self._flat, self._near = other._flat, other._near
        self._all_keys, self._alive = other._all_keys, other._alive
        self._rows, self._place = other._rows, other._place
        self._size, self._dead = other._size, other._dead

    def _check(self, keys: I64, vectors: F32) -> None:
        if vectors.shape != (len(keys), self.dim):
            raise DataError(
                f"vectors of shape {vectors.shape} for {len(keys)} keys", remedy=f"give shape ({len(keys)}, {self.dim})"
            )
        if len(np.unique(keys)) != len(keys):
            raise DataError("a key stands twice among the vectors to add", remedy="give each key once")
        if not np.isfinite(vectors).all():
            raise DataError("a vector to add has a value that is not finite", remedy="check the model that made it")

    def _note(self, change: Callable[[VectorIndex], object]) -> None:
        for journal in self._journals:
            journal.append(change)

    def _append(self, keys: I64, vectors: F32) -> None:
        self._flat.add(vectors)
        if self._near is not None:
            self._near.add(vectors)
        end = self._size + len(keys)
        self._all_keys, self._alive = _grown(self._all_keys, end), _grown(self._alive, end)
        self._all_keys[self._size : end], self._alive[self._size : end] = keys, True
        rows = self._rows.add(keys)
        self._place = _grown(self._place, len(self._rows))
        self._place[rows] = np.arange(self._size, end)
        self._size = end

    def _drop(self, keys: I64) -> int:
        at = np.unique(self._positions(keys))
        at = at[at >= 0]
        self._alive[at] = False
        self._place[self._rows.rows(self._all_keys[at])] = -1
        self._dead += len(at)
        return len(at)

    def _tidy(self) -> None:
        """Leaves the removed out where they are many, and makes the approximate index where there is enough for one."""
        if self._dead > self.config.compact_above * self._size:
            places = self._places()
            keys, vectors = self._all_keys[places], self._stored()[places] if self._size else None
            self._clear()
            if vectors is not None and len(keys):
                self._append(keys, vectors)
        if self._near is None and self.config.kind != "flat" and len(self) > self.config.exact_below:
            self._near = build(self.config, self._stored())

    def _places(self) -> I64:
        return np.flatnonzero(self._alive[: self._size])

    def _positions(self, keys: I64) -> I64:
        """[n] position of each key, -1 where unknown."""
        rows = self._rows.rows(keys)
        if not len(self._rows):
            return rows
        at: I64 = np.where(rows >= 0, self._place[rows], -1)
        return at

    def _open(self, allowed: Mask | None) -> Mask | None:
        """[positions] what may be found; None for everything."""
        if allowed is None:
            return self._alive[: self._size] if self._dead else None
        if not self._dead:
            return allowed
        out = np.zeros(self._size, np.bool_)
        out[self._places()] = allowed
        return out

    def _stored(self) -> F32:
        """[positions, dim] FAISS's own storage, not copied."""
        flat: F32 = faiss.rev_swig_ptr(self._flat.get_xb(), self._size * self.dim)
        return flat.reshape(-1, self.dim)

    def _find(self, index: Any, queries: F32, k: int, open_: Mask | None) -> I64:
        """[B, k] positions, roughly ordered; -1 where the index found no more."""
        found: I64
        if open_ is None:
            _, found = index.search(queries, k)
            return found
        bits = np.packbits(open_, bitorder="little")  # FAISS keeps a pointer into it: it lives until the search ends
        selector: Any = faiss.IDSelectorBitmap(len(open_), faiss.swig_ptr(bits))
        _, found = index.search(queries, k, params=self._parameters(index, selector))
        return found

    def _parameters(self, index: Any, selector: Any) -> Any:
        made: Any
        if index is self._flat:
            made = faiss.SearchParameters
            return made(sel=selector)
        if self.config.kind == "hnsw":
            made = _FAISS.SearchParametersHNSW
            return made(sel=selector, efSearch=self.config.width)
        made = faiss.SearchParametersIVF
        return made(sel=selector, nprobe=index.nprobe)

    def _exact(self, queries: F32, found: I64) -> F64:
        """[B, k] inner products in float64: unlike FAISS's they do not depend on how many queries came together."""
        out = np.empty(found.shape, np.float64)
        _products(self._stored(), queries, np.ascontiguousarray(found), out)
        return out


class Rebuild:
    """An index being made anew beside the one that serves; what changes meanwhile is done again on it at the end."""

    def __init__(self, index: VectorIndex) -> None:
        """Takes what `index` holds; called, as `adopt`, by the thread that owns it."""
        self._index = index
        self._keys = index.keys.copy()
        self._vectors = index.vectors(self._keys)
        self._fresh = VectorIndex(index.dim, index.config, version=index.version)
        self._journal: list[Callable[[VectorIndex], object]] = []
        index._journals.append(self._journal)

    def run(self) -> None:
        """Makes the new index; in any thread."""
        self._fresh.add(self._keys, self._vectors)

    def adopt(self) -> None:
        """Puts the new index, with all that changed since, in the place of the old one."""
        self._index._journals = [one for one in self._index._journals if one is not self._journal]
        for change in self._journal:
            change(self._fresh)
        self._index._take(self._fresh)


@kernel
def _products(stored: F32, queries: F32, found: I64, out: F64) -> None:
    """Fills `out` [B, k] with the inner products of each query and the vectors at `found`, summed in order."""
    for b in range(found.shape[0]):
        for at in range(found.shape[1]):
            if found[b, at] < 0:
                out[b, at] = -np.inf
                continue
            total = 0.0
            for d in range(stored.shape[1]):
                total += np.float64(stored[found[b, at], d]) * np.float64(queries[b, d])
            out[b, at] = total


def _best(keys: I64, scores: F64, k: int) -> tuple[I64, F32]:
    """[B, k] best by (score, key), both falling."""
    order = np.lexsort((-keys, -scores), axis=1)[:, :k]
    return np.take_along_axis(keys, order, axis=1), np.take_along_axis(scores, order, axis=1).astype(np.float32)


def _grown(column: Any, size: int) -> Any:
    if size <= len(column):
        return column
    grown = np.zeros(max(size, 2 * len(column), 256), column.dtype)
    grown[: len(column)] = column
    return grown


def _current(folder: Path) -> int:
    """Number of the version that `current` points to, 0 when there is none."""
    pointer = folder / "current"
    try:
        return int(pointer.read_text())
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise DataError(f"{pointer} is damaged", remedy="remove the folder and rebuild the index") from error
