"""POST /v1/rank: ids in, scores out, features are looked up where the model is; and the models behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from data.errors import RookeryError
from serving.auth.access import reader
from serving.context import Context, Net
from serving.kit.answers import answer
from serving.kit.openapi import NOT_FOUND, problem
from serving.kit.parameters import NO_PARAMETERS
from serving.kit.problems import ProblemError
from serving.ops.service import model_card
from serving.ranker import service
from serving.ranker.body import DESCRIBED, MSGPACK, read
from serving.ranker.schemas import ModelsAnswer, RankAnswer, RankAnswers
from serving.ranker.service import Ranking

router = APIRouter(prefix="/v1", tags=["ranker"], dependencies=[Depends(reader), NO_PARAMETERS])


class _Score(msgspec.Struct, omit_defaults=True, gc=False):
    tweet_id: str
    score: float
    probabilities: dict[str, float] | None = None


@router.post(
    "/rank", response_model=RankAnswer | RankAnswers, responses=NOT_FOUND, openapi_extra=DESCRIBED,
)  # fmt: skip
async def rank(request: Request, network: Net) -> Response:
    """Scores candidates for a user, in the order given; unknown tweets come under `missing`.

    Several requests come under `requests`, and are answered one by one in their order; all candidates together count
    for the limit. A body in msgpack (`content-type: application/msgpack`) is answered in msgpack.
    """
    packed = request.headers.get("content-type", "").startswith(MSGPACK)
    query = read(await request.body(), packed)
    service.check_size(sum(map(len, query.texts)), network.settings.rank_limit)
    found = await service.rank(network, query.asked, query.alias, probabilities=query.probabilities)
    answers = [
        _answer(one.user_id, texts, ranking)
        for one, texts, ranking in zip(query.asked, query.texts, found, strict=True)
    ]
    body = {"data": answers} if query.several else answers[0]
    if packed:
        return Response(msgspec.msgpack.encode(body), media_type=MSGPACK)
    return answer(body)


@router.get("/models", response_model=ModelsAnswer)
async def models(network: Net) -> Response:
    """The models that are loaded, by alias, and who is ranked by them."""
    return answer(_models(network))


@router.post(
    "/models/reload",
    response_model=ModelsAnswer,
    responses=problem(409, "A newer model cannot take its place; the older ones go on."),
)
async def reload(network: Net) -> Response:
    """Asks the registry what each alias stands for now, and ranks by what changed. Requests go on meanwhile."""
    try:
        changed = await asyncio.to_thread(network.reload)
    except RookeryError as error:
        raise ProblemError(409, "reload", f"the models stay as they are: {error}") from error
    return answer(_models(network, changed))


def _answer(user_id: int, texts: list[str], ranking: Ranking) -> dict[str, Any]:
    missing: list[str] = []
    if not ranking.known.all():
        known = ranking.known.tolist()
        missing = [one for one, there in zip(texts, known, strict=True) if not there]
        texts = [one for one, there in zip(texts, known, strict=True) if there]
    scores = list(map(_Score, texts, ranking.scores.tolist()))
    if ranking.actions:
        for score, chances in zip(scores, ranking.probabilities.tolist(), strict=True):
            score.probabilities = dict(zip(ranking.actions, chances, strict=True))
    meta = {"model": model_card(ranking.model), "alias": ranking.alias, "time_us": ranking.time_us}
    return {
        "data": {"user_id": str(user_id), "scores": scores, "missing": missing},
        "meta": meta | ({"degraded": ranking.degraded} if ranking.degraded else {}),
    }


def _models(network: Context, changed: dict[str, str] | None = None) -> dict[str, Any]:
    config = network.aliases.config
    data = [
        {
            "alias": alias, **model_card(model), "share": round(network.aliases.share(alias), 9),
            "shadow": alias in config.shadow,
        }
        for alias, model in network.aliases.models.items()
    ]  # fmt: skip
    return {"data": data, "meta": {"changed": sorted(changed or {})}}
