"""Ids of any kind become int64: whole numbers stay what they are, everything else is numbered as it appears.

A log's ids of one entity (its users, its items) may stand in several columns and files; they are one space. Whole
numbers are texts of digits without leading zeros that fit int64. Digits that are not (leading zeros, 128 bits) are
texts like any other. Numbers beside texts are refused, unless it is said that all of them are texts: `seven` in a
column of numbers is more often a broken line than a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from data.errors import DataError
from data.readers.lines import Lines

IdKind = Literal["auto", "integer", "text"]
"""`auto`: all whole numbers or all texts; `integer`: refuses what is no whole number; `text`: numbers them all."""

_DIGITS = r"^[0-9]+$"
_WHOLE = r"^(?:0|[1-9][0-9]{0,18})$"


class Ids:
    """The ids of one entity of a log."""

    def __init__(self, entity: str, kind: IdKind = "auto", *, remedy: str = "") -> None:
        """`entity` is `users` or `tweets`; `remedy` says how to allow mixed ids."""
        self.entity = entity
        self._kind = kind
        self._remedy = remedy
        self._whole = False
        self.originals: pl.Series | None = None
        """Texts of the ids 0, 1, 2, ...; None until `number`, and where numbers stayed what they are."""

    def check(self, *columns: tuple[Lines, str], optional: Sequence[Lines] = ()) -> list[pl.Series]:
        """The columns as texts, null where empty; marks lines with no id (but in `optional` files) or an odd one."""
        texts = [texts_of(lines, column) for lines, column in columns]
        for (lines, column), text in zip(columns, texts, strict=True):
            if lines not in optional:
                lines.refuse(text.is_null(), column, "an id is needed")
        if self._kind == "text":
            return texts
        digits = [text.str.contains(_DIGITS) for text in texts]
        numbers = sum(int(one.sum()) for one in digits)
        total = sum(len(text) - text.null_count() for text in texts)
        if self._kind == "integer" or 0 < numbers < total:
            rare = self._kind == "integer" or 2 * numbers >= total
            why = "not a whole number" if rare else "a whole number"
            if self._kind == "auto":
                why += (
                    f" as the other ids of {self.entity} are"
                    if rare
                    else f", while most ids of {self.entity} are texts"
                )
            for (lines, column), one in zip(columns, digits, strict=True):
                lines.refuse(~one if rare else one, column, why, remedy=self._remedy)
        return texts

    def number(self, *columns: pl.Series) -> list[pl.Series]:
        """The checked columns, without their broken lines, as int64."""
        whole = [_whole(texts) for texts in columns]
        if self._kind != "text" and all(one is not None for one in whole):
            return [one for one in whole if one is not None]
        distinct = pl.concat([texts.drop_nulls().unique(maintain_order=True) for texts in columns])
        self.originals = distinct.unique(maintain_order=True)
        table = pl.DataFrame({"text": self.originals}).with_row_index("id")
        return [
            pl.DataFrame({"text": texts})
            .join(table, on="text", how="left", maintain_order="left")["id"]
            .cast(pl.Int64)
            .alias(texts.name)
            for texts in columns
        ]


def _whole(texts: pl.Series) -> pl.Series | None:
    """The ids as they stand, where every one is a whole number that fits."""
    values = texts.cast(pl.Int64, strict=False)
    fits = values.null_count() == texts.null_count() and bool(texts.str.contains(_WHOLE).all())
    return values if fits else None


def texts_of(lines: Lines, column: str) -> pl.Series:
    """[N] the column of ids as texts, null where empty; marks fractions.

    Raises:
        DataError: the column holds lists or records.
    """
    raw = lines.frame[column]
    if raw.dtype.is_float():
        raw = lines.number(column, pl.Int64, empty=True)
    if raw.dtype.is_nested():
        raise DataError(f"{lines.path}: column {column!r} holds {raw.dtype}, no ids", remedy="name another column")
    texts = raw if raw.dtype == pl.String else raw.cast(pl.String, strict=False)
    texts = texts.str.strip_chars()
    return texts.set(texts == "", None) if (texts == "").any() else texts
