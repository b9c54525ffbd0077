"""How single people tweet over time: the gaps between their tweets, and who behaves like a bot."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.fits import ccdf, cut_off_power_law_or_exponential
from experiments.realism.log import Log, NoData, sample

_GAPS, _PEOPLE = 20, 4_000
_TWEETS = 20
"""Tweets from which on an account is judged a bot or not."""

_LINK = r"https?://|\bwww\."


def gaps_of(log: Log) -> tuple[F64, I64]:
    """Seconds between the tweets of one person, and that person's row of `Log.people`; [N] by person, then time."""
    tweets = log.tweets
    rows = np.flatnonzero(tweets.tweeted & (tweets.author >= 0))
    rows = rows[np.argsort(tweets.author[rows], kind="stable")]
    author, time = tweets.author[rows], tweets.time_us[rows]
    same = author[1:] == author[:-1]
    return np.diff(time)[same] / 1e6, author[1:][same]


def inter_tweet_gaps(log: Log) -> Found:
    """Burstiness of people's gaps, and whether a power law with cut-off fits them better than an exponential."""
    gaps, author = gaps_of(log)
    people, counts = np.unique(author, return_counts=True)
    people = people[counts >= _GAPS]
    if not len(people):
        raise NoData(f"no account has {_GAPS + 1} tweets")
    people = people[sample(log.people[people], _PEOPLE)]
    keep = np.isin(author, people)
    gaps, owner = gaps[keep], np.searchsorted(people, author[keep])
    mean, deviation = moments(gaps, owner)
    burstiness = (deviation - mean) / np.maximum(deviation + mean, 1e-9)
    duel = cut_off_power_law_or_exponential(gaps, owner)
    edges = np.geomspace(1.0, max(gaps.max(), 10.0), 50)
    density = np.histogram(gaps, edges)[0] / np.diff(edges) / len(gaps)
    middle = np.sqrt(edges[1:] * edges[:-1])
    plots = [
        Plot("Gaps", "seconds between tweets", "density", [Line(middle[density > 0], density[density > 0])], "xy"),
        Plot("Burstiness", "B of a person", "share with at least as much", [Line(*ccdf(np.round(burstiness, 3)))]),
    ]
    note = (
        f"{len(people):,} people with {_GAPS} gaps and more, {len(gaps):,} gaps; median exponent {duel.first[0]:.2f}, "
        f"cut-off {duel.first[1] / 3600:.3g} h"
    )
    return Found([float(np.median(burstiness)), duel.gain], note, plots)


def moments(values: F64, owner: I64) -> tuple[F64, F64]:
    """[U] mean and standard deviation of each owner's values [N]; owners are 0..U-1 and each has one."""
    counts = np.bincount(owner)
    mean = np.bincount(owner, values) / counts
    return mean, np.sqrt(np.bincount(owner, (values - mean[owner]) ** 2) / counts)


def bots(log: Log) -> Found:
    """Share of busy accounts that post like a machine."""
    tweets = log.tweets
    linked, replies, written, total = (np.zeros(len(log.people)) for _ in range(4))
    at = 0
    for day in log.days("tweets", "kind", "text"):
        author = tweets.author[at : at + len(day)]
        at += len(day)
        own = day["kind"].is_in(["original", "reply", "quote"]).to_numpy() & (author >= 0)
        link = day["text"].str.contains(_LINK).to_numpy()
        reply = (day["kind"] == "reply").to_numpy()
        posted = (day["kind"] != "item").to_numpy() & (author >= 0)
        linked += np.bincount(author[own & link], minlength=len(linked))
        replies += np.bincount(author[own & reply], minlength=len(linked))
        written += np.bincount(author[own], minlength=len(linked))
        total += np.bincount(author[posted], minlength=len(linked))
    gaps, owner = gaps_of(log)
    people = np.flatnonzero(total >= _TWEETS)
    if not len(people):
        raise NoData(f"no account has {_TWEETS} tweets")
    keep = np.isin(owner, people)
    mean, deviation = moments(gaps[keep], np.searchsorted(people, owner[keep]))
    clocked = deviation < 0.3 * mean
    link_share = linked[people] / np.maximum(written[people], 1)
    spam = (link_share > 0.5) & (replies[people] < 0.1 * np.maximum(written[people], 1))
    note = f"{len(people):,} accounts: {clocked.mean():.1%} by the clock, {spam.mean():.1%} by links"
    plot = Plot(
        "Links", "share of own tweets with a link", "share of accounts with at least as much",
        [Line(*ccdf(np.round(link_share, 3)))],
    )  # fmt: skip
    return Found([float((clocked | spam).mean())], note, [plot])


FIGURES = (
    Figure(
        "inter-tweet gaps of a user",
        (
            Part("B", "bursty", 0.2, 0.8),
            Part("gain", "power law with cut-off", 0.2, 5.0),
        ),
        "People with 20 gaps and more (4,000 by hash). B = (sd - mean) / (sd + mean) of a person's gaps, median in "
        "0.2 to 0.8; and log-likelihood a gap, less Akaike's cost, of a power law with exponential cut-off over an "
        "exponential, each fitted person by person: over 0.2. Gaps of a Poisson process have a B and a gain of 0.",
        "arXiv 1402.2671; arXiv 1604.01125", ("tweets",), inter_tweet_gaps,
    ),
    Figure(
        "bots", (Part("", "9-15%", 0.09, 0.15, percent=True),),
        "No table says who is a bot, so by behaviour: among accounts with 20 tweets and more, those whose gaps are "
        "nearly constant (sd under 0.3 of the mean), or with links in over half and replies in under a tenth of "
        "what they write.",
        "Varol et al. 2017", ("tweets",), bots,
    ),
)  # fmt: skip
"""One entry a figure."""
