"""Metrics beside ranx and scikit-learn on random inputs without ties."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from sklearn import calibration as sklearn_calibration
from sklearn import metrics as sklearn_metrics

from ranking.metrics.accuracy import accuracy
from ranking.metrics.calibration import calibration_curve
from ranking.metrics.classification import (
    auc,
    auc_per_request,
    grouped_auc,
    log_loss,
    pr_auc,
    pr_auc_by_group,
    relative_cross_entropy,
)

NAMES = {"hit": "hit_rate", "recall": "recall", "precision": "precision", "map": "map", "mrr": "mrr", "ndcg": "ndcg"}


def _requests(seed, count=60):
    """Ragged requests of 2 to 40 candidates with distinct scores, graded relevance, and both classes in each."""
    rng = np.random.default_rng(seed)
    offsets = np.r_[0, np.cumsum(rng.integers(2, 41, count))]
    scores = rng.permutation(offsets[-1]).astype(float)
    relevance = rng.integers(0, 4, offsets[-1]) * (rng.random(offsets[-1]) < 0.5)
    relevance[offsets[:-1]], relevance[offsets[:-1] + 1] = 2, 0
    return scores, relevance, offsets


RANX = """
import json, sys
from ranx import Qrels, Run, evaluate
asked = json.load(sys.stdin)
found = evaluate(Qrels(asked["qrels"]), Run(asked["run"]), asked["metrics"], return_mean=False)
json.dump({name: values.tolist() for name, values in found.items()}, sys.stdout)
"""


@pytest.mark.slow
def test_accuracy_equals_ranx():
    scores, relevance, offsets = _requests(1)
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for b, (low, high) in enumerate(pairwise(offsets.tolist())):
        run[f"q{b:03}"] = {f"d{row:05}": float(scores[row]) for row in range(low, high)}
        qrels[f"q{b:03}"] = {f"d{row:05}": int(relevance[row]) for row in range(low, high) if relevance[row]}
    metrics = [f"{name}@{k}" for name in NAMES.values() for k in (1, 5, 100)]
    # As plain Python, in a process of its own: to compile its kernels takes a minute.
    asked = json.dumps({"qrels": qrels, "run": run, "metrics": metrics})
    process = subprocess.run(
        [sys.executable, "-c", RANX], input=asked, capture_output=True, text=True, check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    theirs = json.loads(process.stdout)
    for k in (1, 5, 100):
        ours = accuracy(scores, relevance, offsets, k)
        for name, peer in NAMES.items():
            assert ours[f"{name}@{k}"] == pytest.approx(theirs[f"{peer}@{k}"], abs=1e-9), (name, k)


@pytest.mark.parametrize("k", [3, 50])
def test_ndcg_of_each_request_equals_scikit_learn(k):
    scores, relevance, offsets = _requests(2)
    ours = accuracy(scores, relevance, offsets, k)[f"ndcg@{k}"]
    for b, (low, high) in enumerate(pairwise(offsets)):
        theirs = sklearn_metrics.ndcg_score([relevance[low:high]], [scores[low:high]], k=k, ignore_ties=True)
        assert ours[b] == pytest.approx(theirs, abs=1e-9)


def test_areas_within_requests_equal_scikit_learn():
    scores, relevance, offsets = _requests(3)
    labels, groups = relevance > 0, np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    pairs = [(labels[a:b], scores[a:b]) for a, b in pairwise(offsets)]
    areas = [sklearn_metrics.roc_auc_score(*pair) for pair in pairs]
    assert auc_per_request(scores, labels, offsets) == pytest.approx(areas, abs=1e-9)
    assert grouped_auc(scores, labels, groups) == pytest.approx(np.average(areas, weights=np.diff(offsets)), abs=1e-9)
    steps = [sklearn_metrics.average_precision_score(*pair) for pair in pairs]
    assert pr_auc_by_group(scores, labels, groups)[1] == pytest.approx(steps, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_equal_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 6, 4_000)
    y = rng.random(4_000) < 0.7 * p
    assert auc(p, y) == pytest.approx(sklearn_metrics.roc_auc_score(y, p), abs=1e-9)
    assert pr_auc(p, y) == pytest.approx(sklearn_metrics.average_precision_score(y, p), abs=1e-9)
    assert log_loss(p, y) == pytest.approx(sklearn_metrics.log_loss(y, p), abs=1e-9)
    naive = sklearn_metrics.log_loss(y, np.full(len(y), y.mean()))
    assert relative_cross_entropy(p, y) == pytest.approx(100 * (1 - sklearn_metrics.log_loss(y, p) / naive), abs=1e-9)
    for by in ("uniform", "quantile"):
        ours = calibration_curve(p, y, bins=15, by=by)
        observed, expected = sklearn_calibration.calibration_curve(y, p, n_bins=15, strategy=by)
        assert ours.observed == pytest.approx(observed, abs=1e-9)
        assert ours.expected == pytest.approx(expected, abs=1e-9)
