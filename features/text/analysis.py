"""Everything that is read in texts, as a table: for people and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from data.batch import F32, Mask, offsets_of
from data.tweet_text import entities
from features.text.encoder import TextEncoder
from features.text.entities import names
from features.text.heads import Head
from features.text.language import detect_all
from features.text.ngrams import NGrams
from features.text.saved_heads import TaskHead
from features.text.understanding import best_first

READ = 10_000
"""Characters of a text that are read."""

TOP = 5
"""Topics that are named."""

SENTIMENT, TOPIC, TOXICITY = "sentiment", "topic", "toxicity"
POSITIVE, NEGATIVE, HARMLESS = "positive", "negative", "none"
"""Labels with a meaning of their own."""

NAMED = ("people", "places", "organisations", "names")
WRITTEN = {"hashtags": "hashtag", "mentions": "mention", "urls": "url"}


def analyze(texts: Sequence[str], heads: Mapping[str, TaskHead], encoder: TextEncoder) -> pl.DataFrame:
    """A row a text, in order; a text's row is the same alone and among others (`minilm`: except for the last digits).

    Columns: `text`; `language` (BCP 47, empty where it is not known) and `language_probability`; `sentiment` from -1
    to 1 (probability of positive less that of negative, null without such a head); `topics`, at most five of
    {topic, score}, best first; `toxicity`, a probability a category; `people`, `places`, `organisations` and `names` of
    no known kind; `hashtags`, `mentions` and `urls`; for each head of another task NAME or trained by people
    `NAME_label` and `NAME_probability`; `embedding`, the encoder's unit vector. A text without
    words has empty lists, sentiment 0 and null labels. Of a text longer than `READ` the beginning is read.
    """
    whole, texts = list(texts), [text[:READ] for text in texts]
    encoders = {one.identity: one for one in (encoder, *(head.encoder for head in heads.values()))}
    # Encoders work outside the interpreter's lock, on names and links Python works meanwhile.
    with ThreadPoolExecutor(1) as beside:
        waiting = {identity: beside.submit(one.encode, texts) for identity, one in encoders.items()}
        languages, certainty = detect_all(texts)
        ngrams = NGrams.of(texts)
        found = _named(texts) | _written(texts)
        vectors = {identity: one.result() for identity, one in waiting.items()}
    words: Mask = np.diff(ngrams.offsets) > 0
    p = {task: one.head.probabilities(vectors[one.encoder.identity], ngrams) for task, one in heads.items()}
    columns: dict[str, Any] = {
        "text": pl.Series(whole, dtype=pl.String),
        "language": pl.Series(languages.tolist(), dtype=pl.String),
        "language_probability": certainty,
        SENTIMENT: _sentiment(heads, p, words),
        "topics": _topics(heads[TOPIC].head, p[TOPIC], words) if TOPIC in heads else _no_topics(len(texts)),
    }
    if TOXICITY in heads:
        columns[TOXICITY] = _by_label(heads[TOXICITY].head, p[TOXICITY], words)
    columns |= found
    for task, one in heads.items():
        if task not in (SENTIMENT, TOPIC, TOXICITY) or one.about.get("source") == "labels":
            best, share = best_first(p[task], 1)
            label = pl.Series(np.array(one.head.labels, object)[best[:, 0]].tolist(), dtype=pl.String)
            columns[f"{task}_label"] = _where(label, words)
            columns[f"{task}_probability"] = _where(pl.Series(share[:, 0]), words)
    rows: Any = vectors[encoder.identity] if texts else []
    columns["embedding"] = pl.Series(rows, dtype=pl.Array(pl.Float32, encoder.dim))
    return pl.DataFrame(columns)


def score_of_sentiment(head: Head, p: F32) -> F32 | None:
    """[N] probability of positive less that of negative; None for a head without both labels."""
    if POSITIVE not in head.labels or NEGATIVE not in head.labels:
        return None
    out: F32 = p[:, head.labels.index(POSITIVE)] - p[:, head.labels.index(NEGATIVE)]
    return out


def _sentiment(heads: Mapping[str, TaskHead], p: Mapping[str, F32], words: Mask) -> pl.Series:
    score = score_of_sentiment(heads[SENTIMENT].head, p[SENTIMENT]) if SENTIMENT in heads else None
    if score is None:
        return pl.Series([None] * len(words), dtype=pl.Float32)
    return pl.Series(np.where(words, score, 0).astype(np.float32))


def _topics(head: Head, p: F32, words: Mask) -> pl.Series:
    """Lists of {topic, score}."""
    best, share = best_first(p, TOP)
    width = best.shape[1]
    flat = {"topic": np.array(head.labels, object)[best[words].ravel()].tolist(), "score": share[words].ravel()}
    rows = pa.StructArray.from_arrays(
        [pa.array(flat["topic"], pa.large_string()), pa.array(flat["score"], pa.float32())], list(flat)
    )
    offsets = offsets_of(words * width)
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(offsets), rows)))


def _no_topics(size: int) -> pl.Series:
    return pl.Series([[]] * size, dtype=pl.List(pl.Struct({"topic": pl.String, "score": pl.Float32})))


def _by_label(head: Head, p: F32, words: Mask) -> pl.Series:
    """A struct with a probability a label, but for the label that means none."""
    shares = {name: np.where(words, p[:, at], 0).astype(np.float32) for at, name in enumerate(head.labels)}
    return pl.DataFrame({name: one for name, one in shares.items() if name != HARMLESS}).to_struct()


def _where(values: pl.Series, words: Mask) -> pl.Series:
    return values.set(pl.Series(~words), None) if len(values) else values


def _named(texts: Sequence[str]) -> dict[str, pl.Series]:
    found = [names(text) for text in texts]
    lists = {
        "people": [one.people for one in found],
        "places": [one.places for one in found],
        "organisations": [one.organisations for one in found],
        "names": [one.others for one in found],
    }
    return {name: pl.Series(lists[name], dtype=pl.List(pl.String)) for name in NAMED}


def _written(texts: Sequence[str]) -> dict[str, pl.Series]:
    lists: dict[str, list[list[str]]] = {name: [[] for _ in texts] for name in WRITTEN}
    for row, text in enumerate(texts):
        if any(sign in text for sign in ("@", "#", ".", "＠", "＃")):
            found = entities(text)
            for name, kind in WRITTEN.items():
                lists[name][row] = [one.value for one in found if one.kind == kind]
    return {name: pl.Series(rows, dtype=pl.List(pl.String)) for name, rows in lists.items()}
