"""How people and scripts sign in."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from serving.kit.ids import Id


class AuthConfig(BaseModel):
    """How people and scripts sign in, and how long what they get lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    password: SecretStr | None = Field(default=None, min_length=12)
    """With which everybody signs in on the pages. When not set, one is made at each start and shown, if only this
    machine reaches `host`; else nobody can sign in."""
    fixed_tokens: dict[Annotated[str, Field(pattern=r"^[!-~]{8,100}$")], Id] = Field(default_factory=dict)
    """Bearer tokens for scripts, each with the user whom it acts for: they last for ever. Only where only this machine
    reaches `host`."""
    access_s: int = Field(default=900, ge=1, le=86_400)
    """Seconds that an app's access token lasts."""
    refresh_days: int = Field(default=30, ge=1, le=3_650)
    """Days that a refresh token waits for its use."""
    code_s: int = Field(default=60, ge=1, le=600)
    """Seconds that an authorization code lasts (RFC 6749 allows 600)."""
    session_min: int = Field(default=60, ge=1, le=1_440)
    """Minutes that a browser stays signed in."""
    tries: int = Field(default=20, ge=1)
    """How often one address, and one account, may try a password within 15 minutes."""

    def password_for(self, host: str) -> str | None:
        """The password of a network that listens at `host`; None where nobody can sign in."""
        if self.password is not None:
            return self.password.get_secret_value()
        return secrets.token_urlsafe(12) if is_loopback(host) else None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
