"""The four kinds of metrics, by what each is one number of: a request, all lists, all impressions, an action.

A metric is an object of one of these classes: its name, the columns that it reads, and its formula. It states its kind,
by which `experiments.evaluation` finds what to give it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from data.batch import F64, I64, Array
from data.errors import ConfigError
from ranking.metrics.ranked import Ranked

Kind = Literal["request", "list", "impression", "action"]


@dataclass(frozen=True)
class RequestMetric:
    """One number a request, from the candidates and their scores; it has an interval and can be compared."""

    name: str
    """As in `ranking.metrics.catalogue`."""
    reads: tuple[str, ...]
    """Columns: `score`, `relevance` (above 0 for relevant), `popularity` and `population` (users of the training part
    who engaged with the item, and all of them), `true_value` and `true_welfare` (where the truth is known), and any
    feature."""
    formula: Callable[[Ranked], F64]
    """Gives [B], NaN where undefined."""
    whole: bool = False
    """Whether it looks at all candidates, not only at the first k and at which others are relevant."""
    kind: ClassVar[Literal["request"]] = "request"

    def __post_init__(self) -> None:
        """Refuses arguments of other types.

        Raises:
            ConfigError: naming the argument.
        """
        remedy = "write RequestMetric('mine', ('score',), formula)"
        if not isinstance(self.name, str):
            raise ConfigError(f"the name of a metric is {self.name!r}, no text", remedy=remedy)
        if isinstance(self.reads, str) or not all(isinstance(one, str) for one in self.reads):
            raise ConfigError(f"`reads` of metric {self.name!r} is {self.reads!r}, no tuple of columns", remedy=remedy)
        if not callable(self.formula):
            raise ConfigError(f"the formula of metric {self.name!r} is {self.formula!r}, no function", remedy=remedy)

    def of(self, ranked: Ranked) -> F64:
        """[B] of the first k by `score`, NaN where undefined.

        Raises:
            DataError: a column that it reads is not there, or has a value that it refuses.
        """
        try:
            return self.formula(ranked)
        except Exception as error:
            error.add_note(f"the formula of metric {self.name!r} failed")
            raise


@dataclass(frozen=True)
class ListMetric:
    """One number of all requests' lists together."""

    name: str
    """As in `ranking.metrics.catalogue`."""
    counts: str
    """Column of the ids that it counts: `tweet_id` or `author_id`; below 0 where there is none."""
    formula: Callable[[Array, I64, int], float]
    """Takes ids [N], best first, their lists' offsets [B + 1], and how many distinct ids the candidates had."""
    kind: ClassVar[Literal["list"]] = "list"

    def of(self, ids: Array, offsets: I64, among: int) -> float:
        """The number, NaN where undefined."""
        return float(self.formula(ids, offsets, among))


@dataclass(frozen=True)
class _OfRows:
    name: str
    """As in `ranking.metrics.catalogue`."""
    reads: tuple[str, ...]
    """Columns [N], in the order in which the formula takes them."""
    formula: Callable[..., float]

    def of(self, impressions: Mapping[str, Array]) -> float:
        """The number, NaN where undefined."""
        return float(self.formula(*(impressions[name] for name in self.reads)))


@dataclass(frozen=True)
class ImpressionMetric(_OfRows):
    """One number of all impressions together, from `score`, `label` (above 0 for relevant) and `user_id`."""

    kind: ClassVar[Literal["impression"]] = "impression"


@dataclass(frozen=True)
class ActionMetric(_OfRows):
    """One number an action, from its `probability`, its `label` (1 where it was taken) and `user_id`."""

    kind: ClassVar[Literal["action"]] = "action"


Metric = RequestMetric | ListMetric | ImpressionMetric | ActionMetric
