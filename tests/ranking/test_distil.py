"""A network that learns from trees beside the log."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ranking.models.heavy import HeavyConfig, HeavyNet
from ranking.models.sequence import SequenceConfig, SequenceNet
from ranking.scorers.tabular import BoostingConfig
from ranking.training import fit_ranker
from ranking.training.distil import taught
from ranking.training.fit_ranker import train_heavy
from ranking.training.fit_tabular import train_boosting
from ranking.training.losses import action_loss
from ranking.training.ranker_config import RankerTraining
from ranking.training.ranker_task import HeavyTask, SequenceTask
from tests.ranking.ranker_rows import EIGHT, rows

CPU = torch.device("cpu")
SMALL = {"inputs": EIGHT, "hidden": 16, "out": 8, "width": 16, "blocks": 2}


def _given(n=600, *, histories=False):
    """Liked by a step of the first input; nobody replies."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, 8))
    like = rng.random(n) < np.where(x[:, 0] > 0.5, 0.7, 0.1)
    position = rng.integers(0, 30, n)
    return rows(np.stack([like, np.full(n, -1)], axis=1), x, position=position, rate=0.4, histories=histories)


def test_the_teacher_is_boosting_of_the_same_rows_and_knows_nothing_of_what_nobody_did():
    given = _given()
    said = []
    labels = taught(HeavyConfig(seed=3, **SMALL), given, CPU, lambda done, total, note: said.append(note)).numpy()
    trees = train_boosting(BoostingConfig(inputs=EIGHT, seed=3, calibrate=False), given)
    assert labels.dtype == np.float32
    assert np.array_equal(labels[:, 0], trees.of_inputs(given.x, given.position)[:, 0])
    assert (labels[:, 1] == -1).all()
    assert said == ["trees to learn from: like over 600 rows"]


@pytest.mark.parametrize(
    ("task_type", "net_type", "config_type"),
    [(HeavyTask, HeavyNet, HeavyConfig), (SequenceTask, SequenceNet, SequenceConfig)],
)
def test_the_loss_is_the_mean_of_what_happened_and_what_the_teacher_says(task_type, net_type, config_type):
    given = _given(60, histories=True)
    config = config_type(actions=given.actions, buckets=16, training=RankerTraining(distil=3.0, threads=1), **SMALL)
    torch.manual_seed(0)
    task = task_type(net_type(config), config, given, 1, CPU)
    batch, p = np.arange(20, 40), np.random.default_rng(0).random((60, 2)).astype(np.float32)
    p[:, 1] = -1
    plain = float(task.loss(batch).detach())
    task.learn_from(torch.from_numpy(p))
    with torch.no_grad():
        logits = task.logits(batch, torch.from_numpy(given.position[batch]))
        z = logits[:, 0].numpy().astype(np.float64)
    theirs = (np.logaddexp(0, z) - p[batch, 0] * z).mean()
    assert float(task.loss(batch).detach()) == pytest.approx((plain + 3 * theirs) / 4, rel=1e-5)
    assert float(action_loss(logits, torch.from_numpy(p[batch]))) == pytest.approx(theirs, rel=1e-5)


def test_what_is_learned_lies_between_what_happened_and_what_the_teacher_says(monkeypatch):
    acted = np.random.default_rng(8).random(4000) < 0.2
    given = rows(acted)
    monkeypatch.setattr(fit_ranker, "taught", lambda config, rows, device, advance: torch.full((4000, 1), 0.9))
    # One epoch, for of several the one closest to what happened alone is kept.
    training = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-2, "threads": 1, "device": "cpu", "distil": 3.0}
    model = train_heavy(HeavyConfig(training=RankerTraining(**training), **SMALL), given, seed=1)
    learned = ~given.validation
    want = (acted[learned].mean() + 3 * 0.9) / 4
    assert model.of_inputs(given.x[learned], None).mean() == pytest.approx(want, abs=0.02)
