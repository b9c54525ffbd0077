"""From a split and settings to a trained two-tower model: what `rookery train` calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from data.dataset import Dataset
from data.errors import ConfigError
from data.split import Split, training_part
from ranking.models.two_tower import TwoTower, TwoTowerConfig
from ranking.training.examples import build_examples
from ranking.training.loop import train_two_tower
from ranking.training.rows import training_positives

if TYPE_CHECKING:
    from features.text.understanding import Understanding


def two_tower_config(settings: Mapping[str, Any], *, catalogue: bool) -> TwoTowerConfig:
    """The preset (`items` for a catalogue, else `tweets`) with `settings` laid over it; `training` merges key by key.

    Raises:
        ConfigError: an unknown setting or one out of range.
    """
    preset = TwoTowerConfig.items() if catalogue else TwoTowerConfig.tweets()
    merged = preset.model_dump() | dict(settings)
    if isinstance(settings.get("training"), Mapping):
        merged["training"] = preset.training.model_dump() | dict(settings["training"])
    try:
        return TwoTowerConfig(**merged)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"two_tower setting {name!r}: {first['msg']}", remedy=f"it takes {', '.join(TwoTowerConfig.model_fields)}"
        ) from error


def fit_two_tower(
    dataset: Dataset,
    split: Split,
    understanding: Understanding | None,
    settings: Mapping[str, Any],
    *,
    seed: int,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    advance: Callable[[float, float, str], None] | None = None,
) -> TwoTower:
    """Trains on the training part of `split`; its rows' features know no held-out engagement.

    A split without a moment, or a log without impressions, is taken for a catalogue's.

    Raises:
        ConfigError: an unknown setting or one out of range.
        DataError: there is nothing to train on.
        ModelError: the loss diverged.
    """
    catalogue = split.train_before_us is None or not dataset.rows("impressions")
    config = two_tower_config(settings, catalogue=catalogue)
    if advance is not None:
        advance(0, 1, "features of the training rows")
    examples = build_examples(
        training_part(dataset, split),
        config,
        understanding=understanding,
        positives=training_positives(dataset, engagements=split.train),
        seed=seed,
    )

    def progress(done: int, total: int) -> None:
        if advance is not None:
            advance(done, total, f"step {done} of {total}")

    return train_two_tower(config, examples, seed=seed, progress=progress, on_epoch=on_epoch)
