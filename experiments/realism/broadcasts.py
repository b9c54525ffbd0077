"""Whether large cascades are broadcasts: what hangs on the author, how wide huge ones stay, how soon half is over."""

from __future__ import annotations

import math

import numpy as np

from data.batch import F64
from data.events import MINUTE_US
from experiments.realism.cascades import large_cascades, settled_cascades, shapes
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.fits import ccdf
from experiments.realism.log import Log

TREES = "a public corpus of retweet trees"
HUGE = 300
"""Retweets from which on a cascade's virality is published."""
_FEW = 5
HALF_LIVES_MIN = (13.0, 168.0, 586.0)
"""Minutes in which the fastest tenth, half and nine tenths of large cascades got half of their retweets."""


def root_share(log: Log) -> Found:
    """Share of the retweets of large cascades that hang on the author."""
    size, direct = settled_cascades(log)[0].sizes, shapes(log).direct
    large, rule = large_cascades(log)
    return Found([float(direct[large].sum() / size[large].sum())], f"{len(large):,} cascades {rule}")


def huge_virality(log: Log) -> Found:
    """Median structural virality of huge cascades."""
    size = settled_cascades(log)[0].sizes
    huge = np.flatnonzero(size >= HUGE)
    note = f"{len(huge):,} cascades with {HUGE} retweets and more"
    if len(huge) < _FEW:
        return Found([math.nan], f"{note}, too few to judge")
    return Found([float(np.median(shapes(log).virality[huge]))], note)


def half_lives_min(log: Log) -> F64:
    """[L] minutes from the tweet to the retweet with which half of a large cascade is over."""
    cascades = settled_cascades(log)[0]
    large, _ = large_cascades(log)
    middle = cascades.offsets[large] + (cascades.sizes[large] + 1) // 2 - 1
    minutes: F64 = (cascades.time_us[middle] - log.tweets.time_us[cascades.root[large]]) / MINUTE_US
    return minutes


def half_lives(log: Log) -> Found:
    """Quantiles of the half-lives of large cascades."""
    minutes = half_lives_min(log)
    line = Line(*ccdf(np.maximum(np.round(minutes, 1), 0.1)))
    plot = Plot("Half-lives of cascades", "minutes", "share of cascades with at least as long", [line], "x")
    note = f"{len(minutes):,} cascades {large_cascades(log)[1]}"
    return Found([float(np.quantile(minutes, q)) for q in (0.1, 0.5, 0.9)], note, [plot])


_HOW = (
    "Cascades of 50 retweets and more, or the largest 1% where there are none, of tweets posted 48 h before the log's "
    "end and earlier"
)

FIGURES = (
    Figure(
        "retweets that hang on the author", (Part("", "84%", 0.74, 0.94, percent=True),),
        f"{_HOW}: share of their retweets whose parent is the author, with parents as for the depth; +- 10 points.",
        TREES, ("tweets", "follows"), root_share,
    ),
    Figure(
        "virality of huge cascades", (Part("", "2.4", 1.6, 3.2),),
        "Median mean distance of two people in the trees of cascades of 300 retweets and more; 2 is a broadcast. +- a "
        "third; fewer than 5 cascades are too few.",
        TREES, ("tweets", "follows"), huge_virality,
    ),
    Figure(
        "half-lives of cascades, min",
        tuple(
            Part(label, f"{target:g}", target / 1.6, target * 1.6)
            for label, target in zip(("p10", "p50", "p90"), HALF_LIVES_MIN, strict=True)
        ),
        f"{_HOW}: minutes from the tweet to the retweet with which half of them are over. Quantiles over cascades, "
        "within a factor of 1.6.",
        TREES, ("tweets",), half_lives,
    ),
)  # fmt: skip
"""One entry a figure."""
