"""Rows of a tensor, picked one by one or summed by bags, with gradients that are added up without sorting."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from data.batch import I64, Array
from data.kernel import kernel


def picked(vectors: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """[..., D] the rows of `vectors` [V, D] at `at` [...] int64."""
    starts = torch.arange(at.numel(), device=at.device)
    return summed(vectors, at.reshape(-1), starts).reshape(*at.shape, vectors.shape[1])


def summed(vectors: torch.Tensor, codes: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
    """[B, D] sums of the rows of `vectors` [V, D] that each bag names, zeros for an empty one.

    `codes` [M] are the rows of all bags one after the other, `starts` [B] where each bag begins; both int64.
    """
    if vectors.device.type != "cpu":
        return torch.nn.functional.embedding_bag(codes, vectors, starts, mode="sum")
    out: torch.Tensor = _Summed.apply(vectors, codes, starts)
    return out


class _Summed(torch.autograd.Function):  # type: ignore[misc]  # torch comes without types
    """Torch's own backward pass sorts all codes first, which takes longer than the adding itself."""

    @staticmethod
    def forward(ctx: Any, vectors: torch.Tensor, codes: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(codes, starts)
        ctx.shape = vectors.shape
        return torch.nn.functional.embedding_bag(codes, vectors, starts, mode="sum")

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        codes, starts = ctx.saved_tensors
        out = grad.new_zeros(ctx.shape)
        _scatter(out.numpy(), codes.numpy(), starts.numpy(), grad.contiguous().numpy())
        return out, None, None


@kernel
def _scatter(out: Array, codes: I64, starts: I64, grads: Array) -> None:
    for bag in range(len(starts)):
        end = starts[bag + 1] if bag + 1 < len(starts) else len(codes)
        for i in range(starts[bag], end):
            row, grad = out[codes[i]], grads[bag]
            for d in range(len(grad)):
                row[d] += grad[d]
