"""Which communities a user reads, an author's followers read, and those who engaged a tweet recently read.

All are sparse vectors over communities after SimClusters (`features.graph.simclusters`), found anew each midnight
in UTC. A community is called by the id of the account that leads it, so that vectors of users, authors and tweets
compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, I32, I64, Array, CandidateBatch
from data.events import NEVER_US, EventBatch
from data.ids import rows_of
from data.kernel import kernel
from features.bases.derived import Derived
from features.bases.snapshots import SnapshotView, distinct
from features.graph.follow_edges import Edges
from features.graph.follow_snapshots import BACK, Snapshot, Table
from features.graph.simclusters import WIDTH, SimClusters, Vectors, audiences, interests, known_for
from features.graph.tweet_communities import Engagements, Queries, TweetVectors, blank
from features.log import Log
from features.point_in_time.pairs import stream
from features.shared import Shared
from features.state.append_buffer import AppendBuffer
from features.view import Feature, OnlineView

_NO_QUERIES = Queries(np.zeros(0, np.int64), np.zeros(0, np.int64), blank(0))
_NO_ENGAGEMENTS = Engagements(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))
_NO_SLOTS, _NO_INTERESTS = np.zeros((0, WIDTH), np.int32), blank(0)


def communities(recipe: SimClusters) -> Snapshot:
    """The tables of a recipe: `interests`, `audience` and `known_for`, each with its weights."""

    def columns(edges: Edges) -> Mapping[str, Array]:
        known = known_for(edges, recipe)
        read = interests(edges, known)
        heard = audiences(edges, read)
        return {
            "interests": read.communities, "interest_weights": read.weights,
            "audience": heard.communities, "audience_weights": heard.weights,
            "known_for": known.community[:, None], "known_for_weight": known.weight.astype(np.float32),
        }  # fmt: skip

    return Snapshot(columns)


def _ids(name: str, doc: str, width: int = WIDTH) -> Feature:
    return Feature(name, f"{doc}, -1 for none", unit="id", default=-1, width=width, dtype="int64")


def _weights(name: str) -> Feature:
    return Feature(name, "their weights, a vector of unit length", unit="vector", width=WIDTH)


@dataclass(frozen=True)
class TweetCommunities:
    """Communities of those who engaged a tweet (`features.graph.tweet_communities`), with a half-life of 8 hours."""

    snapshot: Snapshot
    name: str = "tweet.communities"
    entity: str = "candidate"
    tables: tuple[str, ...] = ("engagements", "follows")
    reads: tuple[str, ...] = ()
    features: tuple[Feature, ...] = (
        _ids("tweet.communities", "communities of those who engaged it, fading with a half-life of 8 h"),
        _weights("tweet.community_weights"),
    )

    def days(self, boundary_us: int) -> list[int]:
        """Boundaries of the days whose engagements count at times after this one."""
        return [boundary_us - back * self.snapshot.period_us for back in range(BACK, -1, -1)]

    def columns(self, vectors: Vectors) -> dict[str, Array]:
        """The features."""
        return {"tweet.communities": vectors.communities, "tweet.community_weights": vectors.weights}

    def offline(self, log: Log, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The vectors of each day with rows, from the engagements of three days."""
        own = rows.select("row", "tweet_id", "time_us").sort("time_us").collect()
        tweets, tweet = np.unique(own["tweet_id"].to_numpy(), return_inverse=True)
        time_us, out = own["time_us"].to_numpy(), blank(len(own))
        parts = self.snapshot.parts(time_us)
        spans = {day: (self.days(day)[0], int(time_us[part][-1])) for day, part in parts.items()}
        days = sorted({day for boundary in parts for day in self.days(boundary)})
        tables = log.snapshots.of_log(self.snapshot, log["follows"], days)
        held: dict[int, Table] = {}
        for (boundary, part), recent in zip(parts.items(), _recent(log, tweets, list(spans.values())), strict=True):
            vectors, until = TweetVectors(len(tweets), boundary), spans[boundary][1]
            held = {day: held[day] if day in held else next(tables) for day in self.days(boundary)}
            queries = Queries(tweet[part], time_us[part], Vectors(out.communities[part], out.weights[part]))
            for day, table in held.items():
                here = recent.between("time_us", day, min(day + self.snapshot.period_us, until))
                place, read = rows_of(table.ids, here["user"]).astype(np.int32), _interests(table)
                events = Engagements(here["tweet"], place, here["time_us"])
                vectors.take(events, vectors.slots(read), read, queries if day == boundary else _NO_QUERIES)
        return pl.LazyFrame([own["row"], *(pl.Series(name, one) for name, one in self.columns(out).items())])

    def online(self, state: Shared) -> OnlineView:
        """Engagements of three days, and the tweets' vectors, which look-ups make of them."""
        return _TweetCommunities(self, state)


