"""New tweets of small authors at set places of the slate, drawn by Thompson sampling, with exact propensities.

Each eligible tweet i, with e engagements among v views, draws theta_i ~ Beta(prior_engagements + e, prior_views +
v - e), and the `most` largest take the places from `slot` on, the largest first. A draw is keyed by request and tweet,
so the same request draws the same.

The propensity of a place is the chance that its tweet comes there given the tweets above it. With F_i the distribution
of theta_i, and i_1 ... i_r the tweets of the first r places, the chance that these come in this order is

    P_r = integral of f_r(t) K_(r-1)(t) product over the others of F(t) dt
    K_0(t) = 1,  K_r(t) = P(theta_1 > ... > theta_r > t) = integral from t of f_r(s) K_(r-1)(s) ds

and the propensity of place r is P_r / P_(r-1), P_0 being 1. The integrals are sums over a grid of `POINTS` values of t,
spaced evenly in the root of t. Source: Thompson (1933); the priors are those published for the modelled system.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import betainc, betaincinv

from data.batch import F64, I64, CandidateBatch, Mask, Ragged, offsets_of
from data.events import HOUR_US
from data.kernel import kernel
from data.rng import Stream
from ranking.scorer import DrawingSelector, Selector
from ranking.slate.topk import top_k

POINTS = 512
"""Points of the grid: the error of a propensity is under a thousandth."""

_LEAST = 1e-12
"""A propensity is never 0: what was drawn could be drawn."""

_GRID: F64 = np.linspace(0.0, 1.0, POINTS) ** 2


class NewAuthorsConfig(BaseModel):
    """Which tweets are explored, how many, and where. The defaults suit worlds of some thousand people."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    followers_below: int = Field(50, ge=1)
    """An author with fewer followers is small."""
    views_below: int = Field(20, ge=1)
    """A tweet with fewer impressions is new to the network."""
    max_age_h: float = Field(2.0, gt=0)
    """Hours after which it is new no more."""
    most: int = Field(2, ge=1, le=10)
    """Places of a slate that explore."""
    slot: int = Field(15, ge=1)
    """The first of these places, 1 at the top; with fewer places asked for, nothing is explored."""
    prior_engagements: float = Field(0.75, gt=0)
    """Engagements that each tweet is taken to have had before its own."""
    prior_views: float = Field(49.25, gt=0)
    """Views without an engagement that it is taken to have had."""
    sampled: bool = True
    """Thompson sampling; without, the eligible tweets of the best scores, with propensity 1."""
    seed: int = Field(0, ge=0)
    """Seed of the draws."""


class NewAuthors(DrawingSelector):
    """Another selector's slate with tweets of small authors from `slot` on.

    Eligible is what the other selector leaves out of the places that remain to it, so that those places are certain:
    their propensity is 1. Whether exploration helps the network is not shown yet: the home feed leaves it out unless it
    is asked for.
    """

    def __init__(self, order: Selector, config: NewAuthorsConfig | None = None) -> None:
        """Adds to what `order` picks."""
        self.order, self.config = order, config or NewAuthorsConfig()
        self._stream = Stream(self.config.seed, "new authors")

    @property
    def reads(self) -> tuple[str, ...]:
        """What the order reads, and of each tweet its age and how far it and its author reach."""
        return (
            *self.order.reads, "score", "request_id", "time_us", "tweet_id", "tweet_time_us", "author_followers",
            "tweet_views", "tweet_engagements",
        )  # fmt: skip

    def draw(self, batch: CandidateBatch, k: int) -> tuple[Ragged, F64]:
        """Rows of the slates, at most `k` a request, and the propensity of each."""
        organic, config = self.order.select(batch, k), self.config
        most = min(config.most, k - config.slot + 1)
        if most < 1 or not len(batch):
            return organic, np.ones(len(organic.values))
        open_ = self._eligible(batch)
        open_[organic.values[_within(organic) < k - most]] = False
        rows = np.flatnonzero(open_)
        offsets = offsets_of(np.bincount(batch.request[rows], minlength=len(batch.requests)))
        worth = self._draws(batch, rows) if config.sampled else batch.columns["score"][rows].astype(np.float64)
        best = top_k(worth, offsets, most)
        chance = self._chances(batch, rows, offsets, best) if config.sampled else np.ones(len(best.values))
        place = np.minimum(config.slot - 1, organic.lengths)
        lengths = np.minimum(k, organic.lengths + best.lengths)
        out = offsets_of(lengths)
        slates, propensity = np.empty(out[-1], np.int64), np.ones(out[-1])
        taken = np.zeros(len(batch), np.bool_)
        taken[rows[best.values]] = True
        _insert(
            organic.offsets,
            organic.values,
            best.offsets,
            best.values,
            rows,
            chance,
            place,
            taken,
            out,
            slates,
            propensity,
        )
        return _shortened(Ragged(out, slates), propensity)

    def _eligible(self, batch: CandidateBatch) -> Mask:
        config, columns = self.config, batch.columns
        age_us = batch.requests.columns["time_us"][batch.request] - columns["tweet_time_us"]
        few = (columns["author_followers"] < config.followers_below) & (columns["tweet_views"] < config.views_below)
        young: Mask = few & (age_us >= 0) & (age_us < config.max_age_h * HOUR_US)
        return young

    def _draws(self, batch: CandidateBatch, rows: I64) -> F64:
        """[n] theta of the tweets at `rows`."""
        engaged, missed = self._counts(batch, rows)
        prior = self.config.prior_engagements, self.config.prior_views
        request, tweet = batch.requests.columns["request_id"][batch.request[rows]], batch.columns["tweet_id"][rows]
        theta: F64 = betaincinv(prior[0] + engaged, prior[1] + missed, self._stream.uniform(request, tweet)[:, 0])
        return theta

    def _chances(self, batch: CandidateBatch, rows: I64, offsets: I64, best: Ragged) -> F64:
        """The propensity of each of `best`, numbers among `rows`."""
        pairs, of = np.unique(np.stack(self._counts(batch, rows), axis=1), axis=0, return_inverse=True)
        prior = self.config.prior_engagements, self.config.prior_views
        below = np.array([_below(prior[0] + e, prior[1] + m) for e, m in pairs.tolist()]).reshape(-1, POINTS)
        chance = np.ones(len(best.values))
        _condition(below, of.ravel(), offsets, best.offsets, best.values, chance)
        return np.clip(chance, _LEAST, 1.0)

    def _counts(self, batch: CandidateBatch, rows: I64) -> tuple[I64, I64]:
        """[n] engagements, and [n] views without one."""
        engaged = batch.columns["tweet_engagements"][rows].astype(np.int64)
        return engaged, np.maximum(batch.columns["tweet_views"][rows].astype(np.int64) - engaged, 0)


