"""The contract of training: a `Trainer` fits a scorer to the data, split and seed of a `TrainingContext`.

Which trainer is a scorer's is one line of `ranking.catalogue`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from data.dataset import Dataset
from data.errors import ConfigError
from data.import_by_name import entry, resolve
from data.progress import Progress, no_progress
from data.settings import config_from
from data.split import Split
from ranking.catalogue import SCORERS, trained_scorers
from ranking.scorer import ConfiguredScorer, Scorer, ScorerConfig
from ranking.training.checkpoint import Checkpoint
from ranking.training.neighbours import Exact, Indexer
from ranking.training.shared import SharedRows
from ranking.untrained import make_scorer

if TYPE_CHECKING:
    from features.text.understanding import Understanding

Report = Callable[[Mapping[str, float]], None]
"""Receives the numbers of an epoch, or of a combination of settings that was tried."""

Configured = Callable[[ScorerConfig], None]
"""Receives a scorer's config with all defaults, before anything is learned."""


@dataclass(frozen=True)
class TrainingContext:
    """What a scorer is fitted from, and what its training may use; the device is a setting of those that have one."""

    dataset: Dataset
    split: Split
    """Only its training part is learned from."""
    seed: int
    """Seed of initial weights, sampling and shuffling."""
    understanding: Understanding | None = None
    """What the columns of texts come from."""
    progress: Progress = no_progress
    report: Report | None = None
    configured: Configured | None = None
    checkpoint: Path | None = None
    """Folder where each epoch is kept, from which a killed run goes on; models without epochs have none."""
    index: Indexer = Exact
    """Makes vectors searchable, where hard negatives are mined."""
    shared: SharedRows = field(default_factory=SharedRows)
    """Training rows and texts that were read: contexts with the same owner build and read the same ones only once."""

    def state_config(self, config: ScorerConfig) -> None:
        """Reports the config that the scorer is fitted by."""
        if self.configured is not None:
            self.configured(config)

    def checkpoint_of(self, config: ScorerConfig) -> Checkpoint | None:
        """The checkpoint of a run of `config` in this context."""
        if self.checkpoint is None:
            return None
        run = {
            "config": config.model_dump(mode="json"),
            "data": self.dataset.content_hash,
            "split": self.split.name,
            "seed": self.seed,
        }
        return Checkpoint(self.checkpoint, run)


class Trainer(ABC):
    """Fits one kind of scorer."""

    config_type: type[ScorerConfig]
    """Settings that it takes; what training reports of them is stated there."""

    @abstractmethod
    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> Scorer:
        """A scorer that has learned from the training part of the context's split.

        Raises:
            ConfigError: an unknown setting or one out of range, or the checkpoint of another run.
            DataError: the data set lacks what the scorer learns from.
            ModelError: the loss diverged, or an input is not finite.
        """


def trainer_of(name: str) -> Trainer:
    """What trains the scorer `name`.

    Raises:
        ConfigError: no such scorer, or one that needs no training.
    """
    found = entry("scorer", SCORERS, name)
    if not found.trained:
        raise ConfigError(f"scorer {name!r} is not trained", remedy=f"take one of {', '.join(trained_scorers())}")
    trainer: Trainer = resolve(found.trainer)
    return trainer


def fit_scorer(name: str, context: TrainingContext, settings: Mapping[str, Any]) -> Scorer:
    """The scorer `name`, trained, or made from its settings where it needs no training.

    Raises:
        ConfigError, DataError, ModelError: see `Trainer.fit`.
    """
    if not entry("scorer", SCORERS, name).trained:
        made = make_scorer(name, settings)
        if isinstance(made, ConfiguredScorer):
            context.state_config(made.config)
        return made
    return trainer_of(name).fit(context, settings)


def check_settings(name: str, settings: Mapping[str, Any]) -> None:
    """Refuses a wrong setting of the scorer `name` before anything is computed.

    Whether settings go together is left to the trainer, whose defaults may depend on the data.

    Raises:
        ConfigError: no such scorer, or a setting that is unknown or out of range.
    """
    if not entry("scorer", SCORERS, name).trained:
        make_scorer(name, settings)
        return
    config_type = trainer_of(name).config_type
    try:
        config_type(**settings)
    except ValidationError as error:
        if error.errors()[0]["loc"]:
            config_from(config_type, settings, name=name)
