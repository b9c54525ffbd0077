"""Look up accounts; the lab's operator makes them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from serving.auth.access import User, operator, reader
from serving.context import Net
from serving.events.outbox import Transaction, event
from serving.kit.answers import PathId, answer, many_ids, partial
from serving.kit.problems import ProblemError, not_found
from serving.users import store
from serving.users.schemas import NewUser, user_object

router = APIRouter(prefix="/2/users", tags=["users"])


@router.post("", status_code=201, dependencies=[Depends(operator)])
async def create_user(body: NewUser, network: Net) -> Response:
    """Makes an account."""
    row = await network.write(lambda tx: _create(tx, body))
    return answer({"data": {"id": str(row["user_id"]), "username": row["username"], "name": row["name"]}}, 201)


@router.get("", dependencies=[Depends(reader)])
def get_users(ids: Annotated[str, Query(max_length=4_000)], network: Net) -> Response:
    """Accounts by ids, separated by commas, at most 100."""
    wanted = many_ids(ids)
    with network.database.read() as connection:
        rows = store.by_ids(connection, wanted)
    return partial({row.user_id: user_object(row) for row in rows}, wanted, "user")


@router.get("/me")
def get_me(user_id: User, network: Net) -> Response:
    """The account of the token's user."""
    return _one(network, user_id)


@router.get("/by/username/{username}", dependencies=[Depends(reader)])
def get_user_by_username(username: Annotated[str, Path(max_length=64)], network: Net) -> Response:
    """One account by its handle."""
    with network.database.read() as connection:
        row = store.by_username(connection, username)
    if row is None:
        raise not_found("user", f"@{username}")
    return answer({"data": user_object(row)})


@router.get("/{id}", dependencies=[Depends(reader)])
def get_user(user_id: PathId, network: Net) -> Response:
    """One account."""
    return _one(network, user_id)


def _one(network: Net, user_id: int) -> Response:
    with network.database.read() as connection:
        row = store.by_id(connection, user_id)
    if row is None:
        raise not_found("user", user_id)
    return answer({"data": user_object(row)})


def _create(tx: Transaction, body: NewUser) -> dict[str, Any]:
    if store.by_username(tx.connection, body.username) is not None:
        raise ProblemError(409, "username-taken", f"username {body.username!r} is taken; choose another")
    row: dict[str, Any] = {
        "user_id": tx.new_id(),
        "created_us": tx.now_us,
        "username": body.username,
        "name": body.name or body.username,
        "language": body.lang,
        "place": body.place,
        "verified": body.verified,
    }
    store.add(tx.connection, [row])
    tx.emit(event("users", **row))
    return row
