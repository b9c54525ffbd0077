"""All scorers of trends by name: to add one, add its file and its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from candidates.trends.scorer import TrendScorer
from data.errors import ConfigError
from data.import_by_name import entry, lookup

TREND_SCORERS: dict[str, str] = {
    "windowed": "candidates.trends.windowed_score:Windowed",
    "poisson_point": "candidates.trends.poisson:PoissonPoint",
    "poisson_cycle": "candidates.trends.poisson:PoissonCycle",
    "chi_square": "candidates.trends.chi_square:ChiSquare",
    "kleinberg": "candidates.trends.kleinberg:Kleinberg",
}
"""One line a scorer."""


def make_scorer(name: str, settings: Mapping[str, Any] | None = None) -> TrendScorer:
    """A scorer that has seen nothing yet.

    Args:
        name: of the catalogue.
        settings: arguments that are not to be its defaults.

    Raises:
        ConfigError: no scorer of that name, or it takes no such argument or value.
    """
    scorer = lookup("trend scorer", TREND_SCORERS, name)
    kinds = {argument: kind for argument, kind in get_type_hints(scorer.__init__).items() if argument != "return"}
    given: dict[str, Any] = {}
    for argument, value in (settings or {}).items():
        kind = entry(f"setting of trend scorer {name}", kinds, argument)
        try:
            given[argument] = TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            problem = f"trend scorer {name!r} has {argument}={value!r}: {error.errors()[0]['msg']}"
            raise ConfigError(problem, remedy=f"it takes a {kind}") from error
    made: TrendScorer = scorer(**given)
    return made
