"""Classifiers over embeddings: multinomial logistic regression, its weights kept as safetensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.batch import F32, F64, Array

MAX_ITERATIONS, TOLERANCE = 200, 1e-3


@dataclass(frozen=True)
class Head:
    """p(label | x) = softmax(W x + b) for unit vectors x [D]; W [L, D], b [L]."""

    labels: tuple[str, ...]
    weights: F64
    bias: F64

    def probabilities(self, embeddings: F32) -> F32:
        """[N, L] probabilities; uniform knowledge is never assumed: a zero vector gives the labels' prior."""
        scores = embeddings.astype(np.float64) @ self.weights.T + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        raw = np.exp(scores)
        out: F32 = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
        return out

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Weights by name, for safetensors."""
        return {f"{prefix}.weights": self.weights, f"{prefix}.bias": self.bias}

    @classmethod
    def from_arrays(cls, prefix: str, labels: Sequence[str], arrays: Mapping[str, Array]) -> Head:
        """What `arrays` gave."""
        return cls(tuple(labels), arrays[f"{prefix}.weights"], arrays[f"{prefix}.bias"])


def train_head(embeddings: F32, labels: Sequence[str], *, inverse_penalty: float = 10.0) -> Head | None:
    """Fits a head to labelled vectors by L-BFGS with an L2 penalty; None where there are not two labels to tell apart.

    The penalty is 1 / (2 `inverse_penalty`) |W|^2 against the sum of log losses, as in scikit-learn, over vectors
    centred and scaled to a mean square of 1.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    code = {name: place for place, name in enumerate(names)}
    target = np.array([code[label] for label in labels])
    # Vectors of static encoders share one large direction; without it the search takes a third of the steps.
    centre = embeddings.mean(axis=0, dtype=np.float64)
    moved = embeddings - centre
    scale = float(np.sqrt(np.mean(np.sum(moved**2, axis=1)))) or 1.0
    model = LogisticRegression(C=inverse_penalty, max_iter=MAX_ITERATIONS, tol=TOLERANCE)
    # One thread: the matrices are small (threads took a hundred times as long), and the sums keep one order.
    with threadpool_limits(1):
        model.fit(moved / scale, target)
    weights = np.asarray(model.coef_, np.float64) / scale
    bias = np.asarray(model.intercept_, np.float64) - weights @ centre
    if len(names) == 2:
        # scikit-learn gives the log odds of the second label; as a softmax the first one's are zero.
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.r_[0.0, bias]
    return Head(tuple(names), weights, bias)