class _TweetCommunities:
    """Keeps engagements alone; look-ups make vectors of them anew each day, and update them with what came since."""

    listens = ("engagements",)

    def __init__(self, view: TweetCommunities, state: Shared) -> None:
        self._view, self._network = view, state.network
        self._graph = state.follow_graph
        self._graph.read(view.snapshot)
        self._recent = AppendBuffer(tweet=np.int32, user=np.int32, time_us=np.int64)
        self._day, self._taken = -NEVER_US, 0
        self._begin(-NEVER_US)

    def update(self, events: EventBatch) -> None:
        c = events.columns
        self._recent.append(c["tweet_row"], c["user_row"], events.time_us)
        day = int(self._view.snapshot.boundary(events.time_us[-1:])[0])
        if day > self._day:
            self._day = day
            old = self._recent.before("time_us", self._view.days(day)[0])
            self._recent.drop(old)
            # Vectors of the new day, made before its first engagement came, have left the old ones out already.
            self._taken = max(self._taken - old, 0)

    def lookup(self, batch: CandidateBatch) -> Mapping[str, Array]:
        # A request that is a little older than the last event sees that event's day.
        boundary = np.maximum(self._view.snapshot.boundary(batch.requests.columns["time_us"]), self._day)
        days, tweets, out = distinct(boundary), batch.columns["tweet_row"], blank(len(batch))
        if len(days) == 1:
            self._fill(days[0], tweets, out)
            return self._view.columns(out)
        for day in days:
            here = np.flatnonzero((boundary == day)[batch.request])
            part = blank(len(here))
            self._fill(day, tweets[here], part)
            out.communities[here], out.weights[here] = part.communities, part.weights
        return self._view.columns(out)

    def arrays(self) -> Mapping[str, Array]:
        return self._recent.arrays()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        self._recent.restore(arrays)
        if len(self._recent):
            self._day = int(self._view.snapshot.boundary(self._recent["time_us"][-1:])[0])
        self._begin(-NEVER_US)

    def _begin(self, boundary: int) -> None:
        """Vectors of a day without engagements yet."""
        self._vectors, self._taken = TweetVectors(0, boundary), 0
        self._slots: dict[int, I32] = {}

    def _fill(self, boundary: int, tweets: I64, out: Vectors) -> None:
        """Brings the vectors of a day to the last event and reads them."""
        if self._vectors.midnight_us != boundary:
            self._begin(boundary)
        self._vectors.resize(len(self._network.tweets))
        if self._taken < len(self._recent):
            for day in self._view.days(boundary):
                self._take(day, self._recent.between(
                    "time_us", day, day + self._view.snapshot.period_us, since=self._taken
                ))  # fmt: skip
            self._taken = len(self._recent)
        self._vectors.take(
            _NO_ENGAGEMENTS, _NO_SLOTS, _NO_INTERESTS, Queries(tweets, np.full(len(tweets), NEVER_US), out)
        )

    def _take(self, day: int, here: Mapping[str, Array]) -> None:
        """Engagements of one day into the vectors."""
        if not len(here["time_us"]):
            return
        placed = self._graph.table(self._view.snapshot, day)
        read = _interests(placed.table)
        if day not in self._slots:
            self._slots[day] = self._vectors.slots(read)
        self._vectors.take(
            Engagements(here["tweet"], placed.place(here["user"]), here["time_us"]), self._slots[day], read, _NO_QUERIES
        )


