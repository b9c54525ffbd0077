"""Two processes train as one does: the same curve, the same weights."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from data.dataset import Dataset
from ranking.models.heavy import HeavyNet
from ranking.models.sequence import SequenceNet
from ranking.processes import Processes
from ranking.training.engine import Plan, train
from ranking.training.rankers import task as ranker_task
from ranking.training.rankers.task import HeavyTask, SequenceTask
from tests.ranking.training.line_task import LineTask
from tests.ranking.training.rankers.long_requests import HEAVY, SEQUENCE, curves, long_requests
from tests.ranking.training.two_tower import shelves


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A folder with the two logs of shelves, and with what two processes made of them."""
    folder = tmp_path_factory.mktemp("two")
    shelves.write_shelves(folder / "shelves")
    shelves.write_shelves(folder / "short", readers=16)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    program = ["-m", "tests.ranking.training.two_processes", folder]
    subprocess.run([*launch, *program], check=True, cwd=Path(__file__).parents[3], timeout=300)
    return folder


@pytest.fixture(scope="module")
def theirs(two):
    """What each epoch reports in two processes, by what was trained."""
    return json.loads((two / "curves.json").read_text())


@pytest.mark.slow
def test_two_processes_give_the_curve_and_weights_of_one(two):
    one = LineTask()
    history = train(one, Plan(epochs=5, seed=0, threads=1))
    theirs = json.loads((two / "line.json").read_text())
    for name in ("train_loss", "validation_loss"):
        assert [e[name] for e in theirs] == pytest.approx([e[name] for e in history], rel=1e-5)
    weights = load_file(two / "line")
    for name, value in one.module.state_dict().items():
        assert torch.allclose(weights[name], value, atol=1e-5), name


@pytest.mark.slow
def test_two_processes_train_the_two_towers_as_one_does(two, theirs):
    # Dropout, attention, thinned histories, hashed ids on both sides and sampled negatives are on, once with mined
    # ones; each positive meets the negatives of both processes, so the loss would differ if they were not gathered.
    ours = shelves.curves(Dataset.open(two / "shelves"), Dataset.open(two / "short"))
    for kind, name in itertools.product(("hard", "sampled", "few"), ("train_loss", "validation_loss")):
        # Over hundreds of steps of two rows each, rounding grows.
        close = 0.02 if kind == "few" else 2e-5
        assert [e[name] for e in theirs[kind]] == pytest.approx([e[name] for e in ours[kind]], rel=close), (kind, name)


@pytest.mark.slow
def test_two_processes_train_the_rankers_as_one_does(theirs):
    # Batches have an odd number of rows and are cut in the middle of requests; an action is unknown, another rare.
    for kind, history in curves().items():
        assert len(history) == 3
        assert history[-1]["train_loss"] < history[0]["train_loss"]
        for name in ("train_loss", "validation_loss"):
            assert [e[name] for e in theirs[kind]] == pytest.approx([e[name] for e in history], rel=2e-5), (kind, name)


@pytest.mark.parametrize(
    ("task_type", "net_type", "config"), [(HeavyTask, HeavyNet, HEAVY), (SequenceTask, SequenceNet, SEQUENCE)]
)
def test_the_shares_of_a_batch_have_the_loss_and_gradient_of_the_whole(monkeypatch, task_type, net_type, config):
    given = long_requests()
    config = config.model_copy(update={"actions": given.actions})
    torch.manual_seed(0)
    task = task_type(net_type(config), config, given, 1, torch.device("cpu"))
    batch = np.arange(13)
    assert given.request[5] == given.request[6], "the halves are to share a request"

    def of(count):
        task.module.zero_grad(set_to_none=True)
        summed = 0.0
        for one in (Processes(rank, count) for rank in range(count)):
            monkeypatch.setattr(ranker_task, "processes", lambda one=one: one)
            loss = task.loss(batch)
            loss.backward()
            summed += float(loss.detach())
        return summed, torch.cat([one.grad.ravel() for one in task.module.parameters()])

    whole, gradient = of(1)
    for count in (2, 3, 14):  # of 14 one has nothing
        loss, summed = of(count)
        assert loss == pytest.approx(whole, rel=1e-6)
        assert torch.allclose(summed, gradient, rtol=1e-4, atol=1e-7)
