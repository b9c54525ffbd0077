"""How unequally followers are spread, who follows whom by degree, and how often neighbours of a person are joined."""

from __future__ import annotations

import numpy as np

from data.batch import I64
from data.kernel import kernel
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.graph import Adjacency, adjacency, edges, neighbours
from experiments.realism.log import Log, NoData

CRAWLS = "public follow-graph crawls"


def followers_of(log: Log) -> I64:
    """[P] standing followers of each account, descending; accounts that no table of follows names have none."""
    counts = np.bincount(edges(log)[1], minlength=log.accounts)
    return np.sort(counts)[::-1]


def variation(log: Log) -> Found:
    """Standard deviation of followers over their mean."""
    counts = followers_of(log)
    return Found([float(counts.std() / counts.mean())], f"{len(counts):,} accounts")


def top_share(log: Log) -> Found:
    """Share of all follows that the most followed hundredth of accounts holds."""
    counts = followers_of(log)
    top = max(1, round(0.01 * len(counts)))
    held = np.r_[0, np.cumsum(counts)] / counts.sum()
    ours = Line(np.arange(len(held)) / len(counts), held, "here")
    even = Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "all equal", "--")
    plot = Plot("Followers (Lorenz)", "share of accounts, most followed first", "share of follows", [ours, even])
    return Found([float(held[top])], f"{top:,} of {len(counts):,} accounts", [plot])


def unfollowed(log: Log) -> Found:
    """Share of accounts that nobody follows."""
    counts = followers_of(log)
    return Found([float((counts == 0).mean())], f"{int((counts == 0).sum()):,} of {len(counts):,} accounts")


def most_followed(log: Log) -> Found:
    """Followers of the most followed account over all accounts."""
    counts = followers_of(log)
    shown = ", ".join(f"{count:,}" for count in counts[:5])
    return Found([float(counts[0] / len(counts))], f"the five most followed of {len(counts):,} have {shown}")


def degree_correlation(source: I64, target: I64, of_source: I64, of_target: I64) -> float:
    """Pearson correlation over edges [E] of a degree [P] of the source with one of the target.

    Raises:
        NoData: all sources or all targets have the same.
    """
    x, y = of_source[source].astype(np.float64), of_target[target].astype(np.float64)
    if x.std() == 0 or y.std() == 0:
        raise NoData("all degrees are the same")
    return float(np.corrcoef(x, y)[0, 1])


def _degrees(log: Log) -> tuple[I64, I64, I64, I64]:
    """Follower and followee rows [E], out- and in-degrees [P]."""
    source, target = edges(log)
    n = len(log.people)
    return source, target, np.bincount(source, minlength=n), np.bincount(target, minlength=n)


def out_in(log: Log) -> Found:
    """The follower's follows against the followee's followers."""
    source, target, out, into = _degrees(log)
    found = degree_correlation(source, target, out, into)
    x, y = out[source].astype(np.float64), into[target].astype(np.float64)
    bins = np.floor(3 * np.log2(x)).astype(np.int64)
    count = np.bincount(bins)
    keep = count > 0
    means = Line(np.bincount(bins, x)[keep] / count[keep], np.bincount(bins, y)[keep] / count[keep], style="o")
    plot = Plot("Whom the busy follow", "follows of the follower", "mean followers of the followed", [means], "xy")
    return Found([found], f"{len(source):,} follows", [plot])


def other_pairs(log: Log) -> Found:
    """In-degree with in-degree, in with out, out with out."""
    source, target, out, into = _degrees(log)
    pairs = ((into, into), (into, out), (out, out))
    return Found([degree_correlation(source, target, one, other) for one, other in pairs], f"{len(source):,} follows")


def transitivity(log: Log) -> Found:
    """Share of the pairs of neighbours of anyone who are joined."""
    graph = neighbours(log)
    closed, pairs = int(triangles(graph).sum()), _pairs(graph)
    if not pairs:
        raise NoData("nobody has two neighbours")
    return Found([closed / pairs], f"{closed // 3:,} triangles, {pairs:,} pairs of neighbours")


