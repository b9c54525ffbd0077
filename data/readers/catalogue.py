"""One line a reader of public logs; a reader is imported when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from data.catalogue import lookup
from data.dataset import Dataset

READERS: dict[str, str] = {
    "movielens": "data.readers.movielens:read_movielens",
}


class Reader(Protocol):
    """Reads a public log as it was downloaded and writes it as a data set."""

    def __call__(self, source: Path, out: Path) -> Dataset:
        """The data set written at `out`; nothing is written when `source` does not fit (DataError)."""
        ...


def read_log(name: str, source: Path, out: Path) -> Dataset:
    """Imports the log at `source` with the reader `name`.

    Raises:
        ConfigError: no reader of that name.
        DataError: the log is missing, damaged or not of the reader's format.
    """
    reader: Reader = lookup("reader", READERS, name)
    return reader(source, out)
