"""What an import reports beyond its counts: columns and files that it did not read, defaults that it took, odd values.

A note is data: readers put it on the lines of its file, the data set keeps it under `config["notes"]`, and commands
show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_SHOWN = 8
"""Columns of a note that are named to people."""
_NEAR = 0.75
"""Least similarity of names, as difflib has it, that makes a misspelling likely."""


@dataclass(frozen=True)
class Note:
    """One thing to know about a file of an imported log."""

    file: str
    what: str
    columns: list[str] = field(default_factory=list)
    """Names of the columns that it is about, as the file has them."""
    warning: bool = False
    """Whether it is likely a mistake, so that numbers may be wrong."""


def in_words(note: Mapping[str, Any]) -> str:
    """A note as a data set keeps it, on one line, with the first of its columns."""
    columns = [one or "unnamed" for one in note["columns"]]
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    about = f" ({', '.join(columns[:_SHOWN])}{more})" if columns else ""
    return f"{'warning: ' * note['warning']}{note['what']}{about}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of `known` that `name` seems to misspell, "" where there is none; letter case and blanks count little."""
    plain = {one.strip().casefold(): one for one in known}
    found = get_close_matches(name.strip().casefold(), plain, 1, _NEAR)
    return plain[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'rating'? `, or nothing."""
    near = nearest(name, known)
    return f"did you mean {near!r}? " if near else ""


def dropped(file: str, columns: Sequence[str], absent: Mapping[str, str]) -> list[Note]:
    """Notes on the columns of a file that were not read.

    `absent` are names that would have been read, each with how to say it; one that is near to a column is suggested.
    """
    plain, out = [], []
    for column in columns:
        near = nearest(column.partition(":")[0], absent)
        if near:
            out.append(Note(file, f"dropped; did you mean {absent[near]}?", [column], warning=True))
        else:
            plain.append(column)
    return [*out, *([Note(file, "dropped", plain)] if plain else [])]


def not_read(paths: Iterable[Path], read: Iterable[str]) -> list[Note]:
    """Notes on files of a log whose names are not among those that were `read`."""
    names = sorted({one.name for one in paths if one.is_file()} - set(read))
    return [Note(name, "not read") for name in names]
