"""What answers have in common: JSON written by msgspec, ids as texts, times in RFC 3339, pages in v2 shape.

Routes declare models of their answers for the API's description, and write the same shape as plain dicts: checking
each answer against its model would cost more than making it. Tests hold the answers to the description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Missing(Answer):
    """What was asked for, or is referred to, and is not there."""

    type: str
    title: str
    detail: str
    value: str
    parameter: str
    """The parameter or expansion that names it."""
    resource_type: str
    resource_id: str
    section: str | None = None
    """`includes` for what a tweet refers to."""


class PageMeta(Answer):
    """Of a page of a list."""

    result_count: int
    next_token: str | None = None
    """The next page; absent where there is none."""
    previous_token: str | None = None
    """The page before; absent where there is none."""


class TweetPageMeta(PageMeta):
    """Of a page of tweets."""

    newest_id: str | None = None
    oldest_id: str | None = None


def answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def listed(
    data: Sequence[Mapping[str, Any]],
    more: Mapping[str, Any] | None = None,
    *,
    tokens: Mapping[str, str] | None = None,
    ids: bool = False,
    **meta: Any,
) -> Response:
    """A page of a list in v2 shape: without `data` where it is empty.

    Args:
        data: the entries, in order.
        more: `includes` and `errors`.
        tokens: `next_token` and `previous_token` where there are such pages.
        ids: `meta` has the greatest and the smallest id.
        meta: further members of `meta`.
    """
    about: dict[str, Any] = {"result_count": len(data)}
    if ids and data:
        numbers = [int(one["id"]) for one in data]
        about |= {"newest_id": str(max(numbers)), "oldest_id": str(min(numbers))}
    about |= tokens or {}
    return answer({**({"data": data} if data else {}), **(more or {}), "meta": about | meta})


def rfc3339(time_us: int) -> str:
    """UTC microseconds as RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_us // 1000 % 1000:03d}Z"
