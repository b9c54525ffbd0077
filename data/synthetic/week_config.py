"""Settings of weeks: how a weekend differs from working days.

Sources have the signs and few sizes: weekdays are busier than weekends (State of the Twittersphere, 2009; Pingdom,
2009), and people sleep about an hour longer on free days (social jet lag: Wittmann et al., 2006). The defaults are
small where only a sign is known; nothing published has the size of `fewer_work_originals`, `place_spread`,
`topic_swing` and `weekly_tag_share`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.settings import Share

Fewer = Annotated[float, Field(ge=0.0, le=0.5, allow_inf_nan=False)]


class WeekConfig(BaseModel):
    """How Saturday and Sunday differ, by local time. With all settings 0 every day is alike.

    With a share f fewer at weekends, rates are 7 / (7 - 2 f) times the mean on working days and (1 - f) times that at
    weekends, so that the mean of a week stays.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    fewer_sessions: Fewer = 0.04
    """Share by which sessions are fewer at weekends."""
    fewer_originals: Fewer = 0.08
    """The same of originals."""
    fewer_work_originals: Fewer = 0.4
    """The same of originals of news accounts and bots."""
    place_spread: Share = 0.25
    """Places differ: each multiplies the three shares by an even number within this of 1."""
    weekend_later_min: Annotated[float, Field(ge=0.0, le=180.0, allow_inf_nan=False)] = 60.0
    """Minutes by which mornings of weekends begin later; evenings are as on working days."""
    topic_swing: Annotated[float, Field(ge=0.0, le=0.9, allow_inf_nan=False)] = 0.3
    """How much more often the topics most of leisure are written about at weekends, those most of work less often."""
    weekly_tag_share: Share = 0.015
    """Share of originals that carry the hashtag which their language has for the weekday; no trend."""
