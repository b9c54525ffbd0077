"""People who follow, post and read, for benches of fan-out: a heavy-tailed graph and rates that differ a lot."""

from __future__ import annotations

import numpy as np
import polars as pl

from data.batch import F64, I64
from data.events import DAY_US, EventBatch
from data.schema import conform

START_US = 1_767_571_200_000_000
"""When the day begins."""


class FollowWorld:
    """A graph, a week of tweets and requests, and a day of tweets and reads after it, in order of time."""

    def __init__(self, *, people: int, edges: int, tweets: int, reads: int) -> None:
        """A week has seven times as many `tweets` and `reads` as the day."""
        rng = np.random.default_rng(1)
        self.people = people
        self.users = events("users", pl.DataFrame({
            "user_id": np.arange(1, people + 1), "created_us": START_US - 30 * DAY_US, "verified": False,
        }))  # fmt: skip
        self.follows = follows(rng, people, edges)
        # Who posts and who reads differ by factors of hundreds between people, and hardly have to do with each other.
        posting, reading = (_shares(rng.lognormal(0, 1.5, people)) for _ in range(2))
        authors: I64 = rng.choice(people, 8 * tweets, p=posting) + 1
        readers: I64 = rng.choice(people, 8 * reads, p=reading) + 1
        times = np.sort(rng.integers(START_US - 7 * DAY_US, START_US, 7 * tweets))
        asked = np.sort(rng.integers(START_US - 7 * DAY_US, START_US, 7 * reads))
        ids = np.arange(1, 7 * tweets + 1)
        self.week = (
            self.posts(ids, times, authors[: 7 * tweets]),
            self._requests(np.arange(7 * reads), asked, readers[: 7 * reads]),
        )
        self.tweets = 8 * tweets
        """The last tweet id."""
        self.day = self._day(rng, authors[7 * tweets :], readers[7 * reads :])
        """Tweets and requests, one event each, in order of time."""

    def _day(self, rng: np.random.Generator, authors: I64, readers: I64) -> list[EventBatch]:
        total = len(authors) + len(readers)
        times = START_US + np.arange(total) * DAY_US // total
        tweeted = np.zeros(total, np.bool_)
        tweeted[rng.permutation(total)[: len(authors)]] = True
        posts = self.posts(7 * len(authors) + 1 + np.arange(len(authors)), times[tweeted], authors)
        asked = self._requests(7 * len(readers) + np.arange(len(readers)), times[~tweeted], readers)
        place = np.where(tweeted, np.cumsum(tweeted), np.cumsum(~tweeted)) - 1
        return [
            (posts if tweet else asked).where(slice(at, at + 1))
            for tweet, at in zip(tweeted.tolist(), place.tolist(), strict=True)
        ]

    @staticmethod
    def _requests(ids: I64, times: I64, readers: I64) -> EventBatch:
        frame = pl.DataFrame({"request_id": ids, "time_us": times, "user_id": readers})
        return events("requests", frame.with_columns(product=pl.lit("home"), policy=pl.lit("bench")))

    @staticmethod
    def posts(ids: I64, times: I64, authors: I64) -> EventBatch:
        """Tweets without text."""
        frame = pl.DataFrame({"tweet_id": ids, "time_us": times, "author_id": authors})
        return events("tweets", frame.with_columns(kind=pl.lit("original"), text=pl.lit(""), media_count=0))


def follows(rng: np.random.Generator, people: int, edges: int) -> EventBatch:
    """At most so many edges, whose in-degrees have a tail of exponent 1 + 1 / 0.6."""
    weight = np.arange(1, people + 1) ** -0.6
    fame = rng.choice(rng.permutation(people), 2 * edges, p=weight / weight.sum())
    pairs = np.unique(np.stack([rng.integers(0, people, 2 * edges), fame], axis=1), axis=0)
    pairs = rng.permutation(pairs[pairs[:, 0] != pairs[:, 1]])[:edges] + 1
    return events("follows", pl.DataFrame({
        "follow_id": np.arange(len(pairs)), "time_us": START_US - 20 * DAY_US, "follower_id": pairs[:, 0],
        "followee_id": pairs[:, 1], "ended": False,
    }))  # fmt: skip


def events(table: str, frame: pl.DataFrame) -> EventBatch:
    """The rows of a frame, its missing columns filled."""
    return EventBatch.from_frame(table, conform(table, frame))


def _shares(weights: F64) -> F64:
    shares: F64 = weights / weights.sum()
    return shares
