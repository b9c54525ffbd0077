"""The rules of tweets: what may be posted, and that a tweet, its counts and its events commit together."""

from __future__ import annotations

from typing import Any, Literal

from data.tweet_text import MAX_WEIGHTED_LENGTH, NOT_TEXT, is_blank, weighted_length
from serving.events.outbox import Transaction, event
from serving.kit.problems import ProblemError, not_found
from serving.tweets import store
from serving.tweets.store import COUNTED, TweetRow
from serving.users import store as users


def check_length(text: str) -> None:
    """Refuses a text in which nothing can be seen, that has characters which are no text, or that is too long.

    Raises:
        ProblemError: 422 naming the character, or the length and the limit.
    """
    if is_blank(text):
        raise ProblemError(422, "empty-tweet", "the tweet has no text that can be seen; give it some")
    if found := NOT_TEXT.search(text):
        raise ProblemError(
            422, "not-text", f"the tweet has the character U+{ord(found[0]):04X} at {found.start()}; leave it out"
        )
    length = weighted_length(text)
    if length > MAX_WEIGHTED_LENGTH:
        raise ProblemError(
            422,
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
        ProblemError: 403 for an author without account, 404 for a tweet answered or quoted that there is not, 422 for
            a text too long or a tweet that is both reply and quote.
    """
    check_length(text)
    if reply_to is not None and quotes is not None:
        raise ProblemError(422, "reply-and-quote", "a tweet is either a reply or a quote; leave one of them out")
    account = users.by_id(tx.connection, author_id)
    if account is None:
        raise no_account(author_id)
    kind: Literal["original", "reply", "quote"] = "reply" if reply_to is not None else "quote"
    target = reply_to if reply_to is not None else quotes
    if target is None:
        return _commit(tx, author_id, "original", None, text, language or account.language)
    return _commit(tx, author_id, kind, original(tx, target), text, language or account.language)


def retweet(tx: Transaction, author_id: int, tweet_id: int) -> int:
    """Retweets a tweet (of a retweet: its original); returns the retweet's id.

    Raises:
        ProblemError: 403 for a user without account, 404 for a tweet that there is not.
    """
    if not users.exists(tx.connection, author_id):
        raise no_account(author_id)
    return int(_commit(tx, author_id, "retweet", original(tx, tweet_id), "", None)["tweet_id"])


def delete(tx: Transaction, author_id: int, tweet_id: int) -> None:
    """Deletes an author's own tweet.

    Raises:
        ProblemError: 404 for a tweet that there is not, 403 for somebody else's.
    """
    row = store.one(tx.connection, tweet_id)
    if row is None:
        raise not_found("tweet", tweet_id)
    if row.author_id != author_id:
        raise ProblemError(403, "other-user", f"tweet {tweet_id} is not by user {author_id}; delete your own only")
    store.mark_deleted(tx.connection, tweet_id)
    if row.referenced_id is not None and row.kind in COUNTED:
        store.count(tx.connection, row.referenced_id, row.kind, -1)
    users.count(tx.connection, author_id, tweets=-1)
    tx.emit(event("deletions", tweet_id=tweet_id, time_us=tx.now_us))


def original(tx: Transaction, tweet_id: int) -> TweetRow:
    """The tweet that an action is about: itself, or what it retweets.

    Raises:
        ProblemError: 404 where there is none.
    """
    row = store.one(tx.connection, tweet_id)
    if row is not None and row.kind == "retweet":
        row = store.one(tx.connection, row.referenced_id)
    if row is None:
        raise not_found("tweet", tweet_id)
    return row


def engage(tx: Transaction, user_id: int, tweet: TweetRow, action: str, change: int = 1) -> None:
    """Counts an action on a tweet and, where it is new, tells the log of it."""
    store.count(tx.connection, tweet.tweet_id, action, change)
    if change > 0:
        tx.emit(
            event(
                "engagements",
                engagement_id=tx.new_id(),
                time_us=tx.now_us,
                user_id=user_id,
                tweet_id=tweet.tweet_id,
                author_id=tweet.author_id,
                action=action,
            )
        )


def no_account(user_id: int) -> ProblemError:
    """The token's subject has no account here."""
    return ProblemError(
        403, "no-account", f"user {user_id}, for whom the token acts, has no account here; POST /2/users makes one"
    )


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
    users.count(tx.connection, author_id, tweets=1)
    tx.emit(event("tweets", **row))
    if about is not None:
        engage(tx, author_id, about, kind)
    return row
