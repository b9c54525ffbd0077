"""Worlds by preset, file and override, made with the logging feed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.errors import ConfigError
from data.folders import present
from data.import_by_name import did_you_mean
from data.progress import Progress, no_progress
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from experiments.runs.config import merge_settings
from experiments.simulation.logging_feed import LoggingConfig, LoggingFeed

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"people": 1_000, "days": 7, "behaviour": {"eagerness": -0.25}},
    "demo": {"people": 5_000, "days": 14, "behaviour": {"eagerness": -0.85}},
    "small": {"people": 10_000, "days": 14, "behaviour": {"eagerness": -1.05}},
    "medium": {"people": 100_000, "days": 30},
    "large": {"people": 1_000_000, "days": 30},
}
"""One line a preset: what differs from the defaults."""


def world_config(preset: str, path: Path | None, overrides: Sequence[str]) -> WorldConfig:
    """A preset, then a TOML file, then `key=value` overrides.

    Raises:
        ConfigError: an unknown preset or key, or a value out of range.
    """
    return preset_config(preset, merge_settings(path, overrides))


def preset_config(preset: str, settings: Mapping[str, Any]) -> WorldConfig:
    """A preset with settings over it, tables within tables, too.

    Raises:
        ConfigError: an unknown preset or key, or a value out of range.
    """
    if preset not in PRESETS:
        raise ConfigError(
            f"unknown preset {preset!r}", remedy=f"{did_you_mean(preset, PRESETS)}choose one of {', '.join(PRESETS)}"
        )
    return WorldConfig.parse(_over(PRESETS[preset], settings))


def default_name(preset: str, config: WorldConfig) -> str:
    """The folder of a world: `tiny`, and with a hash of the settings where they differ from the preset's."""
    if config == preset_config(preset, {}):
        return preset
    return f"{preset}-{hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:8]}"


def _over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` put over it, tables within tables, too."""
    both = {name: base[name] for name in base.keys() & changes.keys()}
    inner = {
        name: _over(one, changes[name])
        for name, one in both.items()
        if isinstance(one, Mapping) and isinstance(changes[name], Mapping)
    }
    return {**base, **changes, **inner}


def make_data(
    config: WorldConfig, out: Path, progress: Progress = no_progress, *, workers: int | None = None
) -> Dataset:
    """Makes the world, serves it with the logging policy and writes the data set to `out`."""
    feed = LoggingFeed(LoggingConfig(seed=config.seed))
    return make_world(config, out, feed=feed, progress=progress, workers=workers)


def kept_data(config: WorldConfig, folder: Path, progress: Progress = no_progress) -> Dataset:
    """The data set in `folder` where it is of this world and this logging policy, else a new one."""
    about = config.model_dump(mode="json") | {"policy": LoggingFeed(LoggingConfig(seed=config.seed)).policy}
    if present(folder).is_dir():
        found = Dataset.open(folder)
        if found.config == about and (found.truth / "config.json").is_file():
            return found
    return make_data(config, folder, progress)
