"""K-Spectral Centroid clustering: shapes of curves of any height, with small shifts in time.

The distance of two curves is min over scale a and shift q of |x - a y(q)| / |x|, which is sqrt(1 - cosine^2) at the
best shift, and a cluster's centroid is the leading eigenvector of the sum of its members' outer products. Yang and
Leskovec, "Patterns of temporal variation in online media", WSDM 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64


@dataclass(frozen=True)
class Shapes:
    """K centroids [K, T] of unit length and the cluster of each of N curves [N]."""

    centroids: F64
    labels: I64
    loss: float
    """Mean squared distance of a curve to its centroid."""

    def distinct(self, *, share: float, apart: float) -> I64:
        """Clusters with `share` of the curves, two at least, `apart` or more from larger ones; largest first."""
        counts = np.bincount(self.labels, minlength=len(self.centroids))
        kept: list[int] = []
        for k in np.argsort(-counts, kind="stable").tolist():
            near = [float(distances(self.centroids[[k]], self.centroids[[j]], 5)[0][0, 0]) for j in kept]
            if counts[k] >= max(share * len(self.labels), 2) and all(one >= apart for one in near):
                kept.append(k)
        return np.array(kept, np.int64)


def shifted(curves: F64, by: int) -> F64:
    """[N, T] curves moved `by` places to the right, zeros where nothing comes."""
    out = np.zeros_like(curves)
    if by >= 0:
        out[:, by:] = curves[:, : curves.shape[1] - by]
    else:
        out[:, :by] = curves[:, -by:]
    return out


def unit(curves: F64) -> F64:
    """[N, T] with every curve at Euclidean length 1; zeros stay."""
    scaled: F64 = curves / np.maximum(np.linalg.norm(curves, axis=1, keepdims=True), 1e-12)
    return scaled


def distances(curves: F64, centroids: F64, most: int) -> tuple[F64, I64]:
    """[N, K] distances of curves to centroids at the best shift of at most `most`, and that shift of the centroid."""
    steps = np.arange(-most, most + 1)
    x = unit(curves)
    cosines = np.stack([x @ unit(shifted(centroids, int(q))).T for q in steps])
    best = cosines.argmax(axis=0)
    cosine = np.take_along_axis(cosines, best[None], axis=0)[0]
    return np.sqrt(np.clip(1.0 - cosine**2, 0.0, 1.0)), steps[best]


def cluster(curves: F64, k: int, *, most: int = 5, rounds: int = 30, starts: int = 8, seed: int = 0) -> Shapes:
    """`k` shapes of non-negative curves [N, T], N >= k; the best of `starts` beginnings (k-means++ on the distance)."""
    rng = np.random.default_rng(seed)
    x = unit(curves)
    found = [_run(x, _begin(x, k, most, rng), most, rounds) for _ in range(starts)]
    return min(found, key=lambda one: one.loss)


def _begin(x: F64, k: int, most: int, rng: np.random.Generator) -> F64:
    chosen = [int(rng.integers(len(x)))]
    near = np.ones(len(x))
    for _ in range(k - 1):
        near = np.minimum(near, distances(x, x[[chosen[-1]]], most)[0][:, 0])
        weight = near**2 + 1e-12
        chosen.append(int(rng.choice(len(x), p=weight / weight.sum())))
    return x[chosen]


def _run(x: F64, centroids: F64, most: int, rounds: int) -> Shapes:
    labels = np.full(len(x), -1, np.int64)
    far, shift = distances(x, centroids, most)
    for _ in range(rounds):
        again = far.argmin(axis=1)
        if (again == labels).all():
            break
        labels = again
        mine = np.take_along_axis(far, labels[:, None], axis=1)[:, 0]
        centroids = np.stack([_centroid(x, labels, shift, mine, c) for c in range(len(centroids))])
        far, shift = distances(x, centroids, most)
    labels = far.argmin(axis=1)
    loss = float((np.take_along_axis(far, labels[:, None], axis=1) ** 2).mean())
    return Shapes(centroids, labels, loss)


def _centroid(x: F64, labels: I64, shift: I64, mine: F64, c: int) -> F64:
    """The leading eigenvector of a cluster; an empty one begins again at the curve farthest from its own."""
    members = np.flatnonzero(labels == c)
    if not len(members):
        farthest: F64 = x[int(mine.argmax())]
        return farthest
    moved = np.empty((len(members), x.shape[1]))
    for q in np.unique(shift[members, c]).tolist():
        here = shift[members, c] == q
        moved[here] = shifted(x[members[here]], -q)
    return leading(unit(moved))


def leading(curves: F64, steps: int = 200) -> F64:
    """The unit vector [T] that non-negative curves [N, T] point along most: power iteration on the sum of x x'.

    That sum has no negative entry, so from the mean on the iteration stays non-negative and reaches the largest value.
    """
    gram = curves.T @ curves
    vector: F64 = curves.mean(axis=0)
    for _ in range(steps):
        further: F64 = gram @ vector
        further /= max(float(np.linalg.norm(further)), 1e-300)
        close = float(np.abs(further - vector).max()) < 1e-9
        vector = further
        if close:
            break
    return vector
