"""All scorers of trends by name: to add one, add its file and its line."""

from __future__ import annotations

from candidates.trends.scorer import TrendScorer
from data.import_by_name import lookup

TREND_SCORERS: dict[str, str] = {
    "windowed": "candidates.trends.windowed_score:Windowed",
    "poisson_point": "candidates.trends.poisson:PoissonPoint",
    "poisson_cycle": "candidates.trends.poisson:PoissonCycle",
    "chi_square": "candidates.trends.chi_square:ChiSquare",
    "kleinberg": "candidates.trends.kleinberg:Kleinberg",
}
"""One line a scorer."""


def make_scorer(name: str) -> TrendScorer:
    """A scorer that has seen nothing yet.

    Raises:
        ConfigError: no scorer of that name.
    """
    made: TrendScorer = lookup("trend scorer", TREND_SCORERS, name)()
    return made
