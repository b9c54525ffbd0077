"""Three ways from F normalised inputs to what the heads of A actions read: MaskNet, DCNv2 and MMoE."""

from __future__ import annotations

import torch
from torch import nn

KINDS = ("masknet", "dcn", "mmoe")


class MaskBlock(nn.Module):  # type: ignore[misc]  # torch comes without types
    """[N, O] = ReLU(LayerNorm(Linear(mask * LayerNorm(x)))), with mask = Linear(ReLU(Linear(x))) made of the inputs.

    The instance-guided mask of MaskNet (Wang, She and Zhang, DLP-KDD 2021), which multiplies inputs with one another.
    """

    def __init__(self, width: int, hidden: int, out: int) -> None:
        super().__init__()
        self.wide, self.mask = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.project, self.norm = nn.Linear(width, out), nn.LayerNorm(out)
        # At first the mask is about 1 everywhere: the block begins as a plain layer.
        nn.init.ones_(self.mask.bias)

    def forward(self, x: torch.Tensor, normed: torch.Tensor) -> torch.Tensor:
        """From the inputs [N, F] and the same layer-normalised."""
        masked = self.mask(torch.relu_(self.wide(x))) * normed
        return torch.relu_(self.norm(self.project(masked)))


class MaskNet(nn.Module):  # type: ignore[misc]
    """Parallel mask blocks over an embedding of the inputs, joined by one layer."""

    def __init__(self, width: int, blocks: int, hidden: int, out: int, trunk: int) -> None:
        super().__init__()
        self.embed, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(MaskBlock(width, hidden, out) for _ in range(blocks))
        self.trunk = nn.Linear(blocks * out, trunk)
        self.width = trunk

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, trunk] from [N, F]."""
        x = self.embed(x)
        normed = self.norm(x)
        return torch.relu_(self.trunk(torch.cat([block(x, normed) for block in self.blocks], dim=1)))


class DCN(nn.Module):  # type: ignore[misc]
    """Cross layers x' = x0 * (W x + b) + x beside a deep tower (DCN V2, Wang et al., WWW 2021, parallel form)."""

    def __init__(self, width: int, blocks: int, hidden: int, out: int, trunk: int) -> None:
        super().__init__()
        self.crosses = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.deep = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out), nn.ReLU())
        self.trunk = nn.Linear(width + out, trunk)
        self.width = trunk

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, trunk] from [N, F]."""
        crossed = x
        for cross in self.crosses:
            crossed = x * cross(crossed) + crossed
        return torch.relu(self.trunk(torch.cat([crossed, self.deep(x)], dim=1)))


class MMoE(nn.Module):  # type: ignore[misc]
    """Experts shared by all actions, mixed for each by a softmax gate of its own (Ma et al., KDD 2018)."""

    def __init__(self, width: int, blocks: int, hidden: int, out: int, trunk: int, actions: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out), nn.ReLU()) for _ in range(blocks)
        )
        self.gates = nn.Linear(width, actions * blocks)
        self.trunk = nn.Linear(out, trunk)
        self.width, self._shape = trunk, (actions, blocks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, A, trunk] from [N, F]."""
        experts = torch.stack([expert(x) for expert in self.experts], dim=1)
        gates = self.gates(x).unflatten(1, self._shape).softmax(dim=2)
        return torch.relu(self.trunk(gates @ experts))


class Heads(nn.Module):  # type: ignore[misc]
    """One logit an action, from a trunk shared by all [N, W] or one for each [N, A, W]."""

    def __init__(self, width: int, actions: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(actions, width))
        self.bias = nn.Parameter(torch.zeros(actions))
        nn.init.uniform_(self.weight, -(width**-0.5), width**-0.5)

    def start_at(self, rates: torch.Tensor) -> None:
        """Sets the biases so that the first guesses are about the rates [A] of the actions."""
        with torch.no_grad():
            self.bias.copy_(torch.logit(rates.to(self.bias.dtype).clamp(1e-6, 1 - 1e-6)))

    def forward(self, trunk: torch.Tensor) -> torch.Tensor:
        """[N, A] logits."""
        if trunk.dim() == 3:
            return (trunk * self.weight).sum(dim=2) + self.bias
        return nn.functional.linear(trunk, self.weight, self.bias)


def make_trunk(kind: str, width: int, blocks: int, hidden: int, out: int, trunk: int, actions: int) -> nn.Module:
    """The trunk of a kind of `KINDS` over inputs of `width`."""
    if kind == "mmoe":
        return MMoE(width, blocks, hidden, out, trunk, actions)
    return {"masknet": MaskNet, "dcn": DCN}[kind](width, blocks, hidden, out, trunk)
