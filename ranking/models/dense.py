"""Columns to the matrix that rankers on features read, and its normalisation.

Every numeric column enters as sign(x) log(1 + |x|), so that counts spread evenly. What a curve says better than a
number enters as curves: the age as exp(-age / scale) at several scales, the hour of the day as a point on a circle.
Topics enter as the share of the reader's past engagements that fell on each of the tweet's topics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from data.batch import F32, Array
from data.errors import ModelError

AGE, HOUR, INTERESTS, TOPICS = "tweet.age_h", "user.hour", "user.interests", "tweet.topics"
TOPICS_OF_A_TWEET = 3
"""How many topics a tweet has at most."""

NUMERIC: tuple[str, ...] = (
    "user.followers", "user.following", "user.verified", "user.account_age_d", "user.weekend", "user.tweets",
    "user.engagements", "user.impressions", "user.engagement_rate", "user.activity_now", "user.engagements_7d",
    "user.credibility",
    "tweet.age_h", "tweet.media_count", "tweet.length", "tweet.hashtags", "tweet.is_reply", "tweet.is_quote",
    "tweet.likes", "tweet.retweets", "tweet.replies", "tweet.quotes", "tweet.clicks", "tweet.profile_clicks",
    "tweet.shares", "tweet.author_follows", "tweet.engagements", "tweet.impressions", "tweet.engagement_rate",
    "tweet.engagements_15m", "tweet.engagements_1h", "tweet.engagements_6h", "tweet.engagements_24h",
    "tweet.velocity_15m", "tweet.velocity_1h", "tweet.velocity_6h", "tweet.velocity_24h", "tweet.acceleration",
    "tweet.sentiment",
    "author.followers", "author.following", "author.verified", "author.account_age_d", "author.tweets",
    "author.engagements", "author.impressions", "author.engagement_rate", "author.engagements_7d",
    "author.credibility", "author.known_for_weight",
    "pair.interactions", "pair.likes", "pair.replies", "pair.retweets", "pair.quotes", "pair.clicks",
    "pair.profile_clicks", "pair.shares", "pair.replies_answered", "pair.negatives", "pair.strength",
    "pair.strength_likes", "pair.strength_replies", "pair.strength_retweets", "pair.strength_quotes",
    "pair.strength_clicks", "pair.strength_profile_clicks", "pair.strength_shares", "pair.strength_negatives",
    "pair.dwell_s", "pair.impressions", "pair.engagement_rate", "pair.topic_interactions", "pair.topic_strength",
    "pair.topic_dwell_s", "pair.topic_impressions", "pair.topic_engagement_rate", "pair.affinity", "pair.follows",
    "pair.followed_by", "pair.seen", "pair.language_match", "pair.topic_share", "pair.similarity",
    "pair.social_proof", "pair.community_similarity", "pair.audience_similarity",
)  # fmt: skip
"""87 numbers of the catalogue; with the hour, four curves of the age and three interests they make 96 inputs."""


class DenseInputs(BaseModel):
    """Which columns a ranker on features reads, and as what."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    columns: tuple[str, ...] = NUMERIC
    """Columns of one number a row, each sign(x) log(1 + |x|)."""
    age_scales_h: tuple[float, ...] = (0.12, 1.0, 6.0, 26.0)
    """Hours after which each curve exp(-age / scale) of the tweet's age has fallen to 37%."""
    hour: bool = True
    """Add sine and cosine of the reader's local hour."""
    interests: bool = True
    """Add the reader's share of past engagements on each of the tweet's topics."""
    clip: float = Field(5.0, gt=0)
    """Standard deviations from the mean at which a normalised input is cut."""

    @property
    def names(self) -> tuple[str, ...]:
        """The F inputs, in the order of the matrix."""
        ages = tuple(f"exp(-{AGE} / {scale:g})" for scale in self.age_scales_h)
        hours = ("sin user.hour", "cos user.hour") if self.hour else ()
        topics = tuple(f"interest in topic {at + 1}" for at in range(TOPICS_OF_A_TWEET)) if self.interests else ()
        return (*(f"log {name}" for name in self.columns), *ages, *hours, *topics)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be in the batch."""
        more = ((AGE,) if self.age_scales_h else ()) + ((HOUR,) if self.hour else ())
        more += (INTERESTS, TOPICS) if self.interests else ()
        return tuple(dict.fromkeys((*self.columns, *more)))

    def matrix(self, column: Callable[[str], Array], rows: int) -> F32:
        """[N, F] float32 from a function that gives the columns by name. NaN becomes 0; what is infinite stays."""
        out = np.empty((rows, len(self.names)), np.float32)
        at = len(self.columns)
        for place, name in enumerate(self.columns):
            out[:, place] = column(name)
        known = out[:, :at]
        np.nan_to_num(known, copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
        np.copysign(np.log1p(np.abs(known)), known, out=known)
        if self.age_scales_h:
            age = np.nan_to_num(column(AGE).astype(np.float32), posinf=np.inf)
            for scale in self.age_scales_h:
                out[:, at] = np.exp(-np.maximum(age, 0) / np.float32(scale))
                at += 1
        if self.hour:
            angle = np.nan_to_num(column(HOUR).astype(np.float32), posinf=0.0) * np.float32(2 * np.pi / 24)
            out[:, at], out[:, at + 1] = np.sin(angle), np.cos(angle)
            at += 2
        if self.interests:
            out[:, at:] = interest(column(INTERESTS), column(TOPICS))
        return out


def interest(shares: Array, topics: Array) -> F32:
    """[N, 3] of shares [N, T] that of each of the tweet's topics [N, 3]; 0 where there is none, or none is known."""
    known = (topics >= 0) & (topics < shares.shape[1])
    if not shares.shape[1]:
        return np.zeros(topics.shape, np.float32)
    found = np.take_along_axis(shares, np.where(known, topics, 0).astype(np.int64), axis=1)
    return np.nan_to_num(np.where(known, found, 0).astype(np.float32))


class Normalise(nn.Module):  # type: ignore[misc]  # torch comes without types
    """(x - mean) / deviation, cut at `clip` deviations; means and deviations are those of the training rows."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, width: int, clip: float) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, x: F32, names: tuple[str, ...]) -> None:
        """Takes mean and deviation of the rows of x [N, F]; a constant column becomes 0.

        Raises:
            ModelError: a column is infinite somewhere.
        """
        mean, std = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(std))
        if len(bad):
            raise ModelError(f"input {names[bad[0]]!r} is not finite in a training row", remedy="mend that column")
        with torch.no_grad():
            self.mean.copy_(torch.from_numpy(mean))
            self.std.copy_(torch.from_numpy(np.where(std > 1e-6, std, 1.0)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, F] from [N, F]."""
        return ((x - self.mean) / self.std).clamp(-self.clip, self.clip)
