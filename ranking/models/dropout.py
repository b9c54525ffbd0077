"""Dropout whose mask depends on the row, not on where the row stands: the same for one process and for several."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from data.batch import F32, I64
from data.kernel import kernel


class RowDropout(nn.Module):  # type: ignore[misc]  # torch comes without types
    """Zeroes a share `p` of each row in training and scales the rest by 1 / (1 - p).

    Each call draws one number from torch's generator; with it and a row's key the row's mask is settled. Processes
    that are seeded alike and call alike so agree about every row, whichever of them holds it.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, rows: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        """[N, W] from rows [N, W] and int64 keys [N]."""
        if not self.training or self.p == 0:
            return rows
        salt = int(torch.randint(2**62, ()))
        mask = row_masks(np.ascontiguousarray(keys.cpu().numpy()), rows.shape[1], self.p, salt)
        return rows * torch.from_numpy(mask).to(rows.device)


def row_masks(keys: I64, width: int, p: float, salt: int) -> F32:
    """[N, width] float32: 0 with probability `p` (to 1/65536), else 1 / (1 - p); from splitmix64 of key and salt."""
    out: F32 = _masks(keys, width, round(p * 65536), np.float32(1 / (1 - p)), salt)
    return out


@kernel
def _masks(keys: I64, width: int, below: int, kept: np.float32, salt: int) -> F32:
    out = np.empty((len(keys), width), np.float32)
    for row in range(len(keys)):
        state = _mix(np.uint64(keys[row]) ^ np.uint64(salt))
        for at in range(0, width, 4):
            state += np.uint64(0x9E3779B97F4A7C15)
            bits = _mix(state)
            for column in range(at, min(at + 4, width)):
                out[row, column] = kept if int(bits & np.uint64(0xFFFF)) >= below else np.float32(0)
                bits >>= np.uint64(16)
    return out


@kernel
def _mix(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
