"""The true probabilities of every action on any slate, and its welfare. No model may ever see them; reports may."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, CandidateBatch, Mask
from data.errors import DataError
from data.synthetic.behaviour import examination, probabilities
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.state import State
from data.synthetic.welfare import welfare


class Truth:
    """Computes the truth. History matters, so every method takes the state at the time of the slate."""

    actions: tuple[str, ...] = WORLD_ACTIONS

    def __init__(self, parameters: BehaviourParameters) -> None:
        """For people who behave so."""
        self._parameters = parameters

    def action_probability(self, state: State, slate: CandidateBatch) -> F64:
        """[N, A] probability of each of `actions` on each candidate at its request's `time_us`.

        Requests have `user_row`, candidates `tweet_row`, rows of this world (`state.user_rows`, `state.tweet_rows`).
        Every candidate counts as looked at, unless the slate has a column `position`: then the probability to be looked
        at there is multiplied in, and each request's candidates must be in order of position from the top. It is 0
        for tweets that no feed may show the user: see `State.hides`.

        Raises:
            DataError: a row that the state does not know, or positions out of order.
        """
        p = self._acts(state, *_rows(state, slate))
        if "position" in slate.columns:
            p *= self._looks(slate, p)[:, None]
        return p

    def welfare(self, state: State, slate: CandidateBatch) -> F64:
        """[N] expected welfare of looking at each candidate at its request's `time_us`, in [-1, 1].

        0 is as good as not having looked; `data.synthetic.welfare` states the formula. Columns, positions and errors
        are those of `action_probability`: with positions the probability to be looked at is multiplied in. It is 0 for
        one's own tweet, a deleted one, and where action probabilities are 0 because one of the two hides the other.
        """
        rows = _rows(state, slate)
        out = welfare(self._parameters, state, *rows)
        out[_hidden(state, *rows[:2])] = 0.0
        if "position" in slate.columns:
            cascade = self._parameters.examination.cascade
            p = self._acts(state, *rows) if cascade else np.empty((len(out), 0))
            out *= self._looks(slate, p)
        return out

    def return_probability(self, state: State, users: I64) -> F64:
        """[U] chance that each user row loads the feed at least once on the next day, if this day ended now.

        Raises:
            DataError: a row that the state does not know.
        """
        users = np.asarray(users, np.int64)
        _check("user", users, len(state.user_id))
        return state.return_probability(users)

    def slate_value(self, state: State, slate: CandidateBatch, weights: F64) -> F64:
        """[B] expected sum of action weights [A] over each slate as the user sees it, top first.

        Positions come from the column `position`, or from the order of the slate when there is none.
        """
        slate = _placed(slate)
        return _summed(slate, self.action_probability(state, slate) @ np.asarray(weights, np.float64))

    def slate_welfare(self, state: State, slate: CandidateBatch) -> F64:
        """[B] expected sum of the welfare of what the user looks at in each slate, top first.

        Positions come from the column `position`, or from the order of the slate when there is none.
        """
        slate = _placed(slate)
        return _summed(slate, self.welfare(state, slate))

    def _acts(self, state: State, users: I64, tweets: I64, times_us: I64) -> F64:
        """[N, A] probability of each action if the tweet is looked at; 0 where one of the two hides from the other."""
        p = probabilities(self._parameters, state, users, tweets, times_us)
        p[_hidden(state, users, tweets)] = 0.0
        return p

    def _looks(self, slate: CandidateBatch, p: F64) -> F64:
        """[N] probability that each candidate is looked at, for the probabilities of actions if it is."""
        position = slate.column("position").astype(np.int64)
        if self._parameters.examination.cascade and not np.array_equal(position, _order(slate)):
            raise DataError(
                "a slate's positions are not 0, 1, 2, ...", remedy="a cascade needs complete slates, top first"
            )
        return examination(self._parameters.examination, p, slate.offsets, position)


def _rows(state: State, slate: CandidateBatch) -> tuple[I64, I64, I64]:
    """[N] user rows, tweet rows and times of a slate, checked."""
    users, tweets, times = (np.asarray(slate.column(name), np.int64) for name in ("user_row", "tweet_row", "time_us"))
    _check("user", users, len(state.user_id))
    _check("tweet", tweets, state.size)
    return users, tweets, times


def _hidden(state: State, users: I64, tweets: I64) -> Mask:
    """[N] whether a user muted or blocked the author of a tweet, or was blocked by them."""
    return state.hides(users, state.tweets.author[tweets].astype(np.int64))


def _placed(slate: CandidateBatch) -> CandidateBatch:
    """With positions."""
    return slate if "position" in slate.columns else slate.with_columns({"position": _order(slate)})


def _summed(slate: CandidateBatch, value: F64) -> F64:
    """[B] sums over slates."""
    return np.bincount(slate.request, value, minlength=len(slate.requests)).astype(np.float64)


def _order(slate: CandidateBatch) -> I64:
    """[N] 0, 1, 2, ... within each request."""
    order: I64 = np.arange(len(slate), dtype=np.int64) - slate.offsets[:-1][slate.request]
    return order


def _check(what: str, rows: I64, known: int) -> None:
    if len(rows) and (rows.min() < 0 or rows.max() >= known):
        wrong = rows[(rows < 0) | (rows >= known)][0]
        raise DataError(f"{what} row {wrong} is unknown; there are {known}", remedy="map ids with the state's rows")
