"""What each scorer offers, and the settings of a run of it, read from the configs' fields and docstrings.

A config states each setting once, with its type, its limits, its default and a docstring; nothing is repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from pydantic import BaseModel

from experiments.runs.config import RunConfig
from experiments.runs.tracking import flatten
from ranking.catalogue import SCORERS, scorer_class, trained_scorers, untrained_scorers
from ranking.scorer import CatalogueScorer, ConfiguredScorer, Retriever, ScorerConfig, TextScorer, ValuedScorer
from ranking.training.trainer import trainer_of


@dataclass(frozen=True)
class Setting:
    """One setting of a scorer."""

    key: str
    """As for `--set`: `settings.training.epochs`."""
    takes: str
    """Type and limits in words."""
    default: Any
    otherwise: dict[str, Any]
    """Other defaults, by the kind of data set that they are for."""
    about: str


@dataclass(frozen=True)
class About:
    """A scorer in the list: what it is and what it offers."""

    name: str
    trained: bool
    """Whether `train` fits it to a log; others are made from their settings."""
    by_epoch: bool
    """Whether its training reports numbers after each epoch."""
    objectives: tuple[str, ...]
    """Numbers that its training reports and that a sweep can choose by."""
    predicts_actions: bool
    """Whether it predicts actions, whose value can be chosen."""
    retrieves: bool
    """Whether an index can search its vectors."""
    scores_catalogues: bool
    """Whether it scores a whole catalogue for many requests at once."""
    needs_texts: bool
    """Whether a data set without texts is refused."""
    about: str


@dataclass(frozen=True)
class ScorerSettings:
    """A scorer with its settings."""

    scorer: About
    settings: tuple[Setting, ...]


def scorers() -> tuple[About, ...]:
    """All scorers of the catalogue, those that are trained last."""
    return tuple(map(_about, (*untrained_scorers(), *trained_scorers())))


def settings_of(name: str) -> ScorerSettings:
    """The settings of a run of a scorer: the run's own, then the scorer's in the order of its config.

    Raises:
        ConfigError: no such scorer.
    """
    config = _config_type(name)
    if config is None:
        plain = [one for one in fields(scorer_class(name)) if one.default is not MISSING]
        own = tuple(Setting(f"settings.{one.name}", str(one.type), one.default, {}, "") for one in plain)
    else:
        own = _settings(config, "settings.", config.variants())
    return ScorerSettings(_about(name), _settings(RunConfig, "", {}, without=("scorer", "settings")) + own)


def _config_type(name: str) -> type[ScorerConfig] | None:
    """The config of a scorer; None for a dataclass, whose fields are its settings."""
    kind = scorer_class(name)
    if SCORERS[name].trained:
        return trainer_of(name).config_type
    return kind.config_type if issubclass(kind, ConfiguredScorer) else None


def _settings(
    config: type[BaseModel], prefix: str, variants: Mapping[str, BaseModel], without: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """The settings of a config, their keys after `prefix`, with the defaults of its `variants`."""
    defaults = flatten(config().model_dump(mode="json"))
    others = {word: flatten(one.model_dump(mode="json")) for word, one in variants.items()}
    schema = config.model_json_schema()
    return tuple(
        Setting(
            key=prefix + key, takes=takes(one), default=defaults[key],
            otherwise={word: values[key] for word, values in others.items() if values[key] != defaults[key]},
            about=" ".join(one.get("description", "").split()),
        )
        for key, one in _leaves(schema, schema.get("$defs", {}))
        if key not in without
    )  # fmt: skip


def takes(schema: Mapping[str, Any]) -> str:
    """What a JSON schema of one value allows, in words: `whole number >= 1`."""
    if "anyOf" in schema:
        return " or ".join(takes(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {takes(schema.get('items', {}))}"
    if kind == "object":
        return f"table of {takes(schema.get('additionalProperties', {}))}"
    words = {"integer": "whole number", "boolean": "true | false", "string": "text", "null": "none"}
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    bounds = ", ".join(f"{sign} {_number(schema[name])}" for name, sign in limits.items() if name in schema)
    return f"{words.get(kind, kind)} {bounds}".strip()


def _number(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def _about(name: str) -> About:
    kind, config = scorer_class(name), _config_type(name)
    return About(
        name=name,
        trained=SCORERS[name].trained,
        by_epoch=config.by_epoch if config is not None else False,
        objectives=config().objectives if config is not None else (),
        predicts_actions=issubclass(kind, ValuedScorer),
        retrieves=issubclass(kind, Retriever),
        scores_catalogues=issubclass(kind, CatalogueScorer),
        needs_texts=issubclass(kind, TextScorer),
        about=" ".join((kind.__doc__ or "").split("\n\n")[0].split()),
    )


def _leaves(
    schema: Mapping[str, Any], models: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted key and schema of each setting; those of a nested model stand where it does."""
    for name, one in schema.get("properties", {}).items():
        if "$ref" in one:
            yield from _leaves(models[one["$ref"].rsplit("/", 1)[-1]], models, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", one
