"""Feeds: who answers the world's requests. The logging policy lives here; it makes the logs that models learn from."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.batch import I64, CandidateBatch, Requests
from data.errors import NotFoundError
from data.events import EventBatch
from data.ids import IdIndex
from data.rng import Stream
from experiments import logging_policy as kernels

SOURCES: tuple[str, ...] = ("following", "popular", "explore")
"""Where a tweet of a logged slate was drawn from."""
RING = 256
"""Impressions of a person that the feed remembers and does not repeat."""
ALIVE_US = 48 * 3_600_000_000
"""Older tweets are never shown."""

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class LoggingConfig(BaseModel):
    """The logging policy's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of its draws, keyed by request and position."""
    following: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] = 0.60
    """Chance that a position is drawn from those the person follows, or what they retweeted."""
    popular: Share = 0.20
    """Chance that it is drawn from what is popular in the last hours."""
    explore: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] = 0.20
    """Chance that it is drawn evenly from everything alive."""
    temperature: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 0.6
    """Softmax temperature of the formula's score."""
    per_author: Annotated[int, Field(ge=1, le=100)] = 10
    """Newest tweets and retweets of each followed person that are considered."""
    most: Annotated[int, Field(ge=10, le=2_000)] = 300
    """Most candidates from those followed."""
    top: Annotated[int, Field(ge=10, le=2_000)] = 300
    """Tweets in the popular list, renewed before each batch of requests."""


_WEIGHT = {"like": 1.0, "reply": 1.5, "retweet": 2.0, "quote": 0.0}
"""What an action adds to a tweet's engagement, as the formula weighs it."""


