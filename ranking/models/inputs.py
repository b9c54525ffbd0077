"""Column groups to arrays that a neural model takes: dense, hashed, history and embedding.

The same functions make the tensors of training and of scoring, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from data.batch import F32, I64, Array, Mask, offsets_of
from ranking.models.bags import summed

HASHES = 2
"""Hashes an entity: two entities share all of their buckets with a chance of 1 / buckets^2."""

FIRST_STD = 0.01
"""Deviation of a ranker's first vectors of hashed ids: small, so that ids rarely met in training have little weight."""

CPU = torch.device("cpu")

_AGE = "tweet.age_h"
_SALTS = np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03], np.uint64)


def splitmix64(values: Array) -> Array:
    """uint64 mix of int64 or uint64 values (Steele, Lea and Flood, OOPSLA 2014): every bit depends on every bit."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: Array = z ^ (z >> np.uint64(31))
    return mixed


def hash_buckets(ids: I64, buckets: int) -> I64:
    """[N, 2] rows of a table of `buckets` rows for ids [N]: splitmix64 under two salts."""
    mixed = splitmix64(np.asarray(ids, np.int64).astype(np.uint64)[:, None] ^ _SALTS)
    return (mixed % np.uint64(buckets)).astype(np.int64)


def dense_names(names: Sequence[str]) -> list[str]:
    """What the columns of `dense` mean, in their order."""
    out: list[str] = []
    for name in names:
        if name == _AGE:
            out += [f"log {name}", f"{name} / 48", f"exp(-{name} / 2)", f"exp(-{name} / 8)"]
        else:
            out.append(f"log {name}")
    return out


def dense(column: Callable[[str], Array], names: Sequence[str], rows: int) -> F32:
    """[N, F] float32 from the columns `names`: sign(x) log(1 + |x|) of each, so that counts and ages spread evenly.

    The age comes as four curves, because freshness matters within the hour and within the day. NaN becomes 0.
    """
    out = np.empty((rows, len(dense_names(names))), np.float32)
    if not names:
        return out
    raw = np.stack([column(name).astype(np.float32) for name in names])
    unknown = np.isnan(raw)
    if unknown.any():
        raw[unknown] = 0
    at = 0
    for x, logged, name in zip(raw, np.copysign(np.log1p(np.abs(raw)), raw), names, strict=True):
        curves = (logged, x / 48, np.exp(-x / 2), np.exp(-x / 8)) if name == _AGE else (logged,)
        for curve in curves:
            out[:, at] = curve
            at += 1
    return out


@dataclass(frozen=True)
class Bags:
    """B bags of codes in CSR form: bag b is `codes[offsets[b]:offsets[b + 1]]`."""

    codes: Array
    offsets: I64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_padded(cls, codes: Array) -> Bags:
        """From [B, L] codes, negative where empty."""
        present = codes >= 0
        return cls(codes[present], offsets_of(present.sum(axis=1)))

    @classmethod
    def concat(cls, parts: Sequence[Bags]) -> Bags:
        """All bags of `parts`, one after the other."""
        lengths = np.concatenate([np.diff(p.offsets) for p in parts])
        return cls(np.concatenate([p.codes for p in parts]), offsets_of(lengths))

    def take(self, rows: I64) -> Bags:
        """The bags at `rows`, in that order."""
        starts, lengths = self.offsets[rows], np.diff(self.offsets)[rows]
        offsets = offsets_of(lengths)
        at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return Bags(self.codes[at], offsets)

    def thinned(self, keep: Mask) -> Bags:
        """The same bags with only the codes where `keep` [M] is True."""
        kept = offsets_of(keep)
        return Bags(self.codes[keep], kept[self.offsets].astype(np.int64))


@dataclass(frozen=True)
class BagTensors:
    """Bags as torch takes them."""

    codes: torch.Tensor
    """[M] int64."""
    starts: torch.Tensor
    """[B] int64."""
    scale: torch.Tensor
    """[B, 1] float32, 1 / sqrt(length): a sum of random vectors keeps its length whatever their number."""
    members: torch.Tensor
    """[M] int64, the bag of each code."""
    places: torch.Tensor
    """[M] int64, the place of each code in its bag."""

    @classmethod
    def of(cls, bags: Bags, device: torch.device = CPU) -> BagTensors:
        """From NumPy."""
        lengths = np.diff(bags.offsets)
        members = np.repeat(np.arange(len(lengths)), lengths)
        places = np.arange(len(members)) - bags.offsets[members]
        scale = (1 / np.sqrt(np.maximum(lengths, 1).astype(np.float32)))[:, None]
        codes, starts = np.ascontiguousarray(bags.codes, np.int64), np.ascontiguousarray(bags.offsets[:-1])
        return cls(*(torch.from_numpy(part).to(device) for part in (codes, starts, scale, members, places)))

    def pool(self, vectors: torch.Tensor) -> torch.Tensor:
        """[B, D] scaled sums of the rows of `vectors` [V, D]; zeros for an empty bag."""
        if len(self.codes) == 0:
            return vectors.new_zeros((len(self.starts), vectors.shape[1]))
        return summed(vectors, self.codes, self.starts) * self.scale


@dataclass(frozen=True)
class UserTensors:
    """What the user tower takes for B requests; a group that the model does not use is None."""

    dense: torch.Tensor
    """[B, F] float32."""
    keys: torch.Tensor | None = None
    """[B] int64, what a row's dropout depends on; None in scoring."""
    user: torch.Tensor | None = None
    """[B, 2] int64 buckets of the reader."""
    following: BagTensors | None = None
    """Codes of the authors followed."""
    history_authors: BagTensors | None = None
    """Codes of the authors of recent engagements."""
    history_tweets: BagTensors | None = None
    """Codes of the tweets of recent engagements."""
    taste: torch.Tensor | None = None
    """[B, E] float32 mean embedding of the history."""
    interests: torch.Tensor | None = None
    """[B, T] float32 share of past engagements by topic."""


