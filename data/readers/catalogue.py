"""One line a reader of public logs; a reader is imported when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from data.catalogue import lookup
from data.dataset import Dataset

READERS: dict[str, str] = {
    "movielens": "data.readers.movielens:read_movielens",
    "recbole": "data.readers.recbole:read_recbole",
    "open_bandit": "data.readers.open_bandit:read_open_bandit",
    "recsys2020": "data.readers.recsys2020:read_recsys2020",
    "mapping": "data.readers.mapping:read_mapping",
}


class Reader(Protocol):
    """Reads a public log as it was downloaded and writes it as a data set."""

    def __call__(self, source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
        """The data set written at `out`; nothing is written when `source` does not fit (DataError).

        With `skip_bad` broken lines are left out; `config["skipped"]` of the data set tells them by reason.
        """
        ...


def read_log(name: str, source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Imports the log at `source` with the reader `name`; `skip_bad` goes on without lines that do not fit.

    Raises:
        ConfigError: no reader of that name.
        DataError: the log is missing, damaged or not of the reader's format.
    """
    reader: Reader = lookup("reader", READERS, name)
    return reader(source, out, skip_bad=skip_bad)
