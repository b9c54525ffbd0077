"""The sequence ranker: a small transformer over what the reader did last, with candidates isolated from one another.

Tokens are the reader and up to 200 past actions (author, action, age, place in the order). A candidate's token is made
of its author and its inputs; in every layer it attends to the reader, to the history and to itself, and nothing
attends to it. So the history is encoded once a request, and a candidate's probabilities do not depend on what it is
scored with. Its last state joins the inputs of the heavy ranker's trunk and heads (as the behaviour sequence
transformer does, Chen et al., DLP-KDD 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from data.batch import F32, I64, CandidateBatch
from data.schema import ACTIONS
from ranking.models.action_scorer import NetConfig, NetScorer
from ranking.models.history import HISTORY, Histories
from ranking.models.inputs import FIRST_STD, hash_buckets
from ranking.models.ranker_net import RankerNet

AGES = 24
"""Buckets of age: place of 2 log2(1 + hours), at most 23."""

_CELLS = 8_000_000
"""Attention weights that are held at once when scoring."""


class SequenceConfig(NetConfig):
    """Shape, inputs and training of a sequence ranker; the trunk is as the heavy ranker's."""

    dim: int = Field(32, ge=2)
    """D, the length of a token."""
    layers: int = Field(2, ge=1)
    """Transformer layers."""
    attention: int = Field(2, ge=1)
    """Attention heads; divides `dim`."""
    recent: int = Field(200, ge=1, le=200)
    """Newest actions that are attended to."""

    @model_validator(mode="after")
    def _even(self) -> Self:
        if self.dim % self.attention:
            raise ValueError(f"dim={self.dim} is no multiple of attention={self.attention}")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of its inputs, the history and the ids."""
        return (*self.inputs.reads, *HISTORY, "user_id", "author_id")


@dataclass(frozen=True)
class Pasts:
    """B requests' readers and their histories, padded; newest first."""

    reader: torch.Tensor
    """[B, 2] buckets."""
    author: torch.Tensor
    """[B, L, 2] buckets."""
    action: torch.Tensor
    """[B, L] codes."""
    age: torch.Tensor
    """[B, L] buckets of age."""
    known: torch.Tensor
    """[B, L + 1] True for the reader's own token, which stands first, and for each action that is there."""

    @classmethod
    def of(cls, reader: I64, histories: Histories, rows: I64, config: SequenceConfig) -> Pasts:
        """Of the requests `rows` of `histories`, by `reader` ids [B]."""
        index, known = histories.padded(rows, config.recent)
        ages = np.minimum(2 * np.log2(1 + np.maximum(histories.ages_h[index], 0)), AGES - 1)
        return cls(
            torch.from_numpy(hash_buckets(reader, config.buckets)),
            torch.from_numpy(hash_buckets(histories.authors[index].ravel(), config.buckets).reshape(*index.shape, 2)),
            torch.from_numpy(np.clip(histories.actions[index], 0, len(ACTIONS) - 1).astype(np.int64)),
            torch.from_numpy(ages.astype(np.int64)),
            torch.from_numpy(np.concatenate([np.ones((len(rows), 1), np.bool_), known], axis=1)),
        )

    def to(self, device: torch.device) -> Pasts:
        """The same on a device."""
        every = (self.reader, self.author, self.action, self.age, self.known)
        return Pasts(*(one.to(device) for one in every))


