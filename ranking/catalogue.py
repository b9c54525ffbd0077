"""One line a scorer; none is imported until it is used.

A frozen dataclass with `reads` and `score` is enough: its fields are its settings, and are what its artifact holds. A
scorer with weights, or that is no dataclass, goes to an artifact and back by `artifact()` and
`from_artifact(config, weights)`. One that learns names in `trainer` the function that fits it.
"""

from __future__ import annotations

SCORERS: dict[str, str] = {
    "popularity": "ranking.scorers.popularity:Popularity",
    "recency": "ranking.scorers.recency:Recency",
    "affinity_formula": "ranking.scorers.formulas:AffinityFormula",
    "interest_formula": "ranking.scorers.formulas:InterestFormula",
    "two_tower": "ranking.models.two_tower:TwoTower",
}
