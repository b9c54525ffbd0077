from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan
from typing import Any, get_args

import annotated_types
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from data.errors import ConfigError
from data.synthetic.config import WorldConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("people", 0), ("people", -3), ("days", 0), ("seed", -1), ("impressions_per_day", float("nan")),
        ("tweets_per_day", -0.5), ("follows", float("inf")), ("annotator_error", 1.5), ("tick_min", 7),
        ("start", "soon"), ("topics", 9999), ("peopel", 10), ("follows", 6000),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=field):
        WorldConfig.parse({field: value})


def test_nested_settings_are_named_with_their_path() -> None:
    with pytest.raises(ConfigError, match=r"behaviour\.quality"):
        WorldConfig.parse({"behaviour": {"quality": float("nan")}})


def test_a_config_survives_json() -> None:
    config = WorldConfig(people=77, follows=9.0)
    assert WorldConfig.parse(config.model_dump(mode="json")) == config
    assert config.end_us - config.start_us == 14 * 86_400_000_000


def fields(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every field of a config and of those within it, with its path."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, (*path, name))
        else:
            yield (*path, name), field


def beyond(field: FieldInfo) -> list[Any]:
    """Values that a field must refuse: just outside each stated bound, no numbers at all, and the wrong kind."""
    wrong: list[Any] = [[], "no such value"]
    if float in (field.annotation, *get_args(field.annotation)):
        wrong += [nan, inf, -inf]
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge(ge=least):
                wrong.append(least - 1)
            case annotated_types.Gt(gt=least):
                wrong.append(least)
            case annotated_types.Le(le=most):
                wrong.append(most + 1)
            case annotated_types.Lt(lt=most):
                wrong.append(most)
    return wrong


FIELDS = {".".join(path): field for path, field in fields(WorldConfig)}


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_refuses_what_is_outside_its_range_by_name(name: str) -> None:
    path = name.split(".")
    for value in beyond(FIELDS[name]):
        changes: Any = value
        for part in reversed(path):
            changes = {part: changes}
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            WorldConfig.parse(changes)
