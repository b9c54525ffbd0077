"""How tweets get to timelines."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from data.errors import ConfigError
from data.import_by_name import entry
from serving.fanout.catalogue import POLICIES, make_policy
from serving.fanout.policy import FanoutPolicy


class FanoutConfig(BaseModel):
    """The policy, and the lists that it writes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    policy: str = "classic"
    """A name of `POLICIES` in `serving/fanout/catalogue.py`."""
    settings: dict[str, Any] = {}
    """Settings of that policy that are not to be its defaults, by name."""
    capacity: int = Field(default=800, ge=1)
    """Entries that a list holds; what is older is pulled."""
    inactive_after_h: float = Field(default=720.0, gt=0)
    """Hours since a reader's last act after which their list is given up; it is written again when they return."""

    cache_s: float = Field(default=300.0, ge=0)
    """Seconds for which the merged timeline of a reader is kept, unless something changes it before; 0: not at all."""

    @field_validator("policy")
    @classmethod
    def _known(cls, policy: str) -> str:
        try:
            entry("fan-out policy", POLICIES, policy)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return policy

    @field_validator("settings")
    @classmethod
    def _taken(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "policy" in info.data:
            try:
                make_policy(info.data["policy"], settings)
            except ValidationError as error:
                first = error.errors()[0]
                name = ".".join(str(part) for part in first["loc"])
                told = f"{name} ({first['input']!r}): {first['msg']}" if name else str(first["msg"])
                raise ValueError(f"policy {info.data['policy']!r}: {told}") from error
        return settings

    def make_policy(self) -> FanoutPolicy:
        """The policy that this names."""
        return make_policy(self.policy, self.settings)
