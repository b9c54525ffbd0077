"""Checkpoints on disk: whole or not at all, bound to what they were made from, and passed over where that differs.

One is a folder `<offset>-<random>` with a folder for each consumer and `about.json`, which has every file's sha256. It
holds the state after the event at its offset, without the events that were set aside by then. A letter that is tried
again makes another state, so a checkpoint is usable while exactly the same letters are passed over.
"""

from __future__ import annotations

import hashlib
import json
import logging
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
            if differs := self._differs(about, offset, consumers, origin):
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
            "code": code_version(),
            "network": origin.network,
            "data set": origin.data,
            "configuration": dict(origin.config),
            "consumers": [one.group for one in consumers if isinstance(one, SavedConsumer)],
            "log": self._log.time_at(offset),
            "letters": self._letters.passed_until(offset),
            "offset": offset,
        }

    def commit(self, staging: Path, about: Mapping[str, Any]) -> Path:
        """Puts a checkpoint that was written into `staging` in its place."""
        files = {str(one.relative_to(staging)): file_sha256(one) for one in _files(staging)}
        (staging / _ABOUT).write_text(json.dumps({**about, "files": files}))
        return staging.rename(staging.with_name(staging.name.removeprefix(f"{_PARTIAL}-")))

    def discard(self, path: Path) -> None:
        """Removes a checkpoint, or what was staged for one."""
        shutil.rmtree(path, ignore_errors=True)

    def tidy(self) -> None:
        """Removes what a process that was killed had staged."""
        for one in self.folder.glob(f"{_PARTIAL}-*"):
            self.discard(one)

    def _differs(
        self, about: Mapping[str, Any], offset: int, consumers: Sequence[Consumer], origin: Origin
    ) -> str | None:
        """What a checkpoint is of another one of."""
        now = json.loads(json.dumps(self.about(offset, consumers, origin)))
        return next((key for key, value in now.items() if about.get(key) != value), None)


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.rglob("*")) if one.is_file())
