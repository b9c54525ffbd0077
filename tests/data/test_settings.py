"""The error on a wrong setting lists the keys of its own table and suggests the one that was meant."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.errors import ConfigError
from data.settings import config_from


class Oven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    degrees: int = Field(180, le=300)
    fan: bool = True


class Cake(BaseModel):
    model_config = ConfigDict(extra="forbid")

    eggs: int = 3
    oven: Oven = Oven()
    spare: Oven | None = None
    layers: dict[str, Oven] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _enough(self) -> Cake:
        if self.eggs < 1:
            raise ValueError("a cake needs an egg")
        return self


@pytest.mark.parametrize(
    ("settings", "problem", "remedy"),
    [
        ({"egs": 2}, "unknown key 'egs'", "did you mean 'eggs'? the keys are eggs, oven, spare, layers;"),
        ({"oven": {"degree": 1}}, "key 'oven.degree'", "did you mean 'oven.degrees'? the keys of oven are degrees"),
        ({"spare": {"degree": 1}}, "'spare.degree'", "did you mean 'spare.degrees'?"),
        ({"layers": {"top": {"fans": 1}}}, "'layers.top.fans'", "did you mean 'layers.top.fan'? the keys of layers"),
        ({"fan": False}, "unknown key 'fan'", "did you mean 'oven.fan'?"),
        ({"zzz": 1}, "unknown key 'zzz'", "the keys are eggs"),
        ({"oven": {"degrees": 900}}, "oven.degrees = 900 in the settings of cake: Input", "change that value"),
        ({"eggs": 0}, "the settings of cake: a cake needs an egg", "change that value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(settings: dict[str, Any], problem: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as error:
        config_from(Cake, settings, name="cake")
    assert problem in error.value.problem
    assert error.value.remedy.startswith(remedy)
    assert error.value.remedy.endswith("see: rookery scorers settings cake")
    assert "\n" not in str(error.value)
