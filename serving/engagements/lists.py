"""Who likes, retweets or quotes a tweet, and what a user likes or bookmarked, in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row

from serving.context import Context
from serving.engagements import store
from serving.kit.problems import not_found
from serving.tweets import store as tweets
from serving.tweets.store import TweetRow
from serving.users import service as users
from serving.users.store import UserRow

Page = tuple[list[Row[Any]], dict[str, str]]
"""The rows of a page, and the tokens of the pages beside it."""

_Fetch = Callable[[Connection, int, bool, int | None, int], list[Row[Any]]]


def liked_tweets(context: Context, user_id: int, limit: int, token: str | None) -> Page:
    """What a user likes, the newest tweet first.

    Raises:
        ProblemError: 404 where there is no such user, 400 for a token of another list.
    """
    return _of_user(context, user_id, limit, token, "liked_tweets", store.liked_tweets, "tweet_id")


def bookmarked_tweets(context: Context, user_id: int, limit: int, token: str | None) -> Page:
    """What a user bookmarked, the last first.

    Raises:
        ProblemError: 404 where there is no such user, 400 for a token of another list.
    """
    return _of_user(context, user_id, limit, token, "bookmarks", store.bookmarked_tweets, "bookmark_id")


def liking_users(context: Context, tweet_id: int, limit: int, token: str | None) -> Page:
    """Who likes a tweet, or what it retweets, the newest account first.

    Raises:
        ProblemError: 404 where there is no such tweet, 400 for a token of another list.
    """
    return _of_tweet(context, tweet_id, limit, token, "liking_users", store.liking_users, "user_id")


def retweeting_users(context: Context, tweet_id: int, limit: int, token: str | None) -> Page:
    """Who retweets a tweet, or what it retweets, the last first.

    Raises:
        ProblemError: 404 where there is no such tweet, 400 for a token of another list.
    """
    return _of_tweet(context, tweet_id, limit, token, "retweeted_by", store.retweeting_users, "retweet_id")


def quotes(context: Context, tweet_id: int, limit: int, token: str | None) -> Page:
    """The quotes of a tweet, or of what it retweets, the newest first.

    Raises:
        ProblemError: 404 where there is no such tweet, 400 for a token of another list.
    """
    return _of_tweet(context, tweet_id, limit, token, "quotes", tweets.quotes_of, "tweet_id")


def _of_user(context: Context, user_id: int, limit: int, token: str | None, name: str, fetch: _Fetch, key: str) -> Page:
    with context.database.read() as connection:
        users.check_known(connection, user_id)
        return _page(context, connection, user_id, limit, token, name, fetch, key)


def _of_tweet(
    context: Context, tweet_id: int, limit: int, token: str | None, name: str, fetch: _Fetch, key: str
) -> Page:
    with context.database.read() as connection:
        row = tweets.one(connection, tweet_id)
        if row is None:
            raise not_found("tweet", tweet_id)
        about = int(row.referenced_id) if row.kind == "retweet" else tweet_id
        return _page(context, connection, about, limit, token, name, fetch, key)


def _page(
    context: Context,
    connection: Connection,
    about: int,
    limit: int,
    token: str | None,
    name: str,
    fetch: _Fetch,
    key: str,
) -> Page:
    def nearest(newer: bool, at: int | None, count: int) -> list[TweetRow | UserRow]:
        return fetch(connection, about, newer, at, count)

    return context.paging.page(f"{name} {about}", token, limit, nearest, lambda row: int(row._mapping[key]))
