"""Who tweets how much, of which kind, in which language, with what media, at which hour; and how feeds are answered."""

from __future__ import annotations

import numpy as np
import polars as pl

from data.batch import I64, Array
from data.events import HOUR_US, MINUTE_US
from data.schema import TWEET_KINDS
from experiments.realism.figure import Figure, Found, Line, Part, Plot, near
from experiments.realism.log import ORIGINAL, QUOTE, REPLY, RETWEET, Log, NoData

LANGUAGES = {"en": 0.41, "ja": 0.16, "es": 0.09, "pt": 0.069, "ko": 0.024}
"""Shares of tweets by language; RecSys Challenge 2020."""

MEDIA = (0.679, 0.249, 0.039, 0.011, 0.021)
"""Shares of tweets with 0 to 4 media; the same."""

NAMES = {"en": "English", "ja": "Japanese", "es": "Spanish", "pt": "Portuguese", "ko": "Korean"}
"""The languages of `LANGUAGES`, in its order."""

RATIOS = {"retweet": 25.8, "reply": 6.2, "quote": 1.8}
"""Actions for 100 likes; the same."""

RECSYS = "RecSys Challenge 2020"


def _by_person(log: Log) -> I64:
    """Tweets of each of `Log.people` who tweets, descending."""
    tweets = log.tweets
    counts = np.bincount(tweets.author[tweets.tweeted & (tweets.author >= 0)])
    counts = np.sort(counts[counts > 0])[::-1]
    if not len(counts):
        raise NoData("no tweet has an author")
    return counts


def top_shares(log: Log) -> Found:
    """Shares of all tweets by the most active quarter and tenth of accounts."""
    counts = _by_person(log)
    total = counts.sum()
    tops = [max(1, round(share * log.accounts)) for share in (0.25, 0.10)]
    people = np.arange(len(counts) + 1) / log.accounts
    lorenz = Line(people, np.r_[0, np.cumsum(counts)] / total, "tweets")
    even = Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "all equal", "--")
    plot = Plot("Activity (Lorenz)", "share of accounts, most active first", "share of tweets", [lorenz, even])
    note = f"{total:,} tweets of {log.accounts:,} accounts, of which {len(counts):,} tweet"
    return Found([float(counts[:top].sum() / total) for top in tops], note, [plot])


def kinds(log: Log) -> Found:
    """Kinds of tweets of the most active quarter of those who tweet."""
    tweets = log.tweets
    known = np.flatnonzero(tweets.tweeted & (tweets.author >= 0))
    counts = np.bincount(tweets.author[known], minlength=len(log.people))
    order = np.argsort(-counts, kind="stable")
    active = order[: max(1, round(0.25 * (counts > 0).sum()))]
    chosen = np.isin(tweets.author[known], active)
    every = np.bincount(tweets.kind[known], minlength=len(TWEET_KINDS))
    theirs = np.bincount(tweets.kind[known[chosen]], minlength=len(TWEET_KINDS))
    shares = theirs / theirs.sum()
    named = (ORIGINAL, RETWEET, REPLY, QUOTE)
    overall = ", ".join(f"{TWEET_KINDS[kind]} {every[kind] / every.sum():.1%}" for kind in named)
    return Found([float(shares[kind]) for kind in named], f"{len(active):,} accounts; over all accounts {overall}")


def ratios(log: Log) -> Found:
    """Actions on feeds for 100 likes."""
    counted: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for day in log.days("engagements", "action", "request_id"):
        grouped = day.group_by("action", fed=pl.col("request_id").is_not_null()).len()
        for action, fed, count in grouped.select("action", "fed", "len").iter_rows():
            counted[fed][action] = counted[fed].get(action, 0) + count
    fed = bool(counted[True])
    counts = counted[fed]
    if not counts.get("like"):
        raise NoData("the log has no likes")
    actions = ", ".join(
        f"{action} {count:,}" for action, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    )
    note = actions if fed else f"no engagement names a request, so all count: {actions}"
    return Found([100 * counts.get(action, 0) / counts["like"] for action in RATIOS], note)


def media(log: Log) -> Found:
    """Shares of written tweets by media attached."""
    written = log.tweets.written
    if not written.any():
        raise NoData("no originals, replies or quotes")
    counts = np.zeros(5, np.int64)
    at = 0
    for day in log.days("tweets", "media_count"):
        column = day["media_count"].to_numpy()[written[at : at + len(day)]]
        counts += np.bincount(np.clip(column, 0, 4), minlength=5)
        at += len(day)
    return Found([float(one) for one in counts / counts.sum()], f"{counts.sum():,} written tweets")


def languages(log: Log) -> Found:
    """Shares of written tweets among the published languages that the log has."""
    counts = language_counts(log)
    here = {code: counts.get(code, 0) for code in LANGUAGES}
    present = [code for code, count in here.items() if count]
    if len(present) < 2:
        alone = NAMES[present[0]] if present else "none"
        raise NoData(f"{alone} alone of {', '.join(NAMES.values())}: nothing to compare")
    total, published = sum(here.values()), sum(LANGUAGES[code] for code in present)
    parts = [near(code, LANGUAGES[code] / published, percent=True) for code in LANGUAGES]
    bounds = {at: (parts[at].low, parts[at].high) for at, code in enumerate(LANGUAGES) if code in present}
    bounds |= {at: (0.0, 0.0) for at, code in enumerate(LANGUAGES) if code not in present}
    others = {code: count for code, count in counts.items() if code not in LANGUAGES}
    named = ", ".join(NAMES[code] for code in present)
    note = f"{total:,} written tweets in {named}; {sum(others.values()):,} in other languages"
    ours = Line(np.arange(5), np.array([here[code] / total for code in LANGUAGES]), "here", "bar")
    theirs = np.array([LANGUAGES[code] / published if code in present else 0.0 for code in LANGUAGES])
    lines = [ours, Line(np.arange(5), theirs, "published", "o")]
    plot = Plot("Languages", "", "share", lines, names=list(NAMES.values()))
    return Found([here[code] / total for code in LANGUAGES], note, [plot], bounds)


