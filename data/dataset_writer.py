"""Writes a data set atomically.

The writer works in a hidden folder beside the target and moves it into place when the manifest is written. A long run
keeps what is done a day at a time and goes on after a kill.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import polars as pl

from data.dataset import IDS, MANIFEST, TRUTH, WHOLE, Dataset, file_sha256
from data.errors import DataError
from data.events import DAY_US, EventBatch
from data.ids import IdMap
from data.schema import SCHEMA_VERSION, conform, table

_PARTS = ".parts"
_KEPT = "kept.json"


class DatasetWriter:
    """Writes a data set; nothing is at `folder` until `commit`. Use as a context manager: wrong input leaves nothing.

    With `resume`, days kept by `keep` survive a kill, an interrupt or a full disk: the next writer with the same
    description finds them in `kept`, and what was written after the last of them is gone.
    """

    def __init__(
        self, folder: Path, *, name: str, config: Mapping[str, Any], seed: int, daily: bool = True, resume: bool = False
    ) -> None:
        """Prepares a hidden folder beside `folder`. With `daily` off every table is one file: for sparse old logs.

        Raises:
            DataError: `folder` exists and is not a data set that may be replaced.
        """
        self.folder = folder
        if not folder.name:
            raise DataError(f"{str(folder)!r} is no name for a data set's folder", remedy="name a folder to be made")
        if (
            folder.exists()
            and not (folder / MANIFEST).is_file()
            and any(folder.iterdir() if folder.is_dir() else [folder])
        ):
            raise DataError(f"{folder} exists and is not a data set", remedy="name another folder")
        self._staging = folder.with_name(f".{folder.name}.partial")
        self._replaced = folder.with_name(f".{folder.name}.replaced")
        if not folder.exists() and (self._replaced / folder.name).exists():
            (self._replaced / folder.name).rename(folder)
        shutil.rmtree(self._replaced, ignore_errors=True)
        self._about = {"schema_version": SCHEMA_VERSION, "name": name, "seed": seed, "config": dict(config)}
        self._daily = daily
        self._waiting: dict[tuple[str, str], list[pl.DataFrame]] = {}
        self._rows: dict[str, int] = {}
        self._range: list[int] = []
        self.kept: list[str] = []
        """Days that are finished, ascending."""
        self.warnings: list[str] = []
        """Lines for the manifest on what went wrong while the data were made; kept with the days."""
        if not (resume and self._reopened()):
            shutil.rmtree(self._staging, ignore_errors=True)
            (self._staging / TRUTH).mkdir(parents=True)

    @property
    def truth(self) -> Path:
        """Where the world puts its truth."""
        return self._staging / TRUTH

    def write(self, name: str, rows: pl.DataFrame | EventBatch) -> None:
        """Adds rows of a table, in any order; kept in memory until their day is flushed.

        Raises:
            DataError: the rows do not fit the table's schema.
        """
        frame = conform(name, rows.frame() if isinstance(rows, EventBatch) else rows)
        spec = table(name)
        self._rows[name] = self._rows.get(name, 0) + len(frame)
        if not len(frame):
            return
        if not (self._daily and spec.daily):
            self._waiting.setdefault((name, WHOLE), []).append(frame)
            return
        day = (pl.col(spec.time) // DAY_US).alias("_day")
        first, last = frame.select(first=day.min(), last=day.max()).row(0)
        parts = [((first,), frame)] if first == last else frame.group_by(day, maintain_order=True)
        for (key,), part in parts:
            label = str(np.datetime64(int(key), "D"))
            self._waiting.setdefault((name, label), []).append(part)

    def write_ids(self, name: str, originals: pl.Series, first: int = 0) -> None:
        """Writes the original ids of `users`, `tweets` or `authors` from `first` on: distinct texts, in order. The
        file is listed in the manifest and part of the content hash."""
        path = self._staging / IDS / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        IdMap(originals.cast(pl.String), first).write(path)

    def flush(self, before_day: str | None = None) -> None:
        """Writes the files of all days before `before_day` (all when None); such a day takes no more rows."""
        for name, day in sorted(self._waiting):
            if before_day is not None and (day == WHOLE or day >= before_day):
                continue
            spec = table(name)
            frame = _ordered(name, pl.concat(self._waiting.pop((name, day))))
            if name in ("tweets", "requests", "impressions", "engagements"):
                times = frame[spec.time]
                self._range += [int(times[0]), int(times[-1])]
            path = self._staging / name / f"{day}.parquet"
            if path.exists():
                raise DataError(
                    f"day {day} of table {name!r} was flushed before its last row came", remedy="flush later"
                )
            path.parent.mkdir(exist_ok=True)
            frame.write_parquet(path, compression="zstd", compression_level=1)

    def keep(self, day: str) -> None:
        """Finishes a day: writes all that waits, tables in one file as a part of theirs, so that it survives a kill."""
        for name in [name for name, part in self._waiting if part == WHOLE]:
            frame = pl.concat(self._waiting.pop((name, WHOLE)))
            path = self._staging / _PARTS / name / f"{day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path, compression="zstd", compression_level=1)
        self.flush()
        self.kept.append(day)
        about = {
            "about": self._about,
            "kept": self.kept,
            "rows": self._rows,
            "range": self._range,
            "warnings": self.warnings,
        }
        fresh = self._staging / f"{_KEPT}.fresh"
        fresh.write_text(json.dumps(about, default=str))
        fresh.replace(self._staging / _KEPT)

    def read_kept(self, name: str, day: str) -> EventBatch:
        """The rows of a table that were kept with a day; empty when there are none."""
        path = self._staging / (name if table(name).daily else f"{_PARTS}/{name}") / f"{day}.parquet"
        frame = pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=table(name).polars_schema)
        return EventBatch.from_frame(name, frame)

    def _reopened(self) -> bool:
        """Takes up what an earlier writer kept, if it is there and of the same data set."""
        try:
            found = json.loads((self._staging / _KEPT).read_text())
            same = found["about"] == json.loads(json.dumps(self._about, default=str))
            kept, rows, times = list(found["kept"]), dict(found["rows"]), list(found["range"])
            warnings = list(found["warnings"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if not same or not kept:
            return False
        for path in self._staging.rglob("*.parquet"):
            if path.stem not in kept and (path.stem == WHOLE or path.stem[:1].isdigit()):
                path.unlink()
        self.kept, self._rows, self._range, self.warnings = kept, rows, times, warnings
        return True

    def commit(self) -> Dataset:
        """Flushes, writes the manifest and moves the folder into place."""
        for folder in sorted((self._staging / _PARTS).glob("*")):
            parts = [pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
            self._waiting[(folder.name, WHOLE)] = parts + self._waiting.get((folder.name, WHOLE), [])
        self.flush()
        files = {}
        for path in sorted(self._staging.rglob("*.parquet")):
            name = path.relative_to(self._staging).as_posix()
            if not name.startswith((f"{TRUTH}/", f"{_PARTS}/")):
                files[name] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        content = hashlib.sha256("".join(f"{n} {f['sha256']}\n" for n, f in files.items()).encode()).hexdigest()
        low, high = (min(self._range), max(self._range)) if self._range else (0, 0)
        manifest = self._about | {
            "content_hash": content, "rows": self._rows, "time_range_us": [low, high], "files": files,
        }  # fmt: skip
        if self.warnings:
            manifest["warnings"] = self.warnings
        (self._staging / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        if self.folder.exists():
            self._replaced.mkdir(exist_ok=True)
            self.folder.rename(self._replaced / self.folder.name)
        self._staging.rename(self.folder)
        # What a kept run needs goes last, so that a kill anywhere before leaves it able to commit again.
        shutil.rmtree(self.folder / _PARTS, ignore_errors=True)
        (self.folder / _KEPT).unlink(missing_ok=True)
        shutil.rmtree(self._replaced, ignore_errors=True)
        return Dataset.open(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wrong_input = kind is not None and issubclass(kind, DataError)
        if not self.kept or wrong_input or kind is None:
            shutil.rmtree(self._staging, ignore_errors=True)


def _ordered(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table's rows by (time, key); rows that come in that order, as snowflakes do, are only checked.

    Raises:
        DataError: a key is there twice.
    """
    spec = table(name)
    key, time = frame[spec.key].to_numpy(), frame[spec.time].to_numpy()
    if bool((key[1:] > key[:-1]).all()) and bool((time[1:] >= time[:-1]).all()):
        return frame.rechunk()
    again = frame[spec.key].is_duplicated()
    if again.any():
        raise DataError(
            f"table {name!r} has {spec.key} {frame[spec.key].filter(again)[0]} more than once",
            remedy="a key must have one row",
        )
    return frame.sort(spec.time, spec.key).rechunk()
