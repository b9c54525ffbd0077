"""From ids to scores in process: features are looked up where the ranker is, then the model scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import numpy as np

from data.batch import F32, I64, Array, CandidateBatch, Ragged, Requests, offsets_of
from data.errors import ModelError
from data.schema import TABLES
from features.catalogue import owners, view
from features.online import FeatureState
from ranking.scorer import Retriever, Scorer, ValuedScorer
from ranking.tower_vectors import TowerVectors

_log = logging.getLogger(__name__)

BASE_COLUMNS = frozenset({"user_id", "user_row", "time_us", "tweet_id", "tweet_row", "author_id", "author_row"})
"""Columns that every request and candidate has; no feature view writes them."""


_USER = ("user.", "user_")
"""What the names of columns of the reader begin with."""


class LocalRanker:
    """The `Ranker` port of a funnel over a feature state in the same process."""

    def __init__(self, state: FeatureState, scorer: Scorer, vectors: TowerVectors | None = None) -> None:
        """Scores with `scorer` on columns of `state`; one of two towers by its kept `vectors`, if given."""
        self.state = state
        self.scorer = scorer
        self.vectors = vectors

    def rank(self, batch: CandidateBatch, *, deadline_ms: float | None = None) -> Mapping[str, Array]:
        """`{"score": [N] float32}`. The deadline is not needed: nothing here waits for anybody.

        Where no vectors are kept, a model of two towers encodes each tweet of several requests once a moment, as a
        tweet is a candidate of many.

        Raises:
            ModelError: a score is not finite.
        """
        return {"score": self.scores(self.look_up(batch))}

    def look_up(self, batch: CandidateBatch) -> CandidateBatch:
        """The batch with what `scores` needs of the state; the batch itself where vectors stand for columns."""
        if self.vectors is not None or (len(batch.requests) > 1 and isinstance(self.scorer, Retriever)):
            return batch
        return self.state.lookup(batch, self.scorer.reads)

    @property
    def reads_state(self) -> bool:
        """Whether `scores` itself looks into the state: where not, any thread may call it."""
        return isinstance(self.scorer, Retriever)

    def scores(self, batch: CandidateBatch) -> F32:
        """[N] scores of a batch that `look_up` gave.

        Raises:
            ModelError: a score is not finite.
        """
        if self.vectors is not None:
            scores = self.vectors.scores(batch)
        elif len(batch.requests) > 1 and isinstance(self.scorer, Retriever):
            scores = self._by_vectors(self.scorer, batch)
        else:
            scores = self.scorer.score(batch)
        if not np.isfinite(scores).all():
            bad = int(np.flatnonzero(~np.isfinite(scores))[0])
            tweet = int(batch.columns["tweet_row"][bad])
            raise ModelError(f"the score of tweet row {tweet} is {scores[bad]}", remedy="look for NaN in its columns")
        return scores

    def _by_vectors(self, scorer: Retriever, batch: CandidateBatch) -> F32:
        """[N] products of the vectors of reader and tweet."""
        nothing: I64 = np.empty(0, np.int64)
        readers = self.state.base(batch.requests, Ragged(np.zeros(len(batch.requests) + 1, np.int64), nothing))
        users = scorer.user_vectors(self.state.lookup(readers, tuple(n for n in scorer.reads if n.startswith(_USER))))
        times, moment = np.unique(batch.requests.columns["time_us"], return_inverse=True)
        known = len(self.state.network.tweets)
        distinct, at = np.unique(moment[batch.request] * known + batch.columns["tweet_row"], return_inverse=True)
        nobody = np.full(len(times), -1, np.int64)
        tweets = self.state.base(
            Requests({"user_id": nobody, "user_row": nobody, "time_us": times}),
            Ragged(offsets_of(np.bincount(distinct // known, minlength=len(times))), distinct % known),
        )
        reads = tuple(name for name in scorer.reads if not name.startswith(_USER))
        vectors = scorer.tweet_vectors(self.state.lookup(tweets, reads))
        scores: F32 = np.einsum("nd,nd->n", vectors[at], users[batch.request], dtype=np.float32)
        return scores


def check_columns(
    reads: Iterable[str],
    *,
    model: str,
    data: str,
    tables: Iterable[str],
    learned_from: Iterable[str] = (),
    optional: Iterable[str] = (),
) -> tuple[str, ...]:
    """Refuses a model that reads columns which a data set cannot fill.

    A column needs at least one of the tables that its view reads; ids of the request and the candidate are always
    there. Where the model's training data had none of these tables either (`learned_from`, where it is known, names
    those that it had), it has learned that the column says nothing. Columns of `optional` are left out where the data
    set cannot fill them: they read as 0.

    Returns:
        Those of `optional` that are left out; the log names them, too.

    Raises:
        ModelError: naming the column and the table.
    """
    held, known, left = set(tables), owners(), list[str]()
    had = set(learned_from) or set(TABLES)
    for column in reads:
        if column in BASE_COLUMNS:
            continue
        if column not in known:
            raise ModelError(f"model {model!r} reads {column!r}, which no feature view writes", remedy="train it again")
        # Tables outside the schema are derived from the tweets' texts, which every data set has.
        needed = [name for name in view(known[column]).tables if name in TABLES]
        if had.intersection(needed) and not held.intersection(needed):
            if column in optional:
                left.append(column)
                _log.warning("%s goes without %r: data set %r lacks %s", model, column, data, " or ".join(needed))
                continue
            raise ModelError(
                f"model {model!r} reads {column!r} from table {' or '.join(needed)}, which data set {data!r} lacks",
                remedy="train a model on this data set: rookery train --data DIR",
            )
    return tuple(left)


def optional_columns(scorer: Scorer) -> tuple[str, ...]:
    """Columns without which the scorer still ranks: those that its value alone reads."""
    return scorer.value_reads if isinstance(scorer, ValuedScorer) else ()
