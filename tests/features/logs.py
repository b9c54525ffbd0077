"""Small random logs, and a stand-in-free way to ask both engines the same question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from data.batch import Array, CandidateBatch, Ragged
from data.events import DAY_US, NEVER_US, EventBatch
from data.schema import ACTIONS, TABLES, UNDOABLE_ACTIONS, conform
from features.online import FeatureState
from features.text.heads import Head
from features.text.understanding import Understanding

START = 1_767_571_200_000_000
"""2026-01-05 00:00 UTC."""

STEP = 7 * 60 * 1_000_000
"""Moments of random logs are multiples of it, so that many events share a moment and fall on bucket borders."""

TABLES_USED = ("users", "follows", "tweets", "impressions", "engagements", "undos")


class LetterEncoder:
    """A real, tiny encoder: counts of letters a to f, as a unit vector. Fast enough for thousands of examples."""

    name, identity, dim = "letters", "letters-1", 6

    def encode(self, texts: Sequence[str]) -> Array:
        counts = np.array([[text.count(c) for c in "abcdef"] for text in texts], np.float32).reshape(len(texts), 6)
        norm = np.linalg.norm(counts, axis=1, keepdims=True)
        return np.where(norm > 0, counts / np.maximum(norm, 1), 0).astype(np.float32)


def letters() -> Understanding:
    """Topics are the letters, sentiment is f against e."""
    eye = 4.0 * np.eye(6)
    topics = Head(tuple("abcdef"), eye, np.zeros(6))
    mood = Head(("negative", "neutral", "positive"), eye[[4, 0, 5]], np.zeros(3))
    return Understanding(LetterEncoder(), topics, mood)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Log:
    """Tables in order, and the moments asked."""

    tables: Mapping[str, pl.DataFrame]
    rows: pl.DataFrame

    def lazy(self, *, before_us: int | None = None) -> dict[str, pl.LazyFrame]:
        return {
            name: frame.lazy().filter(pl.col(TABLES[name].time) < (NEVER_US if before_us is None else before_us))
            for name, frame in self.tables.items()
        }


def frame(name: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of a table as data sets hold them: conforming, ordered by (time, key)."""
    spec = TABLES[name]
    schema = {column: spec.columns[column].dtype for column in (rows[0] if rows else spec.columns)}
    return conform(name, pl.DataFrame(list(rows), schema=schema)).sort(spec.time, spec.key)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """At most 5 people, 6 tweets and 40 events over days; ids overlap, edges end and begin again, authors lack."""
    people, tweets = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    # Steps of 7 minutes; most within a day, some a week apart, to enter and leave every window.
    moment = st.one_of(st.integers(0, 40), st.integers(0, 200), st.integers(0, 12 * 205)).map(
        lambda s: START + s * STEP
    )
    person = st.integers(1, people)
    language = st.sampled_from(["en", "ja", None])
    users = [
        {"user_id": one, "created_us": draw(moment) - draw(st.sampled_from([0, 30])) * DAY_US,
         "verified": draw(st.booleans()), "language": draw(language),
         "device": draw(st.sampled_from(["ios", "web", "fridge", None])),
         "place": draw(st.sampled_from([23424977, None])),
         "utc_offset_min": draw(st.sampled_from([-210, 0, 540, None]))}
        for one in range(1, people + 1)
        if draw(st.integers(0, 9))
    ]  # fmt: skip
    posted = [
        {"tweet_id": 100 + one, "time_us": draw(moment), "author_id": draw(st.one_of(person, st.none())),
         "kind": draw(st.sampled_from(["original", "reply", "quote"])), "text": draw(st.text("abcdef# .", max_size=8)),
         "language": draw(language), "media_count": draw(st.integers(0, 4))}
        for one in range(tweets)
    ]  # fmt: skip
    author = {one["tweet_id"]: one["author_id"] for one in posted}
    follows = [
        {"follow_id": one, "time_us": draw(moment), "follower_id": draw(person), "followee_id": draw(person),
         "ended": draw(st.booleans())}
        for one in range(draw(st.integers(0, 15)))
    ]  # fmt: skip
    engagements = []
    for one in range(draw(st.integers(0, 25))):
        tweet = draw(st.integers(100, 99 + tweets))
        engagements.append({
            "engagement_id": one, "time_us": draw(moment), "user_id": draw(person), "tweet_id": tweet,
            "author_id": author[tweet], "action": draw(st.sampled_from(ACTIONS)),
            "dwell_ms": draw(st.sampled_from([None, 0, 900, 61_000])),
        })  # fmt: skip
    about = ("user_id", "tweet_id", "author_id", "action")
    undos = [
        {"undo_id": one, "time_us": act["time_us"] + draw(st.sampled_from([0, 1, 9, 250])) * STEP,
         "engaged_us": act["time_us"], **{name: act[name] for name in about}}
        for one, act in enumerate(engagements)
        if act["action"] in UNDOABLE_ACTIONS and draw(st.booleans())
    ]  # fmt: skip
    impressions = []
    for one in range(draw(st.integers(0, 12))):
        tweet = draw(st.integers(100, 99 + tweets))
        impressions.append({
            "impression_id": one, "time_us": draw(moment), "request_id": one, "user_id": draw(person),
            "tweet_id": tweet, "author_id": author[tweet], "position": 0, "source": "test", "score": 0.0,
        })  # fmt: skip
    rows = [
        {"user_id": draw(person), "tweet_id": draw(st.integers(100, 99 + tweets)), "time_us": draw(moment)}
        for _ in range(draw(st.integers(1, 6)))
    ]
    # Everybody exists for the live engine, which cannot be asked about an id that no event ever named.
    tables = {
        "users": users, "follows": follows, "tweets": posted, "impressions": impressions, "engagements": engagements,
        "undos": undos,
    }  # fmt: skip
    return Log({name: frame(name, table) for name, table in tables.items()}, pl.DataFrame(rows))


