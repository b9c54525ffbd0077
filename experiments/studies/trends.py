"""How fast and how surely scorers find planted shocks at a given number of false alarms, beside an oracle.

Every scorer sees the same windows of the same counts. An alarm is a score at or over a threshold after an hour below
it. The threshold of each scorer is set so that it raises 2 (or 10) false alarms a day over all terms; alarms on weekly
hashtags and on what one account or a ring of new ones pushes are false. A shock is found when a score is over the
threshold within ten minutes of its start.

The oracle is a CUSUM (Page, "Continuous inspection schemes", Biometrika 1954) over counts of five seconds that knows
the true rate of every term at every time, with the best of several designs; nothing that has to learn the rates is
expected to reach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
from experiments.studies.trend_stream import SIZES, START_US, STRATA, StreamConfig, TrendStream, Uses

WITHIN_MIN = 10
_TAIL_MIN = 60
_QUIET_US = 60 * MINUTE_US
_STEP_US = 5_000_000
_LEAST = 0.1
_ORACLES = (1.5, 2.0, 3.0, 5.0, 10.0)
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
class Detection:
    """One scorer at one rate of false alarms, over all seeds."""

    scorer: str
    false_alarms: float
    """A day, as asked."""
    threshold: tuple[float, ...]
    """By seed."""
    recall: float
    of_oracle: float
    """The recall as a share of the oracle's."""
    delay_min: float
    """Median minutes from a shock's start to its alarm, of those found."""
    cells: Mapping[str, float]
    """Recall by stratum and size, as `1 to 10, 5x`."""
    wrong: Mapping[str, float]
    """False alarms a day of each kind: chance, weekly, pushed."""


@dataclass(frozen=True)
class TrendsResult:
    """Everything that the study found."""

    seeds: tuple[int, ...]
    terms: int
    shocks: int
    days: int
    rows: tuple[Detection, ...]


@dataclass(frozen=True)
class _Scores:
    """[N] scores that may be alarms, by term and time."""

    term: I64
    time_us: I64
    score: F64


def study_trends(config: TrendsConfig, progress: Progress = no_progress) -> TrendsResult:
    """Runs every stream, and holds each scorer against the oracle at the same false alarms."""
    streams = [TrendStream(config.stream, seed) for seed in config.seeds]
    scores: list[dict[str, _Scores]] = []
    for done, stream in enumerate(streams):
        progress(done, len(streams), f"seed {stream.seed}")
        scores.append(run_stream(stream, config))
    names = list(scores[0])
    rows: list[Detection] = []
    for allowed in config.false_alarms:
        found = {name: _detect(name, allowed, streams, [one[name] for one in scores]) for name in names}
        best = max((one for one in found.values() if one.scorer.startswith("oracle")), key=lambda one: one.recall)
        for one in found.values():
            if one.scorer.startswith("oracle") and one is not best:
                continue
            share = one.recall / best.recall if best.recall else float("nan")
            rows.append(
                Detection(
                    one.scorer, allowed, one.threshold, one.recall, share, one.delay_min, one.cells, one.wrong
                )
            )  # fmt: skip
    rows.sort(key=lambda one: (one.false_alarms, -one.recall))
    shocks = sum(len(stream.shocks.term) for stream in streams)
    return TrendsResult(config.seeds, len(streams[0].base), shocks, config.stream.days, tuple(rows))


