"""Fits heads: scikit-learn's logistic regression, its penalty and class weights chosen by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, I64, Array
from data.progress import Progress, no_progress
from features.text.heads import Head
from features.text.ngrams import BUCKETS, NGrams

MAX_ITERATIONS, TOLERANCE = 200, 1e-3
PENALTIES = (1.0, 3.0, 10.0)
"""Inverse penalties that cross-validation tries."""

FOLDS = 3
UNEVEN, RARE = 0.5, 0.1
"""The rarest label's share of an even one under which class weights are tried, and used where nothing is tried."""


class HeadConfig(BaseModel):
    """How a head is fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inverse_penalty: float = Field(default=3.0, gt=0)
    """C: the penalty is 1 / (2 C) |weights|^2 against the sum of log losses."""
    balanced: bool = False
    """Whether each label weighs the same in sum, however rare. Its probabilities are then too high for rare labels."""


@dataclass(frozen=True)
class Examples:
    """N texts as heads read them, with their labels."""

    vectors: F32
    """[N, D] unit vectors."""
    ngrams: NGrams
    labels: Array
    """[N] str objects."""

    @classmethod
    def of(cls, vectors: F32, texts: Sequence[str], labels: Sequence[str] | None = None) -> Self:
        """Texts with their unit vectors [N, D]; without labels each one's is empty."""
        return cls(vectors, NGrams.of(texts), np.array([""] * len(texts) if labels is None else labels, object))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Array) -> Examples:
        """Those at `rows` [M] int64."""
        return Examples(self.vectors[rows], self.ngrams.take(rows), self.labels[rows])

    def labelled(self, labels: Sequence[str]) -> Examples:
        """The same texts with other labels."""
        return Examples(self.vectors, self.ngrams, np.array(labels, object))


def evenness(labels: Array) -> float:
    """The rarest label's count as a share of the count that each would have if all were as frequent."""
    counts = np.unique_counts(labels.astype(str)).counts
    return float(counts.min() * len(counts) / counts.sum()) if len(counts) else 0.0


def train_head(examples: Examples, config: HeadConfig | None = None) -> Head | None:
    """Fits a head; None where there are not two labels to separate.

    Without a config the penalty is the default, and labels are balanced where one has less than a tenth of an even
    share.
    """
    names, target = np.unique(examples.labels.astype(str), return_inverse=True)
    if len(names) < 2:
        return None
    from scipy import sparse
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    config = config or HeadConfig(balanced=evenness(examples.labels) < RARE)
    # Vectors of static encoders share one large direction; without it the search takes a third of the steps.
    centre = examples.vectors.mean(axis=0, dtype=np.float64)
    moved = examples.vectors - centre
    scale = float(np.sqrt(np.mean(np.sum(moved**2, axis=1)))) or 1.0
    rarity = _rarity(examples.ngrams)
    inputs = sparse.hstack([sparse.csr_array((moved / scale).astype(np.float32)), _scaled(examples.ngrams, rarity)])
    model = LogisticRegression(
        C=config.inverse_penalty,
        class_weight="balanced" if config.balanced else None,
        max_iter=MAX_ITERATIONS,
        tol=TOLERANCE,
    )
    # One thread: the matrices are small (threads took a hundred times as long), and the sums keep one order.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(inputs.tocsr(), target)
    coefficients, bias = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)
    if len(names) == 2:
        # scikit-learn gives the log odds of the second label; as a softmax the first one's are zero.
        coefficients, bias = np.vstack([np.zeros_like(coefficients), coefficients]), np.r_[0.0, bias]
    dim = examples.vectors.shape[1]
    weights = coefficients[:, :dim] / scale
    bias -= weights @ centre
    # Rounded as they will be saved, so that a head gives the same after it was loaded.
    grams = np.ascontiguousarray(coefficients[:, dim:].T.astype(np.float16).astype(np.float32))
    return Head(tuple(names.tolist()), weights.astype(np.float32), bias.astype(np.float32), grams, rarity)


def choose(
    examples: Examples, *, seed: int, progress: Progress = no_progress
) -> tuple[HeadConfig, list[dict[str, Any]]]:
    """The config with the best macro-F1 over stratified folds, and what each config got.

    Class weights are tried where the rarest label has less than half of an even share. The predictions of all folds
    are judged together, so that a label with an example a fold still counts; of equals the first wins.
    """
    from sklearn.metrics import f1_score

    weightings = (False, True) if evenness(examples.labels) < UNEVEN else (False,)
    configs = [HeadConfig(inverse_penalty=c, balanced=b) for b, c in product(weightings, PENALTIES)]
    folds = _folds(examples.labels, seed)
    truth = examples.labels.astype(str)
    found: list[dict[str, Any]] = []
    for done, config in enumerate(configs):
        guess = truth.copy()
        for at, (seen, held) in enumerate(folds):
            progress(done * len(folds) + at, len(configs) * len(folds), "choosing the penalty")
            head = train_head(examples.take(seen), config)
            judged = examples.take(held)
            # A fold may leave one label to learn from: then no other can be predicted.
            guess[held] = predict(head, judged) if head is not None else truth[seen][0]
        score = float(f1_score(truth, guess, average="macro", zero_division=0.0))
        found.append({**config.model_dump(), "macro_f1": score})
    best = max(range(len(configs)), key=lambda at: found[at]["macro_f1"])
    return configs[best], found


def predict(head: Head, examples: Examples) -> Array:
    """[N] the most probable label of each; of equals the first by name."""
    best = head.probabilities(examples.vectors, examples.ngrams).argmax(axis=1)
    out: Array = np.array(head.labels)[best]
    return out


def _rarity(ngrams: NGrams) -> F32:
    """[BUCKETS] inverse document frequency, smoothed as in scikit-learn: a bucket never seen is the rarest."""
    seen = np.bincount(ngrams.buckets, minlength=BUCKETS)
    out: F32 = (np.log((1 + len(ngrams)) / (1 + seen)) + 1).astype(np.float32)
    return out


def _scaled(ngrams: NGrams, rarity: F32) -> Any:
    """[N, BUCKETS] rows of length 1."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    values = ngrams.values * rarity[ngrams.buckets]
    matrix = sparse.csr_array((values, ngrams.buckets, ngrams.offsets), shape=(len(ngrams), BUCKETS))
    return normalize(matrix, copy=False)


def _folds(labels: Array, seed: int) -> list[tuple[I64, I64]]:
    from sklearn.model_selection import StratifiedKFold

    with warnings.catch_warnings():
        # A label with fewer examples than folds is in some of them only.
        warnings.simplefilter("ignore", UserWarning)
        return list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels.astype(str)))
