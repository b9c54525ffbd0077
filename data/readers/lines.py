"""The lines of one file under examination: values are cast column by column, and what does not fit is marked.

Nothing is raised until `keep`: then a strict reader refuses the file by its first broken line, naming how many there
are, and a lenient one goes on without them and reports them by reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.batch import I64
from data.errors import DataError
from data.readers.notes import Note, dropped
from data.readers.timestamps import (
    ISO,
    LAST_US,
    LIKELY_US,
    UNIT_NAMES,
    TimeUnit,
    day_of,
    has_zone,
    has_zone_sign,
    in_other_words,
    iso_timestamps,
    microseconds,
    of_form,
    of_numbers,
)

_SHOWN = 5
_LONGEST = 100
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Fault:
    """Lines that do not fit for one reason."""

    reason: str
    """The same for all of them."""
    first: str
    """What is wrong with the first of them, with its value."""
    remedy: str = field(kw_only=True, default="")
    """What can be done beside correcting or leaving out."""
    numbers: I64
    """[N] numbers of the lines."""


@dataclass(frozen=True)
class Skipped:
    """Lines that were left out for one reason, broken or on purpose."""

    file: str
    reason: str
    lines: int
    first: list[int]
    """Numbers of the first few lines, from 1 on; rows of a Parquet file."""


class Lines:
    """The columns of one file as they were read, and the lines that turned out broken."""

    def __init__(
        self,
        path: Path,
        frame: pl.DataFrame,
        *,
        first: int = 1,
        numbers: I64 | None = None,
        unit: str = "line",
        faults: Sequence[Fault] = (),
        unread: Sequence[str] = (),
    ) -> None:
        """`first` is the number of the frame's first line, or `numbers` [N] those of all its lines.

        `faults` are lines and `unread` columns of the file that are not in the frame.
        """
        self.path = path
        self.frame = frame
        self.skipped: list[Skipped] = []
        """What `keep` and `leave_out` left out."""
        self.unread = tuple(unread)
        self.absent: Mapping[str, str] = {}
        """Columns that would have been read if they were there, each with how to say it."""
        self._notes: list[Note] = []
        self._unit = unit
        self._first = first
        self._numbers = numbers
        self._outside = sum(len(fault.numbers) for fault in faults)
        self._faults = list(faults)
        self._good: NDArray[np.bool_] = np.ones(len(frame), bool)

    def __len__(self) -> int:
        return len(self.frame)

    def has(self, column: str) -> bool:
        """Was the column read?"""
        return column in self.frame.columns

    @property
    def notes(self) -> list[Note]:
        """What `note` was given, after the columns that were not read."""
        return [*dropped(self.path.name, self.unread, self.absent), *self._notes]

    def note(self, what: str, *, columns: Sequence[str] = (), warning: bool = False) -> None:
        """Notes something about the file that is no fault of a line."""
        self._notes.append(Note(self.path.name, what, list(columns), warning))

    def refuse(self, bad: pl.Series, column: str, why: str, *, remedy: str = "") -> None:
        """Marks the lines where `bad` is True: their `column` is `why` ("not a number")."""
        if not bad.any():
            return
        rows = np.flatnonzero(bad.fill_null(False).to_numpy() & self._good)
        if not len(rows):
            return
        self._good[rows] = False
        value = self.frame[column][int(rows[0])]
        shown = "" if value is None else value if isinstance(value, str | int | float | bool) else str(value)
        if isinstance(shown, str) and len(shown) > _LONGEST:
            shown = f"{shown[:_LONGEST]}..."
        numbers = self._number_of(rows)
        self._faults.append(Fault(f"{column}: {why}", f"{column} is {shown!r}, {why}", numbers, remedy=remedy))

    def number(
        self,
        column: str,
        dtype: type[pl.DataType],
        *,
        low: float | None = None,
        high: float | None = None,
        empty: bool = False,
    ) -> pl.Series:
        """[N] the column as numbers within bounds; an absent one is null where `empty` allows it."""
        texts = self.frame[column]
        if texts.dtype == pl.Boolean:
            texts = texts.cast(pl.Int8)
        values = texts.str.strip_chars() if texts.dtype == pl.String else texts
        there = _there(values)
        if dtype.is_integer() and texts.dtype.is_float():
            fraction = values.is_not_null() & (values != values.round())
            values = values.set(fraction.fill_null(True), None)
        try:
            values = values.cast(dtype, strict=False)
        except pl.exceptions.PolarsError:
            values = pl.Series(column, [None] * len(self), dtype=dtype)
        bad = values.is_null()
        if dtype.is_float():
            bad = bad | values.is_nan() | values.is_infinite()
        self.refuse(bad & there if empty else bad, column, "not a number" if dtype.is_float() else "not a whole number")
        if low is not None:
            self.refuse(values < low, column, f"less than {low:g}")
        if high is not None:
            self.refuse(values > high, column, f"more than {high:g}")
        return values

    def text(self, column: str) -> pl.Series:
        """[N] the column as texts, "" where absent."""
        return self.frame[column].cast(pl.String, strict=False).fill_null("")

    def flag(self, column: str) -> pl.Series:
        """[N] the column as truth: true or false, yes or no, 1 or 0, in any case; absent is False."""
        if self.frame[column].dtype == pl.Boolean:
            return self.frame[column].fill_null(False)
        words = self.text(column).str.strip_chars().str.to_lowercase()
        yes, no = words.is_in(["true", "1", "1.0", "yes"]), words.is_in(["false", "0", "0.0", "no", ""])
        self.refuse(~(yes | no), column, "neither true nor false")
        return yes

    def timestamp(
        self, column: str, unit: TimeUnit | None = None, form: str | None = None, *, empty: bool = False
    ) -> pl.Series:
        """[N] the column as UTC microseconds: numbers of `unit` since 1970, or texts of the form `form` (see strptime).

        Without a unit they are seconds, and no setting changes that. A Parquet column of dates needs neither. The form
        `iso` is ISO 8601. A timestamp without a zone is taken as UTC. An absent one is null where `empty` allows it.
        """
        raw = self.frame[column]
        if raw.dtype.is_temporal():
            times, why, what = microseconds(raw), "no timestamp", "UTC"
        elif form is not None:
            times, what = self._of_form(raw, form), "UTC"
            why = f"not a timestamp of {ISO}" if form == "iso" else f"not a timestamp of the form {form!r}"
        else:
            name = UNIT_NAMES[unit or "s"]
            times, why, what = (
                of_numbers(raw, unit or "s"),
                f"not a number of {name}",
                f"in {name} since 1970-01-01 UTC",
            )
        missing = times.is_null() & _there(raw) if empty else times.is_null()
        self.refuse(missing, column, why, remedy=in_other_words(_first(raw, missing), unit, form))
        off = ((times < 0) | (times > LAST_US)).fill_null(False)
        self.refuse(off, column, f"which is no timestamp of 1970 to 2100 {what}",
                    remedy=in_other_words(_first(raw, off), unit, form))  # fmt: skip
        self._warn_of_early(raw, times, unit, form)
        self._note_zones(raw, form)
        return times

    def _of_form(self, raw: pl.Series, form: str) -> pl.Series:
        texts = raw.cast(pl.String, strict=False).fill_null("").str.strip_chars()
        if form == "iso":
            return iso_timestamps(texts)
        try:
            return of_form(texts, form)
        except pl.exceptions.PolarsError as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{self.path}: time format {form!r}: {reason}", remedy="write it as strptime") from error

    def _warn_of_early(self, raw: pl.Series, times: pl.Series, unit: TimeUnit | None, form: str | None) -> None:
        """Warns of timestamps of good lines before the year 1990."""
        early = times.is_between(0, LIKELY_US - 1).fill_null(False) & pl.Series(self._good)
        if not early.any():
            return
        count, value = int(early.sum()), _first(raw, early)
        guess = "" if raw.dtype.is_temporal() else in_other_words(value, unit, form)
        many = "1 timestamp" if count == 1 else f"{count:,} timestamps"
        words = f"{many} before 1990, as {day_of(times.filter(early)[0])} ({value})"
        self.note(f"{words}; {guess}" if guess else words, columns=[raw.name], warning=True)

    def _note_zones(self, raw: pl.Series, form: str | None) -> None:
        """Notes times that were taken as UTC because they have no zone."""
        total = len(raw) - raw.null_count()
        zoned = total
        if isinstance(raw.dtype, pl.Datetime):
            zoned = total if raw.dtype.time_zone else 0
        elif form == "iso":
            zoned = int(has_zone(raw.cast(pl.String, strict=False)).sum())
        elif form is not None:
            zoned = total if has_zone_sign(form) else 0
        if zoned == total:
            return
        bare = total - zoned
        has, are = ("has", "is") if bare == 1 else ("have", "are")
        words = f"{bare:,} of {total:,} timestamps {has} no zone and {are}"
        words = words if zoned else "timestamps have no zone and are"
        self.note(f"{words} taken as UTC", columns=[raw.name], warning=zoned > 0)

    def keep(self, columns: dict[str, pl.Series] | pl.DataFrame, *, skip_bad: bool) -> pl.DataFrame:
        """`columns` [N] at the good lines.

        Raises:
            DataError: a line is broken and `skip_bad` is off, or none is good.
        """
        frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns)
        if not self._faults:
            return frame
        broken = sum(len(fault.numbers) for fault in self._faults)
        total = len(self) + self._outside
        worst = min(self._faults, key=lambda one: int(one.numbers.min()))
        if not skip_bad or broken == total:
            more = f" ({broken:,} of {total:,} {self._unit}s do not fit)" if broken > 1 else ""
            remedy = f"correct or remove the {self._unit}, or leave out what does not fit: --skip-bad"
            if broken == total:
                remedy = "none fits: is this the right file, and the right column?"
            raise DataError(
                f"{self.path} {self._unit} {int(worst.numbers.min())}: {worst.first}{more}",
                remedy=f"{worst.remedy}; {remedy}" if worst.remedy else remedy,
            )
        self.skipped = [
            Skipped(self.path.name, one.reason, len(one.numbers), np.sort(one.numbers)[:_SHOWN].tolist())
            for one in self._faults
        ]
        return frame.filter(pl.Series(self._good))

    def leave_out(self, which: pl.Series, reason: str) -> None:
        """Reports lines, by their ascending places among those that `keep` gave, as left out on purpose."""
        if len(which):
            rows = np.flatnonzero(self._good)[which.to_numpy()]
            self.skipped.append(Skipped(self.path.name, reason, len(rows), self._number_of(rows[:_SHOWN]).tolist()))

    def _number_of(self, rows: I64) -> I64:
        return rows + self._first if self._numbers is None else self._numbers[rows]


def _there(values: pl.Series) -> pl.Series:
    """Where there is a value: neither null nor a text of spaces."""
    here = values.is_not_null()
    return here & (values.str.strip_chars() != "") if values.dtype == pl.String else here


def _first(values: pl.Series, where: pl.Series) -> object:
    """The first value where `where` is True, None if there is none."""
    place = where.fill_null(False).arg_max() if where.any() else None
    return None if place is None else values[int(place)]
