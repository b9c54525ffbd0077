"""Many users who are ranked the same items at the same time: the block of a protocol that ranks a whole catalogue.

The scores are a dense matrix of which only the best places are kept, the same places as user by user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from data.batch import F32, I64, CandidateBatch, Ragged, Requests, offsets_of
from experiments.evaluation.protocols.protocol import IDS, Needs, Scored, check_scores, lowest_for_nan
from experiments.evaluation.score_ties import count_ties_dense
from features.catalogue import owners, view
from features.online import FeatureState
from ranking.metrics.arrays import refuse_nan
from ranking.scorer import CatalogueScorer, Retriever, Scorer
from ranking.slate.catalogue_topk import Best, best_of_scores, best_of_vectors

_SAMPLE = 1_024
"""Items by which ties among a retriever's scores are estimated."""

_ROWS = 1 << 19
"""Pairs of user and item that are scored at once by a scorer that knows no catalogue."""

_BATCH_COLUMNS = ("user_id", "tweet_id", "author_id")


@dataclass(frozen=True)
class Users:
    """B requests of one time, each for all M items but those that its user knows."""

    requests: Requests
    request_id: I64
    """[B]."""
    items: I64
    """[M] tweet rows, in the order in which ties are broken."""
    known: Ragged
    """[B] places among `items` that are no candidates, ascending."""
    relevant: Ragged
    """[B] places among `items` that were held out, ascending."""


