"""One line a reader of public logs; a reader is imported when it is used."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Protocol

from data.dataset import Dataset
from data.errors import ConfigError
from data.import_by_name import lookup
from data.readers.packed import folder_of

READERS: dict[str, str] = {
    "movielens": "data.readers.movielens:read_movielens",
    "recbole": "data.readers.recbole:read_recbole",
    "open_bandit": "data.readers.open_bandit:read_open_bandit",
    "mind": "data.readers.mind:read_mind",
    "recsys2020": "data.readers.recsys2020:read_recsys2020",
    "amazon": "data.readers.layouts:read_amazon",
    "yelp": "data.readers.layouts:read_yelp",
    "lastfm": "data.readers.layouts:read_lastfm",
    "bookcrossing": "data.readers.layouts:read_bookcrossing",
    "kuairec": "data.readers.layouts:read_kuairec",
    "mapping": "data.readers.mapping:read_mapping",
}

RATED = ("movielens", "recbole", "amazon", "yelp", "lastfm", "bookcrossing", "kuairec")
"""Readers that can leave out low ratings. A mapping has its own key for that."""


class Reader(Protocol):
    """Reads a public log as it was downloaded and writes it as a data set."""

    def __call__(self, source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
        """The data set written at `out`; nothing is written when `source` does not fit (DataError).

        With `skip_bad` broken lines are left out; `config["skipped"]` of the data set counts them by reason.
        """
        ...


class RatedReader(Protocol):
    """A reader of `RATED`."""

    def __call__(self, source: Path, out: Path, *, skip_bad: bool = False, min_value: float | None = None) -> Dataset:
        """As `Reader`; ratings below `min_value` are no engagements, and `config["skipped"]` counts them, too."""
        ...


def read_log(name: str, source: Path, out: Path, *, skip_bad: bool = False, min_value: float | None = None) -> Dataset:
    """Imports the log at `source` with the reader `name`; `skip_bad` goes on without lines that do not fit.

    A ZIP file of several files is unpacked while it is read.

    With `min_value` only ratings of at least that are engagements; the users and items of the others stay.

    Raises:
        ConfigError: no reader of that name, or its logs have no ratings.
        DataError: the log is missing, damaged or not of the reader's format.
    """
    reader: Reader = lookup("reader", READERS, name)
    if min_value is None:
        with folder_of(source) as folder:
            return reader(folder, out, skip_bad=skip_bad)
    if name not in RATED:
        remedy = "say min_value under [log] in the mapping" if name == "mapping" else f"only {', '.join(RATED)} do"
        raise ConfigError(f"reader {name!r} takes no min_value, {min_value:g} was given", remedy=remedy)
    if not isfinite(min_value):
        raise ConfigError(f"min_value is {min_value}", remedy="give a number")
    rated: RatedReader = lookup("reader", READERS, name)
    with folder_of(source) as folder:
        return rated(folder, out, skip_bad=skip_bad, min_value=min_value)
