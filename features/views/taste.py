"""What a user likes to read, from the texts of what was engaged: mean embedding, topics, and how a tweet fits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, I64, Array, CandidateBatch
from data.events import EventBatch
from data.kernel import kernel, sum_kernel
from features.bases.derived import Derived
from features.bases.totals import shares
from features.bases.windows import gathered
from features.point_in_time.histories import Past, past
from features.shared import Shared
from features.state.columns import Columns
from features.view import Feature, OnlineView, Stateless

RECENT = 50
"""How many of the newest engagements make a taste."""

TOP = 3
"""How many of a user's topics are named."""

INTEREST_SHARE = 0.05
"""A topic is an interest of a user from this share of the past engagements on."""

NO_DIRECTION = 1e-9
"""A taste whose squared length is below this has no direction: opposite tweets, or rounding of zeros."""


@dataclass(frozen=True)
class Embedding:
    """The tweet's vector."""

    name: str = "tweet.embedding"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("tweets", "understanding")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("tweet.embedding", "unit vector of the text", unit="vector", width=0),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The vector of the tweet, zeros unless it was posted before t."""
        own = rows.select("row", "tweet_id", "posted_us").collect()
        ids, vectors = text_vectors(log)
        place = np.where(own["posted_us"].is_not_null().to_numpy(), places(ids, own["tweet_id"].to_numpy()), -1)
        return pl.LazyFrame([own["row"], pl.Series(self.name, gathered(vectors, place))])

    def online(self, state: Shared) -> OnlineView:
        """Reads the texts."""
        return _Embedding(state)


class _Embedding(Stateless):
    def __init__(self, state: Shared) -> None:
        self._texts = state.texts

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"tweet.embedding": gathered(self._texts.embedding, batch.columns["tweet_row"])}


@dataclass(frozen=True)
class Taste:
    """Mean vector of the last `RECENT` tweets engaged; zeros without one. A tweet engaged twice counts twice."""

    name: str = "user.taste"
    entity: str = "request"
    tables: tuple[str, ...] = ("engagements", "understanding")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("user.taste", f"mean vector of the last {RECENT} tweets engaged", unit="vector", width=0),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """A window of the last engagements, slid along each user's."""
        ids, vectors = text_vectors(log)
        own = past(log, rows, "tweet_id")
        out = np.zeros((len(own.row), vectors.shape[1]), np.float32)
        none = np.zeros(0, np.int64)
        _slide(*_ordered(own, ids), vectors, none, np.zeros(0, np.float32), out)
        return pl.LazyFrame({"row": own.row, self.name: out})

    def online(self, state: Shared) -> OnlineView:
        """Averages the vectors of the history."""
        return _Taste(state)


class _Taste(Stateless):
    def __init__(self, state: Shared) -> None:
        self._state = state

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        return {"user.taste": taste(self._state, batch.requests.columns["user_row"])}


@dataclass(frozen=True)
class Similarity:
    """Cosine of the tweet's vector and the user's taste, at least 0: "content relevance"."""

    name: str = "pair.similarity"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("tweets", "engagements", "understanding")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        Feature("pair.similarity", "cosine of tweet and taste, at least 0", unit="cosine"),
    )

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """The taste before t against the tweet, without keeping either."""
        ids, vectors = text_vectors(log)
        own = past(log, rows, "tweet_id")
        tweets = rows.select("row", "tweet_id", "posted_us").collect()
        place = np.where(tweets["posted_us"].is_not_null().to_numpy(), places(ids, tweets["tweet_id"].to_numpy()), -1)
        at = np.argsort(tweets["row"].to_numpy(), kind="stable")
        target = place[at[np.searchsorted(tweets["row"].to_numpy()[at], own.row)]]
        out = np.zeros(len(own.row), np.float32)
        _slide(*_ordered(own, ids), vectors, target, out, np.zeros((0, vectors.shape[1]), np.float32))
        return pl.LazyFrame({"row": own.row, self.name: out})

    def online(self, state: Shared) -> OnlineView:
        """Dots each candidate's vector with the request's taste, in place."""
        return _Similarity(state)


class _Similarity(Stateless):
    def __init__(self, state: Shared) -> None:
        self._state = state

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        out = np.zeros(len(batch), np.float32)
        if self._state.texts.dim:
            mean = taste(self._state, batch.requests.columns["user_row"])
            _cosine(batch.offsets, batch.columns["tweet_row"], self._state.texts.embedding, mean, out)
        return {"pair.similarity": out}


