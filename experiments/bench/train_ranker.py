"""Heavy ranker training steps, reference size M, beside a bare torch loop of the same arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from data.schema import ACTIONS
from experiments.bench.harness import Case
from ranking.models.heavy import HeavyConfig, HeavyNet
from ranking.models.ranker_training import RankerTraining
from ranking.training.engine import deterministic, step_of
from ranking.training.rankers.impressions import Impressions
from ranking.training.rankers.task import HeavyTask

ROWS, BATCH, STEPS, THREADS = 131_072, 2048, 16, 2


def cases() -> Iterator[Case]:
    """In float32, then as `precision=bf16` trains here: in bfloat16, or where the processor has none in float32."""
    rows = _rows()
    for precision in ("fp32", "bf16"):
        config = _config(precision)
        with deterministic(1, THREADS):
            ours = _Ours(config, rows)
            bare = _Bare(config, rows, half=ours.half)
        named = "bf16 (fp32, as the CPU has none)" if precision == "bf16" and not ours.half else precision
        size = sum(parameter.numel() for parameter in HeavyNet(config).parameters())
        yield Case(
            f"heavy ranker, {len(rows.names)} features, {size:,} parameters, batch {BATCH:,}, {named}",
            ours.run, bare.run, STEPS * BATCH, "rows",
        )  # fmt: skip


class _Ours:
    """The engine's own steps: rows drawn and gathered, position, masked loss, checks, AdamW."""

    def __init__(self, config: HeavyConfig, rows: Impressions) -> None:
        self._task = HeavyTask(HeavyNet(config), config, rows, 1, torch.device("cpu"))
        self._epoch, self.half = 0, self._task.half

    def run(self) -> float:
        self._epoch += 1
        self._task.module.train()
        step = step_of(self._task)
        with deterministic(1, THREADS):
            return sum(step(batch, 1) for batch in islice(self._task.batches(self._epoch), STEPS))


class _Bare:
    """The same network and optimizer over batches that are already normalised tensors."""

    def __init__(self, config: HeavyConfig, rows: Impressions, half: bool) -> None:
        self._net, self._half = HeavyNet(config), half
        self._optimizer = torch.optim.AdamW(self._net.parameters(), lr=1e-3, fused=True)
        x, labels = torch.from_numpy(rows.x), torch.from_numpy(rows.labels).float()
        self._batches = [(x[at : at + BATCH], labels[at : at + BATCH]) for at in range(0, STEPS * BATCH, BATCH)]

    def run(self) -> float:
        with deterministic(1, THREADS):
            return sum(self._step(x, labels) for x, labels in self._batches)

    def _step(self, x: torch.Tensor, labels: torch.Tensor) -> float:
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            logits = self._net.heads(self._net.trunk(x))
        loss = functional.binary_cross_entropy_with_logits(logits.float(), labels)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        return float(loss.detach())


def _config(precision: Literal["fp32", "bf16"]) -> HeavyConfig:
    training = RankerTraining(batch_size=BATCH, precision=precision, distil=0, threads=THREADS, device="cpu")
    return HeavyConfig(actions=ACTIONS[:10], embedding=0, training=training)


def _rows() -> Impressions:
    rng = np.random.default_rng(1)
    names = HeavyConfig().inputs.names
    ids = rng.integers(1, 10_000, (4, ROWS))
    return Impressions(
        names=names, x=rng.normal(size=(ROWS, len(names))).astype(np.float32), actions=ACTIONS[:10],
        labels=(rng.random((ROWS, 10)) < 0.05).astype(np.int8), position=rng.integers(0, 40, ROWS).astype(np.float32),
        user_id=ids[0], author_id=ids[1], tweet_id=ids[2], time_us=np.arange(ROWS), request=np.arange(ROWS),
        validation=np.arange(ROWS) >= ROWS - 1024, rate=1.0,
    )  # fmt: skip
