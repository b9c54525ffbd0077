"""The model that serves: what the scoring endpoint needs of one, and the one without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from features.text.understanding import Understanding
from ranking.scorer import Scorer
from ranking.untrained import make_scorer

FALLBACK = "recency"
"""The scorer that ranks while no model is registered."""


class ServedModel(Protocol):
    """A model with the text understanding that its columns come from: `ranking.artifact.Bundle` is one."""

    @property
    def scorer(self) -> Scorer:
        """What gives values; a `Retriever` as well where it brings candidates."""
        ...

    @property
    def understanding(self) -> Understanding | None:
        """What reads texts."""
        ...

    @property
    def name(self) -> str:
        """Its kind."""
        ...

    @property
    def version(self) -> str:
        """Its version in the registry, "" for none."""
        ...


class ModelSource(Protocol):
    """Where models come from by a reference: the registry."""

    def version(self, reference: str) -> str:
        """The version that the reference stands for now, without loading it.

        Raises:
            NotFoundError: no model answers to it.
        """
        ...

    def fetch(self, reference: str) -> ServedModel:
        """The model that it stands for now.

        Raises:
            NotFoundError: no model answers to it.
            ModelError: it cannot be loaded, or reads what this network lacks.
        """
        ...


@dataclass(frozen=True)
class Untrained:
    """A scorer that needs no training, for a server without a registered model."""

    scorer: Scorer
    name: str
    version: str = ""
    understanding: Understanding | None = None


def untrained(name: str = FALLBACK, understanding: Understanding | None = None) -> Untrained:
    """The scorer `name` of the catalogue with its default settings."""
    return Untrained(make_scorer(name), name, understanding=understanding)
