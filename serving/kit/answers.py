"""What answers have in common: JSON written by msgspec, ids as texts, times in RFC 3339."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Query
from starlette.responses import Response

from serving.kit.ids import Whole, parse_id
from serving.kit.problems import ProblemError

MaxResults = Annotated[int, Whole, Query(ge=1, le=100, description="Entries a page")]
PageToken = Annotated[str | None, Query(max_length=64, description="meta.next_token of the page before")]


def answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def page(data: Sequence[Any], next_token: str | None = None, **meta: Any) -> Response:
    """A page of a list in v2 shape."""
    about: dict[str, Any] = {"result_count": len(data), **meta}
    if next_token is not None:
        about["next_token"] = next_token
    return answer({"data": data, "meta": about})


def rfc3339(time_us: int) -> str:
    """UTC microseconds as RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_us // 1000 % 1000:03d}Z"


def many_ids(text: str, limit: int = 100) -> list[int]:
    """Ids separated by commas.

    Raises:
        ProblemError: 400 for something else, or more than `limit`.
    """
    parts = text.split(",")
    if len(parts) > limit:
        raise ProblemError(
            400, "too-many", f"{len(parts)} ids where at most {limit} are taken; ask in several requests"
        )
    try:
        return list(dict.fromkeys(map(parse_id, parts)))
    except ValueError as error:
        raise ProblemError(400, "invalid", f"ids: {error}; separate ids by commas alone") from error


def partial(found: Mapping[int, Any], wanted: Sequence[int], kind: str) -> Response:
    """What was found of `wanted`, and an error for each that was not, in v2 shape."""
    errors = [
        {
            "type": "urn:rookery:problem:not-found",
            "title": "Not Found",
            "detail": f"there is no {kind} {one}",
            "resource_type": kind,
            "resource_id": str(one),
        }
        for one in wanted
        if one not in found
    ]
    body: dict[str, Any] = {"data": [found[one] for one in wanted if one in found]}
    return answer(body | ({"errors": errors} if errors else {}))
