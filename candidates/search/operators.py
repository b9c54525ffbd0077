"""The operators `name:value` of a query: each reads its value into a node, or refuses it with the column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

from candidates.search.nodes import (
    Around,
    Conversation,
    Flag,
    From,
    Lang,
    Leaf,
    MinFaves,
    Since,
    To,
    Until,
)
from data.errors import RookeryError
from data.places import CITIES, city

PLACE_KM = 50.0
"""How far from the centre of a place `place:` reaches."""
MAX_RADIUS_KM = 500.0
"""The largest radius that `point_radius:` takes."""
KM_PER_MILE = 1.609344

FLAGS: dict[str, tuple[str, ...]] = {
    "has": ("media", "links", "hashtags", "mentions"),
    "is": ("reply", "retweet", "quote", "verified"),
}
"""What `has:` and `is:` take."""

REFUSED: dict[str, str] = {
    "url": "search for the words of the address",
    "retweets_of": "use from: for the author's own tweets",
    "in_reply_to_tweet_id": "use conversation_id: for the thread",
    "quotes_of_tweet_id": "use is:quote with words",
    "retweets_of_tweet_id": "ask /2/tweets/{id} for the counts",
    "context": "search for words of the topic",
    "entity": "search for the name",
    "list": "use from: for each member, with OR",
    "bio": "search for users by name",
    "bio_name": "search for users by name",
    "bio_location": "use place:",
    "place_country": "use place: or point_radius:",
    "bounding_box": "use point_radius:",
    "geocode": "use point_radius:[longitude latitude radius]",
    "near": "use place:",
    "within": "use point_radius:[longitude latitude radius]",
    "sample": "take the first results",
    "source": "leave it out",
    "filter": "use has: or is:",
    "include": "leave it out",
    "exclude": "put a minus before is: or has:",
    "min_retweets": "use min_faves:",
    "min_replies": "use min_faves:",
    "max_faves": "put a minus before min_faves:",
    "since_id": "use since:",
    "max_id": "use until:",
    "since_time": "use since: with a time such as 2026-01-31T18:00",
    "until_time": "use until: with a time such as 2026-01-31T18:00",
    "followers_count": "search for users by name",
}
"""Operators of the platform that are not there, each with what to use instead."""

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_POINT = re.compile(r"\[\s*(\S+)\s+(\S+)\s+([0-9.]+)(km|mi)\s*\]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T.+|_.+)?")


class QueryError(RookeryError):
    """A query that cannot be understood; `column` is the place of the fault, 1 for the first character."""

    def __init__(self, problem: str, *, column: int, remedy: str) -> None:
        """See `RookeryError`."""
        self.column = column
        super().__init__(f"{problem} at column {column} of the query", remedy=remedy)


def operator(name: str, value: str, column: int) -> Leaf:
    """The node of `name:value`, which begins at `column`.

    Raises:
        QueryError: no such operator, or a value that it does not take; the value's fault is at the value's column.
    """
    if name in REFUSED:
        raise QueryError(f"the operator {name}: is not offered", column=column, remedy=REFUSED[name])
    if name not in READERS:
        raise QueryError(
            f"there is no operator {name}:",
            column=column,
            remedy=f"use one of {', '.join(READERS)}, or put it in quotes",
        )
    behind = column + len(name) + 1
    if not value:
        raise QueryError(
            f"{name}: has nothing behind it", column=behind, remedy=f"write it without a space: {name}:value"
        )
    return READERS[name](name, value, column, behind)


def handle(text: str, column: int) -> str:
    """A handle without `@`, in lower case.

    Raises:
        QueryError: no handle.
    """
    if not _HANDLE.fullmatch(text):
        raise QueryError(
            f"{text[:32]!r} is no handle",
            column=column,
            remedy="a handle has letters of ASCII, digits and _, at most 20",
        )
    return text.lower()


def _from(name: str, value: str, column: int, behind: int) -> Leaf:
    return From(handle(value.removeprefix("@"), behind), column)


def _to(name: str, value: str, column: int, behind: int) -> Leaf:
    return To(handle(value.removeprefix("@"), behind), column)


def _lang(name: str, value: str, column: int, behind: int) -> Leaf:
    if not _LANGUAGE.fullmatch(value):
        raise QueryError(f"{value[:32]!r} is no language", column=behind, remedy="write a BCP 47 code: lang:en")
    return Lang(value.lower(), column)


def _flag(name: str, value: str, column: int, behind: int) -> Leaf:
    if value.lower() not in FLAGS[name]:
        raise QueryError(
            f"{name}: does not take {value[:32]!r}", column=behind, remedy=f"use one of {', '.join(FLAGS[name])}"
        )
    return Flag(f"{name}:{value.lower()}", column)


def _conversation(name: str, value: str, column: int, behind: int) -> Leaf:
    return Conversation(_whole(name, value, behind), column)


def _min_faves(name: str, value: str, column: int, behind: int) -> Leaf:
    return MinFaves(_whole(name, value, behind), column)


def _since(name: str, value: str, column: int, behind: int) -> Leaf:
    return Since(_time(value, behind), column)


def _until(name: str, value: str, column: int, behind: int) -> Leaf:
    return Until(_time(value, behind), column)


def _place(name: str, value: str, column: int, behind: int) -> Leaf:
    found = city(value.strip('"'))
    if found is None:
        known = ", ".join(one.name for one in CITIES[:6])
        raise QueryError(
            f"there is no place {value[:32]!r}",
            column=behind,
            remedy=f'name a city ({known}, ...) or a WOEID: place:"New York"',
        )
    return Around(found.latitude, found.longitude, PLACE_KM, column)


def _point_radius(name: str, value: str, column: int, behind: int) -> Leaf:
    match = _POINT.fullmatch(value)
    try:
        longitude, latitude, radius = (float(part) for part in match.group(1, 2, 3)) if match else (math.nan,) * 3
    except ValueError:
        longitude = math.nan
    if match is None or math.isnan(longitude):
        raise QueryError(
            "point_radius: takes [longitude latitude radius]",
            column=behind,
            remedy="write point_radius:[-0.13 51.5 25km]",
        )
    radius *= KM_PER_MILE if match[4] == "mi" else 1.0
    for what, one, low, high in (
        ("longitude", longitude, -180.0, 180.0), ("latitude", latitude, -90.0, 90.0),
        ("radius", radius, 0.0, MAX_RADIUS_KM),
    ):  # fmt: skip
        if not low <= one <= high:
            raise QueryError(
                f"the {what} {one:g} is out of range", column=behind, remedy=f"it goes from {low:g} to {high:g}"
            )
    return Around(latitude, longitude, radius, column)


def _whole(name: str, value: str, behind: int) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        raise QueryError(
            f"{name}: takes a whole number, not {value[:32]!r}", column=behind, remedy="write digits alone"
        )
    return int(value)


def _time(value: str, behind: int) -> int:
    try:
        if not _DATE.fullmatch(value):
            raise ValueError(value)
        time = datetime.fromisoformat(value.replace("_", "T", 1))
    except ValueError as error:
        raise QueryError(
            f"{value[:32]!r} is no date", column=behind, remedy="write 2026-01-31, or a time as 2026-01-31T18:00:00Z"
        ) from error
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return int(time.timestamp()) * 1_000_000 + time.microsecond


READERS: dict[str, Callable[[str, str, int, int], Leaf]] = {
    "from": _from,
    "to": _to,
    "lang": _lang,
    "has": _flag,
    "is": _flag,
    "conversation_id": _conversation,
    "min_faves": _min_faves,
    "since": _since,
    "until": _until,
    "point_radius": _point_radius,
    "place": _place,
}
"""Operators that there are, and what reads their value; to add one, add its line."""
