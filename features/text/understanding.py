"""What heads read in a text: its vector, topics and sentiment for features, its toxicity beside them for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, Mask
from data.dataset import Dataset
from data.errors import ModelError
from data.folders import written_whole
from features.text.encoder import TextEncoder, resolve_encoder
from features.text.fields import TOPICS, TextFields
from features.text.heads import Head
from features.text.ngrams import NGrams
from features.text.training import Examples, train_head

ABOUT, WEIGHTS = "understanding.json", "understanding.safetensors"
SECOND_TOPIC = 0.2
"""A second or third topic is named from this probability on; the first one always."""

_POSITIVE, _NEGATIVE = "positive", "negative"


@dataclass(frozen=True, slots=True)
class Reading:
    """What every head predicts for N texts."""

    embedding: F32
    """[N, D] unit vectors."""
    words: Mask
    """[N] whether there is anything to read: a word that the encoder knows, or an n-gram for heads that read them."""
    probabilities: Mapping[str, F32]
    """[N, L] by task; zeros for a text with nothing to read."""


@dataclass(frozen=True)
class Understanding:
    """An encoder, and heads learned from `annotations`; without heads there are no topics and sentiment is 0."""

    encoder: TextEncoder
    topic_head: Head | None = None
    sentiment_head: Head | None = None
    toxicity_head: Head | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Topic names by number."""
        return self.topic_head.labels if self.topic_head else ()

    @cached_property
    def heads(self) -> Mapping[str, Head]:
        """The heads there are, by task."""
        every = {"topic": self.topic_head, "sentiment": self.sentiment_head, "toxicity": self.toxicity_head}
        return {name: head for name, head in every.items() if head is not None}

    @cached_property
    def identity(self) -> str:
        """Hash of all weights: two with the same identity read every text alike."""
        digest = hashlib.sha256(f"{self.encoder.identity} {SECOND_TOPIC} {json.dumps(self._labels())}".encode())
        for name, array in sorted(self._arrays().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def __call__(self, texts: Sequence[str]) -> TextFields:
        """The fields that features need, batched. A text with nothing to read has no topic and sentiment 0."""
        read = self.read(texts, ("topic", "sentiment"))
        topics = np.full((len(texts), TOPICS), -1, np.int16)
        scores = np.zeros((len(texts), TOPICS), np.float32)
        if "topic" in read.probabilities:
            best, share = best_first(read.probabilities["topic"], TOPICS)
            named = (share >= SECOND_TOPIC) & read.words[:, None]
            named[:, 0] = read.words
            topics[:, : best.shape[1]] = np.where(named, best, -1)
            scores[:, : best.shape[1]] = np.where(named, share, 0)
        return TextFields(read.embedding, topics, scores, self.sentiment(read))

    def read(self, texts: Sequence[str], tasks: Sequence[str] | None = None, ngrams: NGrams | None = None) -> Reading:
        """Predictions of the heads of `tasks` (all when None); `ngrams` are those of the texts where they are known."""
        heads = {task: head for task, head in self.heads.items() if tasks is None or task in tasks}
        embedding = self.encoder.encode(texts)
        words: Mask = np.asarray(embedding.any(axis=1))
        if any(head.grams is not None for head in heads.values()):
            ngrams = ngrams or NGrams.of(texts)
            words |= np.diff(ngrams.offsets) > 0
        found = {task: head.probabilities(embedding, ngrams) for task, head in heads.items()}
        return Reading(embedding, words, {task: np.where(words[:, None], p, 0) for task, p in found.items()})

    def sentiment(self, read: Reading) -> F32:
        """[N] from -1 to 1: probability of positive less that of negative; 0 where nothing is known."""
        head, p = self.sentiment_head, read.probabilities.get("sentiment")
        if head is None or p is None:
            return np.zeros(len(read.words), np.float32)
        return _share(p, head, _POSITIVE) - _share(p, head, _NEGATIVE)

    @classmethod
    def train(cls, dataset: Dataset, encoder: TextEncoder, before_us: int | None) -> Self:
        """Heads from the annotations given before `before_us` (all when None), the majority's label of each tweet.

        A tie of labels goes to the first by name. A data set without annotations gives no heads.
        """
        examples = annotated(dataset, encoder, before_us)
        heads = {task: train_head(some) for task, some in examples.items()}
        return cls(encoder, heads.get("topic"), heads.get("sentiment"), heads.get("toxicity"))

    def save(self, folder: Path) -> None:
        """Writes the heads and the encoder's name to `folder`, whole or not at all."""
        from safetensors.numpy import save_file

        with written_whole(folder) as staging:
            save_file({name: np.ascontiguousarray(a) for name, a in self._arrays().items()}, staging / WEIGHTS)
            about = {"encoder": self.encoder.name, "encoder_identity": self.encoder.identity, "labels": self._labels()}
            (staging / ABOUT).write_text(json.dumps(about, indent=1))

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
        try:
            heads = {name: Head.from_arrays(name, labels, arrays) for name, labels in about["labels"].items()}
        except ValueError as error:
            raise ModelError(f"{folder} is damaged: {error}", remedy="train again") from error
        return cls(encoder, heads.get("topic"), heads.get("sentiment"), heads.get("toxicity"))

    def _labels(self) -> dict[str, list[str]]:
        return {name: list(head.labels) for name, head in self.heads.items()}

    def _arrays(self) -> dict[str, Array]:
        return {key: array for name, head in self.heads.items() for key, array in head.arrays(name).items()}


def majority(annotations: pl.LazyFrame) -> pl.LazyFrame:
    """`tweet_id`, `task`, `label`: the label of most annotators of a tweet; of a tie the first by name."""
    votes = annotations.group_by("tweet_id", "task", "label").agg(votes=pl.len())
    ranked = votes.sort(["tweet_id", "task", "votes", "label"], descending=[False, False, True, False])
    return ranked.group_by("tweet_id", "task", maintain_order=True).agg(pl.col("label").first())


def annotated(dataset: Dataset, encoder: TextEncoder, before_us: int | None) -> dict[str, Examples]:
    """By task: texts with the label that most annotators gave before `before_us`, in order of `tweet_id`."""
    if not dataset.rows("annotations"):
        return {}
    labels = majority(dataset.scan("annotations", before_us=before_us))
    texts = dataset.scan("tweets").select("tweet_id", "text").filter(pl.col("text") != "")
    labelled = labels.join(texts, on="tweet_id").sort("tweet_id", "task").collect()
    # A tweet is read once, whatever the number of its tasks.
    tweets = labelled.unique("tweet_id", maintain_order=True).with_row_index("row").select("row", "tweet_id", "text")
    read = Examples.of(encoder.encode(tweets["text"].to_list()), tweets["text"].to_list())
    rows = labelled.join(tweets.select("row", "tweet_id"), on="tweet_id", how="left", maintain_order="left")
    return {
        str(task): read.take(some["row"].to_numpy()).labelled(some["label"].to_list())
        for (task,), some in rows.group_by("task", maintain_order=True)
    }


def best_first(p: F32, k: int) -> tuple[I64, F32]:
    """[N, min(k, L)] the labels' numbers by falling probability, of equals the first, and their probabilities."""
    best = np.argsort(-p, axis=1, kind="stable")[:, :k]
    return best, np.take_along_axis(p, best, axis=1)


def _share(p: F32, head: Head, label: str) -> F32:
    out: F32 = p[:, head.labels.index(label)] if label in head.labels else np.zeros(len(p), np.float32)
    return out
