"""The filtered stream and its rules."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from serving.auth.access import Reader, reader
from serving.context import Context, Net
from serving.events.outbox import Transaction
from serving.kit.answers import answer, rfc3339
from serving.kit.parameters import many_ids
from serving.kit.problems import ProblemError, invalid_parameter
from serving.streams import service, store
from serving.streams.schemas import (
    MAX_RULES,
    RuleChange,
    RuleChangeParameters,
    Rules,
    RulesParameters,
    StreamedTweet,
    StreamParameters,
)

router = APIRouter(prefix="/2/tweets/search/stream", tags=["stream"], dependencies=[Depends(reader)])


class _DryRunError(Exception):
    """Takes a transaction back."""


@router.get("", response_model=StreamedTweet)
async def get_stream(query: Annotated[StreamParameters, Query()], claims: Reader, network: Net) -> Response:
    """Tweets that match the app's rules, from now on: one JSON object a line, and empty lines where nothing happens.

    A reader who falls far behind is told so in a last line, and disconnected. Tokens of the lab share their rules.
    """
    owner, most = claims.client_id or "", network.settings.streams.per_app
    if network.streams[owner] >= most:
        raise ProblemError(429, "too-many-streams", f"the app has {most} streams open; close one")
    # Before the answer begins: whoever sees it begin misses nothing from then on.
    offset = await run_in_threadpool(network.log.end)
    lines = service.stream(network, owner, query.view, offset=offset, expires_s=claims.expires_s)
    return StreamingResponse(lines, media_type="application/json")


@router.get("/rules", response_model=Rules)
def get_rules(query: Annotated[RulesParameters, Query()], claims: Reader, network: Net) -> Response:
    """The app's rules, in one page, the first made first."""
    if query.pagination_token is not None:
        message = "The `pagination_token` query parameter is not one of this list: it has one page"
        raise invalid_parameter("pagination_token", query.pagination_token, message)
    wanted = None if query.ids is None else many_ids(query.ids, MAX_RULES)
    with network.database.read() as connection:
        found = store.of(connection, claims.client_id or "", wanted)
    data = [
        {"id": str(one.rule_id), "value": one.value, **({"tag": one.tag} if one.tag else {})} for one in found
    ]  # fmt: skip
    return answer({**({"data": data} if data else {}), "meta": _meta(network, result_count=len(data))})


@router.post("/rules", response_model=Rules, responses={201: {"model": Rules, "description": "Rules were added."}})
async def change_rules(
    body: RuleChange, query: Annotated[RuleChangeParameters, Query()], claims: Reader, network: Net
) -> Response:
    """Adds rules, or deletes some by their ids or queries. A rule that cannot be made stands under `errors`."""
    owner, answers = claims.client_id or "", list[tuple[dict[str, Any], int]]()

    def change(tx: Transaction) -> None:
        if body.add is not None:
            made, errors = service.add(tx, owner, body.add)
            summary = {
                "created": len(made), "not_created": len(errors), "valid": len(made), "invalid": len(errors),
            }  # fmt: skip
            said = ({"data": made} if made else {}) | ({"errors": errors} if errors else {})
            answers.append((said | {"meta": _meta(network, summary=summary)}, 201))
        elif body.delete is not None:
            wanted = len(set(body.delete.ids)) + len(set(body.delete.values))
            gone = store.remove(tx.connection, owner, body.delete.ids, body.delete.values)
            answers.append(({"meta": _meta(network, summary={"deleted": gone, "not_deleted": wanted - gone})}, 200))
        if query.dry_run:
            raise _DryRunError

    with contextlib.suppress(_DryRunError):
        await network.write(change)
    content, status = answers[-1]
    return answer(content, status)


def _meta(network: Context, **more: Any) -> dict[str, Any]:
    return {"sent": rfc3339(network.clock.now_us()), **more}
