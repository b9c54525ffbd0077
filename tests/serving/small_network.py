"""A small data set, written down: who follows whom and what they posted can be read off this page."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.events import DAY_US, HOUR_US, MINUTE_US

START_US = 1_767_571_200_000_000
END_US = START_US + DAY_US
ALICE, BOB, CAROL, DAVE, ERIN = 101, 102, 103, 104, 105
PEOPLE = {ALICE: "alice", BOB: "bob", CAROL: "carol", DAVE: "dave", ERIN: "erin"}


def small_frames() -> dict[str, pl.DataFrame]:
    """Alice follows Bob and Carol, everybody follows Dave, whom Bob followed no more; Erin knows nobody."""
    edges = [(ALICE, BOB), (ALICE, CAROL), (ALICE, DAVE), (BOB, DAVE), (CAROL, DAVE)]
    follows = [
        {"follow_id": 10 + i, "time_us": START_US + i, "follower_id": a, "followee_id": b, "ended": False}
        for i, (a, b) in enumerate(edges)
    ]
    follows.append(
        {"follow_id": 50, "time_us": START_US + HOUR_US, "follower_id": BOB, "followee_id": DAVE, "ended": True}
    )
    posts = [
        (1001, 2, BOB, "original", None, "the rook takes the bishop #chess"),
        (1002, 3, CAROL, "original", None, "soup with leeks tonight #food"),
        (1003, 4, DAVE, "original", None, "an opening that nobody plays #chess"),
        (1004, 5, CAROL, "reply", 1003, "I play it in every game"),
        (1005, 6, BOB, "retweet", 1002, ""),
        (1006, 7, ERIN, "original", None, "nobody reads what I write"),
        (1007, 8, DAVE, "original", None, "taken away again"),
    ]
    engagements = [
        (2001, 9, ALICE, 1001, BOB, "like"),
        (2002, 10, BOB, 1002, CAROL, "retweet"),
        (2003, 11, CAROL, 1003, DAVE, "reply"),
        (2004, 12, ALICE, 1002, CAROL, "like"),
        (2005, 13, DAVE, 1001, BOB, "click"),
    ]
    return {
        "users": pl.DataFrame(
            [
                {"user_id": i, "created_us": START_US, "username": n, "name": n.title(), "verified": n == "dave"}
                for i, n in PEOPLE.items()
            ]
        ),
        "follows": pl.DataFrame(follows),
        "tweets": pl.DataFrame(
            [
                {
                    "tweet_id": one,
                    "time_us": START_US + hour * HOUR_US,
                    "author_id": author,
                    "kind": kind,
                    "referenced_id": about,
                    "text": text,
                    "language": "en",
                    "media_count": 0,
                }
                for one, hour, author, kind, about, text in posts
            ]
        ),
        "deletions": pl.DataFrame([{"tweet_id": 1007, "time_us": START_US + 9 * HOUR_US}]),
        "engagements": pl.DataFrame(
            [
                {
                    "engagement_id": one,
                    "time_us": START_US + hour * HOUR_US,
                    "user_id": user,
                    "tweet_id": tweet,
                    "author_id": author,
                    "action": action,
                }
                for one, hour, user, tweet, author, action in engagements
            ]
        ),
        "requests": pl.DataFrame(
            [{"request_id": 1, "time_us": END_US - MINUTE_US, "user_id": ALICE, "product": "home", "policy": "x"}]
        ),
    }


def write_small(folder: Path, **changes: pl.DataFrame) -> Dataset:
    """The small data set on disk, with tables replaced."""
    with DatasetWriter(folder, name="small", config={}, seed=0) as writer:
        for name, frame in (small_frames() | changes).items():
            writer.write(name, frame)
        return writer.commit()
