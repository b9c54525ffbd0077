"""Sparse communities of the follow graph after SimClusters (Satuluri et al., KDD 2020).

1. Producers are the accounts that many follow. Two are as similar as the cosine of their sets of followers; each keeps
   its most similar others.
2. Communities of that graph are found by modularity (`features.graph.louvain`): one result a graph and no number of
   communities to choose, where the paper's sampler wants a number, a seed and a start. Each producer is known for one.
3. A user's interests are the sum of what the followed are known for; an account's audience is the sum of its
   followers' interests. Both keep their strongest communities and have unit length.

A community is called by the id of its most followed member (of several, the smallest id). The name lasts from day to
day as long as that member leads it, whatever else the community loses or gains, so that vectors of two days add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, F64, I64, Array
from data.kernel import kernel
from features.graph.follow_edges import Edges
from features.graph.louvain import WeightedGraph, communities

WIDTH = 8
"""Communities of a vector."""

NONE = -1


class SimClusters(BaseModel):
    """How communities are found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_followers: int = Field(5, ge=1)
    """Followers from which on an account is a producer."""
    producers: int = Field(50_000, ge=1)
    """At most so many producers, the most followed."""
    attention: int = Field(1_000, ge=2)
    """A user who follows more producers than this is left out of similarities: it shows little about any of them."""
    neighbours: int = Field(30, ge=1)
    """Most similar producers that each keeps; there is an edge where either keeps it."""
    min_common: int = Field(2, ge=1)
    """Common followers below which two producers are not similar: one is chance."""
    min_similarity: float = Field(0.02, gt=0, le=1)
    """Cosine below which two producers are not similar."""
    resolution: float = Field(1.0, gt=0)
    """Above 1 for more and smaller communities."""
    min_members: int = Field(3, ge=1)
    """Producers from which on a community counts."""


@dataclass(frozen=True, slots=True)
class KnownFor:
    """[U] the community of each user and how surely; users as in the edges that it was made of."""

    community: I64
    """Id of the community's leader, -1 for none."""
    weight: F64
    """Share of the user's similarity to others that lies inside the community."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """[U, WIDTH] sparse vectors of unit length, strongest first; -1 and 0 where there are no more communities."""

    communities: I64
    weights: F32


def known_for(edges: Edges, recipe: SimClusters) -> KnownFor:
    """What each producer is known for."""
    producers = _producers(edges, recipe)
    graph = similarities(edges, producers, recipe)
    labels = communities(graph, recipe.resolution)
    counts = np.bincount(labels, minlength=1)
    # Producers are ordered by followers, then id: the first of a community leads it.
    leader = np.full(len(counts), len(producers), np.int64)
    np.minimum.at(leader, labels, np.arange(len(labels)))
    counted = counts[labels] >= recipe.min_members
    known = KnownFor(np.full(len(edges.ids), NONE, np.int64), np.zeros(len(edges.ids)))
    known.community[producers[counted]] = edges.ids[producers[leader[labels[counted]]]]
    known.weight[producers] = np.where(counted, _inside(graph.offsets, graph.neighbours, graph.weights, labels), 0.0)
    return known


def interests(edges: Edges, known: KnownFor) -> Vectors:
    """Each user's interests: what those it follows are known for."""
    names, place = places(known.community)
    one = np.where(place >= 0, known.weight, 0.0).astype(np.float32)
    return _sums(edges.out_offsets, edges.targets, names, place[:, None], one[:, None])


def audiences(edges: Edges, interest: Vectors) -> Vectors:
    """Each account's audience: the interests of its followers."""
    names, place = places(interest.communities)
    return _sums(edges.in_offsets, edges.sources, names, place, interest.weights)


