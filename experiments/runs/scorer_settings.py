"""What a run and its scorer can be told: their settings, read off their configs' fields and docstrings.

A config states each setting once, with its type, its limits, its default and a docstring; nothing is repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from pydantic import BaseModel

from data.catalogue import lookup, resolve
from experiments.runs.config import RunConfig
from experiments.runs.tracking import flatten
from ranking.catalogue import SCORERS


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
    """A scorer in the list."""

    name: str
    trained: bool
    """Whether `train` fits it to a log; others are made of their settings."""
    tells: tuple[str, ...]
    """Numbers of its training that a sweep can go by."""
    about: str


@dataclass(frozen=True)
class ScorerSettings:
    """A scorer with what it can be told."""

    scorer: About
    settings: tuple[Setting, ...]


def scorers() -> tuple[About, ...]:
    """All scorers of the catalogue, those that are trained last."""
    return tuple(_about(name, resolve(target)) for name, target in SCORERS.items())


def settings_of(name: str) -> ScorerSettings:
    """The settings of a run of a scorer: the run's own, then the scorer's in the order of its config.

    Raises:
        ConfigError: no such scorer.
    """
    kind = lookup("scorer", SCORERS, name)
    if not hasattr(kind, "config_type"):
        plain = [one for one in fields(kind) if one.default is not MISSING]
        told = tuple(Setting(f"settings.{one.name}", str(one.type), one.default, {}, "") for one in plain)
    else:
        told = _told(kind.config_type, "settings.")
    return ScorerSettings(_about(name, kind), _told(RunConfig, "", without=("scorer", "settings")) + told)


def _told(config: type[BaseModel], prefix: str, without: Sequence[str] = ()) -> tuple[Setting, ...]:
    """The settings of a config, their keys after `prefix`."""
    defaults = flatten(config().model_dump(mode="json"))
    variants = {word: flatten(one.model_dump(mode="json")) for word, one in getattr(config, "variants", dict)().items()}
    schema = config.model_json_schema()
    return tuple(
        Setting(
            key=prefix + key, takes=takes(one), default=defaults[key],
            otherwise={word: values[key] for word, values in variants.items() if values[key] != defaults[key]},
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


def _about(name: str, kind: Any) -> About:
    words = (kind.__doc__ or "").split("\n\n")[0]
    trained = hasattr(kind, "trainer")
    tells = kind.config_type().tells if trained and hasattr(kind, "config_type") else ()
    return About(name, trained, tells, " ".join(words.split()))


def _leaves(
    schema: Mapping[str, Any], models: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted key and schema of each setting; those of a nested model stand where it does."""
    for name, one in schema.get("properties", {}).items():
        if "$ref" in one:
            yield from _leaves(models[one["$ref"].rsplit("/", 1)[-1]], models, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", one
