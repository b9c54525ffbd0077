"""Who lives in the world: interests, style, activity, home place, kind of account, and the `users` table.

Rows are in order of account creation, so a user's row here is the row that anybody gets who reads `users` in order.
"""

# ruff: noqa: SIM905 - lists of words read best as words
from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from data.batch import F32, F64, I64
from data.events import DAY_US, EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.rhythm import mean_depth

STYLE = 6
"""Dimensions of the latent style that makes one author's tweets please one reader and not another."""

ACTIONS: tuple[str, ...] = (
    "like", "reply", "retweet", "quote", "click", "profile_click", "follow_author", "not_interested",
)  # fmt: skip
"""What people here may do, in the order of the columns of every probability."""

KINDS: tuple[str, ...] = ("person", "outlet", "bot")
"""Kinds of account; outlets tweet much on few topics, bots tweet much and badly."""

PLACES: tuple[tuple[str, int, int, float], ...] = (
    ("New York", 2459115, -300, 16), ("Los Angeles", 2442047, -480, 12), ("Chicago", 2379574, -360, 9),
    ("Houston", 2424766, -360, 7), ("Atlanta", 2357024, -300, 7), ("Seattle", 2490383, -480, 4),
    ("San Francisco", 2487956, -480, 5), ("Toronto", 4118, -300, 5), ("Sao Paulo", 455827, -180, 3),
    ("London", 44418, 0, 11), ("Manchester", 28218, 0, 3), ("Dublin", 560743, 0, 2), ("Lagos", 1398823, 60, 4),
    ("Paris", 615702, 60, 3), ("Berlin", 638242, 60, 3), ("Johannesburg", 1582504, 120, 3),
    ("Nairobi", 1528488, 180, 3), ("Mumbai", 2295411, 330, 3), ("Delhi", 20070458, 330, 3),
    ("Singapore", 1062617, 480, 2), ("Manila", 1199477, 480, 2), ("Tokyo", 1118370, 540, 2),
    ("Melbourne", 1103816, 660, 2), ("Sydney", 1105779, 660, 3),
)  # fmt: skip
"""Name, WOEID, minutes ahead of UTC in January, share of people."""

_FIRST = (
    "ava ben cara dan ella finn gita hugo ines jack kira liam maya noah olga paul quinn rosa sam tara umar vera will "
    "xena yuki zane amir bela carl dora erik fay gus hana ivan jude kofi lena milo nina omar pia raj sofia theo una"
).split()
_LAST = (
    "adams baker chen diaz evans fischer garcia hughes ito jones khan lopez martin novak okafor patel quist reyes "
    "singh tanaka ueda vargas wong young zhang abbott brooks cohen dube ellis frost grant hale irwin jensen klein"
).split()


