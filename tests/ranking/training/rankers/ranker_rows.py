"""Batches and training rows of rankers, made by hand."""

from __future__ import annotations

import numpy as np

from data.batch import CandidateBatch, Requests
from data.schema import ACTIONS
from ranking.models.dense import NUMERIC, DenseInputs
from ranking.models.history import HISTORY, Histories
from ranking.training.rankers.impressions import Impressions

TOPICS = 6
EIGHT = DenseInputs(columns=NUMERIC[12:20], age_scales_h=(), hour=False, interests=False)
"""Eight inputs."""


def batch(lengths, seed=0, history=8):
    """Every column that a ranker reads; histories of 0..history actions."""
    rng = np.random.default_rng(seed)
    count, rows = len(lengths), int(np.sum(lengths))
    requests = {name: rng.integers(0, 90, count).astype(np.float32) for name in NUMERIC if name.startswith("user.")}
    there = np.arange(history) < rng.integers(0, history + 1, count)[:, None]
    requests |= {
        "user_row": np.arange(count), "time_us": np.zeros(count, np.int64), "user_id": rng.integers(1, 99, count),
        "user.hour": rng.integers(0, 24, count).astype(np.float32),
        "user.interests": rng.random((count, TOPICS)).astype(np.float32),
        HISTORY[0]: np.where(there, rng.integers(1, 30, there.shape), -1),
        HISTORY[1]: np.where(there, rng.integers(0, 8, there.shape), -1).astype(np.int8),
        HISTORY[2]: np.where(there, rng.random(there.shape) * 90, -1).astype(np.float32),
    }  # fmt: skip
    columns = {name: rng.integers(0, 90, rows).astype(np.float32) for name in NUMERIC if not name.startswith("user.")}
    columns |= {
        "tweet_row": np.arange(rows), "tweet_id": rng.integers(1, 40, rows), "author_id": rng.integers(1, 30, rows),
        "tweet.topics": rng.integers(-1, TOPICS, (rows, 3)).astype(np.int16),
    }  # fmt: skip
    return CandidateBatch(Requests(requests), np.r_[0, np.cumsum(lengths)].astype(np.int64), columns)


def alone(whole, row):
    """The candidate `row` of a batch as a batch of its own."""
    at = int(whole.request[row])
    return CandidateBatch(
        whole.requests.take(np.array([at])), np.array([0, 1]), {k: v[row : row + 1] for k, v in whole.columns.items()}
    )


def rows(labels, x=None, *, position=None, rate=1.0, names=EIGHT.names, seed=0, validation=0.25, histories=False):
    """Impressions, one a request, of labels [N, A] for the first A actions; the last share is held out."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels, np.int8).reshape(len(labels), -1)
    n = len(labels)
    there = np.arange(8) < rng.integers(0, 9, n)[:, None]
    past = {
        HISTORY[0]: np.where(there, rng.integers(1, 30, there.shape), -1),
        HISTORY[1]: np.where(there, 0, -1).astype(np.int8),
        HISTORY[2]: np.where(there, 1.0, -1).astype(np.float32),
    }
    return Impressions(
        names=names, x=np.asarray(rng.normal(size=(n, len(names))) if x is None else x, np.float32),
        actions=ACTIONS[: labels.shape[1]], labels=labels,
        position=np.zeros(n, np.float32) if position is None else np.asarray(position, np.float32),
        user_id=rng.integers(1, 99, n), author_id=rng.integers(1, 30, n), tweet_id=np.arange(n),
        time_us=np.arange(n), request=np.arange(n), validation=np.arange(n) >= n * (1 - validation), rate=rate,
        histories=Histories.of(past, 8) if histories else None,
    )  # fmt: skip


def two_kinds(n=40_000, rate=0.1, seed=11):
    """Rows where one kind is liked by half and answered by 2%, the other the other way round.

    Of those without an action a share `rate` is kept. Also inputs [2, 8] of the two kinds, and their chances [2, 2].
    """
    rng = np.random.default_rng(seed)
    chance, kind = np.array([[0.5, 0.02], [0.02, 0.5]]), rng.integers(0, 2, n)
    acted = rng.random((n, 2)) < chance[kind]
    kept = acted.any(axis=1) | (rng.random(n) < rate)
    inputs = np.repeat([[1.0], [-1.0]], 8, axis=1).astype(np.float32)
    return rows(acted[kept], inputs[kind[kept]], rate=rate), inputs, chance
