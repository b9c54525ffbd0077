"""Public logs that a mapping describes, by name: which files each has, and what their columns are.

Sources of the layouts: Amazon reviews, https://amazon-reviews-2023.github.io (2023) and https://jmcauley.ucsd.edu
(2014, 2018); Yelp, https://www.yelp.com/dataset; Last.fm 2K, HetRec 2011, and Last.fm 1K, at https://grouplens.org
and http://ocelma.net; Book-Crossing, Ziegler et al., WWW 2005; KuaiRec, https://kuairec.com.

A folder may hold several forms; the first that is there is read. Files may be packed. What is in no key of a mapping
is dropped, and the import names it.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers.mapping import read_mapped
from data.readers.mapping_keys import Mapping
from data.readers.packed import PACKED, unpacked

Form = dict[str, dict[str, Any]]
"""The parts of a mapping; `file` is a pattern of names. A part but `log` whose file is not there is left out."""

_RATE, _CLICK = {"action": "rate"}, {"action": "click"}
_META_2018 = {"file": "meta_*.json*", "id": "asin", "text": ["title", "brand"]}
_META_2023 = {"file": "meta_*.json*", "id": "parent_asin", "text": ["title", "store"]}
_BOOKS: dict[str, Any] = {"separator": ";", "encoding": "latin-1"}

LAYOUTS: dict[str, tuple[Form, ...]] = {
    "amazon": (
        {
            "log": {
                "file": "*.jsonl", "user": "user_id", "item": "parent_asin", "time": "timestamp", "time_unit": "ms",
                "value": "rating", "constants": _RATE,
            },
            "items": _META_2023,
        },
        {
            "log": {
                "file": "*.json", "user": "reviewerID", "item": "asin", "time": "unixReviewTime", "value": "overall",
                "constants": _RATE,
            },
            "items": _META_2018,
        },
        {
            "log": {
                "file": "*.csv", "user": "user_id", "item": "parent_asin", "time": "timestamp", "time_unit": "ms",
                "value": "rating", "constants": _RATE,
            },
            "items": _META_2023,
        },
    ),
    "yelp": (
        {
            "log": {
                "file": "*review.json", "user": "user_id", "item": "business_id", "time": "date",
                "time_format": "iso", "value": "stars", "constants": _RATE,
            },
            "items": {"file": "*business.json", "id": "business_id", "text": ["name", "categories", "city"]},
        },
    ),
    "lastfm": (
        {
            "log": {
                "file": "user_artists.dat", "separator": "\t", "quote": "", "user": "userID", "item": "artistID",
                "order": "none", "value": "weight", "constants": _CLICK,
            },
            "items": {"file": "artists.dat", "separator": "\t", "quote": "", "id": "id", "text": ["name"]},
        },
        {
            "log": {
                "file": "userid-timestamp-artid-artname-traid-traname.tsv", "quote": "",
                "columns": ["user", "time", "artist id", "artist", "track id", "track"], "user": "user",
                "item": "artist", "time": "time", "time_format": "iso", "constants": _CLICK,
            },
        },
    ),
    "bookcrossing": (
        {
            "log": {
                "file": "*Ratings.csv", "user": "User-ID", "item": "ISBN", "order": "none", "value": "Book-Rating",
                "constants": _RATE, **_BOOKS,
            },
            "items": {"file": "*Books.csv", "id": "ISBN", "text": ["Book-Title", "Book-Author"], **_BOOKS},
        },
        {
            "log": {
                "file": "Ratings.csv", "user": "User-ID", "item": "ISBN", "order": "none", "value": "Book-Rating",
                "constants": _RATE,
            },
            "items": {"file": "Books.csv", "id": "ISBN", "text": ["Book-Title", "Book-Author"]},
        },
    ),
    "kuairec": tuple(
        {
            "log": {
                "file": f"{matrix}_matrix.csv", "user": "user_id", "item": "video_id", "time": "timestamp",
                "value": "watch_ratio", "dwell_ms": "play_duration", "constants": _CLICK,
            },
        }
        for matrix in ("big", "small")
    ),
}  # fmt: skip
"""The forms of each layout, the first that fits is read."""

_IDS = {"bookcrossing": {"item_ids": "text"}, "amazon": {"item_ids": "text"}}
"""What kinds of ids a layout has, where they are not told by their looks: an ISBN may be all digits."""


def layout_reader(name: str) -> Callable[..., Dataset]:
    """The reader of the layout `name`, a `data.readers.catalogue.RatedReader`."""

    def read(source: Path, out: Path, *, skip_bad: bool = False, min_value: float | None = None) -> Dataset:
        folder = source if source.is_dir() else source.parent
        mapping = _mapping(name, source, min_value)
        return read_mapped(mapping, folder, out, reader=name, source=source, skip_bad=skip_bad)

    return read


def _mapping(name: str, source: Path, min_value: float | None) -> Mapping:
    """The first form of `name` whose log is there, with the files that are.

    Raises:
        DataError: none is there, or several files could be the log.
        ConfigError: `min_value` for a form without values.
    """
    if not source.exists():
        raise DataError(f"{source} does not exist", remedy="give the folder of the log, or its file")
    for form in LAYOUTS[name]:
        logs = _files(source, form["log"], not_as=[one["file"] for key, one in form.items() if key != "log"])
        if len(logs) > 1:
            names = ", ".join(one.name for one in logs)
            raise DataError(f"{source} holds {names}: which is the log?", remedy="give that file")
        if not logs or not _fits(logs[0], form["log"]):
            continue
        parts = {"log": form["log"] | {"file": logs[0].name}}
        for key, part in form.items():
            found = [] if key == "log" else _files(logs[0].parent, part)
            if found:
                parts[key] = part | {"file": found[0].name}
        if min_value is not None:
            if "value" not in parts["log"]:
                raise ConfigError(f"{logs[0]} has no values", remedy="leave out the least value")
            parts["log"]["min_value"] = min_value
        stem = source.name if source.is_dir() else source.name.partition(".")[0]
        return Mapping.model_validate({"name": stem, **_IDS.get(name, {}), **parts})
    wanted = ", ".join(dict.fromkeys(form["log"]["file"] for form in LAYOUTS[name]))
    raise DataError(f"{source} holds no log of {name}", remedy=f"it has one of {wanted}, perhaps packed")


def _plain(path: Path) -> str:
    """The name without the ending of a packed file."""
    return path.stem if path.suffix in PACKED else path.name


def _files(source: Path, part: dict[str, Any], not_as: list[str] | None = None) -> list[Path]:
    """The files of the pattern in a folder, or `source` itself where it is such a file."""
    every = sorted(one for one in (source.iterdir() if source.is_dir() else [source]) if one.is_file())
    other = [one for one in every if any(fnmatch(_plain(one), pattern) for pattern in not_as or [])]
    return [one for one in every if fnmatch(_plain(one), part["file"]) and one not in other]


def _fits(path: Path, part: dict[str, Any]) -> bool:
    """Whether a text file with a header has the columns of the part: forms may share a pattern of names."""
    if part.get("columns") or _plain(path).endswith((".json", ".jsonl")):
        return True
    head = _head(path).decode(part.get("encoding", "utf-8"), errors="replace")
    first = head.partition("\n")[0]
    names = [one.strip().strip('"').lstrip("\ufeff") for one in first.split(part.get("separator", ","))]
    return {part["user"], part["item"]} <= set(names)


def _head(path: Path) -> bytes:
    content = unpacked(path)
    if isinstance(content, bytes):
        return content[:4096]
    with content.open("rb") as file:
        return file.read(4096)


read_amazon, read_yelp, read_lastfm, read_bookcrossing, read_kuairec = (layout_reader(name) for name in LAYOUTS)
