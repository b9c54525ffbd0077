"""Several processes that train one model: their ranks, the share of each, and what they exchange.

`torchrun --nproc-per-node 2 -m experiments.cli train ...` starts them; without it there is one process and everything
here is the identity. All processes walk the same global batches; each computes its share of the rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from data.errors import ConfigError

_PATIENCE = timedelta(hours=12)
"""How long one process waits for another: the first one alone reads a long log and fits the trees to learn from."""


@dataclass(frozen=True)
class Processes:
    """This process among all."""

    rank: int = 0
    count: int = 1

    def share(self, rows: int) -> slice:
        """The rows of a batch that are this process's: contiguous, sizes that differ by one at most, in rank order."""
        return slice(rows * self.rank // self.count, rows * (self.rank + 1) // self.count)


def processes() -> Processes:
    """The processes that have joined; one where none has."""
    if not dist.is_available() or not dist.is_initialized():
        return Processes()
    return Processes(dist.get_rank(), dist.get_world_size())


@contextmanager
def joined() -> Iterator[Processes]:
    """Joins the processes that torchrun started (NCCL where each has a GPU, else gloo) and leaves them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1 or dist.is_initialized():
        yield processes()
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    on_gpus = torch.cuda.is_available() and torch.cuda.device_count() >= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if on_gpus:
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if on_gpus else "gloo", timeout=_PATIENCE)
    try:
        yield processes()
    finally:
        dist.destroy_process_group()


@contextmanager
def first_process_first() -> Iterator[None]:
    """The first process runs the block alone, then the others: it fills the caches that they read."""
    me = processes()
    if me.count > 1 and me.rank > 0:
        dist.barrier()
    yield
    if me.count > 1 and me.rank == 0:
        dist.barrier()


def pick_device(name: str = "auto") -> torch.device:
    """`cpu`, `cuda`, or `auto`: CUDA where there is one (and one for each process), else the CPU.

    Raises:
        ConfigError: CUDA is requested and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device 'cuda' is requested but there is none", remedy="set device = 'auto' or 'cpu'")
    nccl = processes().count == 1 or dist.get_backend() == "nccl"
    if name == "cuda" or (name == "auto" and torch.cuda.is_available() and nccl):
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")


def total(value: torch.Tensor) -> torch.Tensor:
    """The sum of every process's `value`, without gradient; all get the same."""
    value = value.detach()
    if processes().count > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value


def agreed(value: float) -> float:
    """The first process's number, so that all decide alike."""
    if processes().count == 1:
        return value
    held: list[float] = [value]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def gathered(value: torch.Tensor, rows: int) -> torch.Tensor:
    """[rows, D] the shares [share, D] of all processes in order of rank; gradients flow back to each share.

    The gradient of a share is the sum of what all processes' losses say of it, so that summing the parameters'
    gradients over processes gives the gradient of the summed loss.
    """
    if processes().count == 1:
        return value
    out: torch.Tensor = _Gather.apply(value, rows)
    return out


def gathered_arrays(value: torch.Tensor) -> Sequence[torch.Tensor]:
    """Every process's `value`, of whatever length in its first dimension, without gradient."""
    me = processes()
    if me.count == 1:
        return [value]
    lengths = [torch.zeros(1, dtype=torch.int64, device=value.device) for _ in range(me.count)]
    dist.all_gather(lengths, torch.tensor([len(value)], device=value.device))
    sizes = [int(one) for one in lengths]
    padded = value.new_zeros((max(sizes), *value.shape[1:]))
    padded[: len(value)] = value
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return [part[:size] for part, size in zip(parts, sizes, strict=True)]


class _Gather(torch.autograd.Function):  # type: ignore[misc]  # torch comes without types
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, rows: int) -> torch.Tensor:
        ctx.rows = rows
        # Zeros elsewhere and a sum: shares may differ in size, which an all-gather does not take.
        out = value.new_zeros((rows, *value.shape[1:]))
        out[processes().share(rows)] = value
        dist.all_reduce(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        whole = grad.contiguous().clone()
        dist.all_reduce(whole)
        return whole[processes().share(ctx.rows)], None
