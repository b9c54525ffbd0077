"""How fast and how surely scorers find planted shocks at a given number of false alarms, beside an oracle.

Every scorer sees the same windows of the same counts. An alarm is a score at or over a threshold after an hour below
it. The threshold of each scorer is set so that it raises 2 (or 10) false alarms a day over all terms; alarms on weekly
hashtags and on what one account or a ring of new ones pushes are false. A shock is found when a score is over the
threshold within ten minutes of its start.

The oracle is a CUSUM (Page, "Continuous inspection schemes", Biometrika 1954) over counts of five seconds that knows
the true rate of every term at every time, with the best of several designs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from candidates.trends.chi_square import ChiSquare
from candidates.trends.counts import Counts, CountsConfig
from candidates.trends.kleinberg import Kleinberg
from candidates.trends.listing import windows_of
from candidates.trends.poisson import PoissonCycle
from candidates.trends.scorer import TrendScorer
from candidates.trends.scorers import TREND_SCORERS, make_scorer
from data.batch import F64, I64
from data.events import MINUTE_US
from data.kernel import kernel
from data.progress import Progress, no_progress
from data.settings import Seed
from experiments.studies.trend_alarms import Detection, Scores, Truth, detect, joined
from experiments.studies.trend_stream import SIZES, START_US, STRATA, StreamConfig, TrendStream, Uses

WITHIN_MIN = 10
_TAIL_MIN = 60
_STEP_US = 5_000_000
_LEAST = 0.1
_ORACLES: Mapping[str, tuple[tuple[float, ...], float]] = {
    f"oracle CUSUM {words}{f' + {tilt:g} ln rate' if tilt else ''}": (factors, tilt)
    for words, factors in (("3x", (3.0,)), ("5x", (5.0,)), ("2x, 5x, 20x", (2.0, 5.0, 20.0)))
    for tilt in (0.0, 1.0, 2.0)
}
"""Designs: the factors that CUSUMs are made for, the highest sum of which counts, and how much lower the threshold is
for terms with more uses, whose shocks are easier to see."""
_LEAST_SUM = 4.0
_RATES_ALONE: Mapping[str, type] = {"kleinberg": Kleinberg, "poisson_cycle": PoissonCycle, "chi_square": ChiSquare}


class TrendsConfig(BaseModel):
    """What is compared on which streams."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seeds: tuple[Seed, ...] = Field(default=(1, 2, 3), min_length=1)
    """One stream a seed."""
    scorers: tuple[str, ...] = tuple(TREND_SCORERS)
    """Names of `TREND_SCORERS`; those that use seasons also run without them."""
    false_alarms: tuple[float, ...] = Field(default=(2.0, 10.0), min_length=1)
    """False alarms a day over all terms."""
    every_s: int = Field(default=10, ge=5)
    """Seconds between two looks; whole steps."""
    stream: StreamConfig = StreamConfig()
    """What is in the streams."""


@dataclass(frozen=True)
class TrendsResult:
    """Everything that the study found."""

    seeds: tuple[int, ...]
    terms: int
    shocks: int
    days: int
    rows: tuple[Detection, ...]


def study_trends(config: TrendsConfig, progress: Progress = no_progress) -> TrendsResult:
    """Runs every stream, and holds each scorer against the oracle at the same false alarms."""
    streams = [TrendStream(config.stream, seed) for seed in config.seeds]
    scores: list[dict[str, Scores]] = []
    for done, stream in enumerate(streams):
        progress(done, len(streams), f"seed {stream.seed}")
        scores.append(run_stream(stream, config))
    names, truths = list(scores[0]), [truth_of(stream) for stream in streams]
    rows: list[Detection] = []
    for allowed in config.false_alarms:
        found = {name: detect(name, allowed, truths, [one[name] for one in scores]) for name in names}
        best = max((one for one in found.values() if one.scorer.startswith("oracle")), key=lambda one: one.recall)
        for one in found.values():
            if one.scorer.startswith("oracle") and one is not best:
                continue
            rows.append(replace(one, of_oracle=one.recall / best.recall if best.recall else float("nan")))
    rows.sort(key=lambda one: (one.false_alarms, -one.recall))
    shocks = sum(len(stream.shocks.term) for stream in streams)
    return TrendsResult(config.seeds, len(streams[0].base), shocks, config.stream.days, tuple(rows))


