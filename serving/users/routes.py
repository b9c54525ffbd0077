"""Look up accounts; the lab's operator makes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from serving.auth.access import User, operator, reader
from serving.context import Net
from serving.kit.answers import answer, many_ids, partial
from serving.kit.ids import PathId
from serving.users import service
from serving.users.schemas import NewUser, user_object

router = APIRouter(prefix="/2/users", tags=["users"])


@router.post("", status_code=201, dependencies=[Depends(operator)])
async def create_user(body: NewUser, network: Net) -> Response:
    """Makes an account."""
    row = await network.write(lambda tx: service.create(tx, body))
    return answer({"data": {"id": str(row["user_id"]), "username": row["username"], "name": row["name"]}}, 201)


@router.get("", dependencies=[Depends(reader)])
def get_users(ids: Annotated[str, Query(max_length=4_000)], network: Net) -> Response:
    """Accounts by ids, separated by commas, at most 100."""
    wanted = many_ids(ids)
    found = {row.user_id: user_object(row) for row in service.by_ids(network, wanted)}
    return partial(found, wanted, "user")


@router.get("/me")
def get_me(user_id: User, network: Net) -> Response:
    """The account of the token's user."""
    return answer({"data": user_object(service.by_id(network, user_id))})


@router.get("/by/username/{username}", dependencies=[Depends(reader)])
def get_user_by_username(username: Annotated[str, Path(max_length=64)], network: Net) -> Response:
    """One account by its handle."""
    return answer({"data": user_object(service.by_username(network, username))})


@router.get("/{id}", dependencies=[Depends(reader)])
def get_user(user_id: PathId, network: Net) -> Response:
    """One account."""
    return answer({"data": user_object(service.by_id(network, user_id))})
