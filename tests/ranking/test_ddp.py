"""Two processes train as one does: the same curve, the same weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ranking.training.engine import Plan, train
from ranking.training.examples import build_examples
from ranking.training.loop import train_two_tower
from tests.ranking.line_task import LineTask
from tests.ranking.shelves import CONFIG, write_shelves


def _two(module, *arguments):
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", module]
    subprocess.run([*launch, *arguments], check=True, cwd=Path(__file__).parents[2], timeout=300)


@pytest.mark.slow
def test_two_processes_give_the_curve_and_weights_of_one(tmp_path):
    _two("tests.ranking.line_task", tmp_path / "state", tmp_path / "two", "0")
    one = LineTask()
    history = train(one, Plan(epochs=5, seed=0, threads=1))
    theirs = json.loads((tmp_path / "two.json").read_text())
    for name in ("train_loss", "validation_loss"):
        assert [e[name] for e in theirs] == pytest.approx([e[name] for e in history], rel=1e-5)
    weights = load_file(tmp_path / "two")
    for name, value in one.module.state_dict().items():
        assert torch.allclose(weights[name], value, atol=1e-5), name


@pytest.mark.slow
def test_two_processes_train_the_two_towers_as_one_does(tmp_path):
    # Dropout, attention, thinned histories, hashed ids on both sides, sampled and mined negatives are all on; each
    # positive meets the negatives of both processes, so the loss would differ if they were not gathered.
    data = write_shelves(tmp_path / "shelves")
    _two("tests.ranking.shelves", tmp_path / "shelves", tmp_path / "two.json")
    history = []
    train_two_tower(CONFIG, build_examples(data, CONFIG, seed=0), seed=3, on_epoch=history.append)
    theirs = json.loads((tmp_path / "two.json").read_text())
    for name in ("train_loss", "validation_loss"):
        assert [e[name] for e in theirs] == pytest.approx([e[name] for e in history], rel=2e-5), name
