"""Every setting of the running network, its default, and the variable that sets it: `ROOKERY_` and the name.

A part's setting is `ROOKERY_FANOUT__POLICY=pull`: two underscores between the part and its key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from candidates.products.blender import BlenderConfig
from candidates.products.follow import FollowConfig
from candidates.products.home import HomeConfig
from candidates.snapshots import SnapshotConfig
from candidates.trends.engine import TrendConfig
from data.errors import ConfigError
from data.home_folder import home_folder
from ranking.tower_vectors import KeptVectorsConfig
from serving.aliases import AliasConfig
from serving.auth.config import AuthConfig, is_loopback
from serving.auth.rate_limits import RateLimitConfig
from serving.checkpoints.config import CheckpointConfig
from serving.events.runner import ConsumerConfig
from serving.events.sample import ImpressionConfig
from serving.fanout.config import FanoutConfig
from serving.stream_config import StreamConfig

DATABASE = "network.sqlite"
"""The file of a network's database in its folder."""


class Settings(BaseSettings):
    """How a network runs."""

    model_config = SettingsConfigDict(
        env_prefix="ROOKERY_", env_nested_delimiter="__", frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=home_folder)
    """Folder of the database and the token secret."""
    host: str = "127.0.0.1"
    """Address to listen at; other machines reach it only when this is changed."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen at; 0 takes a free one."""
    secret: SecretStr | None = None
    """Signs tokens; when not set, one is made and kept in the home folder."""
    clock: Literal["data", "wall"] = "data"
    """`data`: time goes on from the end of the loaded log, so that its tweets are new. `wall`: the machine's time."""
    rank_limit: int = Field(default=2_000, ge=1)
    """Candidates that one scoring request may have."""
    home_size: int = Field(default=50, ge=1, le=100)
    """Tweets of a home timeline when the caller does not say."""
    deadline_ms: float | None = Field(default=None, gt=0)
    """Milliseconds that a home timeline may take before parts are left out; None waits for all."""
    record_impressions: bool = True
    """Write each served slate to the event log, so that it counts as served and seen."""
    read_timeout_s: float = Field(default=15.0, gt=0)
    """Seconds within which a request must have arrived, headers and body; a slower one is refused."""
    max_body_bytes: int = Field(default=1_048_576, ge=1_024)
    """The longest request body."""
    auth: AuthConfig = AuthConfig()
    """How people and scripts sign in."""
    rate_limits: RateLimitConfig = RateLimitConfig()
    """How often a caller may call a route."""
    fanout: FanoutConfig = FanoutConfig()
    """How tweets get to timelines."""
    consumers: ConsumerConfig = ConsumerConfig()
    """How the event log is followed."""
    checkpoints: CheckpointConfig = CheckpointConfig()
    """When the state is saved."""
    impressions: ImpressionConfig = ImpressionConfig()
    """What is kept of served impressions."""
    trends: TrendConfig = TrendConfig()
    """How trends are counted, scored and listed."""
    aliases: AliasConfig = AliasConfig()
    """Which models rank beside the champion, for whom, and when newer ones are taken."""
    tower_vectors: KeptVectorsConfig = KeptVectorsConfig()
    """How long vectors of a two-tower model are used, and how many are kept."""
    streams: StreamConfig = StreamConfig()
    """The filtered stream."""
    snapshots: SnapshotConfig = SnapshotConfig()
    """What is kept of a home timeline for its later pages."""
    feed: HomeConfig = HomeConfig()
    """What the home timeline is made of."""
    follow: FollowConfig = FollowConfig()
    """How accounts to follow are found."""
    blender: BlenderConfig = BlenderConfig()
    """Where who to follow and promoted tweets stand in a home timeline."""

    @field_validator("auth")
    @classmethod
    def _fixed_tokens_stay_at_home(cls, auth: AuthConfig, given: ValidationInfo) -> AuthConfig:
        host = given.data.get("host", "")
        if auth.fixed_tokens and not is_loopback(host):
            raise ValueError(f"fixed_tokens are taken only where this machine alone reaches host, and it is {host!r}")
        return auth

    @classmethod
    def read(cls, **values: Any) -> Settings:
        """The settings from `values`, then from the environment, then their defaults.

        Raises:
            ConfigError: naming the first setting that is unknown or refused, and its variable.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            variable = "ROOKERY_" + "__".join(str(part).upper() for part in first["loc"])
            # A secret that is refused is a secret all the same.
            value = "" if first["loc"][:1] in (("auth",), ("secret",)) else f" ({first.get('input')!r})"
            raise ConfigError(f"setting {variable}{value}: {first['msg']}", remedy="see docs/serving.md") from error
        except SettingsError as error:
            raise ConfigError(f"a ROOKERY_ variable cannot be read: {error}", remedy="see docs/serving.md") from error

    @property
    def checkpoint_folder(self) -> Path:
        """Where the state is saved."""
        return self.home / "checkpoints"

    @property
    def database_path(self) -> Path:
        """The network's database."""
        return self.home / DATABASE
