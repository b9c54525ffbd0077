"""One search over what the network holds now."""

from __future__ import annotations

from candidates.search.hybrid import Mode
from candidates.search.text import Hits
from serving.kit.problems import ProblemError
from serving.projections import Projections


def found(parts: Projections, query: str, limit: int, mode: Mode | None = None) -> tuple[Hits, Mode]:
    """The tweets that answer a query, and how they were sought: `hybrid` unless nothing understands text.

    Raises:
        QueryError: the query cannot be understood.
        ProblemError: 422 for a mode that needs text understanding where the model has none.
    """
    parts.index_now()
    chosen: Mode = mode or ("text" if parts.search.semantic is None else "hybrid")
    if parts.search.semantic is None and chosen != "text":
        detail = f"mode {chosen!r} needs a model that understands text; the one served does not: use mode=text"
        raise ProblemError(422, "no-understanding", detail)
    return parts.search.search(query, chosen, limit), chosen
