"""Timestamps of logs as UTC microseconds: numbers of a unit since 1970, texts of a form, ISO 8601, and odd values.

Of ISO 8601 are taken: calendar, week and ordinal dates, alone or with a time after `T`, `t` or a blank; hours, minutes
and seconds, the last ones with a fraction after `.` or `,`, of which microseconds stay; 24:00 as the end of its day and
23:59:60 as a leap second; zones as `Z`, `z`, `+02`, `+0200` or `+02:00`. Each with its signs between or without. What
has no zone is UTC. Months, weeks and years alone, periods and fractions of hours and minutes are no timestamps here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import polars as pl

from data.errors import DataError

TimeUnit = Literal["s", "ms", "us", "ns"]

UNIT_NAMES: dict[TimeUnit, str] = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
PER_SECOND: dict[TimeUnit, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
LAST_US = 4_102_444_800_000_000
"""The year 2100."""
LIKELY_US = 631_152_000_000_000
"""The year 1990: few logs are older."""
ISO = "ISO 8601, as 2024-03-31T01:30:00Z"

_DAY = "(?:-([0-9]{2})-([0-9]{2})|([0-9]{2})([0-9]{2})|-W([0-9]{2})-([1-7])|W([0-9]{2})([1-7])|-([0-9]{3})|([0-9]{3}))"
_TIME = (
    "([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?|([0-9]{2})(?:([0-9]{2})(?:[.,]([0-9]+))?)?)?"
    "(?: ?([Zz]|[+\u2212-][0-9]{2}(?::?[0-9]{2})?))?"
)
_ISO = f"^([0-9]{{4}}){_DAY}(?:[Tt ]{_TIME})?$"
_GROUPS = (
    "year", "month", "day", "month2", "day2", "week", "weekday", "week2", "weekday2", "ordinal", "ordinal2",
    "hour", "minute", "second", "fraction", "minute2", "second2", "fraction2", "zone",
)  # fmt: skip
_DAY_S = 86_400


def iso_timestamps(texts: pl.Series) -> pl.Series:
    """[N] UTC microseconds of texts of ISO 8601, null where one is none."""
    parts = texts.str.extract_groups(_ISO).struct.unnest()
    parts.columns = list(_GROUPS)
    zone = parts["zone"].str.replace_all("[:\u2212-]", "")
    twice = ("month", "day", "week", "weekday", "ordinal", "minute", "second", "fraction")
    parts = parts.select(
        *(pl.coalesce(one, f"{one}2").alias(one) if one in twice else pl.col(one) for one in _GROUPS if one[-1] != "2"),
        backward=pl.col("zone").str.contains("^[\u2212-]"), hours=zone.str.strip_chars_start("+").str.slice(0, 2),
        minutes=zone.str.strip_chars_start("+").str.slice(2),
    )  # fmt: skip
    whole = {
        one: pl.col(one).cast(pl.Int64, strict=False) for one in parts.columns if one not in ("fraction", "backward")
    }
    day = _day_of(parts)
    hour, minute, second = (whole[one].fill_null(0) for one in ("hour", "minute", "second"))
    end = (hour == 24) & (minute == 0) & (second == 0) & (pl.col("fraction").fill_null("").str.strip_chars("0") == "")
    leap = (hour == 23) & (minute == 59) & (second == 60)
    offset = 60 * whole["hours"].fill_null(0) + whole["minutes"].fill_null(0)
    zoned = (whole["hours"].fill_null(0) < 24) & (whole["minutes"].fill_null(0) < 60)
    fits = ((((hour < 24) & (second < 60)) | leap) & (minute < 60) | end) & zoned
    micro = (pl.col("fraction").fill_null("").str.slice(0, 6) + "000000").str.slice(0, 6).cast(pl.Int64)
    sign = pl.when("backward").then(-1).otherwise(1)
    seconds = pl.lit(day) * _DAY_S + 3600 * hour + 60 * (minute - sign * offset) + second
    return parts.select(pl.when(fits).then(seconds * 10**6 + micro)).to_series().alias(texts.name)


def _day_of(parts: pl.DataFrame) -> pl.Series:
    """[N] days since 1970 of calendar, week and ordinal dates, null where there is no such day."""
    text = pl.concat_str("year", "month", "day", separator="-")
    days = parts.select(text.str.to_date("%Y-%m-%d", strict=False)).to_series()
    if parts["week"].null_count() == len(parts) and parts["ordinal"].null_count() == len(parts):
        return days.cast(pl.Int32).cast(pl.Int64)
    first = (pl.col("year") + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    fourth = first + pl.duration(days=3)
    year = pl.col("year").cast(pl.Int32)
    of_year = first + pl.duration(days=pl.col("ordinal").cast(pl.Int64) - 1)
    since = 7 * (pl.col("week").cast(pl.Int64) - 1) + pl.col("weekday").cast(pl.Int64) - fourth.dt.weekday()
    of_week = fourth + pl.duration(days=since)
    rest = parts.select(
        pl.when(of_year.dt.year() == year).then(of_year),
        week=pl.when(of_week.dt.iso_year() == year).then(of_week),
    )
    found = rest.select(pl.coalesce(pl.lit(days), pl.all())).to_series()
    return found.cast(pl.Int32).cast(pl.Int64)


def has_zone(texts: pl.Series) -> pl.Series:
    """[N] does a text of ISO 8601 name its zone?"""
    return texts.str.contains("[Tt ].*(?:[Zz]|[+\u2212-][0-9:]+)$")


def has_zone_sign(form: str) -> bool:
    """Does a form as strptime has it read a zone?"""
    return any(one in form for one in ("%z", "%:z", "%#z", "%+"))


def of_form(texts: pl.Series, form: str) -> pl.Series:
    """[N] UTC microseconds of texts of a form as strptime has it, null where one is not of it."""
    zone = "UTC" if has_zone_sign(form) else None
    return microseconds(texts.str.to_datetime(form, time_unit="us", time_zone=zone, strict=False))


def of_numbers(raw: pl.Series, unit: TimeUnit) -> pl.Series:
    """[N] microseconds of a number of units, null where it is none; whole numbers stay exact."""
    texts = raw.str.strip_chars() if raw.dtype == pl.String else raw
    nothing = pl.Series(raw.name, [None] * len(raw), dtype=pl.Int64)
    whole = nothing if raw.dtype.is_float() else texts.cast(pl.Int64, strict=False)
    scale = PER_SECOND[unit]
    # Clipped just outside the range, so that no product overflows.
    near = whole.clip(-1, LAST_US // 10**6 * scale + 1)
    value = pl.col(raw.name)
    times = near.to_frame().select(value // (scale // 10**6) if scale > 10**6 else value * (10**6 // scale)).to_series()
    if not whole.null_count():
        return times
    parts = texts.cast(pl.Float64, strict=False)
    parts = parts.set(~parts.is_finite().fill_null(False), None) * (10**6 / scale)
    return times.zip_with(whole.is_not_null(), parts.clip(-1, LAST_US + 1).round().cast(pl.Int64))


def microseconds(times: pl.Series) -> pl.Series:
    """[N] UTC microseconds of a column of dates or timestamps."""
    if times.dtype in (pl.Time, pl.Duration):
        raise DataError(f"column {times.name!r} holds {times.dtype}, no timestamps", remedy="name another column")
    return times.cast(pl.Datetime("us")).cast(pl.Int64) if times.dtype == pl.Date else times.dt.epoch("us")


def in_other_words(value: object, unit: TimeUnit | None, form: str | None) -> str:
    """What to say where `value` is no likely timestamp in the unit or form that it was read in, but is one in another.

    Without a unit it was read as seconds by a format that has no setting for it. At most one unit is likely.
    """
    if value is None or isinstance(value, bool | list):
        return ""
    for other, per_second in PER_SECOND.items():
        timestamp = of_numbers(pl.Series("at", [value], strict=False), other)[0]
        if (form is None and other == (unit or "s")) or timestamp is None or not LIKELY_US <= timestamp < LAST_US:
            continue
        hint = f"in {UNIT_NAMES[other]} it is {day_of(timestamp)}"
        if form is not None:
            return f'{hint}: set time_unit = "{other}" and no time_format'
        if unit is None:
            return f'{hint}: divide by {per_second:,}, or import the log by a mapping with time_unit = "{other}"'
        return f'{hint}: set time_unit = "{other}"'
    timestamp = iso_timestamps(pl.Series([str(value).strip()]))[0] if form is None else None
    if timestamp is None or not LIKELY_US <= timestamp < LAST_US:
        return ""
    by = "import the log by a mapping with" if unit is None else "set"
    return f'as ISO 8601 it is {day_of(timestamp)}: {by} time_format = "iso"'


def day_of(time_us: int) -> str:
    """As `2024-03-31`."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).date().isoformat()
