"""What decides how people react, in the parts that kernels take: traits, logits, weights, examination.

A kernel gets each part as an argument of its own: parallel kernels accept no nested tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from data.batch import F32, F64, I64, Array
from data.rng import Stream
from data.synthetic.behaviour_weights import LOGITS, BehaviourConfig
from data.synthetic.config import WorldConfig
from data.synthetic.people import STYLE, WORLD_ACTIONS, People


class Traits(NamedTuple):
    """What kernels need of people; P users, A actions, K topics. See `People`."""

    interests: F32
    """[P, K]."""
    reflective: F32
    """[P, K]."""
    susceptibility: F32
    """[P]."""
    style: F32
    """[P, STYLE]."""
    leaning: F32
    """[P, A]."""
    language: I64
    """[P]."""
    sociability: F32
    """[P]."""
    bond_key: Array
    """[2] key of the stream "bond"."""


class Logits(NamedTuple):
    """The fields of `Logit`, [A - 1] float64 each, in the order of WORLD_ACTIONS."""

    base: F64
    slope: F64
    virality_slope: F64
    offence_slope: F64
    outrage_slope: F64


class Weights(NamedTuple):
    """Weights of the attraction, named as in `BehaviourConfig`; times in microseconds."""

    eagerness: float
    interest: float
    drift: float
    drift_rate: float
    """Radians a microsecond."""
    affinity: float
    """The config's, times sqrt(STYLE): the product of two unit vectors then has a standard deviation of about 1."""
    bond: float
    quality: float
    following: float
    freshness: float
    freshness_us: float
    news: float
    news_us: float
    urgency: float
    pace: float
    media: float
    social_proof: float
    popularity: float
    foreign: float
    toxic: float
    provocation: float
    bait: float
    outrage: float
    usefulness: float
    friends: float
    fatigue: float
    boredom: float
    fatigue_us: float
    repetition: float
    virality: float

    @classmethod
    def of(cls, c: BehaviourConfig) -> Self:
        """From a config."""
        hour = 3.6e9
        return cls(
            eagerness=c.eagerness,
            interest=c.interest,
            drift=c.drift,
            drift_rate=2 * np.pi / (c.drift_d * 24 * hour),
            affinity=float(c.affinity * np.sqrt(STYLE)),
            bond=c.bond,
            quality=c.quality,
            following=c.following,
            freshness=c.freshness,
            freshness_us=c.freshness_h * hour,
            news=c.news,
            news_us=c.news_h * hour,
            urgency=c.urgency,
            pace=c.pace,
            media=c.media,
            social_proof=c.social_proof,
            popularity=c.popularity,
            foreign=c.foreign,
            toxic=c.toxic,
            provocation=c.provocation,
            bait=c.bait,
            outrage=c.outrage,
            usefulness=c.usefulness,
            friends=c.friends,
            fatigue=c.fatigue,
            boredom=c.boredom,
            fatigue_us=c.fatigue_h * hour,
            repetition=c.repetition,
            virality=c.virality,
        )


class WelfareWeights(NamedTuple):
    """Weights of welfare, named as in `WelfareConfig`; times in microseconds."""

    base: float
    interest: float
    usefulness: float
    quality: float
    friends: float
    bond: float
    novelty: float
    bait: float
    outrage: float
    toxic: float
    foreign: float
    repetition: float
    fatigue_us: float
    """That of the attraction."""

    @classmethod
    def of(cls, config: WorldConfig) -> Self:
        """From a world's config."""
        weights = config.welfare.model_dump(include=set(cls._fields))
        return cls(**weights, fatigue_us=config.behaviour.fatigue_h * 3.6e9)


class Examination(NamedTuple):
    """How people look down a slate, named as in `BehaviourConfig`."""

    top: float
    decay: float
    stay: float
    stay_engaged: float
    cascade: bool

    @classmethod
    def of(cls, c: BehaviourConfig) -> Self:
        """From a config."""
        cascade = c.examination == "cascade"
        return cls(c.examination_top, c.examination_decay, c.stay, c.stay_engaged, cascade)


@dataclass(frozen=True)
class BehaviourParameters:
    """All that decides how people react, in parts that kernels take."""

    traits: Traits
    logits: Logits
    weights: Weights
    welfare: WelfareWeights
    examination: Examination
    reaction_key: Array
    """[2] key of the stream "reaction"."""

    @classmethod
    def of(cls, people: People, config: WorldConfig) -> Self:
        """For the people of a world."""
        p = people
        bond = Stream(config.seed, "bond").key
        logits = Logits(*np.array([LOGITS[action] for action in WORLD_ACTIONS[:-1]]).T.copy())
        return cls(
            Traits(
                p.interests, p.reflective, p.susceptibility, p.style, p.leaning, p.language, p.sociability, bond
            ),
            logits, Weights.of(config.behaviour), WelfareWeights.of(config), Examination.of(config.behaviour),
            Stream(config.seed, "reaction").key,
        )  # fmt: skip
