"""Who comes back: weeks, new and old accounts by the day after they came, and who answers surveys."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import polars as pl

from data.batch import F64, I64, Mask
from data.events import DAY_US, MINUTE_US
from experiments.realism.figure import Figure, Found, Line, Part, Plot
from experiments.realism.log import Log, NoData

NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FEW = 30
"""Accounts from which on a share of them is measured."""
BENCHMARKS = "benchmarks of social apps, 2026"


def weekly(log: Log) -> Found:
    """Tweets of a weekday over those of a day of the weekend, in the whole weeks of the log."""
    first, last = log.whole
    weeks = (last - first) // (7 * DAY_US)
    if not weeks:
        raise NoData("the log covers no week from end to end")
    tweets = log.tweets
    time = tweets.time_us
    rows = np.flatnonzero(tweets.tweeted & (time >= first) & (time < first + weeks * 7 * DAY_US))
    try:
        offset = log.user_columns["utc_offset_min"].cast(pl.Float64).fill_null(0.0).to_numpy()
    except NoData:
        offset = np.zeros(len(log.people))
    author = tweets.author[rows]
    ahead = np.where(author >= 0, offset[np.maximum(author, 0)], 0.0).astype(np.int64)
    # 1970-01-01 was a Thursday.
    by_day = np.bincount(((time[rows] + ahead * MINUTE_US) // DAY_US + 3) % 7, minlength=7)
    if not by_day[5:].all():
        raise NoData("no tweet on a weekend")
    line = Line(np.arange(7), by_day / by_day.mean(), style="bar")
    plot = Plot("Days of the week", "", "tweets over the mean", [line], names=NAMES)
    note = f"{len(rows):,} tweets of {weeks} weeks, by the author's local time"
    return Found([float(by_day[:5].mean() / by_day[5:].mean())], note, [plot])


class Visits(NamedTuple):
    """When people loaded a feed, by the D UTC days that the log covers from end to end."""

    active: Mask
    """[P, D]."""
    joined: I64
    """[P] day on which the account was made, -1 where that was before, or is not known."""


def visits(log: Log) -> Visits:
    """Computed once a log.

    Raises:
        NoData: no requests, or the log covers no day.
    """
    return log.once(_visits)


def _visits(log: Log) -> Visits:
    first, last = log.whole
    count = (last - first) // DAY_US
    if count <= 0:
        raise NoData("the log covers no day from end to end")
    active = np.zeros((len(log.people), count), np.bool_)
    for day in log.days("requests", "user_id", "time_us"):
        person, at = log.person(day["user_id"].to_numpy()), (day["time_us"].to_numpy() - first) // DAY_US
        keep = (person >= 0) & (at >= 0) & (at < count)
        active[person[keep], at[keep]] = True
    joined = np.full(len(log.people), -1, np.int64)
    if log.dataset.rows("users"):
        users = log.read("users", "user_id", "created_us")
        at = (users["created_us"].to_numpy() - first) // DAY_US
        joined[log.person(users["user_id"].to_numpy())] = np.where((at >= 0) & (at < count), at, -1)
    return Visits(active, joined)


def new_curve(found: Visits) -> tuple[F64, I64]:
    """[D] share of new accounts active on the n-th day after the one on which they were made, and of how many."""
    active, joined = found
    new, days = np.flatnonzero(joined >= 0), active.shape[1]
    after = np.arange(days)[None, :] - joined[new][:, None]
    known = after >= 0
    of = np.bincount(after[known], minlength=days)
    came = np.bincount(after[known & active[new]], minlength=days)
    share: F64 = came / np.maximum(of, 1)
    return share, of


def _on_days(curve: F64, of: I64, days: tuple[int, ...], what: str) -> list[float]:
    values = [float(curve[n]) if n < len(curve) and of[n] >= _FEW else math.nan for n in days]
    if all(map(math.isnan, values)):
        raise NoData(f"under {_FEW} {what} have {days[0]} days after them in the log")
    return values


def early_returns(log: Log) -> Found:
    """New accounts on the first and the seventh day after the one on which they were made."""
    curve, of = new_curve(visits(log))
    values = _on_days(curve, of, (1, 7), "new accounts")
    shown = np.flatnonzero(of >= _FEW)
    shown = shown[shown > 0]
    line = Line(shown, curve[shown])
    plot = Plot("Return of new accounts", "days after the account was made", "share that load a feed", [line])
    return Found(values, f"{of[1] if len(of) > 1 else 0:,} new accounts", [plot])


def late_returns(log: Log) -> Found:
    """New accounts on the 28th day."""
    curve, of = new_curve(visits(log))
    return Found(_on_days(curve, of, (28,), "new accounts"), f"{of[28]:,} new accounts")


def second_week(log: Log) -> Found:
    """New accounts that load a feed on any of the days 7 to 13 after the one on which they were made."""
    active, joined = visits(log)
    new = np.flatnonzero((joined >= 0) & (joined + 13 < active.shape[1]))
    if len(new) < _FEW:
        raise NoData(f"under {_FEW} new accounts have 13 days after them in the log")
    days = joined[new][:, None] + np.arange(7, 14)[None, :]
    return Found([float(active[new[:, None], days].any(axis=1).mean())], f"{len(new):,} new accounts")


def every_return(log: Log) -> Found:
    """Share of those active on a day who are active 1, 7 and 28 days later."""
    active = visits(log).active
    days = active.shape[1]
    here = np.array([active[:, : days - n].sum() for n in range(days)])
    again = np.array([(active[:, : days - n] & active[:, n:]).sum() for n in range(days)])
    curve = again / np.maximum(here, 1)
    values = _on_days(curve, here, (1, 7, 28), "days of an account")
    shown = np.flatnonzero(here >= _FEW)[1:]
    plot = Plot("Return of all accounts", "days later", "share that load a feed", [Line(shown, curve[shown])])
    return Found(values, f"{here[0]:,} days on which somebody loads a feed", [plot])


def daily_over_monthly(log: Log) -> Found:
    """Mean accounts active on a day over those active within 28 days."""
    active = visits(log).active
    if active.shape[1] < 28:
        raise NoData(f"the log covers {active.shape[1]} days, not 28")
    month = active[:, -28:]
    monthly = int(month.any(axis=1).sum())
    return Found([float(month.sum(axis=0).mean() / monthly)], f"{monthly:,} accounts active in the last 28 days")


def survey_response(log: Log) -> Found:
    """Share of questions that were answered, and most questions that one person got on a day."""
    days = log.days("surveys", "user_id", "time_us", "kind", "answer")
    rows = pl.concat(list(days)).with_columns(day=pl.col("time_us") // DAY_US)
    most = int(rows.group_by("user_id", "day").len()["len"].to_numpy().max())
    counted = rows.group_by("kind").agg(pl.len(), pl.col("answer").count(), mean=pl.col("answer").mean()).sort("kind")
    shown = [
        f"{kind}: {asked:,} questions, {count / asked:.1%} answered" + (f", mean {mean:.2f}" if count else "")
        for kind, asked, count, mean in counted.iter_rows()
    ]
    return Found([1.0 - rows["answer"].null_count() / len(rows), float(most)], "; ".join(shown))


def _between(label: str, target: str, low: float, high: float) -> Part:
    return Part(label, target, low, high, percent=True)


_NONE = "no published figure"

FIGURES = (
    Figure(
        "weekday / weekend", (Part("", "weekdays are busier", 1.03, 1.5),),
        "Tweets of every kind a weekday over those a day of the weekend, by the author's local time, in the whole "
        "weeks of the log. Sources give the order and no ratio; without a week it is 1.",
        "State of the Twittersphere 2009; Pingdom 2009", ("tweets",), weekly,
    ),
    Figure(
        "new accounts after 1 and 7 days",
        (_between("day 1", "30-48%", 0.30, 0.48), _between("day 7", "18-28%", 0.18, 0.28)),
        "Share of the accounts made in the log that load a feed on the n-th UTC day after the one on which they were "
        "made; the range of the benchmarks.",
        BENCHMARKS, ("requests", "users"), early_returns,
    ),
    Figure(
        "new accounts after 28 days", (_between("", "12-18%", 0.12, 0.18),),
        "The same on the 28th day; benchmarks are for the 30th.",
        BENCHMARKS, ("requests", "users"), late_returns,
    ),
    Figure(
        "new accounts in their second week", (_between("", _NONE, 0.20, 0.60),),
        "Share of the accounts made in the log that load a feed on any of the days 7 to 13 after the one on which they "
        "were made. Plausible is more than a benchmark's single day and no more than 60%.",
        _NONE, ("requests", "users"), second_week, published=False,
    ),
    Figure(
        "active accounts 1/7/28 days later",
        tuple(
            _between(f"day {n}", _NONE, low, high) for n, low, high in ((1, 0.55, 0.9), (7, 0.5, 0.9), (28, 0.4, 0.85))
        ),
        "Share of the accounts that load a feed on a UTC day that do so n days later, over all days; plausible is more "
        "than the share of all who come on a day.",
        _NONE, ("requests",), every_return, published=False,
    ),
    Figure(
        "daily over monthly active accounts", (Part("", "0.43-0.67", 0.38, 0.67),),
        "Mean number of accounts that load a feed on a day over those that do so within the log's last 28 days; the "
        "modelled network reports about 0.43, others 0.5 to 0.67.",
        "reports of social networks", ("requests",), daily_over_monthly,
    ),
    Figure(
        "survey response",
        (_between("answered", _NONE, 0.10, 0.40), Part("most a person and day", "1", 0.0, 1.0)),
        "Share of questions that were answered, plausible from 10 to 40%; and the most questions that one person got "
        "on a UTC day, at most 1 by the rule of the modelled network.",
        _NONE, ("surveys",), survey_response, published=False,
    ),
)  # fmt: skip
"""One entry a figure."""
