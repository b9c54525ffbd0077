"""Trainers of the rankers that are networks, `heavy` and `sequence`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from data.progress import Progress, no_progress
from ranking.models.action_scorer import NetConfig, NetScorer
from ranking.models.calibration import Calibration
from ranking.models.heavy import HeavyConfig, HeavyRanker
from ranking.models.ranker_training import RowsConfig
from ranking.models.sequence import SequenceConfig, SequenceRanker
from ranking.processes import pick_device
from ranking.training.checkpoint import Checkpoint
from ranking.training.engine import Plan, train
from ranking.training.rankers.distil import taught
from ranking.training.rankers.impressions import Impressions
from ranking.training.rankers.task import HeavyTask, RankerTask, SequenceTask
from ranking.training.rankers.trainer import RankerTrainer
from ranking.training.shared import SharedRows
from ranking.training.trainer import Report, TrainingContext

C = TypeVar("C", bound=NetConfig)
R = TypeVar("R", bound=NetScorer)


@dataclass(frozen=True, kw_only=True)
class NetTrainer(RankerTrainer[C, R]):
    """Fits one kind of network; with a checkpoint, a killed run goes on from there."""

    task: Callable[..., RankerTask]
    """Made of a network, its config, rows, a seed, a device and a teacher's labels."""

    def rows_config(self, config: C) -> RowsConfig:
        """See `RankerTrainer`."""
        return config.training.rows

    def fit_rows(self, config: C, rows: Impressions, context: TrainingContext) -> R:
        """See `RankerTrainer`."""
        return self.train(
            config, rows, seed=context.seed, checkpoint=context.checkpoint_of(config), on_epoch=context.report,
            progress=context.progress, shared=context.shared,
        )  # fmt: skip

    def train(
        self,
        config: C,
        rows: Impressions,
        *,
        seed: int,
        checkpoint: Checkpoint | None = None,
        on_epoch: Report | None = None,
        progress: Progress = no_progress,
        shared: SharedRows | None = None,
    ) -> R:
        """A ranker trained on rows that are there already; its teacher is fitted to them first.

        Raises:
            ConfigError: the value weighs nothing that was done.
            ModelError: the loss diverged, or an input is infinite.
        """
        config = config.predicting(rows.actions, rows.known)
        net, device = self._net(config, rows, seed), pick_device(config.training.device)
        labels = None
        if config.training.distil:
            labels = taught(config, rows, device, progress, shared or SharedRows())
        task = self.task(net, config, rows, seed, device, labels)
        calibration = _trained(task, seed, checkpoint, on_epoch, progress)
        return self.ranker(config, task.module, calibration, rows.known)

    def _net(self, config: C, rows: Impressions, seed: int) -> torch.nn.Module:
        """A network with weights by `seed` that knows the inputs' scales and how often each action is taken."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            net = self.ranker.net_type(config)
        learned = ~rows.validation
        net.normalise.fit(rows.x[learned], rows.names)
        net.position.log_rate.fill_(math.log(rows.rate))
        net.heads.start_at(torch.from_numpy((rows.labels[learned] > 0).mean(axis=0)))
        return net


heavy_trainer = NetTrainer(HeavyRanker, HeavyConfig, task=HeavyTask)
"""Trains a heavy ranker on a data set's impressions."""
train_heavy = heavy_trainer.train
"""Trains a heavy ranker on rows that are there already."""
sequence_trainer = NetTrainer(SequenceRanker, SequenceConfig, histories=True, task=SequenceTask)
"""Trains a sequence ranker on a data set's impressions and its readers' histories."""
train_sequence = sequence_trainer.train
"""Trains a sequence ranker on rows, with histories, that are there already."""


def _trained(
    task: RankerTask, seed: int, checkpoint: Checkpoint | None, on_epoch: Report | None, progress: Progress
) -> Calibration:
    """Trains, and fits the calibration on the held-out rows."""
    training, rows = task.training, task.data
    plan = Plan(training.epochs, seed, threads=training.threads, patience=training.patience)
    train(task, plan, checkpoint=checkpoint, progress=progress, on_epoch=on_epoch)
    return rows.calibration(task.predicted()) if training.calibrate else Calibration(rows.rate)
