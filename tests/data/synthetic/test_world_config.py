from __future__ import annotations

from typing import Any

import pytest

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
