"""Words: how long texts are, how the vocabulary grows, how often words come, how many texts say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from data.batch import F64, I64, Array
from experiments.realism.activity import author_languages, declared
from experiments.realism.figure import Figure, Found, Line, Part, Plot, near
from experiments.realism.fits import slope
from experiments.realism.log import Log, NoData, hashed, sample

_TEXTS, _ENCODED, _LONGEST = 400_000, 5_000, 1_000
_TOKENS = 20_000
"""Least words from which a vocabulary's growth is measured."""

_DROPPED = r"https?://\S+|\bwww\.\S+|[@＠]\w+"
_WORD = r"[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*"
NEAR = 0.95
"""Cosine over which two texts are near-duplicates."""


@dataclass(frozen=True)
class English:
    """Texts of originals, replies and quotes in English, or in any language where none is declared."""

    lengths: I64
    """[L] how many have each length in characters; the last counts all longer ones."""
    texts: pl.Series
    """A sample by hash, in the order of time."""
    tweet_ids: I64
    note: str


def english(log: Log) -> English:
    """Computed once a log.

    Raises:
        NoData: there is no such text.
    """
    found = log.once(_english)
    if not found.lengths.sum():
        raise NoData("no written tweet has a text in English")
    return found


def _english(log: Log) -> English:
    tweets, spoken = log.tweets, author_languages(log)
    share = min(1.0, _TEXTS / max(int(tweets.written.sum()), 1))
    limit = np.uint64(min(int(share * 2**64), 2**64 - 1))
    lengths = np.zeros(_LONGEST + 1, np.int64)
    known = spoken is not None or any(day["language"].null_count() < len(day) for day in log.days("tweets", "language"))
    texts, ids, at = [], [], 0
    for day in log.days("tweets", "tweet_id", "language", "text"):
        part = slice(at, at + len(day))
        at += len(day)
        keep = tweets.written[part] & (day["text"].str.len_bytes() > 0).to_numpy()
        if known:
            language = declared(day["language"], tweets.author[part], spoken)
            keep &= (language == "en").fill_null(False).to_numpy()
        chars = day["text"].str.len_chars().to_numpy()[keep]
        lengths += np.bincount(np.minimum(chars, _LONGEST), minlength=_LONGEST + 1)
        keep &= hashed(tweets.tweet_id[part]) <= limit
        texts.append(day["text"].filter(pl.Series(keep)))
        ids.append(tweets.tweet_id[part][keep])
    note = "in English" if known else "in any language, as none is declared"
    return English(lengths, pl.concat(texts), np.concatenate(ids), note)


def length(log: Log) -> Found:
    """The most common length, and shares of long texts."""
    found = english(log)
    counts, total = found.lengths, found.lengths.sum()
    smooth = np.convolve(counts, np.ones(9, np.int64), mode="same")
    modes = np.flatnonzero(smooth[:_LONGEST] == smooth[:_LONGEST].max())
    over = [float(counts[low:].sum() / total) for low in (141, 191, 278)]
    last = max(300, int(np.flatnonzero(counts)[-1]) + 1)
    x = np.arange(last)
    lines = [Line(x, counts[:last] / total, "share"), Line(x, smooth[:last] / (9 * total), "smooth")]
    plot = Plot("Text length", "characters", "share of tweets", lines)
    return Found([float(np.median(modes)), *over], f"{total:,} written tweets {found.note}", [plot])


def in_words(texts: pl.Series) -> pl.Series:
    """[N] lists of the lower-cased words of texts; links and mentions are left out."""
    return texts.str.to_lowercase().str.replace_all(_DROPPED, " ").str.extract_all(_WORD)


def words(texts: pl.Series) -> I64:
    """[N] numbers of the lower-cased words of texts, in their order; links and mentions are left out."""
    found = in_words(texts).explode().drop_nulls()
    return found.rank("dense").cast(pl.Int64).to_numpy() - 1 if len(found) else np.empty(0, np.int64)


