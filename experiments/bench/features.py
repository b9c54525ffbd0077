"""Features beside their peers: pair features over a long log, one user's candidates live, and live updates."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from data.batch import Array, CandidateBatch, Ragged
from data.errors import ModelError
from data.events import EventBatch
from data.home_folder import home_folder
from data.synthetic.config import WorldConfig
from data.synthetic.world import World
from experiments.bench.harness import Case
from experiments.bench.pair_log import PairLog, pair_log, understanding
from experiments.simulation.logging_feed import LoggingFeed
from features.catalogue import CATALOGUE, view
from features.offline import features_of_log
from features.online import FeatureState
from features.text.encoder import resolve_encoder
from features.text.understanding import Understanding

PAIRS = (
    "pair.history", "pair.impressions", "pair.engagement_rate", "pair.topic_history", "pair.topic_impressions",
    "pair.topic_engagement_rate", "pair.follows", "pair.social_proof", "pair.similarity",
)  # fmt: skip
_NAMES = tuple(feature.name for name in PAIRS for feature in view(name).features)
_TWEET = ("tweet.age_h", "tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.media_count")
_AUTHOR = ("author.followers", "author.following", "author.verified", "author.account_age_d")
_JOINED = (*_TWEET, *_AUTHOR, "pair.interactions")
_WARM_ROWS = 1_000


class FeaturesBench:
    """The full pair features of a log's rows; then a live state after two days of a world."""

    peer = (
        "over the log, the same features in pandas (groupby, cumsum, merge_asof), checked equal to ours; live, three "
        "Polars left joins to tables computed for exactly this time, of eleven features where ours gives all; for "
        "updates, Python dictionaries that keep one count a pair, where ours keeps every feature"
    )

    def __init__(self, *, events: int = 20_000_000, rows: int = 2_000_000) -> None:
        """Sizes of the log."""
        self._events, self._rows = events, rows

    def cases(self) -> Iterator[Case]:
        """The log, a live request, an evaluation's request, and updates."""
        with tempfile.TemporaryDirectory(prefix="rookery-bench-") as room:
            yield from self._over_a_log(Path(room))
        yield from _live()

    def _over_a_log(self, folder: Path) -> Iterator[Case]:
        log = pair_log(folder, events=self._events, rows=self._rows)
        read, found = understanding(), list[CandidateBatch]()
        # Compiled before it is timed.
        features_of_log(log.tables, log.rows.head(_WARM_ROWS), _NAMES, read)

        def ours() -> CandidateBatch:
            found.append(features_of_log(log.tables, log.rows, _NAMES, read))
            return found[0]

        name = f"{len(_NAMES)} pair features, {self._events:,} events, {self._rows:,} rows"
        yield Case(name, ours, lambda: _pandas(log, found[0]), self._rows, "rows", once=True)


def _pandas(log: PairLog, ours: CandidateBatch) -> None:
    """The peer, whose answer must be ours.

    Raises:
        ModelError: a feature differs.
    """
    from experiments.bench.pandas_pairs import pair_features

    for name, values in pair_features(log.tables, log.rows, understanding()).items():
        if not np.allclose(ours.column(name), values, rtol=1e-5, atol=1e-5):
            raise ModelError(f"feature {name!r} differs from pandas", remedy="find out which of the two is wrong")


def _live() -> Iterator[Case]:
    state, last, end_us = _state()
    alive = state.network.alive(end_us)
    rng = np.random.default_rng(1)
    user = state.network.users.ids[:1]
    every = tuple(feature.name for name in CATALOGUE for feature in view(name).features)
    cases = (("every feature", every, 500), ("pair features", _NAMES, 500), ("eleven features", _JOINED, 10_000))
    for title, names, size in cases:
        rows = rng.choice(alive, min(size, len(alive)), replace=False)
        batch = _batch(state, rows, user, end_us)
        joins = _Joins(state, _batch(state, alive, user, end_us))
        queries = pl.DataFrame({"tweet_id": batch.columns["tweet_id"], "author_id": batch.columns["author_id"]})
        yield Case(
            f"live: {title} of {len(rows):,} candidates of one user",
            lambda b=batch, n=names: state.lookup(b, n),  # type: ignore[misc]
            lambda j=joins, a=queries: j(a),  # type: ignore[misc]
            len(rows),
            "candidates",
        )
    counted = _Dictionaries()
    for size in (1, 100, 10_000):
        some = [one.where(slice(at, at + size)) for one in last for at in range(0, len(one), size)][:200]
        yield Case(
            f"live: {size:,} impressions or engagements a batch, every feature updated",
            lambda s=some: _updated(state, s),  # type: ignore[misc]
            lambda s=some, d=counted: _updated(d, s),  # type: ignore[misc]
            sum(map(len, some)),
            "events",
        )


def _updated(state: FeatureState | _Dictionaries, batches: list[EventBatch]) -> None:
    for one in batches:
        state.update(one)


class _Dictionaries:
    """How often each user met each author, in a dictionary."""

    def __init__(self) -> None:
        self._count: defaultdict[tuple[int, int], int] = defaultdict(int)

    def update(self, events: EventBatch) -> None:
        """Counts the batch's pairs."""
        users, authors = events.columns["user_id"].tolist(), events.columns["author_id"].tolist()
        for pair in zip(users, authors, strict=True):
            self._count[pair] += 1


class _Joins:
    """Latest values by key, as a feature store keeps them."""

    def __init__(self, state: FeatureState, everything: CandidateBatch) -> None:
        full = state.lookup(everything, _JOINED)
        self._tables = []
        for key, names in (("tweet_id", _TWEET), ("author_id", _AUTHOR), ("author_id", ("pair.interactions",))):
            columns = {key: full.column(key)} | {name: full.column(name) for name in names}
            self._tables.append((key, pl.DataFrame(columns).unique(key)))

    def __call__(self, queries: pl.DataFrame) -> list[Array]:
        """[N] arrays, a feature each."""
        out = queries
        for key, table in self._tables:
            out = out.join(table, on=key, how="left", maintain_order="left")
        return [out[name].to_numpy() for name in _JOINED]


def _state() -> tuple[FeatureState, list[EventBatch], int]:
    """A state after two days, and the last day's impressions and engagements as they came."""
    world = World.create(WorldConfig(people=1_000, days=2))
    state, last = FeatureState(Understanding(resolve_encoder(cache=home_folder() / "cache"))), list[EventBatch]()
    end_us = world.config.end_us
    for events in world.run(world.start(), LoggingFeed(), end_us):
        state.update(events)
        if events.table in ("impressions", "engagements") and len(events):
            last.append(events)
    return state, last[-200:], end_us


def _batch(state: FeatureState, rows: Array, user: Array, time_us: int) -> CandidateBatch:
    return state.base(state.requests(user, time_us), Ragged(np.array([0, len(rows)], np.int64), rows))
