"""Settings of supply: how much and about what authors post, given what their tweets got.

Sources of the defaults; docs/world.md says what each rests on.
- Posting: the rate of social rewards shortens the time to the next post (Lindstrom et al., Nature Communications 2021,
  a million posts of 4,000 people); newcomers who get feedback share more (Burke, Marlow and Lento, CHI 2009). They have
  the sign; no source has an elasticity.
- Outrage: people whose outrage got more likes and shares show more of it (Brady et al., Science Advances 2021, 7,331
  people and 12.7 million tweets): twice the feedback on a day goes with 2 to 3% more outrage on the next. A day is
  1 - exp(-1 / 7) = 0.13 of a memory of 7 days, so log(1.025) = 0.13 x `outrage` x log(2) and `outrage` = 0.27.
- Topics: learning by reward holds for what is said as for how much; no source has a size.
- `usual_reward` is fitted so that a world of 10,000 people has as many originals as it would without feedback.
- Weights: a reply and a quote cost an answerer more than a like does; no source has a size.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[float, Field(gt=0.0, le=3650.0, allow_inf_nan=False)]
Slope = Annotated[float, Field(ge=0.0, le=50.0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]
Reward = Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)]


class SupplyConfig(BaseModel):
    """How authors answer to what their originals got. A reward is a sum of weights; slopes are elasticities."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    posting: Slope = 0.3
    """Elasticity of how much an author writes on the reward of a tweet over what is expected."""
    topics: Slope = 0.5
    """Slope of the logarithm of a topic's share of what is written on what the topic got beyond the expected."""
    outrage: Slope = 0.27
    """Elasticity of the chance of outrage on the reward of outraged tweets over what is expected of any."""
    usual_reward: Reward = 5.0
    """Reward of a tweet that an author of median appeal expects at the start; goes with appeal^(1/4)."""
    noticed_reward: Reward = 0.5
    """Reward that counts as little: it is added to what is got and to what is expected before they are compared."""
    expected_tweets: Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)] = 3.0
    """Tweets of experience that what was expected before weighs as much as."""
    memory_days: Days = 7.0
    """Days over which what tweets got fades to 37%."""
    expected_days: Days = 60.0
    """Days over which what is expected of a tweet forgets what earlier ones got."""
    tilt_days: Days = 30.0
    """Days over which the leaning to topics that paid fades to 37%."""
    reply_weight: Weight = 2.0
    """Reward of a reply, in steps of 0.01 as all weights."""
    retweet_weight: Weight = 1.0
    """Reward of a retweet."""
    quote_weight: Weight = 2.0
    """Reward of a quote."""
    like_weight: Weight = 1.0
    """Reward of a like."""
    view_weight: Weight = 0.01
    """Reward of an impression."""


FEEDBACK: tuple[str, ...] = ("posting", "topics", "outrage")
"""Settings through which a feed can move posting; with all of them 0 no feed does."""
