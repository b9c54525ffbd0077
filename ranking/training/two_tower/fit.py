"""From a split and settings to a trained two-tower model: what `rookery train` calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.dataset import Dataset
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import RandomRatio, Split, training_part
from ranking.models.two_tower import TwoTower, TwoTowerConfig
from ranking.processes import first_process_first
from ranking.training.checkpoint import Checkpoint
from ranking.training.positives import training_positives
from ranking.training.two_tower.examples import build_examples
from ranking.training.two_tower.mining import Exact
from ranking.training.two_tower.task import Indexer, train_two_tower

if TYPE_CHECKING:
    from features.text.understanding import Understanding


def two_tower_config(
    settings: Mapping[str, Any], *, catalogue: bool, timeless: bool = False, positives: int = 0
) -> TwoTowerConfig:
    """A preset with `settings` laid over it; `training` merges key by key.

    The preset is `tweets`, for a `catalogue` `items`, and where time plays no part `shelves` for so many `positives`.

    Raises:
        ConfigError: an unknown setting or one out of range.
    """
    preset = TwoTowerConfig.items() if catalogue else TwoTowerConfig.tweets()
    if timeless:
        preset = TwoTowerConfig.shelves(positives)
    merged = preset.model_dump() | dict(settings)
    if isinstance(settings.get("training"), Mapping):
        merged["training"] = preset.training.model_dump() | dict(settings["training"])
    return config_from(TwoTowerConfig, merged, name="two_tower")


def fit_two_tower(
    dataset: Dataset,
    split: Split,
    understanding: Understanding | None,
    settings: Mapping[str, Any],
    *,
    seed: int,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    progress: Progress = no_progress,
    checkpoint: Path | None = None,
    index: Indexer = Exact,
) -> TwoTower:
    """Trains on the training part of `split`; its rows' features know no held-out engagement.

    A split without a moment, or a log of lasting items or without impressions, is taken for a catalogue's; a random
    one leaves time out.
    With the folder `checkpoint`, each epoch is kept there and a killed run goes on from it. `index` finds hard
    negatives, where some are asked for.

    Raises:
        ConfigError: an unknown setting or one out of range, or the checkpoint of another run.
        DataError: there is nothing to train on.
        ModelError: the loss diverged.
    """
    catalogue = split.train_before_us is None or dataset.lasting or not dataset.rows("impressions")
    timeless = split.name.split()[0] == RandomRatio().name
    # A wrong setting is told before the log is read.
    two_tower_config(settings, catalogue=catalogue, timeless=timeless)
    progress(0, 1, "features of the training rows")
    with first_process_first():
        positives = training_positives(dataset, engagements=split.train)
        config = two_tower_config(settings, catalogue=catalogue, timeless=timeless, positives=len(positives))
        examples = build_examples(
            training_part(dataset, split),
            config,
            before_us=split.train_before_us,
            understanding=understanding,
            positives=positives,
            ties=split.ties,
            seed=seed,
        )
        del positives

    kept = None
    if checkpoint is not None:
        run = {
            "config": config.model_dump(mode="json"),
            "data": dataset.content_hash,
            "split": split.name,
            "seed": seed,
        }
        kept = Checkpoint(checkpoint, run)
    return train_two_tower(
        config, examples, seed=seed, index=index, checkpoint=kept, progress=progress, on_epoch=on_epoch
    )