def language_counts(log: Log) -> dict[str, int]:
    """Written tweets by primary language as declared, or by their author's where the tweet declares none."""
    written, author, at = log.tweets.written, log.tweets.author, 0
    spoken = author_languages(log)
    counts: dict[str, int] = {}
    for day in log.days("tweets", "language"):
        part = slice(at, at + len(day))
        language = declared(day["language"], author[part], spoken).filter(pl.Series(written[part]))
        for code, count in language.drop_nulls().value_counts().iter_rows():
            counts[code] = counts.get(code, 0) + count
        at += len(day)
    if not counts:
        raise NoData("no tweet or author declares a language")
    return counts


def author_languages(log: Log) -> pl.Series | None:
    """[P] primary language of each of `Log.people`, None where no user declares one."""
    try:
        column = log.user_columns["language"]
    except NoData:
        return None
    return column.str.split("-").list.first().str.to_lowercase() if column.drop_nulls().len() else None


def declared(language: pl.Series, author: I64, spoken: pl.Series | None) -> pl.Series:
    """[N] primary languages of tweets by people rows `author`, from `author_languages` where they declare none."""
    primary = language.str.split("-").list.first().str.to_lowercase()
    if spoken is None or not primary.null_count():
        return primary
    theirs = spoken.gather(np.maximum(author, 0)).set(pl.Series(author < 0), None)
    return primary.zip_with(primary.is_not_null(), theirs)


def diurnal(log: Log) -> Found:
    """Busiest hour over quietest, over the globe in UTC and by local time within the largest time zone."""
    tweets = log.tweets
    rows = np.flatnonzero(tweets.tweeted & log.whole_days(tweets.time_us))
    by_hour = np.bincount(tweets.time_us[rows] // HOUR_US % 24, minlength=24)
    lines = [Line(np.arange(24), by_hour / by_hour.mean(), "UTC, all")]
    value, note = float("nan"), "no home of an author has a time zone"
    try:
        offset = log.user_columns["utc_offset_min"].cast(pl.Float64).to_numpy()
    except NoData:
        offset = np.full(len(log.people), np.nan)
    theirs: Array = np.where(tweets.author[rows] >= 0, offset[np.maximum(tweets.author[rows], 0)], np.nan)
    zones, sizes = np.unique(theirs[~np.isnan(theirs)], return_counts=True)
    if len(zones):
        zone = float(zones[sizes.argmax()])
        local = tweets.time_us[rows[theirs == zone]] + int(zone) * MINUTE_US
        here = np.bincount(local // HOUR_US % 24, minlength=24)
        value = _peak_to_trough(here)
        note = f"{len(rows):,} tweets, {len(local):,} of them in the zone of UTC{zone / 60:+g} h"
        lines.append(Line(np.arange(24), here / here.mean(), f"local, UTC{zone / 60:+g} h"))
    return Found(
        [_peak_to_trough(by_hour), value], note, [Plot("Hours", "hour of the day", "tweets over the mean", lines)]
    )


def _peak_to_trough(by_hour: I64) -> float:
    return float(by_hour.max() / by_hour.min()) if by_hour.min() else float("nan")


FIGURES = (
    Figure(
        "share of tweets by the most active",
        (near("top 25%", 0.97, most=0.05, percent=True), near("top 10%", 0.80, most=0.10, percent=True)),
        "Tweets of every kind by the most active 25% and 10% of all accounts, silent ones among them; +- 5 and 10 "
        "points.",
        "Pew 2021; Pew 2019", ("tweets",), top_shares,
    ),
    Figure(
        "kinds of tweets",
        tuple(
            Part(name, f"{share:.0%}", max(share - 0.08, 0.0), share + 0.08, percent=True)
            for name, share in (("original", 0.14), ("retweet", 0.49), ("reply", 0.33), ("quote", 0.04))
        ),
        "Shares among the tweets of the most active quarter of accounts that tweet, as the source did; each +- 8 "
        "points.",
        "Pew 2021", ("tweets",), kinds,
    ),
    Figure(
        "likes : retweets : replies : quotes",
        tuple(near(action, value) for action, value in RATIOS.items()),
        "Engagements whose request_id is not null (feed engagements), per 100 likes; each +- 20%.",
        RECSYS, ("engagements",), ratios,
    ),
    Figure(
        "tweets with 0/1/2/3/4 media",
        tuple(near(str(count), share, most=0.05, percent=True) for count, share in enumerate(MEDIA)),
        "Shares of originals, replies and quotes by media_count; each +- 20%, at most 5 points.",
        RECSYS, ("tweets",), media,
    ),
    Figure(
        "languages",
        tuple(near(NAMES[code], share, percent=True) for code, share in LANGUAGES.items()),
        "Shares of written tweets among those of the five languages that the log has, against the published shares "
        "rescaled to them; each +- 20%.",
        RECSYS, ("tweets",), languages,
    ),
    Figure(
        "diurnal peak / trough", (near("UTC", 1.8), near("one zone", 11.0)),
        "Tweets in the busiest hour of the day over those in the quietest, whole days alone: in UTC, and in local "
        "time of the users.utc_offset_min that most tweets come from; each +- 20%.",
        RECSYS, ("tweets",), diurnal,
    ),
)  # fmt: skip
"""One entry a figure."""
