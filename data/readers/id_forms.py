"""The forms that an id takes on its way through spreadsheets and data frames: reported, and undone where that is safe.

Digits that are gone cannot be found again: such an id is refused. Blanks around an id and a fraction of zeros are taken
away, and the file's notes say so. Leading zeros belong to some ids and not to others: a reader of the log must decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data.errors import DataError
from data.readers.lines import Lines

WHOLE = r"^(?:0|[1-9][0-9]{0,18})$"
"""A whole number as it should be written; it may still be over 63 bits."""
PADDED = r"^0[0-9]+$"
_POWER = r"^[0-9]+(?:[.,][0-9]*[eE]\+?|[eE]\+)[0-9]+$"
"""As `1.23457E+18`; `12E5` may be a code."""
_ZERO_FRACTION = r"^[0-9]+\.0+$"
_FRACTION = r"^[0-9]+\.[0-9]*[1-9][0-9]*$"
_NUMBER = r"^[0-9]+(?:\.0+)?$"
_EXACT, _EXACT_SINGLE = 2**53, 2**24
"""Up to where a float of 64 and of 32 bits keeps every whole number."""
_CUT = r"^[0-9]{15}0+$"
_LONG = 16
_FEWEST_CUT = 3
"""Long ids that all end in zeros before that is no chance."""
_NOTHING = ("nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nil", "undefined")

LOST = "which has lost digits"
AS_TEXT = "export the ids as text, not as numbers"


def texts_of(lines: Lines, column: str) -> pl.Series:
    """[N] the column of ids as texts without blanks around them, null where empty; marks fractions and lost digits.

    Raises:
        DataError: the column holds lists or records.
    """
    raw = lines.frame[column]
    if raw.dtype.is_float():
        raw = _of_floats(lines, column)
    if raw.dtype.is_nested():
        raise DataError(f"{lines.path}: column {column!r} holds {raw.dtype}, no ids", remedy="name another column")
    texts = raw if raw.dtype == pl.String else raw.cast(pl.String, strict=False)
    if raw.dtype.is_integer() or texts.str.contains(WHOLE).all():
        return texts
    plain = texts.str.strip_chars()
    odd = int(((plain != texts) & (plain != "")).sum())
    if odd:
        lines.note(f"{_values(odd)} had blanks around {_them(odd)}, which were taken away", columns=[column])
    plain = plain.set(plain == "", None) if (plain == "").any() else plain
    lines.refuse(plain.str.contains(_POWER), column, LOST, remedy=AS_TEXT)
    empty = plain.str.to_lowercase().is_in(_NOTHING)
    if empty.any():
        has = f"{_lines(int(empty.sum()))} an id that reads like none, as {plain.filter(empty)[0]!r}"
        lines.note(f"{has}: it is taken as an id", columns=[column], warning=True)
    return plain


def _of_floats(lines: Lines, column: str) -> pl.Series:
    raw = lines.frame[column]
    lines.refuse(raw.abs() > (_EXACT_SINGLE if raw.dtype == pl.Float32 else _EXACT), column, LOST, remedy=AS_TEXT)
    there = len(raw) - raw.null_count()
    lines.note(f"{_values(there)} that {_are(there)} were taken as whole numbers", columns=[column])
    return lines.number(column, pl.Int64, empty=True)


def without_fractions(columns: Sequence[tuple[Lines, str]], texts: Sequence[pl.Series]) -> list[pl.Series]:
    """`10.0` becomes `10` in columns of numbers, unless the column has other fractions, as versions do."""
    if any(one.str.contains(_FRACTION).any() for one in texts):
        return list(texts)
    return [_whole(lines, column, one) for (lines, column), one in zip(columns, texts, strict=True)]


def _whole(lines: Lines, column: str, texts: pl.Series) -> pl.Series:
    floats = texts.str.contains(_ZERO_FRACTION)
    numbers = int(texts.str.contains(_NUMBER).sum())
    if not floats.any() or 2 * numbers < len(texts) - texts.null_count():
        return texts
    plain = texts.str.replace(r"\.0+$", "")
    large = floats & (plain.cast(pl.Float64, strict=False) > _EXACT)
    lines.refuse(large, column, LOST, remedy=AS_TEXT)
    count = int(floats.sum())
    lines.note(f"{_values(count)} like {texts.filter(floats)[0]!r} {_taken(count)}", columns=[column])
    return plain.zip_with(floats.fill_null(False), texts)


def without_zeros(lines: Lines, column: str, texts: pl.Series) -> pl.Series:
    """`007` becomes `7`."""
    padded = texts.str.contains(PADDED)
    if not padded.any():
        return texts
    count = int(padded.sum())
    lines.note(
        f"{_values(count)} with leading zeros, like {texts.filter(padded)[0]!r}, {_taken(count)}", columns=[column]
    )
    return texts.str.replace("^0+([0-9])", "${1}")


def warn_of_cut(lines: Lines, column: str, texts: pl.Series) -> None:
    """Warns where all long numbers end in zeros from the 16th digit on, which spreadsheets make of what they cannot
    hold."""
    long = texts.filter((texts.str.len_bytes() >= _LONG) & texts.str.contains("^[0-9]+$")).unique()
    if len(long) >= _FEWEST_CUT and long.str.contains(_CUT).all():
        words = (
            f"all {len(long):,} ids of over 15 digits end in zeros from the 16th on: were they cut by a spreadsheet?"
        )
        lines.note(words, columns=[column], warning=True)


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _lines(count: int) -> str:
    return "1 line has" if count == 1 else f"{count:,} lines have"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _are(count: int) -> str:
    return "is a float" if count == 1 else "are floats"


def _taken(count: int) -> str:
    return "was taken as a whole number" if count == 1 else "were taken as whole numbers"
