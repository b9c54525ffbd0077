"""What the networks of all rankers have in common: normalised inputs, a trunk, a head an action, the position."""

from __future__ import annotations

import torch
from torch import nn

from ranking.models.action_scorer import NetConfig
from ranking.models.dense import Normalise
from ranking.models.trunks import Heads, make_trunk


class Position(nn.Module):  # type: ignore[misc]  # torch comes without types
    """Who does not look does not act: at place x the probability is e(x) q, where q is that on top.

    The examination hypothesis (Craswell et al., WSDM 2008) with -log e(x) = |a| x / 20 + |b| log(1 + x), so that
    e(0) = 1. A logit that falls by the same amount for all, as in additive shallow towers, takes too little from what
    is likely and too much from what is not, and so promises too little of the likely on top.
    """

    log_rate: torch.Tensor
    """[] log r: logits are of rows of which only a share r of those without an action were kept."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2,), 0.1))
        self.register_buffer("log_rate", torch.zeros(()))

    def forward(self, logits: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
        """[N, A] logits at places [N], 0 the top, from those on top."""
        at = torch.stack([position / 20, torch.log1p(position)], dim=1)
        seen = -(at * self.weight.abs()).sum(dim=1, keepdim=True)
        # At the top log(1 - e) would be minus infinity, and its gradient not a number.
        unseen = torch.log(-torch.expm1(seen.clamp(max=-1e-7)))
        # With q = s / (1 + s) the odds of e q are e s / (1 + (1 - e) s); sampling divides odds by r.
        full = logits.float() + self.log_rate
        return logits + seen - nn.functional.softplus(full + unseen)


class RankerNet(nn.Module):  # type: ignore[misc]
    """A network over normalised inputs [N, F]; a subclass makes its own layers, then calls `add_trunk`."""

    trunk: nn.Module
    heads: Heads
    position: Position

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        self.normalise = Normalise(len(config.inputs.names), config.inputs.clip)

    def add_trunk(self, config: NetConfig, width: int) -> None:
        """Makes what follows the subclass's layers, which give `width` numbers a row.

        Initial weights are drawn in the order in which layers are made.
        """
        actions = len(config.actions)
        self.trunk = make_trunk(config.trunk, width, config.blocks, config.hidden, config.out, config.width, actions)
        self.heads, self.position = Heads(config.width, actions), Position()

    def logits(self, x: torch.Tensor, position: torch.Tensor | None) -> torch.Tensor:
        """[N, A] from [N, width] and, in training, places [N]."""
        logits: torch.Tensor = self.heads(self.trunk(x))
        return logits if position is None else self.position(logits, position)
