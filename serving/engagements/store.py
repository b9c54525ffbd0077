"""Likes and bookmarks in SQL, so that a user makes each once. Retweets are tweets, and kept with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, delete, select

from serving.kit.db import BigId, metadata, nearest
from serving.tweets.store import RETWEET, tweets
from serving.users.store import users

likes = Table(
    "likes",
    metadata,
    Column("user_id", BigId, primary_key=True),
    Column("tweet_id", BigId, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Index("likes_of_tweet", "tweet_id", "user_id"),
    sqlite_with_rowid=False,
)
"""One row a like that stands."""

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("user_id", BigId, primary_key=True),
    Column("tweet_id", BigId, primary_key=True),
    Column("bookmark_id", BigInteger, nullable=False),
    Index("bookmarks_of_user", "user_id", "bookmark_id"),
    sqlite_with_rowid=False,
)
"""One row a bookmark that stands; `bookmark_id` orders a user's."""


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


def add_bookmark(connection: Connection, user_id: int, tweet_id: int, bookmark_id: int) -> bool:
    """Adds a bookmark; False where it stands already."""
    mine = (bookmarks.c.user_id == user_id, bookmarks.c.tweet_id == tweet_id)
    if connection.scalar(select(1).where(*mine)) is not None:
        return False
    connection.execute(bookmarks.insert(), {"user_id": user_id, "tweet_id": tweet_id, "bookmark_id": bookmark_id})
    return True


def remove_bookmark(connection: Connection, user_id: int, tweet_id: int) -> bool:
    """Takes a bookmark back; False where there was none."""
    mine = delete(bookmarks).where(bookmarks.c.user_id == user_id, bookmarks.c.tweet_id == tweet_id)
    return bool(connection.execute(mine).rowcount)


# Lists: the `limit` rows nearest to a key, nearest first, on the side of smaller keys or, if `newer`, of greater ones.


def liked_tweets(connection: Connection, user_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
    """Tweets that a user likes, by their id."""
    wanted = select(tweets).join(likes, likes.c.tweet_id == tweets.c.tweet_id)
    wanted = wanted.where(likes.c.user_id == user_id, tweets.c.deleted.is_(False))
    return list(connection.execute(nearest(wanted, likes.c.tweet_id, limit, newer=newer, at=at)))


def bookmarked_tweets(connection: Connection, user_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
    """Tweets that a user bookmarked, by `bookmark_id`."""
    wanted = select(tweets, bookmarks.c.bookmark_id).join(bookmarks, bookmarks.c.tweet_id == tweets.c.tweet_id)
    wanted = wanted.where(bookmarks.c.user_id == user_id, tweets.c.deleted.is_(False))
    return list(connection.execute(nearest(wanted, bookmarks.c.bookmark_id, limit, newer=newer, at=at)))


def liking_users(connection: Connection, tweet_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
    """Accounts that like a tweet, by their id."""
    wanted = select(users).join(likes, likes.c.user_id == users.c.user_id).where(likes.c.tweet_id == tweet_id)
    return list(connection.execute(nearest(wanted, likes.c.user_id, limit, newer=newer, at=at)))


def retweeting_users(connection: Connection, tweet_id: int, newer: bool, at: int | None, limit: int) -> list[Row[Any]]:
    """Accounts that retweet a tweet, by `retweet_id`."""
    c = tweets.c
    wanted = select(users, c.tweet_id.label("retweet_id")).join(tweets, c.author_id == users.c.user_id)
    wanted = wanted.where(c.kind == RETWEET, c.referenced_id == tweet_id, c.deleted.is_(False))
    return list(connection.execute(nearest(wanted, c.tweet_id, limit, newer=newer, at=at)))