@dataclass(frozen=True)
class Interests:
    """Share of the user's past engagements by the engaged tweet's first topic; tweets without a topic do not count."""

    name: str = "user.interests"
    entity: str = "request"
    tables: tuple[str, ...] = ("engagements", "understanding")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (Feature("user.interests", "share of engagements a topic", unit="share", width=0),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        """Counts along each user's engagements, less those along what they took back."""
        table = log["understanding"].select("tweet_id", "topics").collect().sort("tweet_id")
        topics = int(log["topic_count"].collect().item())
        done, undone = (past(log, rows, "tweet_id", table=one) for one in ("engagements", "undos"))
        counts = [np.zeros((len(done.row), topics), np.float32) for _ in range(2)]
        for own, out in zip((done, undone), counts, strict=True):
            _tally(*_ordered(own, table["tweet_id"].to_numpy()), table["topics"].to_numpy(), out)
        return pl.LazyFrame({"row": done.row, self.name: shares(counts[0] - counts[1])})

    def online(self, state: Shared) -> OnlineView:
        """A count a user and topic."""
        return _Interests(state)


class _Interests:
    def __init__(self, state: Shared) -> None:
        self._state, self._topics = state, state.texts.topic_count
        self.listens: tuple[str, ...] = ("engagements", "undos")
        self._rows = Columns({"count": (np.int32, 0, self._topics)} if self._topics else {})

    def update(self, events: EventBatch) -> None:
        self._rows.resize(len(self._state.network.users))
        if not self._topics:
            return
        _learn(
            events.columns["user_row"], events.columns["tweet_row"], -1 if events.table == "undos" else 1,
            self._state.texts.column.topics, self._rows.count,
        )  # fmt: skip

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        users = batch.requests.columns["user_row"]
        if not self._topics:
            return {"user.interests": np.zeros((len(users), 0), np.float32)}
        return {"user.interests": shares(gathered(self._rows.count, users))}

    def arrays(self) -> Mapping[str, Array]:
        return self._rows.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._rows.restore(arrays)


def taste(state: Shared, users: I64) -> F32:
    """[B, D] mean vector of each user's last `RECENT` engagements."""
    out = np.zeros((len(users), state.texts.dim), np.float32)
    if state.texts.dim:
        _mean(state.history.tweets(users, RECENT), state.texts.embedding, out)
    return out


def text_vectors(log: Mapping[str, pl.LazyFrame]) -> tuple[I64, F32]:
    """Tweet ids ascending and their vectors [T, D]."""
    table = log["understanding"].select("tweet_id", "embedding").collect()
    if not table["tweet_id"].is_sorted():
        table = table.sort("tweet_id")
    return table["tweet_id"].to_numpy(), table["embedding"].to_numpy()


def places(ids: I64, wanted: I64) -> I64:
    """Place of each id among ascending `ids`, -1 where it is not among them."""
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)


def _ordered(own: Past, ids: I64) -> tuple[I64, I64, I64, I64]:
    """Rows ordered along each user's engagements, their bounds, and the text of each engagement."""
    return np.lexsort((own.end, own.begin)), own.begin, own.end, places(ids, own.column("tweet_id"))


@sum_kernel
def _add(total: Any, place: Any, sign: Any, vectors: Any) -> Any:
    if place >= 0:
        vector = vectors[place]
        for d in range(len(total)):
            total[d] += sign * vector[d]


@sum_kernel
def _direction(total: Any, count: Any, vector: Any) -> Any:
    dot, norm = 0.0, 0.0
    for d in range(len(total)):
        dot += total[d] * vector[d]
        norm += total[d] * total[d]
    return max(dot / np.sqrt(norm), 0.0) if norm > NO_DIRECTION * count**2 else 0.0


@kernel
def _slide(order: Any, begin: Any, end: Any, place: Any, vectors: Any, target: Any, cosine: Any, out: Any) -> Any:
    """Means of the last RECENT engagements' vectors into `out`, or their cosines with `target` into `cosine`."""
    total = np.zeros(vectors.shape[1], np.float64)
    low, high = 0, 0
    for o in order:
        first = max(begin[o], end[o] - RECENT)
        if first >= high or first < low:
            total[:] = 0
            low, high = first, first
        for entering in range(high, end[o]):
            _add(total, place[entering], 1.0, vectors)
        for leaving in range(low, first):
            _add(total, place[leaving], -1.0, vectors)
        low, high = first, max(high, end[o])
        if high > low and len(out):
            out[o] = (total / (high - low)).astype(np.float32)
        elif high > low and target[o] >= 0:
            cosine[o] = _direction(total, high - low, vectors[target[o]])


