"""Search over what the network holds now."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from candidates.search.hybrid import Mode
from candidates.search.query import QueryError
from candidates.search.text import Hits, Within
from serving.context import Context
from serving.kit.problems import ProblemError
from serving.users import service as users
from serving.users.store import UserRow


async def search(
    context: Context, query: str, limit: int, mode: Mode | None, reader_id: int | None, within: Within
) -> tuple[Hits, Mode]:
    """The tweets that answer a query, and the mode used: without a `mode`, `hybrid` where the model understands text.

    Raises:
        ProblemError: 400 for a query that cannot be understood, with the column of the fault, 422 for a mode that
            needs text understanding where the model has none, 503 while the state is built anew.
    """
    return await context.ask(_search, context, query, limit, mode, reader_id, within)


async def people(context: Context, query: str, limit: int, reader_id: int | None) -> list[UserRow]:
    """The users nearest to a name or handle, typos forgiven, best first.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    found = await context.ask(_people, context, query, limit, reader_id)
    return await run_in_threadpool(users.by_ids, context, found)


async def complete(
    context: Context, prefix: str, limit: int, reader_id: int | None
) -> tuple[list[tuple[str, int]], list[UserRow]]:
    """Hashtags with their tweets, most used first, and users, most followed first, that begin with `prefix`.

    Raises:
        ProblemError: 503 while the state is built anew.
    """
    tags, found = await context.ask(_complete, context, prefix, limit, reader_id)
    return tags, await run_in_threadpool(users.by_ids, context, found)


def _search(
    context: Context, query: str, limit: int, mode: Mode | None, reader_id: int | None, within: Within
) -> tuple[Hits, Mode]:
    consumer = context.projections.search
    chosen: Mode = mode or ("hybrid" if consumer.understands else "text")
    if chosen != "text" and not consumer.understands:
        detail = f"mode {chosen!r} needs a model that understands text; the one served does not: use mode=text"
        raise ProblemError(422, "no-understanding", detail)
    try:
        return consumer.search(query, chosen, limit, reader_id=reader_id, within=within), chosen
    except QueryError as error:
        raise ProblemError(400, "bad-query", str(error), column=error.column) from error


def _people(context: Context, query: str, limit: int, reader_id: int | None) -> list[int]:
    found = context.projections.search.people(query, limit, reader_id)
    return [int(one) for one in found.user_ids]


def _complete(
    context: Context, prefix: str, limit: int, reader_id: int | None
) -> tuple[list[tuple[str, int]], list[int]]:
    tags, found = context.projections.search.complete(prefix, limit, reader_id)
    return tags, found.tolist()
