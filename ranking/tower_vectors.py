"""Vectors of readers and tweets under a model of two towers, kept by row, so that a score is a gather and a product.

A vector is made when it is first asked for, with the columns of that moment. It is made again once it is too old,
because ages and windows change with time alone, or once an event names its reader, its tweet or the tweet's author in
a table that the tower's columns are made of. So at the moment that it was made, and after any events, it is what the
tower would give afresh, and later it is off by the passing of at most `KeptVectorsConfig.max_age_s` seconds.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F32, I64, Array, CandidateBatch, Mask, Ragged, Requests
from data.events import SECOND_US, EventBatch
from data.kernel import kernel
from features.catalogue import owners, tables_of
from features.online import FeatureState

_CHUNK = 8192
"""Tweets whose columns are in memory at once."""

_TWEETS = frozenset({"tweet_row", "referenced_row"})
"""Columns of events that name tweets; all other rows are users."""


class KeptVectorsConfig(BaseModel):
    """How long vectors of the two towers are used, and how many are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_age_s: float = Field(default=60.0, ge=0)
    """Seconds of the network's time that a vector is used for; 0 makes both vectors anew for every request."""
    settle_s: float = Field(default=1.0, ge=0)
    """Seconds in which events do not renew a tweet's vector that was just made, so that a tweet which everybody likes
    is not encoded for each like; 0 renews at the first request after the event. Readers are renewed at once."""
    tweets: int = Field(default=262_144, ge=1)
    """The most tweets' vectors that are kept; 64 float32 numbers each in the default model."""
    readers: int = Field(default=65_536, ge=1)
    """The most readers' vectors that are kept."""


class RetrievalModel(Protocol):
    """A model with a tower for users and one for tweets: `ranking.scorer.Retriever` that says what it reads."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of both towers."""
        ...

    @property
    def dim(self) -> int:
        """D, the length of the vectors."""
        ...

    def user_vectors(self, batch: CandidateBatch) -> F32:
        """[B, D] of the batch's requests."""
        ...

    def tweet_vectors(self, batch: CandidateBatch) -> F32:
        """[N, D] of the candidates."""
        ...


class TowerVectors:
    """The kept vectors of one model over one state, in the thread that owns the state."""

    def __init__(self, state: FeatureState, model: RetrievalModel, config: KeptVectorsConfig | None = None) -> None:
        """None are kept yet; from now on the events of `state` renew them."""
        self._state, self._model = state, model
        self.config = config or KeptVectorsConfig()
        self._of_readers = tuple(name for name in model.reads if is_of_user(name))
        self._of_tweets = tuple(name for name in model.reads if not is_of_user(name))
        self._tweets = _Slots(self.config.tweets, model.dim)
        self._readers = _Slots(self.config.readers, model.dim)
        self._authors = np.zeros(self.config.readers, np.int64)
        """[slots] number of the last batch of events that changes the tweets of an author in this slot."""
        self._batches = 0
        known = owners()
        self._reader_tables = tables_of(name for name in self._of_readers if name in known)
        self._tweet_tables = tables_of(name for name in self._of_tweets if name in known)
        self.close = state.listen(self._reader_tables | self._tweet_tables, self._take)
        """Ends it: events renew nothing any more."""

    def scores(self, batch: CandidateBatch) -> F32:
        """[N] products of the vectors of reader and tweet."""
        readers = self.readers(batch.requests)
        tweets = self.tweets(batch.columns["tweet_row"], batch.offsets, batch.requests.columns["time_us"])
        if len(readers) == 1:
            one: F32 = tweets @ readers[0]
            return one
        scores: F32 = np.einsum("nd,nd->n", tweets, readers[batch.request], dtype=np.float32)
        return scores

    def readers(self, requests: Requests) -> F32:
        """[B, D] vectors of the requests' readers at the requests' times."""
        rows, time_us, kept = requests.columns["user_row"], requests.columns["time_us"], self._readers
        at = np.arange(len(rows) + 1, dtype=np.int64)
        usable = kept.usable(rows, at, time_us, rows, kept.touched, self.config.max_age_s, 0.0)
        out: F32 = kept.vectors[rows % len(kept.rows)]
        stale = np.flatnonzero(~usable)
        if len(stale):
            batches, wanted = self._batches, requests.take(stale)
            nothing: I64 = np.empty(0, np.int64)
            batch = self._state.base(wanted, Ragged(np.zeros(len(stale) + 1, np.int64), nothing))
            out[stale] = self._model.user_vectors(self._state.lookup(batch, self._of_readers))
            kept.keep(rows[stale], out[stale], time_us[stale], batches)
        return out

    def tweets(self, rows: I64, offsets: I64, time_us: I64) -> F32:
        """[N, D] vectors of tweet rows; those from `offsets[b]` to `offsets[b + 1]` are for the time `time_us[b]`."""
        authors, kept, config = self._state.network.tweet.author_row[rows], self._tweets, self.config
        usable = kept.usable(rows, offsets, time_us, authors, self._authors, config.max_age_s, config.settle_s)
        out: F32 = kept.vectors[rows % len(kept.rows)]
        if usable.all():
            return out
        stale = np.flatnonzero(~usable)
        times = np.repeat(time_us, np.diff(offsets))[stale]
        for moment in np.unique(times):
            here, batches = stale[times == moment], self._batches
            distinct, at = np.unique(rows[here], return_inverse=True)
            made = encoded_tweets(self._state, self._model, self._of_tweets, distinct, int(moment))
            out[here] = made[at]
            kept.keep(distinct, made, np.full(len(distinct), moment, np.int64), batches)
        return out

    def _take(self, events: EventBatch) -> None:
        """Notes whose vectors the events, which have rows beside ids, change."""
        self._batches += 1
        for name, column in events.columns.items():
            if not name.endswith("_row"):
                continue
            rows = column[column >= 0]
            if name in _TWEETS:
                if events.table in self._tweet_tables:
                    self._tweets.touched[rows % self.config.tweets] = self._batches
                continue
            if events.table in self._tweet_tables:
                self._authors[rows % self.config.readers] = self._batches
            if events.table in self._reader_tables:
                self._readers.touched[rows % self.config.readers] = self._batches


