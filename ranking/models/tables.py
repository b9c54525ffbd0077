"""Tables of hashed ids whose training touches only the rows that a batch names.

A table's weight takes no gradient itself. A lookup gathers the rows that are named, once each, as a leaf of the graph;
after `backward` that leaf's gradient is the whole gradient of the table, and `RowAdam` updates those rows alone. With
several processes the rows and gradients of all are merged first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from data.batch import F32, I64, Array
from data.kernel import kernel, sum_kernel
from ranking.models.bags import summed
from ranking.processes import gathered_arrays, processes


class HashTable(nn.Module):  # type: ignore[misc]  # torch comes without types
    """Vectors of entities, each the sum of its buckets' rows."""

    weight: torch.Tensor

    def __init__(self, buckets: int, dim: int, *, std: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(buckets, dim).normal_(std=std), requires_grad=False)
        self.touched: list[tuple[I64, torch.Tensor]] = []
        """Rows [R] (each once, ascending) and their leaf [R, D], one pair a lookup since the last step."""

    def forward(self, buckets: torch.Tensor) -> torch.Tensor:
        """[N, D] from buckets [N, H]."""
        if not (self.training and torch.is_grad_enabled()):
            return nn.functional.embedding_bag(buckets, self.weight, mode="sum")
        rows, at = compact(buckets.cpu().numpy(), len(self.weight))
        leaf = self.weight.index_select(0, torch.from_numpy(rows).to(self.weight.device)).requires_grad_()
        self.touched.append((rows, leaf))
        starts = torch.arange(0, at.size, at.shape[1], device=leaf.device)
        return summed(leaf, torch.from_numpy(at.reshape(-1)).to(leaf.device), starts)


class RowAdam(torch.optim.Optimizer):  # type: ignore[misc]
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019) on the touched rows of tables alone.

    A row that a step does not name keeps its weights and its moments ("lazy Adam"); the correction of the moments
    counts all steps. The second moment is one number a row, the mean over the row's squares: a third less memory to
    read, which is what limits an update of scattered rows. Rows are updated in ascending order by a kernel, so
    the numbers do not depend on threads.
    """

    def __init__(
        self,
        tables: Sequence[HashTable],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.tables = list(tables)
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__([table.weight for table in tables], defaults)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets which rows were touched."""
        for table in self.tables:
            table.touched.clear()

    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Updates the touched rows."""
        (group,) = self.param_groups
        for table in self.tables:
            rows, grads = _merged(table)
            state = self.state[table.weight]
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32)
                state["mean"], state["square"] = (
                    torch.zeros_like(table.weight),
                    table.weight.new_zeros(len(table.weight)),
                )
            state["step"] += 1
            if not len(rows):
                continue
            beta1, beta2 = group["betas"]
            step = float(state["step"])
            update = _update if table.weight.device.type == "cpu" else _update_anywhere
            update(
                table.weight.detach(), state["mean"], state["square"], rows, grads,
                (group["lr"], beta1, beta2, group["eps"], group["weight_decay"], 1 - beta1**step, 1 - beta2**step),
            )  # fmt: skip


def compact(codes: Array, size: int) -> tuple[I64, I64]:
    """The distinct values of int64 `codes` (all in 0..size-1), ascending, and each code's place among them."""
    flat = np.ascontiguousarray(codes, np.int64).reshape(-1)
    distinct, at = _compact(flat, size)
    return distinct, at.reshape(codes.shape)


def _merged(table: HashTable) -> tuple[I64, torch.Tensor]:
    """Touched rows, ascending and each once, and their summed gradients [R, D], of all lookups and processes."""
    touched = [(rows, leaf.grad) for rows, leaf in table.touched if leaf.grad is not None]
    if len(touched) == 1 and processes().count == 1:
        return touched[0]
    device = table.weight.device
    rows = np.concatenate([rows for rows, _ in touched]) if touched else np.empty(0, np.int64)
    grads = torch.cat([grad for _, grad in touched]) if touched else table.weight.new_empty((0, table.weight.shape[1]))
    rows = torch.cat(list(gathered_arrays(torch.from_numpy(rows).to(device)))).cpu().numpy()
    grads = torch.cat(list(gathered_arrays(grads)))
    distinct, at = compact(rows, len(table.weight))
    merged = torch.zeros((len(distinct), grads.shape[1]), device=device)
    return distinct, merged.index_add_(0, torch.from_numpy(at).to(device), grads)


def _update(
    weight: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    rows: I64,
    grads: torch.Tensor,
    by: tuple[float, ...],
) -> None:
    _adam(weight.numpy(), mean.numpy(), square.numpy(), rows, grads.numpy(), np.array(by, np.float32))


def _update_anywhere(
    weight: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    rows: I64,
    grads: torch.Tensor,
    by: tuple[float, ...],
) -> None:
    """The same by torch's operations, for other devices than the CPU."""
    lr, beta1, beta2, eps, decay, right1, right2 = by
    at = torch.from_numpy(rows).to(weight.device)
    m = mean[at].mul_(beta1).add_(grads, alpha=1 - beta1)
    v = square[at].mul_(beta2).add_((grads * grads).mean(dim=1), alpha=1 - beta2)
    w = weight[at]
    weight[at] = w - lr * (m / right1 / ((v / right2).sqrt() + eps)[:, None] + decay * w)
    mean[at], square[at] = m, v


@sum_kernel
def _adam(weight: F32, mean: F32, square: F32, rows: I64, grads: F32, by: F32) -> None:
    lr, beta1, beta2, eps, decay, right1, right2 = by[0], by[1], by[2], by[3], by[4], by[5], by[6]
    one, zero = np.float32(1), np.float32(0)
    for i in range(len(rows)):
        w, m, g = weight[rows[i]], mean[rows[i]], grads[i]
        squares = zero
        for d in range(len(g)):
            squares += g[d] * g[d]
        second = beta2 * square[rows[i]] + (one - beta2) * squares / np.float32(len(g))
        square[rows[i]] = second
        size = lr / right1 / (np.sqrt(second / right2) + eps)
        for d in range(len(g)):
            m[d] = beta1 * m[d] + (one - beta1) * g[d]
            w[d] -= size * m[d] + lr * decay * w[d]


@kernel
def _compact(codes: I64, size: int) -> Any:
    place = np.full(size, -1, np.int64)
    for code in codes:
        place[code] = 0
    distinct = np.empty(min(size, len(codes)), np.int64)
    count = 0
    for code in range(size):
        if place[code] == 0:
            place[code] = count
            distinct[count] = code
            count += 1
    at = np.empty(len(codes), np.int64)
    for i in range(len(codes)):
        at[i] = place[codes[i]]
    return distinct[:count].copy(), at
