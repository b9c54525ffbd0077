"""Tweets as the API takes and shows them, in the shapes of API v2."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.tweet_text import MAX_LENGTH, entities
from serving.kit.answers import Answer, Missing, TweetPageMeta, rfc3339
from serving.kit.ids import Id
from serving.tweets.store import TweetRow
from serving.users.schemas import UserObject

_REFERENCE = {"reply": "replied_to", "retweet": "retweeted", "quote": "quoted"}
_ENTITIES = {"hashtag": "hashtags", "cashtag": "cashtags", "mention": "mentions", "url": "urls"}


class ReplyTo(BaseModel):
    """What a reply answers."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    in_reply_to_tweet_id: Id
    """The tweet answered."""


class NewTweet(BaseModel):
    """The body of POST /2/tweets."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str = Field(min_length=1, max_length=MAX_LENGTH)
    """Its words, at most 280 by weighted length."""
    reply: ReplyTo | None = None
    """Makes it a reply."""
    quote_tweet_id: Id | None = None
    """Makes it a quote."""
    lang: str | None = Field(default=None, max_length=16)
    """BCP 47 language; the author's when left out. An extension of v2."""


class PostedTweet(Answer):
    """A tweet that was just posted."""

    id: str
    text: str
    edit_history_tweet_ids: list[str]


class Posted(Answer):
    """The answer to POST /2/tweets."""

    data: PostedTweet


class Deletion(Answer):
    """Whether a tweet was deleted."""

    deleted: bool


class Deleted(Answer):
    """The answer to DELETE /2/tweets/{id}."""

    data: Deletion


class TweetMetrics(Answer):
    """Counts of a tweet."""

    retweet_count: int
    reply_count: int
    like_count: int
    quote_count: int
    bookmark_count: int
    impression_count: int
    """How often it was shown in a ranked home timeline."""


class Reference(Answer):
    """A tweet that this one is about."""

    type: Literal["replied_to", "retweeted", "quoted"]
    id: str


class TextTag(Answer):
    """A hashtag or a share's symbol; `start` and `end` count code points, the sign among them."""

    start: int
    end: int
    tag: str


class TextMention(Answer):
    """A mention; without `id` where nobody has the handle."""

    start: int
    end: int
    username: str
    id: str | None = None


class TextUrl(Answer):
    """A URL; nothing shortens it, so that all three are the same."""

    start: int
    end: int
    url: str
    expanded_url: str
    display_url: str


class Entities(Answer):
    """What a text holds."""

    hashtags: list[TextTag] | None = None
    cashtags: list[TextTag] | None = None
    mentions: list[TextMention] | None = None
    urls: list[TextUrl] | None = None


class TweetObject(Answer):
    """A tweet: id, text and edit_history_tweet_ids, and the fields that were asked for."""

    id: str
    text: str
    """Empty for a retweet."""
    edit_history_tweet_ids: list[str]
    """Its own id, as nothing edits a tweet."""
    author_id: str | None = None
    conversation_id: str | None = None
    """The tweet that began the thread; absent where a data set does not say."""
    created_at: str | None = None
    """RFC 3339."""
    entities: Entities | None = None
    in_reply_to_user_id: str | None = None
    lang: str | None = None
    """BCP 47."""
    public_metrics: TweetMetrics | None = None
    referenced_tweets: list[Reference] | None = None
    reply_settings: Literal["everyone"] | None = None


class Includes(Answer):
    """What the tweets of an answer refer to, each once."""

    tweets: list[TweetObject] | None = None
    users: list[UserObject] | None = None


class OneTweet(Answer):
    """A tweet."""

    data: TweetObject
    includes: Includes | None = None
    errors: list[Missing] | None = None


class SomeTweets(Answer):
    """Those of the tweets asked for that are there."""

    data: list[TweetObject] | None = None
    includes: Includes | None = None
    errors: list[Missing] | None = None


class TweetPage(SomeTweets):
    """A page of a list of tweets."""

    meta: TweetPageMeta


def tweet_object(
    row: TweetRow,
    fields: Set[str] = frozenset(),
    *,
    answered: Mapping[int, int] | None = None,
    handles: Mapping[str, int] | None = None,
    impressions: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """A tweet in v2 shape, with `fields`.

    Args:
        row: the tweet.
        fields: the fields beside the default ones.
        answered: tweet to its author, for `in_reply_to_user_id`.
        handles: handle in lower case to account, for mentions.
        impressions: tweet to how often it was shown.
    """
    shown = str(row.tweet_id)
    out: dict[str, Any] = {"id": shown, "text": row.text, "edit_history_tweet_ids": [shown]}
    if not fields:
        return out
    if "author_id" in fields and row.author_id is not None:
        out["author_id"] = str(row.author_id)
    if "conversation_id" in fields and row.conversation_id is not None:
        out["conversation_id"] = str(row.conversation_id)
    if "created_at" in fields:
        out["created_at"] = rfc3339(row.time_us)
    if "entities" in fields and (found := _entities(row.text, handles or {})):
        out["entities"] = found
    if "in_reply_to_user_id" in fields and row.kind == "reply" and (answered or {}).get(row.referenced_id) is not None:
        out["in_reply_to_user_id"] = str((answered or {})[row.referenced_id])
    if "lang" in fields and row.language:
        out["lang"] = row.language
    if "public_metrics" in fields:
        out["public_metrics"] = _metrics(row, impressions or {})
    if "referenced_tweets" in fields and row.referenced_id is not None and row.kind in _REFERENCE:
        out["referenced_tweets"] = [{"type": _REFERENCE[row.kind], "id": str(row.referenced_id)}]
    if "reply_settings" in fields:
        out["reply_settings"] = "everyone"
    return out


def _metrics(row: TweetRow, impressions: Mapping[int, int]) -> dict[str, int]:
    return {
        "retweet_count": row.retweets,
        "reply_count": row.replies,
        "like_count": row.likes,
        "quote_count": row.quotes,
        "bookmark_count": row.bookmarks,
        "impression_count": impressions.get(row.tweet_id, 0),
    }


def _entities(text: str, handles: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for one in entities(text):
        if one.kind not in _ENTITIES:
            continue
        entry: dict[str, Any] = {"start": one.start, "end": one.end}
        if one.kind == "url":
            entry |= dict.fromkeys(("url", "expanded_url", "display_url"), one.value)
        elif one.kind == "mention":
            entry["username"] = one.value
            if one.value.lower() in handles:
                entry["id"] = str(handles[one.value.lower()])
        else:
            entry["tag"] = one.value
        out.setdefault(_ENTITIES[one.kind], []).append(entry)
    return out
