"""The weights of welfare: what people are glad to have seen, and how far that is from what they act on.

`welfare` states the formula. Sources of the defaults:

- Signs: ranking by engagement raised tweets that are angry or hostile to others, and readers did not prefer the
  political tweets that it chose (Milli et al., PNAS Nexus 2025, an audit with surveys); users say that they want what
  is useful and what is from friends, and less of bait and repetition.
- Agreement: what people do and what they say they value overlap but are not the same (Kleinberg, Mullainathan and
  Raghavan, 2022, leave the correlation free); 0.6 is a strong correlation that leaves two thirds of the variance.
- Size: with this `base` what the logging policy shows is a little better than the time it takes: its welfare is 0.19 in
  the mean of what 10,000 people look at, which is `usual_welfare` of `retention_config`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.settings import Share

Weight = Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]


class WelfareConfig(BaseModel):
    """What looking at a tweet is worth to a person: weights of a closed form, in units of its argument."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    agreement: Share = 0.6
    """Mean correlation over topics between what a person acts on and what they are glad to have seen."""
    agreement_spread: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.2
    """Standard deviation of that correlation over people, before it is cut to 0 to 1."""
    susceptibility_spread: Annotated[float, Field(ge=0.0, le=3.0, allow_inf_nan=False)] = 0.7
    """Standard deviation over people of how strongly bait, outrage and insults move them to act; the mean is 1."""
    base: Annotated[float, Field(ge=-10.0, le=10.0, allow_inf_nan=False)] = -0.09
    """What is added for every tweet: it takes time."""
    interest: Weight = 1.1
    """Gain by the match between the tweet's topics and the person's reflective taste, a match in [0, 1]."""
    usefulness: Weight = 0.6
    """Gain by the tweet's usefulness, 0 to 1."""
    quality: Weight = 0.12
    """Gain by the tweet's quality, standard deviation about 1."""
    friends: Weight = 0.35
    """Gain for an author with whom the person is friends: both follow each other."""
    bond: Weight = 0.12
    """Gain by the personal liking of this very author, standard deviation 1."""
    novelty: Weight = 0.3
    """Gain by the tweet's novelty, 0 to 1: not shown before, on a topic that was shown little of late."""
    bait: Weight = 0.9
    """Loss by the tweet's bait, 0 to 1."""
    outrage: Weight = 0.9
    """Loss by the tweet's outrage, 0 to 1."""
    toxic: Weight = 0.6
    """Loss for a toxic text."""
    foreign: Weight = 1.0
    """Loss for a language that the person does not speak."""
    repetition: Weight = 0.5
    """Loss for each earlier exposure to the same tweet."""
