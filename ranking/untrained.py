"""Scorers that need no training, made from their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from data.errors import ConfigError
from data.settings import config_from
from ranking.catalogue import SCORERS, scorer_class
from ranking.scorer import ConfiguredScorer, Scorer


def make_scorer(name: str, settings: Mapping[str, Any] | None = None) -> Scorer:
    """The scorer `name` of the catalogue by its settings: those of its config, or the fields of a dataclass.

    Raises:
        ConfigError: no such scorer, one that is trained, or a setting that is unknown or out of range.
    """
    kind, settings = scorer_class(name), dict(settings or {})
    if SCORERS[name].trained:
        raise ConfigError(f"scorer {name!r} is learned from a log", remedy=f"rookery train --set scorer={name}")
    if issubclass(kind, ConfiguredScorer):
        return kind.from_artifact(config_from(kind.config_type, settings, name=name).model_dump(), {})
    known = [one.name for one in fields(kind)]
    unknown = [key for key in settings if key not in known]
    if unknown:
        remedy = f"the keys are {', '.join(known) or 'none'}"
        raise ConfigError(f"unknown key {unknown[0]!r} in the settings of {name}", remedy=remedy)
    try:
        plain: Scorer = kind(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the settings {settings} of {name}: {error}", remedy="change that value") from error
    return plain
