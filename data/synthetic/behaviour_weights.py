"""The weights of behaviour: what attracts people to a tweet, and how attraction becomes the logit of each action.

`behaviour` states the formulas; `behaviour_parameters` holds the weights in the form that kernels take.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from data.settings import Deviation, Finite, Positive, Share


class BehaviourConfig(BaseModel):
    """How people react: weights of a closed-form attraction, then a logit for each action."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    eagerness: Finite = -1.75
    """Added to every attraction: a small world has less to like, and its preset makes up for it."""
    interest: Finite = 5.0
    """Weight of the match between the tweet's topics and the person's interests, a match in [0, 1]."""
    drift: Share = 0.5
    """How far a person's liking of a topic swings about its mean."""
    drift_d: Positive = 24.0
    """Days of a swing."""
    affinity: Finite = 0.8
    """Weight of the latent affinity to the author, standard deviation about 1."""
    bond: Finite = 0.5
    """Weight of the personal liking of this very author, standard deviation 1."""
    following: Finite = 2.1
    """Weight of following the author: people follow whom they like."""
    quality: Finite = 0.3
    """Weight of the tweet's quality, standard deviation 1."""
    freshness: Finite = 1.3
    """Weight of exp(-age / freshness_h)."""
    freshness_h: Positive = 30.0
    """Hours after which freshness has fallen to 37%."""
    news: Finite = 5.2
    """Weight of exp(-age / news_h): what is happening right now."""
    news_h: Positive = 0.09
    """Hours after which news has fallen to 37%."""
    urgency: Finite = 0.0
    """Gain in the weight of news for each standard deviation of pace: what is over soon is hot while it lasts."""
    pace: Deviation = 3.0
    """Standard deviation of the logarithm of how fast a tweet ages: some are over in minutes, some last days."""
    social_proof: Finite = 0.0
    """Weight of log(1 + followed people who engaged)."""
    popularity: Finite = 0.0
    """Weight of log(1 + likes shown)."""
    media: Finite = 0.15
    """Weight of carrying media."""
    foreign: Finite = 2.5
    """Loss for a language that the person does not speak."""
    toxic: Finite = 0.6
    """Loss for a toxic text."""
    provocation: Finite = 0.7
    """Gain for a toxic text, times the person's susceptibility: some are repelled, more are drawn."""
    bait: Finite = 0.8
    """Weight of the tweet's bait (0 to 1, less its mean), times the person's susceptibility."""
    outrage: Finite = 0.6
    """Weight of the tweet's outrage (0 to 1, less its mean), times the person's susceptibility."""
    usefulness: Finite = -0.2
    """Weight of the tweet's usefulness (0 to 1, less its mean): what is useful is read and left."""
    friends: Finite = -0.2
    """Weight of being friends with the author, who then follows back, beside `following`."""
    virality: Finite = 0.5
    """Weight of the tweet's virality, standard deviation 1, in the logits of actions that pass it on."""
    fatigue: Finite = 0.4
    """Loss for many recent impressions: recent impressions / (recent impressions + 60)."""
    boredom: Finite = 0.6
    """Loss for a topic seen much recently: its impressions / (its impressions + 10)."""
    fatigue_h: Positive = 2.0
    """Hours after which an impression weighs 37% in fatigue and boredom."""
    repetition: Finite = 1.2
    """Loss for each earlier exposure to the same tweet."""
    temperament: Deviation = 0.4
    """Standard deviation of a person's own leaning to each action."""
    loudness: Deviation = 2.4
    """Standard deviation of a person's own leaning to act in public at all."""
    reserve: Deviation = 0.7
    """Loss in a person's own leaning to retweet for each e-fold of appeal above the mean: the famous write, and seldom
    pass on."""
    examination: Literal["position", "cascade"] = "position"
    """How people look down a slate: by position alone, or until they have had enough."""
    examination_decay: Positive = 45.0
    """By position: places after which the chance to be looked at has fallen to 37% of that at the top."""
    examination_top: Share = 0.96
    """Chance that the tweet at the top is looked at."""
    stay: Share = 0.985
    """By cascade: chance to look at the next place after one that led to nothing."""
    stay_engaged: Share = 0.93
    """By cascade: the same after one that was acted on."""


class Logit(NamedTuple):
    """How the logit of one action is made."""

    base: float
    slope: float
    """Weight of the attraction."""
    virality_slope: float
    """How far the weight and the tweet's amount of virality count."""
    offence_slope: float
    """Weight of an offence: a toxic text, spam."""
    outrage_slope: float
    """Weight of the tweet's outrage (0 to 1, less its mean), beside what it does to the attraction."""


LOGITS: dict[str, Logit] = {
    "like": Logit(-8.55, 1.0, 0.5, 0.0, 0.0),
    "reply": Logit(-13.61, 0.9, 0.2, 0.0, 0.8),
    "retweet": Logit(-12.5, 1.0, 1.0, 0.0, 0.3),
    "quote": Logit(-15.7, 0.9, 0.8, 0.0, 1.0),
    "click": Logit(-7.3, 0.75, 0.2, 0.0, 0.0),
    "profile_click": Logit(-8.3, 0.6, 0.0, 0.0, 0.0),
    "share": Logit(-11.0, 0.8, 0.7, 0.0, 0.0),
    "follow_author": Logit(-9.9, 0.8, 0.0, 0.0, 0.0),
    "not_interested": Logit(-5.6, -0.5, 0.0, 1.2, 0.6),
    "mute": Logit(-7.3, -0.5, 0.0, 1.2, 0.6),
    "block": Logit(-7.7, -0.4, 0.0, 1.7, 0.6),
    "report": Logit(-8.5, -0.3, 0.0, 2.4, 0.6),
}
"""By action, without the answer of the author; calibrated to the published ratios of actions."""
