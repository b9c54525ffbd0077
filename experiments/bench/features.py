"""Online feature look-up beside joins of ready-made tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from data.batch import CandidateBatch, Ragged
from data.synthetic.config import WorldConfig
from data.synthetic.world import World
from experiments.bench.harness import Case
from experiments.feeds import LoggingFeed
from features.online import FeatureState

_VIEWS = ("tweet.facts", "tweet.counts", "author.account", "pair.interactions")
_TWEET = ("tweet.age_h", "tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.media_count")
_AUTHOR = ("author.followers", "author.following", "author.verified", "author.account_age_d")
_PAIR = ("pair.interactions",)


class FeaturesBench:
    """Eleven columns about tweets, authors and pairs for the candidates of one request, after two days of a world."""

    peer = "three Polars left joins to tables computed for this very moment: nothing is kept up to date"

    def cases(self) -> Iterator[Case]:
        """A live request's size, and an evaluation's."""
        state, end_us = _state()
        alive = state.network.alive(end_us)
        rng = np.random.default_rng(1)
        user = state.network.users.ids[:1]
        for size in (500, min(10_000, len(alive))):
            rows = rng.choice(alive, size, replace=False)
            batch = _batch(state, rows, user, end_us)
            joins = _Joins(state, _batch(state, alive, user, end_us))
            asked = pl.DataFrame({"tweet_id": batch.columns["tweet_id"], "author_id": batch.columns["author_id"]})
            yield Case(
                f"1 x {size:,} candidates",
                lambda b=batch: state.lookup(b, (*_TWEET, *_AUTHOR, *_PAIR)),  # type: ignore[misc]
                lambda j=joins, a=asked: j(a),  # type: ignore[misc]
                size,
                "candidates",
            )


class _Joins:
    """Latest values by key, as a feature store keeps them."""

    def __init__(self, state: FeatureState, everything: CandidateBatch) -> None:
        full = state.lookup(everything, (*_TWEET, *_AUTHOR, *_PAIR))
        self._tables = []
        for key, names in (("tweet_id", _TWEET), ("author_id", _AUTHOR), ("author_id", _PAIR)):
            columns = {key: full.column(key)} | {name: full.column(name) for name in names}
            self._tables.append((key, pl.DataFrame(columns).unique(key)))

    def __call__(self, asked: pl.DataFrame) -> list[np.ndarray]:
        """[N] arrays, a feature each."""
        out = asked
        for key, table in self._tables:
            out = out.join(table, on=key, how="left", maintain_order="left")
        return [out[name].to_numpy() for name in (*_TWEET, *_AUTHOR, *_PAIR)]


def _state() -> tuple[FeatureState, int]:
    world = World.create(WorldConfig(people=1_000, days=2))
    state = FeatureState(None, views=_VIEWS)
    end_us = world.config.end_us
    for events in world.run(world.start(), LoggingFeed(), end_us):
        state.update(events)
    return state, end_us


def _batch(state: FeatureState, rows: np.ndarray, user: np.ndarray, time_us: int) -> CandidateBatch:
    return state.base(state.requests(user, time_us), Ragged(np.array([0, len(rows)], np.int64), rows))
