"""Does hybrid search find what is on the topic: against words alone and meaning alone, in three strata of queries.

Relevant is a tweet whose true main topic is the query's, in the query's language, and that is neither small talk nor
spam. The strata, equally many queries each: `exact`, two words that a tweet has and that mark its topic, in the
languages of the world; `paraphrase`, a phrase about a topic written by hand, in English; `mixed`, such a phrase and a
word that marks the topic. NDCG@10 is that of binary relevance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from candidates.search.hybrid import Mode, Search, search_of
from candidates.search.tokens import runs
from data.batch import F64, I64
from data.dataset import Dataset
from data.errors import ConfigError
from data.progress import Progress, no_progress
from data.settings import Seed
from data.synthetic.text.languages.language import TOPIC_NAMES
from experiments.statistics.paired import Difference, Interval, mean_interval, paired_difference
from experiments.studies.search_phrases import PHRASES
from features.text.encoder import STATIC, resolve_encoder

MODES = ("hybrid", "text", "any word", "semantic")
"""The modes of search, and between them the ranking by words as hybrid takes it: one word is enough."""
STRATA = ("exact", "paraphrase", "mixed")
_ABOUT = 2
"""Styles below are about their topic; the others are small talk and spam."""
_SEEN, _SHARE = 5, 0.6
"""A word marks a topic when so many tweets of a language have it, and this share of them is of the topic."""


class SearchConfig(BaseModel):
    """How many queries, which encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    queries: int = Field(default=200, ge=2, le=240)
    """Queries of each stratum; of the exact fewer, where too few tweets have two words that mark their topic."""
    k: int = Field(default=10, ge=1, le=100)
    """Places that count."""
    seed: Seed = 1
    """Which queries are drawn."""
    encoder: str = STATIC
    """Text encoder."""


@dataclass(frozen=True)
class Query:
    """One query with what it is about."""

    stratum: str
    text: str
    topic: int
    language: str


@dataclass(frozen=True)
class Row:
    """One stratum, or all."""

    stratum: str
    queries: int
    ndcg: dict[str, Interval]
    """Mean NDCG@k by mode."""
    better: dict[str, Difference]
    """Hybrid minus the other mode, paired by query."""


@dataclass(frozen=True)
class SearchResult:
    """What the study found."""

    data: str
    tweets: int
    k: int
    rows: tuple[Row, ...]
    words_found: dict[str, float]
    """By language: share of tweets found by a word drawn from inside their text, among all with that word."""
    on_language: float
    """Share of hybrid's hits for English queries that are English."""


def study_search(dataset: Dataset, config: SearchConfig, home: Path, progress: Progress = no_progress) -> SearchResult:
    """Asks every query in every mode of an index of the whole data set."""
    search = search_of(resolve_encoder(config.encoder, cache=home / "cache"))
    for events in dataset.replay(["users", "tweets", "deletions"]).advance():
        search.update(events)
    tweets = _known(dataset)
    queries = draw_queries(tweets, config)
    relevant = {row: (topic, language) for row, topic, language in tweets.filter(pl.col("about")).select(
        "tweet_id", "topic", "language").iter_rows()}  # fmt: skip
    counts = tweets.filter(pl.col("about")).group_by("topic", "language").len()
    many = {(topic, language): count for topic, language, count in counts.iter_rows()}
    values: dict[str, list[float]] = {mode: [] for mode in MODES}
    english: list[bool] = []
    spoken = dict(tweets.select("tweet_id", "language").iter_rows())
    for at, query in enumerate(queries):
        for mode in MODES:
            found = _ask(search, query.text, mode, config.k)
            gains = [relevant.get(one) == (query.topic, query.language) for one in found]
            values[mode].append(ndcg(gains, many.get((query.topic, query.language), 0), config.k))
            if mode == "hybrid" and query.language == "en":
                english += [spoken[one] == "en" for one in found]
        progress(at + 1, len(queries), query.stratum)
    strata = np.array([query.stratum for query in queries])
    rows = [_row(name, strata == name, values) for name in STRATA] + [_row("all", strata != "", values)]
    return SearchResult(
        str(dataset.folder), len(search), config.k, tuple(rows), words_found(search, tweets, config.seed),
        float(np.mean(english)),
    )  # fmt: skip


def _ask(search: Search, text: str, mode: str, k: int) -> list[int]:
    hits = (
        search.text.search(text, k, any_word=True) if mode == "any word" else search.search(text, cast(Mode, mode), k)
    )
    return [int(one) for one in hits.tweet_ids]


def ndcg(gains: Sequence[bool], relevant: int, k: int) -> float:
    """Binary NDCG@k of a list against the best that `relevant` tweets allow; NaN where there are none."""
    if not relevant:
        return float("nan")
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    return float(discount[: len(gains)][np.array(gains, np.bool_)].sum() / discount[: min(k, relevant)].sum())


