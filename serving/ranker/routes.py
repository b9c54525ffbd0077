"""POST /v1/rank: ids in, scores out. Features are looked up where the model is."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from serving.auth.access import reader
from serving.context import Net
from serving.kit.ids import MAX_ID
from serving.kit.openapi import NOT_FOUND
from serving.kit.parameters import NO_PARAMETERS
from serving.kit.problems import ProblemError
from serving.ops.service import model_card
from serving.ranker import service
from serving.ranker.schemas import RankAnswer
from serving.ranker.service import RankRequest

router = APIRouter(prefix="/v1", tags=["ranker"])

_MSGPACK = "application/msgpack"

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["user_id", "tweet_ids"],
                    "properties": {
                        "user_id": {"type": "string", "description": "for whom"},
                        "tweet_ids": {"type": "array", "items": {"type": "string"}, "description": "candidates"},
                        "time_us": {"type": "integer", "description": "at which time; now when left out"},
                    },
                }
            }
        },
    }
}


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """The body as it is written: an id is a string, which JavaScript needs, or a number."""

    user_id: int | str
    tweet_ids: list[int | str]
    time_us: int | None = None


_JSON = msgspec.json.Decoder(_Written), msgspec.json.Decoder(RankRequest, strict=False)
_PACKED = msgspec.msgpack.Decoder(_Written), msgspec.msgpack.Decoder(RankRequest, strict=False)
_NUMBERS = re.compile(r"(?:0|[1-9][0-9]{0,18})(?:,(?:0|[1-9][0-9]{0,18}))*")


@router.post(
    "/rank",
    response_model=RankAnswer,
    responses=NOT_FOUND,
    dependencies=[Depends(reader), NO_PARAMETERS],
    openapi_extra=_BODY,
)
async def rank(request: Request, network: Net) -> Response:
    """Scores candidates for a user, in the order given; unknown tweets come under `missing`."""
    packed = request.headers.get("content-type", "").startswith(_MSGPACK)
    query = _decode(await request.body(), packed)
    service.check_size(query.tweet_ids, network.settings.rank_limit)
    found, time_us = await service.rank(network, query.user_id, query.tweet_ids, query.time_us)
    body = {
        "data": {
            "user_id": str(query.user_id),
            "scores": [
                {"tweet_id": str(one), "score": score}
                for one, score in zip(found.tweet_ids, found.scores.tolist(), strict=True)
            ],
            "missing": [str(one) for one in found.missing],
        },
        "meta": {"model": model_card(network.model), "time_us": time_us},
    }
    if packed:
        return Response(msgspec.msgpack.encode(body), media_type=_MSGPACK)
    return Response(msgspec.json.encode(body), media_type="application/json")


def _decode(body: bytes, packed: bool) -> RankRequest:
    try:
        written, read = _PACKED if packed else _JSON
        _check_written(written.decode(body))
        query = read.decode(body)
    except msgspec.ValidationError as error:
        raise ProblemError(400, "invalid", f"the body does not fit: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = "msgpack" if packed else "JSON"
        raise ProblemError(400, "unreadable", f"the body is not {kind}: {error}") from error
    for one in (query.user_id, *query.tweet_ids, query.time_us or 0):
        if not 0 <= one <= MAX_ID:
            raise ProblemError(400, "invalid", f"{one} is not an id or a time: they are 0 to {MAX_ID}")
    return query


def _check_written(given: _Written) -> None:
    # The decoder reads "1e3" and "1.0" as numbers, too. All at once, as there are many.
    for name, ids in (("user_id", [given.user_id]), ("tweet_ids", given.tweet_ids)):
        texts = [one for one in ids if isinstance(one, str)]
        if texts and _NUMBERS.fullmatch(",".join(texts)) is None:
            wrong = next((one for one in texts if _NUMBERS.fullmatch(one) is None), "")
            raise ProblemError(400, "invalid", f"{name}: {wrong[:32]!r} is not an id: it is decimal digits alone")
