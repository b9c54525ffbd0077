"""Settings to a config; an error names the key, its value and the keys that are allowed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError

from data.errors import ConfigError
from data.import_by_name import nearest

M = TypeVar("M", bound=BaseModel)
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""A seed that every library here takes."""
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
"""A standard deviation."""


def config_from(kind: type[M], settings: Mapping[str, Any], *, name: str, **fixed: Any) -> M:
    """The config of the scorer `name` from plain settings, with `fixed` over them.

    Raises:
        ConfigError: an unknown setting or one out of range.
    """
    try:
        return kind(**{**settings, **fixed})
    except ValidationError as error:
        more = f"see: rookery scorers settings {name}"
        raise wrong_setting(error, kind, f"the settings of {name}", more=more) from error


def wrong_setting(error: ValidationError, kind: type[BaseModel], source: str, *, more: str = "") -> ConfigError:
    """The first mistake that `kind` found in `source`; `more` is where to read on.

    The error on an unknown key lists the keys of its own table, not of the outermost one, and suggests the nearest of
    them, or the key of that name in another table.
    """
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    more = f"; {more}" if more else ""
    if first["type"] == "extra_forbidden":
        table = model_at(kind, path[:-1])
        place = f" of {'.'.join(path[:-1])}" if len(path) > 1 else ""
        near = _nearest(kind, table, path)
        guess = f"did you mean {near!r}? " if near else ""
        known = ", ".join(table.model_fields) or "none"
        return ConfigError(f"unknown key {key!r} in {source}", remedy=f"{guess}the keys{place} are {known}{more}")
    given = first.get("input")
    value = "" if isinstance(given, dict) else f" = {given!r}"
    where = f"{key}{value} in {source}" if key else source
    # A validator of ours may name its own remedy after a semicolon; pydantic's name none.
    problem, _, remedy = first["msg"].removeprefix("Value error, ").partition("; ")
    return ConfigError(f"{where}: {problem}", remedy=f"{remedy or 'change that value'}{more}")


def model_at(kind: type[BaseModel], path: Sequence[str]) -> type[BaseModel]:
    """The model of the table at `path` of `kind`; of a table with free keys, that of its values."""
    for part in path:
        field = kind.model_fields.get(part)
        kind = next(_models(field.annotation), kind) if field is not None else kind
    return kind


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _nearest(kind: type[BaseModel], table: type[BaseModel], path: Sequence[str]) -> str:
    """The key that was meant, as far as it can be guessed."""
    beside = nearest(path[-1], table.model_fields)
    if beside:
        return ".".join([*path[:-1], beside])
    return next((key for key in _keys(kind) if key.rsplit(".", 1)[-1] == path[-1]), "")


def _keys(kind: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in kind.model_fields.items():
        yield prefix + name
        for model in _models(field.annotation):
            yield from _keys(model, f"{prefix}{name}.")
