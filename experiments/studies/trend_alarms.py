"""Alarms from scores: false ones, thresholds that allow so many of them, and what planted shocks were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64
from data.events import MINUTE_US

_QUIET_US = 60 * MINUTE_US
"""An alarm begins after so long without."""


@dataclass(frozen=True)
class Scores:
    """[N] scores that may be alarms, by term and time."""

    term: I64
    time_us: I64
    score: F64
    before: F64
    """The least that the score was since the row before, where it went on between them; -inf where it ended."""


@dataclass(frozen=True)
class Truth:
    """What was planted in the days that are judged: S shocks, and terms on which every alarm is false."""

    term: I64
    start_us: I64
    until_us: I64
    """[S] an alarm after it comes too late."""
    explained_us: I64
    """[S] an alarm after it is false."""
    group: I64
    """[S] row of `groups`."""
    groups: Sequence[str]
    weekly: I64
    """Terms that come back every week."""
    pushed: I64
    """Terms that one account or a ring pushes."""
    days: float


@dataclass(frozen=True)
class Detection:
    """One scorer at one rate of false alarms, over all runs."""

    scorer: str
    false_alarms: float
    """A day, as asked."""
    threshold: tuple[float, ...]
    """By run."""
    recall: float
    of_oracle: float
    """The recall as a share of the oracle's; NaN where there is none."""
    delay_min: float
    """Median minutes from a shock's start to its alarm, of those found."""
    cells: Mapping[str, float]
    """Recall by group of shocks."""
    wrong: Mapping[str, float]
    """False alarms a day of each kind: chance, weekly, pushed."""


def joined(parts: Sequence[Scores]) -> Scores:
    """All parts in the order of term and time."""
    term, time_us, score, before = (
        np.concatenate([getattr(one, name) for one in parts]) for name in Scores.__annotations__
    )
    order = np.lexsort((time_us, term))
    return Scores(term[order], time_us[order], score[order], before[order])


def detect(name: str, allowed: float, truths: Sequence[Truth], scores: Sequence[Scores]) -> Detection:
    """Holds a scorer's scores of several runs against their truths, at `allowed` false alarms a day in each."""
    thresholds = [threshold_for(truth, one, allowed) for truth, one in zip(truths, scores, strict=True)]
    wrong = dict.fromkeys(("chance", "weekly", "pushed"), 0.0)
    days = sum(truth.days for truth in truths)
    for truth, one, threshold in zip(truths, scores, thresholds, strict=True):
        term = one.term[false_alarms(truth, one, threshold)]
        weekly, pushed = np.isin(term, truth.weekly), np.isin(term, truth.pushed)
        for kind, mask in (("weekly", weekly), ("pushed", pushed & ~weekly), ("chance", ~pushed & ~weekly)):
            wrong[kind] += float(mask.sum()) / days
    delay = np.concatenate([delays(*one) for one in zip(truths, scores, thresholds, strict=True)])
    group = np.concatenate([truth.group for truth in truths])
    hit = ~np.isnan(delay)
    cells = {words: float(hit[group == at].mean()) for at, words in enumerate(truths[0].groups) if (group == at).any()}
    middle = float(np.median(delay[hit])) if hit.any() else float("nan")
    return Detection(name, allowed, tuple(thresholds), float(hit.mean()), float("nan"), middle, cells, wrong)


def threshold_for(truth: Truth, scores: Scores, allowed: float) -> float:
    """The least score at which no more false alarms come than are allowed."""
    levels = np.unique(scores.score)
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        if len(false_alarms(truth, scores, float(levels[middle]))) <= allowed * truth.days:
            high = middle
        else:
            low = middle + 1
    return float(levels[high]) if high < len(levels) else float("inf")


def false_alarms(truth: Truth, scores: Scores, threshold: float) -> I64:
    """Rows of `scores` where an alarm begins that no shock explains."""
    over = np.flatnonzero(scores.score >= threshold)
    term, time_us = scores.term[over], scores.time_us[over]
    begins = np.ones(len(over), bool)
    ended = (np.diff(time_us) > _QUIET_US) & (scores.before[over][1:] < threshold)
    begins[1:] = (term[1:] != term[:-1]) | ended
    explained = np.zeros(len(over), bool)
    for one, start, end in zip(truth.term, truth.start_us, truth.explained_us, strict=True):
        explained |= (term == one) & (time_us >= start) & (time_us <= end)
    out: I64 = over[begins & ~explained]
    return out


def delays(truth: Truth, scores: Scores, threshold: float) -> F64:
    """[S] minutes from each shock's start to its alarm, NaN where none came in time."""
    over = scores.score >= threshold
    term, time_us = scores.term[over], scores.time_us[over]
    out = np.full(len(truth.term), np.nan)
    for at, (one, start, until) in enumerate(zip(truth.term, truth.start_us, truth.until_us, strict=True)):
        mine = time_us[(term == one) & (time_us > start) & (time_us <= until)]
        if len(mine):
            out[at] = (mine.min() - start) / MINUTE_US
    return out
