"""Trends as the API is asked for them and shows them."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any

from pydantic import Field

from candidates.trends.engine import Trend
from serving.kit.answers import Answer, rfc3339
from serving.kit.fields import list_of
from serving.kit.ids import Whole
from serving.kit.parameters import Parameters

TREND_FIELDS = ("trend_name", "tweet_count", "score", "kind", "people", "expected")

PERSONAL_TREND_FIELDS = ("category", "post_count", "trend_name", "trending_since")

_Fields = Annotated[str, *list_of(TREND_FIELDS)]
_PersonalFields = Annotated[str, *list_of(PERSONAL_TREND_FIELDS)]


class TrendParameters(Parameters):
    """The parameters of trends."""

    max_trends: Annotated[int, Whole] = Field(default=20, ge=1, le=50)
    """Trends."""
    trend_fields: _Fields = Field(default="trend_name,tweet_count", alias="trend.fields")
    """Fields of a trend, separated by commas."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields asked for."""
        return frozenset(self.trend_fields.split(","))


class PersonalTrendParameters(Parameters):
    """The parameters of personal trends."""

    trend_fields: _PersonalFields = Field(default=",".join(PERSONAL_TREND_FIELDS), alias="personalized_trend.fields")
    """Fields of a trend, separated by commas."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields asked for."""
        return frozenset(self.trend_fields.split(","))


class TrendObject(Answer):
    """A hashtag, name or phrase that rises."""

    trend_name: str | None = None
    tweet_count: int | None = None
    """Tweets of the window with it."""
    score: float | None = None
    kind: str | None = None
    """A hashtag, a name or a phrase."""
    people: int | None = None
    """Who used it in the window."""
    expected: float | None = None
    """Tweets of the window that would be usual."""


class TrendMeta(Answer):
    """Of a list of trends."""

    result_count: int
    as_of_us: int
    """The end of the window, in UTC microseconds."""
    window_min: float
    """The length of the window in minutes."""


class TrendAnswer(Answer):
    """Trends of a place, best first."""

    data: list[TrendObject] | None = None
    meta: TrendMeta


class PersonalTrend(Answer):
    """A hashtag, name or phrase that rises near the reader."""

    category: str | None = None
    """A hashtag, a name or a phrase."""
    post_count: int | None = None
    """Tweets of the window with it."""
    trend_name: str | None = None
    trending_since: str | None = None
    """Its first use there that is remembered, in RFC 3339."""


class PersonalTrends(Answer):
    """Trends near the reader, the nearest place first, best first."""

    data: list[PersonalTrend] | None = None


def personal_trend_object(trend: Trend, fields: Set[str]) -> dict[str, Any]:
    """A trend near the reader with `fields`."""
    known = {
        "category": trend.kind, "post_count": trend.volume, "trend_name": trend.name,
        "trending_since": rfc3339(trend.first_seen_us),
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in fields}


def trend_object(trend: Trend, fields: Set[str]) -> dict[str, Any]:
    """A trend with `fields`."""
    known = {
        "trend_name": trend.name, "tweet_count": trend.volume, "score": trend.score, "kind": trend.kind,
        "people": trend.unique_users, "expected": round(trend.expected, 3),
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in fields}
