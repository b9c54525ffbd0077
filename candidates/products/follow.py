"""Who to follow: accounts near a reader by the follow graph and by what they write about, each with the reason.

Near by graph is the chance of a random walk of two steps, from the reader to someone followed and on to whom they
follow: the sum of 1 / (accounts that f follows) over the followed f who follow the account. Near by interest is the
sum over topics of the share of the topic among the reader's last engagements x its share among the account's tweets of
48 hours, for accounts with at least `tweets` of these. Either is scaled to 1 at its best among those who may be
suggested;

    score = graph_weight * graph + (1 - graph_weight) * interest

Ties go to the lower user row. Nobody is suggested themselves, whom they follow, mute or block, who blocks them, or who
was suggested in the last `again_after_h` hours. After the published idea of friends of friends with reasons (Gupta et
al., "WTF: The Who to Follow service at Twitter", WWW 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, I64, Mask
from data.errors import NotFoundError
from data.events import HOUR_US
from features.online import FeatureState


class FollowConfig(BaseModel):
    """How suggestions are found."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    followed: int = Field(500, ge=1)
    """How many of the accounts that the reader followed last are walked from."""
    each: int = Field(200, ge=1)
    """How many of the accounts that each of these followed last are reached."""
    graph_weight: float = Field(0.7, ge=0, le=1)
    """Weight of the graph; the rest is the weight of interest."""
    tweets: int = Field(2, ge=1)
    """Tweets in 48 hours that an account must have to be near by interest."""
    engagements: int = Field(50, ge=1, le=200)
    """How many of the reader's last engagements say what interests them."""
    again_after_h: float = Field(30.0, ge=0)
    """Hours in which nobody is suggested again."""
    named: int = Field(2, ge=1)
    """How many of the followed who follow an account its reason names."""


@dataclass(frozen=True)
class Suggestion:
    """One account, and why."""

    user_id: int
    score: float
    followed_by: tuple[int, ...]
    """Ids of some of the accounts that the reader follows and that follow it, the last followed first."""
    others: int
    """How many more of them there are."""
    topic: str
    """What both have to do with most, "" for nothing."""

    def reason(self, handles: dict[int, str]) -> str:
        """The reason in words; accounts without a handle are named by their id."""
        if self.followed_by:
            names = [f"@{handles.get(one, str(one))}" for one in self.followed_by]
            if self.others:
                return f"followed by {', '.join(names)} and {self.others} more you follow"
            return f"followed by {' and '.join(names)}"
        return f"writes about {self.topic}"


class WhoToFollow:
    """Suggests accounts to one reader at a time."""

    def __init__(self, state: FeatureState, config: FollowConfig | None = None) -> None:
        """Reads graph, texts, histories and what was suggested from `state`."""
        self.state, self.config = state, config or FollowConfig()

    def suggest(self, user_id: int, k: int, time_us: int) -> list[Suggestion]:
        """At most `k` accounts for a reader at `time_us`, best first.

        Raises:
            NotFoundError: there is no such user.
        """
        users, config = self.state.network.users, self.config
        row = int(users.rows(np.array([user_id], np.int64))[0])
        if row < 0:
            raise NotFoundError(f"unknown user {user_id}", remedy="choose a user of this network")
        followed, reached, by = self._walk(row)
        near: F64 = np.zeros(len(users))
        if len(reached):
            step = 1.0 / np.maximum(self.state.network.graph.follow.out_count[followed], 1)
            near += np.bincount(reached, step[by], len(users))
        alike, topic = self._alike(row, time_us)
        rows = np.flatnonzero((near > 0) | (alike > 0))
        rows = rows[self._allowed(row, rows, time_us)]
        score = config.graph_weight * _scaled(near[rows]) + (1.0 - config.graph_weight) * _scaled(alike[rows])
        rows, score = rows[score > 0], score[score > 0]
        return [
            self._told(int(rows[at]), float(score[at]), followed, by[reached == rows[at]], topic)
            for at in np.lexsort((rows, -score))[:k]
        ]

    def _walk(self, row: int) -> tuple[I64, I64, I64]:
        """Whom the reader follows [F], and the ends of walks over them: accounts [W], over which of the F each [W]."""
        graph = self.state.network.graph
        followed = graph.followees(np.array([row], np.int64), self.config.followed).values
        second = graph.followees(followed, self.config.each)
        return followed, second.values, second.owner

    def _alike(self, row: int, time_us: int) -> tuple[F64, I64]:
        """[users] nearness by interest, and [users] the topic that adds most to it."""
        texts, network, count = self.state.texts, self.state.network, self.state.texts.topic_count
        none = np.zeros(len(network.users)), np.full(len(network.users), -1)
        liked = self.state.history.tweets(np.array([row], np.int64), self.config.engagements)[0]
        liked = texts.column.topics[liked[liked >= 0], 0]
        liked = liked[liked >= 0]
        if not count or not len(liked):
            return none
        interest = np.bincount(liked, minlength=count) / len(liked)
        alive = network.alive(time_us)
        author, about = network.tweet.author_row[alive], texts.column.topics[alive, 0].astype(np.int64)
        alive = (author >= 0) & (about >= 0)
        author, about = author[alive], about[alive]
        wrote, at = np.unique(author, return_inverse=True)
        if not len(wrote):
            return none
        counts = np.bincount(at * count + about, minlength=len(wrote) * count).reshape(-1, count)
        total = counts.sum(axis=1)
        shared = np.where(total[:, None] >= self.config.tweets, counts / total[:, None] * interest, 0.0)
        alike, topic = none
        alike[wrote], topic[wrote] = shared.sum(axis=1), shared.argmax(axis=1)
        return alike, topic

    def _allowed(self, row: int, rows: I64, time_us: int) -> Mask:
        graph, me = self.state.network.graph, np.full(len(rows), row)
        shown = self.state.suggested.since(row, time_us - int(self.config.again_after_h * HOUR_US))
        out = (rows == row) | graph.follows(me, rows) | graph.muted(me, rows) | np.isin(rows, shown)
        allowed: Mask = ~(out | graph.blocked(me, rows) | graph.blocked(rows, me))
        return allowed

    def _told(self, row: int, score: float, followed: I64, by: I64, topic: I64) -> Suggestion:
        users, understanding = self.state.network.users, self.state.understanding
        named = users.ids[followed[np.sort(by)[: self.config.named]]].tolist()
        about = "" if understanding is None or topic[row] < 0 else understanding.topics[int(topic[row])]
        return Suggestion(int(users.ids[row]), score, tuple(named), max(len(by) - len(named), 0), about)


def _scaled(near: F64) -> F64:
    most = near.max(initial=0.0)
    return near / most if most > 0 else near