def draw_queries(tweets: pl.DataFrame, config: SearchConfig) -> list[Query]:
    """The queries, the same for the same seed."""
    rng = np.random.default_rng([config.seed, 4])
    marks = marking_words(tweets)
    of_topic: dict[int, list[str]] = {}
    for (word, language), topic in marks.items():
        if language == "en":
            of_topic.setdefault(topic, []).append(word)
    phrases = [
        (topic, phrase) for topic, name in enumerate(TOPIC_NAMES) for phrase in PHRASES[name] if topic in of_topic
    ]
    out = _exact(tweets, marks, config.queries, rng)
    for topic, phrase in (phrases[at] for at in rng.permutation(len(phrases))[: config.queries]):
        out.append(Query("paraphrase", phrase, topic, "en"))
    for topic, phrase in (phrases[at] for at in rng.permutation(len(phrases))[: config.queries]):
        out.append(Query("mixed", f"{phrase} {rng.choice(of_topic[topic])}", topic, "en"))
    return out


def marking_words(tweets: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Words with their language that mark a topic, and that topic."""
    about = tweets.filter(pl.col("about"))
    rows = [
        (word, language, topic)
        for text, language, topic in about.select("text", "language", "topic").iter_rows()
        for word in set(words_of(text))
    ]
    frame = pl.DataFrame(rows, schema=["word", "language", "topic"], orient="row")
    counts = frame.group_by("word", "language", "topic").len().sort("len", "word", descending=True)
    best = counts.group_by("word", "language", maintain_order=True).agg(
        pl.col("topic").first(), pl.col("len").first().alias("most"), pl.col("len").sum().alias("all")
    )
    kept = best.filter((pl.col("all") >= _SEEN) & (pl.col("most") >= _SHARE * pl.col("all"))).sort("word", "language")
    return {(word, language): topic for word, language, topic in kept.select("word", "language", "topic").iter_rows()}


def words_of(text: str) -> list[str]:
    """Words of four letters or more; of scripts without blanks, the runs of two to four characters."""
    return [
        run.text.lower() for run in runs(text) if (2 <= len(run.text) <= 4 if run.gram else len(run.text) >= 4)
    ]  # fmt: skip


def words_found(search: Search, tweets: pl.DataFrame, seed: int, draws: int = 60) -> dict[str, float]:
    """By language, for words drawn from inside texts: the share of the tweets with them that the text index finds."""
    out = {}
    for language in sorted(tweets["language"].unique().to_list()):
        texts = tweets.filter((pl.col("language") == language) & (pl.col("kind") != "retweet")).select(
            "tweet_id", "text"
        )
        rng = np.random.default_rng([seed, 5])
        lowered = texts["text"].str.to_lowercase()
        shares = []
        for at in rng.integers(len(texts), size=draws).tolist():
            words = [run for run in runs(texts["text"][at]) if len(run.text) > 1]
            if not words:
                continue
            run = words[rng.integers(len(words))]
            part = run.text[: rng.integers(2, 4)] if run.gram else run.text
            pattern = part.lower() if run.gram else rf"(?:^|[^\pL\pM\pN]){re.escape(part.lower())}(?:$|[^\pL\pM\pN])"
            have = texts["tweet_id"].filter(lowered.str.contains(pattern, literal=run.gram)).to_numpy()
            hits = search.text.search(f'"{part}" lang:{language}', len(texts)).tweet_ids
            shares.append(float(np.isin(have, hits).mean()) if len(have) else 1.0)
        out[language] = float(np.mean(shares))
    return out


def _exact(
    tweets: pl.DataFrame, marks: dict[tuple[str, str], int], count: int, rng: np.random.Generator
) -> list[Query]:
    about = tweets.filter(pl.col("about"))
    out: list[Query] = []
    for at in rng.permutation(len(about)).tolist():
        text, language, topic = about["text"][at], about["language"][at], about["topic"][at]
        words = sorted({word for word in words_of(text) if marks.get((word, language)) == topic})
        if len(words) >= 2:
            out.append(Query("exact", " ".join(rng.choice(words, 2, replace=False)), topic, language))
        if len(out) == count:
            break
    return out


def _known(dataset: Dataset) -> pl.DataFrame:
    """Tweets that were not deleted, with their true topic and whether they are about it.

    Raises:
        ConfigError: the data set has no truth.
    """
    if not (dataset.truth / "tweets").is_dir():
        raise ConfigError(f"{dataset.folder} has no truth of its tweets", remedy="only made worlds know their topics")
    truth = pl.scan_parquet(dataset.truth / "tweets" / "*.parquet").select("tweet_id", "topic", "style")
    tweets = dataset.scan("tweets").select("tweet_id", "kind", "text", pl.col("language").fill_null(""))
    gone = dataset.scan("deletions").select("tweet_id")
    joined = tweets.join(gone, on="tweet_id", how="anti").join(truth, on="tweet_id").sort("tweet_id").collect()
    return joined.with_columns(about=(pl.col("kind") != "retweet") & (pl.col("style") < _ABOUT))


def _row(name: str, rows: np.ndarray, values: dict[str, list[float]]) -> Row:
    mine: dict[str, F64] = {mode: np.array(values[mode])[rows] for mode in MODES}
    units: I64 = np.arange(int(rows.sum()))
    means: dict[str, Interval] = {mode: mean_interval(one, units) for mode, one in mine.items()}
    better: dict[str, Difference] = {mode: paired_difference(mine["hybrid"], mine[mode], units) for mode in MODES[1:]}
    return Row(name, len(units), means, better)