class LoggingFeed:
    """Formula scores, Plackett-Luce draws and an even share of everything, with exact propensities.

    Each position first draws a source (those with nothing left are passed over and the shares rescaled), then a tweet:
    from `following` and `popular` with probability proportional to exp(score / temperature) among those not yet in the
    slate, from `explore` evenly among all tweets alive. The score is 0.2 / (1 + age in hours) + 0.3 log10(likes + 2
    retweets + 1.5 replies + 1) + 0.3 affinity, affinity = min(log1p(interactions) / log 21, 1) with the followed person
    who brought the tweet. The propensity of a tweet is the sum over sources of share times probability, given the
    positions above it; candidate lists are a function of the log alone. Never shown: own tweets, retweets themselves,
    deleted tweets, authors muted, and the last 256 tweets that the person was shown.
    """

    policy = "logging-1"

    def __init__(self, config: LoggingConfig | None = None) -> None:
        """An empty feed; tell it everything that happens through `observe`."""
        self.config = config or LoggingConfig()
        self.users = IdIndex()
        self.tweets = IdIndex()
        self._t: kernels.Tweets = kernels.empty(kernels.Tweets)
        self._u = kernels.Users._make([*(np.empty(0, np.int64) for _ in range(4)), np.empty((0, RING), np.int64)])
        self._follows: kernels.Links = kernels.empty(kernels.Links)
        self._mutes: kernels.Links = kernels.empty(kernels.Links)
        self._links = {"follows": 0, "mutes": 0}
        self._serial = 0

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        """At most `k` tweets a request, drawn as the class says. Deterministic in (seed, request id, log so far).

        A tweet is alive for a batch when it is younger than 48 h at the batch's last request.

        Raises:
            NotFoundError: somebody asks whom the feed was never told of.
        """
        n, config = len(requests), self.config
        now = requests.columns["time_us"]
        user = self.users.rows(requests.columns["user_id"])
        if (user < 0).any():
            raise NotFoundError(f"user {requests.columns['user_id'][user < 0][0]} is unknown to the feed")
        last = int(now.max()) if n else 0
        alive = self._alive(last)
        heat = self._t.heat[alive] * np.exp((self._t.heat_us[alive] - last) / kernels.HEAT_US)
        popular = alive[np.lexsort((-alive, -heat))[: config.top]]
        shares = np.array([config.following, config.popular, config.explore])
        limits = np.array([config.per_author, config.most, last - ALIVE_US], np.int64)
        key = Stream(config.seed, "logging feed").key
        rows, source = np.full((n, k), -1, np.int64), np.zeros((n, k), np.int64)
        score, propensity = np.zeros((n, k)), np.zeros((n, k))
        kernels.serve(
            self._t, self._u, self._follows, self._mutes, alive, popular, user, now, requests.columns["request_id"],
            shares, limits, config.temperature, self._serial, key, rows, source, score, propensity,
        )  # fmt: skip
        self._serial += n
        filled = rows >= 0
        tweet = rows[filled]
        author = self._t.author[tweet]
        columns = {
            "tweet_id": self.tweets.ids[tweet],
            "tweet_row": tweet,
            "author_id": self.users.ids[author],
            "author_row": author,
            "source": np.array(SOURCES, object)[source[filled]],
            "score": score[filled].astype(np.float32),
            "propensity": propensity[filled],
        }
        return CandidateBatch(requests, np.r_[0, np.cumsum(filled.sum(axis=1))].astype(np.int64), columns)

    def observe(self, events: EventBatch) -> None:
        """Learns users, follows, mutes, tweets, deletions, impressions and engagements; ignores other tables."""
        if not len(events):
            return
        c = events.columns
        if events.table == "users":
            self._user_rows(c["user_id"])
        elif events.table in ("follows", "mutes"):
            a, b = ("follower_id", "followee_id") if events.table == "follows" else ("user_id", "muted_id")
            self._link(events.table, self._user_rows(c[a]), self._user_rows(c[b]), c["ended"].astype(np.int64))
        elif events.table == "tweets":
            self._learn_tweets(events)
        elif events.table == "deletions":
            self._t.deleted[_known(self.tweets.rows(c["tweet_id"]))] = 1
        elif events.table == "impressions":
            tweet = self.tweets.rows(c["tweet_id"])
            kernels.remember(self._u, self._user_rows(c["user_id"])[tweet >= 0], tweet[tweet >= 0])
        elif events.table == "engagements":
            self._learn_engagements(events.where(c["action"] != "not_interested"))

    def _alive(self, last_us: int) -> I64:
        """Rows of tweets that may be shown, ascending; tweets come in order of time."""
        time = self._t.time_us[: len(self.tweets)]
        first = int(np.searchsorted(time, last_us - ALIVE_US, side="right"))
        rows = np.arange(first, len(time), dtype=np.int64)
        alive: I64 = rows[(self._t.target[rows] == rows) & (self._t.deleted[rows] == 0)]
        return alive

    def _user_rows(self, ids: I64) -> I64:
        rows = self.users.add(ids)
        if len(self.users) > len(self._u.newest):
            fills = (-1, -1, -1, 0, 0)
            columns = zip(self._u, fills, strict=True)
            self._u = kernels.Users._make(kernels.grown(one, len(self.users), fill) for one, fill in columns)
        return rows

    def _link(self, table: str, a: I64, b: I64, ended: I64) -> None:
        links, heads = (self._follows, self._u.edge) if table == "follows" else (self._mutes, self._u.mute)
        if self._links[table] + len(a) > len(links.other):
            links = kernels.Links._make(kernels.grown(column, self._links[table] + len(a), 0) for column in links)
        self._links[table] = int(kernels.add_links(links, heads, self._links[table], a, b, ended))
        if table == "follows":
            self._follows = links
        else:
            self._mutes = links

    def _learn_tweets(self, events: EventBatch) -> None:
        c = events.columns
        author = self._user_rows(c["author_id"])
        start = len(self.tweets)
        row = self.tweets.add(c["tweet_id"])
        if len(self.tweets) > len(self._t.time_us):
            self._t = kernels.Tweets._make(kernels.grown(column, len(self.tweets), 0) for column in self._t)
            self._t.stamp[start:] = -1
            self._t.mark[start:] = -1
        original = self.tweets.rows(c["referenced_id"])
        self._t.time_us[row] = c["time_us"]
        self._t.author[row] = author
        self._t.target[row] = np.where(c["kind"] == "retweet", original, row)
        kernels.chain(self._u.newest, self._t.older, author, row)

    def _learn_engagements(self, events: EventBatch) -> None:
        c = events.columns
        weight = np.array([_WEIGHT.get(action, 0.0) for action in c["action"]])
        tweet, author = self.tweets.rows(c["tweet_id"]), self.users.rows(c["author_id"])
        user = self._user_rows(c["user_id"])
        kernels.engage(self._t, self._u, self._follows, user, author, tweet, weight, c["time_us"])


def _known(rows: I64) -> I64:
    return rows[rows >= 0]
