"""Trains any task: epochs, the learning rate's course, the best weights kept, checkpoints, one process or several.

A task owns a module, its optimizers and its batches; the engine walks the epochs. Batches follow from (seed, epoch)
and torch's random numbers are seeded anew each epoch, so that a run that was killed and goes on from its checkpoint
ends with the same weights, bit by bit (on the same kind of device, on the CPU with the same number of threads).

With several processes (`ranking.processes`) each is given the same global batches and computes its share of
the loss; the gradients are summed over all of them, so the loss curve is that of one process.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from data.errors import ModelError
from data.progress import Progress, no_progress
from ranking.processes import agreed, processes, total
from ranking.training.checkpoint import Checkpoint, Position, State

B = TypeVar("B")


class Task(Protocol[B]):
    """Something to train."""

    @property
    def module(self) -> nn.Module:
        """What learns, on its device already."""
        ...

    @property
    def optimizers(self) -> Sequence[torch.optim.Optimizer]:
        """They step together; each one's `lr` when the training begins is its highest."""
        ...

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        ...

    @property
    def watched(self) -> str:
        """The number of `validate` that is least at the best epoch."""
        ...

    def batches(self, epoch: int) -> Iterator[B]:
        """The global batches of an epoch (from 1), deterministic from the task's seed and the epoch."""
        ...

    def rows(self, batch: B) -> int:
        """Examples of a global batch."""
        ...

    def loss(self, batch: B) -> torch.Tensor:
        """The mean loss over a batch; of several processes, this one's share of it: the shares sum to the mean.

        The share is the sum over the rows `processes().share(rows)`, divided by the rows of the global batch.
        """
        ...

    def validate(self) -> Mapping[str, float]:
        """What is measured after an epoch, `watched` among it; the module is in evaluation mode, without gradient."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long and how fast."""

    epochs: int
    seed: int
    threads: int = 2
    """CPU threads; the sums of another number round differently. Several processes share them out."""
    patience: int = 0
    """Epochs without a better one after which the training stops; 0 goes through all epochs."""
    rise: float = 0.5
    """Epochs over which the learning rate rises linearly."""
    floor: float = 0.05
    """Share of the highest learning rate where its cosine ends."""

    def rate(self, step: int, steps: int) -> float:
        """Share of the highest learning rate at `step` (from 0) when an epoch has `steps`."""
        rise, end = max(1, int(steps * self.rise)), steps * self.epochs
        if step < rise:
            return (step + 1) / rise
        falling = 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, end - rise)))
        return self.floor + (1 - self.floor) * falling


