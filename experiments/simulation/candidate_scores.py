"""What ranked feeds score candidates by: what anybody may count, and what only the oracles know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from data.batch import F64, I64, Array, CandidateBatch, Requests
from data.schema import POSITIVE_ACTIONS
from data.synthetic.state import State
from data.synthetic.world import World


class CandidateScores(Protocol):
    """A score of each candidate of `RankedFeed.candidates`."""

    def score(self, batch: CandidateBatch) -> F64:
        """[N] float64, higher first."""
        ...


class RecencyScores:
    """The newer first."""

    def score(self, batch: CandidateBatch) -> F64:
        """[N] time of posting in microseconds."""
        return batch.columns["posted_us"].astype(np.float64)


class PopularityScores:
    """The more engaged with so far first."""

    def score(self, batch: CandidateBatch) -> F64:
        """[N] likes + 2 retweets + 1.5 replies so far."""
        return batch.columns["engagement"].astype(np.float64)


class OracleScores:
    """By the truth at the time: (1 - w) z(engagement) + w z(welfare), with w the `welfare` share.

    Engagement is the probability of any positive action and welfare the expected one, were the candidate looked at. z
    subtracts the mean over the request's candidates and divides by their standard deviation, so that w weighs the two
    whatever their units; for w = 0 and w = 1 the order is that of the truth itself.
    """

    def __init__(self, world: World, state: State, welfare: float) -> None:
        """Reads `state` as it is at each request: it must be the one that the feed's run moves on."""
        self._truth, self._state, self._welfare = world.truth, state, welfare
        self._positive = np.array([action in POSITIVE_ACTIONS for action in world.truth.actions])

    def score(self, batch: CandidateBatch) -> F64:
        """[N] float64."""
        requests = {name: batch.requests.columns[name] for name in ("user_row", "time_us")}
        rows = {"tweet_row": self._state.tweet_rows(batch.columns["tweet_id"])}
        slate, w = CandidateBatch(Requests(requests), batch.offsets, rows), self._welfare
        if w == 0.0:
            return self._engagement(slate)
        welfare = self._truth.welfare(self._state, slate)
        if w == 1.0:
            return welfare
        lengths = np.diff(batch.offsets)
        return (1.0 - w) * standardised(self._engagement(slate), lengths) + w * standardised(welfare, lengths)

    def _engagement(self, slate: CandidateBatch) -> F64:
        """[N] probability of any positive action."""
        p = self._truth.action_probability(self._state, slate)
        engages: F64 = 1.0 - np.prod(1.0 - p[:, self._positive], axis=1)
        return engages


def standardised(values: Array, lengths: I64) -> F64:
    """[N] values less their request's mean, over its standard deviation; 0 where all of a request are equal.

    `lengths` is [B], how many of the values each request has, one after the other.
    """
    owner, count = np.repeat(np.arange(len(lengths)), lengths), np.maximum(lengths, 1)
    centred = values - (np.bincount(owner, values, len(lengths)) / count)[owner]
    spread = np.sqrt(np.bincount(owner, centred**2, len(lengths)) / count)
    out: F64 = centred / np.where(spread > 0.0, spread, 1.0)[owner]
    return out


POLICIES: Mapping[str, Callable[[World, State, float], CandidateScores]] = {
    "engagement_oracle": lambda world, state, mix: OracleScores(world, state, 0.0),
    "welfare_oracle": lambda world, state, mix: OracleScores(world, state, 1.0),
    "mix_oracle": OracleScores,
    "popularity": lambda world, state, mix: PopularityScores(),
    "recency": lambda world, state, mix: RecencyScores(),
}
"""Scores by the name of their policy, from the world, the state that its run moves on, and welfare's share of the mix.

Those that know the truth have `oracle` in their name.
"""
