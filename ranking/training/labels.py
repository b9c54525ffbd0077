"""Trainers of models of labels: `biases` and `fm`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Generic, TypeVar

import numpy as np

from data.errors import DataError
from data.labels import labelled
from data.settings import config_from
from ranking.scorers.factorisation import Biases, BiasesConfig, Factorisation, FactorisationConfig
from ranking.training.trainer import Trainer, TrainingContext

M = TypeVar("M", bound=Biases)


@dataclass(frozen=True)
class LabelTrainer(Trainer, Generic[M]):
    """Fits a model of labels to the rows of the training part that have a value."""

    name: str
    config_type: type[BiasesConfig]
    model: type[M]

    def fit(self, context: TrainingContext, settings: Mapping[str, Any]) -> M:
        """The values of settings and the number of epochs that were best on held-out rows, fitted to all rows.

        Raises:
            ConfigError: an unknown setting.
            DataError: no row has a value, all labels are the same, or there are too few rows.
        """
        config = config_from(self.config_type, {"seed": context.seed, **settings}, name=self.name)
        context.state_config(config)
        rows = labelled(context.dataset, context.split.train, config.positive_from)
        users, user = np.unique(rows["user_id"].to_numpy(), return_inverse=True)
        items, item = np.unique(rows["tweet_id"].to_numpy(), return_inverse=True)
        label = rows["label"].to_numpy()
        held = np.zeros(len(label), np.bool_)
        some = np.random.default_rng([config.seed, 7]).permutation(len(label))
        held[some[: round(len(label) * config.validation_share)]] = True
        if not held.any() or held.all():
            raise DataError(f"{len(label)} rows with a value are too few to hold any out", remedy="give a larger log")
        values = config.model_dump(include=set(config.tried))
        grid = [dict(zip(values, one, strict=True)) for one in product(*values.values())]
        best, least, epochs = config, float("inf"), config.epochs
        for at, one in enumerate(grid):
            tried = config.model_copy(update={name: (value,) for name, value in one.items()})
            _, losses = self.model.fit(tried, users, items, user, item, label, held)
            loss = min(losses)
            if context.report is not None:
                context.report({**{name: float(value) for name, value in one.items()}, "validation_loss": loss})
            if loss < least:
                best, least, epochs = tried, loss, losses.index(loss) + 1
            context.progress(at + 1, len(grid) + 1, f"validation loss {loss:.4f}")
        nothing = np.zeros(len(label), np.bool_)
        fitted, _ = self.model.fit(best.model_copy(update={"epochs": epochs}), users, items, user, item, label, nothing)
        return fitted


biases_trainer = LabelTrainer("biases", BiasesConfig, Biases)
"""Fits two biases."""
fm_trainer = LabelTrainer("fm", FactorisationConfig, Factorisation)
"""Fits a factorisation machine."""
