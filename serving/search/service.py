"""Search over what the network holds now."""

from __future__ import annotations

from candidates.search.hybrid import Mode
from candidates.search.text import Hits
from serving.context import Context
from serving.kit.problems import ProblemError


async def search(context: Context, query: str, limit: int, mode: Mode | None = None) -> tuple[Hits, Mode]:
    """The tweets that answer a query, and the mode used: without a `mode`, `hybrid` where the model understands text.

    Raises:
        QueryError: the query cannot be understood.
        ProblemError: 422 for a mode that needs text understanding where the model has none, 503 while the state is
            built anew.
    """
    return await context.ask(_search, context, query, limit, mode)


def _search(context: Context, query: str, limit: int, mode: Mode | None) -> tuple[Hits, Mode]:
    consumer = context.projections.search
    chosen: Mode = mode or ("hybrid" if consumer.understands else "text")
    if chosen != "text" and not consumer.understands:
        detail = f"mode {chosen!r} needs a model that understands text; the one served does not: use mode=text"
        raise ProblemError(422, "no-understanding", detail)
    return consumer.search(query, chosen, limit), chosen
