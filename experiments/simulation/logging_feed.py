"""The logging policy: the feed that serves the world's requests and so makes the logs that models learn from."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Annotated

import numpy as np
from numba import get_num_threads
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, I64, Array, CandidateBatch, Requests, offsets_of
from data.errors import NotFoundError
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch
from data.ids import IdIndex, rows_of
from data.rng import Stream
from data.schema import POSITIVE_ACTIONS
from data.settings import Share
from experiments.simulation import logging_records as records
from experiments.simulation.logging_kernels import serve

SOURCES: tuple[str, ...] = ("following", "popular", "fresh", "explore")
"""Where a tweet of a logged slate was drawn from."""
RING = 128
"""Impressions of a user that the feed remembers and does not repeat."""
ALIVE_US = 47 * HOUR_US
"""Older tweets are never shown; lists are renewed within the hour, so that all that is shown is younger than 48 h."""
_KEEP_US = 72 * HOUR_US
_RENEW_US = 15 * MINUTE_US


NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0.0, le=47.0, allow_inf_nan=False)]
"""No longer than tweets are alive."""


class LoggingConfig(BaseModel):
    """The logging policy's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of its draws, keyed by request and position."""
    following: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] = 0.47
    """Share of positions drawn from what those whom the user follows posted or retweeted. Shares are rescaled to 1."""
    popular: Share = 0.33
    """Share drawn from what is popular in the last hours."""
    fresh: Share = 0.195
    """Share drawn evenly from what was posted in the last hours."""
    explore: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] = 0.005
    """Share drawn evenly from everything alive: the one source of old tweets."""
    temperature: Annotated[float, Field(ge=0.02, allow_inf_nan=False)] = 0.6
    """Softmax temperature of the formula's score."""
    recency: NonNegative = 3.2
    """Weight of 1 / (1 + age / `recency_h`) in the formula's score."""
    recency_h: Hours = 1.0
    """Hours after which a tweet's recency has halved."""
    decay: NonNegative = 0.25
    """Loss of the formula's score an hour."""
    engagement: NonNegative = 0.6
    """Weight of log10(likes + 2 retweets + 1.5 replies + 1) in the formula's score."""
    retweeted: Share = 0.02
    """Factor on the weight of what those followed only retweeted: their own tweets come first."""
    heating: NonNegative = 0.65
    """Exponent of 1 + heat in the weight of what is popular."""
    current_h: Hours = 24.0
    """Hours after which a tweet is old: only `explore` shows it."""
    fresh_h: Hours = 2.0
    """Hours for which a tweet is fresh."""
    indexing_s: Annotated[float, Field(ge=0.0, le=3600.0, allow_inf_nan=False)] = 45.0
    """Seconds from a tweet's time until feeds can show it."""
    per_author: Annotated[int, Field(ge=1, le=100)] = 10
    """Newest tweets and retweets of each followed user that are considered."""
    most: Annotated[int, Field(ge=10, le=2_000)] = 300
    """Most candidates from those followed."""
    top: Annotated[int, Field(ge=10, le=2_000)] = 150
    """Tweets in the popular list of each language, renewed every quarter of an hour."""


_WEIGHT = {"like": 1.0, "reply": 1.5, "retweet": 2.0, "quote": 0.0}
"""What an action adds to a tweet's engagement, as the formula weighs it."""
_INTERACTS = np.array(POSITIVE_ACTIONS, object)
"""Actions that count as an interaction with the author."""


