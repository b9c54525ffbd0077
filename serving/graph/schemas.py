"""Follows and suggestions as the API takes and shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from serving.kit.answers import Answer
from serving.kit.ids import Id
from serving.users.schemas import UserObject


class TargetUser(BaseModel):
    """The body of a follow, a block or a mute."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    target_user_id: Id
    """Who is meant."""


class FollowState(Answer):
    """Whether a follow stands."""

    following: bool
    pending_follow: bool | None = None
    """Whether it waits for consent: never, as no account here asks for it."""


class Followed(Answer):
    """The answer to a follow, or to one taken back."""

    data: FollowState


class BlockState(Answer):
    """Whether a block stands."""

    blocking: bool


class Blocked(Answer):
    """The answer to a block, or to one taken back."""

    data: BlockState


class MuteState(Answer):
    """Whether a mute stands."""

    muting: bool


class Muted(Answer):
    """The answer to a mute, or to one taken back."""

    data: MuteState


class Why(Answer):
    """Why an account is suggested."""

    id: str
    score: float
    reason: str
    """In words."""
    followed_by: list[str]
    """Ids of accounts that the reader follows and that follow it."""
    others: int
    """How many more there are."""
    topic: str
    """What both have to do with most; empty for nothing."""


class SuggestionMeta(Answer):
    """Of suggestions."""

    result_count: int
    suggestions: list[Why]
    """The reason for each account, in order."""


class Suggestions(Answer):
    """Accounts to follow, best first."""

    data: list[UserObject]
    meta: SuggestionMeta
