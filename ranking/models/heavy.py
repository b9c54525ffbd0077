"""The heavy ranker: a trunk of feature crossings over many columns, and a head for each action.

    inputs (log1p, curves) -> normalise, clip -> [+ embeddings of reader and author] -> trunk -> A logits

The reference size M has 96 inputs, 4 mask blocks of hidden 192 and out 64, a trunk of 128 and 10 actions. People look
less at what stands lower in a feed; two weights on the position learn by how much, and are left out when scoring, as if
everything stood on top.
"""

from __future__ import annotations

import numpy as np
import torch
from pydantic import Field
from torch import nn

from data.batch import F32, I64, CandidateBatch
from ranking.models.action_scorer import RANKER_BATCH, NetConfig, NetScorer
from ranking.models.dense import Normalise
from ranking.models.inputs import FIRST_STD, HASHES, hash_buckets
from ranking.models.trunks import Heads, make_trunk


class HeavyConfig(NetConfig):
    """Shape, inputs and training of a heavy ranker."""

    embedding: int = Field(0, ge=0)
    """D, length of a vector for each reader and each author, which enter with their product; 0 for none."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of its inputs, and the ids where it has vectors for them."""
        return self.inputs.reads + (("user_id", "author_id") if self.embedding else ())


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


class PairVectors(nn.Module):  # type: ignore[misc]
    """Vectors of readers and authors, hashed, and their product: [N, 3 D]."""

    def __init__(self, buckets: int, dim: int) -> None:
        super().__init__()
        self.readers, self.authors = nn.Embedding(buckets, dim), nn.Embedding(buckets, dim)
        for table in (self.readers, self.authors):
            nn.init.normal_(table.weight, std=FIRST_STD)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """From buckets [N, 2 HASHES]: the reader's, then the author's."""
        reader, author = self.readers(ids[:, :HASHES]).sum(1), self.authors(ids[:, HASHES:]).sum(1)
        return torch.cat([reader, author, reader * author], dim=1)


class HeavyNet(nn.Module):  # type: ignore[misc]
    """The network. Every parameter's shape follows from the config."""

    def __init__(self, config: HeavyConfig) -> None:
        super().__init__()
        inputs, actions = len(config.inputs.names), len(config.actions)
        width = inputs + 3 * config.embedding
        self.normalise = Normalise(inputs, config.inputs.clip)
        self.vectors = PairVectors(config.buckets, config.embedding) if config.embedding else None
        self.trunk = make_trunk(config.trunk, width, config.blocks, config.hidden, config.out, config.width, actions)
        self.heads, self.position = Heads(config.width, actions), Position()

    def forward(self, x: torch.Tensor, ids: torch.Tensor | None, position: torch.Tensor | None) -> torch.Tensor:
        """[N, A] logits from normalised inputs [N, F], buckets [N, 2 HASHES] and, in training, places [N]."""
        if self.vectors is not None:
            x = torch.cat([x, self.vectors(ids)], dim=1)
        logits: torch.Tensor = self.heads(self.trunk(x))
        return logits if position is None else self.position(logits, position)


class HeavyRanker(NetScorer):
    """Feature crossings over many columns and a head an action: the trained network as a scorer.

    A row's probabilities change with the size of the batch by rounding alone: before the isotonic lines by 1e-5 of
    themselves at most, after them by that times a line's slope, which between two blocks can be some tens.
    """

    kind, config_type, net_type = "heavy", HeavyConfig, HeavyNet

    config: HeavyConfig

    def raw(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """See `ActionScorer`."""
        x = self.config.inputs.matrix(batch.column, len(batch))
        ids = None
        if self.config.embedding:
            ids = pair_buckets(batch.column("user_id"), batch.column("author_id"), self.config.buckets)
        return self.of_inputs(x, ids, position)

    def of_inputs(self, x: F32, ids: I64 | None, position: F32 | None = None) -> F32:
        """[N, A] uncalibrated probabilities of input rows [N, F] at places [N], on top unless these are given."""
        out = np.empty((len(x), len(self.actions)), np.float32)
        with torch.inference_mode():
            for at in range(0, len(x), RANKER_BATCH):
                some = slice(at, at + RANKER_BATCH)
                buckets = torch.from_numpy(ids[some]) if ids is not None else None
                inputs = self.net.normalise(torch.from_numpy(x[some]))
                places = torch.from_numpy(position[some]) if position is not None else None
                out[some] = torch.sigmoid(self.net(inputs, buckets, places)).numpy()
        return out


def pair_buckets(users: I64, authors: I64, buckets: int) -> I64:
    """[N, 2 HASHES] buckets of readers and authors."""
    out: I64 = np.concatenate([hash_buckets(users, buckets), hash_buckets(authors, buckets)], axis=1)
    return out
