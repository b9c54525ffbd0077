"""Rules and streamed tweets as the API takes and shows them, in the shapes of API v2."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.kit.answers import Answer
from serving.kit.fields import OfTweets
from serving.kit.ids import ID_PATTERN, Id
from serving.kit.parameters import Paged, Parameters
from serving.tweets.schemas import SomeTweets

MAX_RULES = 1_000
"""Rules of one app."""

MAX_RULE = 512
"""Characters of a rule."""


class NewRule(BaseModel):
    """A rule to be made."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    value: str = Field(min_length=1, max_length=MAX_RULE)
    """A query, as of the search (docs/search.md)."""
    tag: str = Field(default="", max_length=128)
    """A name that comes with each tweet that matches."""


class OldRules(BaseModel):
    """Rules to be removed: by their ids, or by their queries."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    ids: list[Id] = Field(default=[], max_length=MAX_RULES)
    values: list[str] = Field(default=[], max_length=MAX_RULES)


class RuleChange(BaseModel):
    """The body of POST /2/tweets/search/stream/rules: what to add, or what to delete."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    add: Annotated[list[NewRule], Field(min_length=1, max_length=MAX_RULES)] | None = None
    delete: OldRules | None = None

    @model_validator(mode="after")
    def _one(self) -> RuleChange:
        if (self.add is None) == (self.delete is None):
            raise ValueError("it takes one of `add` and `delete`")
        return self


class RuleChangeParameters(Parameters):
    """Of a change of rules."""

    dry_run: bool = False
    """Checks the rules and changes nothing."""


class RulesParameters(Paged):
    """Of the list of rules; it comes in one page."""

    ids: str | None = Field(
        default=None, json_schema_extra={"pattern": f"^(?:{ID_PATTERN})(?:,(?:{ID_PATTERN})){{0,{MAX_RULES - 1}}}$"}
    )
    """Ids, separated by commas."""


class StreamParameters(OfTweets):
    """Of the stream."""


class Rule(Answer):
    """A rule."""

    id: str
    value: str
    tag: str | None = None


class RuleError(Answer):
    """Why a rule was not made."""

    value: str
    title: str
    detail: str
    type: str
    id: str | None = None
    """The rule that says the same."""


class RuleSummary(Answer):
    """How many rules were made or removed."""

    created: int | None = None
    not_created: int | None = None
    valid: int | None = None
    invalid: int | None = None
    deleted: int | None = None
    not_deleted: int | None = None


class RulesMeta(Answer):
    """Of rules."""

    sent: str
    """When this was answered, in RFC 3339."""
    result_count: int | None = None
    summary: RuleSummary | None = None


class Rules(Answer):
    """Rules, the first made first."""

    data: list[Rule] | None = None
    errors: list[RuleError] | None = None
    meta: RulesMeta


class MatchingRule(Answer):
    """A rule that a tweet matches."""

    id: str
    tag: str


class StreamedTweet(SomeTweets):
    """One line of the stream."""

    matching_rules: list[MatchingRule]
