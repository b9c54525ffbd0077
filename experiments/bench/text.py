"""Analysis of tweets with every field beside the same pieces applied text by text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.home_folder import home_folder
from data.tweet_text import hashtags, mentions, urls
from experiments.bench.harness import Case
from experiments.text.analyze import Reader
from features.text.encoder import STATIC, resolve_encoder
from features.text.entities import names
from features.text.language import LANGUAGES
from features.text.ngrams import BUCKETS, NGrams
from features.text.saved_heads import TaskHead, shipped_heads

_PEOPLE, _DAYS = 400, 3


class TextBench:
    """Tweets with every field, as `text analyze --input` reads them."""

    peer = "the encoder, py3langid, scikit-learn's predict_proba and the same entity rules, one text after another"

    def __init__(self, *, texts: int = 1_024) -> None:
        """How many texts."""
        self._size = texts

    def cases(self) -> Iterator[Case]:
        """Tweets of a small world, all fields, with `static`."""
        cache = home_folder() / "cache"
        encoder = resolve_encoder(STATIC, cache=cache)
        heads = shipped_heads(cache, {STATIC: encoder})
        texts = _texts(self._size)
        reader, peer = Reader(heads, encoder), _OneByOne(heads, encoder)
        yield Case("every field, static", lambda: reader(texts), lambda: peer(texts), len(texts), "texts")


class _OneByOne:
    """What one would write with the same libraries, a text at a time."""

    def __init__(self, heads: Mapping[str, TaskHead], encoder: Any) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._encoder, self._heads = encoder, heads
        self._language = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._language.set_languages(list(LANGUAGES))
        self._models = {task: _as_sklearn(one) for task, one in heads.items()}

    def __call__(self, texts: list[str]) -> list[dict[str, Any]]:
        """A row a text."""
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> dict[str, Any]:
        from scipy import sparse

        vector, grams = self._encoder.encode([text]), NGrams.of([text])
        row: dict[str, Any] = {"language": self._language.classify(text), "embedding": vector[0]}
        for task, model in self._models.items():
            values = grams.values * self._heads[task].head.rarity[grams.buckets]  # type: ignore[index]
            values /= max(float(np.linalg.norm(values)), 1e-12)
            sparse_part = sparse.csr_array((values, grams.buckets, grams.offsets), shape=(1, BUCKETS))
            row[task] = model.predict_proba(sparse.hstack([sparse.csr_array(vector), sparse_part]).tocsr())[0]
        row |= {"hashtags": hashtags(text), "mentions": mentions(text), "urls": urls(text), "names": names(text)}
        return row


def _as_sklearn(one: TaskHead) -> Any:
    from sklearn.linear_model import LogisticRegression

    model, head = LogisticRegression(), one.head
    grams = head.grams if head.grams is not None else np.zeros((BUCKETS, len(head.labels)), np.float32)
    model.classes_ = np.array(head.labels)
    model.coef_, model.intercept_ = np.hstack([head.weights, grams.T]), head.bias
    return model


def _texts(size: int) -> list[str]:
    """Tweets, of as many different ones as a small world has."""
    from experiments.simulation.worlds import make_data, world_config

    with tempfile.TemporaryDirectory() as folder:
        config = world_config("tiny", None, [f"people={_PEOPLE}", f"days={_DAYS}"])
        tweets = make_data(config, Path(folder) / "world").scan("tweets").filter(pl.col("text") != "")
        different: list[str] = tweets.select("text").collect()["text"].to_list()
    return [different[at % len(different)] for at in range(size)]
