"""Look up accounts; the lab's operator makes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response

from serving.auth.access import User, reader
from serving.context import Net
from serving.kit.answers import answer
from serving.kit.fields import OfUsers, UsersById, View
from serving.kit.ids import PathId
from serving.kit.openapi import NOT_FOUND, problem
from serving.kit.parameters import NO_PARAMETERS, many_ids
from serving.kit.problems import invalid_parameter, missing
from serving.users import service
from serving.users.schemas import HANDLE, NewUser, OneUser, SomeUsers, user_object
from serving.users.store import UserRow

router = APIRouter(prefix="/2/users", tags=["users"], dependencies=[Depends(reader)])


class UsersByName(OfUsers):
    """Of a look-up of accounts by handles."""

    usernames: str = Field(json_schema_extra={"pattern": f"^{HANDLE.pattern}(?:,{HANDLE.pattern}){{0,99}}$"})
    """Handles, separated by commas, at most 100."""


@router.post(
    "",
    status_code=201,
    response_model=OneUser,
    responses=problem(409, "The handle is taken."),
    dependencies=[NO_PARAMETERS],
)
async def create_user(body: NewUser, network: Net) -> Response:
    """Makes an account."""
    row = await network.write(lambda tx: service.create(tx, body))
    return answer({"data": {"id": str(row["user_id"]), "username": row["username"], "name": row["name"]}}, 201)


@router.get("", response_model=SomeUsers)
def get_users(query: Annotated[UsersById, Query()], network: Net) -> Response:
    """Accounts by ids; `errors` names those that are not there."""
    wanted = many_ids(query.ids)
    rows = service.by_ids(network, wanted)
    there = {row.user_id for row in rows}
    return _some(rows, query.view, [missing("user", one, "ids") for one in wanted if one not in there])


@router.get("/by", response_model=SomeUsers)
def get_users_by_username(query: Annotated[UsersByName, Query()], network: Net) -> Response:
    """Accounts by handles; `errors` names those that are not there."""
    wanted = list(dict.fromkeys(query.usernames.split(",")))
    if len(wanted) > 100:
        message = f"The `usernames` query parameter has {len(wanted)} handles, over 100"
        raise invalid_parameter("usernames", query.usernames, message)
    for one in wanted:
        if not HANDLE.fullmatch(one):
            message = f"The `usernames` query parameter value [{one[:64]}] is no handle"
            raise invalid_parameter("usernames", one, message)
    found = service.by_usernames(network, wanted)
    rows = [found[one.lower()] for one in wanted if one.lower() in found]
    gone = [missing("user", one, "usernames") for one in wanted if one.lower() not in found]
    return _some(rows, query.view, gone)


@router.get("/me", response_model=OneUser, responses=NOT_FOUND)
def get_me(user_id: User, query: Annotated[OfUsers, Query()], network: Net) -> Response:
    """The account of the token's user."""
    return answer({"data": user_object(service.by_id(network, user_id), query.view.user)})


@router.get("/by/username/{username}", response_model=OneUser, responses=NOT_FOUND)
def get_user_by_username(
    username: Annotated[str, Path(max_length=64)], query: Annotated[OfUsers, Query()], network: Net
) -> Response:
    """One account by its handle."""
    return answer({"data": user_object(service.by_username(network, username), query.view.user)})


@router.get("/{id}", response_model=OneUser, responses=NOT_FOUND)
def get_user(user_id: PathId, query: Annotated[OfUsers, Query()], network: Net) -> Response:
    """One account."""
    return answer({"data": user_object(service.by_id(network, user_id), query.view.user)})


def _some(rows: list[UserRow], view: View, errors: list[dict[str, str]]) -> Response:
    data = [user_object(row, view.user) for row in rows]
    return answer(({"data": data} if data else {}) | ({"errors": errors} if errors else {}))
