"""One line a scorer; none is imported until it is used.

A frozen dataclass with `reads` and `score` is enough: its fields are its settings, and are what its artifact holds. A
scorer with weights, or that is no dataclass, goes to an artifact and back by `artifact()` and
`from_artifact(config, weights)`, and names in `config_type` the frozen pydantic config whose fields are its settings.
One that learns names in `trainer` the function that fits it.
"""

from __future__ import annotations

UNTRAINED: dict[str, str] = {
    "popularity": "ranking.scorers.popularity:Popularity",
    "recency": "ranking.scorers.recency:Recency",
    "content": "ranking.scorers.content:Content",
    "affinity_formula": "ranking.scorers.formulas:AffinityFormula",
    "interest_formula": "ranking.scorers.formulas:InterestFormula",
}
"""Made from their settings alone."""

TRAINED: dict[str, str] = {
    "popularity_decay": "ranking.scorers.popularity:DecayedPopularity",
    "item_knn": "ranking.scorers.item_knn:ItemKNN",
    "ease": "ranking.scorers.ease:EASE",
    "als": "ranking.scorers.als:ALS",
    "two_tower": "ranking.models.two_tower:TwoTower",
    "logistic": "ranking.scorers.tabular:Logistic",
    "boosting": "ranking.scorers.tabular:Boosting",
    "heavy": "ranking.models.heavy:HeavyRanker",
    "sequence": "ranking.models.sequence:SequenceRanker",
}
"""Learned from a log."""

SCORERS: dict[str, str] = {**UNTRAINED, **TRAINED}
"""All of them."""