class LoggingFeed:
    """Formula scores, Plackett-Luce draws and even shares of all that is fresh or alive, with exact propensities.

    Each position first draws a source (those with nothing left are passed over and the shares rescaled), then a tweet
    not yet in the slate:

    - from `following`, tweets of at most `current_h` by the users followed, with probability proportional to
      exp(score / temperature), times `retweeted` for what they only retweeted. The score is
      recency / (1 + age / recency_h) - decay x age in hours + engagement x log10(likes + 2 retweets + 1.5 replies + 1)
      + 0.3 affinity, affinity = min(log1p(interactions) / log 21, 1) with the followed user who brought the tweet;
    - from `popular`, the hottest of at most `current_h` in the reader's language, with probability proportional to
      (1 + heat) ^ heating, heat being likes + 2 retweets + 1.5 replies, each weighing exp(-age / 5 h), both as of the
      last renewal of the list;
    - from `fresh` and `explore`, evenly among the tweets in the reader's language that are younger than `fresh_h`, and
      among all that are alive.

    The propensity of a tweet is the sum over sources of share times probability, given the positions above it;
    candidate lists are a function of the log and the preview alone. Ages of lists are as of the last event. Never
    shown: what is younger than `indexing_s` at the time of the request, own tweets, retweets themselves, answers to
    answers, deleted tweets, tweets of those muted, blocked or blocking, and the last 128 tweets that the user was
    shown.
    """

    @property
    def policy(self) -> str:
        """Name and version, with a digest of settings that are not the default ones."""
        settings = self.config.model_dump_json(exclude={"seed"})
        if settings == LoggingConfig().model_dump_json(exclude={"seed"}):
            return "logging-4"
        return f"logging-4-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"

    def __init__(self, config: LoggingConfig | None = None) -> None:
        """An empty feed; it learns everything that happens through `observe`."""
        self.config = config or LoggingConfig()
        self.users = IdIndex()
        self._u = np.empty(0, records.USER)
        self._shown = np.empty((0, RING), np.int32)
        self._t = np.empty(0, records.TWEET)
        self._ids = np.empty(0, np.int64)
        self._size = 0
        self._previewed = 0
        self._follows, self._hidden = np.empty(0, records.LINK), np.empty(0, records.LINK)
        self._links = {"follows": 0, "hidden": 0}
        self._languages: dict[str, int] = {}
        self._serial = 0
        self._clock = 0
        self._quarter, self._day = -1, -1
        self._alive: tuple[I64, Array] | None = None
        self._popular: tuple[I64, Array, F64] = (np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0))
        self._buffers = records.Buffers.of(1, 1, 1, 1)

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        """At most `k` tweets a request, drawn as the class says. Deterministic in (seed, request id, log and
        preview so far).

        Stops at a request's `limit` where there is one; what comes before it does not depend on it.

        Raises:
            NotFoundError: a request of a user who is unknown to the feed.
        """
        n, config = len(requests), self.config
        user = self.users.rows(requests.columns["user_id"])
        if (user < 0).any():
            raise NotFoundError(f"user {requests.columns['user_id'][user < 0][0]} is unknown to the feed")
        self._prepare()
        policy = records.Policy(
            np.array([config.following, config.popular, config.fresh, config.explore]), config.temperature,
            config.recency, config.recency_h, config.decay, config.engagement, config.retweeted,
            config.per_author, config.most, self._clock - ALIVE_US, self._clock - int(config.current_h * HOUR_US),
            self._clock - int(config.fresh_h * HOUR_US), int(config.indexing_s * 1e6),
        )  # fmt: skip
        log = records.Log(self._t, self._u, self._shown, self._follows, self._hidden)
        key = Stream(config.seed, "logging feed").key
        want = np.minimum(requests.columns.get("limit", np.full(n, k)), k).astype(np.int64)
        rows, source = np.full((n, k), -1, np.int32), np.zeros((n, k), np.int8)
        score, propensity = np.zeros((n, k), np.float32), np.zeros((n, k))
        batch = records.Batch(user, requests.columns["time_us"], requests.columns["request_id"], want)
        lists = self._lists(policy.fresh_us)
        serve(log, lists, batch, policy, self._buffers, self._serial, key, rows, source, score, propensity)
        self._serial += n
        filled = rows >= 0
        tweet = rows[filled]
        author = self._t["author"][tweet]
        columns = {
            "tweet_id": self._ids[tweet],
            "tweet_row": tweet.astype(np.int64),
            "author_id": self.users.ids[author],
            "author_row": author.astype(np.int64),
            "source": np.array(SOURCES, object)[source[filled]],
            "score": score[filled],
            "propensity": propensity[filled],
        }
        return CandidateBatch(requests, offsets_of(filled.sum(axis=1)), columns)

    def preview(self, originals: EventBatch) -> None:
        """Puts the originals of the tick that comes next among the tweets until the next `observe` or `preview`."""
        self._end_preview()
        if len(originals):
            self._add_tweets(originals)
            self._previewed, self._alive = len(originals), None

    def _end_preview(self) -> None:
        if self._previewed:
            records.unchain(self._u, self._t, self._size - self._previewed, self._size)
            self._size -= self._previewed
            self._previewed, self._alive = 0, None

    def observe(self, events: EventBatch) -> None:
        """Learns from users, links, tweets, deletions, impressions and engagements; ignores other tables."""
        if not len(events):
            return
        self._end_preview()
        c = events.columns
        if events.table == "users":
            rows = self._user_rows(c["user_id"])
            self._u["language"][rows] = self._language_rows(c["language"])
            self._rank_popular()
            return
        self._clock, self._alive = max(self._clock, int(events.time_us[-1])), None
        quarter = int(events.time_us[-1]) // _RENEW_US
        if quarter > self._quarter:
            self._quarter = quarter
            self._rank_popular()
        if events.table == "follows":
            self._link("follows", c["follower_id"], c["followee_id"], c["ended"])
        elif events.table == "mutes":
            self._link("hidden", c["user_id"], c["muted_id"], c["ended"])
        elif events.table == "blocks":
            self._link("hidden", c["user_id"], c["blocked_id"], c["ended"])
            self._link("hidden", c["blocked_id"], c["user_id"], c["ended"])
        elif events.table == "tweets":
            self._forget(int(events.time_us[0]))
            self._add_tweets(events)
        elif events.table == "deletions":
            self._t["deleted"][_known(self._tweet_rows(c["tweet_id"]))] = 1
        elif events.table == "impressions":
            tweet = self._tweet_rows(c["tweet_id"])
            records.remember(self._u, self._shown, self._user_rows(c["user_id"])[tweet >= 0], tweet[tweet >= 0])
        elif events.table == "engagements":
            self._learn_engagements(events)

    def _prepare(self) -> None:
        """Makes the buffers as large as needed, and lists what is alive by language."""
        threads, room = int(get_num_threads()), self.config.most + self.config.top + 1
        stamp, banned = self._buffers.stamp, self._buffers.banned
        if stamp.shape[0] < threads or stamp.shape[1] < len(self._t) or banned.shape[1] < len(self._u):
            self._buffers = records.Buffers.of(threads, len(self._t), len(self._u), room)
        if self._alive is None:
            self._alive = self._living(ALIVE_US)

    def _lists(self, fresh_us: int) -> records.Lists:
        """Tweets that may be drawn, those posted after `fresh_us` as fresh ones."""
        offsets, rows = self._alive or (np.zeros(1, np.int64), np.empty(0, np.int32))
        first = int(np.searchsorted(self._t["time_us"][: self._size], fresh_us, side="right"))
        fresh = [low + int(np.searchsorted(rows[low:high], first)) for low, high in pairwise(offsets.tolist())]
        return records.Lists(offsets, rows, np.array(fresh, np.int64), *self._popular)

    def _living(self, span_us: int) -> tuple[I64, Array]:
        """Rows that may be shown, posted within `span_us` of the last event, by language: offsets and rows."""
        first = int(np.searchsorted(self._t["time_us"][: self._size], self._clock - span_us, side="right"))
        offsets, rows = records.alive_by_language(self._t, first, self._size, max(len(self._languages), 1))
        return offsets, rows

    def _rank_popular(self) -> None:
        """Lists what is popular by language, from the log alone: who was served does not matter."""
        lists, heats = list[Array](), list[F64]()
        offsets, rows = self._living(int(self.config.current_h * HOUR_US))
        for low, high in pairwise(offsets.tolist()):
            heat = records.heat_now(self._t, rows[low:high], self._clock)
            top = np.lexsort((-rows[low:high], -heat)) if high - low <= self.config.top else _top(heat, self.config.top)
            lists.append(rows[low:high][top])
            heats.append(heat[top])
        weight = (1.0 + np.concatenate(heats)) ** self.config.heating
        self._popular = offsets_of([len(one) for one in lists]), np.concatenate(lists), weight

    def _tweet_rows(self, ids: I64) -> I64:
        return rows_of(self._ids[: self._size], ids)

    def _user_rows(self, ids: I64) -> I64:
        rows = self.users.add(ids)
        old = len(self._u)
        if len(self.users) > old:
            self._u, self._shown = records.grown(self._u, len(self.users)), records.grown(self._shown, len(self.users))
            self._shown[old:] = -1
            for name in ("newest", "edge", "hide"):
                self._u[name][old:] = -1
        return rows

    def _language_rows(self, languages: Array) -> Array:
        known, before = self._languages, len(self._languages)
        rows = np.array([known.setdefault(one, len(known)) for one in languages.tolist()], np.int32)
        if len(known) > before:
            offsets, popular, weight = self._popular
            self._popular = np.pad(offsets, (0, len(known) + 1 - len(offsets)), mode="edge"), popular, weight
            self._alive = None
        return rows

    def _link(self, kind: str, users: I64, others: I64, ended: Array) -> None:
        a, b = self._user_rows(users), self._user_rows(others)
        # Links of one user are next to each other in memory; their order in time is kept.
        order = np.argsort(a, kind="stable")
        links = self._follows if kind == "follows" else self._hidden
        if self._links[kind] + len(a) > len(links):
            links = records.grown(links, self._links[kind] + len(a))
        size = records.add_links(
            links, self._u, kind == "hidden", self._links[kind], a[order], b[order], np.asarray(ended, bool)[order]
        )
        self._links[kind] = int(size)
        if kind == "follows":
            self._follows = links
        else:
            self._hidden = links

    def _add_tweets(self, events: EventBatch) -> None:
        c, time, kind = events.columns, events.time_us, events.columns["kind"]
        author = self._user_rows(c["author_id"])
        start, end = self._size, self._size + len(events)
        if end > len(self._t):
            self._t, self._ids = records.grown(self._t, end), records.grown(self._ids, end)
        row = np.arange(start, end, dtype=np.int64)
        self._ids[start:end] = c["tweet_id"]
        self._size = end
        parent = self._tweet_rows(c["referenced_id"])
        fresh = self._t[start:end]
        fresh[:] = np.zeros((), records.TWEET)
        fresh["time_us"], fresh["author"], fresh["language"] = time, author, self._language_rows(c["language"])
        fresh["reply"] = kind == "reply"
        deep = (kind == "reply") & (parent >= 0) & (self._t["reply"][parent] == 1)
        fresh["target"] = np.where(kind == "retweet", parent, np.where(deep, -1, row))
        records.chain(self._u, self._t, author, row)

    def _forget(self, now: int) -> None:
        """Once a day, drops tweets that no user will be shown again, so that memory does not grow with the log."""
        if now // DAY_US == self._day:
            return
        self._day = now // DAY_US
        gone = int(np.searchsorted(self._t["time_us"][: self._size], now - _KEEP_US))
        records.forget(self._t, self._size, self._u, self._shown, gone)
        left = self._size - gone
        self._ids[:left] = self._ids[gone : self._size].copy()
        self._size, self._alive = left, None
        self._rank_popular()

    def _learn_engagements(self, events: EventBatch) -> None:
        c = events.columns
        counts = np.isin(c["action"], _INTERACTS)
        c = {name: column[counts] for name, column in c.items()}
        weight = np.array([_WEIGHT.get(action, 0.0) for action in c["action"]])
        tweet, author = self._tweet_rows(c["tweet_id"]), self.users.rows(c["author_id"])
        user = self._user_rows(c["user_id"])
        records.engage(self._t, self._u, self._follows, user, author, tweet, weight, c["time_us"])


def _top(heat: Array, count: int) -> I64:
    """The hottest, hottest first; of equally hot ones the newer."""
    least = np.partition(heat, len(heat) - count)[len(heat) - count]
    among = np.flatnonzero(heat >= least)
    return among[np.lexsort((-among, -heat[among]))[:count]]


def _known(rows: I64) -> I64:
    return rows[rows >= 0]