@dataclass(frozen=True)
class People:
    """Columns by user row; P people, K topics."""

    user_id: I64
    """[P] ids, ascending."""
    created_us: I64
    """[P] when the account was made."""
    place: I64
    """[P] row of PLACES."""
    kind: I64
    """[P] row of KINDS."""
    verified: I64
    """[P] 0 or 1."""
    interests: F32
    """[P, K] mixture over topics, rows sum to 1."""
    taste: F32
    """[P, K] how much a tweet on the topic pleases, in [0, 1)."""
    style: F32
    """[P, STYLE] latent style, rows of unit length."""
    leaning: F32
    """[P, A] a person's own offset of each action's logit."""
    talent: F32
    """[P] mean quality of what they write, standard deviation about 1."""
    appeal: F64
    """[P] heavy-tailed attractiveness to followers."""
    activity: F64
    """[P] mean requests a day."""
    chatter: F64
    """[P] mean original tweets a day, heavier-tailed than `activity`."""

    def __len__(self) -> int:
        return len(self.user_id)

    @property
    def utc_offset_min(self) -> I64:
        """[P] minutes that local time is ahead of UTC."""
        return np.array([p[2] for p in PLACES], np.int64)[self.place]

    @cached_property
    def handles(self) -> list[str]:
        """[P] unique usernames, first and last name and a number where needed."""
        n = len(_FIRST) * len(_LAST)
        return [
            f"{_FIRST[(r := (i * 1009) % n) % len(_FIRST)]}_{_LAST[r // len(_FIRST)]}{i // n or ''}"
            for i in range(len(self))
        ]

    def events(self) -> EventBatch:
        """The rows of table `users`."""
        handles = self.handles
        frame = pl.DataFrame(
            {
                "user_id": self.user_id,
                "created_us": self.created_us,
                "username": handles,
                "name": [h.rstrip("0123456789").replace("_", " ").title() for h in handles],
                "language": ["en"] * len(self),
                "place": np.array([p[1] for p in PLACES], np.int64)[self.place],
                "utc_offset_min": self.utc_offset_min,
                "verified": self.verified.astype(bool),
            }
        )
        return EventBatch.from_frame("users", frame)

    def save(self, path: Path) -> None:
        """Writes all columns to an npz file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{f.name: stored[f.name] for f in fields(cls)})


def topic_popularity(config: WorldConfig) -> F64:
    """[K] how much each topic is liked overall: Zipf with exponent 0.6 in a drawn order, sums to 1."""
    ranks = Stream(config.seed, "topic popularity").generator().permutation(config.topics)
    weight = (ranks + 2.0) ** -0.6
    shares: F64 = weight / weight.sum()
    return shares


def make_people(config: WorldConfig) -> People:
    """Draws everybody. Row order is order of account creation."""
    rng = Stream(config.seed, "people").generator()
    people, topics = config.people, config.topics
    kind = rng.choice(len(KINDS), people, p=(0.86, 0.04, 0.10))
    concentration = np.where(kind == 0, 2.2, 0.9)[:, None]
    draws = rng.gamma(np.maximum(topic_popularity(config) * concentration, 1e-3), 1.0, (people, topics)) + 1e-9
    interests = draws / draws.sum(axis=1, keepdims=True)
    taste = interests / (interests + 0.08)
    topic_style = rng.normal(size=(topics, STYLE))
    style = interests @ topic_style + 0.6 * rng.normal(size=(people, STYLE))
    style /= np.linalg.norm(style, axis=1, keepdims=True)
    created = np.sort(config.start_us - (rng.beta(1.3, 1.1, people) * 12 * 365 * DAY_US + DAY_US).astype(np.int64))
    created -= created % 1000
    loudness = rng.normal(size=people)
    chatter = np.exp(2.1 * loudness) * np.array([1.0, 6.0, 3.0])[kind]
    activity = np.exp(0.85 * (0.4 * loudness + np.sqrt(1 - 0.16) * rng.normal(size=people)))
    chatter = _scaled(chatter, config.tweets_per_day, 60.0)
    talent = 0.8 * rng.normal(size=people) + np.array([0.0, 0.7, -1.0])[kind]
    appeal = (1.0 + rng.pareto(1.35, people)) * np.array([1.0, 5.0, 0.4])[kind] * (0.1 + chatter) ** 0.35
    cut = np.quantile(appeal, 0.985)
    verified = ((appeal > cut) | (kind == 1) & (rng.random(people) < 0.4)).astype(np.int64)
    shares = np.array([p[3] for p in PLACES]) / sum(p[3] for p in PLACES)
    return People(
        user_id=snowflakes_in_order(created),
        created_us=created,
        place=rng.choice(len(PLACES), people, p=shares),
        kind=kind,
        verified=verified,
        interests=interests.astype(np.float32),
        taste=taste.astype(np.float32),
        style=style.astype(np.float32),
        leaning=(config.behaviour.temperament * rng.normal(size=(people, len(ACTIONS)))).astype(np.float32),
        talent=talent.astype(np.float32),
        appeal=appeal,
        activity=_scaled(activity, config.impressions_per_day / mean_depth(config.slate), 25.0),
        chatter=chatter,
    )


def _scaled(values: F64, mean: float, cap: float) -> F64:
    """`values` scaled to a mean, none above max(cap, 4 x mean); the cut is given back by scaling again."""
    out: F64 = values * (mean / values.mean())
    for _ in range(20):
        out = np.minimum(out, max(cap, 4.0 * mean))
        out = out * (mean / out.mean())
    return out
