"""From a split and settings to a trained ranker: what `rookery train` calls for `heavy` and `sequence`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from data.dataset import Dataset
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import Split
from ranking.models.action_scorer import ActionConfig, NetConfig, NetScorer
from ranking.models.calibration import Calibration, calibrated
from ranking.models.heavy import HeavyRanker
from ranking.models.sequence import SequenceRanker
from ranking.processes import first_process_first, pick_device
from ranking.training.checkpoint import Checkpoint
from ranking.training.engine import Plan, train
from ranking.training.rankers.distil import taught
from ranking.training.rankers.impressions import Impressions, RowsOf, impressions
from ranking.training.rankers.task import HeavyTask, RankerTask, SequenceTask

if TYPE_CHECKING:
    from features.text.understanding import Understanding

R = TypeVar("R", bound=NetScorer)
OnEpoch = Callable[[dict[str, float]], None]


@dataclass(frozen=True)
class Fit(Generic[R]):
    """How one kind of ranker is fitted."""

    ranker: type[R]
    task: Callable[..., RankerTask]
    """Made of a network, its config, rows, a seed, a device and a teacher's labels."""
    histories: bool = False
    """Whether its rows have the readers' histories."""

    def __call__(
        self,
        dataset: Dataset,
        split: Split,
        understanding: Understanding | None,
        settings: Mapping[str, Any],
        *,
        seed: int,
        on_epoch: OnEpoch | None = None,
        progress: Progress = no_progress,
        checkpoint: Path | None = None,
        rows_of: RowsOf = impressions,
    ) -> R:
        """Trains on impressions of the training part of `split`; with `checkpoint`, a killed run goes on from there.

        `rows_of` makes the training rows.

        Raises:
            ConfigError: an unknown setting or one out of range, a value that weighs nothing that is predicted, or the
                checkpoint of another run.
            DataError: there are no impressions to train on.
            ModelError: the loss diverged, or an input is infinite.
        """
        config = config_from(self.ranker.config_type, settings, name=self.ranker.kind, seed=seed)
        config.check_value()
        with first_process_first():
            rows = rows_of(
                dataset, split, config.inputs, config.training.rows, understanding=understanding,
                actions=config.actions, histories=self.histories, seed=seed, progress=progress,
            )  # fmt: skip
        kept = kept_at(checkpoint, config, dataset, split, seed)
        return self.train(config, rows, seed=seed, checkpoint=kept, on_epoch=on_epoch, progress=progress)

    def train(
        self,
        config: NetConfig,
        rows: Impressions,
        *,
        seed: int,
        checkpoint: Checkpoint | None = None,
        on_epoch: OnEpoch | None = None,
        progress: Progress = no_progress,
    ) -> R:
        """A ranker trained on rows that are there already; its teacher is fitted to them first.

        Raises:
            ConfigError: the value weighs nothing that was done.
            ModelError: the loss diverged, or an input is infinite.
        """
        config = config.predicting(rows)
        net, device = self._net(config, rows, seed), pick_device(config.training.device)
        labels = taught(config, rows, device, progress) if config.training.distil else None
        task = self.task(net, config, rows, seed, device, labels)
        calibration = _trained(task, seed, checkpoint, on_epoch, progress)
        return self.ranker(config, task.module, calibration, rows.known)

    def _net(self, config: NetConfig, rows: Impressions, seed: int) -> torch.nn.Module:
        """A network with weights by `seed` that knows the inputs' scales and how often each action is taken."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            net = self.ranker.net_type(config)
        learned = ~rows.validation
        net.normalise.fit(rows.x[learned], rows.names)
        net.position.log_rate.fill_(math.log(rows.rate))
        net.heads.start_at(torch.from_numpy((rows.labels[learned] > 0).mean(axis=0)))
        return net


fit_heavy = Fit(HeavyRanker, HeavyTask)
"""Trains a heavy ranker on a data set's impressions."""
train_heavy = fit_heavy.train
"""Trains a heavy ranker on rows that are there already."""
fit_sequence = Fit(SequenceRanker, SequenceTask, histories=True)
"""Trains a sequence ranker on a data set's impressions and its readers' histories."""
train_sequence = fit_sequence.train
"""Trains a sequence ranker on rows, with histories, that are there already."""


def _trained(
    task: RankerTask, seed: int, checkpoint: Checkpoint | None, on_epoch: OnEpoch | None, progress: Progress
) -> Calibration:
    """Trains, and fits the calibration on the held-out rows."""
    training, rows = task.training, task.data
    plan = Plan(training.epochs, seed, threads=training.threads, patience=training.patience)
    train(task, plan, checkpoint=checkpoint, progress=progress, on_epoch=on_epoch)
    return calibrated(task.predicted(), rows) if training.calibrate else Calibration(rows.rate)


def kept_at(folder: Path | None, config: ActionConfig, dataset: Dataset, split: Split, seed: int) -> Checkpoint | None:
    """The checkpoint of this run in `folder`."""
    if folder is None:
        return None
    run = {"config": config.model_dump(mode="json"), "data": dataset.content_hash, "split": split.name, "seed": seed}
    return Checkpoint(folder, run)
