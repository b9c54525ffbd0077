"""What timelines may be asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from serving.kit.fields import OfTweets
from serving.kit.ids import Whole
from serving.kit.parameters import Paged, Tens, Window

Algorithm = Literal["ranked", "reverse_chronological"]

_KIND = {"replies": "reply", "retweets": "retweet"}


class _Without(OfTweets, Window):
    exclude: str | None = Field(default=None, pattern=r"^(replies|retweets)(,(replies|retweets))?$")
    """`replies`, `retweets` or both, separated by a comma: left out."""

    @property
    def left_out(self) -> list[str]:
        """The kinds of tweets that are left out."""
        return [_KIND[one] for one in (self.exclude or "").split(",") if one]


class UserTimeline(_Without, Tens):
    """Of what a user posted."""


class _Home(Paged):
    max_results: Annotated[int | None, Whole] = Field(default=None, ge=1, le=100)
    """Entries a page; the setting `home_size` when left out."""


class Chronological(_Without, _Home):
    """Of the home timeline in reverse chronological order."""


class HomeTimelineParameters(OfTweets, _Home):
    """Of the home timeline."""

    algorithm: Algorithm = "ranked"
    """`ranked` by the served model, or `reverse_chronological`."""
