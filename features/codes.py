"""Categories as numbers: fixed lists, so that a code means the same in both engines and in every model.

The code is the place in the list, one past its end for a value that is not listed, and -1 for none. Models learn
codes: new values go to the end of a list, before which nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from data.batch import Array

LANGUAGES = (
    "en", "ja", "es", "pt", "ko", "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "et", "fa", "fi", "fr", "he", "hi",
    "hr", "hu", "id", "it", "lt", "lv", "nl", "no", "pl", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "th", "tl", "tr",
    "uk", "ur", "vi", "zh",
)  # fmt: skip
"""Primary subtags of BCP 47: `pt-BR` is `pt`."""

NO_OFFSET = -1
"""An offset from UTC, in minutes, that means none: no zone is one minute behind."""


def codes_of(names: Array | Sequence[str], values: Sequence[str]) -> Array:
    """[N] int8 codes of names; "" is none. Only what is before a hyphen counts, in any case."""
    code = {value: place for place, value in enumerate(values)} | {"": -1}
    every = names.tolist() if isinstance(names, np.ndarray) else names
    return np.fromiter((code.get(name.split("-")[0].lower(), len(values)) for name in every), np.int8, len(every))


def code_column(name: str, values: Sequence[str]) -> pl.Expr:
    """The same codes of a column, in Polars; null where there is none."""
    known = pl.col(name).str.split("-").list.first().str.to_lowercase()
    code = known.replace_strict(values, range(len(values)), default=len(values), return_dtype=pl.Int8)
    return pl.when(known.is_not_null() & (known != "")).then(code)


def known_offset(minutes: Array) -> Array:
    """[N] minutes ahead of UTC, 0 (UTC) where there is none."""
    return np.where(minutes == NO_OFFSET, 0, minutes)