def train(
    task: Task[B],
    plan: Plan,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Trains `task.module`, which ends in evaluation mode with the weights of its best epoch (the first of equals).

    `progress` is called after each step. `on_epoch` gets `epoch` (from 1), `train_loss` (mean over the epoch's
    examples), what `validate` measured, `seconds` and `examples_per_s` of training. With `checkpoint`, each epoch is
    kept there; a run that was killed goes on after its last epoch, and reports the earlier ones again first.

    Returns:
        The history: what `on_epoch` got.

    Raises:
        ModelError: a loss or the watched number is not finite (the epoch is named), or the checkpoint is damaged.
        ConfigError: the checkpoint is of another run.
    """
    module, optimizers = task.module, task.optimizers
    report = on_epoch or (lambda values: None)
    highest = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    with deterministic(plan.seed, plan.threads):
        at, best = checkpoint.load(module, optimizers) if checkpoint is not None else (Position(), State())
        for values in at.history:
            report(dict(values))
        step = step_of(task)
        done, steps = at.epoch * task.steps, plan.epochs * task.steps
        while at.epoch < plan.epochs and not (plan.patience and at.epoch - at.best_epoch >= plan.patience):
            epoch = at.epoch + 1
            torch.manual_seed(plan.seed * 1_000_003 + epoch)
            start = time.perf_counter()
            module.train()
            summed, rows = 0.0, 0
            for batch in task.batches(epoch):
                _set_rates(optimizers, highest, plan.rate(done, task.steps))
                summed += step(batch, epoch) * task.rows(batch)
                rows, done = rows + task.rows(batch), done + 1
                progress(done, steps, f"step {done} of {steps}")
            seconds = time.perf_counter() - start
            values = {"epoch": float(epoch), "train_loss": summed / max(rows, 1)} | _validated(task, epoch)
            values |= {"seconds": seconds, "examples_per_s": rows / max(seconds, 1e-9)}
            history = [*at.history, values]
            better = not at.best_epoch or values[task.watched] < at.history[at.best_epoch - 1][task.watched]
            at = Position(epoch, epoch if better else at.best_epoch, history)
            if better:
                best = {name: value.detach().clone() for name, value in module.state_dict().items()}
            if checkpoint is not None and processes().rank == 0:
                checkpoint.save(at, module.state_dict(), best, optimizers)
            report(dict(values))
        module.load_state_dict(best)
        module.eval()
    return at.history


def step_of(task: Task[B]) -> Callable[[B, int], float]:
    """One step of training on a batch of an epoch, as `train` makes it; returns the loss of the global batch.

    Raises (when called):
        ModelError: the loss is not finite.
    """
    me, optimizers = processes(), task.optimizers
    learns = [parameter for parameter in task.module.parameters() if parameter.requires_grad]
    forward: Callable[[B], torch.Tensor] = task.loss
    scale = 1
    if me.count > 1 and learns:
        devices = [learns[0].device] if learns[0].is_cuda else None
        forward = nn.parallel.DistributedDataParallel(_Loss(task, me.count), device_ids=devices)
        scale = me.count

    def step(batch: B, epoch: int) -> float:
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = forward(batch)
        value = float(total(loss)) / scale
        if not math.isfinite(value):
            raise ModelError(
                f"the training loss is {value} in epoch {epoch}", remedy="lower the learning rate or check the columns"
            )
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return value

    return step


class _Loss(nn.Module):  # type: ignore[misc]  # torch comes without types
    """The loss as a module's forward pass, as `DistributedDataParallel` wants it; that takes the mean of gradients."""

    def __init__(self, task: Task[Any], count: int) -> None:
        super().__init__()
        self.module, self._loss, self._count = task.module, task.loss, count

    def forward(self, batch: Any) -> torch.Tensor:
        return self._loss(batch) * self._count


def _set_rates(optimizers: Sequence[torch.optim.Optimizer], highest: Sequence[Sequence[float]], share: float) -> None:
    for optimizer, tops in zip(optimizers, highest, strict=True):
        for group, top in zip(optimizer.param_groups, tops, strict=True):
            group["lr"] = top * share


def _validated(task: Task[Any], epoch: int) -> dict[str, float]:
    task.module.eval()
    with torch.no_grad():
        values = dict(task.validate())
    values[task.watched] = agreed(values[task.watched])
    for name, value in values.items():
        if not math.isfinite(value):
            raise ModelError(
                f"{name} is {value} in epoch {epoch}", remedy="lower the learning rate or check the columns"
            )
    return values


def _most_threads() -> int:
    """Threads that OpenMP may start: with fewer than torch asks for, oneDNN leaves sums in bfloat16 unwritten."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "").strip()
    return int(limit) if limit.isdecimal() and int(limit) else sys.maxsize


@contextmanager
def deterministic(seed: int, threads: int) -> Iterator[None]:
    """Seeds torch, fixes its threads and forbids kernels that are not deterministic; puts all back afterwards."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory
    # CUDA's fused attention adds up its gradients in any order.
    with torch.random.fork_rng(), sdpa_kernel(SDPBackend.MATH) if torch.cuda.is_available() else nullcontext():
        torch.manual_seed(seed)
        torch.set_num_threads(max(1, min(threads // processes().count, _most_threads())))
        torch.use_deterministic_algorithms(True)
        # Filling memory before it is written costs a tenth of a step; nothing here reads it unwritten.
        torch.utils.deterministic.fill_uninitialized_memory = False
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            torch.utils.deterministic.fill_uninitialized_memory = filling
