"""Training on CUDA, where there is one: it learns what the CPU learns, and the model scores on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ranking.models.heavy import HeavyConfig
from ranking.models.ranker_training import RankerTraining
from ranking.models.sequence import SequenceConfig
from ranking.training.rankers.fit import train_heavy, train_sequence
from ranking.training.two_tower.examples import build_examples
from ranking.training.two_tower.task import train_two_tower
from tests.ranking.training.rankers.ranker_rows import EIGHT, batch, rows
from tests.ranking.training.two_tower.shelves import CONFIG, write_shelves

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SMALL = {"inputs": EIGHT, "buckets": 64, "hidden": 16, "out": 8, "width": 16, "blocks": 2}


def _likes(n=3000):
    """Likes hang on two inputs and on the place."""
    rng = np.random.default_rng(4)
    x, place = rng.normal(size=(n, 8)), rng.integers(0, 30, n)
    chance = np.exp(-place / 30) / (1 + np.exp(-2 * x[:, 0] * x[:, 1]))
    return rows(rng.random((n, 1)) < chance[:, None], x, position=place, histories=True)


def _both(train, settings):
    """Values by epoch and the model, from the CPU and from CUDA."""
    out = {}
    for device in ("cpu", "cuda"):
        history = []
        training = RankerTraining(
            epochs=4, patience=0, batch_size=128, threads=1, learning_rate=0.01, distil=0.5, device=device, **settings
        )
        out[device] = history, train(training, history.append)
    return out


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("train", "config"),
    [
        (train_heavy, HeavyConfig(**SMALL, embedding=4)),
        (train_heavy, HeavyConfig(**SMALL, trunk="dcn")),
        (train_heavy, HeavyConfig(**SMALL, trunk="mmoe")),
        (train_sequence, SequenceConfig(**SMALL, dim=8)),
    ],
)
def test_rankers_learn_the_same(train, config, precision):
    made = _both(
        lambda training, tell: train(config.model_copy(update={"training": training}), _likes(), seed=3, on_epoch=tell),
        {"precision": precision},
    )
    (cpu, by_cpu), (cuda, by_cuda) = made["cpu"], made["cuda"]
    assert cpu[-1]["validation_loss"] < 0.97 * cpu[0]["validation_loss"]
    close = 0.01 if precision == "fp32" else 0.05
    for ours, theirs in zip(cuda, cpu, strict=True):
        assert ours["validation_loss"] == pytest.approx(theirs["validation_loss"], rel=close)
    some = batch([30, 40])
    assert by_cuda.score(some) == pytest.approx(by_cpu.score(some), rel=10 * close, abs=1e-4)


@pytest.mark.parametrize("hard", [0, 2])
def test_a_two_tower_learns_the_same(tmp_path, hard):
    log, histories = write_shelves(tmp_path / "shelves"), {}
    for device in ("cpu", "cuda"):
        training = CONFIG.training.model_copy(update={"device": device, "hard": hard})
        config = CONFIG.model_copy(update={"training": training})
        histories[device] = []
        train_two_tower(config, build_examples(log, config, seed=0), seed=1, on_epoch=histories[device].append)
    for ours, theirs in zip(histories["cuda"], histories["cpu"], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=0.01)


@pytest.mark.parametrize(
    ("train", "config"),
    [(train_heavy, HeavyConfig(**SMALL, embedding=4)), (train_sequence, SequenceConfig(**SMALL, dim=8))],
)
def test_the_same_seed_gives_the_same_ranker(train, config):
    training = RankerTraining(epochs=2, batch_size=128, distil=0, device="cuda")
    first, again = (
        train(config.model_copy(update={"training": training}), _likes(), seed=3).artifact()[1] for _ in range(2)
    )
    assert all(np.array_equal(again[name], value) for name, value in first.items())


def test_the_same_seed_gives_the_same_two_tower(tmp_path):
    log = write_shelves(tmp_path / "shelves")
    training = CONFIG.training.model_copy(update={"device": "cuda"})
    config = CONFIG.model_copy(update={"training": training})
    examples = build_examples(log, config, seed=0)
    first, again = (train_two_tower(config, examples, seed=1).artifact()[1] for _ in range(2))
    assert all(np.array_equal(again[name], value) for name, value in first.items())
