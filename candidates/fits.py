"""Checks that what a component gave fits the batch, so that a wrong one is left out and named.

Each function calls one component and raises when its result does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from candidates.component import Component, Factor, Filter, Reranker, Source
from candidates.scorers.ranker import AskRanker
from data.batch import F32, F64, Array, CandidateBatch, Mask, Ragged, Requests
from data.errors import DataError
from ranking.scorer import DrawingSelector, Selector

T = TypeVar("T")


def columns(component: Component, hydrate: Callable[[T], Mapping[str, Array]], of: T, rows: int) -> Mapping[str, Array]:
    """New columns as `hydrate` writes them: those declared, one value a row.

    Raises:
        DataError: naming what does not fit.
    """
    new = hydrate(of)
    if new.keys() != component.writes:
        raise DataError(
            f"{component.name!r} wrote {sorted(new)}, not {sorted(component.writes)}", remedy="declare what it writes"
        )
    for name, column in new.items():
        _check_rows(name, column, rows)
    return new


def fetched(source: Source, requests: Requests) -> Ragged:
    """What a source brings: one list a request.

    Raises:
        DataError: naming what does not fit.
    """
    found = source.fetch(requests)
    if not isinstance(found, Ragged):
        remedy = "return Ragged.from_lists([rows, ...]), one list of tweet rows a request"
        raise DataError(f"{source.name!r} brought a {type(found).__name__}, no Ragged", remedy=remedy)
    if len(found) != len(requests):
        raise DataError(
            f"{source.name!r} brought {len(found)} lists for {len(requests)} requests", remedy="one a request"
        )
    return found


def mask(component: Filter, batch: CandidateBatch) -> Mask:
    """What a filter keeps, one bool a row.

    Raises:
        DataError: naming what does not fit.
    """
    keep = component.keep(batch)
    _check_rows(component.reason, keep, len(batch))
    return keep.astype(np.bool_, copy=False)


def ranked(ranker: AskRanker, batch: CandidateBatch, left_ms: float | None) -> Mapping[str, Array]:
    """What a ranker gives: `score`, finite, and one value a row.

    Raises:
        DataError: naming what does not fit.
    """
    columns = ranker.rank(batch, deadline_ms=left_ms)
    if "score" not in columns:
        raise DataError("the ranker gave no column 'score'", remedy="a ranker always gives it")
    for name, column in columns.items():
        _check_rows(name, column, len(batch))
    if not np.isfinite(columns["score"]).all():
        raise DataError("the ranker gave a score that is not finite", remedy="look for NaN in the columns it reads")
    return columns


def factor(component: Factor | Reranker, batch: CandidateBatch) -> F32:
    """Multipliers, finite, one a row.

    Raises:
        DataError: naming what does not fit.
    """
    factors = component.factor(batch)
    _check_rows(component.name, factors, len(batch))
    if not np.isfinite(factors).all():
        raise DataError(f"{component.name!r} gave a factor that is not finite", remedy="look for NaN in what it reads")
    return factors.astype(np.float32, copy=False)


def picked(selector: Selector, batch: CandidateBatch, k: int) -> tuple[Ragged, F64]:
    """Slates of at most `k`, and the propensity of each place.

    Raises:
        DataError: naming what does not fit.
    """
    if isinstance(selector, DrawingSelector):
        slates, propensity = selector.draw(batch, k)
        if len(propensity) != len(slates.values) or not ((propensity > 0) & (propensity <= 1)).all():
            raise DataError("the selector's propensities are not one a place in (0, 1]", remedy="see DrawingSelector")
    else:
        slates = selector.select(batch, k)
        propensity = np.ones(len(slates.values))
    if len(slates) != len(batch.requests) or (slates.lengths > k).any():
        raise DataError(
            "the selector's slates are not one a request of at most k", remedy="see ranking.scorer.Selector"
        )
    if len(np.unique(slates.values)) != len(slates.values) or (batch.request[slates.values] != slates.owner).any():
        raise DataError("the selector picked a row twice or of another request", remedy="see ranking.scorer.Selector")
    return slates, propensity


def _check_rows(name: str, column: Array, rows: int) -> None:
    if len(column) != rows:
        raise DataError(f"{name!r} has {len(column)} rows for {rows}", remedy="give one a row, in the batch's order")
