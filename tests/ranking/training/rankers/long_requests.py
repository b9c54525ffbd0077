"""Training rows of requests that have several candidates each. What training both rankers on them reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranking.models.heavy import HeavyConfig
from ranking.models.ranker_training import RankerTraining
from ranking.models.sequence import SequenceConfig
from ranking.training.rankers.fit import train_heavy, train_sequence
from ranking.training.rankers.impressions import Impressions
from tests.ranking.training.rankers.ranker_rows import EIGHT, rows

TRAINING = RankerTraining(epochs=3, patience=0, batch_size=61, learning_rate=1e-2, distil=0.5, threads=2, device="cpu")
_SIZES = {"inputs": EIGHT, "hidden": 16, "out": 8, "width": 16, "blocks": 2, "buckets": 64, "training": TRAINING}
HEAVY, SEQUENCE = HeavyConfig(embedding=4, **_SIZES), SequenceConfig(dim=8, **_SIZES)


def long_requests() -> Impressions:
    """60 requests of 1 to 9 candidates; one action by a product of inputs, one by the reader, one that nobody took."""
    rng = np.random.default_rng(4)
    length = rng.integers(1, 10, 60)
    request = np.repeat(np.arange(60), length)
    x = rng.normal(size=(len(request), 8))
    reader = rng.integers(1, 99, 60)[request]
    labels = np.stack([rng.random(len(x)) < 1 / (1 + np.exp(-3 * x[:, 0] * x[:, 1])), reader % 3 == 0], axis=1)
    labels = np.concatenate([labels, np.full((len(x), 1), -1)], axis=1)
    position = np.arange(len(x)) - np.searchsorted(request, request)
    flat = rows(labels, x, position=position)
    past = rows(np.zeros(60), np.zeros((60, 8)), histories=True, seed=5).histories
    return replace(flat, request=request, user_id=reader, histories=past, validation=request >= 45, rate=0.5)


def curves() -> dict[str, list[dict[str, float]]]:
    """What each ranker's training reports, epoch by epoch."""
    reports: dict[str, list[dict[str, float]]] = {"heavy": [], "sequence": []}
    train_heavy(HEAVY, long_requests(), seed=1, on_epoch=reports["heavy"].append)
    train_sequence(SEQUENCE, long_requests(), seed=1, on_epoch=reports["sequence"].append)
    return reports
