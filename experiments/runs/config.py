"""One TOML a training run, overridable by key: `--set settings.training.epochs=3`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data.errors import ConfigError
from data.settings import Seed, wrong_setting
from data.split import parse_split

M = TypeVar("M", bound=BaseModel)


class RunConfig(BaseModel):
    """What `rookery train` does."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scorer: str = "two_tower"
    """A name from `ranking.catalogue`."""
    seed: Seed = 1
    """Seed of initial weights, sampling and shuffling."""
    split: str = "auto"
    """A split of `data.split` with its settings, as `random_ratio seed=2`: `time` holds out the last fifth of the log,
    `leave_last_out` each user's last engagement, `per_user_ratio` the last fifth of each user's, `random_ratio` a
    random quarter. `auto` takes `time` for a log with impressions, else `leave_last_out`."""
    encoder: str = "static"
    """Text encoder: static, minilm, a path or a sentence-transformers name."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of the scorer, its own config's keys: `[settings]` in the file, `--set settings.dim=96`."""

    @field_validator("split")
    @classmethod
    def _known(cls, split: str) -> str:
        if split != "auto":
            try:
                parse_split(split)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return split


def load_config(kind: type[M], path: Path | None, overrides: Sequence[str] = ()) -> M:
    """A config from its defaults, a TOML file and `key=value` overrides.

    Raises:
        ConfigError: no file, no TOML, an unknown key or a value out of range, each named.
    """
    return validate(kind, merge_settings(path, overrides), source=str(path) if path else "the settings")


def merge_settings(path: Path | None, overrides: Sequence[str]) -> dict[str, Any]:
    """Plain settings of a TOML file with `key=value` overrides put in (values in TOML, bare words are strings).

    Raises:
        ConfigError: no file, no TOML, or an override that is not `key=value`.
    """
    settings: dict[str, Any] = {}
    if path is not None:
        try:
            settings = tomllib.loads(path.read_text())
        except OSError as error:
            raise ConfigError(f"config {path} cannot be read: {error.strerror}", remedy="name a TOML file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"config {path} is not TOML: {error}", remedy="fix that line") from error
    for one in overrides:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {one!r} is not key=value", remedy="write --set seed=3")
        put(settings, key.strip().split("."), _parse(value), one)
    return settings


def validate(kind: type[M], settings: Mapping[str, Any], *, source: str) -> M:
    """`kind` from plain values.

    Raises:
        ConfigError: naming the first field that is unknown or refused.
    """
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise wrong_setting(error, kind, source) from error


def put(settings: dict[str, Any], keys: Sequence[str], value: Any, source: str) -> None:
    """Puts a value under nested keys.

    Raises:
        ConfigError: a key on the way holds a value, not a table; `source` is named.
    """
    for key in keys[:-1]:
        settings = settings.setdefault(key, {})
        if not isinstance(settings, dict):
            raise ConfigError(f"--set {source!r}: {key!r} is a value, not a table", remedy="check the key")
    settings[keys[-1]] = value


def _parse(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value.strip()
