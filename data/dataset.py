"""A data set on disk: a folder of Parquet tables and a manifest, read lazily.

    DIR/manifest.json                schema version, name, config, seed, files with sha256, content hash
    DIR/users/all.parquet            a table in one file, rows ordered by (time, key)
    DIR/tweets/2026-01-05.parquet    a table in one file a UTC day
    DIR/ids/users.parquet            the original ids of the log, where they were numbered
    DIR/truth/                       what only the world may read; not part of the content hash

A folder without a manifest is not a data set (`data.dataset_writer` writes one).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import polars as pl

from data.errors import DataError
from data.events import EventBatch
from data.ids import IdMap
from data.replay import Replay
from data.schema import SCHEMA_VERSION, TABLES, table

MANIFEST = "manifest.json"
TRUTH = "truth"
WHOLE = "all"
"""In place of the day, in the name of a file that holds a whole table."""

IDS = "ids"
VERIFIED_BYTES = 64 * 2**20
"""Data sets smaller than this are verified whenever they are opened: it takes a fraction of a second."""


TIMELESS = {"times": "none"}
"""What a reader adds to a data set's config when the log had neither times nor an order."""


class Dataset:
    """A data set opened for reading."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Use `Dataset.open`."""
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Opens a folder and checks that every file is there with the size that the manifest states.

        A data set under `VERIFIED_BYTES` is also verified byte by byte, as `verify` does for any.

        Raises:
            DataError: no data set, another schema version, or a file missing, cut short or damaged.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise DataError(f"{folder} is not a data set: it has no {MANIFEST}", remedy="make one: rookery world make")
        try:
            manifest = json.loads(path.read_text())
            version = manifest["schema_version"]
            sizes = {name: int(stated["bytes"]) for name, stated in manifest["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is damaged: {error}", remedy=_AGAIN) from error
        if version != SCHEMA_VERSION:
            raise DataError(f"{folder} has schema version {version}, not {SCHEMA_VERSION}", remedy=_AGAIN)
        for name, size in sizes.items():
            file = folder / name
            if not file.is_file() or file.stat().st_size != size:
                found = f"{file.stat().st_size} bytes" if file.is_file() else "nothing"
                raise DataError(f"{file} is damaged: {found} where {size} bytes were written", remedy=_AGAIN)
        opened = cls(folder, manifest)
        if sum(sizes.values()) < VERIFIED_BYTES:
            opened.verify()
        return opened

    def verify(self) -> None:
        """Reads every file and compares its sha256 with the manifest.

        Raises:
            DataError: naming the first file that differs.
        """
        for name, stated in self.manifest["files"].items():
            path = self.folder / name
            if not path.is_file():
                raise DataError(f"{path} is damaged: it is gone", remedy=_AGAIN)
            if file_sha256(path) != stated["sha256"]:
                raise DataError(f"{path} is damaged: its sha256 is not the manifest's", remedy=_AGAIN)

    @property
    def name(self) -> str:
        """Name of the data set."""
        return str(self.manifest["name"])

    @property
    def content_hash(self) -> str:
        """sha256 over all tables' files; two data sets with the same hash hold the same bytes."""
        return str(self.manifest["content_hash"])

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration it was made with."""
        return dict(self.manifest["config"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong while it was made, a line each; empty when nothing did."""
        return tuple(self.manifest.get("warnings", ()))

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables it holds, in the schema's order."""
        return tuple(name for name in TABLES if name in self.manifest["rows"])

    @property
    def truth(self) -> Path:
        """The folder of the truth; only the world and reports on it may look inside."""
        return self.folder / TRUTH

    @cached_property
    def lasting(self) -> bool:
        """Whether it holds items that do not age, as films or articles for sale, and not tweets."""
        if not self.rows("tweets"):
            return False
        return bool(self.scan("tweets").select((pl.col("kind") == "item").any()).collect().item())

    @property
    def timeless(self) -> bool:
        """Whether its log had neither times nor an order: what it has as times is the order of its lines."""
        return all(self.config.get(key) == value for key, value in TIMELESS.items())

    def require_times(self, *, purpose: str) -> None:
        """Refuses a data set of a log without times and order.

        Raises:
            DataError: it has neither.
        """
        if self.timeless:
            raise DataError(
                f"data set {self.name!r} has no times and no order, which {purpose} needs",
                remedy='take a random split, as "random_ratio", or files',
            )

    def rows(self, name: str) -> int:
        """Number of rows of a table, 0 when it is absent."""
        return int(self.manifest["rows"].get(name, 0))

    def days(self, name: str) -> list[str]:
        """UTC days for which the table has a file, ascending; `["all"]` for a table in one file."""
        return sorted(Path(f).stem for f in self.manifest["files"] if f.startswith(f"{name}/"))

    def time_range_us(self) -> tuple[int, int]:
        """First and last time of any tweet, request, impression or engagement."""
        low, high = self.manifest["time_range_us"]
        return int(low), int(high)

    def ids(self, name: str) -> IdMap:
        """The ids of `users`, `tweets` or `authors` and the original ids of the imported log; authors may be users."""
        path = self.folder / IDS / f"{name}.parquet"
        missing = self.ids("users") if name == "authors" else IdMap()
        return IdMap.read(path) if path.is_file() else missing

    @property
    def numbered(self) -> tuple[str, ...]:
        """Those of `users`, `tweets` and `authors` whose ids are numbers in place of the original ones."""
        return tuple(one for one in ("users", "tweets", "authors") if (self.folder / IDS / f"{one}.parquet").is_file())

    def require(self, *names: str, purpose: str) -> None:
        """Refuses a data set without some tables that a purpose needs.

        Raises:
            DataError: naming the first table that is absent.
        """
        for name in names:
            table(name)
            if name not in self.tables:
                raise DataError(
                    f"data set {self.name!r} has no table {name!r}, which {purpose} needs",
                    remedy=f"it has {', '.join(self.tables)}",
                )

    @property
    def has_texts(self) -> bool:
        """Has any tweet a text? Logs of items often have none."""
        if "tweets" not in self.tables:
            return False
        return bool(self.scan("tweets").select((pl.col("text") != "").any()).collect(engine="streaming").item())

    def require_texts(self, *, purpose: str) -> None:
        """Refuses a data set without texts, which a purpose needs.

        Raises:
            DataError: there are no tweets, or none has a text.
        """
        self.require("tweets", purpose=purpose)
        if not self.has_texts:
            raise DataError(
                f"data set {self.name!r} has no texts, which {purpose} needs",
                remedy="the log that it was imported from has none; a mapping can name their columns",
            )

    def scan(self, name: str, *, before_us: int | None = None) -> pl.LazyFrame:
        """The rows of a table, lazily, ordered by (time, key); only those before a time when given.

        Raises:
            DataError: the table is absent.
        """
        self.require(name, purpose="this")
        files = [self.folder / name / f"{day}.parquet" for day in self.days(name)]
        schema, time = table(name).polars_schema, table(name).time
        rows = pl.scan_parquet(files, schema=schema) if files else pl.LazyFrame(schema=schema)
        return rows if before_us is None else rows.filter(pl.col(time) < before_us)

    def read_day(self, name: str, day: str) -> pl.DataFrame:
        """One day's rows of a table."""
        return pl.read_parquet(self.folder / name / f"{day}.parquet")

    def read(self, name: str, *, before_us: int | None = None) -> EventBatch:
        """All rows of a table as one batch."""
        return EventBatch.from_frame(name, self.scan(name, before_us=before_us).collect())

    def replay(self, tables: Sequence[str], *, after_us: int | None = None) -> Replay:
        """The events of `tables` in order, from `after_us` on (exclusive)."""
        return Replay(self, tables, after_us=after_us)


_AGAIN = "make or import the data set again"


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
