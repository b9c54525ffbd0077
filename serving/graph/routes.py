"""Follow, block, mute, and end each; who follows, blocks and mutes whom, in pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.graph import service, suggestions
from serving.graph.relations import Relation, blocks, mutes
from serving.graph.schemas import Blocked, Followed, Muted, Suggestions, TargetUser
from serving.graph.store import Side
from serving.kit.answers import answer, listed
from serving.kit.fields import OfUsers, UsersPaged
from serving.kit.ids import Id, PathId, Whole
from serving.kit.openapi import NOT_FOUND
from serving.kit.parameters import NO_PARAMETERS
from serving.users.schemas import UserPage, user_object

router = APIRouter(prefix="/2/users", tags=["follows"], dependencies=[Depends(reader)], responses=NOT_FOUND)


class Suggested(OfUsers):
    """The parameters of suggestions."""

    max_results: Annotated[int, Whole] = Field(default=3, ge=1, le=20)
    """Accounts."""


@router.post("/{id}/following", response_model=Followed, dependencies=[NO_PARAMETERS])
async def follow(body: TargetUser, user_id: Acting, network: Net) -> Response:
    """Follows an account; following it already changes nothing."""
    await network.write(lambda tx: service.follow(tx, user_id, body.target_user_id))
    return answer({"data": {"following": True, "pending_follow": False}})


@router.delete("/{id}/following/{target_id}", response_model=Followed, dependencies=[NO_PARAMETERS])
async def unfollow(user_id: Acting, target_id: Id, network: Net) -> Response:
    """Stops following an account; not following it changes nothing."""
    await network.write(lambda tx: service.unfollow(tx, user_id, target_id))
    return answer({"data": {"following": False}})


@router.get("/{id}/follow_suggestions", response_model=Suggestions)
async def get_follow_suggestions(user_id: Acting, query: Annotated[Suggested, Query()], network: Net) -> Response:
    """Accounts that the token's user may want to follow, with the reason; not again within 30 hours.

    Accounts come in v2 shape; `meta.suggestions` says why each is there.
    """
    found = await suggestions.suggest(network, user_id, query.max_results)
    rows = await run_in_threadpool(suggestions.accounts, network, found)
    response = answer(suggestions.suggestions_object(found, rows, query.view.user))
    response.background = BackgroundTask(suggestions.record, network, user_id, found)
    return response


@router.get("/{id}/followers", response_model=UserPage)
def get_followers(user_id: PathId, query: Annotated[UsersPaged, Query()], network: Net) -> Response:
    """Who follows an account, newest first."""
    return _page(network, user_id, "followers", query)


@router.get("/{id}/following", response_model=UserPage)
def get_following(user_id: PathId, query: Annotated[UsersPaged, Query()], network: Net) -> Response:
    """Whom an account follows, newest first."""
    return _page(network, user_id, "following", query)


@router.get("/{id}/blocking", response_model=UserPage)
def get_blocking(user_id: Acting, query: Annotated[UsersPaged, Query()], network: Net) -> Response:
    """Whom the token's user blocks, the last first."""
    return _related(network, blocks, user_id, query)


@router.post("/{id}/blocking", response_model=Blocked, dependencies=[NO_PARAMETERS])
async def block(body: TargetUser, user_id: Acting, network: Net) -> Response:
    """Blocks an account, which ends follows both ways; blocking it already changes nothing."""
    await network.write(lambda tx: service.block(tx, user_id, body.target_user_id))
    return answer({"data": {"blocking": True}})


@router.delete("/{id}/blocking/{target_id}", response_model=Blocked, dependencies=[NO_PARAMETERS])
async def unblock(user_id: Acting, target_id: Id, network: Net) -> Response:
    """Ends a block; not blocking it changes nothing."""
    await network.write(lambda tx: service.unblock(tx, user_id, target_id))
    return answer({"data": {"blocking": False}})


@router.get("/{id}/muting", response_model=UserPage)
def get_muting(user_id: Acting, query: Annotated[UsersPaged, Query()], network: Net) -> Response:
    """Whom the token's user mutes, the last first."""
    return _related(network, mutes, user_id, query)


@router.post("/{id}/muting", response_model=Muted, dependencies=[NO_PARAMETERS])
async def mute(body: TargetUser, user_id: Acting, network: Net) -> Response:
    """Mutes an account, whose tweets leave the user's timelines; muting it already changes nothing."""
    await network.write(lambda tx: service.mute(tx, user_id, body.target_user_id))
    return answer({"data": {"muting": True}})


@router.delete("/{id}/muting/{target_id}", response_model=Muted, dependencies=[NO_PARAMETERS])
async def unmute(user_id: Acting, target_id: Id, network: Net) -> Response:
    """Ends a mute; not muting it changes nothing."""
    await network.write(lambda tx: service.unmute(tx, user_id, target_id))
    return answer({"data": {"muting": False}})


def _related(network: Net, relation: Relation, user_id: int, query: UsersPaged) -> Response:
    rows, tokens = service.related(network, relation, user_id, query.max_results, query.pagination_token)
    return listed([user_object(row, query.view.user) for row in rows], tokens=tokens)


def _page(network: Net, user_id: int, side: Side, query: UsersPaged) -> Response:
    rows, tokens = service.accounts(network, user_id, side, query.max_results, query.pagination_token)
    return listed([user_object(row, query.view.user) for row in rows], tokens=tokens)
