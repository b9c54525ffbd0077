"""A small task for the engine; run as a program it trains, so that it can be killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from ranking.models.dropout import RowDropout
from ranking.processes import joined, processes
from ranking.training.checkpoint import Checkpoint
from ranking.training.engine import Plan, train

ROWS, BATCH = 301, 50


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last, self.dropout = torch.nn.Linear(3, 8), torch.nn.Linear(8, 1), RowDropout(0.2)

    def forward(self, x, keys):
        return self.last(self.dropout(torch.tanh(self.first(x)), keys))[:, 0]


class LineTask:
    watched = "validation_loss"
    steps = -(-ROWS // BATCH)

    def __init__(self, seed=0, lr=0.02, poison=0, scripted=()):
        rng = np.random.default_rng(7)
        self.x = torch.tensor(rng.normal(size=(ROWS, 3)), dtype=torch.float32)
        self.y = self.x[:, 0] * 2 - self.x[:, 1] + 0.1
        torch.manual_seed(seed)
        self.module = Net()
        self.optimizers = [torch.optim.AdamW(self.module.parameters(), lr=lr, fused=True)]
        self.seed, self.poison, self.scripted, self.epoch = seed, poison, scripted, 0

    def batches(self, epoch):
        self.epoch = epoch
        order = np.random.default_rng([self.seed, epoch]).permutation(ROWS)
        yield from (torch.from_numpy(order[at : at + BATCH]) for at in range(0, ROWS, BATCH))

    def rows(self, batch):
        return len(batch)

    def loss(self, batch):
        mine = batch[processes().share(len(batch))]
        y = self.y[mine] * (float("nan") if self.epoch == self.poison else 1)
        return ((self.module(self.x[mine], mine) - y) ** 2).sum() / len(batch)

    def validate(self):
        loss = float(((self.module(self.x, torch.arange(ROWS)) - self.y) ** 2).mean())
        return {"validation_loss": self.scripted[self.epoch - 1] if self.scripted else loss}


def main(folder: Path, out: Path, kill_in: int) -> None:
    """Trains five epochs; kills itself without warning in the middle of epoch `kill_in`."""
    task = LineTask()

    def maybe_kill(done, total, note):
        if kill_in and done == (kill_in - 1) * task.steps + 3:
            os.kill(os.getpid(), signal.SIGKILL)

    with joined() as me:
        checkpoint = Checkpoint(folder, {"seed": 0})
        history = train(task, Plan(epochs=5, seed=0, threads=1), checkpoint=checkpoint, progress=maybe_kill)
        if me.rank == 0:
            save_file(task.module.state_dict(), out)
            out.with_suffix(".json").write_text(json.dumps(history))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
