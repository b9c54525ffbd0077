"""How people react, restated in plain Python from the docstring of `data.synthetic.behaviour` and from what the fields
of `BehaviourConfig` say. It shares no code with the kernels but the numbers of a random stream.

A `History` is what happened, event by event. Every quantity is computed from all of it, each time anew: nothing decays
by steps, no ring is kept.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import exp, log1p, pi, sin, sqrt, tanh

from data.rng import Stream
from data.synthetic.attributes import MEAN_BAIT, MEAN_OUTRAGE, MEAN_USEFULNESS
from data.synthetic.behaviour_weights import LOGITS, BehaviourConfig
from data.synthetic.people import WORLD_ACTIONS, People
from data.synthetic.welfare_config import WelfareConfig

HOUR_US = 60 * 60 * 1_000_000
DAY_US = 24 * HOUR_US
REMEMBERED_ENGAGERS = 8
ANSWERED = "reply_answered"
BY_FEED = tuple(action for action in WORLD_ACTIONS if action != ANSWERED)
"""Actions that are drawn when a tweet is shown."""


@dataclass
class Tweet:
    """One tweet and what became of it."""

    tweet_id: int
    time_us: int
    author: int
    topics: tuple[int, int] = (0, 0)
    share: float = 1.0
    quality: float = 0.0
    virality: float = 0.0
    toxic: bool = False
    spam: bool = False
    bait: float = 0.0
    outrage: float = 0.0
    usefulness: float = 0.0
    media: int = 0
    deleted: bool = False
    engaged: list[tuple[int, str]] = field(default_factory=list)
    """Person and public action, in order."""

    @property
    def likes(self) -> int:
        return sum(action == "like" for _, action in self.engaged)

    @property
    def engagers(self) -> list[int]:
        """The last people remembered, oldest first."""
        known: list[int] = []
        for person, _ in self.engaged:
            if person not in known[-REMEMBERED_ENGAGERS:]:
                known.append(person)
        return known[-REMEMBERED_ENGAGERS:]


@dataclass
class History:
    """What happened so far."""

    tweets: list[Tweet] = field(default_factory=list)
    follows: set[tuple[int, int]] = field(default_factory=set)
    shown: dict[int, list[tuple[int, Tweet]]] = field(default_factory=lambda: defaultdict(list))
    """Moment and tweet of each impression of a person, in order."""

    def weight_of_late(self, person: int, now_us: int, fatigue_h: float, topic: int | None = None) -> float:
        """Impressions of a person (of a main topic), each weighing exp(-age / fatigue_h)."""
        counted = [at for at, tweet in self.shown[person] if topic is None or tweet.topics[0] == topic]
        return sum(exp(-(now_us - at) / HOUR_US / fatigue_h) for at in counted)

    def exposures(self, person: int, tweet: Tweet) -> int:
        """How often a person was shown the tweet."""
        return sum(one is tweet for _, one in self.shown[person])

    def friends(self, person: int, author: int) -> bool:
        """Whether both follow each other."""
        return {(person, author), (author, person)} <= self.follows


@dataclass(frozen=True)
class ClosedForm:
    """The formula for some people under one config and seed."""

    people: People
    config: BehaviourConfig
    seed: int
    welfare_config: WelfareConfig

    def phase(self, person: int, topic: int) -> float:
        """Turns."""
        n = (64 * person + topic) * 0x9E3779B97F4A7C15 % 2**64
        n = (n ^ (n >> 29)) * 0xBF58476D1CE4E5B9 % 2**64
        return (n >> 54) / 1024

    def taste(self, person: int, topic: int, now_us: int) -> float:
        turns = now_us / DAY_US / self.config.drift_d + self.phase(person, topic)
        w = float(self.people.interests[person, topic]) * (1 + self.config.drift * sin(2 * pi * turns))
        return w / (w + 0.08)

    def personal(self, person: int, author: int) -> float:
        four = Stream(self.seed, "bond").uniform(person, author, n=4)[0]
        return float(four.sum() - 2) * sqrt(3)

    def pace(self, tweet_id: int) -> float:
        h = tweet_id * 0x9E3779B97F4A7C15 % 2**64
        h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9 % 2**64
        h ^= h >> 32
        return (sum(h >> 16 * part & 0xFFFF for part in range(4)) / 65536 - 2) * sqrt(3)

    def terms(self, history: History, person: int, tweet: Tweet, now_us: int) -> dict[str, float]:
        """Every term of the attraction with its sign."""
        c, people, author = self.config, self.people, tweet.author
        age_h = max(now_us - tweet.time_us, 0) / HOUR_US * exp(c.pace * self.pace(tweet.tweet_id))
        main, second = tweet.topics
        match = tweet.share * self.taste(person, main, now_us) + (1 - tweet.share) * self.taste(person, second, now_us)
        close = sum(float(a) * float(b) for a, b in zip(people.style[person], people.style[author], strict=True))
        own = float(people.susceptibility[person])
        friends = sum((person, engager) in history.follows for engager in tweet.engagers)
        f = history.weight_of_late(person, now_us, c.fatigue_h)
        b = history.weight_of_late(person, now_us, c.fatigue_h, main)
        return {
            "eagerness": c.eagerness,
            "interest": c.interest * match,
            "affinity": c.affinity * sqrt(people.style.shape[1]) * close,
            "bond": c.bond * self.personal(person, author),
            "following": c.following * ((person, author) in history.follows),
            "quality": c.quality * tweet.quality,
            "freshness": c.freshness * exp(-age_h / c.freshness_h),
            "news": (c.news + c.urgency * self.pace(tweet.tweet_id)) * exp(-age_h / c.news_h),
            "social_proof": c.social_proof * log1p(friends),
            "popularity": c.popularity * log1p(tweet.likes),
            "media": c.media * (tweet.media > 0),
            "foreign": -c.foreign * (int(people.language[person]) != int(people.language[author])),
            "toxic": -c.toxic * tweet.toxic,
            "friends": c.friends * history.friends(person, author),
            "provocation": own * c.provocation * tweet.toxic,
            "bait": own * c.bait * (tweet.bait - MEAN_BAIT),
            "outrage": own * c.outrage * (tweet.outrage - MEAN_OUTRAGE),
            "usefulness": c.usefulness * (tweet.usefulness - MEAN_USEFULNESS),
            "fatigue": -c.fatigue * f / (f + 60),
            "boredom": -c.boredom * b / (b + 10),
            "repetition": -c.repetition * history.exposures(person, tweet),
        }

    def attraction(self, history: History, person: int, tweet: Tweet, now_us: int) -> float:
        return sum(self.terms(history, person, tweet, now_us).values())

    def logit(self, action: str, attraction: float, person: int, tweet: Tweet) -> float:
        base, slope, catching, offence, outraged = LOGITS[action]
        return (
            base
            + slope * attraction
            + catching * self.config.virality * tweet.virality
            + offence * (tweet.toxic + tweet.spam)
            + outraged * (tweet.outrage - MEAN_OUTRAGE)
            + float(self.people.leaning[person, WORLD_ACTIONS.index(action)])
        )

    def welfare(self, history: History, person: int, tweet: Tweet, now_us: int) -> float:
        """Of looking at the tweet, from what the fields of `WelfareConfig` say."""
        if tweet.deleted or tweet.author == person:
            return 0.0
        c, liked = self.welfare_config, self.people.reflective[person].tolist()
        main, second = (liked[topic] / (liked[topic] + 0.08) for topic in tweet.topics)
        met = history.exposures(person, tweet)
        b = history.weight_of_late(person, now_us, self.config.fatigue_h, tweet.topics[0])
        return tanh(
            c.base
            + c.interest * (tweet.share * main + (1 - tweet.share) * second)
            + c.usefulness * tweet.usefulness
            + c.quality * tweet.quality
            + c.friends * history.friends(person, tweet.author)
            + c.bond * self.personal(person, tweet.author)
            + c.novelty * (10 / (10 + b) if met == 0 else 0)
            - c.bait * tweet.bait
            - c.outrage * tweet.outrage
            - c.toxic * tweet.toxic
            - c.foreign * (int(self.people.language[person]) != int(self.people.language[tweet.author]))
            - c.repetition * met
        )

    def chances(self, history: History, person: int, tweet: Tweet, now_us: int) -> dict[str, float]:
        """Of each action, given that the tweet is looked at."""
        if tweet.deleted or tweet.author == person:
            return dict.fromkeys(WORLD_ACTIONS, 0.0)
        attraction = self.attraction(history, person, tweet, now_us)
        out = {action: sigmoid(self.logit(action, attraction, person, tweet)) for action in BY_FEED}
        if (person, tweet.author) in history.follows:
            out["follow_author"] = 0.0
        return out | {ANSWERED: out["reply"] * float(self.people.sociability[tweet.author])}

    def looks(self, chances: list[dict[str, float]]) -> list[float]:
        """The chance that each place of a slate is looked at, for the chances of actions there."""
        c = self.config
        if c.examination == "position":
            return [c.examination_top * exp(-position / c.examination_decay) for position in range(len(chances))]
        out, here = [], c.examination_top
        for one in chances:
            out.append(here)
            nothing = 1.0
            for action in BY_FEED:
                nothing *= 1 - one[action]
            here *= nothing * c.stay + (1 - nothing) * c.stay_engaged
        return out

    def react(self, history: History, person: int, slate: list[Tweet], now_us: int) -> list[Reaction]:
        """What a person does with a slate, by the luck of the stream."""
        c, out, spent_ms, goes_on = self.config, list[Reaction](), 0.0, True
        for position, tweet in enumerate(slate):
            met = history.exposures(person, tweet)
            key = 65536 * (now_us // DAY_US) + met
            luck = Stream(self.seed, "reaction").uniform(person, tweet.tweet_id, key, n=16)[0].tolist()
            # By cascade one number serves twice: below the top's chance it is uniform again for the step to the next.
            first = c.examination_top if position == 0 else 1.0
            if c.examination == "position":
                looked = luck[0] < c.examination_top * exp(-position / c.examination_decay)
            else:
                looked = goes_on and (position > 0 or luck[0] < first)
            chances = self.chances(history, person, tweet, now_us)
            done = {a for i, a in enumerate(BY_FEED) if looked and luck[1 + i] < chances[a]}
            goes_on = looked and luck[0] < first * (c.stay_engaged if done else c.stay)
            dwell_ms = 150.0
            if looked and not tweet.deleted and tweet.author != person:
                attraction = self.attraction(history, person, tweet, now_us)
                dwell_ms = 700 + 1200 * (0.5 + sigmoid(attraction - 2)) * -log1p(-luck[13])
                dwell_ms += (1500 + 3000 * -log1p(-luck[14])) if done else 0
            spent_ms += dwell_ms + 900
            out.append(Reaction(done, int(min(dwell_ms, 600_000)), spent_ms * 1000, met))
        return out


@dataclass(frozen=True)
class Reaction:
    done: set[str]
    dwell_ms: int
    after_us: float
    exposure: int


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))
