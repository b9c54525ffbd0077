"""Files of texts as Polars tables: CSV, JSON lines and Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.errors import DataError


def scan_table(path: Path) -> pl.LazyFrame:
    """A CSV file (every column as text) or, by its ending, a Parquet file.

    Raises:
        DataError: it is missing, empty or not of its format.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist", remedy="give a CSV or Parquet file")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            table = pl.scan_parquet(path)
        else:
            separator = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
            table = pl.scan_csv(path, infer_schema=False, separator=separator)
        table.collect_schema()
    except pl.exceptions.NoDataError as error:
        raise DataError(f"{path} is empty", remedy="give a CSV or Parquet file with texts") from error
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error
    return table


def collect(path: Path, table: pl.LazyFrame) -> pl.DataFrame:
    """The rows of a table that `scan_table` found.

    Raises:
        DataError: it is damaged.
    """
    try:
        return table.collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error


def count_rows(path: Path, table: pl.LazyFrame) -> int:
    """How many rows a table has."""
    return int(collect(path, table.select(pl.len())).item())


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "utf" in reason.lower():
        return DataError(f"{path} is not UTF-8 text", remedy="save it as UTF-8")
    return DataError(f"{path} cannot be read: {reason}", remedy="give a CSV or Parquet file")
