"""The trainer of the two-tower model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.settings import config_from
from data.split import training_part
from data.splitters import RandomRatio
from ranking.models.two_tower import TwoTower, TwoTowerConfig
from ranking.processes import first_process_first
from ranking.training.positives import training_positives
from ranking.training.trainer import Trainer, TrainingContext
from ranking.training.two_tower.examples import build_examples
from ranking.training.two_tower.task import train_two_tower


def two_tower_config(
    settings: Mapping[str, Any], *, catalogue: bool, timeless: bool = False, positives: int = 0
) -> TwoTowerConfig:
    """A preset with `settings` laid over it; `training` merges key by key.

    The preset is `tweets`, for a `catalogue` `items`, and where time plays no part `timeless_items` for so many
    `positives`.

    Raises:
        ConfigError: an unknown setting or one out of range.
    """
    preset = TwoTowerConfig.items() if catalogue else TwoTowerConfig.tweets()
    if timeless:
        preset = TwoTowerConfig.timeless_items(positives)
    merged = preset.model_dump() | dict(settings)
    if isinstance(settings.get("training"), Mapping):
        merged["training"] = preset.training.model_dump() | dict(settings["training"])
    return config_from(TwoTowerConfig, merged, name="two_tower")


class TwoTowerTrainer(Trainer):
    """Fits a two-tower model."""

    config_type = TwoTowerConfig

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> TwoTower:
        """Trains on the training part of the split; its rows' features know no held-out engagement.

        A split that is no point in time, or a log of lasting items or without impressions, is taken for a catalogue's;
        a random one leaves time out. With a checkpoint, a killed run goes on from there.

        Raises:
            ConfigError: an unknown setting or one out of range, or the checkpoint of another run.
            DataError: there is nothing to train on.
            ModelError: the loss diverged.
        """
        dataset, split = context.dataset, context.split
        catalogue = split.train_before_us is None or dataset.lasting or not dataset.rows("impressions")
        timeless = split.name.split()[0] == RandomRatio().name
        # A wrong setting is refused before the log is read.
        two_tower_config(settings, catalogue=catalogue, timeless=timeless)
        context.progress(0, 1, "features of the training rows")
        with first_process_first():
            positives = training_positives(dataset, engagements=split.train)
            config = two_tower_config(settings, catalogue=catalogue, timeless=timeless, positives=len(positives))
            context.state_config(config)
            examples = build_examples(
                training_part(dataset, split),
                config,
                before_us=split.train_before_us,
                understanding=context.understanding,
                cache=context.shared.cache,
                positives=positives,
                ties=split.ties,
                seed=context.seed,
            )
            del positives

        return train_two_tower(
            config, examples, seed=context.seed, index=context.index, checkpoint=context.checkpoint_of(config),
            progress=context.progress, on_epoch=context.report,
        )  # fmt: skip


two_tower_trainer = TwoTowerTrainer()
"""Trains the two-tower model on a data set's positives."""
