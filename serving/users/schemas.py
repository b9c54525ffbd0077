"""Accounts as the API takes and shows them, in the shapes of Twitter's API v2."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from serving.kit.answers import rfc3339
from serving.users.store import UserRow


class NewUser(BaseModel):
    """The body of POST /2/users."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(pattern=r"^[A-Za-z0-9_]{1,15}$")
    """Handle without @."""
    name: str = Field(default="", max_length=50)
    """Display name; the handle when left out."""
    lang: str | None = Field(default=None, max_length=16)
    """BCP 47 language of the account."""
    place: int | None = Field(default=None, ge=1, le=(1 << 31), strict=True)
    """WOEID of the home place."""
    verified: StrictBool = False
    """Has the verified mark."""


def user_object(row: UserRow) -> dict[str, Any]:
    """An account in v2 shape."""
    return {
        "id": str(row.user_id),
        "username": row.username or str(row.user_id),
        "name": row.name or row.username or str(row.user_id),
        "created_at": rfc3339(row.created_us),
        "verified": row.verified,
        "public_metrics": {
            "followers_count": row.followers,
            "following_count": row.following,
            "tweet_count": row.tweets,
        },
    }