@dataclass(frozen=True)
class UserBlock:
    """A block of many users."""

    users: Users
    candidates: CandidateBatch
    """The items, as `catalogue_of` gives them."""
    state: FeatureState
    needs: Needs
    encoded: dict[int, F32] = field(default_factory=dict)
    """[M, D] the items' vectors of retrievers, by the retriever's identity: blocks of one pass share them."""

    @property
    def request_id(self) -> I64:
        """See `Block`."""
        return self.users.request_id

    @property
    def user_id(self) -> I64:
        """See `Block`."""
        user_id: I64 = self.users.requests.columns["user_id"]
        return user_id

    def by_truth(self) -> Mapping[str, Scored]:
        """See `Block`. The truth is of the time of each request in the log, not of the log's end."""
        return {}

    def scored(self, scorer: Scorer) -> Scored:
        """See `Block`."""
        return self._of_vectors(scorer) if isinstance(scorer, Retriever) else self._of_scores(scorer)

    def best(self, scorer: Scorer, k: int) -> Best:
        """The first `k` places of each request's list, as `scored` finds them; nothing is measured.

        Raises:
            ModelError: the scorer gives something else than one number a candidate.
        """
        if isinstance(scorer, Retriever):
            return best_of_vectors(*self._vectors(scorer), k, self.users.known)
        return best_of_scores(lowest_for_nan(self._checked(scorer))[0], k, self.users.known)

    def _checked(self, scorer: Scorer) -> F32:
        return check_scores(self._dense(scorer), scorer, (len(self.users.requests), len(self.users.items)))

    def _vectors(self, retriever: Retriever) -> tuple[F32, F32]:
        """[B, D] of the readers and [M, D] of the items."""
        if id(retriever) not in self.encoded:
            self.encoded[id(retriever)] = retriever.tweet_vectors(self.candidates)
        both = retriever.user_vectors(self._requests(retriever)), self.encoded[id(retriever)]
        for one in both:
            refuse_nan(one.sum(axis=1), "vector")
        return both

    def _of_scores(self, scorer: Scorer) -> Scored:
        known = self.users.known
        scores, missing = lowest_for_nan(self._checked(scorer))
        ties = count_ties_dense(scores, known.values, known.offsets)
        no_candidates = np.bincount(known.owner, weights=missing[known.owner, known.values], minlength=len(scores))
        unscored = missing.sum(axis=1) - no_candidates.astype(np.int64)
        return Scored(self._first(best_of_scores(scores, self.needs.k, known)), None, ties, unscored)

    def _of_vectors(self, retriever: Retriever) -> Scored:
        """Scores of vectors are never all held: their ties are those of a sample of the items."""
        known = self.users.known
        readers, vectors = self._vectors(retriever)
        some = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _SAMPLE)).astype(np.int64))
        ties = count_ties_dense(readers @ vectors[some].T, *_among(known, some))
        ties[:, 2] *= len(vectors) / max(1, len(some))
        best = best_of_vectors(readers, vectors, self.needs.pool, known)
        places, _ = best.ragged()
        return Scored(self._first(best), None, ties, np.zeros(len(readers), np.int64), vectors[places.values])

    def _first(self, best: Best) -> CandidateBatch:
        """Of each request the best places, best first, and below them what else is relevant."""
        size, (shown, scores) = len(self.users.items), best.ragged()
        seen = shown.owner * size + shown.values
        wanted = self.users.relevant.owner * size + self.users.relevant.values
        missed = np.setdiff1d(wanted, seen)
        pair = np.r_[seen, missed]
        order = np.argsort(pair // size, kind="stable")
        pair = pair[order]
        offsets = offsets_of(np.bincount(pair // size, minlength=len(self.users.requests)))
        items = self.candidates.columns
        kept = {name: items[name][pair % size] for name in (*IDS, *self.needs.metrics) if name in items}
        kept["score"] = np.r_[scores, np.full(len(missed), -np.inf, np.float32)][order]
        kept["relevance"] = np.isin(pair, wanted)
        return CandidateBatch(self.users.requests, offsets, kept)

    def _dense(self, scorer: Scorer) -> F32:
        """[B, M] scores."""
        if isinstance(scorer, CatalogueScorer):
            return scorer.catalogue_scores(self._requests(scorer).requests, self.candidates)
        size = len(self.users.items)
        if all(of_item(name) for name in scorer.reads):
            # Nothing of the request is read: one request stands for all.
            scores = check_scores(scorer.score(self.candidates), scorer, (size,))
            return np.broadcast_to(scores, (len(self.users.requests), size))
        parts = [check_scores(scorer.score(part), scorer, (len(part),)) for part in self._pairs(scorer)]
        return np.concatenate([part.reshape(-1, size) for part in parts])

    def _pairs(self, scorer: Scorer) -> Iterator[CandidateBatch]:
        """Every request with every item, some requests at a time."""
        requests, items = self.users.requests, self.users.items
        size, step = len(items), max(1, _ROWS // max(1, len(items)))
        for start in range(0, len(requests), step):
            some = requests.take(np.arange(start, min(start + step, len(requests))))
            offsets = np.arange(len(some) + 1, dtype=np.int64) * size
            pairs = self.state.base(some, Ragged(offsets, np.tile(items, len(some))))
            yield self.state.lookup(pairs, scorer.reads)

    def _requests(self, scorer: Scorer) -> CandidateBatch:
        """The requests without candidates, with the columns of requests that the scorer reads."""
        empty = Ragged(np.zeros(len(self.users.requests) + 1, np.int64), np.empty(0, np.int64))
        names = [name for name in scorer.reads if name not in _BATCH_COLUMNS and not of_item(name)]
        return self.state.lookup(self.state.base(self.users.requests, empty), names)


def blocks_of(users: Iterable[Users], state: FeatureState, needs: Needs) -> Iterator[UserBlock]:
    """A block of each of `users`; the items' columns are looked up, and their vectors made, once for all of them."""
    catalogue, encoded = None, dict[int, F32]()
    for some in users:
        if catalogue is None:
            catalogue = catalogue_of(some, state, (*needs.scorers, *needs.metrics))
        yield UserBlock(some, catalogue, state, needs, encoded)


def catalogue_of(users: Users, state: FeatureState, columns: Sequence[str]) -> CandidateBatch:
    """The items as candidates of one request, with those of `columns` that are an item's alone."""
    one = users.requests.take(np.zeros(1, np.int64))
    batch = state.base(one, Ragged(np.array([0, len(users.items)], np.int64), users.items))
    return state.lookup(batch, sorted({name for name in columns if of_item(name)}))


def of_item(name: str) -> bool:
    """Whether a column is the candidate's alone, the same for every request of one time."""
    if name in _BATCH_COLUMNS:
        return name != "user_id"
    return name.partition(".")[0] in ("tweet", "author") and view(owners()[name]).entity == "candidate"


def _among(known: Ragged, some: I64) -> tuple[I64, I64]:
    """The places among `some`, ascending, of what is known to each request, and their offsets."""
    place = np.searchsorted(some, known.values)
    there = some[np.minimum(place, len(some) - 1)] == known.values
    counts = np.bincount(known.owner[there], minlength=len(known))
    return place[there], offsets_of(counts)
