"""A network that learns from trees beside the log."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from data.errors import DataError
from data.progress import no_progress
from ranking.models.heavy import HeavyConfig, HeavyNet
from ranking.models.ranker_training import RankerTraining
from ranking.models.sequence import SequenceConfig, SequenceNet
from ranking.scorers.tabular import BoostingConfig
from ranking.training.rankers import fit as fit_ranker
from ranking.training.rankers.distil import taught
from ranking.training.rankers.fit import train_heavy
from ranking.training.rankers.fit_tabular import train_boosting
from ranking.training.rankers.task import HeavyTask, SequenceTask
from ranking.training.shared import SharedRows
from tests.ranking.training.rankers.ranker_rows import EIGHT, rows

CPU = torch.device("cpu")
SMALL = {"inputs": EIGHT, "hidden": 16, "out": 8, "width": 16, "blocks": 2}


def _given(n=600):
    """Liked by a step of the first input; nobody replies."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, 8))
    like = rng.random(n) < np.where(x[:, 0] > 0.5, 0.7, 0.1)
    position = rng.integers(0, 30, n)
    return rows(np.stack([like, np.full(n, -1)], axis=1), x, position=position, rate=0.4)


def test_the_teacher_is_boosting_of_the_same_rows_and_knows_nothing_of_what_nobody_did():
    given = _given()
    said = []
    labels = taught(HeavyConfig(**SMALL), given, CPU, lambda done, of, note: said.append(note), SharedRows()).numpy()
    trees = train_boosting(BoostingConfig(inputs=EIGHT, calibrate=False), given)
    assert labels.dtype == np.float32
    assert np.array_equal(labels[:, 0], trees.of_inputs(given.x, given.position)[:, 0])
    assert (labels[:, 1] == -1).all()
    assert said == ["trees to learn from: like over 600 rows"]


def test_trees_are_grown_once_of_the_same_rows_and_anew_by_other_settings_or_rows():
    given, grown, shared = _given(), [], SharedRows()
    config = BoostingConfig(inputs=EIGHT, seed=5, trees=5)

    def trees(config, given):
        return train_boosting(config, given, lambda done, of, note: grown.append(note), shared=shared).models

    first = trees(config, given)
    again = trees(config.model_copy(update={"calibrate": False, "value": {"like": 2.0}}), given)
    assert again[0] is first[0]
    assert len(grown) == 1
    alike = replace(given)
    for other, of in [(config.model_copy(update={"leaves": 4}), given), (config, alike)]:
        assert trees(other, of)[0] is not first[0]
    assert len(grown) == 3
    assert np.array_equal(trees(config, alike)[0].predict(np.zeros((1, 9))), first[0].predict(np.zeros((1, 9))))
    assert len(grown) == 3
    assert trees(config, given)[0] is not first[0]


@pytest.mark.parametrize(
    ("task_type", "net_type", "config_type"),
    [(HeavyTask, HeavyNet, HeavyConfig), (SequenceTask, SequenceNet, SequenceConfig)],
)
def test_the_loss_is_the_mean_of_what_happened_and_what_the_teacher_says(task_type, net_type, config_type):
    rng = np.random.default_rng(0)
    given = replace(rows(rng.random((60, 3)) < 0.4, histories=True), rate=0.4)
    config = config_type(actions=given.actions, buckets=16, training=RankerTraining(distil=3.0, threads=1), **SMALL)
    p = rng.random((60, 3)).astype(np.float32)
    p[:, 1] = -1
    batch, losses = np.arange(20, 40), []
    for labels in (None, torch.from_numpy(p)):
        torch.manual_seed(0)
        task = task_type(net_type(config), config, given, 1, CPU, labels)
        losses.append(float(task.loss(batch).detach()))
    with torch.no_grad():
        z = task.logits(batch, torch.from_numpy(given.position[batch])).numpy().astype(np.float64)
    theirs = (np.logaddexp(0, z) - p[batch] * z)[:, [0, 2]].mean()
    assert losses[1] == pytest.approx((losses[0] + 3 * theirs) / 4, rel=1e-5)


def test_a_teacher_says_nothing_of_what_everybody_did_and_boosting_refuses_it():
    given = rows(np.stack([np.ones(400), np.arange(400) % 3 == 0], axis=1))
    labels = taught(HeavyConfig(**SMALL), given, CPU, no_progress, SharedRows()).numpy()
    assert (labels < 0).all(axis=0).tolist() == [True, False]
    assert (taught(HeavyConfig(**SMALL), rows(np.ones(400)), CPU, no_progress, SharedRows()) == -1).all()
    with pytest.raises(DataError, match="'like' was done in every one of 300 training rows"):
        train_boosting(BoostingConfig(inputs=EIGHT), given)


def test_what_is_learned_lies_between_what_happened_and_what_the_teacher_says(monkeypatch):
    acted = np.random.default_rng(8).random(4000) < 0.2
    given = rows(acted)
    monkeypatch.setattr(fit_ranker, "taught", lambda config, rows, device, progress, shared: torch.full((4000, 1), 0.9))
    # One epoch, for of several the one closest to what happened alone is kept.
    training = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-2, "threads": 1, "device": "cpu", "distil": 3.0}
    model = train_heavy(HeavyConfig(training=RankerTraining(**training), **SMALL), given, seed=1)
    learned = ~given.validation
    want = (acted[learned].mean() + 3 * 0.9) / 4
    assert model.of_inputs(given.x[learned], None).mean() == pytest.approx(want, abs=0.02)
