"""The true probabilities of every action on any slate. No model may ever see them; reports may."""

from __future__ import annotations

import numpy as np

from data.batch import F64, I64, CandidateBatch
from data.errors import DataError
from data.synthetic.behaviour import examination, probabilities
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.state import State


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
        users = np.asarray(slate.column("user_row"), np.int64)
        tweets = np.asarray(slate.column("tweet_row"), np.int64)
        times = np.asarray(slate.column("time_us"), np.int64)
        _check("user", users, len(state.user_id))
        _check("tweet", tweets, state.size)
        p = probabilities(self._parameters, state, users, tweets, times)
        p[state.hides(users, state.tweets.author[tweets].astype(np.int64))] = 0.0
        if "position" in slate.columns:
            position = slate.column("position").astype(np.int64)
            if self._parameters.examination.cascade and not np.array_equal(position, _order(slate)):
                raise DataError(
                    "a slate's positions are not 0, 1, 2, ...", remedy="a cascade needs whole slates, top first"
                )
            p *= examination(self._parameters.examination, p, slate.offsets, position)[:, None]
        return p

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
        if "position" not in slate.columns:
            slate = slate.with_columns({"position": _order(slate)})
        value = self.action_probability(state, slate) @ np.asarray(weights, np.float64)
        return np.bincount(slate.request, value, minlength=len(slate.requests)).astype(np.float64)


def _order(slate: CandidateBatch) -> I64:
    """[N] 0, 1, 2, ... within each request."""
    order: I64 = np.arange(len(slate), dtype=np.int64) - slate.offsets[:-1][slate.request]
    return order


def _check(what: str, rows: I64, known: int) -> None:
    if len(rows) and (rows.min() < 0 or rows.max() >= known):
        wrong = rows[(rows < 0) | (rows >= known)][0]
        raise DataError(f"{what} row {wrong} is unknown; there are {known}", remedy="map ids with the state's rows")
