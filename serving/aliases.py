"""The models that rank, by alias: the champion, and those beside it that some users get or that are only watched."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.errors import ConfigError, ModelError
from serving.model import ModelSource, ServedModel

CHAMPION = "champion"
"""The model that ranks home timelines, and for whoever gets no other."""


class AliasConfig(BaseModel):
    """Which models are loaded beside the champion, and who is ranked by them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    loaded: tuple[str, ...] = ()
    """Aliases, versions or run ids of the registry that `POST /v1/rank` can be asked for."""
    shares: dict[str, float] = {}
    """Share of all users whom an alias scores where the request names none; the others get the champion."""
    shadow: tuple[str, ...] = ()
    """Aliases that score what another model answers as well, after the answer was sent."""
    shadow_waiting: int = Field(default=64, ge=1)
    """Requests that wait for the shadow at most; those that come when it is full are dropped and counted."""
    poll_s: float | None = Field(default=None, ge=1)
    """Seconds after which the registry is asked for newer versions of the aliases; None: only when an operator asks."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if CHAMPION in self.loaded:
            raise ValueError(f"{CHAMPION} is always loaded; leave it out of loaded")
        for setting, names in (("shares", self.shares), ("shadow", self.shadow)):
            unknown = [name for name in names if name not in (*self.loaded, CHAMPION)]
            if unknown:
                raise ValueError(f"{setting} names {unknown[0]!r}, which is not loaded; add it to loaded")
        wrong = [name for name, share in self.shares.items() if not 0 <= share <= 1]
        if wrong or sum(self.shares.values()) > 1 + 1e-9:
            raise ValueError(f"shares {self.shares} are not parts of 1")
        return self


class Aliases:
    """The loaded models. A model is replaced as a whole: a request has the older or the newer one."""

    def __init__(
        self, config: AliasConfig | None = None, champion: ServedModel | None = None, source: ModelSource | None = None
    ) -> None:
        """Loads those of `config` from `source`.

        Raises:
            NotFoundError: no model answers to an alias.
            ModelError: a model cannot be loaded, or its texts are understood in another way than the champion's.
            ConfigError: aliases are to be loaded and there is no source.
        """
        self.config, self.source = config or AliasConfig(), source
        self._models = {} if champion is None else {CHAMPION: champion}
        for alias in self.config.loaded:
            if source is None:
                raise ConfigError(f"alias {alias!r} is to be loaded without a registry", remedy="leave it out")
            self.put(alias, source.fetch(alias))

    @property
    def models(self) -> Mapping[str, ServedModel]:
        """By alias."""
        return self._models

    def put(self, alias: str, model: ServedModel) -> None:
        """Ranks by `model` for an alias from the next request on.

        Raises:
            ModelError: its texts are understood in another way than those of the models that are there.
        """
        self.check(model)
        self._models = {**self._models, alias: model}

    def check(self, model: ServedModel) -> None:
        """Refuses a model whose columns the state of this network cannot give.

        Raises:
            ModelError: its texts are understood in another way than the champion's.
        """
        ours = self._models[CHAMPION].understanding
        if model.understanding is not None and (ours is None or ours.identity != model.understanding.identity):
            raise ModelError(
                f"model {model.name} version {model.version} understands texts in another way than the champion that "
                "this network began with",
                remedy="restart the network with it as champion, or train it with the same text heads",
            )

    def share(self, alias: str) -> float:
        """The share of all users who get an alias."""
        shares = self.config.shares
        return shares.get(alias, 0.0) + (1 - sum(shares.values()) if alias == CHAMPION else 0.0)

    def of(self, user_id: int) -> str:
        """The alias that a user gets, by a hash of the id: always the same while the shares are."""
        if not self.config.shares:
            return CHAMPION
        place = int.from_bytes(blake2b(b"%d" % user_id, digest_size=8, person=b"aliases").digest()) / 2**64
        for alias, share in self.config.shares.items():
            place -= share
            if place < 0:
                return alias
        return CHAMPION
