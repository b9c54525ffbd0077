"""Accounts as the API takes and shows them, in the shapes of API v2."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from data.places import BY_WOEID
from data.tweet_text import NOT_TEXT, is_blank
from serving.kit.answers import Answer, Missing, PageMeta, rfc3339
from serving.users.store import UserRow

HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
"""What a handle may be; a new one has at most 15 characters."""


def _readable(name: str) -> str:
    if name and (is_blank(name) or NOT_TEXT.search(name) is not None):
        raise ValueError("nobody could read it; leave it out to show the handle")
    return name


class NewUser(BaseModel):
    """The body of POST /2/users."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    username: str = Field(pattern=r"^[A-Za-z0-9_]{1,15}$")
    """Handle without @."""
    name: Annotated[str, AfterValidator(_readable)] = Field(default="", max_length=50)
    """Display name; the handle when left out."""
    lang: str | None = Field(default=None, max_length=16)
    """BCP 47 language of the account."""
    place: int | None = Field(default=None, ge=1, le=(1 << 31), strict=True)
    """WOEID of the home place."""
    verified: StrictBool = False
    """Has the verified mark."""


class UserMetrics(Answer):
    """Counts of an account."""

    followers_count: int
    following_count: int
    tweet_count: int
    listed_count: int
    """Lists that hold the account: 0, as the network has no lists."""
    like_count: int
    """Likes that the account gave and that stand."""


class UserObject(Answer):
    """An account: id, name and username, and the fields that were asked for."""

    id: str
    name: str
    """The display name; the handle where there is none."""
    username: str
    """The handle; the id where there is none."""
    created_at: str | None = None
    """RFC 3339."""
    location: str | None = None
    """The city that the account is at home in."""
    pinned_tweet_id: str | None = None
    protected: bool | None = None
    """Whether only followers see what it posts: false, as everything here is public."""
    public_metrics: UserMetrics | None = None
    verified: bool | None = None


def user_object(row: UserRow, fields: Set[str] = frozenset()) -> dict[str, Any]:
    """An account in v2 shape, with `fields` beside the default ones."""
    shown = row.username or str(row.user_id)
    out: dict[str, Any] = {"id": str(row.user_id), "name": row.name or shown, "username": shown}
    if not fields:
        return out
    if "created_at" in fields:
        out["created_at"] = rfc3339(row.created_us)
    if "location" in fields and row.place in BY_WOEID:
        out["location"] = BY_WOEID[row.place].name
    if "protected" in fields:
        out["protected"] = False
    if "verified" in fields:
        out["verified"] = row.verified
    if "public_metrics" in fields:
        out["public_metrics"] = {
            "followers_count": row.followers,
            "following_count": row.following,
            "tweet_count": row.tweets,
            "listed_count": 0,
            "like_count": row.likes,
        }
    return out


class OneUser(Answer):
    """An account."""

    data: UserObject


class SomeUsers(Answer):
    """Those of the accounts asked for that are there."""

    data: list[UserObject] | None = None
    errors: list[Missing] | None = None


class UserPage(Answer):
    """A page of a list of accounts."""

    data: list[UserObject] | None = None
    meta: PageMeta
