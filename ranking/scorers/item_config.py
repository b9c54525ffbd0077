"""How models of items are fitted: settings that all of them share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from ranking.scorer import ScorerConfig


def _several(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


_VALUE = {"type": "number", "minimum": 0}
Values = Annotated[
    tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [_VALUE, {"type": "array", "items": _VALUE}]}),
]
"""One value of a setting, or several to choose from."""
_COUNT = {"type": "integer", "minimum": 1}
Counts = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [_COUNT, {"type": "array", "items": _COUNT}]}),
]
"""One whole number from 1 on, or several to choose from."""


class ItemConfig(ScorerConfig):
    """How a model's settings are chosen: each combination is fitted to most of the training part, the rest judges it.

    The one with the best NDCG, the first of equals, is then fitted to the whole training part. One combination alone is
    judged only where its number is reported.
    """

    validation: Literal["auto", "random", "last"] = "auto"
    """What is held out of each reader's engagements to judge by: `random` ones, the `last` ones, or, by `auto`, random
    ones where the split itself is random and the last ones otherwise."""
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Share of each reader's engagements that is held out, rounded down but at least one of two or more."""
    validation_readers: int = Field(5_000, ge=1)
    """Most readers who judge; a sample where there are more."""
    k: int = Field(20, ge=1)
    """Places that the NDCG looks at."""

    @property
    def measure(self) -> str:
        """The number by which settings are chosen."""
        return f"ndcg@{self.k}"

    @property
    def chosen(self) -> dict[str, Any]:
        """See `ScorerConfig`."""
        return {name: values[0] for name, values in self.model_dump(include=set(self.tried)).items()}

    @property
    def objectives(self) -> tuple[str, ...]:
        """See `ScorerConfig`."""
        return (self.measure,)
