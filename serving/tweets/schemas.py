"""Tweets as the API takes and shows them, in the shapes of Twitter's API v2."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from data.tweet_text import MAX_LENGTH
from serving.kit.answers import rfc3339
from serving.kit.ids import Id
from serving.tweets.store import TweetRow

_REFERENCE = {"reply": "replied_to", "retweet": "retweeted", "quote": "quoted"}


class ReplyTo(BaseModel):
    """What a reply answers."""

    model_config = ConfigDict(extra="forbid")

    in_reply_to_tweet_id: Id
    """The tweet answered."""


class NewTweet(BaseModel):
    """The body of POST /2/tweets."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=MAX_LENGTH)
    """Its words, at most 280 by weighted length."""
    reply: ReplyTo | None = None
    """Makes it a reply."""
    quote_tweet_id: Id | None = None
    """Makes it a quote."""
    lang: str | None = Field(default=None, max_length=16)
    """BCP 47 language; the author's when left out. An extension of v2."""


def tweet_object(row: TweetRow) -> dict[str, Any]:
    """A tweet in v2 shape."""
    out: dict[str, Any] = {
        "id": str(row.tweet_id),
        "text": row.text,
        "created_at": rfc3339(row.time_us),
        "public_metrics": {
            "like_count": row.likes,
            "retweet_count": row.retweets,
            "reply_count": row.replies,
            "quote_count": row.quotes,
        },
    }
    if row.author_id is not None:
        out["author_id"] = str(row.author_id)
    if row.conversation_id is not None:
        out["conversation_id"] = str(row.conversation_id)
    if row.language:
        out["lang"] = row.language
    if row.referenced_id is not None and row.kind in _REFERENCE:
        out["referenced_tweets"] = [{"type": _REFERENCE[row.kind], "id": str(row.referenced_id)}]
    return out