@kernel
def _tally(order: Any, begin: Any, end: Any, place: Any, topics: Any, out: Any) -> Any:
    counts = np.zeros(out.shape[1], np.int64)
    low, high = -1, 0
    for o in order:
        if begin[o] != low:
            counts[:] = 0
            low, high = begin[o], begin[o]
        while high < end[o]:
            if place[high] >= 0 and topics[place[high], 0] >= 0:
                counts[topics[place[high], 0]] += 1
            high += 1
        for t in range(len(counts)):
            out[o, t] = counts[t]


@kernel
def _learn(users: Any, tweets: Any, change: Any, topics: Any, count: Any) -> Any:
    for i in range(len(users)):
        if users[i] >= 0 and topics[tweets[i], 0] >= 0:
            count[users[i], topics[tweets[i], 0]] += change


@kernel
def _mean(history: Any, vectors: Any, out: Any) -> Any:
    dim = vectors.shape[1]
    total = np.zeros(dim, np.float64)
    for b in range(len(history)):
        total[:] = 0
        n = 0
        for tweet in history[b]:
            if tweet < 0:
                break
            n += 1
            for d in range(dim):
                total[d] += vectors[tweet, d]
        if n:
            for d in range(dim):
                out[b, d] = total[d] / n


@sum_kernel
def _cosine(offsets: Any, tweets: Any, vectors: Any, mean: Any, out: Any) -> Any:
    dim = vectors.shape[1]
    unit = np.zeros(dim, np.float32)
    for b in range(len(offsets) - 1):
        norm = 0.0
        for d in range(dim):
            norm += np.float64(mean[b, d]) * np.float64(mean[b, d])
        if norm <= NO_DIRECTION:
            continue
        for d in range(dim):
            unit[d] = mean[b, d] / np.sqrt(norm)
        for i in range(offsets[b], offsets[b + 1]):
            if 0 <= tweets[i] < len(vectors):
                vector = vectors[tweets[i]]
                dot = np.float32(0)
                for d in range(dim):
                    dot += vector[d] * unit[d]
                out[i] = max(dot, np.float32(0))


@kernel
def _share(request: Any, interests: Any, topics: Any, least: Any, out: Any) -> Any:
    for i in range(len(topics)):
        own, met = 0, 0
        for k in range(topics.shape[1]):
            topic = topics[i, k]
            if topic >= 0:
                own += 1
                if topic < interests.shape[1] and interests[request[i], topic] >= least:
                    met += 1
        if own:
            out[i] = met / own


def _topic_share(batch: CandidateBatch) -> F32:
    """Of the tweet's topics, the share in which the user has an interest; 0 for a tweet without topics."""
    name = "user.interests"
    stored = name in batch.columns
    interests = batch.columns[name] if stored else batch.requests.columns[name]
    request = np.arange(len(batch), dtype=np.int64) if stored else batch.request
    out = np.zeros(len(batch), np.float32)
    _share(request, interests, batch.column("tweet.topics"), np.float32(INTEREST_SHARE), out)
    return out


def _top_topics(batch: CandidateBatch) -> Array:
    """[B, TOP] topics of the greatest shares, best first, ties to the lower code; -1 where nothing is left."""
    interests = batch.requests.columns["user.interests"]
    out = np.full((len(interests), TOP), -1, np.int16)
    if interests.size:
        best = np.argsort(-interests, axis=1, kind="stable")[:, :TOP]
        some = np.take_along_axis(interests, best, axis=1) > 0
        out[:, : best.shape[1]][some] = best[some]
    return out


EMBEDDING = Embedding()
TASTE = Taste()
SIMILARITY = Similarity()
INTERESTS = Interests()
TOPIC_SHARE = Derived(
    Feature("pair.topic_share", "share of the tweet's topics among the user's interests", unit="share"),
    ("user.interests", "tweet.topics"),
    _topic_share,
)
TOP_TOPICS = Derived(
    Feature(
        "user.top_topics", "topics of most engagements, best first, -1 for none", unit="topic", default=-1, width=TOP,
        dtype="int16",
    ),
    ("user.interests",),
    _top_topics,
    entity="request",
)  # fmt: skip
