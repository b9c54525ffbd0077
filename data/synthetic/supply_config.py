"""Settings of supply: how much and about what authors post, given what their tweets got."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SupplyConfig(BaseModel):
    """How authors answer to what their tweets got."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


FEEDBACK: tuple[str, ...] = ()
"""Settings through which a feed can move posting; with all of them 0 no feed does."""
