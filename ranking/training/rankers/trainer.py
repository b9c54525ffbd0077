"""What the training of all rankers on impressions has in common: settings, then rows, then the model's own fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from data.settings import config_from
from ranking.models.action_scorer import ActionConfig, ActionScorer
from ranking.models.ranker_training import RowsConfig
from ranking.processes import first_process_first
from ranking.training.rankers.impressions import Impressions, shared_impressions
from ranking.training.trainer import Trainer, TrainingContext

C = TypeVar("C", bound=ActionConfig)
R = TypeVar("R", bound=ActionScorer)


@dataclass(frozen=True)
class RankerTrainer(Trainer, Generic[C, R]):
    """Fits one kind of ranker on impressions."""

    ranker: type[R]
    config_type: type[C]
    histories: bool = False
    """Whether its rows have the readers' histories."""

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> R:
        """Trains on impressions of the training part of the split.

        Raises:
            ConfigError: an unknown setting or one out of range, a value that weighs nothing that is predicted, or the
                checkpoint of another run.
            DataError: there are no impressions to train on.
            ModelError: the loss diverged, or an input is infinite.
        """
        config = config_from(self.config_type, settings, name=self.ranker.kind, seed=context.seed)
        config.check_value()
        context.state_config(config)
        with first_process_first():
            rows = shared_impressions(
                context.shared, context.dataset, context.split, config.inputs, self.rows_config(config),
                understanding=context.understanding, actions=config.actions, histories=self.histories,
                seed=context.seed, progress=context.progress,
            )  # fmt: skip
        return self.fit_rows(config, rows, context)

    @abstractmethod
    def rows_config(self, config: C) -> RowsConfig:
        """Which impressions are learned from."""

    @abstractmethod
    def fit_rows(self, config: C, rows: Impressions, context: TrainingContext) -> R:
        """Trains on rows that are there already; see `fit` for the errors."""
