"""What models of items by their ids have in common: the items they know, and a reader as the items engaged with.

A reader is the set of items in `user.history_tweets`, so that a new engagement counts at once. That column holds
the newest 200; of readers who had engaged with more when the model was fitted, the model also keeps the earlier
ones. An item that the model never met scores 0, as does every item for a reader without a past.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch, Ragged, Requests, offsets_of
from data.errors import ModelError
from data.kernel import kernel
from features.state.history import LENGTH
from ranking.scorer import CatalogueScorer, ConfiguredScorer

HISTORY = "user.history_tweets"

_CELLS = 1 << 24
"""Scores that are held at once: 64 MiB."""


@dataclass(frozen=True)
class Items:
    """M items by id, and the pasts of R readers that are longer than the history column."""

    ids: I64
    """[M] ids, ascending; an item's place is its row everywhere."""
    readers: I64
    """[R] reader ids, ascending."""
    past: Ragged
    """[R] places of the items that each had engaged with, ascending."""

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Self:
        """The items of training rows (`user_id`, `tweet_id`), each pair once."""
        ids = np.unique(rows["tweet_id"].to_numpy())
        long = rows.filter(pl.len().over("user_id") > LENGTH).sort("user_id", "tweet_id")
        readers, counts = np.unique(long["user_id"].to_numpy(), return_counts=True)
        offsets = offsets_of(counts)
        return cls(ids, readers, Ragged(offsets, np.searchsorted(ids, long["tweet_id"].to_numpy())))

    def __len__(self) -> int:
        return len(self.ids)

    def places(self, ids: I64) -> I64:
        """Place of each id, of any shape; -1 for an item that is not known."""
        return places_of(self.ids, ids)

    def pasts(self, requests: Requests) -> Ragged:
        """[B] places of the items that each request's reader engaged with, each once, ascending.

        Raises:
            ModelError: the history was not looked up.
        """
        if HISTORY not in requests.columns:
            raise ModelError(f"an item model needs request column {HISTORY!r}", remedy=_LOOK_UP)
        recent = self.places(requests.columns[HISTORY])
        reader = places_of(self.readers, requests.columns["user_id"])
        kept = np.where(reader >= 0, np.diff(self.past.offsets, append=0)[reader], 0)
        out = np.empty(int(kept.sum()) + recent.size, np.int64)
        offsets = np.zeros(len(recent) + 1, np.int64)
        _merge(recent, reader, self.past.offsets, self.past.values, len(self), out, offsets)
        return Ragged(offsets, out[: offsets[-1]])

    def weights(self) -> dict[str, Array]:
        """For an artifact."""
        places = self.past.values.astype(np.int32)
        return {"items": self.ids, "readers": self.readers, "past.offsets": self.past.offsets, "past.items": places}

    @classmethod
    def from_weights(cls, weights: Mapping[str, Array]) -> Self:
        """What `weights` gave.

        Raises:
            ModelError: some are missing.
        """
        missing = {"items", "readers", "past.offsets", "past.items"} - set(weights)
        if missing:
            raise ModelError(f"the weights lack {', '.join(sorted(missing))}", remedy="train it again")
        past = Ragged(weights["past.offsets"], weights["past.items"].astype(np.int64))
        return cls(weights["items"], weights["readers"], past)


class ItemModel(ConfiguredScorer, CatalogueScorer):
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


def places_of(ascending: I64, ids: I64) -> I64:
    """Place of each id, of any shape, among `ascending`; -1 where it is not there."""
    if not len(ascending):
        return np.full(ids.shape, -1, np.int64)
    at = np.minimum(np.searchsorted(ascending, ids), len(ascending) - 1)
    return np.where(ascending[at] == ids, at, -1)


_LOOK_UP = "look the model's columns up before scoring: FeatureState.lookup(batch, model.reads)"


def _gathered(scores: F32, places: I64) -> F32:
    """Columns of `scores` at `places`, zeros where a place is negative."""
    out = np.zeros((len(scores), len(places)), np.float32)
    known = places >= 0
    if known.any():
        out[:, known] = scores[:, places[known]]
    return out


@kernel
def _merge(recent: I64, reader: I64, starts: I64, past: I64, size: int, out: I64, offsets: I64) -> None:
    """Each reader's items, recent and kept, each once and ascending."""
    at = 0
    for b in range(len(recent)):
        first = at
        for place in recent[b]:
            if place >= 0:
                out[at] = place
                at += 1
        if reader[b] >= 0:
            for i in range(starts[reader[b]], starts[reader[b] + 1]):
                out[at] = past[i]
                at += 1
        out[first:at] = np.sort(out[first:at])
        last, end = -1, first
        for i in range(first, at):
            if out[i] != last:
                last = out[i]
                out[end] = last
                end += 1
        at = end
        offsets[b + 1] = at
