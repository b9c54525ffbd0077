"""Tweets in SQL, with their kept counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    literal_column,
    select,
    text,
    update,
)

from serving.kit.db import BigId, metadata, nearest
from serving.kit.parameters import EVERYTHING, Window

tweets = Table(
    "tweets",
    metadata,
    Column("tweet_id", BigId, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("author_id", BigInteger),
    Column("kind", String, nullable=False),
    Column("referenced_id", BigInteger),
    Column("conversation_id", BigInteger),
    Column("text", String, nullable=False),
    Column("language", String),
    Column("place", BigInteger),
    Column("media_count", Integer, nullable=False, default=0),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("likes", Integer, nullable=False, default=0),
    Column("retweets", Integer, nullable=False, default=0),
    Column("replies", Integer, nullable=False, default=0),
    Column("quotes", Integer, nullable=False, default=0),
    Column("bookmarks", Integer, nullable=False, default=0),
    Index("tweets_by_author", "author_id", "tweet_id"),
    Index("quotes_of_tweet", "referenced_id", "tweet_id", sqlite_where=text("kind = 'quote'")),
    Index("retweets_of_tweet", "referenced_id", "author_id", sqlite_where=text("kind = 'retweet'")),
)
"""One row a tweet of any kind; a deleted one keeps its row, so that what refers to it can say so."""

QUOTE: ColumnClause[str] = literal_column("'quote'", String)
RETWEET: ColumnClause[str] = literal_column("'retweet'", String)
"""The kind of a retweet as SQL spells it: no index on retweets alone serves a kind that is a parameter."""

COUNTED: dict[str, str] = {"reply": "replies", "quote": "quotes", "retweet": "retweets", "like": "likes"}
"""Action to the counter of the tweet that it is about."""

TweetRow = Row[Any]


# Statements of the hot path are built once: building one costs as much as running it.
_ONE = select(tweets).where(tweets.c.tweet_id == bindparam("one"), tweets.c.deleted.is_(False))
_MANY = select(tweets).where(tweets.c.tweet_id.in_(bindparam("ids", expanding=True)), tweets.c.deleted.is_(False))
_ADD = tweets.insert()
_COUNT = (
    update(tweets)
    .where(tweets.c.tweet_id == bindparam("one"))
    .values({name: tweets.c[name] + bindparam(f"more_{name}") for name in COUNTED.values()})
)

_DELETE = update(tweets).where(tweets.c.tweet_id == bindparam("one")).values(deleted=True)


def by_ids(connection: Connection, ids: Sequence[int]) -> list[TweetRow]:
    """The tweets of `ids` that there are and that were not deleted, in that order."""
    found = {row.tweet_id: row for row in connection.execute(_MANY, {"ids": ids})}
    return [found[one] for one in ids if one in found]


def one(connection: Connection, tweet_id: int) -> TweetRow | None:
    """A tweet that was not deleted."""
    return connection.execute(_ONE, {"one": tweet_id}).first()


def with_deleted(connection: Connection, tweet_id: int) -> TweetRow | None:
    """A tweet, also one that was deleted."""
    return connection.execute(select(tweets).where(tweets.c.tweet_id == tweet_id)).first()


def many_with_deleted(connection: Connection, ids: Sequence[int]) -> list[TweetRow]:
    """The tweets of `ids` that there are, also deleted ones, in no order."""
    return list(connection.execute(select(tweets).where(tweets.c.tweet_id.in_(ids))))


def by_author(
    connection: Connection,
    author_id: int,
    limit: int,
    *,
    newer: bool = False,
    at: int | None = None,
    window: Window = EVERYTHING,
    kinds: Sequence[str] = (),
) -> list[TweetRow]:
    """The `limit` tweets of an author nearest to the id `at`, nearest first, of `window` and of `kinds` alone.

    They have smaller ids, or greater ones if `newer`; without `at` they begin with the greatest id.
    """
    wanted = select(tweets).where(tweets.c.author_id == author_id, *standing(window))
    if kinds:
        wanted = wanted.where(tweets.c.kind.in_(kinds))
    return list(connection.execute(nearest(wanted, tweets.c.tweet_id, limit, newer=newer, at=at)))


def quotes_of(connection: Connection, tweet_id: int, newer: bool, at: int | None, limit: int) -> list[TweetRow]:
    """The `limit` quotes of a tweet that stand and are nearest to the id `at`, nearest first: see `by_author`."""
    c = tweets.c
    wanted = select(tweets).where(c.kind == QUOTE, c.referenced_id == tweet_id, c.deleted.is_(False))
    return list(connection.execute(nearest(wanted, c.tweet_id, limit, newer=newer, at=at)))


def bookmark(connection: Connection, tweet_id: int, change: int) -> None:
    """Adds to a tweet's kept count of bookmarks."""
    mine = update(tweets).where(tweets.c.tweet_id == tweet_id)
    connection.execute(mine.values(bookmarks=tweets.c.bookmarks + change))


def standing(window: Window) -> list[ColumnElement[bool]]:
    """That a tweet was not deleted and is in `window`."""
    c = tweets.c
    bounds = (
        (window.since_id, c.tweet_id.__gt__), (window.until_id, c.tweet_id.__lt__),
        (window.start_us, c.time_us.__ge__), (window.end_us, c.time_us.__lt__),
    )  # fmt: skip
    return [c.deleted.is_(False), *(holds(bound) for bound, holds in bounds if bound is not None)]


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds tweets."""
    if rows:
        connection.execute(_ADD, rows)


def count(connection: Connection, tweet_id: int, action: str, more: int = 1) -> None:
    """Adds to a tweet's kept count of an action."""
    added = {f"more_{name}": more if one == action else 0 for one, name in COUNTED.items()}
    connection.execute(_COUNT, {"one": tweet_id, **added})


def retweets_of(connection: Connection, tweet_id: int) -> list[TweetRow]:
    """The retweets of a tweet that stand, by id."""
    c = tweets.c
    wanted = select(c.tweet_id, c.author_id).where(c.kind == RETWEET, c.referenced_id == tweet_id, c.deleted.is_(False))
    return list(connection.execute(wanted.order_by(c.tweet_id)))


def mark_deleted(connection: Connection, ids: Sequence[int]) -> None:
    """Takes tweets out of every read."""
    connection.execute(_DELETE, [{"one": one} for one in ids])
