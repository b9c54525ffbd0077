"""Ids of any kind become int64: whole numbers stay what they are, everything else is numbered as it appears.

A log's ids of one entity (its users, its items) may be in several columns and files; they are one space. People and
things never share one. Whole numbers are texts of digits without leading zeros that fit int64. Digits that are not
(leading zeros, 128 bits) are texts like any other. Numbers beside texts are refused, unless a setting makes all of them
texts: `seven` in a column of numbers is more often a broken line than a name. So are numbers with leading zeros
beside the same ones without, unless a setting decides whether they are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from data.errors import DataError
from data.readers.id_forms import PADDED, WHOLE, texts_of, warn_of_cut, without_fractions, without_zeros
from data.readers.lines import Lines

IdKind = Literal["auto", "integer", "text"]
"""`auto`: all whole numbers or all texts; `integer`: refuses what is no whole number, and leading zeros mean nothing;
`text`: numbers them all, as they are written."""

NAMES = {"users": "users", "tweets": "items", "authors": "authors"}
"""Entity to what a log has of it."""
_DIGITS = r"^[0-9]+$"
_BARE = r"^0*([0-9]+?)(?:\.0+)?$"
"""A number, as its first group, without its leading zeros and its fraction of zeros."""
_LAST = 2**63 - 1


class Ids:
    """The ids of one entity of a log."""

    def __init__(self, entity: str, kind: IdKind = "auto", *, mixed: bool = False, key: str = "") -> None:
        """`entity` is `users`, `tweets` or `authors`; with `mixed` numbers may be beside texts.

        `key` is the setting of the kind, where there is one.
        """
        self.entity = entity
        self._kind = kind
        self._mixed = mixed
        self._key = key
        self.first = 0
        """Number of the first of `originals`."""
        self.originals: pl.Series | None = None
        """Texts of the ids from `first` on; None until `number`, and where numbers stayed what they are."""

    def check(self, *columns: tuple[Lines, str], optional: Sequence[Lines] = ()) -> list[pl.Series]:
        """The columns as texts, null where empty; marks lines with no id (but in `optional` files) or an odd one.

        Raises:
            DataError: numbers are written with and without leading zeros, and no setting decides if they are the same.
        """
        texts = [texts_of(lines, column) for lines, column in columns]
        for (lines, column), text in zip(columns, texts, strict=True):
            if lines not in optional:
                lines.refuse(text.is_null(), column, "an id is needed")
            warn_of_cut(lines, column, text)
        if all(text.str.contains(WHOLE).all() for text in texts) and self._kind != "integer":
            return texts
        if self._kind != "text":
            texts = without_fractions(columns, texts)
        if self._kind == "integer":
            pairs = zip(columns, texts, strict=True)
            texts = [without_zeros(lines, column, text) for (lines, column), text in pairs]
        self._compare_zeros(columns, texts)
        if self._kind == "integer":
            self._refuse_all_but_integers(columns, texts)
        elif self._kind == "auto" and not self._mixed:
            self._refuse_rare(columns, texts)
        return texts

    def number(self, *columns: pl.Series, apart: pl.Series | None = None) -> list[pl.Series]:
        """The checked columns, without their broken lines, as int64.

        All are numbered, from after the largest id of `apart` on, where those are the ids of others in the same column
        type, which must not be used again.

        Raises:
            DataError: no number is left after `apart`.
        """
        whole = [_whole(texts) for texts in columns]
        if apart is None and self._kind != "text" and all(one is not None for one in whole):
            return [one for one in whole if one is not None]
        distinct = pl.concat([texts.drop_nulls().unique(maintain_order=True) for texts in columns])
        self.originals = distinct.unique(maintain_order=True)
        if apart is not None:
            last = int(apart.max() or 0)  # type: ignore[arg-type]
            if last > _LAST - len(self.originals):
                name = NAMES[self.entity]
                raise DataError(f"ids of users go up to {last}: no numbers are left for {name}",
                                remedy='say user_ids = "text"')  # fmt: skip
            self.first = last + 1
        numbers = pl.int_range(self.first, self.first + len(self.originals), eager=True)
        table = pl.DataFrame({"text": self.originals, "id": numbers})
        return [
            pl.DataFrame({"text": texts})
            .join(table, on="text", how="left", maintain_order="left")["id"]
            .alias(texts.name)
            for texts in columns
        ]

    def _refuse_all_but_integers(self, columns: Sequence[tuple[Lines, str]], texts: Sequence[pl.Series]) -> None:
        for (lines, column), text in zip(columns, texts, strict=True):
            lines.refuse(text.str.contains("^-[0-9]+$"), column, "less than 0")
            lines.refuse(~text.str.contains(_DIGITS), column, "not a whole number", remedy=self._as_texts)
            lines.refuse(text.cast(pl.Int64, strict=False).is_null() & text.is_not_null(), column, f"more than {_LAST}")

    def _refuse_rare(self, columns: Sequence[tuple[Lines, str]], texts: Sequence[pl.Series]) -> None:
        """Marks the texts among numbers, or the numbers among texts, whichever are fewer."""
        digits = [text.str.contains(_DIGITS) for text in texts]
        numbers = sum(int(one.sum()) for one in digits)
        total = sum(len(text) - text.null_count() for text in texts)
        if numbers in (0, total):
            return
        rare = 2 * numbers >= total
        name = self.entity
        why = f"not a whole number as the other ids of {name} are"
        why = why if rare else f"a whole number, while most ids of {name} are texts"
        for (lines, column), one in zip(columns, digits, strict=True):
            lines.refuse(~one if rare else one, column, why, remedy=self._as_texts)

    @property
    def _as_texts(self) -> str:
        return f'if all are right say {self._key} = "text"' if self._key else ""

    def _compare_zeros(self, columns: Sequence[tuple[Lines, str]], texts: Sequence[pl.Series]) -> None:
        """Refuses numbers that differ only in leading zeros (and, where all are texts, a fraction of zeros)."""
        if not any(text.str.contains(rf"{PADDED}|\.0+$").any() for text in texts):
            return
        parts = [
            pl.DataFrame({"text": text.drop_nulls().unique(maintain_order=True)}).with_columns(place=pl.lit(at))
            for at, text in enumerate(texts)
        ]
        known = pl.concat(parts).unique("text", keep="first", maintain_order=True)
        known = known.with_columns(bare=pl.col("text").str.extract(_BARE)).filter(pl.col("bare").is_not_null())
        known = known.sort(pl.col("text").str.len_bytes(), maintain_order=True)
        forms = known.group_by("bare").agg("text", "place").filter(pl.col("text").list.len() > 1)
        forms = forms.sort(pl.col("bare").str.len_bytes(), "bare")
        if not len(forms):
            return
        row = forms.row(0, named=True)
        plain, padded = row["text"][0], row["text"][-1]
        files = [columns[at][0] for at in (row["place"][0], row["place"][-1])]
        column = columns[row["place"][-1]][1]
        if self._kind == "text":
            more = f", and {len(forms) - 1:,} more so written" if len(forms) > 1 else ""
            files[1].note(f"{padded!r} and {plain!r} are taken as two ids{more}", columns=[column], warning=True)
            return
        name = NAMES[self.entity]
        first, second = (one.path.name for one in files)
        beside = "" if first == second else f" ({second})"
        where = f"{padded!r}{beside} and {plain!r} ({first})"
        raise DataError(
            f"{files[1].path}: ids of {name} are written with and without leading zeros: {where}, "
            f"{len(forms):,} such ids",
            remedy=self._same_or_not,
        )

    @property
    def _same_or_not(self) -> str:
        if not self._key:
            return 'write them alike, or import the log by a mapping with user_ids or item_ids = "integer" or "text"'
        return f'say {self._key} = "integer" if they are the same, {self._key} = "text" if they are not'


def _whole(texts: pl.Series) -> pl.Series | None:
    """The ids unchanged, where every one is a whole number that fits."""
    values = texts.cast(pl.Int64, strict=False)
    fits = values.null_count() == texts.null_count() and bool(texts.str.contains(WHOLE).all())
    return values if fits else None
