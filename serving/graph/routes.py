"""Follow and unfollow; who follows whom, in pages."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from serving.auth.access import Acting, reader
from serving.context import Net
from serving.events.outbox import Transaction, event
from serving.graph import store
from serving.kit.answers import Id, MaxResults, PageToken, PathId, answer, page
from serving.kit.problems import ProblemError, not_found
from serving.tweets.service import no_account
from serving.users import store as users
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
    await network.write(lambda tx: _follow(tx, user_id, body.target_user_id))
    return answer({"data": {"following": True, "pending_follow": False}})


@router.delete("/{id}/following/{target_id}")
async def unfollow(user_id: Acting, target_id: Id, network: Net) -> Response:
    """Stops following an account; not following it changes nothing."""
    await network.write(lambda tx: _unfollow(tx, user_id, target_id))
    return answer({"data": {"following": False}})


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


def _page(
    network: Net, user_id: int, side: Literal["followers", "following"], limit: int, token: str | None
) -> Response:
    scope = f"{side} {user_id}"
    before = network.paging.read(scope, token)
    with network.database.read() as connection:
        if not users.exists(connection, user_id):
            raise not_found("user", user_id)
        rows = store.page(connection, user_id, side, limit + 1, before=before)
    more = network.paging.cursor(scope, rows[limit - 1].follow_id) if len(rows) > limit else None
    return page([user_object(row) for row in rows[:limit]], more)


def _follow(tx: Transaction, follower: int, followee: int) -> None:
    if follower == followee:
        raise ProblemError(422, "self-follow", f"user {follower} cannot follow themselves; name another user")
    if not users.exists(tx.connection, follower):
        raise no_account(follower)
    if not users.exists(tx.connection, followee):
        raise not_found("user", followee)
    if store.standing(tx.connection, follower, followee):
        return
    follow_id = tx.new_id()
    edge = {"follow_id": follow_id, "time_us": tx.now_us, "follower_id": follower, "followee_id": followee}
    store.add(tx.connection, [edge])
    _count(tx, follower, followee, 1)
    tx.emit(event("follows", **edge, ended=False))


def _unfollow(tx: Transaction, follower: int, followee: int) -> None:
    if not store.remove(tx.connection, follower, followee):
        return
    _count(tx, follower, followee, -1)
    edge = {"follow_id": tx.new_id(), "time_us": tx.now_us, "follower_id": follower, "followee_id": followee}
    tx.emit(event("follows", **edge, ended=True))


def _count(tx: Transaction, follower: int, followee: int, change: int) -> None:
    users.count(tx.connection, follower, following=change)
    users.count(tx.connection, followee, followers=change)