@dataclass(frozen=True)
class Places:
    """Where each of N candidates stands in a table of R rows and C columns; a request with many has several rows."""

    row: torch.Tensor
    """[N] ascending."""
    column: torch.Tensor
    """[N] 0, 1, 2, ... within a row."""
    request: torch.Tensor
    """[R] whose candidates stand in a row."""
    shape: tuple[int, int]
    """R, C."""

    @classmethod
    def of(cls, request: I64, requests: int) -> Places:
        """From each candidate's request, ascending. A row is twice as wide as requests have candidates on average."""
        count = np.bincount(request, minlength=requests)
        width = max(1, min(int(count.max(initial=1)), 2 * -(-len(request) // max(requests, 1))))
        rows = -(-count // width)
        within = np.arange(len(request)) - np.repeat(np.cumsum(count) - count, count)
        row = np.repeat(np.cumsum(rows) - rows, count) + within // width
        owner = np.repeat(np.arange(requests), rows)
        row, column, owner = (torch.from_numpy(one) for one in (row, within % width, owner))
        return cls(row, column, owner, (len(owner), width))

    def to(self, device: torch.device) -> Places:
        """The same on a device."""
        return Places(self.row.to(device), self.column.to(device), self.request.to(device), self.shape)

    def of_requests(self, values: torch.Tensor) -> torch.Tensor:
        """[R, ...] each row's own from [B, ...] of the requests."""
        return values if len(values) == 1 == self.shape[0] else values[self.request]

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """[R, C, ...] from [N, ...], zeros elsewhere."""
        out = values.new_zeros((*self.shape, *values.shape[1:]))
        return out.index_put((self.row, self.column), values)

    def gather(self, table: torch.Tensor) -> torch.Tensor:
        """[N, ...] from [R, C, ...]."""
        return table[self.row, self.column]


class Layer(nn.Module):  # type: ignore[misc]  # torch comes without types
    """One pre-norm transformer layer, for the history and for candidates that look at it."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.norm, self.qkv, self.join = nn.LayerNorm(dim), nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def _split(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries (scaled), keys and values, each [..., H, D / H]."""
        q, k, v = self.qkv(self.norm(states)).chunk(3, dim=-1)
        q, k, v = (one.unflatten(-1, (self.heads, -1)) for one in (q, k, v))
        return q * self.scale, k, v

    def past(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values [B, H, L, D / H] of a history's states, for candidates of this layer."""
        _, k, v = self._split(states)
        return k.transpose(1, 2), v.transpose(1, 2)

    def history(
        self, states: torch.Tensor, known: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """The next states [B, L, D], and keys and values as `past` gives them."""
        q, k, v = (one.transpose(1, 2) for one in self._split(states))
        # Queries are scaled already; the fused kernel holds no table of L x L weights.
        seen = scaled_dot_product_attention(q, k, v, attn_mask=known[:, None, None, :], scale=1.0)
        states = states + self.join(seen.transpose(1, 2).flatten(2))
        return states + self.feed(states), (k, v)

    def candidates(
        self, states: torch.Tensor, past: tuple[torch.Tensor, torch.Tensor], known: torch.Tensor, places: Places
    ) -> torch.Tensor:
        """The next states [N, D] of candidates that attend to their request's history and to themselves."""
        q, own_k, own_v = self._split(states)
        keys, values = (places.of_requests(one) for one in past)
        logits = places.spread(q).transpose(1, 2) @ keys.transpose(2, 3)
        logits = logits.masked_fill(places.of_requests(~known)[:, None, None, :], -torch.inf)
        own = places.spread((q * own_k).sum(dim=2)).transpose(1, 2)[..., None]
        weight = torch.cat([logits, own], dim=3).softmax(dim=3)
        seen = places.gather((weight[..., :-1] @ values).transpose(1, 2))
        own_weight = places.gather(weight[..., -1].transpose(1, 2))
        states = states + self.join((seen + own_weight[..., None] * own_v).flatten(1))
        return states + self.feed(states)


class SequenceNet(RankerNet):
    """The network. Every parameter's shape follows from the config."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__(config)
        inputs, dim = len(config.inputs.names), config.dim
        self.readers, self.authors = nn.Embedding(config.buckets, dim), nn.Embedding(config.buckets, dim)
        self.deeds, self.ages = nn.Embedding(len(ACTIONS), dim), nn.Embedding(AGES, dim)
        self.order = nn.Embedding(config.recent, dim)
        for table in (self.readers, self.authors):
            nn.init.normal_(table.weight, std=FIRST_STD)
        for table in (self.deeds, self.ages, self.order):
            nn.init.normal_(table.weight, std=(4 * dim) ** -0.5)
        self.token = nn.Linear(inputs, dim)
        self.layers = nn.ModuleList(Layer(dim, config.attention) for _ in range(config.layers))
        self.add_trunk(config, inputs + dim)

    def encode(self, pasts: Pasts) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Keys and values of each layer, once a request."""
        deeds = self.authors(pasts.author).sum(2) + self.deeds(pasts.action) + self.ages(pasts.age)
        deeds = deeds + self.order.weight[: deeds.shape[1]]
        states = torch.cat([self.readers(pasts.reader).sum(1)[:, None], deeds], dim=1)
        out = []
        for layer in self.layers[:-1]:
            states, past = layer.history(states, pasts.known)
            out.append(past)
        # Nothing reads the states after the last layer.
        return [*out, self.layers[-1].past(states)]

    def forward(
        self, x: torch.Tensor, author: torch.Tensor, pasts: Pasts, places: Places, position: torch.Tensor | None
    ) -> torch.Tensor:
        """[N, A] logits from normalised inputs [N, F], author buckets [N, 2], pasts and, in training, positions."""
        states = self.token(x) + self.authors(author).sum(1)
        for layer, past in zip(self.layers, self.encode(pasts), strict=True):
            states = layer.candidates(states, past, pasts.known, places)
        return self.logits(torch.cat([x, states.to(x.dtype)], dim=1), position)


class SequenceRanker(NetScorer):
    """A transformer over the reader's last actions, a head an action: the trained network as a scorer.

    A row's probabilities change with what it is scored with by rounding alone, by as little as the heavy ranker's.
    """

    kind, config_type, net_type = "sequence", SequenceConfig, SequenceNet

    config: SequenceConfig

    def raw(self, batch: CandidateBatch, position: F32 | None = None) -> F32:
        """See `ActionScorer`."""
        x = self.config.inputs.matrix(batch.column, len(batch))
        histories = Histories.of(batch.requests.columns, self.config.recent)
        reader = batch.requests.columns["user_id"]
        return self.of_inputs(x, batch.column("author_id"), reader, batch.request, histories, position)

    def of_inputs(
        self, x: F32, author: I64, reader: I64, request: I64, histories: Histories, position: F32 | None = None
    ) -> F32:
        """[N, A] uncalibrated, at places [N] or on top; `request` [N] ascends and numbers the rows of `reader` [B] and
        of `histories`."""
        out = np.empty((len(x), len(self.actions)), np.float32)
        authors = torch.from_numpy(hash_buckets(author, self.config.buckets))
        with torch.inference_mode():
            for rows, first, last in self._parts(request, len(reader)):
                pasts = Pasts.of(reader[first:last], histories, np.arange(first, last), self.config)
                places = Places.of(request[rows] - first, last - first)
                some = self.net.normalise(torch.from_numpy(x[rows]))
                at = torch.from_numpy(position[rows]) if position is not None else None
                out[rows] = torch.sigmoid(self.net(some, authors[rows], pasts, places, at)).numpy()
        return out

    def _parts(self, request: I64, requests: int) -> Iterator[tuple[slice, int, int]]:
        """Candidates and requests that are scored together: as many requests as memory allows, one at least."""
        bounds = np.searchsorted(request, np.arange(requests + 1))
        room = max(1, _CELLS // (self.config.attention * (self.config.recent + 2)))
        first = 0
        while first < requests:
            last = first + 1
            most = bounds[last] - bounds[first]
            while last < requests:
                most = max(most, bounds[last + 1] - bounds[last])
                if most * (last + 1 - first) > room:
                    break
                last += 1
            if bounds[last] > bounds[first]:
                yield slice(int(bounds[first]), int(bounds[last])), first, last
            first = last
