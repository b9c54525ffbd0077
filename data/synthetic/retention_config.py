"""Settings of return: what makes people open the app, skip a day, leave, come back and join."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RetentionConfig(BaseModel):
    """How return answers to what people see."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


FEEDBACK: tuple[str, ...] = ()
"""Settings through which a feed can move sessions; with all of them 0 no feed does."""