def run_stream(stream: TrendStream, config: TrendsConfig) -> dict[str, _Scores]:
    """All scores of a stream's judged days, by scorer, and those of the oracles."""
    counts = Counts(CountsConfig(cells=1 << 12, sketches=512, seasons=1 << 18, places=2))
    scorers = _scorers(config)
    kept: dict[str, list[_Scores]] = {name: [] for name in scorers}
    oracles = {factor: _Oracle(stream, factor) for factor in _ORACLES}
    for hour in range(stream.end // 60):
        uses = stream.uses(hour)
        if hour * 60 < stream.first_judged:
            _add(counts, uses)
            counts.noted()
            continue
        for part, until_us in _looks(uses, hour, config.every_s):
            _add(counts, part)
            counts.advance(until_us)
            for name, one in _look(counts, scorers):
                kept[name].append(one)
        counted = _counted(uses, hour, len(stream.base))
        for oracle in oracles.values():
            oracle.take(counted, hour)
    out = {name: _joined(parts) for name, parts in kept.items()}
    return out | {f"oracle CUSUM {factor:g}x": oracle.scores() for factor, oracle in oracles.items()}


def _scorers(config: TrendsConfig) -> dict[str, TrendScorer]:
    out: dict[str, TrendScorer] = {name: make_scorer(name) for name in config.scorers}
    alone = {name: kind for name, kind in _RATES_ALONE.items() if name in config.scorers}
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


def _look(counts: Counts, scorers: Mapping[str, TrendScorer]) -> Iterator[tuple[str, _Scores]]:
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
        yield name, _Scores(cells.key[high] - 1, np.full(int(high.sum()), counts.now_us), scores[high])


def _joined(parts: list[_Scores]) -> _Scores:
    term, time_us, score = (np.concatenate([getattr(one, name) for one in parts]) for name in _Scores.__annotations__)
    order = np.lexsort((time_us, term))
    return _Scores(term[order], time_us[order], score[order])


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
    """A CUSUM a term, for shocks of one factor, with the true rates."""

    def __init__(self, stream: TrendStream, factor: float) -> None:
        self._stream, self._factor = stream, factor
        self._sums = np.zeros(len(stream.base))
        self._kept: list[_Scores] = []

    def take(self, counted: I64, hour: int) -> None:
        """An hour of counts."""
        rate = np.repeat(self._stream.rate(hour * 60, 60), 12, axis=1) / 12.0
        path = np.empty(counted.shape)
        _cusum(counted, rate, self._factor, self._sums, path)
        term, step = np.nonzero((counted > 0) & (path >= 1.0))
        time_us = START_US + (hour * 720 + step + 1) * _STEP_US
        self._kept.append(_Scores(term, time_us, path[term, step]))

    def scores(self) -> _Scores:
        return _joined(self._kept)


@kernel
def _cusum(counts: I64, rate: F64, factor: float, sums: F64, path: F64) -> None:
    gain = np.log(factor)
    for term in range(counts.shape[0]):
        for step in range(counts.shape[1]):
            more = counts[term, step] * gain - (factor - 1.0) * rate[term, step]
            sums[term] = max(0.0, sums[term] + more)
            path[term, step] = sums[term]


def _detect(name: str, allowed: float, streams: list[TrendStream], scores: list[_Scores]) -> Detection:
    delays: list[F64] = []
    thresholds: list[float] = []
    wrong = dict.fromkeys(("chance", "weekly", "pushed"), 0.0)
    days = sum(stream.config.days for stream in streams)
    for stream, one in zip(streams, scores, strict=True):
        threshold = _threshold(stream, one, allowed)
        thresholds.append(threshold)
        false = _false_alarms(stream, one, threshold)
        pushed = np.isin(one.term[false], [term for _, term, _ in stream.pushed])
        weekly = stream.weekly_day[one.term[false]] >= 0
        for kind, mask in (("weekly", weekly), ("pushed", pushed & ~weekly), ("chance", ~pushed & ~weekly)):
            wrong[kind] += float(mask.sum()) / days
        delays.append(_delays(stream, one, threshold))
    delay = np.concatenate(delays)
    stratum = np.concatenate([stream.shocks.stratum for stream in streams])
    size = np.concatenate([stream.shocks.size for stream in streams])
    hit = ~np.isnan(delay)
    cells = {
        f"{words}, {times}x": float(hit[(stratum == at) & (size == times)].mean())
        for at, words in enumerate(STRATA)
        for times in SIZES
    }
    middle = float(np.median(delay[hit])) if hit.any() else float("nan")
    return Detection(name, allowed, tuple(thresholds), float(hit.mean()), float("nan"), middle, cells, wrong)


def _threshold(stream: TrendStream, scores: _Scores, allowed: float) -> float:
    """The least score at which no more false alarms come than are allowed."""
    levels = np.unique(scores.score)
    low, high = 0, len(levels) - 1
    most = allowed * stream.config.days
    while low < high:
        middle = (low + high) // 2
        if len(_false_alarms(stream, scores, float(levels[middle]))) <= most:
            high = middle
        else:
            low = middle + 1
    return float(levels[high])


def _false_alarms(stream: TrendStream, scores: _Scores, threshold: float) -> I64:
    """Rows of `scores` where an alarm begins that no shock explains."""
    over = np.flatnonzero(scores.score >= threshold)
    term, time_us = scores.term[over], scores.time_us[over]
    begins = np.ones(len(over), bool)
    begins[1:] = (term[1:] != term[:-1]) | (np.diff(time_us) > _QUIET_US)
    explained = np.zeros(len(over), bool)
    shocks = stream.shocks
    for one, begin in zip(shocks.term.tolist(), shocks.start_min.tolist(), strict=True):
        start = START_US + begin * MINUTE_US
        end = start + (stream.config.shock_min + _TAIL_MIN) * MINUTE_US
        explained |= (term == one) & (time_us >= start) & (time_us <= end)
    return over[begins & ~explained]


def _delays(stream: TrendStream, scores: _Scores, threshold: float) -> F64:
    """[S] minutes from each shock's start to its alarm, NaN where none came in time."""
    over = scores.score >= threshold
    term, time_us = scores.term[over], scores.time_us[over]
    out = np.full(len(stream.shocks.term), np.nan)
    for at, (one, begin) in enumerate(zip(stream.shocks.term.tolist(), stream.shocks.start_min.tolist(), strict=True)):
        start = START_US + begin * MINUTE_US
        mine = time_us[(term == one) & (time_us > start) & (time_us <= start + WITHIN_MIN * MINUTE_US)]
        if len(mine):
            out[at] = (mine.min() - start) / MINUTE_US
    return out
