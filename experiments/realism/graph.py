"""The follow graph at the log's end: degrees, reciprocity, clustering, paths."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.batch import F64, I64, Array
from data.kernel import kernel
from data.rng import Stream
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.fits import ccdf, hill
from experiments.realism.log import Log, NoData, sample

KWAK_NODES, KWAK_MEAN = 41.65e6, 35.0
DENSIFICATION = 0.1
"""Mean degree grows with nodes to this power at least: edges ~ nodes^1.1 (Leskovec, Kleinberg, Faloutsos, KDD 2005)."""

_CLUSTERED, _PAIRS = 20_000, 1_000
_BFS_EDGES, _SOURCES = 600e6, 500


class Adjacency(NamedTuple):
    """Neighbours of P people: those of u are `to[offsets[u]:offsets[u + 1]]`, ascending."""

    offsets: I64
    to: I64


def adjacency(source: I64, target: I64, people: int) -> Adjacency:
    """Of edges [E] between rows of `people`, in any order."""
    order = np.argsort(source * people + target, kind="stable")
    return Adjacency(np.searchsorted(source[order], np.arange(people + 1)), target[order])


def undirected(source: I64, target: I64, people: int) -> Adjacency:
    """Both directions of every edge [E], each pair once, without loops."""
    key = np.unique(np.concatenate([source * people + target, target * people + source]))
    a, b = key // people, key % people
    return adjacency(a[a != b], b[a != b], people)


def edges(log: Log) -> tuple[I64, I64]:
    """Follower and followee rows [E] of the follows at the log's end.

    Raises:
        NoData: there are none.
    """
    source, target = log.standing
    if not len(source):
        raise NoData("no follows at the log's end")
    return source, target


def neighbours(log: Log) -> Adjacency:
    """The undirected graph of the follows at the log's end, made once a log."""
    return log.once(_neighbours)


def _neighbours(log: Log) -> Adjacency:
    return undirected(*edges(log), len(log.people))


def out_degrees(log: Log) -> Found:
    """Mean out-degree over accounts, and how unequal out-degrees are."""
    source, target = edges(log)
    out, into = (np.bincount(side, minlength=log.accounts) for side in (source, target))
    mean = len(source) / log.accounts
    spread = float(out.std() / out.mean())
    scaled = min(KWAK_MEAN * (log.accounts / KWAK_NODES) ** DENSIFICATION, KWAK_MEAN)
    lines = [Line(*_positive_ccdf(degree), label=label) for degree, label in ((out, "follows"), (into, "followers"))]
    plot = Plot("Degrees", "degree", "share with at least as many", lines, "xy")
    note = f"{log.accounts:,} accounts, {len(source):,} follows; at most {out.max():,}, followers {into.max():,}"
    return Found([mean, spread], note, [plot], {0: (scaled, 45.0)})


def in_degree_exponent(log: Log) -> Found:
    """The tail of in-degrees by `fits.hill`."""
    degree = np.bincount(edges(log)[1])
    degree = degree[degree > 0]
    tail = hill(degree)
    x, y = ccdf(degree)
    at = float(y[np.searchsorted(x, tail.low)])
    law = Line(x[x >= tail.low], at * (x[x >= tail.low] / tail.low) ** (1.0 - tail.exponent), "fit", "--")
    plot = Plot("Followers", "followers", "share with at least as many", [Line(x, y, "accounts"), law], "xy")
    return Found([tail.exponent], f"{tail.n:,} accounts with {tail.low} followers and more", [plot])


def reciprocity(log: Log) -> Found:
    """Share of follow edges that are returned."""
    source, target = edges(log)
    n = len(log.people)
    key = source * n + target
    back = np.isin(target * n + source, key)
    return Found([float(back.mean())], f"{len(key):,} follows; {back.sum() / (2 * len(key) - back.sum()):.1%} of pairs")


def clustering(log: Log) -> Found:
    """Mean local clustering, and its fall with the degree."""
    graph = neighbours(log)
    degree = np.diff(graph.offsets)
    nodes = np.flatnonzero(degree > 0)
    nodes = nodes[sample(log.people[nodes], _CLUSTERED)]
    local = local_clustering(graph, nodes, pairs=_PAIRS)
    bins = np.floor(4 * np.log2(np.maximum(degree[nodes], 1))).astype(np.int64)
    count = np.bincount(bins)
    keep = count > 0
    middle = np.bincount(bins, degree[nodes])[keep] / count[keep]
    plot = Plot(
        "Clustering", "neighbours", "mean local clustering",
        [Line(middle, np.bincount(bins, local)[keep] / count[keep], style="o")], "x",
    )  # fmt: skip
    note = f"{len(nodes):,} of {np.count_nonzero(degree):,} people with a neighbour; the target is for 1e4 nodes"
    return Found([float(local.mean())], note, [plot])


def local_clustering(graph: Adjacency, nodes: I64, *, pairs: int) -> F64:
    """[K] share of the pairs of neighbours of `nodes` [K] who are joined; `pairs` are drawn where there are more."""
    out = np.empty(len(nodes))
    _clustering(*graph, nodes, Stream(0, "pairs of neighbours").words(nodes, n=1)[:, 0], pairs, out)
    return out


