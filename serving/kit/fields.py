"""Which fields and expansions of API v2 the network has, and what one request asks for of them.

An answer holds the default fields (a tweet's id, text and edit_history_tweet_ids; an account's id, name and username),
those that are asked for, and those that an expansion names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from serving.kit.parameters import Hundreds, Ids, Paged, Parameters, Thousands

TWEET_FIELDS = (
    "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "id", "in_reply_to_user_id",
    "lang", "public_metrics", "referenced_tweets", "reply_settings", "text",
)  # fmt: skip
USER_FIELDS = (
    "created_at", "id", "location", "name", "pinned_tweet_id", "protected", "public_metrics", "username", "verified",
)  # fmt: skip
TWEET_EXPANSIONS = {
    "author_id": "author_id",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "entities.mentions.username": "entities",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
}
"""What of a tweet can be expanded, and the field that holds its id."""
USER_EXPANSIONS = ("pinned_tweet_id",)
"""What of an account can be expanded; no account pins a tweet yet, so that it brings nothing."""


@dataclass(frozen=True, slots=True)
class View:
    """What a request asks for beside the default fields."""

    tweet: frozenset[str] = frozenset()
    """Fields of tweets."""
    user: frozenset[str] = frozenset()
    """Fields of accounts."""
    expansions: frozenset[str] = frozenset()
    """What tweets refer to and the answer includes."""

    @property
    def of_expanded(self) -> frozenset[str]:
        """Fields of the tweets that are expanded: those asked for, and those that hold the ids."""
        return self.tweet | {TWEET_EXPANSIONS[one] for one in self.expansions}


def _checked(known: Sequence[str], text: str) -> str:
    for one in text.split(","):
        if one not in known:
            raise ValueError(f"[{one[:64]}] is not one of [{','.join(known)}]")
    return text


def list_of(known: Sequence[str]) -> tuple[Any, Any]:
    """What checks a list of names separated by commas, each one of `known`, and its JSON schema."""
    one = "(" + "|".join(name.replace(".", r"\.") for name in known) + ")"
    schema = {"type": "string", "pattern": f"^{one}(,{one})*$"}
    return AfterValidator(partial(_checked, known)), WithJsonSchema(schema)


_TweetFields = Annotated[str, *list_of(TWEET_FIELDS)]
_UserFields = Annotated[str, *list_of(USER_FIELDS)]
_TweetExpansions = Annotated[str, *list_of(tuple(TWEET_EXPANSIONS))]
_UserExpansions = Annotated[str, *list_of(USER_EXPANSIONS)]


class OfTweets(Parameters):
    """What to show of tweets."""

    tweet_fields: _TweetFields | None = Field(default=None, alias="tweet.fields")
    """Fields of tweets, separated by commas."""
    user_fields: _UserFields | None = Field(default=None, alias="user.fields")
    """Fields of the accounts that `expansions` includes."""
    expansions: _TweetExpansions | None = None
    """What tweets refer to, to be included."""

    @property
    def view(self) -> View:
        """What to show."""
        return _view(self.tweet_fields, self.user_fields, self.expansions)


class OfUsers(Parameters):
    """What to show of accounts."""

    user_fields: _UserFields | None = Field(default=None, alias="user.fields")
    """Fields of accounts, separated by commas."""
    tweet_fields: _TweetFields | None = Field(default=None, alias="tweet.fields")
    """Fields of the tweets that `expansions` includes."""
    expansions: _UserExpansions | None = None
    """What accounts refer to, to be included."""

    @property
    def view(self) -> View:
        """What to show."""
        return _view(self.tweet_fields, self.user_fields, None)


class TweetsById(OfTweets, Ids):
    """Of a look-up of tweets."""


class UsersById(OfUsers, Ids):
    """Of a look-up of accounts."""


class UsersPaged(OfUsers, Thousands):
    """Of a list of accounts."""


class FewUsersPaged(OfUsers, Hundreds):
    """Of a list of accounts, at most a hundred a page."""


class TweetsPaged(OfTweets, Paged):
    """Of a list of tweets."""


@lru_cache(maxsize=1024)
def _view(tweet: str | None, user: str | None, expansions: str | None) -> View:
    return View(_names(tweet), _names(user), _names(expansions))


def _names(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()
