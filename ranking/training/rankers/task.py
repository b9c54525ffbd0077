"""Rankers on impressions as the engine trains them: rows, batches, the loss over actions."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from data.batch import F32, I64
from ranking.models.heavy import HeavyConfig, HeavyNet, pair_buckets
from ranking.models.inputs import hash_buckets
from ranking.models.ranker_training import RankerTraining
from ranking.models.sequence import Pasts, Places, SequenceConfig, SequenceNet
from ranking.processes import processes, total
from ranking.training.losses import action_loss
from ranking.training.rankers.impressions import Impressions

WATCHED = "validation_loss"

_log = logging.getLogger(__name__)


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 itself; elsewhere torch imitates it, more slowly than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return any(has for name, has in torch.cpu.get_capabilities().items() if "bf16" in name)


class RankerTask(ABC):
    """Learns from the rows that are not held out; see `ranking.training.engine.Task`."""

    watched = WATCHED

    def __init__(
        self, net: nn.Module, training: RankerTraining, rows: Impressions, seed: int, device: torch.device,
        taught: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        """`net` is moved to `device`, and the rows' numbers too. With `taught` [N, A], -1 where it says nothing, these
        are labels that count `training.distil`."""
        self.module = net.to(device)
        self.training, self.data, self.seed, self.device = training, rows, seed, device
        self.half = training.precision == "bf16" and has_bf16(device)
        if training.precision == "bf16" and not self.half:
            _log.warning("no bfloat16 on this %s: trains in float32, which is faster than imitating it", device.type)
        self.learned, self.held_out = np.flatnonzero(~rows.validation), np.flatnonzero(rows.validation)
        self.optimizers = [_adamw(net, training)]
        with torch.no_grad():
            self.x = net.normalise(torch.from_numpy(rows.x).to(device))
        self.labels = torch.from_numpy(rows.labels).to(device)
        self.position = torch.from_numpy(rows.position).to(device)
        self._taught = taught

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.learned) // self.training.batch_size)

    @abstractmethod
    def batches(self, epoch: int) -> Iterator[I64]:
        """Rows of each batch; every learned row once an epoch."""

    @abstractmethod
    def logits(self, rows: I64, position: torch.Tensor) -> torch.Tensor:
        """[n, A] of the rows."""

    def rows(self, batch: I64) -> int:
        """Rows of a batch."""
        return len(batch)

    def loss(self, batch: I64) -> torch.Tensor:
        """See `action_loss`: of what happened and, where there is one, of what a teacher says of every row alike; of
        several processes, this one's share."""
        mine = batch[processes().share(len(batch))]
        at = torch.from_numpy(mine).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            logits = self.logits(mine, self.position[at])
        loss = action_loss(logits, self.labels[at], self.data.rate)
        if self._taught is not None:
            weight = self.training.distil
            loss = (loss + weight * action_loss(logits, self._taught[at])) / (1 + weight)
        return loss * (len(mine) / len(batch))

    def validate(self) -> dict[str, float]:
        """The mean loss over the held-out rows."""
        mine = self.held_out[processes().share(len(self.held_out))]
        summed = torch.zeros((), dtype=torch.float64, device=self.device)
        for start in range(0, len(mine), self.training.batch_size):
            some = mine[start : start + self.training.batch_size]
            at = torch.from_numpy(some).to(self.device)
            loss = action_loss(self.logits(some, self.position[at]), self.labels[at], self.data.rate)
            summed += float(loss) * len(some)
        return {WATCHED: float(total(summed)) / len(self.held_out)}

    def predicted(self) -> F32:
        """[V, A] uncalibrated probabilities of the held-out rows where they stood."""
        parts = []
        self.module.eval()
        with torch.inference_mode():
            for start in range(0, len(self.held_out), self.training.batch_size):
                some = self.held_out[start : start + self.training.batch_size]
                at = torch.from_numpy(some).to(self.device)
                parts.append(torch.sigmoid(self.logits(some, self.position[at])).cpu().numpy())
        out: F32 = np.concatenate(parts)
        return out


class HeavyTask(RankerTask):
    """A heavy ranker."""

    def __init__(
        self, net: HeavyNet, config: HeavyConfig, rows: Impressions, seed: int, device: torch.device,
        taught: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        """Buckets of the readers and authors are found once, where the network has vectors for them."""
        super().__init__(net, config.training, rows, seed, device, taught)
        self._net = net
        ids = pair_buckets(rows.user_id, rows.author_id, config.buckets) if config.embedding else None
        self._ids = torch.from_numpy(ids).to(device) if ids is not None else None

    def batches(self, epoch: int) -> Iterator[I64]:
        """Rows in a random order, in batches whose sizes differ by one at most."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.learned)
        yield from np.array_split(order, self.steps)

    def logits(self, rows: I64, position: torch.Tensor) -> torch.Tensor:
        """See `RankerTask`."""
        at = torch.from_numpy(rows).to(self.device)
        ids = self._ids[at] if self._ids is not None else None
        logits: torch.Tensor = self._net(self.x.index_select(0, at), ids, position)
        return logits


class SequenceTask(RankerTask):
    """A sequence ranker."""

    NEIGHBOURS = 16
    """Batches' worth of random requests that are sorted by the length of their histories before they are cut."""

    def __init__(
        self, net: SequenceNet, config: SequenceConfig, rows: Impressions, seed: int, device: torch.device,
        taught: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        """Rows come with histories."""
        super().__init__(net, config.training, rows, seed, device, taught)
        if rows.histories is None:
            raise ValueError("rows were built without histories")
        self._net, self._config, self._histories = net, config, rows.histories
        self._author = torch.from_numpy(hash_buckets(rows.author_id, config.buckets)).to(device)
        self._bounds = np.searchsorted(rows.request, np.arange(len(rows.histories) + 1))
        self._reader = rows.user_id[self._bounds[:-1]]
        self._requests = np.unique(rows.request[self.learned])

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return min(super().steps, len(self._requests))

    def batches(self, epoch: int) -> Iterator[I64]:
        """Whole requests, those of a batch with histories of about one length, so that little is padded."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self._requests)
        length = np.minimum(np.diff(self._histories.offsets), self._config.recent)[order]
        window = np.arange(len(order)) * max(1, self.steps // self.NEIGHBOURS) // len(order)
        batches = np.array_split(order[np.lexsort((length, window))], self.steps)
        for at in rng.permutation(len(batches)):
            requests = np.sort(batches[at])
            first, count = self._bounds[requests], np.diff(self._bounds)[requests]
            yield np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)

    def logits(self, rows: I64, position: torch.Tensor) -> torch.Tensor:
        """See `RankerTask`; `rows` ascend."""
        requests, request = np.unique(self.data.request[rows], return_inverse=True)
        at = torch.from_numpy(rows).to(self.device)
        pasts = Pasts.of(self._reader[requests], self._histories, requests, self._config).to(self.device)
        places = Places.of(request.astype(np.int64), len(requests)).to(self.device)
        logits: torch.Tensor = self._net(self.x.index_select(0, at), self._author[at], pasts, places, position)
        return logits


def _adamw(net: nn.Module, training: RankerTraining) -> torch.optim.Optimizer:
    """One fused AdamW. The two weights of the position are far from 0 in the end, so they take longer steps."""
    place = list(net.position.parameters())
    others = [one for name, one in net.named_parameters() if not name.startswith("position.")]
    groups = [
        {"params": others, "lr": training.learning_rate, "weight_decay": training.weight_decay},
        {"params": place, "lr": 10 * training.learning_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, fused=True)
