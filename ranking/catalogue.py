"""One line a scorer; none is imported until it is used.

A frozen dataclass with `reads` and `score` is enough for a scorer without training: its fields are its settings, and
are what its artifact holds. One with a pydantic config or with weights is a `ranking.scorer.ConfiguredScorer`. One that
is learned from a log also names the object that trains it, a `ranking.training.trainer.Trainer`. What else a scorer
offers is stated by the classes of `ranking.scorer` that it derives from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.import_by_name import entry, resolve


@dataclass(frozen=True)
class ScorerEntry:
    """Where a scorer is."""

    path: str
    """Its class, as `package.module:Class`."""
    trainer: str = ""
    """What trains it, as `package.module:name`; empty for a scorer that is made from its settings alone."""

    @property
    def trained(self) -> bool:
        """Whether it is learned from a log."""
        return bool(self.trainer)


_ITEMS, _RANKERS = "ranking.training.items.fit", "ranking.training.rankers"

SCORERS: dict[str, ScorerEntry] = {
    "popularity": ScorerEntry("ranking.scorers.popularity:Popularity"),
    "recency": ScorerEntry("ranking.scorers.recency:Recency"),
    "content": ScorerEntry("ranking.scorers.content:Content"),
    "affinity_formula": ScorerEntry("ranking.scorers.formulas:AffinityFormula"),
    "interest_formula": ScorerEntry("ranking.scorers.formulas:InterestFormula"),
    "popularity_decay": ScorerEntry("ranking.scorers.popularity:DecayedPopularity", f"{_ITEMS}:popularity_trainer"),
    "item_knn": ScorerEntry("ranking.scorers.item_knn:ItemKNN", f"{_ITEMS}:item_knn_trainer"),
    "ease": ScorerEntry("ranking.scorers.ease:EASE", f"{_ITEMS}:ease_trainer"),
    "als": ScorerEntry("ranking.scorers.als:ALS", f"{_ITEMS}:als_trainer"),
    "biases": ScorerEntry("ranking.scorers.factorisation:Biases", "ranking.training.labels:biases_trainer"),
    "fm": ScorerEntry("ranking.scorers.factorisation:Factorisation", "ranking.training.labels:fm_trainer"),
    "two_tower": ScorerEntry("ranking.models.two_tower:TwoTower", "ranking.training.two_tower.fit:two_tower_trainer"),
    "logistic": ScorerEntry("ranking.scorers.tabular:Logistic", f"{_RANKERS}.fit_tabular:logistic_trainer"),
    "boosting": ScorerEntry("ranking.scorers.tabular:Boosting", f"{_RANKERS}.fit_tabular:boosting_trainer"),
    "heavy": ScorerEntry("ranking.models.heavy:HeavyRanker", f"{_RANKERS}.fit:heavy_trainer"),
    "sequence": ScorerEntry("ranking.models.sequence:SequenceRanker", f"{_RANKERS}.fit:sequence_trainer"),
}
"""All scorers by name."""


def scorer_class(name: str) -> type[Any]:
    """The class of the scorer `name`, imported now.

    Raises:
        ConfigError: no such scorer.
    """
    found: type[Any] = resolve(entry("scorer", SCORERS, name).path)
    return found


def trained_scorers() -> tuple[str, ...]:
    """Names of the scorers that are learned from a log."""
    return tuple(name for name, one in SCORERS.items() if one.trained)


def untrained_scorers() -> tuple[str, ...]:
    """Names of the scorers that are made from their settings alone."""
    return tuple(name for name, one in SCORERS.items() if not one.trained)
