"""A log of any size with the skews of a network, made in seconds: for measuring features, not for learning from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.batch import F32, I64
from data.events import DAY_US
from data.schema import ACTIONS
from features.text.heads import Head
from features.text.understanding import Understanding

DAYS = 28
START_US = 20_454 * DAY_US
"""2026-01-01."""

TOPICS = 16
_ENGAGED = 0.4
"""Share of the events that are engagements, far above any network's: they cost more than impressions."""

_COMMON = {"like": 0.45, "click": 0.25, "retweet": 0.1, "reply": 0.08, "profile_click": 0.05, "quote": 0.02,
           "share": 0.02, "not_interested": 0.02, "mute": 0.005, "reply_answered": 0.005}  # fmt: skip


class OneLetter:
    """An encoder for texts of one letter: the letter's unit vector, tilted by its neighbour so that cosines differ."""

    name, identity, dim = "one-letter", "one-letter-1", TOPICS

    def encode(self, texts: Sequence[str]) -> F32:
        """[N, 16] unit vectors."""
        letter = np.frombuffer("".join(texts).encode(), np.uint8) - ord("a")
        table = np.eye(TOPICS, dtype=np.float32) + 0.5 * np.roll(np.eye(TOPICS, dtype=np.float32), 1, axis=1)
        vectors: F32 = (table / np.linalg.norm(table[0]))[letter]
        return vectors


def understanding() -> Understanding:
    """Topics are the letters."""
    head = Head(tuple("abcdefghijklmnop"), 8.0 * np.eye(TOPICS, dtype=np.float32), np.zeros(TOPICS, np.float32))
    return Understanding(OneLetter(), head)  # type: ignore[arg-type]


@dataclass(frozen=True)
class PairLog:
    """Tables on disk, read lazily, and rows to query."""

    tables: Mapping[str, pl.LazyFrame]
    rows: pl.DataFrame


def pair_log(folder: Path, *, events: int, rows: int, seed: int = 1) -> PairLog:
    """Writes `events` impressions and engagements over 28 days, with follows and tweets, and draws `rows` rows.

    Users act and authors are read by power laws; half of what a user sees is by the followed. A row is an impression.
    """
    rng = np.random.default_rng(seed)
    users, tweets = max(events // 200, 20), max(events // 40, 50)
    shown = int(events * (1 - _ENGAGED))
    author = _skewed(rng, users // 4 + 1, tweets, 0.8)
    posted = np.sort(rng.integers(START_US, START_US + (DAYS - 1) * DAY_US, tweets))
    edges = np.unique(
        np.c_[_skewed(rng, users, users * 30, 0.4), _skewed(rng, users // 4 + 1, users * 30, 0.6)], axis=0
    )
    user = _skewed(rng, users, shown, 0.4)
    # What is read is young: a tweet among the last tenth before a time.
    time = np.sort(rng.integers(posted[0] + 1, START_US + DAYS * DAY_US, shown))
    newest = np.searchsorted(posted, time)
    tweet = np.maximum(newest - 1 - (tweets / 10 * rng.random(shown) ** 3).astype(np.int64), 0)
    chosen = np.sort(rng.choice(shown, events - shown, replace=True))
    delay = rng.integers(1_000_000, 600_000_000, len(chosen))
    order = np.argsort(time[chosen] + delay, kind="stable")
    chosen, delay = chosen[order], delay[order]
    p = np.array([_COMMON.get(action, 0.0) for action in ACTIONS])
    action = np.asarray(ACTIONS, dtype=str)[rng.choice(len(ACTIONS), len(chosen), p=p / p.sum())]
    dwell = np.where(rng.random(len(chosen)) < 0.5, rng.integers(100, 60_000, len(chosen)), -1)
    begun = np.sort(rng.integers(START_US, START_US + DAYS * DAY_US, len(edges)))
    made: dict[str, dict[str, Any]] = {
        "tweets": {"tweet_id": np.arange(tweets), "time_us": posted, "author_id": author, "kind": ["original"] * tweets,
                   "text": [chr(97 + one) for one in rng.integers(0, TOPICS, tweets).tolist()]},
        "follows": {"time_us": begun, "follower_id": edges[:, 0], "followee_id": edges[:, 1],
                    "ended": np.zeros(len(edges), bool)},
        "impressions": {"time_us": time, "user_id": user, "tweet_id": tweet, "author_id": author[tweet]},
        "engagements": {"engagement_id": np.arange(len(chosen)), "time_us": time[chosen] + delay,
                        "user_id": user[chosen], "tweet_id": tweet[chosen], "author_id": author[tweet[chosen]],
                        "action": action, "dwell_ms": pl.Series(dwell.astype(np.int32)).replace(-1, None)},
    }  # fmt: skip
    for name, columns in made.items():
        frame = pl.DataFrame(columns)
        frame = frame.sample(fraction=1.0, shuffle=True, seed=seed).sort("time_us") if name == "follows" else frame
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1)
    at = rng.choice(shown, rows, replace=False)
    queries = pl.DataFrame({"user_id": user[at], "tweet_id": tweet[at], "time_us": time[at]})
    return PairLog({name: pl.scan_parquet(folder / f"{name}.parquet") for name in made}, queries)


def _skewed(rng: np.random.Generator, size: int, draws: int, power: float) -> I64:
    """[draws] numbers below `size`, the k-th with a weight of k^-power."""
    weights = np.cumsum(np.arange(1, size + 1) ** -power)
    drawn: I64 = np.searchsorted(weights, rng.random(draws) * weights[-1]).astype(np.int64)
    return drawn
