"""Reads delimited text and Parquet files and finds which of their lines are good, blank or broken, and why.

A text file is first scanned for its structure, then only the columns that are wanted are parsed, all of them as
text, so that a value that does not fit can be shown unchanged.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.errors import DataError
from data.readers.lines import Fault, Lines
from data.readers.notes import did_you_mean
from data.readers.packed import stored, unpacked
from data.readers.plain import plain_text
from data.readers.records import BLANK, BYTES, GOOD, QUOTE, Records, scan_records

_LONGEST_HEADER = 1 << 20
_LIKELY = ("::", "\t", ";", "|", ",", "\x01")
"""Separators that are tried on a line that seems to be one field."""
_ENCODING = 'save the file as UTF-8, or name its encoding in a mapping: encoding = "latin-1"'


@dataclass(frozen=True)
class Layout:
    """How a delimited text file is written."""

    separator: str = ","
    """One ASCII character, or several where there is no quote."""
    quote: str | None = '"'
    """What encloses a field that holds separators; None without quotes."""
    names: tuple[str, ...] | None = None
    """The columns of a file without a header."""
    fewer: tuple[int, ...] = ()
    """Numbers of fields that a line may also have (its last columns are then empty)."""
    encoding: str = "utf-8"
    """As Python names it."""


COMMA, TAB = Layout(), Layout("\t", None)


def header_of(path: Path, layout: Layout = COMMA) -> list[str]:
    """The names in the first line.

    Raises:
        DataError: the file is missing, empty or not text.
    """
    path = stored(path)
    content = _content(path)
    return _header(path, *plain_text(path, content, layout.separator, layout.encoding), layout.quote)


def read_text(path: Path, wanted: Sequence[str], layout: Layout = COMMA) -> Lines:
    """The columns `wanted` of a text file, packed or not, in that order, as texts, null where empty.

    Blank lines are left out, broken ones marked.

    Raises:
        DataError: the file is missing or empty, lacks a column or has no line after its header.
    """
    path = stored(path)
    content, separator = plain_text(path, _content(path), layout.separator, layout.encoding)
    names = list(layout.names) if layout.names else _header(path, content, separator, layout.quote)
    _check_names(path, names, wanted, headed=not layout.names)
    headers = 0 if layout.names else 1
    records = scan_records(content, separator, layout.quote)
    fits = np.isin(records.fields, [len(names), *layout.fewer])
    good = (records.states == GOOD) & fits
    good[:headers] = False
    faults = _faults(records, fits, headers, len(names), layout)
    if not faults and not good[headers:].any():
        raise DataError(f"{path} has {'a header and ' * headers}no rows", remedy="download it again")
    if not good[headers:].all():
        content, headers = records.bytes_of(good), 0
    plain = Layout(separator, layout.quote, tuple(names))
    frame = _parse(path, content, wanted, plain, headers, int(good.sum()))
    return Lines(path, frame, numbers=records.lines[good], faults=faults, unread=_unread(names, wanted))


def read_parquet(path: Path, wanted: Sequence[str]) -> Lines:
    """The columns `wanted` of a Parquet file, or of all Parquet files of a folder, in their own dtypes.

    Raises:
        DataError: nothing is there, it is not Parquet, it lacks a column or has no rows.
    """
    try:
        rows = pl.scan_parquet(path / "*.parquet" if path.is_dir() else path)
        names = rows.collect_schema().names()
        _check_names(path, names, wanted)
        frame = rows.select(list(dict.fromkeys(wanted))).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} cannot be read as Parquet: {reason}", remedy="check the file") from error
    if not len(frame):
        raise DataError(f"{path} has no rows", remedy="download it again")
    return Lines(path, frame, first=1, unit="row", unread=_unread(names, wanted))


def _unread(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [one for one in names if one not in set(wanted)]


def _content(path: Path) -> Path | bytes:
    """The file, or its bytes where it is packed."""
    if not path.is_file():
        raise DataError(f"{path} does not exist", remedy=f"a file {path.name} is needed")
    content = unpacked(path)
    if not (content if isinstance(content, bytes) else content.stat().st_size):
        raise DataError(f"{path} is empty", remedy="download it again")
    return content


def _header(path: Path, content: Path | bytes, separator: str, quote: str | None) -> list[str]:
    """The names in the first line of a file that was converted."""
    if isinstance(content, bytes):
        first = content[: content.find(b"\n") + 1 or None]
    else:
        with content.open("rb") as file:
            first = file.readline(_LONGEST_HEADER)
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} line 1 is not UTF-8", remedy=_ENCODING) from error
    if not text.strip():
        raise DataError(f"{path} line 1 is blank", remedy="it must name the columns")
    if "\r" in text:
        raise DataError(f"{path} line 1 ends in \\r alone", remedy="save the file with line ends of Unix or Windows")
    if quote is None:
        return text.split(separator)
    if text.count(quote) % 2:
        raise DataError(f"{path} line 1 has a quote that does not close", remedy="it must name the columns")
    try:
        return next(csv.reader([text], delimiter=separator, quotechar=quote))
    except csv.Error as error:
        raise DataError(f"{path} line 1 does not name columns: {error}", remedy="is this the right file?") from error


def _check_names(path: Path, names: Sequence[str], wanted: Sequence[str], *, headed: bool = False) -> None:
    """`headed` where the names were read from a first line, which may be none."""
    for column in wanted:
        if column not in names:
            remedy = f"{did_you_mean(column, _unread(names, wanted))}it must have {', '.join(wanted)}"
            if headed and len(names) == 1:
                remedy = _separated(names[0]) or remedy
            elif headed and any(re.fullmatch(r"[0-9.]+", one.strip()) for one in names):
                remedy += "; or if line 1 is no header, name all columns in a mapping: columns = [...]"
            raise DataError(f"{path} has no column {column!r}, it has {', '.join(map(repr, names))}", remedy=remedy)
        if names.count(column) > 1:
            raise DataError(f"{path} has {names.count(column)} columns {column!r}", remedy="rename all but one")


def _separated(line: str) -> str:
    """What to say of a line of one field that holds another likely separator; else nothing."""
    likely = max(_LIKELY, key=line.count)
    if likely not in line:
        return ""
    shown = json.dumps(likely)
    return f"its fields seem to be separated by {shown}: import it by a mapping with separator = {shown}"


def _faults(records: Records, fits: NDArray[np.bool_], headers: int, columns: int, layout: Layout) -> list[Fault]:
    """Why lines after the header cannot be parsed."""
    states = records.states.copy()
    states[:headers] = BLANK
    found = []
    quotes = f"or all {layout.quote} are ordinary characters: set no quote"
    for reason, which, remedy in (
        ("the line is not UTF-8", states == BYTES, _ENCODING),
        (f"the line has a stray {layout.quote} or one that does not close", states == QUOTE, quotes),
        (f"the line does not have {columns} fields", (states == GOOD) & ~fits, ""),
    ):
        at = np.flatnonzero(which)
        if len(at):
            has = f" but {records.fields[at[0]]}" if "fields" in reason else ""
            whole = has == " but 1" and not headers
            hint = _separated(records.text(int(at[0]))) if whole else remedy
            found.append(Fault(reason, reason + has, records.lines[at], remedy=hint))
    return found


def _parse(
    path: Path, content: Path | bytes, wanted: Sequence[str], layout: Layout, skip: int, rows: int
) -> pl.DataFrame:
    """Columns by place, so that names that are empty or there twice do no harm."""
    names = layout.names or ()
    places = sorted(names.index(one) for one in dict.fromkeys(wanted))
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    try:
        frame = pl.read_csv(
            content, has_header=False, skip_lines=skip, infer_schema=False, columns=places,
            separator=layout.separator, quote_char=layout.quote, missing_columns="insert",
            schema={f"column_{at}": pl.String for at in range(len(names))},
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} cannot be parsed: {reason}", remedy="check its quotes") from error
    if len(frame) != rows:
        raise DataError(f"{path} has {rows:,} rows but {len(frame):,} were parsed", remedy="check its quotes")
    frame.columns = [names[at] for at in places]
    return frame.select(*dict.fromkeys(wanted))
