"""A stream of uses whose rates are known: terms of all sizes, shocks, weekly hashtags, pushes by one account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, I64, Mask
from data.rng import Stream

WINDOW_MIN = 5
DAY_MIN = 1_440
WEEK_MIN = 7 * DAY_MIN
START_US = 1_767_571_200_000_000
"""A Monday, midnight UTC."""
STRATA: dict[str, tuple[float, float]] = {"under 1": (0.1, 1.0), "1 to 10": (1.0, 10.0), "over 10": (10.0, 40.0)}
"""Uses a window that terms have on average."""
SIZES = (2, 5, 20)
"""By how much a shock multiplies a rate."""


class StreamConfig(BaseModel):
    """What is in the stream."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    terms: tuple[int, int, int] = (400, 200, 60)
    """Terms of each stratum of base rates."""
    history_days: int = Field(14, ge=1)
    """Days before the first that is judged; weekly hashtags are in them, shocks are not."""
    days: int = Field(4, ge=2)
    """Days that are judged; the last has no shocks."""
    shocks: int = Field(4, ge=1)
    """Shocks of each stratum and size a day."""
    shock_min: int = Field(30, ge=10)
    """Minutes that a shock lasts."""
    weekly: int = Field(3, ge=0)
    """Weekly hashtags for each day of the week."""
    pushes: int = Field(6, ge=0)
    """Pushes a day by one account, and as many by a ring of 20 new ones."""
    rhythm: float = Field(0.6, ge=0, lt=1)
    """How far activity rises and falls within a day."""


@dataclass(frozen=True)
class Planted:
    """[S] shocks in the order of drawing."""

    term: I64
    start_min: I64
    size: I64
    stratum: I64


@dataclass(frozen=True)
class Uses:
    """[N] uses in the order of time, by minute of the stream."""

    time_us: I64
    term: I64
    person: I64
    established: Mask


class TrendStream:
    """K terms; minute 0 is a Monday's midnight. Every hour has luck of its own, so that any can be drawn alone."""

    def __init__(self, config: StreamConfig, seed: int) -> None:
        self.config, self.seed = config, seed
        rng = Stream(seed, "trend study, terms").generator()
        base = [
            np.exp(rng.uniform(np.log(low), np.log(high), count))
            for (low, high), count in zip(STRATA.values(), config.terms, strict=True)
        ]
        weekly = 7 * config.weekly
        self.base: F64 = np.concatenate([*base, np.full(weekly, 0.3)])
        """[K] mean uses a window outside shocks and weekly hours; the last are the weekly hashtags."""
        self.stratum: I64 = np.repeat([0, 1, 2, -1], [*config.terms, weekly])
        self.phase = rng.uniform(-0.5, 0.5, len(self.base))
        self.weekly_day: I64 = np.where(self.stratum < 0, np.arange(len(self.base)) % 7, -1)
        self.weekly_rate = rng.uniform(8.0, 40.0, len(self.base))
        self.weekly_start = 8 * 60 + rng.integers(0, 180, len(self.base))
        self.first_judged = config.history_days * DAY_MIN
        self.end = self.first_judged + config.days * DAY_MIN
        self.shocks = self._draw_shocks()
        self.pushed = self._draw_pushes()

    def rate(self, start: int, minutes: int) -> F64:
        """[K, minutes] true uses a minute from minute `start` on, without shocks and pushes."""
        at = np.arange(start, start + minutes)
        wave = 1.0 + self.config.rhythm * np.sin(2 * np.pi * (at[None] / DAY_MIN - 0.3 + 0.1 * self.phase[:, None]))
        rate = self.base[:, None] * wave
        for term in np.flatnonzero(self.weekly_day >= 0):
            of_week = at % WEEK_MIN - self.weekly_day[term] * DAY_MIN - self.weekly_start[term]
            jitter = Stream(self.seed, "trend study, weeks").uniform(term, start // WEEK_MIN)[0, 0] * 10 - 5
            since = of_week - jitter
            # It rises over a quarter of an hour and fades over some hours.
            shape = np.clip(since / 15.0, 0.0, 1.0) * np.exp(-np.maximum(since, 0.0) / 240.0)
            rate[term] += self.weekly_rate[term] * shape
        out: F64 = rate / WINDOW_MIN
        return out

    def uses(self, hour: int) -> Uses:
        """All uses of an hour since the start."""
        rng = Stream(self.seed, "trend study, uses").generator(hour)
        start = hour * 60
        rate = self.rate(start, 60)
        at = np.arange(start, start + 60)
        for term, begin, size in zip(self.shocks.term, self.shocks.start_min, self.shocks.size, strict=True):
            rate[term, (at >= begin) & (at < begin + self.config.shock_min)] *= size
        counts = rng.poisson(rate)
        term, minute = np.nonzero(counts)
        repeat = counts[term, minute]
        term, minute = np.repeat(term, repeat), np.repeat(minute, repeat)
        person, established = rng.integers(1_000, 500_000, len(term)), np.ones(len(term), bool)
        for at_min, pushed, ring in self.pushed:
            if start <= at_min < start + 60:
                more = 300
                term = np.concatenate([term, np.full(more, pushed)])
                minute = np.concatenate([minute, np.minimum(at_min - start + np.arange(more) // 30, 59)])
                who = 600_000 + np.arange(more) % 20 if ring else np.full(more, 700_000 + pushed)
                person = np.concatenate([person, who])
                established = np.concatenate([established, np.full(more, not ring)])
        time_us = START_US + ((start + minute + rng.random(len(term))) * 60_000_000).astype(np.int64)
        order = np.argsort(time_us, kind="stable")
        return Uses(time_us[order], term[order], person[order], established[order])

    def _draw_shocks(self) -> Planted:
        rng = Stream(self.seed, "trend study, shocks").generator()
        rows: list[tuple[int, int, int, int]] = []
        for day in range(self.config.days - 1):
            for stratum in range(len(STRATA)):
                each = self.config.shocks * len(SIZES)
                terms = rng.choice(np.flatnonzero(self.stratum == stratum), each, replace=False)
                starts = self.first_judged + day * DAY_MIN + rng.integers(0, DAY_MIN - 120, each)
                rows += zip(terms, starts, np.tile(SIZES, self.config.shocks), np.full(each, stratum), strict=True)
        term, start, size, stratum_of = (np.array(column, np.int64) for column in zip(*rows, strict=True))
        return Planted(term, start, size, stratum_of)

    def _draw_pushes(self) -> list[tuple[int, int, bool]]:
        """Minute, term and whether a ring does it."""
        rng = Stream(self.seed, "trend study, pushes").generator()
        free = np.setdiff1d(np.flatnonzero(self.stratum >= 0), self.shocks.term)
        out: list[tuple[int, int, bool]] = []
        for day in range(self.config.days):
            for one, term in enumerate(rng.choice(free, 2 * self.config.pushes, replace=False).tolist()):
                minute = self.first_judged + day * DAY_MIN + int(rng.integers(0, DAY_MIN - 20))
                out.append((minute, term, one % 2 == 1))
        return out