def replay(
    log: Log, understanding: Understanding | None, names: Sequence[str], *, one_by_one: bool
) -> list[dict[str, Array]]:
    """Feeds the events to a live state and asks each row when all before its moment have come; in the rows' order.

    Events come one by one in order of time, or between two moments that are asked a table at a time, as data sets
    are replayed.
    """
    state = FeatureState(understanding)
    batches = {name: EventBatch.from_frame(name, log.tables[name]) for name in TABLES_USED if name in log.tables}
    answers: list[dict[str, Array]] = [{}] * len(log.rows)
    since = -NEVER_US
    for row in np.argsort(log.rows["time_us"].to_numpy(), kind="stable").tolist():
        user, tweet, time = (int(log.rows[column][row]) for column in ("user_id", "tweet_id", "time_us"))
        due = {name: np.flatnonzero((b.time_us >= since) & (b.time_us < time)) for name, b in batches.items()}
        if one_by_one:
            order = [(int(batches[name].time_us[i]), place, i) for place, name in enumerate(due) for i in due[name]]
            for _, place, i in sorted(order):
                state.update(batches[list(batches)[place]].where(slice(int(i), int(i) + 1)))
        else:
            for name, rows in due.items():
                if len(rows):
                    state.update(batches[name].where(slice(int(rows[0]), int(rows[-1]) + 1)))
        since = time
        answers[row] = ask(state, user, tweet, time, names)
    return answers


def ask(state: FeatureState, user: int, tweet: int, time: int, names: Sequence[str]) -> dict[str, Array]:
    """One pair's features; an id that no event has named yet is given a row with nothing known about it."""
    state.network.resolve(EventBatch("impressions", {"user_id": np.array([user]), "tweet_id": np.array([tweet])}))
    requests = state.requests([user], time)
    rows = state.network.tweets.rows(np.array([tweet]))
    batch = state.lookup(state.base(requests, Ragged(np.array([0, 1]), rows)), names)
    return {name: batch.column(name)[0] for name in names}


def row_of(batch: CandidateBatch, row: int, names: Sequence[str]) -> dict[str, Array]:
    """One row of what the offline engine gave."""
    return {name: batch.column(name)[row] for name in names}
