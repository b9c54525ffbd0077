"""Approximate vector search beside FAISS's exact one, on the vectors of a trained tower: recall, latency, memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

import faiss
import numpy as np

from candidates.vector_choice import Measured, cheapest, measure
from candidates.vector_config import VectorConfig
from candidates.vectors import VectorIndex
from data.batch import F32
from data.errors import ConfigError
from data.home_folder import home_folder
from experiments.bench.harness import Case
from experiments.bench.tower_vectors import tower_vectors

K = 100
TARGET = 0.98
"""Recall@100 that the chosen index must reach."""
QUERIES = 2_000

GRID: tuple[VectorConfig, ...] = (
    VectorConfig(kind="flat"),
    VectorConfig(kind="hnsw", links=32, build_width=60, width=128),
    VectorConfig(kind="hnsw", links=32, build_width=60, width=256),
    VectorConfig(kind="ivf_sq", probes=16),
    VectorConfig(kind="ivf_sq", probes=32),
    VectorConfig(kind="ivf_sq", probes=64),
    VectorConfig(kind="ivf_pq", probes=16, rescored=4.0),
    VectorConfig(kind="ivf_pq", probes=32, rescored=4.0),
    VectorConfig(kind="ivf_pq", probes=64, rescored=4.0),
)
"""What is compared; one of a kind with the same build is built once."""


class AnnBench:
    """Each index of `GRID` at each size: one query, and 2,000 together."""

    peer = "FAISS IndexFlatIP over the same vectors, exact"

    def __init__(self, *, sizes: Sequence[int] = (100_000, 1_000_000), grid: Sequence[VectorConfig] = GRID) -> None:
        """How many vectors."""
        self._sizes, self._grid = sizes, grid

    def cases(self) -> Iterator[Case]:
        """Recall, build time and memory stand in the names; the last line of a size names the cheapest."""
        every, users = tower_vectors(home_folder(), max(self._sizes), QUERIES)
        for size in self._sizes:
            yield from self._of_size(np.ascontiguousarray(every[:size]), users)

    def _of_size(self, vectors: F32, users: F32) -> Iterator[Case]:
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        _, exact = flat.search(users, K)
        measured: list[Measured] = []
        for config, index, seconds in built(self._grid, vectors):
            measured.append(measure(index, users, exact))
            found = f"recall {measured[-1].recall:.4f}, {index.near_bytes / 2**20:.0f} MiB"
            name = f"{words(config)}, {len(vectors):,}: {found}"
            if seconds:
                name += f", built in {seconds:.0f} s"
            for queries in (users[:1], users):
                yield Case(
                    f"{name}; {len(queries)} at once",
                    lambda q=queries, i=index: i.search(q, K),  # type: ignore[misc]
                    lambda q=queries: flat.search(q, K),  # type: ignore[misc]
                    len(queries), "queries", size=len(vectors),
                )  # fmt: skip
        try:
            chosen = words(cheapest(measured, TARGET).config)
        except ConfigError as error:
            chosen = str(error)
        one = users[:1]
        yield Case(
            f"{len(vectors):,}: cheapest with recall {TARGET}: {chosen}", lambda: flat.search(one, K),
            lambda: flat.search(one, K), 1, "queries",
        )  # fmt: skip


def built(grid: Sequence[VectorConfig], vectors: F32) -> Iterator[tuple[VectorConfig, VectorIndex, float]]:
    """An index of `vectors` for each config with the seconds that building took; 0 where only the search differs."""
    last: VectorIndex | None = None
    for config in grid:
        if last is not None and last.config.same_build(config):
            last.retune(config)
            yield config, last, 0.0
            continue
        began = perf_counter()
        last = VectorIndex(vectors.shape[1], config)
        last.add(np.arange(len(vectors), dtype=np.int64), vectors)
        yield config, last, perf_counter() - began


def words(config: VectorConfig) -> str:
    """A config in words."""
    if config.kind == "flat":
        return "flat"
    return f"hnsw width {config.width}" if config.kind == "hnsw" else f"{config.kind} probes {config.probes}"