def _pairs(graph: Adjacency) -> int:
    degree = np.diff(graph.offsets)
    return int((degree * (degree - 1) // 2).sum())


def triangles(graph: Adjacency) -> I64:
    """[P] triangles of an undirected graph that each person is part of.

    Every edge is walked from the end with fewer neighbours, so that a person with many costs no more than others.
    Source: Schank and Wagner, "Finding, Counting and Listing all Triangles in Large Graphs", WEA 2005.
    """
    people = len(graph.offsets) - 1
    degree = np.diff(graph.offsets)
    source = np.repeat(np.arange(people), degree)
    up = (degree[source] < degree[graph.to]) | ((degree[source] == degree[graph.to]) & (source < graph.to))
    upward = adjacency(source[up], graph.to[up], people)
    counts = np.zeros(people, np.int64)
    _count(upward.offsets, upward.to, counts)
    return counts


def _held(label: str, target: str, low: float, high: float) -> tuple[Part, ...]:
    return (Part(label, target, low, high, percent=True),)


FIGURES = (
    Figure(
        "out->in degree assortativity", (Part("", "about -0.25", -0.35, -0.15),),
        "Pearson correlation over standing follows of the follower's out-degree with the followee's in-degree; "
        "-0.25 +- 0.10.",
        "local follow graphs", ("follows",), out_in,
    ),
    Figure(
        "other degree assortativities",
        tuple(Part(name, "-0.09 to -0.18", -0.23, -0.04) for name in ("in->in", "in->out", "out->out")),
        "Pearson correlations over standing follows of a degree of the follower with one of the followee; within 0.05 "
        "of the published range. A random graph has 0.",
        CRAWLS, ("follows",), other_pairs,
    ),
    Figure(
        "transitivity", (Part("", "0.02-0.05", 0.01, 0.065),),
        "Three times the triangles over the pairs of neighbours of anyone, directions ignored; from half of the least "
        "published value to 0.065, which a crawl of circles of 81,000 people has.",
        "public follow-graph crawls; SNAP", ("follows",), transitivity,
    ),
    Figure(
        "variation of followers", (Part("", "6.9-11.4", 5.5, 13.7),),
        "Standard deviation over mean of the standing followers of all accounts; the published range +- 20%. It is 1 "
        "for an exponential law and under 0.2 for a random graph.",
        CRAWLS, ("follows",), variation,
    ),
    Figure(
        "top 1%'s share of follows", _held("", "45-60%", 0.40, 0.65),
        "Share of standing follows that lead to the most followed 1% of accounts; the published range +- 5 points.",
        CRAWLS, ("follows",), top_share,
    ),
    Figure(
        "accounts without followers", _held("", "about half, partly the crawl", 0.15, 0.55),
        "Share of all accounts without a standing follower. A crawl reaches people whose followers it does not, so the "
        "true share is lower.",
        CRAWLS, ("follows",), unfollowed,
    ),
    Figure(
        "most followed account", _held("", "a fifth of 1e5 people", 0.10, 0.30),
        "Standing followers of the most followed account over all accounts, within 10 points.",
        CRAWLS, ("follows",), most_followed,
    ),
)  # fmt: skip
"""One entry a figure."""


@kernel
def _count(offsets, to, counts):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    marked = np.full(offsets.shape[0] - 1, -1, np.int64)
    for a in range(offsets.shape[0] - 1):
        for e in range(offsets[a], offsets[a + 1]):
            marked[to[e]] = a
        for e in range(offsets[a], offsets[a + 1]):
            b = to[e]
            for f in range(offsets[b], offsets[b + 1]):
                if marked[to[f]] == a:
                    counts[a] += 1
                    counts[b] += 1
                    counts[to[f]] += 1
