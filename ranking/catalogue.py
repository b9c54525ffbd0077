"""One line a scorer; none is imported until it is used.

A frozen dataclass with `reads` and `score` is enough: its fields are its settings, and are what its artifact holds. A
scorer with weights, or that is no dataclass, goes to an artifact and back by `artifact()` and
`from_artifact(config, weights)`. One that learns names in `trainer` the function that fits it.
"""

from __future__ import annotations

SCORERS: dict[str, str] = {
    "popularity": "ranking.scorers.popularity:Popularity",
    "popularity_decay": "ranking.scorers.popularity:DecayedPopularity",
    "recency": "ranking.scorers.recency:Recency",
    "content": "ranking.scorers.content:Content",
    "item_knn": "ranking.scorers.item_knn:ItemKNN",
    "ease": "ranking.scorers.ease:EASE",
    "als": "ranking.scorers.als:ALS",
    "affinity_formula": "ranking.scorers.formulas:AffinityFormula",
    "interest_formula": "ranking.scorers.formulas:InterestFormula",
    "two_tower": "ranking.models.two_tower:TwoTower",
    "logistic": "ranking.scorers.tabular:Logistic",
    "boosting": "ranking.scorers.tabular:Boosting",
    "heavy": "ranking.models.heavy:HeavyRanker",
    "sequence": "ranking.models.sequence:SequenceRanker",
}
