"""Ids and whole numbers as callers write them: in decimal digits, one way to write each.

`int` of Python reads `1_000`, ` 12`, `+1`, `007` and `１２` as numbers too. An id that is read so is another text than
the one that was given out, and two texts for one thing get round everything that compares or counts texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema

MAX_ID = (1 << 63) - 1
"""The greatest id: ids are 64-bit numbers that are not negative."""

DIGITS = r"0|[1-9][0-9]{0,18}"
"""A whole number of up to 19 digits, without sign, spaces or leading zeros."""

_DIGITS = re.compile(rf"(?:{DIGITS})\Z")


def _below(bound: str) -> Iterator[str]:
    """Patterns of the numbers of as many digits as `bound` that are smaller, by the first digit that is."""
    for at, digit in enumerate(bound):
        lowest = 0 if at else 1
        if int(digit) > lowest:
            yield f"{bound[:at]}[{lowest}-{int(digit) - 1}][0-9]{{{len(bound) - at - 1}}}"


ID_PATTERN = "|".join(("0", f"[1-9][0-9]{{0,{len(str(MAX_ID)) - 2}}}", *_below(str(MAX_ID)), str(MAX_ID)))
"""Exactly the ids, for descriptions of the API, where an id is a string and so has no maximum."""


def parse_id(text: str) -> int:
    """The id that `text` is.

    Raises:
        ValueError: it is none, or over `MAX_ID`.
    """
    if _DIGITS.match(text) is None or int(text) > MAX_ID:
        raise ValueError(f"{text[:32]!r} is no id: an id is decimal digits, 0 to {MAX_ID}")
    return int(text)


def _whole(value: object) -> object:
    if isinstance(value, bool | float) or (isinstance(value, str) and _DIGITS.match(value) is None):
        raise ValueError(f"{str(value)[:32]!r} is no whole number; write it in decimal digits alone, as 120")
    return value


Whole = BeforeValidator(_whole)
"""Refuses every other way to write a number in a path or a query."""

Id = Annotated[int, Whole, Field(ge=0, le=MAX_ID), WithJsonSchema({"type": "string", "pattern": f"^(?:{ID_PATTERN})$"})]
"""An id in a path, a query or a body: a string of digits, as JavaScript cannot hold 64-bit numbers; in a body a number
is taken too."""

PathId = Annotated[Id, Path(alias="id")]
"""`{id}` of a path."""
