"""The rules of likes, retweets and bookmarks: each is made once, and one of a retweet is about what it retweets.

What is taken back stops counting, on the tweet and, by an event of its own, in all that follows the log.
"""

from __future__ import annotations

from serving.engagements import store
from serving.events.outbox import Transaction
from serving.graph import service as graph
from serving.tweets import service as tweets
from serving.tweets import store as tweet_store
from serving.users import service as users


def like(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Likes a tweet.

    Raises:
        ProblemError: 403 for a user without account or where a block stands between them and its author, 404 for an
            unknown tweet.
    """
    users.account(tx, user_id)
    tweet = tweets.original(tx, tweet_id)
    if store.liked(tx.connection, user_id, tweet.tweet_id):
        return
    graph.check_apart(tx, user_id, tweet.author_id)
    store.add(tx.connection, [{"user_id": user_id, "tweet_id": tweet.tweet_id, "time_us": tx.now_us}])
    users.count(tx, user_id, likes=1)
    tweets.engage(tx, user_id, tweet, "like")


def unlike(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Takes a like back, of a tweet that was deleted meanwhile as well.

    Raises:
        ProblemError: 404 for an unknown tweet.
    """
    tweet = tweets.original_or_deleted(tx, tweet_id)
    liked_us = store.remove(tx.connection, user_id, tweet.tweet_id)
    if liked_us is not None:
        users.count(tx, user_id, likes=-1)
        tweets.disengage(tx, user_id, tweet.tweet_id, "like", liked_us)


def retweet(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Retweets a tweet.

    Raises:
        ProblemError: 403 for a user without account or where a block stands between them and its author, 404 for an
            unknown tweet.
    """
    tweet = tweets.original(tx, tweet_id)
    if store.retweet_of(tx.connection, user_id, tweet.tweet_id) is None:
        tweets.retweet(tx, user_id, tweet.tweet_id)


def unretweet(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Takes a retweet back. The retweets of a tweet that was deleted are gone with it.

    Raises:
        ProblemError: 404 for an unknown tweet.
    """
    tweet = tweets.original_or_deleted(tx, tweet_id)
    found = store.retweet_of(tx.connection, user_id, tweet.tweet_id)
    if found is not None:
        tweets.delete(tx, user_id, found)


def bookmark(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Bookmarks a tweet; nobody is told, and no event tells of it.

    Raises:
        ProblemError: 403 for a user without account, 404 for an unknown tweet.
    """
    users.account(tx, user_id)
    tweet = tweets.original(tx, tweet_id)
    if store.add_bookmark(tx.connection, user_id, tweet.tweet_id, tx.new_id()):
        tweet_store.bookmark(tx.connection, tweet.tweet_id, 1)


def unbookmark(tx: Transaction, user_id: int, tweet_id: int) -> None:
    """Takes a bookmark back, of a tweet that was deleted meanwhile as well.

    Raises:
        ProblemError: 404 for an unknown tweet.
    """
    tweet = tweets.original_or_deleted(tx, tweet_id)
    if store.remove_bookmark(tx.connection, user_id, tweet.tweet_id):
        tweet_store.bookmark(tx.connection, tweet.tweet_id, -1)