def heaps(word: I64) -> tuple[float, Array, Array]:
    """Slope of log V over log n over the last decade of N words [N], and both at 200 points."""
    new = np.sort(np.unique(word, return_index=True)[1])
    n = np.unique(np.geomspace(1, len(word), 200).astype(np.int64))
    v = np.searchsorted(new, n)
    last = n >= len(word) / 10
    return slope(n[last], v[last]), n, v


def zipf(word: I64) -> tuple[float, F64]:
    """Minus the slope of log frequency over log rank at ranks 10 to 1,000, evenly in log rank; and all frequencies."""
    frequency = np.sort(np.bincount(word))[::-1].astype(np.float64)
    frequency = frequency[frequency > 0]
    rank = np.unique(np.geomspace(10, min(1_000, len(frequency)), 60).astype(np.int64))
    return -slope(rank, frequency[rank - 1]), frequency


def vocabulary(log: Log) -> Found:
    """Exponents of Heaps' and Zipf's laws."""
    found = english(log)
    word = words(found.texts)
    if len(word) < _TOKENS:
        raise NoData(f"{len(word):,} words are too few")
    beta, n, v = heaps(word)
    s, frequency = zipf(word)
    rank = np.unique(np.geomspace(1, len(frequency), 300).astype(np.int64))
    plots = [
        Plot("Zipf", "rank of the word", "uses", [Line(rank, frequency[rank - 1])], "xy"),
        Plot("Heaps", "words read", "different words", [Line(n, v)], "xy"),
    ]
    note = f"{len(word):,} words of {len(found.texts):,} texts {found.note}, {len(frequency):,} different"
    return Found([beta, s], note, plots)


def near_duplicates(log: Log) -> Found:
    """Share of texts that some other text of the sample nearly repeats."""
    found = english(log)
    if log.encode is None:
        raise NoData("there is no text encoder")
    rows = sample(found.tweet_ids, _ENCODED)
    if len(rows) < 2:
        raise NoData("one text alone")
    vectors = log.encode(found.texts.gather(rows).to_list())
    best = np.empty(len(vectors))
    for at in range(0, len(vectors), 1_000):
        cosine = vectors[at : at + 1_000] @ vectors.T
        cosine[np.arange(len(cosine)), at + np.arange(len(cosine))] = -1.0
        best[at : at + 1_000] = cosine.max(axis=1)
    counts, edges = np.histogram(best, 50, (-0.2, 1.0))
    line = Line((edges[1:] + edges[:-1]) / 2, counts / len(best), style="bar")
    plot = Plot("Nearest other text", "cosine", "share of texts", [line])
    return Found([float((best > NEAR).mean())], f"{len(rows):,} texts {found.note}", [plot])


FIGURES = (
    Figure(
        "text length",
        (
            Part("mode", "33", 25, 41),
            near("over 140", 0.12, percent=True),
            near("over 190", 0.05, percent=True),
            Part("at 280", "1%", 0.005, 0.015, percent=True),
        ),
        "Characters of written tweets in English. Mode smoothed over nine lengths (the middle one of several), +- "
        "8; shares over 140 and 190 +- 20%; at 280 (278 and more), what rounds to 1%.",
        "the platform's announcement", ("tweets",), length,
    ),
    Figure(
        "Heaps beta / Zipf s", (Part("beta", "0.68-0.79", 0.68, 0.79), Part("s", "1.0-1.1", 1.0, 1.1)),
        "Lower-cased words of English texts (400,000 by hash, in the order of time), links and mentions left out. "
        "Beta: slope of log V over log n over the last decade; s: slope of log frequency over log rank, ranks 10 to "
        "1,000.",
        "public tweet corpora", ("tweets",), vocabulary,
    ),
    Figure(
        "near-duplicate texts", (Part("", "under 5%", 0.0, 0.05, percent=True),),
        "Share of 5,000 English texts by hash with another among them at a cosine over 0.95 under the static "
        "encoder.",
        "Rookery's aim for texts", ("tweets",), near_duplicates, published=False,
    ),
)  # fmt: skip
"""One entry a figure."""
