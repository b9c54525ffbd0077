"""The heavy ranker: a trunk of feature crossings over many columns, and a head for each action.

    inputs (log1p, curves) -> normalise, clip -> [+ embeddings of reader and author] -> trunk -> A logits

The reference size M has 96 inputs, 4 mask blocks of hidden 192 and out 64, a trunk of 128 and 10 actions. Users look
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
from ranking.models.inputs import FIRST_STD, HASHES, hash_buckets
from ranking.models.ranker_net import RankerNet


class HeavyConfig(NetConfig):
    """Shape, inputs and training of a heavy ranker."""

    embedding: int = Field(0, ge=0)
    """D, length of a vector for each reader and each author, which enter with their product; 0 for none."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of its inputs, and the ids where it has vectors for them."""
        return self.inputs.reads + (("user_id", "author_id") if self.embedding else ())


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


class HeavyNet(RankerNet):
    """The network. Every parameter's shape follows from the config."""

    def __init__(self, config: HeavyConfig) -> None:
        super().__init__(config)
        self.vectors = PairVectors(config.buckets, config.embedding) if config.embedding else None
        self.add_trunk(config, len(config.inputs.names) + 3 * config.embedding)

    def forward(self, x: torch.Tensor, ids: torch.Tensor | None, position: torch.Tensor | None) -> torch.Tensor:
        """[N, A] logits from normalised inputs [N, F], buckets [N, 2 HASHES] and, in training, places [N]."""
        if self.vectors is not None:
            x = torch.cat([x, self.vectors(ids)], dim=1)
        return self.logits(x, position)


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
