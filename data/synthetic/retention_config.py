"""Settings of return: what makes people open the app, skip a day, leave, come back and join.

Sources of the defaults; docs/world.md says what each rests on.
- Habit: Allcott, Gentzkow and Song, "Digital Addiction", AER 2022. Three weeks at 39% less use (56 minutes a day) left
  19 minutes less a day in the three weeks after and 12 in the next three. Where use has elasticity g on a habit of H
  days, 12 / 19 = exp(-21 (1 - g) / H), and 19 / 56 = 0.8 g (1 - exp(-21 / H)), the 0.8 for what faded within the first
  three weeks: g = 0.6 and H = 18. Half of g is in `habit_opens` and half in `habit_sessions`, at a habit of 0.5.
- Satisfaction: Huang, Reiley and Riabov (Pandora, 2018) found 9% less use over 21 months between the lowest and the
  highest load of advertisements, and Cunningham et al. (arXiv 2402.06831) report that quality ranked higher raises
  return though it lowers engagement. A tenth of welfare moves use by 4% at once and by about 10% through habit.
- New accounts: benchmarks of social apps keep 30 to 48% on the day after, 18 to 28% after a week, 12 to 18% after a
  month; Nielsen (2009) lost 60% of new accounts of the modelled network within a month. `new_habit`, `leaving_new` and
  `settling_days` are fitted to the middle of these: 41%, 23% and 14%.
- Old accounts: half of those who posted were still active two years later (2011 to 2013), a hazard of 0.001 a day.
- Usual chance: DAU/MAU of the modelled network is about 0.43, of others 0.5 to 0.67.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.settings import Share

Days = Annotated[float, Field(gt=0.0, le=3650.0, allow_inf_nan=False)]
Slope = Annotated[float, Field(ge=0.0, le=50.0, allow_inf_nan=False)]
Chance = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]


class RetentionConfig(BaseModel):
    """How return answers to what people see. Slopes are in logits, or in logarithms of a rate."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    usual_opening: Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)] = 0.5
    """Chance of the median person to open the app on a usual day."""
    opening_spread: Annotated[float, Field(ge=0.0, le=5.0, allow_inf_nan=False)] = 1.4
    """Standard deviation over people of the logit of that chance; active people have a higher one."""
    habit_days: Days = 18.0
    """Days over which habit, the mean use of days, fades to 37%."""
    habit_opens: Slope = 1.5
    """Slope of the chance to open the app on habit."""
    habit_sessions: Slope = 0.6
    """Slope of the logarithm of the rate of sessions on habit."""
    habit_stays: Slope = 2.0
    """Slope of the chance to stay for another day on habit."""
    habit_engagement: Share = 0.25
    """Share of a day's use that depends on how much the person engaged; the rest is for opening the app."""
    engaged: Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)] = 3.0
    """Engagements of a day that give half of that share."""
    satisfaction_days: Days = 7.0
    """Days with impressions over which satisfaction, the mean welfare of what was looked at, fades to 37%."""
    usual_welfare: Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False)] = 0.19
    """Satisfaction at which people start and that neither keeps nor repels them."""
    satisfaction_opens: Slope = 1.0
    """Slope of the chance to open the app on satisfaction."""
    satisfaction_stays: Slope = 2.0
    """Slope of the chance to stay for another day on satisfaction."""
    satisfaction_returns: Slope = 1.0
    """Slope of the chance to come back on the satisfaction with which the person left."""
    new_habit: Share = 0.8
    """Habit with which a new account begins, over that to which its usual days lead: first days are curious ones."""
    leaving: Chance = 0.001
    """Chance of a settled account to leave on a day, at its usual habit and satisfaction."""
    leaving_new: Chance = 0.12
    """What is added to it for an account of age 0."""
    settling_days: Days = 10.0
    """Days over which that addition fades to 37%."""
    returning: Chance = 0.003
    """Chance of one who left to come back on a day."""
    joins_per_day: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.002
    """New accounts a day in the mean, as a share of `people`."""
    first_follows: Annotated[float, Field(ge=1.0, le=1000.0, allow_inf_nan=False)] = 8.0
    """People whom a new account follows when it joins, in the mean; fewer in a small world."""
    friends_share: Share = 0.4
    """Share of them who are friends; the others are suggestions."""


FEEDBACK: tuple[str, ...] = (
    "habit_engagement", "satisfaction_opens", "satisfaction_stays", "satisfaction_returns",
)  # fmt: skip
"""Settings through which a feed can move sessions; with all of them 0 no feed does."""
