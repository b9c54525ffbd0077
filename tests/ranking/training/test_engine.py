"""The engine: the best weights, early stopping, checkpoints that a killed run goes on from, losses that diverge."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from data.errors import ConfigError, ModelError
from ranking.models.dropout import RowDropout, row_masks
from ranking.training.checkpoint import Checkpoint
from ranking.training.engine import Plan, train
from tests.ranking.training.line_task import LineTask

PLAN = Plan(epochs=5, seed=0, threads=1)


def _numbers(history):
    return [
        {name: value for name, value in one.items() if name not in ("seconds", "examples_per_s")} for one in history
    ]


def test_it_learns_and_tells():
    reported, steps = [], []
    task = LineTask()
    history = train(task, PLAN, progress=lambda *step: steps.append(step), on_epoch=reported.append)
    assert reported == history
    of = 5 * task.steps
    assert steps == [(at, of, f"step {at} of {of}") for at in range(1, of + 1)]
    assert history[-1]["validation_loss"] < 0.5 * history[0]["validation_loss"]
    assert [one["epoch"] for one in history] == [1, 2, 3, 4, 5]
    assert not task.module.training


def test_the_rate_rises_linearly_and_falls_along_a_cosine():
    plan = Plan(epochs=4, seed=0)
    assert plan.rate(0, 10) == pytest.approx(1 / 5)
    assert plan.rate(4, 10) == 1
    assert plan.rate(5, 10) == 1
    assert plan.rate(22, 10) == pytest.approx(0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * 17 / 35)))
    assert plan.rate(40, 10) == pytest.approx(0.05)


@pytest.mark.parametrize("scripted", [(3.0, 1.0, 1.0, 2.0, 1.5), (5.0, 4.0, 3.0, 2.0, 1.0)], ids=["middle", "last"])
def test_the_returned_weights_are_the_best_epochs_not_the_lasts(scripted):
    task, seen = LineTask(scripted=scripted), []
    train(task, PLAN, on_epoch=lambda _: seen.append(task.module.last.weight.detach().clone()))
    assert not torch.equal(seen[1], seen[4])
    best = int(np.argmin(scripted))
    assert torch.equal(task.module.last.weight, seen[best])


def test_training_stops_when_patience_ends_and_keeps_the_best():
    task, seen = LineTask(scripted=(3.0, 1.0, 2.0, 2.0, 0.5)), []
    plan = Plan(epochs=5, seed=0, threads=1, patience=2)
    history = train(task, plan, on_epoch=lambda _: seen.append(task.module.last.weight.detach().clone()))
    assert len(history) == 4
    assert torch.equal(task.module.last.weight, seen[1])


def test_a_loss_that_is_not_finite_names_its_epoch():
    with pytest.raises(ModelError, match="training loss is nan in epoch 3"):
        train(LineTask(poison=3), PLAN)
    with pytest.raises(ModelError, match="validation_loss is inf in epoch 2"):
        train(LineTask(scripted=(1.0, float("inf"), 1.0)), PLAN)


def _run(tmp_path, name, kill_in):
    return subprocess.run(
        [sys.executable, "-m", "tests.ranking.training.line_task", tmp_path / "state", tmp_path / name, str(kill_in)],
        check=False, cwd=Path(__file__).parents[3], timeout=120,
    ).returncode  # fmt: skip


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path):
    assert _run(tmp_path, "killed", 4) == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    assert json.loads((tmp_path / "state" / "state.json").read_text())["epoch"] == 3
    assert _run(tmp_path, "resumed", 0) == 0
    whole = LineTask()
    history = train(whole, PLAN)
    resumed = load_file(tmp_path / "resumed")
    assert set(resumed) == set(whole.module.state_dict())
    for name, value in whole.module.state_dict().items():
        assert torch.equal(resumed[name], value), name
    assert _numbers(json.loads((tmp_path / "resumed.json").read_text())) == _numbers(history)


def test_a_resumed_run_tells_the_epochs_again_and_keeps_an_earlier_best(tmp_path):
    scripted = (3.0, 1.0, 2.0, 2.0, 1.5)
    checkpoint = Checkpoint(tmp_path / "state", {"seed": 0})
    seen = []

    class Stop(Exception):
        pass

    task = LineTask(scripted=scripted)

    def stop(values):
        seen.append(task.module.last.weight.detach().clone())
        if values["epoch"] == 3:
            raise Stop

    with pytest.raises(Stop):
        train(task, PLAN, checkpoint=checkpoint, on_epoch=stop)
    reported = []
    again = LineTask(scripted=scripted)
    train(again, PLAN, checkpoint=checkpoint, on_epoch=reported.append)
    assert [one["epoch"] for one in reported] == [1, 2, 3, 4, 5]
    assert torch.equal(again.module.last.weight, seen[1])
    # A run that has finished comes back at once with the same weights.
    once_more = LineTask(scripted=scripted)
    steps = []
    train(once_more, PLAN, checkpoint=checkpoint, progress=lambda *step: steps.append(step))
    assert not steps
    assert torch.equal(once_more.module.last.weight, seen[1])
    checkpoint.remove()
    assert not checkpoint.folder.exists()


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_refused(tmp_path):
    plan = Plan(epochs=1, seed=0, threads=1)
    train(LineTask(), plan, checkpoint=Checkpoint(tmp_path / "state", {"data": "a", "seed": 0}))
    with pytest.raises(ConfigError, match="its seed is 0, not 1"):
        train(LineTask(), plan, checkpoint=Checkpoint(tmp_path / "state", {"data": "a", "seed": 1}))
    nested = Checkpoint(tmp_path / "state", {"data": "a", "seed": 0, "config": {"training": {"epochs": 3}}})
    with pytest.raises(ConfigError, match=r"its config\.training\.epochs is None, not 3"):
        train(LineTask(), plan, checkpoint=nested)
    with pytest.raises(ConfigError, match="its data is 'a', not 'b'"):
        train(LineTask(), plan, checkpoint=Checkpoint(tmp_path / "state", {"data": "b", "seed": 0}))
    tensors = tmp_path / "state" / "state.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-40])
    with pytest.raises(ModelError, match="damaged"):
        train(LineTask(), plan, checkpoint=Checkpoint(tmp_path / "state", {"data": "a", "seed": 0}))


def test_row_dropout_depends_on_the_key_alone():
    keys = np.array([5, 9, -3, 5])
    mask = row_masks(keys, 10, 0.3, 11)
    assert (mask[0] == mask[3]).all()
    assert (row_masks(keys[::-1].copy(), 10, 0.3, 11) == mask[::-1]).all()
    assert (row_masks(keys, 10, 0.3, 12) != mask).any()
    many = row_masks(np.arange(20_000), 7, 0.3, 1)
    assert set(np.unique(many)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (many == 0).mean(axis=0) == pytest.approx(0.3, abs=0.015)
    assert np.abs(np.corrcoef((many == 0).T) - np.eye(7)).max() < 0.03
    layer, rows = RowDropout(0.5), torch.ones(4, 6)
    assert (layer(rows, torch.arange(4)) != 1).all()
    assert (layer.eval()(rows, torch.arange(4)) == 1).all()
