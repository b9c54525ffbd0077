"""Files of lists: Parquet and CSV with a column each of `user`, `item`, `rank` and `score`, or a TREC run.

A line of a TREC run is `user Q0 item rank score tag`. Who reads it sorts by score, whatever the rank says, so equal
scores are written a float32 step apart, in the order of the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol, Self, get_args

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from data.batch import F32, Array
from data.errors import ConfigError, DataError
from data.folders import check_file, write_file
from data.kernel import kernel

ListFormat = Literal["parquet", "csv", "trec"]

_ENDINGS: dict[str, ListFormat] = {".parquet": "parquet", ".csv": "csv", ".trec": "trec", ".run": "trec"}

WriteLists = Callable[[pl.DataFrame], None]
"""Takes the next lists: `user`, `item`, `rank`, `score`, each list's rows together and best first."""


class ListSink(Protocol):
    """Where lists go."""

    def writing(self, tag: str) -> AbstractContextManager[WriteLists]:
        """Takes lists one part after the other until the block ends; `tag` names what made them."""
        ...


@dataclass(frozen=True)
class ListFile:
    """Where lists are written, and how."""

    path: Path
    format: ListFormat

    @classmethod
    def of(cls, path: Path, format_: str | None = None) -> Self:
        """By the file's ending, or the `format_` that is named.

        Raises:
            ConfigError: neither says a format, or the file cannot be written.
        """
        named = format_ or _ENDINGS.get(path.suffix.lower(), "")
        known = get_args(ListFormat)
        if named not in known:
            problem = f"no format {format_!r}" if format_ else f"the ending of {path} says no format"
            raise ConfigError(problem, remedy=f"name one: --format {', '.join(known)}")
        check_file(path)
        return cls(path, next(one for one in known if one == named))

    @contextmanager
    def writing(self, tag: str) -> Iterator[WriteLists]:
        """Writes lists one part after the other; the file appears when all are written. `tag` names a TREC run.

        Raises:
            DataError: an id or the tag has a blank, which a TREC run cannot hold.
        """
        staging = self.path.with_name(f".{self.path.name}.partial")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with staging.open("wb") as file:
                yield from _writers[self.format](file, tag)
            staging.replace(self.path)
        finally:
            staging.unlink(missing_ok=True)


def _parquet(file: IO[bytes], tag: str) -> Iterator[WriteLists]:
    writers: list[pq.ParquetWriter] = []

    def write(lists: pl.DataFrame) -> None:
        rows = lists.to_arrow()
        if not writers:
            writers.append(pq.ParquetWriter(file, rows.schema, compression="lz4", use_dictionary=["user", "rank"]))
        writers[0].write_table(rows)

    yield write
    for one in writers:
        one.close()


def _csv(file: IO[bytes], tag: str) -> Iterator[WriteLists]:
    def write(lists: pl.DataFrame) -> None:
        lists.write_csv(file, include_header=file.tell() == 0)

    yield write


def _trec(file: IO[bytes], tag: str) -> Iterator[WriteLists]:
    _refuse_blanks(pl.Series("tag", [tag]))

    def write(lists: pl.DataFrame) -> None:
        for name in ("user", "item"):
            _refuse_blanks(lists[name])
        score = lists["score"].to_numpy().copy()
        _part(lists["rank"].to_numpy(), score)
        lines = lists.select("user", q=pl.lit("Q0"), item="item", rank="rank", score=pl.Series(score), tag=pl.lit(tag))
        lines.write_csv(file, include_header=False, separator=" ", quote_style="never")

    yield write


def write_qrels(path: Path, pairs: pl.DataFrame) -> None:
    """Writes `user` and `item` of relevant pairs as TREC's qrels: `user 0 item 1` a line.

    Raises:
        DataError: an id has a blank.
        ConfigError: the file cannot be written.
    """
    for name in ("user", "item"):
        _refuse_blanks(pairs[name])
    lines = pairs.select("user", zero=0, item="item", relevance=1)
    write_file(path, lines.write_csv(include_header=False, separator=" ", quote_style="never"))


_writers: dict[ListFormat, Callable[[IO[bytes], str], Iterator[WriteLists]]] = {
    "parquet": _parquet, "csv": _csv, "trec": _trec,
}  # fmt: skip


def _refuse_blanks(texts: pl.Series) -> None:
    if texts.dtype != pl.String:
        return
    bad = texts.filter(texts.str.contains(r"\s") | (texts == ""))
    if len(bad):
        raise DataError(
            f"{texts.name} {bad[0]!r} has a blank, which separates the fields of a TREC run",
            remedy="write Parquet or CSV",
        )


@kernel
def _part(rank: Array, score: F32) -> None:
    """Lowers each score that is not below the one before it in its list to the next smaller float32."""
    for at in range(1, len(score)):
        if rank[at] > 1 and score[at] >= score[at - 1]:
            score[at] = np.nextafter(score[at - 1], np.float32(-np.inf))