@dataclass(frozen=True)
class TweetTensors:
    """What the tweet tower takes for N candidates; a group that the model does not use is None."""

    dense: torch.Tensor
    """[N, F] float32."""
    keys: torch.Tensor | None = None
    """[N] int64, what a row's dropout depends on; None in scoring."""
    author: torch.Tensor | None = None
    """[N] int64 codes of the authors."""
    tweet: torch.Tensor | None = None
    """[N] int64 codes of the tweets."""
    text: torch.Tensor | None = None
    """[N, E] float32 embeddings."""
    topics: torch.Tensor | None = None
    """[N, K] int64 topics, `topic_count` where there is none."""


@dataclass(frozen=True)
class Entities:
    """Distinct authors and tweets of a batch as buckets; the codes of bags and candidates are rows of these."""

    authors: torch.Tensor | None = None
    """[A, 2] int64 buckets."""
    tweets: torch.Tensor | None = None
    """[T, 2] int64 buckets."""
    histories: torch.Tensor | None = None
    """[H, 2] int64 buckets of tweets in the table for histories, where the model has one."""


def topic_codes(topics: Array, topic_count: int) -> torch.Tensor:
    """[N, K] int64 with -1 (and anything out of range) turned into `topic_count`, the row of zeros."""
    codes = topics.astype(np.int64)
    return torch.from_numpy(np.where((codes < 0) | (codes >= topic_count), topic_count, codes))


def distinct(parts: Sequence[Array]) -> tuple[I64, list[I64]]:
    """Distinct non-negative ids of several arrays, and each array as codes into them, -1 where the id is negative."""
    flat = np.concatenate([p.ravel() for p in parts]).astype(np.int64) if parts else np.empty(0, np.int64)
    # np.unique hashes, which takes longer than to sort.
    ids = np.sort(flat[flat >= 0])
    ids = ids[np.diff(ids, prepend=-1) > 0]
    codes: list[I64] = []
    for part in parts:
        values = part.astype(np.int64)
        codes.append(np.where(values < 0, -1, np.searchsorted(ids, values)).astype(np.int64))
    return ids, codes
