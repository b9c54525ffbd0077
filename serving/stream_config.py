"""How tweets are streamed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class StreamConfig(BaseModel):
    """The filtered stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    poll_ms: float = Field(default=250.0, gt=0)
    """Milliseconds between two looks at the log: a tweet comes that much later, and tweets of that time together."""
    keep_alive_s: float = Field(default=20.0, gt=0)
    """Seconds without a tweet after which an empty line is sent."""
    max_lag: int = Field(default=10_000, ge=1)
    """Events that a reader may be behind; a slower one is disconnected and told why."""
    per_app: int = Field(default=10, ge=1)
    """Streams that one app may have open at a time."""
