"""When checkpoints are made."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CheckpointConfig(BaseModel):
    """How often the state is saved while the network runs; it is also saved when it is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    every_events: int = Field(50_000, ge=1)
    """Entries of the log after which the state is saved."""
    every_min: float = Field(10.0, gt=0)
    """Minutes after which it is saved where anything happened."""