@lru_cache(maxsize=4096)
def _below(a: float, b: float) -> F64:
    """[POINTS] the chance that Beta(a, b) is below each point of the grid."""
    out: F64 = betainc(a, b, _GRID)
    return out


def _within(lists: Ragged) -> I64:
    """[N] the place of each value in its list."""
    within: I64 = np.arange(len(lists.values), dtype=np.int64) - np.repeat(lists.offsets[:-1], lists.lengths)
    return within


def _shortened(slates: Ragged, propensity: F64) -> tuple[Ragged, F64]:
    """Without the places that nothing was left for, which hold -1."""
    filled = slates.values >= 0
    if filled.all():
        return slates, propensity
    kept = Ragged.from_mask(slates.offsets, filled)
    return Ragged(kept.offsets, slates.values[kept.values]), propensity[filled]


@kernel
def _condition(below: F64, of: I64, offsets: I64, first: I64, best: I64, chance: F64) -> None:
    """Fills `chance` of the drawn tweets `best`, in order of place, of each request."""
    points = below.shape[1]
    for b in range(len(offsets) - 1):
        above, before = np.ones(points), 1.0
        for place in range(first[b], first[b + 1]):
            others = np.ones(points)
            for i in range(offsets[b], offsets[b + 1]):
                drawn = False
                for one in range(first[b], place + 1):
                    drawn = drawn or best[one] == i
                if not drawn:
                    others *= below[of[i]]
            mine, joint, tail = below[of[best[place]]], 0.0, np.zeros(points)
            for t in range(points - 1, 0, -1):
                mass = 0.5 * (mine[t] - mine[t - 1])
                joint += mass * (above[t] * others[t] + above[t - 1] * others[t - 1])
                tail[t - 1] = tail[t] + mass * (above[t] + above[t - 1])
            chance[place] = joint / before if before > 0.0 else 0.0
            above, before = tail, joint


@kernel
def _insert(
    organic: I64, picked: I64, offsets: I64, best: I64, rows: I64, chance: F64, place: I64, taken: Mask, out: I64,
    slates: I64, propensity: F64,
) -> None:  # fmt: skip
    """Fills each slate: `place` organic rows, the explored ones with their propensities, the organic rest."""
    for b in range(len(out) - 1):
        at, end = out[b], out[b + 1]
        source = organic[b]
        front = at + place[b]
        while at < front and source < organic[b + 1]:
            slates[at] = picked[source]
            at, source = at + 1, source + 1
        for rank in range(offsets[b + 1] - offsets[b]):
            if at < end:
                slates[at] = rows[best[offsets[b] + rank]]
                propensity[at] = chance[offsets[b] + rank]
                at += 1
        while at < end:
            while source < organic[b + 1] and taken[picked[source]]:
                source += 1
            slates[at] = picked[source] if source < organic[b + 1] else -1
            at, source = at + 1, source + 1
