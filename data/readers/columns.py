"""Reads CSV files of public logs and says which line of which file is at fault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from data.errors import DataError

_HEADER_LINES = 1


def read_csv(path: Path, wanted: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """The columns `wanted` of a UTF-8 CSV file with a header, cast; every number must be there and fit.

    An absent text is empty. Other columns of the file are left out.

    Raises:
        DataError: the file is missing, empty or not CSV, lacks a column, or a value does not fit, naming its line.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist", remedy=f"a file {path.name} is needed beside the others")
    try:
        texts = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise DataError(f"{path} is empty", remedy="download it again") from error
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is not a UTF-8 CSV file: {reason}", remedy="download it again") from error
    for column in wanted:
        if column not in texts.columns:
            raise DataError(
                f"{path} has no column {column!r}, it has {', '.join(map(repr, texts.columns))}",
                remedy=f"its first line must name {', '.join(wanted)}",
            )
    if not len(texts):
        raise DataError(f"{path} has a header and no rows", remedy="download it again")
    return pl.DataFrame([_cast(path, texts[column], dtype) for column, dtype in wanted.items()])


def _cast(path: Path, texts: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    if dtype == pl.String:
        return texts.fill_null("")
    values = texts.str.strip_chars().cast(dtype, strict=False)
    bad = values.is_null() | values.is_nan() | values.is_infinite() if dtype.is_float() else values.is_null()
    if bad.any():
        row = int(bad.arg_true()[0])
        wanted = "a number" if dtype.is_float() else "a whole number"
        raise DataError(
            f"{path} line {row + 1 + _HEADER_LINES}: {texts.name} is {texts[row] or ''!r}, not {wanted}",
            remedy="correct or remove the line",
        )
    return values
