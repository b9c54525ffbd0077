"""Checkpoints on disk: whole or not at all, bound to what they were made from, and passed over where that differs.

One is a folder `<offset>-<random>` with a folder for each consumer and `about.json`, which has every file's sha256. It
holds the state after the event at its offset, without the events that were set aside by then. A letter that is tried
again makes another state, so a checkpoint is usable while exactly the same letters are passed over.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import candidates
import data
import features
import serving
from data.dataset import file_sha256
from serving.events.consumer import Consumer, SavedConsumer
from serving.events.dead_letters import DeadLetters
from serving.events.log import DatabaseLog

log = logging.getLogger("rookery.serving")

FORMAT = 1
_ABOUT = "about.json"
_PARTIAL = ".partial"


@cache
def code_version() -> str:
    """A hash of the source of all that makes the state."""
    content = hashlib.sha256()
    for package in (data, features, candidates, serving):
        folder = Path(str(package.__file__)).parent
        for file in sorted(folder.rglob("*.py")):
            content.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return content.hexdigest()


@dataclass(frozen=True)
class Origin:
    """What a state follows from, beside the events: another network, data set or configuration makes another one."""

    network: str
    data: str
    """The data set's content hash, "" for none."""
    config: Mapping[str, Any]
    """Settings of the consumers."""


class CheckpointStore:
    """The checkpoints of one network, in a folder of its own."""

    def __init__(self, folder: Path, log_: DatabaseLog, letters: DeadLetters) -> None:
        """Checkpoints in `folder` of states that follow `log_` and pass over `letters`."""
        self.folder = folder
        self._log = log_
        self._letters = letters
        # Here, as the files may be changed while the process runs.
        self._code = code_version()

    def offsets(self) -> dict[Path, int]:
        """All checkpoints with their offsets, the newest first."""
        found = [one for one in self.folder.glob("*-*") if one.is_dir() and one.name.split("-")[0].isdecimal()]
        return {one: int(one.name.split("-")[0]) for one in sorted(found, reverse=True)}

    def restore(self, path: Path, consumers: Sequence[Consumer], origin: Origin) -> int | None:
        """Gives a checkpoint to new `consumers`, those that are saved; returns its offset.

        None where it is damaged or of something else: then the consumers must be thrown away.
        """
        try:
            about = json.loads((path / _ABOUT).read_text())
            offset = int(about["offset"])
            if differs := _differs(about, self.about(offset, consumers, origin)):
                log.info("checkpoint %s is passed over: it is of another %s", path.name, differs)
                return None
            for name, digest in about["files"].items():
                if file_sha256(path / name) != digest:
                    raise ValueError(f"{name} is damaged")
            for one in consumers:
                if isinstance(one, SavedConsumer):
                    one.resume(path / one.group, offset)
        except Exception as error:  # whatever is wrong with it, older ones and the log have it all
            log.warning("checkpoint %s is passed over: %s", path, error)
            return None
        return offset

    def stage(self, offset: int) -> Path:
        """The folder, not made yet, to write a checkpoint into; `commit` puts it in its place."""
        return self.folder / f"{_PARTIAL}-{offset:015d}-{secrets.token_hex(4)}"

    def about(self, offset: int, consumers: Sequence[Consumer], origin: Origin) -> dict[str, Any]:
        """What a checkpoint of `consumers` at `offset` is bound to."""
        return {
            "format": FORMAT,
            "code": self._code,
            "network": origin.network,
            "data set": origin.data,
            "configuration": dict(origin.config),
            "consumers": [one.group for one in consumers if isinstance(one, SavedConsumer)],
            **self._place(offset),
        }

    def usable(self, about: Mapping[str, Any]) -> dict[Path, int]:
        """Those of what the checkpoint of `about` is of, up to its offset, with their offsets, the newest first."""
        found = {}
        for path, offset in self.offsets().items():
            try:
                there = json.loads((path / _ABOUT).read_text())
            except (OSError, ValueError):
                continue
            if offset <= about["offset"] and _differs(there, {**about, **self._place(offset)}) is None:
                found[path] = offset
        return found

    def commit(self, staging: Path, about: Mapping[str, Any]) -> Path:
        """Puts a checkpoint that was written into `staging` in its place."""
        for one in _files(staging):
            _to_disk(one)
        files = {str(one.relative_to(staging)): file_sha256(one) for one in _files(staging)}
        (staging / _ABOUT).write_text(json.dumps({**about, "files": files}))
        _to_disk(staging / _ABOUT)
        path = staging.rename(staging.with_name(staging.name.removeprefix(f"{_PARTIAL}-")))
        _to_disk(self.folder)
        return path

    def _place(self, offset: int) -> dict[str, Any]:
        """What tells states at an offset of the log apart: the event there, and those that were passed over."""
        letters = self._letters.passed_until(offset)
        return {"offset": offset, "log": self._log.time_at(offset), "letters": letters}

    def discard(self, path: Path) -> None:
        """Removes a checkpoint, or what was staged for one."""
        shutil.rmtree(path, ignore_errors=True)

    def tidy(self) -> None:
        """Removes what a process that was killed had staged."""
        for one in self.folder.glob(f"{_PARTIAL}-*"):
            self.discard(one)


def _differs(about: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """What a checkpoint is of another one of."""
    wanted = json.loads(json.dumps(now))
    return next((key for key, value in wanted.items() if about.get(key) != value), None)


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.rglob("*")) if one.is_file())


def _to_disk(path: Path) -> None:
    """Waits until a file or a folder's names are on the disk: the log is compacted behind them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
