"""Settings of surveys: how often people are questioned, who answers, and how answers depend on what is true.

Sources of the defaults; no figure of the modelled network is published.
- Rate: at most one question a person and day, which is the published rule of the modelled network.
- Response: single questions inside an app get answers from 10 to 30% of the people; who is active and content answers
  more, as in panels (Groves, "Nonresponse Rates and Nonresponse Bias in Household Surveys", 2006).
- Answers: a person's habit of using high or low points is about half as large as the noise from one answer to the next
  (response styles; Van Vaerenbergh and Thomas, 2013).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0.0, le=0.5, allow_inf_nan=False)]
Spread = Annotated[float, Field(ge=0.0, le=5.0, allow_inf_nan=False)]
Slope = Annotated[float, Field(ge=-50.0, le=50.0, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0.0, le=20.0, allow_inf_nan=False)]


class SurveyConfig(BaseModel):
    """Who is questioned how often, who answers, and what. Answers are points from 1 to 5."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tweet_rate: Rate = 0.003
    """Chance of an impression to be followed by a question on its tweet, while the person had no question on that
    day."""
    satisfaction_rate: Rate = 0.02
    """Chance of a day with impressions to begin with a question on the network; there is no other on such a day."""
    response_rate: Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)] = 0.15
    """Chance of the median person to answer at usual satisfaction."""
    response_spread: Spread = 0.8
    """Standard deviation over people of the logit of that chance, beside what activity does."""
    response_activity: Slope = 0.5
    """Slope of that logit on the standardised logarithm of the person's activity."""
    response_satisfaction: Slope = 4.0
    """Slope of that logit on satisfaction."""
    welfare_points: Points = 3.0
    """Points by which an answer on a tweet rises with a welfare of 1; 0 welfare is 3 points."""
    satisfaction_points: Points = 6.0
    """Points by which an answer on the network rises with a satisfaction of 1; usual satisfaction is 3 points."""
    bias_spread: Spread = 0.4
    """Standard deviation over people of the points that a person adds to every answer."""
    scale_spread: Spread = 0.25
    """Standard deviation over people of the logarithm of how far a person's answers differ from 3."""
    noise: Spread = 0.8
    """Standard deviation of the noise of an answer, in points."""
