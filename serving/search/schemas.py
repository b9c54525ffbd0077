"""Search as the API is asked for it and shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from candidates.search.hybrid import Mode
from candidates.search.query import MAX_QUERY
from serving.kit.answers import Answer, TweetPageMeta
from serving.kit.fields import OfTweets, OfUsers
from serving.kit.ids import Whole
from serving.kit.parameters import Tens, Window
from serving.tweets.schemas import SomeTweets
from serving.users.schemas import UserObject

SortOrder = Literal["recency", "relevancy"]


class SearchParameters(OfTweets, Window):
    """Of a search among tweets."""

    query: str = Field(min_length=1, max_length=MAX_QUERY)
    """Words and operators: docs/search.md has them."""
    max_results: Annotated[int, Whole] = Field(default=10, ge=10, le=100)
    """Entries a page."""
    next_token: str | None = Field(default=None, max_length=64)
    """`meta.next_token` of the page before."""
    pagination_token: str | None = Field(default=None, max_length=64)
    """The same by another name."""
    sort_order: SortOrder | None = None
    """`recency`: the newest first, of tweets that have all words. `relevancy`: the best first, by `mode`.

    When left out, `relevancy` with a `mode` and `recency` without."""
    mode: Mode | None = None
    """Of `relevancy`: by words (`text`), by meaning (`semantic`) or both (`hybrid`, where the model understands text).
    An extension of v2."""


Granularity = Literal["minute", "hour", "day"]
"""The time that one count is of."""


class CountParameters(Window):
    """Of counts of tweets over time."""

    query: str = Field(min_length=1, max_length=MAX_QUERY)
    """Words and operators, as of the search."""
    granularity: Granularity = "hour"
    """The time that one count is of."""


class MentionParameters(OfTweets, Window, Tens):
    """Of the tweets that mention a user."""


class UserSearchParameters(OfUsers):
    """Of a search among accounts."""

    query: str = Field(min_length=1, max_length=64)
    """A name or handle; typos are forgiven."""
    max_results: Annotated[int, Whole] = Field(default=100, ge=1, le=1000)
    """Entries a page."""
    next_token: str | None = Field(default=None, max_length=64)
    """`meta.next_token` of the page before."""


class CompletionParameters(OfUsers):
    """Of a completion."""

    prefix: str = Field(min_length=1, max_length=64)
    """What was typed; `#` or `@` before it asks for hashtags or accounts alone."""
    max_results: Annotated[int, Whole] = Field(default=10, ge=1, le=20)
    """Entries of each kind."""


class CountObject(Answer):
    """How many tweets of a time answer a query."""

    start: str
    """From when on, in RFC 3339."""
    end: str
    """Until when."""
    tweet_count: int


class CountMeta(Answer):
    """Of counts over time."""

    total_tweet_count: int


class Counts(Answer):
    """Counts over time, the oldest first."""

    data: list[CountObject]
    meta: CountMeta


class SearchMeta(TweetPageMeta):
    """Of a page of a search."""

    mode: Mode
    """The mode used."""


class SearchPage(SomeTweets):
    """A page of a search."""

    meta: SearchMeta


class HashtagObject(Answer):
    """A hashtag."""

    tag: str
    tweet_count: int
    """Tweets that have it."""


class CompletionLists(Answer):
    """What begins with what was typed."""

    hashtags: list[HashtagObject]
    """The most used first."""
    users: list[UserObject]
    """The most followed first."""


class Completion(Answer):
    """The answer to a completion."""

    data: CompletionLists
