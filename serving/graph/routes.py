"""Follow and unfollow; who follows whom, in pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.graph import service, suggestions
from serving.graph.store import Side
from serving.kit.answers import MaxResults, PageToken, answer, page
from serving.kit.ids import Id, PathId, Whole
from serving.users.schemas import user_object

router = APIRouter(prefix="/2/users", tags=["follows"])


class NewFollow(BaseModel):
    """The body of POST /2/users/{id}/following."""

    model_config = ConfigDict(extra="forbid")

    target_user_id: Id
    """Whom to follow."""


@router.post("/{id}/following")
async def follow(body: NewFollow, user_id: Acting, network: Net) -> Response:
    """Follows an account; following it already changes nothing."""
    await network.write(lambda tx: service.follow(tx, user_id, body.target_user_id))
    return answer({"data": {"following": True, "pending_follow": False}})


@router.delete("/{id}/following/{target_id}")
async def unfollow(user_id: Acting, target_id: Id, network: Net) -> Response:
    """Stops following an account; not following it changes nothing."""
    await network.write(lambda tx: service.unfollow(tx, user_id, target_id))
    return answer({"data": {"following": False}})


@router.get("/{id}/follow_suggestions")
async def get_follow_suggestions(
    user_id: Acting, network: Net, max_results: Annotated[int, Whole, Query(ge=1, le=20)] = 3
) -> Response:
    """Accounts that the token's user may want to follow, with the reason; not again within 30 hours.

    Accounts come in v2 shape; `meta.suggestions` says why each is there.
    """
    found = await suggestions.suggest(network, user_id, max_results)
    rows = await run_in_threadpool(suggestions.accounts, network, found)
    response = answer(suggestions.suggestions_object(found, rows))
    response.background = BackgroundTask(suggestions.record, network, user_id, found)
    return response


@router.get("/{id}/followers", dependencies=[Depends(reader)])
def get_followers(
    user_id: PathId, network: Net, max_results: MaxResults = 100, pagination_token: PageToken = None
) -> Response:
    """Who follows an account, newest first."""
    return _page(network, user_id, "followers", max_results, pagination_token)


@router.get("/{id}/following", dependencies=[Depends(reader)])
def get_following(
    user_id: PathId, network: Net, max_results: MaxResults = 100, pagination_token: PageToken = None
) -> Response:
    """Whom an account follows, newest first."""
    return _page(network, user_id, "following", max_results, pagination_token)


def _page(network: Net, user_id: int, side: Side, limit: int, token: str | None) -> Response:
    scope = f"{side} {user_id}"
    before = network.paging.read(scope, token)
    rows = service.accounts(network, user_id, side, limit + 1, before=before)
    more = network.paging.cursor(scope, rows[limit - 1].follow_id) if len(rows) > limit else None
    return page([user_object(row) for row in rows[:limit]], more)