def run_stream(stream: TrendStream, config: TrendsConfig) -> dict[str, Scores]:
    """All scores of a stream's judged days, by scorer, and those of the oracles."""
    counts = Counts(CountsConfig(cells=1 << 12, sketches=512, seasons=1 << 18, places=2))
    scorers = scorers_of(config.scorers)
    kept: dict[str, list[Scores]] = {name: [] for name in scorers}
    oracles = {name: _Oracle(stream, *design) for name, design in _ORACLES.items()}
    for hour in range(stream.end // 60):
        uses = stream.uses(hour)
        if hour * 60 < stream.first_judged:
            _add(counts, uses)
            counts.noted()
            continue
        for part, until_us in _looks(uses, hour, config.every_s):
            _add(counts, part)
            counts.advance(until_us)
            for name, one in look(counts, scorers):
                kept[name].append(one)
        counted = _counted(uses, hour, len(stream.base))
        for oracle in oracles.values():
            oracle.take(counted, hour)
    out = {name: joined(parts) for name, parts in kept.items()}
    return out | {name: oracle.scores() for name, oracle in oracles.items()}


def scorers_of(names: Sequence[str]) -> dict[str, TrendScorer]:
    """Scorers by name, and without seasons those that use them."""
    out: dict[str, TrendScorer] = {name: make_scorer(name) for name in names}
    alone = {name: kind for name, kind in _RATES_ALONE.items() if name in names}
    return out | {f"{name}, no seasons": kind(seasonal=False) for name, kind in alone.items()}


def _add(counts: Counts, uses: Uses) -> None:
    places = np.full((len(uses.term), 3), -1, np.int64)
    places[:, 0] = 0
    counts.add(uses.time_us, uses.term + 1, places, uses.person, uses.established)


def _looks(uses: Uses, hour: int, every_s: int) -> Iterator[tuple[Uses, int]]:
    """An hour's uses in parts, each with the time of the look that follows."""
    start = START_US + hour * 60 * MINUTE_US
    ends = start + np.arange(1, 3_600 // every_s + 1) * every_s * 1_000_000
    cuts = [0, *np.searchsorted(uses.time_us, ends).tolist()]
    for at, until in enumerate(ends.tolist()):
        part = slice(cuts[at], cuts[at + 1])
        yield Uses(uses.time_us[part], uses.term[part], uses.person[part], uses.established[part]), until


def look(counts: Counts, scorers: Mapping[str, TrendScorer]) -> Iterator[tuple[str, Scores]]:
    """Every scorer's scores of what was used since the last look, where they may be alarms."""
    cells = counts.read(counts.noted())
    # No list shows what fewer than three people use, whatever its score.
    enough = cells.people >= 3
    cells = type(cells)(**{name: getattr(cells, name)[enough] for name in cells.__dataclass_fields__})
    if not len(cells.row):
        return
    windows = windows_of(counts, cells)
    for name, scorer in scorers.items():
        scores = scorer.update(windows)
        high = scores >= _LEAST * scorer.enter
        size = int(high.sum())
        ended = np.full(size, -np.inf)  # a term that is not looked at is on no list
        yield name, Scores(cells.key[high] - 1, np.full(size, counts.now_us), scores[high], ended)


def _counted(uses: Uses, hour: int, terms: int) -> I64:
    """[K, steps] uses by established accounts in each step of an hour, a person's repeats left out."""
    known = uses.established
    step = (uses.time_us[known] - START_US) // _STEP_US - hour * 720
    window = step // 60
    pair = (uses.term[known] * 12 + window) * 1_000_000 + uses.person[known]
    _, first = np.unique(pair, return_index=True)
    out = np.zeros((terms, 720), np.int64)
    np.add.at(out, (uses.term[known][first], step[first]), 1)
    return out


class _Oracle:
    """CUSUMs of a term, one for each of some factors of shocks, with the true rates; the highest counts."""

    def __init__(self, stream: TrendStream, factors: tuple[float, ...], tilt: float) -> None:
        self._stream, self._tilt = stream, tilt
        self._sums = {factor: np.zeros(len(stream.base)) for factor in factors}
        self._kept: list[Scores] = []

    def take(self, counted: I64, hour: int) -> None:
        """An hour of counts."""
        rate = np.repeat(self._stream.rate(hour * 60, 60), 12, axis=1) / 12.0
        highest, before = np.zeros(counted.shape), np.zeros(counted.shape)
        for factor, sums in self._sums.items():
            _cusum(counted, rate, factor, sums, highest, before)
        term, step = np.nonzero((counted > 0) & (highest >= _LEAST_SUM))
        time_us = START_US + (hour * 720 + step + 1) * _STEP_US
        easier = self._tilt * np.log(60.0 * rate[term, step])
        self._kept.append(Scores(term, time_us, highest[term, step] + easier, before[term, step] + easier))

    def scores(self) -> Scores:
        """All that may be alarms."""
        return joined(self._kept)


@kernel
def _cusum(counts: I64, rate: F64, factor: float, sums: F64, highest: F64, before: F64) -> None:
    gain = np.log(factor)
    for term in range(counts.shape[0]):
        for step in range(counts.shape[1]):
            fallen = sums[term] - (factor - 1.0) * rate[term, step]
            before[term, step] = max(before[term, step], fallen)
            sums[term] = max(0.0, fallen + counts[term, step] * gain)
            highest[term, step] = max(highest[term, step], sums[term])


def truth_of(stream: TrendStream) -> Truth:
    """What was planted in a stream."""
    shocks = stream.shocks
    start = START_US + shocks.start_min * MINUTE_US
    group = shocks.stratum * len(SIZES) + np.searchsorted(SIZES, shocks.size)
    return Truth(
        shocks.term,
        start,
        start + WITHIN_MIN * MINUTE_US,
        start + (stream.config.shock_min + _TAIL_MIN) * MINUTE_US,
        group,
        [f"{stratum}, {size}x" for stratum in STRATA for size in SIZES],
        np.flatnonzero(stream.weekly_day >= 0),
        np.array([term for _, term, _ in stream.pushed], np.int64),
        float(stream.config.days),
    )
