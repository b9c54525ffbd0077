"""JSON Lines: an object a line, of whose keys some are wanted.

Values become texts as a CSV file would have them: numbers and truth as JSON writes them, lists joined by ", ", null and
a key that a line lacks as nothing. A line that is no object is broken; what a missing key means its reader decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from data.errors import DataError
from data.readers.lines import Fault, Lines
from data.readers.notes import did_you_mean
from data.readers.packed import unpacked

ENDINGS = (".jsonl", ".ndjson", ".json")

_MARK = b"\xef\xbb\xbf"

_LOOKED_AT = 1_000
"""Objects whose keys are looked at to say which are not read."""


def read_json_lines(path: Path, wanted: Sequence[str], encoding: str = "utf-8") -> Lines:
    """The keys `wanted`, in that order, as texts, null where a line lacks one. Blank lines are left out.

    Raises:
        DataError: the file is missing or empty, is one JSON array, or no line has a key.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist", remedy=f"a file {path.name} is needed")
    found = _Found(tuple(dict.fromkeys(wanted)))
    with _opened(path, encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.removeprefix(_MARK).lstrip()[:1] == b"[":
                raise DataError(f"{path} is one JSON array", remedy="write an object a line: jq -c '.[]'")
            found.take(number, line)
    if not found.numbers and not found.broken:
        raise DataError(f"{path} has no lines", remedy="download it again")
    columns = {key: pl.Series(key, values, dtype=pl.String) for key, values in found.columns.items()}
    for key, values in columns.items():
        if found.numbers and values.null_count() == len(values):
            remedy = f"{did_you_mean(key, found.keys)}it must have {', '.join(wanted)}"
            raise DataError(f"{path} has no key {key!r}, it has {', '.join(map(repr, found.keys))}", remedy=remedy)
    reason = "the line is no JSON object"
    faults = [Fault(reason, reason, np.array(found.broken, np.int64))] if found.broken else []
    unread = [one for one in found.keys if one not in columns]
    numbers = np.array(found.numbers, np.int64)
    out = Lines(path, pl.DataFrame(columns), numbers=numbers, faults=faults, unread=unread)
    for key, values in columns.items():
        if values.null_count():
            out.note(f"{values.null_count():,} lines lack it or have null there", columns=[key])
    return out


class _Found:
    """What was wanted of the lines; nothing else of them is kept."""

    def __init__(self, wanted: tuple[str, ...]) -> None:
        self.columns: dict[str, list[str | None]] = {key: [] for key in wanted}
        self.numbers: list[int] = []
        self.broken: list[int] = []
        self.keys: dict[str, None] = {}
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode

    def take(self, number: int, line: bytes) -> None:
        """One line by its number; a blank one is nothing."""
        line = line.removeprefix(_MARK) if number == 1 else line
        if line.isspace() or not line:
            return
        try:
            one = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.broken.append(number)
            return
        if len(self.numbers) < _LOOKED_AT:
            self.keys.update(dict.fromkeys(one))
        self.numbers.append(number)
        for key, values in self.columns.items():
            values.append(_text(one.get(key)))


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[Iterable[bytes]]:
    """The lines of a file, packed or not, as UTF-8."""
    content = unpacked(path)
    if encoding != "utf-8":
        try:
            text = (content if isinstance(content, bytes) else content.read_bytes()).decode(encoding)
        except UnicodeError as error:
            raise DataError(f"{path} is not {encoding}: {error}", remedy="name another encoding") from error
        content = text.encode()
    with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        yield file


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in value)
    return msgspec.json.encode(value).decode()
