"""JSON Lines: an object a line, of whose keys some are wanted.

Values become texts as a CSV file would have them: numbers and truth as JSON writes them, lists joined by ", ", null and
a key that a line lacks as nothing. A line that is no object is broken; what a missing key means its reader decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from data.batch import I64
from data.errors import DataError
from data.readers.lines import Fault, Lines
from data.readers.notes import did_you_mean
from data.readers.packed import unpacked

ENDINGS = (".jsonl", ".ndjson", ".json")

_LOOKED_AT = 1_000
"""Objects whose keys are looked at to say which are not read."""


def read_json_lines(path: Path, wanted: Sequence[str], encoding: str = "utf-8") -> Lines:
    """The keys `wanted`, in that order, as texts, null where a line lacks one. Blank lines are left out.

    Raises:
        DataError: the file is missing or empty, is one JSON array, or no line has a key.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist", remedy=f"a file {path.name} is needed")
    content = unpacked(path)
    data = content if isinstance(content, bytes) else content.read_bytes()
    if encoding != "utf-8":
        try:
            data = data.decode(encoding).encode()
        except UnicodeError as error:
            raise DataError(f"{path} is not {encoding}: {error}", remedy="name another encoding") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] == b"[":
        raise DataError(f"{path} is one JSON array", remedy="write an object a line: jq -c '.[]'")
    objects, numbers, faults = _objects(data)
    if not objects and not faults:
        raise DataError(f"{path} has no lines", remedy="download it again")
    known = dict.fromkeys(key for one in objects[:_LOOKED_AT] for key in one)
    columns = {}
    for key in dict.fromkeys(wanted):
        columns[key] = pl.Series(key, [_text(one.get(key)) for one in objects], dtype=pl.String)
        if objects and columns[key].null_count() == len(objects):
            remedy = f"{did_you_mean(key, known)}it must have {', '.join(wanted)}"
            raise DataError(f"{path} has no key {key!r}, it has {', '.join(map(repr, known))}", remedy=remedy)
    unread = [one for one in known if one not in columns]
    lines = Lines(path, pl.DataFrame(columns), numbers=numbers, faults=faults, unread=unread)
    for key, values in columns.items():
        if values.null_count():
            lines.note(f"{values.null_count():,} lines lack it or have null there", columns=[key])
    return lines


def _objects(data: bytes) -> tuple[list[dict[str, Any]], I64, list[Fault]]:
    """The objects, the numbers of their lines, and the lines that hold none."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    objects, numbers, broken = [], [], []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line or line.isspace():
            continue
        try:
            objects.append(decode(line))
            numbers.append(number)
        except (msgspec.DecodeError, UnicodeDecodeError):
            broken.append(number)
    reason = "the line is no JSON object"
    faults = [Fault(reason, reason, np.array(broken, np.int64))] if broken else []
    return objects, np.array(numbers, np.int64), faults


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in value)
    return msgspec.json.encode(value).decode()
