"""Which index holds vectors, and the FAISS index that a choice means."""

from __future__ import annotations

from typing import Any, Literal

import faiss
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32

Kind = Literal["flat", "hnsw", "ivf_pq", "ivf_sq"]

_PER_LIST = 64
"""Vectors of a list that its centre is computed from; more change little."""


class VectorConfig(BaseModel):
    """An exact index, or an approximate one whose finds are scored again exactly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "flat"
    """`flat` compares with everything; `hnsw` walks a graph of neighbours; `ivf_pq` and `ivf_sq` look into the lists of
    the nearest centres, at codes of products or of single numbers."""
    exact_below: int = Field(default=20_000, ge=0)
    """Vectors up to which every kind compares with everything: that is as fast, and needs no training."""
    rescored: float = Field(default=2.0, ge=1.0)
    """Neighbours fetched by code for each one wanted; all are scored again by their whole vectors."""
    compact_above: float = Field(default=0.25, gt=0.0, le=1.0)
    """Share of removed vectors from which on the index is made anew without them."""
    links: int = Field(default=32, ge=4, le=128)
    """HNSW: neighbours of each vector in the graph (M)."""
    build_width: int = Field(default=80, ge=8)
    """HNSW: vectors looked at when one is put in (efConstruction)."""
    width: int = Field(default=128, ge=1)
    """HNSW: vectors looked at in a search (efSearch)."""
    lists: int = Field(default=0, ge=0)
    """IVF: lists; 0 for the power of two next to four times the root of the number of vectors."""
    probes: int = Field(default=32, ge=1)
    """IVF: lists looked into in a search."""
    parts: int = Field(default=0, ge=0)
    """IVF-PQ: parts of a vector, each a code of 4 bits; 0 for one for every two numbers."""
    seed: int = Field(default=1, ge=0)
    """Which vectors centres are computed from."""

    def same_build(self, other: VectorConfig) -> bool:
        """Whether an index of this config becomes one of `other` by searching it in another way."""
        searched = {"width", "probes", "rescored"}
        return self.model_dump(exclude=searched) == other.model_dump(exclude=searched)


def build(config: VectorConfig, vectors: F32) -> Any:
    """The trained FAISS index of a kind that is not `flat`, holding `vectors` [N, dim] in order."""
    dim = vectors.shape[1]
    index: Any
    if config.kind == "hnsw":
        index = faiss.IndexHNSWFlat(dim, config.links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction, index.hnsw.efSearch = config.build_width, config.width
    else:
        index = _inverted(config, dim, len(vectors))
        index.cp.seed, index.cp.max_points_per_centroid = config.seed, _PER_LIST
        index.nprobe = min(config.probes, index.nlist)
        index.train(vectors)
    index.add(vectors)
    return index


def tuned(config: VectorConfig, index: Any) -> Any:
    """The index with the search's settings of `config`, which a file does not keep."""
    if config.kind == "hnsw":
        index.hnsw.efSearch = config.width
    elif config.kind != "flat":
        index.nprobe = min(config.probes, index.nlist)
    return index


def _inverted(config: VectorConfig, dim: int, count: int) -> Any:
    lists = config.lists or 1 << max(0, round(4 * count**0.5).bit_length() - 1)
    lists = max(1, min(lists, count // 8))
    centres: Any = faiss.IndexFlatIP(dim)
    inner = faiss.METRIC_INNER_PRODUCT
    if config.kind == "ivf_sq":
        index: Any = faiss.IndexIVFScalarQuantizer(centres, dim, lists, faiss.ScalarQuantizer.QT_8bit, inner, False)
    else:
        parts = config.parts or max(1, dim // 2)
        index = faiss.IndexIVFPQFastScan(centres, dim, lists, parts, 4, inner)
        index.pq.cp.seed = config.seed
    return index
