"""What closed runs are compared by: measures of people and of what they were shown, over days, weeks and all days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.batch import F32
from experiments.simulation.closed_run import PersonDays
from experiments.statistics.paired import Difference, Interval
from experiments.statistics.ratios import Resampled, resampled_ratios

WEEK = 7
"""Days."""
GINI = "exposure_gini"


class Period(NamedTuple):
    """Some days of a run, 0 the first."""

    name: str
    start: int
    stop: int
    """The first day after it."""


def days_of(days: int) -> list[Period]:
    """Every day of a run."""
    return [Period(f"day {day + 1}", day, day + 1) for day in range(days)]


def weeks_of(days: int) -> list[Period]:
    """Every week of a run; the last may be shorter."""
    starts = range(0, days, WEEK)
    return [Period(f"week {at + 1}", start, min(start + WEEK, days)) for at, start in enumerate(starts)]


def all_of(days: int) -> Period:
    """The run from its first day to its last."""
    return Period("all", 0, days)


Sum = Callable[[PersonDays, Period], F32]
"""[P] a number a person."""


@dataclass(frozen=True)
class Measure:
    """A sum over people over another; over their number where there is no other."""

    words: str
    numerator: Sum
    denominator: Sum | None = None


def _a_day(column: str) -> Sum:
    return lambda run, period: run.columns[column][period.start : period.stop].mean(axis=0)


def _sum(column: str) -> Sum:
    return lambda run, period: run.columns[column][period.start : period.stop].sum(axis=0)


def _on_the_last_day(column: str) -> Sum:
    return lambda run, period: run.columns[column][period.stop - 1]


def _posted(run: PersonDays, period: Period) -> F32:
    last_week = run.columns["originals"][max(period.stop - WEEK, 0) : period.stop]
    posted: F32 = (last_week.sum(axis=0) > 0).astype(np.float32)
    return posted


def _return_probability(run: PersonDays, period: Period) -> F32:
    return run.return_probability.astype(np.float32)


MEASURES: Mapping[str, Measure] = {
    "engagement": Measure("positive actions on impressions a person and day", _a_day("engagements")),
    "welfare": Measure("expected welfare of what was looked at, a person and day", _a_day("welfare")),
    "welfare_of_a_look": Measure("expected welfare of one look, -1 to 1", _sum("welfare"), _sum("looked")),
    "opened": Measure("share of people who open the app on a day", _a_day("opened")),
    "returned": Measure("share of people who open the app on the last day", _on_the_last_day("opened")),
    "return_probability": Measure("true chance to open the app on the day after the last", _return_probability),
    "left": Measure("share of people who have left", _on_the_last_day("left")),
    "authors": Measure("share of people who posted an original in the last seven days", _posted),
    "bait": Measure("share of impressions that are bait", _sum("bait"), _sum("impressions")),
    "outrage": Measure("share of impressions that are outrage", _sum("outrage"), _sum("impressions")),
    GINI: Measure("Gini coefficient of impressions over people as authors", _sum("shown")),
}
"""All are of the people with an account at the start."""

DAILY = ("engagement", "welfare", "opened", "left", "authors", "bait", "outrage")
"""Measures that are followed from day to day."""
OF_THE_END = ("return_probability",)
"""Measures that are known of the end of a run alone."""

Key = tuple[str, str, str]
"""Arm, period, measure."""


@dataclass(frozen=True)
class Estimates:
    """Measures of arms, with one bootstrap over people for all."""

    resampled: Resampled
    place: Mapping[Key, int]

    def interval(self, key: Key) -> Interval:
        """The mean over worlds with its 95% interval."""
        return self.resampled.interval(self.place[key])

    def by_world(self, key: Key) -> tuple[float, ...]:
        """The measure in each world."""
        return tuple(self.resampled.by_world[:, self.place[key]].tolist())

    def difference(self, plus: Sequence[Key], minus: Sequence[Key]) -> Difference:
        """The sum of some less the sum of others, paired by person."""
        return self.resampled.contrast([self.place[key] for key in plus], [self.place[key] for key in minus])


def estimate(arms: Mapping[str, Sequence[PersonDays]], wanted: Iterable[tuple[Period, str]]) -> Estimates:
    """Every wanted measure of every arm; an arm has one run a world, all arms of a world the same people."""
    pairs = list(wanted)
    ratios = [(arm, period, name) for arm in arms for period, name in pairs if name != GINI]
    ginis = [(arm, period, name) for arm in arms for period, name in pairs if name == GINI]
    worlds, shown = [], []
    for at in range(len(next(iter(arms.values())))):
        runs = {arm: found[at] for arm, found in arms.items()}
        one = np.ones(len(next(iter(runs.values())).return_probability), np.float32)
        above = [MEASURES[name].numerator(runs[arm], period) for arm, period, name in ratios]
        below = [
            one if (sums := MEASURES[name].denominator) is None else sums(runs[arm], period)
            for arm, period, name in ratios
        ]
        worlds.append((np.stack(above, axis=1), np.stack(below, axis=1)))
        counts = [MEASURES[name].numerator(runs[arm], period) for arm, period, name in ginis]
        shown.append(np.stack(counts, axis=1) if counts else np.empty((len(one), 0), np.float32))
    place = {(arm, period.name, name): at for at, (arm, period, name) in enumerate([*ratios, *ginis])}
    return Estimates(resampled_ratios(worlds, shown), place)
