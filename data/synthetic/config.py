"""What a world is made of: one frozen config, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.events import DAY_US, MINUTE_US
from data.settings import Positive, Share, wrong_setting
from data.synthetic.behaviour_weights import BehaviourConfig
from data.synthetic.retention_config import RetentionConfig
from data.synthetic.supply_config import SupplyConfig
from data.synthetic.survey_config import SurveyConfig
from data.synthetic.text.languages.language import TOPIC_NAMES
from data.synthetic.week_config import WeekConfig
from data.synthetic.welfare_config import WelfareConfig


class WorldConfig(BaseModel):
    """A world: how many people for how long, and how they behave."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    people: Annotated[int, Field(ge=10, le=2_000_000)] = 5_000
    """Accounts, at least 10."""
    days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days of log."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """The same seed gives the same bytes."""
    start: date = date(2026, 1, 5)
    """First day, UTC."""
    tick_min: Annotated[int, Field(ge=1, le=60)] = 5
    """Minutes of a tick; people act independently within one. Divides the hour."""
    impressions_per_day: Positive = 40.0
    """Mean impressions a person and day."""
    slate: Annotated[int, Field(ge=5, le=200)] = 40
    """Most tweets requested of a feed; people look at fewer."""
    tweets_per_day: Positive = 0.16
    """Mean original tweets a person and day."""
    topics: Annotated[int, Field(ge=4)] = len(TOPIC_NAMES)
    """How many of the lexicon's topics the world talks about."""
    follows: Positive = 27.0
    """Mean number of people whom a person follows at 5,000 people; grows as people^(1/5) up to 36,000 people."""
    annotated: Annotated[int, Field(ge=0)] = 5_000
    """Tweets that annotators label (fewer when there are fewer)."""
    annotators: Annotated[int, Field(ge=3)] = 40
    """Annotators; three read each tweet."""
    annotator_error: Share = 0.12
    """Mean share of wrong labels of an annotator."""
    bursts_per_day: Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)] = 3.0
    """Planted hashtag bursts a day."""
    burst_volume: Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)] = 2.0
    """Tweets of the smallest burst for a thousand people."""
    deleted_share: Share = 0.01
    """Original tweets that are deleted within a day."""
    state_at: Share = 0.75
    """Share of the time after which the state is kept beside the truth, before a test period begins."""
    behaviour: BehaviourConfig = BehaviourConfig()
    """How people react."""
    welfare: WelfareConfig = WelfareConfig()
    """What people are glad to have seen."""
    retention: RetentionConfig = RetentionConfig()
    """Who comes back, leaves and joins."""
    supply: SupplyConfig = SupplyConfig()
    """How much and about what authors post."""
    week: WeekConfig = WeekConfig()
    """How weekends differ."""
    surveys: SurveyConfig = SurveyConfig()
    """Who is questioned how often, and how they answer."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if 60 % self.tick_min:
            raise ValueError(f"tick_min={self.tick_min} does not divide the hour; use 1, 5, 15 or 30")
        if not date(2022, 12, 1) <= self.start <= date(2079, 1, 1):
            raise ValueError(f"start={self.start} does not fit ids and old accounts; use 2022-12-01 to 2079-01-01")
        if self.topics > len(TOPIC_NAMES):
            raise ValueError(f"topics={self.topics} but the lexicon has {len(TOPIC_NAMES)}; choose fewer")
        most = self.people / max(1.0, (min(self.people, 36_000) / 5_000) ** 0.2)
        if self.follows >= most:
            raise ValueError(
                f"people={self.people} are too few to follow follows={self.follows:g} others each; "
                f"set follows below {most:.10g}, or more people"
            )
        return self

    @property
    def start_us(self) -> int:
        """The beginning, UTC microseconds."""
        return int(datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC).timestamp()) * 1_000_000

    @property
    def end_us(self) -> int:
        """The end, exclusive, UTC microseconds."""
        return self.start_us + self.days * DAY_US

    @property
    def tick_us(self) -> int:
        """Microseconds of a tick."""
        return self.tick_min * MINUTE_US

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """From plain values, checked.

        Raises:
            ConfigError: naming the first field that is wrong, its value and what it takes.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise wrong_setting(error, cls, "the world's settings") from error
