"""Parameters of routes: a route declares all that it takes in one model, and anything else is refused by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from serving.kit.ids import ID_PATTERN, Id, Whole, parse_id
from serving.kit.problems import invalid_parameter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)


def _time(value: object) -> object:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("it is a time such as 2026-01-31T18:00:00Z")
    return value


Time = Annotated[datetime, BeforeValidator(_time)]
"""A moment of a query in RFC 3339."""


class Parameters(BaseModel):
    """The query parameters of a route; a route without any takes this one."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Ids(Parameters):
    """Of a look-up of several."""

    ids: str = Field(json_schema_extra={"pattern": f"^(?:{ID_PATTERN})(?:,(?:{ID_PATTERN})){{0,99}}$"})
    """Ids, separated by commas, at most 100."""


class Paged(Parameters):
    """Of a list that comes in pages."""

    pagination_token: str | None = Field(default=None, max_length=64)
    """`meta.next_token` or `meta.previous_token` of another page."""


class Hundreds(Paged):
    """Of a list of at most a hundred entries a page."""

    max_results: Annotated[int, Whole] = Field(default=100, ge=1, le=100)
    """Entries a page."""


class Tens(Paged):
    """Of a list of ten entries a page, unless more or fewer are asked for."""

    max_results: Annotated[int, Whole] = Field(default=10, ge=5, le=100)
    """Entries a page."""


class Thousands(Paged):
    """Of a list of at most a thousand entries a page."""

    max_results: Annotated[int, Whole] = Field(default=100, ge=1, le=1000)
    """Entries a page."""


class Window(Parameters):
    """Which tweets of a list are meant, by id and by time."""

    since_id: Id | None = None
    """Tweets with a greater id."""
    until_id: Id | None = None
    """Tweets with a smaller id."""
    start_time: Time | None = None
    """Tweets of this time or later."""
    end_time: Time | None = None
    """Tweets before this time."""

    @property
    def start_us(self) -> int | None:
        """`start_time` in UTC microseconds."""
        return _time_us(self.start_time)

    @property
    def end_us(self) -> int | None:
        """`end_time` in UTC microseconds."""
        return _time_us(self.end_time)


EVERYTHING = Window()
"""All tweets."""


def _time_us(time: datetime | None) -> int | None:
    if time is None:
        return None
    return (time - _EPOCH) // timedelta(microseconds=1)


async def given_once(request: Request) -> None:
    """Refuses a query parameter that is given twice: one of the two would be ignored.

    Raises:
        ProblemError: 400 naming the parameter.
    """
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name in seen:
            raise invalid_parameter(name, value, f"The `{name}` query parameter is given more than once")
        seen.add(name)


async def _none(_: Annotated[Parameters, Query()]) -> None:
    pass


NO_PARAMETERS = Depends(_none)
"""Of a route that takes no query parameters."""


def many_ids(text: str, limit: int = 100) -> list[int]:
    """The distinct ids of the parameter `ids`, in order.

    Raises:
        ProblemError: 400 for something else, or more than `limit`.
    """
    parts = text.split(",")
    if len(parts) > limit:
        raise invalid_parameter("ids", text, f"The `ids` query parameter has {len(parts)} ids, over {limit}")
    try:
        return list(dict.fromkeys(map(parse_id, parts)))
    except ValueError as error:
        message = f"The `ids` query parameter is not taken: {error}; separate ids by commas alone"
        raise invalid_parameter("ids", text, message) from error
