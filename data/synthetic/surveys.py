"""Surveys: whether a tweet was worth the time, and how satisfied people are with the network.

A day with impressions begins with a question on the network with chance q = `satisfaction_rate`. On any other day each
impression is followed by a question on its tweet with chance r = `tweet_rate`, until the first question. So a person
has at most one question a day, and the chance of the k-th impression of a person's day (0 the first) to be the one in
question, (1 - q) r (1 - r)^k, is known beforehand; the log keeps it as `propensity`, and q for the network.

A person with logit a answers with chance expit(a + `response_satisfaction` (s - usual)), where s is their satisfaction.
The answer is
    3 + scale x points x truth + bias + noise,
rounded and cut to 1 to 5, where truth is the welfare of looking at the tweet, or s - usual; bias, scale and a belong to
the person and are truth. Draws are keyed by (person, day).
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import polars as pl
from scipy.special import expit, logit

from data.batch import F64, I64, Array, Mask
from data.events import EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.people import People
from data.synthetic.state import State
from data.synthetic.welfare import welfare

TWEET, SATISFACTION = "tweet", "satisfaction"
_NEVER = float(1 << 40)


class Respondents(NamedTuple):
    """How each person answers, [P]; truth."""

    bias: F64
    """Points added to every answer."""
    scale: F64
    """Factor of how far answers differ from 3."""
    response: F64
    """Logit of the chance to answer at usual satisfaction."""

    @classmethod
    def of(cls, config: WorldConfig, people: People) -> Self:
        """Draws them, keyed by the person."""
        c, normal = config.surveys, Stream(config.seed, "respondents").normal(np.arange(len(people)), n=3)
        activity = np.log(people.activity)
        activity = (activity - activity.mean()) / max(float(activity.std()), 1e-9)
        return cls(
            c.bias_spread * normal[:, 0],
            np.exp(c.scale_spread * normal[:, 1]),
            logit(c.response_rate) + c.response_spread * normal[:, 2] + c.response_activity * activity,
        )

    def frame(self, people: People) -> pl.DataFrame:
        """A row a person: user_id, bias, scale and the chance to answer at usual satisfaction."""
        return pl.DataFrame(
            {"user_id": people.user_id, "bias": self.bias, "scale": self.scale, "response": expit(self.response)}
        )


class Questions(NamedTuple):
    """[Q] questions of a tick, in the order of requests by user."""

    request: I64
    """Row of the tick's requests."""
    row: I64
    """Row of the impressions; the first of the person's day for a question on the network."""
    network: Mask
    """Whether it is on the network."""
    propensity: F64


class Surveys:
    """Questions people in the ticks of one world, and answers for them."""

    def __init__(self, config: WorldConfig, people: People, parameters: BehaviourParameters) -> None:
        """Keeps nothing between ticks."""
        self._config, self._people, self._parameters = config, people, parameters
        self.respondents = Respondents.of(config, people)

    def response_probability(self, users: I64, satisfaction: F64) -> F64:
        """[N] chance that each user row answers a question, at that satisfaction [N]."""
        gained = satisfaction - self._config.retention.usual_welfare
        chance: F64 = expit(self.respondents.response[users] + self._config.surveys.response_satisfaction * gained)
        return chance

    def questions(self, users: I64, offsets: I64, shown: I64, day: int) -> Questions:
        """Who is questioned about which impression.

        Args:
            users: [B] user rows of the tick's requests, in the order of time.
            offsets: [B + 1] their impressions.
            shown: [B] impressions of each of `users` on this day before the tick.
            day: the day, 0 the first.
        """
        c, count = self._config.surveys, np.diff(offsets)
        order = np.argsort(users, kind="stable")
        user, count = users[order], count[order]
        begins = np.r_[True, user[1:] != user[:-1]] if len(user) else np.empty(0, bool)
        before = np.cumsum(count) - count
        before += shown[order] - before[begins][np.cumsum(begins) - 1]
        luck = Stream(self._config.seed, "surveys").uniform(user, day, n=2)
        network = luck[:, 0] < c.satisfaction_rate
        wait = np.log1p(-luck[:, 1]) / np.log1p(-c.tweet_rate) if c.tweet_rate else np.full(len(user), _NEVER)
        nth = np.where(network, 0, np.minimum(wait, _NEVER)).astype(np.int64)
        hit = np.flatnonzero((nth >= before) & (nth < before + count))
        request, nth, network = order[hit], nth[hit], network[hit]
        later = (1.0 - c.satisfaction_rate) * c.tweet_rate * (1.0 - c.tweet_rate) ** nth
        propensity = np.where(network, c.satisfaction_rate, later)
        return Questions(request, offsets[request] + nth - before[hit], network, propensity)

    def events(self, state: State, requests: dict[str, Array], offsets: I64, tweet: I64) -> EventBatch:
        """The rows of table `surveys` of a tick.

        Args:
            state: at the start of the tick.
            requests: columns request_id, user_id, user_row and time_us of the tick's requests [B].
            offsets: [B + 1] their impressions.
            tweet: [N] tweet rows of the impressions.
        """
        every = requests["user_row"]
        asked = self.questions(every, offsets, state.shown_today[every], state.day)
        start, user = requests["time_us"][asked.request], every[asked.request]
        about = tweet[asked.row]
        answer = self._answers(state, user, about, start, asked.network)
        # A second and a half a tweet; all within the tick, as what people do.
        room = (state.time_us + state.tick_us - start).astype(np.float64)
        wait = 1.5e6 * (1 + asked.row - offsets[asked.request])
        time = start + np.minimum(room * -np.expm1(-wait / room), room - 1000).astype(np.int64)
        time -= time % 1000
        order = np.lexsort((user, time))
        tweet_id = np.where(asked.network, -1, state.tweets.tweet_id[about])
        columns: dict[str, Array] = {
            "time_us": time,
            "user_id": requests["user_id"][asked.request],
            "kind": np.where(asked.network, SATISFACTION, TWEET).astype(object),
            "request_id": requests["request_id"][asked.request],
            "tweet_id": tweet_id,
            "propensity": asked.propensity,
            "answer": answer,
        }
        columns = {name: column[order] for name, column in columns.items()}
        return EventBatch("surveys", {"survey_id": snowflakes_in_order(columns["time_us"])} | columns)

    def _answers(self, state: State, user: I64, tweet: I64, time_us: I64, network: Mask) -> Array:
        """[Q] int8 points from 1 to 5, -1 where there is no answer."""
        c, who = self._config.surveys, self.respondents
        satisfaction = state.lives.satisfaction[user]
        gained = c.satisfaction_points * (satisfaction - self._config.retention.usual_welfare)
        truth = np.where(network, gained, c.welfare_points * welfare(self._parameters, state, user, tweet, time_us))
        draws = Stream(self._config.seed, "survey answers")
        noise = c.noise * draws.normal(user, state.day)[:, 0]
        points = np.clip(np.rint(3.0 + who.scale[user] * truth + who.bias[user] + noise), 1, 5)
        silent = draws.uniform(user, state.day, 1)[:, 0] >= self.response_probability(user, satisfaction)
        return np.where(silent, -1, points).astype(np.int8)
