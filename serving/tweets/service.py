"""The rules of tweets: what may be posted and read; a tweet, its counts and its events commit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection

from data.events import EventBatch
from data.schema import TWEET_KINDS
from data.tweet_text import MAX_WEIGHTED_LENGTH, NOT_TEXT, is_blank, weighted_length
from serving.context import Context
from serving.events.outbox import Transaction, event
from serving.graph import service as graph
from serving.kit.parameters import Window
from serving.kit.problems import ProblemError, not_found
from serving.tweets import store
from serving.tweets.store import COUNTED, TweetRow
from serving.users import service as users


def by_ids(context: Context, ids: Sequence[int]) -> list[TweetRow]:
    """The tweets of `ids` that there are and that were not deleted, in that order."""
    with context.database.read() as connection:
        return store.by_ids(connection, ids)


def by_id(context: Context, tweet_id: int) -> TweetRow:
    """One tweet.

    Raises:
        ProblemError: 404 where there is none.
    """
    rows = by_ids(context, [tweet_id])
    if not rows:
        raise not_found("tweet", tweet_id)
    return rows[0]


def by_author(
    context: Context, author_id: int, limit: int, token: str | None, *, window: Window, left_out: Sequence[str]
) -> tuple[list[TweetRow], dict[str, str]]:
    """A page of an author's tweets in `window`, newest first, without kinds in `left_out`; and its tokens.

    Raises:
        ProblemError: 404 where there is no such user, 400 for a token of another list.
    """
    kinds = [kind for kind in TWEET_KINDS if kind not in left_out] if left_out else []
    with context.database.read() as connection:
        users.check_known(connection, author_id)

        def fetch(newer: bool, at: int | None, count: int) -> list[TweetRow]:
            return store.by_author(connection, author_id, count, newer=newer, at=at, window=window, kinds=kinds)

        return context.paging.page(f"tweets {author_id}", token, limit, fetch, lambda row: int(row.tweet_id))


def check_length(text: str) -> None:
    """Refuses a text in which nothing can be seen, that has characters which are no text, or that is too long.

    Raises:
        ProblemError: 400 naming the character, or the length and the limit.
    """
    if is_blank(text):
        raise ProblemError(400, "empty-tweet", "the tweet has no text that can be seen; give it some")
    if found := NOT_TEXT.search(text):
        raise ProblemError(
            400, "not-text", f"the tweet has the character U+{ord(found[0]):04X} at {found.start()}; leave it out"
        )
    length = weighted_length(text)
    if length > MAX_WEIGHTED_LENGTH:
        raise ProblemError(
            400,
            "tweet-too-long",
            f"the tweet's weighted length is {length}, over the limit of {MAX_WEIGHTED_LENGTH}; shorten it",
            length=length,
            limit=MAX_WEIGHTED_LENGTH,
        )


def post(
    tx: Transaction,
    author_id: int,
    text: str,
    *,
    reply_to: int | None = None,
    quotes: int | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    """Posts a tweet; returns its row.

    Raises:
        ProblemError: 403 for an author without account or where a block stands between them and the author of the
            tweet to answer or quote, 404 for an unknown one, 400 for a text too long or a tweet that is both.
    """
    check_length(text)
    if reply_to is not None and quotes is not None:
        raise ProblemError(400, "reply-and-quote", "a tweet is either a reply or a quote; leave one of them out")
    account = users.account(tx, author_id)
    kind: Literal["original", "reply", "quote"] = "reply" if reply_to is not None else "quote"
    target = reply_to if reply_to is not None else quotes
    if target is None:
        return _commit(tx, author_id, "original", None, text, language or account.language)
    about = original(tx, target)
    graph.check_apart(tx, author_id, about.author_id)
    return _commit(tx, author_id, kind, about, text, language or account.language)


def retweet(tx: Transaction, author_id: int, tweet_id: int) -> int:
    """Retweets a tweet (of a retweet: its original); returns the retweet's id.

    Raises:
        ProblemError: 403 for a user without account or where a block stands between them and its author, 404 for an
            unknown tweet.
    """
    users.account(tx, author_id)
    about = original(tx, tweet_id)
    graph.check_apart(tx, author_id, about.author_id)
    return int(_commit(tx, author_id, "retweet", about, "", None)["tweet_id"])


def delete(tx: Transaction, author_id: int, tweet_id: int) -> None:
    """Deletes an author's own tweet, and with it all retweets of it; replies and quotes stay.

    Raises:
        ProblemError: 404 for an unknown tweet, 403 for another user's.
    """
    row = store.one(tx.connection, tweet_id)
    if row is None:
        raise not_found("tweet", tweet_id)
    if row.author_id != author_id:
        raise ProblemError(403, "other-user", f"tweet {tweet_id} is not by user {author_id}; delete your own only")
    _take_out(tx, [row, *store.retweets_of(tx.connection, tweet_id)])
    if row.referenced_id is not None and row.kind in COUNTED:
        disengage(tx, author_id, row.referenced_id, row.kind, row.time_us)


def original(tx: Transaction, tweet_id: int) -> TweetRow:
    """The tweet that an action is about: itself, or what it retweets.

    Raises:
        ProblemError: 404 where there is none, or none any more.
    """
    return _original(tx, tweet_id, store.one)


def original_or_deleted(tx: Transaction, tweet_id: int) -> TweetRow:
    """`original` for taking an action back, which deletion of the tweet does not prevent.

    Raises:
        ProblemError: 404 where there never was one.
    """
    return _original(tx, tweet_id, store.with_deleted)


def _original(tx: Transaction, tweet_id: int, find: Callable[[Connection, int], TweetRow | None]) -> TweetRow:
    row = find(tx.connection, tweet_id)
    if row is not None and row.kind == "retweet":
        row = find(tx.connection, row.referenced_id)
    if row is None:
        raise not_found("tweet", tweet_id)
    return row


def engage(tx: Transaction, user_id: int, tweet: TweetRow, action: str) -> None:
    """Counts an action on a tweet; it goes to the log as an event."""
    store.count(tx.connection, tweet.tweet_id, action, 1)
    tx.emit(event("engagements", engagement_id=tx.new_id(), **_about(tx, user_id, tweet, action)))


def disengage(tx: Transaction, user_id: int, tweet_id: int, action: str, engaged_us: int) -> None:
    """Takes an action of `engaged_us` back: it no longer counts, and that goes to the log as an event.

    On a tweet that was deleted meanwhile as well: the log's counts of its author go on.
    """
    store.count(tx.connection, tweet_id, action, -1)
    tweet = store.with_deleted(tx.connection, tweet_id)
    if tweet is not None:
        about = _about(tx, user_id, tweet, action)
        tx.emit(event("undos", undo_id=tx.new_id(), **about, engaged_us=engaged_us))


def _take_out(tx: Transaction, rows: Sequence[TweetRow]) -> None:
    """Takes tweets out of every read and of their authors' counts: one event each."""
    ids = [int(row.tweet_id) for row in rows]
    store.mark_deleted(tx.connection, ids)
    for author_id, tweets in Counter(row.author_id for row in rows if row.author_id is not None).items():
        users.count(tx, author_id, tweets=-tweets)
    columns = {"tweet_id": np.array(ids, np.int64), "time_us": np.full(len(ids), tx.now_us, np.int64)}
    tx.emit(EventBatch("deletions", columns))


def _about(tx: Transaction, user_id: int, tweet: TweetRow, action: str) -> dict[str, Any]:
    return {
        "time_us": tx.now_us,
        "user_id": user_id,
        "tweet_id": tweet.tweet_id,
        "author_id": tweet.author_id,
        "action": action,
    }


def _commit(
    tx: Transaction, author_id: int, kind: str, about: TweetRow | None, text: str, language: str | None
) -> dict[str, Any]:
    tweet_id = tx.new_id()
    row: dict[str, Any] = {
        "tweet_id": tweet_id,
        "time_us": tx.now_us,
        "author_id": author_id,
        "kind": kind,
        "referenced_id": None if about is None else about.tweet_id,
        "conversation_id": tweet_id if about is None or kind != "reply" else about.conversation_id or about.tweet_id,
        "text": text,
        "language": language,
        "media_count": 0,
    }
    store.add(tx.connection, [row])
    users.count(tx, author_id, tweets=1)
    tx.emit(event("tweets", **row))
    if about is not None:
        engage(tx, author_id, about, kind)
    return row
