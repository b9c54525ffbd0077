"""All that is read from a text: vector, topics and sentiment for features; language, tags and names for people."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from data.batch import F32, Array
from data.dataset import Dataset
from data.errors import ModelError
from data.tweet_text import hashtags, mentions, urls
from features.state.texts import TOPICS
from features.text.encoder import TextEncoder, resolve_encoder
from features.text.entities import names
from features.text.heads import Head, train_head
from features.text.language import detect

ABOUT, WEIGHTS = "understanding.json", "understanding.safetensors"
SECOND_TOPIC = 0.2
"""A second or third topic is named from this probability on; the first one always."""

_POSITIVE, _NEGATIVE = "positive", "negative"


@dataclass(frozen=True, slots=True)
class TextFields:
    """What features need of N texts."""

    embedding: F32
    """[N, D] unit vectors."""
    topics: Array
    """[N, 3] int16 topic numbers, best first, -1 for none."""
    topic_scores: F32
    """[N, 3] their probabilities, 0 for none."""
    sentiment: F32
    """[N] from -1 to 1: probability of positive less that of negative."""


@dataclass(frozen=True, slots=True)
class TextAnalysis:
    """What people want to know of one text."""

    text: str
    language: str
    """BCP 47; empty where the text does not tell."""
    language_confidence: float
    """Its probability among the languages of `features.text.language`."""
    topics: tuple[tuple[str, float], ...]
    sentiment: float | None
    """None where nothing was learned about sentiment."""
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    urls: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Understanding:
    """An encoder, and heads learned from `annotations`; without heads there are no topics and sentiment is 0."""

    encoder: TextEncoder
    topic_head: Head | None = None
    sentiment_head: Head | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Topic names by number."""
        return self.topic_head.labels if self.topic_head else ()

    @cached_property
    def identity(self) -> str:
        """Hash of all weights: two with the same identity read every text alike."""
        digest = hashlib.sha256(f"{self.encoder.identity} {SECOND_TOPIC} {json.dumps(self._labels())}".encode())
        for name, array in sorted(self._arrays().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def __call__(self, texts: Sequence[str]) -> TextFields:
        """The fields that features need, batched. A text without a known word has no topic and sentiment 0."""
        embedding = self.encoder.encode(texts)
        words = embedding.any(axis=1)
        topics = np.full((len(texts), TOPICS), -1, np.int16)
        scores = np.zeros((len(texts), TOPICS), np.float32)
        if self.topic_head is not None and words.any():
            p = self.topic_head.probabilities(embedding[words])
            best = np.argsort(-p, axis=1, kind="stable")[:, :TOPICS]
            share = np.take_along_axis(p, best, axis=1)
            named = share >= SECOND_TOPIC
            named[:, 0] = True
            width = best.shape[1]
            topics[words, :width] = np.where(named, best, -1)
            scores[words, :width] = np.where(named, share, 0)
        sentiment = np.zeros(len(texts), np.float32)
        if self.sentiment_head is not None and words.any():
            p = self.sentiment_head.probabilities(embedding[words])
            sentiment[words] = _share(p, self.sentiment_head, _POSITIVE) - _share(p, self.sentiment_head, _NEGATIVE)
        return TextFields(embedding, topics, scores, sentiment)

    def analyze(self, texts: Sequence[str]) -> list[TextAnalysis]:
        """Everything about each text, for people: also its language, tags and names. Not for the path of features."""
        fields = self(texts)
        out = []
        for row, text in enumerate(texts):
            language, confidence = detect(text)
            found = zip(fields.topics[row].tolist(), fields.topic_scores[row].tolist(), strict=True)
            out.append(
                TextAnalysis(
                    text=text,
                    language=language,
                    language_confidence=confidence,
                    topics=tuple((self.topics[topic], score) for topic, score in found if topic >= 0),
                    sentiment=float(fields.sentiment[row]) if self.sentiment_head else None,
                    hashtags=tuple(hashtags(text)),
                    mentions=tuple(mentions(text)),
                    urls=tuple(urls(text)),
                    names=tuple(names(text)),
                )
            )
        return out

    @classmethod
    def train(cls, dataset: Dataset, encoder: TextEncoder, before_us: int | None) -> Self:
        """Heads from the annotations given before `before_us` (all when None), the majority's label of each tweet.

        A tie of labels goes to the first by name. A data set without annotations gives no heads.
        """
        if not dataset.rows("annotations"):
            return cls(encoder)
        labels = majority(dataset.scan("annotations", before_us=before_us))
        texts = dataset.scan("tweets").select("tweet_id", "text")
        labelled = labels.join(texts, on="tweet_id").sort("task", "tweet_id").collect()
        vectors = encoder.encode(labelled["text"].to_list())
        known = vectors.any(axis=1)
        task = labelled["task"].to_numpy()
        label = labelled["label"].to_numpy()

        def head(name: str) -> Head | None:
            own = known & (task == name)
            return train_head(vectors[own], label[own].tolist())

        return cls(encoder, head("topic"), head("sentiment"))

    def save(self, folder: Path) -> None:
        """Writes the heads and the encoder's name to `folder`, whole or not at all."""
        from safetensors.numpy import save_file

        staging = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        save_file({name: np.ascontiguousarray(a) for name, a in self._arrays().items()}, staging / WEIGHTS)
        about = {"encoder": self.encoder.name, "encoder_identity": self.encoder.identity, "labels": self._labels()}
        (staging / ABOUT).write_text(json.dumps(about, indent=1))
        if folder.exists():
            shutil.rmtree(folder)
        staging.rename(folder)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> Self:
        """What `save` wrote; the encoder is resolved by name in `cache`.

        Raises:
            ModelError: no understanding there, or the encoder's weights are others than those it was trained on.
        """
        from safetensors.numpy import load_file

        try:
            about = json.loads((folder / ABOUT).read_text())
            arrays: dict[str, Any] = load_file(folder / WEIGHTS)
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder} holds no text understanding: {error}", remedy="train again") from error
        encoder = resolve_encoder(about["encoder"], cache=cache)
        if encoder.identity != about["encoder_identity"]:
            raise ModelError(
                f"text encoder {about['encoder']!r} has other weights than those that {folder} was trained on",
                remedy="train again, or bring that encoder back",
            )
        heads = {name: Head.from_arrays(name, labels, arrays) for name, labels in about["labels"].items()}
        return cls(encoder, heads.get("topic"), heads.get("sentiment"))

    def _heads(self) -> dict[str, Head]:
        every = {"topic": self.topic_head, "sentiment": self.sentiment_head}
        return {name: head for name, head in every.items() if head is not None}

    def _labels(self) -> dict[str, list[str]]:
        return {name: list(head.labels) for name, head in self._heads().items()}

    def _arrays(self) -> dict[str, Array]:
        return {key: array for name, head in self._heads().items() for key, array in head.arrays(name).items()}


def majority(annotations: pl.LazyFrame) -> pl.LazyFrame:
    """`tweet_id`, `task`, `label`: what most annotators of a tweet said; of a tie the first label by name."""
    votes = annotations.group_by("tweet_id", "task", "label").agg(votes=pl.len())
    ranked = votes.sort(["tweet_id", "task", "votes", "label"], descending=[False, False, True, False])
    return ranked.group_by("tweet_id", "task", maintain_order=True).agg(pl.col("label").first())


def _share(p: F32, head: Head, label: str) -> F32:
    out: F32 = p[:, head.labels.index(label)] if label in head.labels else np.zeros(len(p), np.float32)
    return out
