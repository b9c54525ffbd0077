"""Analyzing texts, one or a file of them, with the heads that are installed or trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl

from data.errors import ConfigError, DataError
from data.folders import check_file
from data.progress import Progress, no_progress
from experiments.runs.models import served_model
from experiments.text.tables import _unreadable, count_rows, scan_table
from features.text.analysis import analyze
from features.text.encoder import STATIC, TextEncoder, resolve_encoder
from features.text.saved_heads import TaskHead, heads_in, shipped_heads, trained_folder

CHUNK = 8_192
"""Rows that are read, analysed and written at a time."""

GIVEN = "input_"
"""Put before a column of the input that has the name of a field."""


@dataclass(frozen=True)
class Reader:
    """Heads by task and the encoder whose vectors are the embedding."""

    heads: Mapping[str, TaskHead]
    encoder: TextEncoder

    def __call__(self, texts: list[str]) -> pl.DataFrame:
        """A row a text."""
        return analyze(texts, self.heads, self.encoder)


@dataclass(frozen=True)
class FileResult:
    """A file of texts analysed."""

    out: Path
    rows: int
    seconds: float
    columns: tuple[str, ...]


def reader_of(home: Path, *, model: str = "champion", encoder: str = STATIC) -> Reader:
    """The heads of each task: trained by people before those of `model` before those that came with the program.

    Raises:
        NotFoundError: nothing answers to `model`.
        ConfigError: no encoder of that name.
        ModelError: a head is damaged or its encoder has changed.
    """
    cache = home / "cache"
    encoders = {encoder: resolve_encoder(encoder, cache=cache)}
    heads = shipped_heads(cache, encoders)
    bundle = served_model(model, home)
    text = bundle.understanding if bundle is not None else None
    if text is not None:
        heads |= {task: TaskHead(task, head, text.encoder, {"source": "model"}) for task, head in text.heads.items()}
    return Reader(heads | heads_in(trained_folder(home), cache, encoders), encoders[encoder])


def analyze_text(text: str, reader: Reader) -> dict[str, Any]:
    """All fields of a text."""
    # What a terminal could not decode comes as lone surrogates, which no encoding can write.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    row: dict[str, Any] = reader([clean]).row(0, named=True)
    return row


def analyze_file(
    source: Path, out: Path, reader: Reader, *, column: str = "text", embedding: bool = True,
    progress: Progress = no_progress,
) -> FileResult:  # fmt: skip
    """Writes a Parquet file with all columns and rows of a CSV or Parquet file and the fields of its texts.

    In bounded memory; the file appears when all is written. An empty text (null) has no fields. A column of the input
    that has the name of a field is kept as `input_NAME`.

    Raises:
        DataError: the input is missing, empty, not of its format, or has no such column of texts.
        ConfigError: the output is the input or has no folder.
    """
    import pyarrow.parquet as pq

    table = scan_table(source)
    _check_column(source, table, column)
    check_file(out)
    if out.resolve() == source.resolve() or not out.resolve().parent.is_dir():
        raise ConfigError(f"{out} cannot be written", remedy="name another file in a folder that is there")
    began, rows, total = perf_counter(), 0, count_rows(source, table)
    staging = out.with_name(f".{out.name}.partial")
    writer: pq.ParquetWriter | None = None
    try:
        for chunk in _chunks(source, table):
            fields = reader(chunk[column].cast(pl.String).fill_null("").to_list()).drop("text")
            if not embedding:
                fields = fields.drop("embedding")
            given = chunk.rename({name: f"{GIVEN}{name}" for name in chunk.columns if name in fields.columns})
            both = pl.concat([given, fields], how="horizontal").to_arrow()
            writer = writer or pq.ParquetWriter(staging, both.schema, compression="zstd")
            writer.write_table(both.cast(writer.schema))
            rows += len(chunk)
            progress(rows, total, f"{rows:,} of {total:,}")
        if writer is None:
            raise DataError(f"{source} has no rows", remedy="give a file with texts")
        columns = tuple(writer.schema.names)
        writer.close()
        staging.replace(out)
    except BaseException:
        if writer is not None:
            writer.close()
        staging.unlink(missing_ok=True)
        raise
    return FileResult(out, rows, perf_counter() - began, columns)


def _check_column(path: Path, table: pl.LazyFrame, column: str) -> None:
    schema = table.collect_schema()
    if column not in schema:
        raise DataError(f"{path} has no column {column!r}", remedy=f"it has {', '.join(schema.names())}")
    if schema[column] not in (pl.String, pl.Categorical):
        raise DataError(f"{path} has {column!r} as {schema[column]}", remedy="name a column of texts")


def _chunks(path: Path, table: pl.LazyFrame) -> Any:
    try:
        yield from table.collect_batches(chunk_size=CHUNK, maintain_order=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error