def similarities(edges: Edges, producers: I64, recipe: SimClusters) -> WeightedGraph:
    """The graph of similar producers: cosine of follower sets, the best few of each."""
    rank = np.full(len(edges.ids), NONE, np.int32)
    rank[producers] = np.arange(len(producers), dtype=np.int32)
    best, cosine = _neighbours(
        edges.out_offsets, edges.targets, edges.in_offsets, edges.sources, producers, rank,
        recipe.attention, recipe.neighbours, recipe.min_common, recipe.min_similarity,
    )  # fmt: skip
    one, slot = np.nonzero(best >= 0)
    other, size = best[one, slot].astype(np.int64), len(producers)
    pair, first = np.unique(np.minimum(one, other) * size + np.maximum(one, other), return_index=True)
    weight = cosine[one, slot][first]
    ends = np.concatenate([pair // max(size, 1), pair % max(size, 1)])
    others = np.concatenate([pair % max(size, 1), pair // max(size, 1)])
    order = np.lexsort((others, ends))
    offsets = np.searchsorted(ends[order], np.arange(size + 1))
    return WeightedGraph(offsets, others[order], np.concatenate([weight, weight])[order], np.zeros(size))


def _producers(edges: Edges, recipe: SimClusters) -> I64:
    """Users with followers enough, the most followed first, then by id."""
    followers = np.diff(edges.in_offsets)
    found = np.flatnonzero(followers >= recipe.min_followers)
    return found[np.argsort(-followers[found], kind="stable")][: recipe.producers]


def places(communities: I64) -> tuple[I64, Array]:
    """The ids of communities, ascending, and the place of each community in them; -1 for none."""
    names = np.unique(communities[communities >= 0])
    return names, np.where(communities >= 0, np.searchsorted(names, communities), NONE).astype(np.int32)


def _sums(offsets: I64, members: Array, names: I64, place: Array, weights: F32) -> Vectors:
    """[U] unit sums of the members' vectors."""
    top, weight = _strongest(offsets, members, place, weights, len(names), WIDTH)
    return Vectors(np.where(top >= 0, np.append(names, NONE)[top], NONE), weight)


@kernel
def _neighbours(
    out_offsets: Any, targets: Any, in_offsets: Any, sources: Any, producers: Any, rank: Any,
    attention: Any, keep: Any, together: Any, least: Any,
) -> Any:  # fmt: skip
    """[P, keep] most similar producers of each (-1 padded) and their cosines; ties to the more followed."""
    size, users = len(producers), len(rank)
    # Each follower's producers by rank, ascending; of those followers that count.
    begin = np.zeros(users + 1, np.int64)
    for u in range(users):
        for k in range(out_offsets[u], out_offsets[u + 1]):
            begin[u + 1] += rank[targets[k]] >= 0
        begin[u + 1] = begin[u] + (begin[u + 1] if begin[u + 1] <= attention else 0)
    free, lists, followers = begin[:-1].copy(), np.empty(begin[-1], np.int32), np.zeros(size)
    for p in range(size):
        for k in range(in_offsets[producers[p]], in_offsets[producers[p] + 1]):
            if free[sources[k]] < begin[sources[k] + 1]:
                lists[free[sources[k]]] = p
                free[sources[k]] += 1
                followers[p] += 1.0
    scale = 1.0 / np.sqrt(np.maximum(followers, 1.0))
    common, seen = np.zeros(size, np.int32), np.empty(size, np.int32)
    best, cosine = np.full((size, keep), NONE, np.int32), np.zeros((size, keep))
    for p in range(size):
        # Only the more followed: a pair is met once, from the end with the shorter list of followers.
        found = 0
        for k in range(in_offsets[producers[p]], in_offsets[producers[p] + 1]):
            for j in range(begin[sources[k]], begin[sources[k] + 1]):
                other = lists[j]
                if other >= p:
                    break
                if common[other] == 0:
                    seen[found] = other
                    found += 1
                common[other] += 1
        for f in range(found):
            other = seen[f]
            shared, common[other] = common[other], 0
            value = shared * (scale[p] * scale[other])
            if shared >= together and value >= least:
                insert(best[p], cosine[p], other, value)
                insert(best[other], cosine[other], p, value)
    return best, cosine


@kernel
def insert(names: Any, weights: Any, name: Any, weight: Any) -> Any:
    """Puts one into a list, strongest first, ties by smaller name; the weakest falls out."""
    at = len(names)
    while at > 0 and (names[at - 1] < 0 or weights[at - 1] < weight
                      or (weights[at - 1] == weight and names[at - 1] > name)):  # fmt: skip
        at -= 1
        if at + 1 < len(names):
            names[at + 1], weights[at + 1] = names[at], weights[at]
    if at < len(names):
        names[at], weights[at] = name, weight


@kernel
def _inside(offsets: Any, neighbours: Any, weights: Any, labels: Any) -> Any:
    """[P] share of each producer's similarity that lies inside its community; 0 for one like no other."""
    out = np.zeros(len(labels))
    for i in range(len(labels)):
        total = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            total += weights[k]
            if labels[neighbours[k]] == labels[i]:
                out[i] += weights[k]
        if total > 0.0:
            out[i] /= total
    return out


@kernel
def _strongest(offsets: Any, members: Any, place: Any, weights: Any, count: Any, width: Any) -> Any:
    """[U, width] strongest communities of each sum of members' vectors, and weights of unit length."""
    size = len(offsets) - 1
    top, weight = np.full((size, width), NONE, np.int64), np.zeros((size, width), np.float32)
    total, near, strength = np.zeros(count), np.empty(count, np.int64), np.zeros(width)
    for u in range(size):
        found = 0
        for k in range(offsets[u], offsets[u + 1]):
            one = members[k]
            for c in range(place.shape[1]):
                here = place[one, c]
                if here < 0 or weights[one, c] <= 0.0:
                    continue
                if total[here] == 0.0:
                    near[found] = here
                    found += 1
                total[here] += weights[one, c]
        strength[:] = 0.0
        for f in range(found):
            insert(top[u], strength, near[f], total[near[f]])
            total[near[f]] = 0.0
        norm = np.sqrt((strength * strength).sum())
        if norm > 0.0:
            weight[u] = strength / norm
    return top, weight
