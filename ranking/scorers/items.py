"""What models of items by their ids have in common: a score for each item, given a reader's items.

An item that the model never met scores 0, as does every item for a reader without a past.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from data.batch import F32, I64, Array, CandidateBatch, Ragged, Requests
from data.errors import ModelError
from ranking.models.pasts import HISTORY, Items

_CELLS = 1 << 24
"""Scores that are held at once: 64 MiB."""


class ItemModel(ABC):
    """A scorer that has one score for each of its items, given the items that a reader engaged with."""

    reads: ClassVar[tuple[str, ...]] = ("user_id", HISTORY, "tweet_id")

    def __init__(self, items: Items) -> None:
        """For `items`."""
        self.items = items

    @abstractmethod
    def score_items(self, pasts: Ragged) -> F32:
        """[B, M] scores of all items for readers whose items are `pasts` (places, ascending).

        A reader's scores do not depend on the other readers.
        """

    def score(self, batch: CandidateBatch) -> F32:
        """[N] float32."""
        pasts, places = self.items.pasts(batch.requests), self.items.places(batch.column("tweet_id"))
        out = np.zeros(len(batch), np.float32)
        step = max(1, _CELLS // max(1, len(self.items)))
        for start in range(0, len(pasts), step):
            end = min(start + step, len(pasts))
            scores = self.score_items(pasts.part(start, end))
            rows = slice(batch.offsets[start], batch.offsets[end])
            place = places[rows]
            out[rows] = np.where(place >= 0, scores[batch.request[rows] - start, place], 0) if len(self.items) else 0
        return out

    def catalogue_scores(self, requests: Requests, items: CandidateBatch) -> F32:
        """[B, M] float32 scores of the candidates of `items` for each of `requests`."""
        places = self.items.places(items.columns["tweet_id"])
        scores = self.score_items(self.items.pasts(requests))
        if np.array_equal(places, np.arange(len(self.items))):
            return scores
        return _gathered(scores, places)


def check_shape(weights: Mapping[str, Array], name: str, shape: tuple[int, ...], model: str) -> Array:
    """The weight `name`.

    Raises:
        ModelError: it is missing or of another shape.
    """
    if name not in weights or weights[name].shape != shape:
        found = f"is {list(weights[name].shape)}" if name in weights else "is missing"
        raise ModelError(f"{model} weight {name!r} {found}, not {list(shape)}", remedy="train it again")
    return weights[name]


def _gathered(scores: F32, places: I64) -> F32:
    """Columns of `scores` at `places`, zeros where a place is negative."""
    out = np.zeros((len(scores), len(places)), np.float32)
    known = places >= 0
    if known.any():
        out[:, known] = scores[:, places[known]]
    return out
