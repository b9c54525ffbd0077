"""A split that files give: each lists the rows of one part, as other people's experiments ship theirs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.files import TAB, Layout, header_of, read_parquet, read_text
from data.split import Split
from data.split_settings import Settings

_USERS = ("user", "user_id", "userId", "user_id:token", "uid")
_ITEMS = ("item", "item_id", "itemId", "movieId", "item_id:token", "tweet_id", "iid")


class SplitFiles(Settings):
    """The parts are the rows of files: pairs of user and item, with the ids of the imported log."""

    kind: Literal["files"] = "files"
    """Name in the catalogue."""
    train: str
    """File of the training part: .csv, .tsv, .inter or .parquet, with a header."""
    test: str
    """File of the test."""
    valid: str = ""
    """File of the part to choose models by; none when empty."""
    user: str = ""
    """Column of users; when empty one of user, user_id, userId, uid and RecBole's user_id:token."""
    item: str = ""
    """Column of items; when empty one of item, item_id, itemId, movieId, iid and RecBole's item_id:token."""

    @property
    def promise(self) -> str:
        """What it guarantees."""
        return self._promise("")

    def _promise(self, found: str) -> str:
        return (
            f"parts given by files{found}: what they let through is theirs to say; all engagements of a pair of user "
            f"and item are on one side, and pairs that no file has are in no part{self.cored}"
        )

    def apply(self, dataset: Dataset) -> Split:
        """Parts the log by the files.

        Raises:
            DataError: a file is missing or lacks a column, names what the data set does not have, or a pair is in two.
        """
        log = self.log(dataset)
        named = {"train": self.train, "test": self.test} | ({"valid": self.valid} if self.valid else {})
        pairs = {part: self._pairs(dataset, Path(file)) for part, file in named.items()}
        keys, seen = ["user_id", "tweet_id"], None
        known = log.rows.select(keys).unique().collect()
        for part, one in pairs.items():
            strange = one.join(known, on=keys, how="anti")
            if len(strange):
                user, item = (dataset.ids(name).originals([int(strange[key][0])])[0] for name, key in _NAMES.items())
                raise DataError(
                    f"{named[part]}: {len(strange):,} of {len(one):,} pairs are no engagements of {dataset.name!r}, as "
                    f"user {user} and item {item}",
                    remedy="import the log that the files are parts of, all of it",
                )
            twice = None if seen is None else one.join(seen, on=keys, how="semi")
            if twice is not None and len(twice):
                raise DataError(f"{named[part]}: {len(twice):,} pairs stand in an earlier part", remedy="keep one")
            seen = one if seen is None else pl.concat([seen, one])
        rows: dict[str, pl.LazyFrame] = {
            part: log.rows.join(one.lazy(), on=keys, how="semi", maintain_order="left") for part, one in pairs.items()
        }
        every = pl.concat(list(pairs.values())).lazy()
        apart = log.rows.join(every, on=keys, how="anti", maintain_order="left")
        words = ", ".join(f"{part} {_digest(one)}" for part, one in pairs.items())
        promise = self._promise(f" ({words})")
        split = Split(self.name, promise, None, rows["train"], rows["test"], valid=rows.get("valid"), apart=apart)
        return log.core(split)

    def _pairs(self, dataset: Dataset, path: Path) -> pl.DataFrame:
        """`user_id` and `tweet_id` of a file, each pair once."""
        layout = TAB if path.suffix in (".tsv", ".inter") else Layout()
        parquet = path.suffix == ".parquet"
        names = list(pl.read_parquet_schema(path)) if parquet and path.is_file() else header_of(path, layout)
        wanted = [_column(path, names, *one) for one in ((self.user, _USERS), (self.item, _ITEMS))]
        rows = (read_parquet(path, wanted) if parquet else read_text(path, wanted, layout)).frame
        out = {}
        for (table, key), column in zip(_NAMES.items(), wanted, strict=True):
            texts = rows[column].cast(pl.String).str.strip_chars().fill_null("")
            ids = dataset.ids(table).ids(texts.to_list())
            if (ids < 0).any():
                first = texts[int(np.argmax(ids < 0))]
                raise DataError(
                    f"{path}: {column} {first!r} is none of {dataset.name!r} ({int((ids < 0).sum()):,} rows)",
                    remedy="write ids as the imported log has them",
                )
            out[key] = ids
        return pl.DataFrame(out).unique(maintain_order=True)


_NAMES = {"users": "user_id", "tweets": "tweet_id"}


def _column(path: Path, names: list[str], given: str, usual: tuple[str, ...]) -> str:
    found = [one for one in ((given,) if given else usual) if one in names]
    if not found:
        wanted = repr(given) if given else f"named as one of {', '.join(usual)}"
        raise DataError(
            f"{path} has no column {wanted}, it has {', '.join(names)}", remedy="name it: user=..., item=..."
        )
    return found[0]


def _digest(pairs: pl.DataFrame) -> str:
    """Number of pairs and a hash of them, whatever their order."""
    ordered = np.ascontiguousarray(pairs.sort(pl.all()).to_numpy().astype(np.int64))
    return f"{len(pairs):,} pairs {hashlib.sha256(ordered.tobytes()).hexdigest()[:8]}"