def path_length(log: Log) -> Found:
    """Mean length of the shortest paths along follows between people who are joined by one."""
    source, target = edges(log)
    people = len(log.people)
    graph = adjacency(source, target, people)
    starts = np.unique(source)
    starts = starts[sample(log.people[starts], int(np.clip(_BFS_EDGES / len(source), 20, _SOURCES)))]
    counts = np.zeros(64, np.int64)
    _distances(graph.offsets, graph.to, starts, counts)
    far = np.flatnonzero(counts)
    shares = counts[far] / counts.sum()
    plot = Plot("Distances", "follows between two people", "share of joined pairs", [Line(far, shares, style="bar")])
    reached = counts.sum() / (len(starts) * max(people - 1, 1))
    note = f"from {len(starts):,} people, who reach {reached:.1%} of the others; the target is for 4e7 nodes"
    return Found([float((far * shares).sum())], note, [plot])


FIGURES = (
    Figure(
        "mean out-degree",
        (
            Part("mean", "35-45 at full scale", KWAK_MEAN, 45.0),
            Part("spread", "heavy tail", 1.0, 10.0),
        ),
        "Standing follows over all accounts. The mean's lower bound is 35 x (accounts / 41.65M)^0.1, the least "
        "densification known. Spread is standard deviation over mean: over 1 is a tail heavier than an exponential's; "
        "a random graph has under 0.2. That of followers has a row of its own.",
        "Kwak et al. 2010; Gabielkov 2014; Leskovec 2005", ("follows",), out_degrees,
    ),
    Figure(
        "in-degree power-law exponent", (Part("", "2.1-2.7", 2.1, 2.7),),
        "Discrete maximum likelihood 1 + n / sum log(d / (ceil(xmin) - 0.5)), xmin the 90% quantile of the "
        "in-degrees of people with a follower.",
        "Kwak et al. 2010", ("follows",), in_degree_exponent,
    ),
    Figure(
        "edge reciprocity", (Part("", "0.30-0.42", 0.30, 0.42),),
        "Share of standing follow edges that are returned (of edges, not of pairs).",
        "Kwak et al. 2010; KONECT", ("follows",), reciprocity,
    ),
    Figure(
        "mean local clustering", (Part("", "0.2-0.4 at 1e4 nodes", 0.2, 0.4),),
        "Mean over people with a neighbour (at most 20,000, by hash) of the share of pairs of neighbours who are "
        "joined, directions ignored; 0 for one neighbour. Over 1,000 pairs a person are sampled.",
        "local follow graphs", ("follows",), clustering,
    ),
    Figure(
        "average shortest path", (Part("", "3.5-4.2", 3.5, 4.2),),
        "Mean shortest directed path along follows over pairs that are joined, from 500 people by hash (fewer where "
        "the graph has over 1.2M follows).",
        "KONECT 3.55; Kwak et al. 2010 4.1", ("follows",), path_length,
    ),
)  # fmt: skip
"""One entry a figure."""


def _positive_ccdf(degree: I64) -> tuple[Array, F64]:
    return ccdf(degree[degree > 0])


@kernel
def _joined(offsets, to, a, b):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether b is among the neighbours of a, by bisection."""
    low, high = offsets[a], offsets[a + 1]
    while low < high:
        middle = (low + high) // 2
        if to[middle] < b:
            low = middle + 1
        else:
            high = middle
    return low < offsets[a + 1] and to[low] == b


@kernel
def _clustering(offsets, to, nodes, seeds, pairs, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """[K] local clustering of `nodes` over all pairs of neighbours, or `pairs` drawn by xorshift64 from `seeds`."""
    for i in range(nodes.shape[0]):
        start, degree = offsets[nodes[i]], offsets[nodes[i] + 1] - offsets[nodes[i]]
        hits, tried = 0, 0
        if degree * (degree - 1) // 2 <= pairs:
            for a in range(degree):
                for b in range(a + 1, degree):
                    hits += _joined(offsets, to, to[start + a], to[start + b])
                    tried += 1
        else:
            state = seeds[i] | np.uint64(1)
            while tried < pairs:
                state ^= state << np.uint64(13)
                state ^= state >> np.uint64(7)
                state ^= state << np.uint64(17)
                j = np.int64((state >> np.uint64(33)) % np.uint64(degree))
                state ^= state << np.uint64(13)
                state ^= state >> np.uint64(7)
                state ^= state << np.uint64(17)
                k = np.int64((state >> np.uint64(33)) % np.uint64(degree))
                if j != k:
                    hits += _joined(offsets, to, to[start + j], to[start + k])
                    tried += 1
        out[i] = hits / max(tried, 1)


@kernel
def _distances(offsets, to, starts, counts):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Adds to `counts` [D] how many others are at each distance from each of `starts`, breadth first."""
    n = offsets.shape[0] - 1
    seen = np.full(n, -1, np.int64)
    queue = np.empty(n, np.int64)
    for i in range(starts.shape[0]):
        queue[0], seen[starts[i]] = starts[i], i
        done, end, distance = 0, 1, 0
        while done < end:
            if distance > 0:
                counts[min(distance, counts.shape[0] - 1)] += end - done
            level = end
            for j in range(done, level):
                for e in range(offsets[queue[j]], offsets[queue[j] + 1]):
                    if seen[to[e]] != i:
                        seen[to[e]] = i
                        queue[end] = to[e]
                        end += 1
            done = level
            distance += 1
