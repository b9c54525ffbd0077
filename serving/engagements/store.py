"""Likes in SQL, so that a user likes a tweet once. Retweets are tweets, and kept with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Table, delete, select

from serving.kit.db import BigId, metadata
from serving.tweets.store import RETWEET, tweets

likes = Table(
    "likes",
    metadata,
    Column("user_id", BigId, primary_key=True),
    Column("tweet_id", BigId, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""One row a like that stands."""


def liked(connection: Connection, user_id: int, tweet_id: int) -> bool:
    """Whether the user's like of the tweet stands."""
    wanted = select(1).where(likes.c.user_id == user_id, likes.c.tweet_id == tweet_id)
    return connection.scalar(wanted) is not None


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds likes."""
    if rows:
        connection.execute(likes.insert(), rows)


def remove(connection: Connection, user_id: int, tweet_id: int) -> int | None:
    """Takes a like back; the time when it was given, None where there was none."""
    mine = (likes.c.user_id == user_id, likes.c.tweet_id == tweet_id)
    liked_us = connection.scalar(select(likes.c.time_us).where(*mine))
    if liked_us is None:
        return None
    connection.execute(delete(likes).where(*mine))
    return int(liked_us)


def retweet_of(connection: Connection, user_id: int, tweet_id: int) -> int | None:
    """The id of the user's retweet of a tweet."""
    c = tweets.c
    wanted = select(c.tweet_id).where(
        c.author_id == user_id, c.kind == RETWEET, c.referenced_id == tweet_id, c.deleted.is_(False)
    )
    found = connection.scalar(wanted.limit(1))
    return None if found is None else int(found)