def _interests(table: Table) -> Vectors:
    return Vectors(table.columns["interests"], table.columns["interest_weights"])


def _recent(log: Mapping[str, pl.LazyFrame], tweets: I64, spans: Sequence[tuple[int, int]]) -> Iterator[AppendBuffer]:
    """The engagements of some tweets, as places in `tweets`, from the beginning of each span to at least its end."""
    tail, newest = AppendBuffer(tweet=np.int32, user=np.int64, time_us=np.int64), -NEVER_US
    chunks = stream(log["engagements"], ["tweet_id", "user_id", "time_us"])
    for begin, end in spans:
        while newest < end and (chunk := next(chunks, None)) is not None:
            if len(chunk[0]):
                place, newest = rows_of(tweets, chunk[0]), int(chunk[2][-1])
                tail.append(*(column[place >= 0] for column in (place, *chunk[1:])))
        tail.drop(tail.before("time_us", begin))
        yield tail


@kernel
def _dot(request: Any, own: Any, weight: Any, others: Any, other_weight: Any, out: Any) -> Any:
    """Dot product of each candidate's sparse vector with its request's."""
    for i in range(len(others)):
        user = request[i]
        for c in range(others.shape[1]):
            if others[i, c] < 0:
                break
            for k in range(own.shape[1]):
                if own[user, k] == others[i, c]:
                    out[i] += weight[user, k] * other_weight[i, c]
                    break


def _similarity(vector: str, weights: str) -> Callable[[CandidateBatch], F32]:
    """Cosine of the user's interests and a vector of the candidate."""

    def cosine(batch: CandidateBatch) -> F32:
        own, ours = "user.communities", "user.community_weights"
        stored = own in batch.columns
        user = batch.columns if stored else batch.requests.columns
        request = np.arange(len(batch), dtype=np.int64) if stored else batch.request
        out = np.zeros(len(batch), np.float32)
        _dot(request, user[own], user[ours], batch.column(vector), batch.column(weights), out)
        return out

    return cosine


COMMUNITIES = communities(SimClusters())
USER = SnapshotView("user.communities", COMMUNITIES, "user", {
    "interests": _ids("user.communities", "communities that the user's followed are known for"),
    "interest_weights": _weights("user.community_weights"),
})  # fmt: skip
AUTHOR = SnapshotView("author.communities", COMMUNITIES, "author", {
    "audience": _ids("author.communities", "communities that the author's followers read"),
    "audience_weights": _weights("author.community_weights"),
    "known_for": _ids("author.known_for", "the community that the author is known for, a list of one", 1),
    "known_for_weight": Feature(
        "author.known_for_weight", "share of the author's similarity to others that lies inside it", unit="share"
    ),
})  # fmt: skip
TWEET = TweetCommunities(COMMUNITIES)
TWEET_SIMILARITY = Derived(
    Feature("pair.community_similarity", "cosine of the user's communities and the tweet's", unit="cosine"),
    ("user.communities", "user.community_weights", "tweet.communities", "tweet.community_weights"),
    _similarity("tweet.communities", "tweet.community_weights"),
)
AUDIENCE_SIMILARITY = Derived(
    Feature("pair.audience_similarity", "cosine of the user's communities and the author's audience's", unit="cosine"),
    ("user.communities", "user.community_weights", "author.communities", "author.community_weights"),
    _similarity("author.communities", "author.community_weights"),
)