class _Slots:
    """A table of vectors of fixed size: a row is in the slot of its number modulo the size, the later of two stays."""

    def __init__(self, size: int, dim: int) -> None:
        self.vectors: F32 = np.empty((size, dim), np.float32)
        self.rows: I64 = np.full(size, -1, np.int64)
        """Whose vector it is, -1 for none."""
        self.touched: I64 = np.zeros(size, np.int64)
        """Number of the last batch of events that changes a row of this slot."""
        self._made_us: I64 = np.zeros(size, np.int64)
        self._made_after: I64 = np.zeros(size, np.int64)
        """Number of the last batch of events that the vector knows of."""

    def usable(
        self, rows: I64, offsets: I64, time_us: I64, others: I64, other_touched: I64, age_s: float, settle_s: float
    ) -> Mask:
        """[N] whether each row's vector is here and neither too old nor changed; `others` are the rows' authors."""
        out = np.empty(len(rows), np.bool_)
        spans = np.array([age_s * SECOND_US, settle_s * SECOND_US])
        if age_s == 0:
            out[:] = False
            return out
        _usable(
            rows, offsets, time_us, others, self.rows, self._made_us, self._made_after, self.touched, other_touched,
            spans, out,
        )  # fmt: skip
        return out

    def keep(self, rows: I64, vectors: F32, time_us: I64, batches: int) -> None:
        """Keeps vectors [n, D] that were made for `time_us` [n] from a state after so many batches of events."""
        slots = rows % len(self.rows)
        # Of two rows of one slot the last one stays in each array.
        self.vectors[slots], self.rows[slots] = vectors, rows
        self._made_us[slots], self._made_after[slots] = time_us, batches


def is_of_user(column: str) -> bool:
    """Whether a column that a model of two towers reads belongs to the reader."""
    return column.startswith(("user.", "user_"))


def encoded_tweets(state: FeatureState, model: RetrievalModel, reads: tuple[str, ...], rows: I64, time_us: int) -> F32:
    """[N, D] vectors of tweet rows, made now with their columns `reads` as of `time_us`."""
    parts = [
        model.tweet_vectors(state.lookup(state.of_no_user(rows[at : at + _CHUNK], time_us), reads))
        for at in range(0, len(rows), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, model.dim), np.float32)


@kernel
def _usable(
    rows: Array, offsets: Array, time_us: Array, others: Array, held: Array, made_us: Array, made_after: Array,
    touched: Array, other_touched: Array, spans: Array, out: Array,
) -> None:  # fmt: skip
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            slot = rows[i] % len(held)
            # A request may be for a time before that of the last one.
            age = abs(time_us[b] - made_us[slot])
            changed = max(touched[slot], other_touched[others[i] % len(other_touched)]) > made_after[slot]
            out[i] = held[slot] == rows[i] and age <= spans[0] and (not changed or age < spans[1])
