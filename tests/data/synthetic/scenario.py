"""A scenario in which a test says what happens: every event goes into a world's `State` and into a `History`."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np

from data.batch import F64, Array, CandidateBatch, Requests
from data.events import EventBatch
from data.ids import snowflake
from data.synthetic.attributes import ORIGINAL, SPAM
from data.synthetic.behaviour import Reactions, react
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.behaviour_weights import BehaviourConfig
from data.synthetic.config import WorldConfig
from data.synthetic.people import WORLD_ACTIONS, make_people
from data.synthetic.state import State
from data.synthetic.truth import Truth
from data.synthetic.welfare_config import WelfareConfig
from tests.data.synthetic.closed_form import ClosedForm, History, Tweet

TOPICS = 5


class Scenario:
    """A dozen people of one language who like everything equally, lean to nothing and share no style, unless given."""

    def __init__(
        self,
        behaviour: BehaviourConfig | None = None,
        *,
        welfare: WelfareConfig | None = None,
        count: int = 12,
        seed: int = 3,
        **people: Any,
    ) -> None:
        self.config = WorldConfig(
            people=count, topics=TOPICS, follows=2.0, seed=seed, behaviour=behaviour or BehaviourConfig(drift=0.0),
            welfare=welfare or WelfareConfig(),
            retention={"joins_per_day": 0.0},
        )  # fmt: skip
        plain = {
            "language": np.zeros(count, np.int64),
            "interests": np.full((count, TOPICS), 1 / TOPICS, np.float32),
            "reflective": np.full((count, TOPICS), 1 / TOPICS, np.float32),
            "susceptibility": np.ones(count, np.float32),
            "style": np.zeros((count, 6), np.float32),
            "leaning": np.zeros((count, len(WORLD_ACTIONS)), np.float32),
            "sociability": np.full(count, 0.5, np.float32),
        }
        self.people = replace(make_people(self.config), **(plain | people))
        self.parameters = BehaviourParameters.of(self.people, self.config)
        self.truth = Truth(self.parameters)
        self.form = ClosedForm(self.people, self.config.behaviour, seed, self.config.welfare)
        self.state = State(self.config, self.people, None)
        self.history = History()
        self.now_us = self.config.start_us

    def wait(self, hours: float) -> None:
        self.now_us += round(hours * 3_600_000) * 1000

    def after(self, hours: float) -> Scenario:
        """The same scenario, some hours from now."""
        later = copy(self)
        later.wait(hours)
        return later

    def post(self, author: int = 1, **more: Any) -> Tweet:
        """A tweet posted now."""
        last = self.history.tweets[-1].tweet_id if self.history.tweets else 0
        tweet = Tweet(max(int(snowflake(self.now_us, 0)), last + 1), self.now_us, author, **more)
        self.history.tweets.append(tweet)
        ids = np.array([tweet.tweet_id])
        columns: dict[str, Array] = {
            "tweet_id": ids, "time_us": np.array([tweet.time_us]), "author_id": self.people.user_id[[author]],
            "kind": np.array(["original"], object), "media_count": np.array([tweet.media]), "conversation_id": ids,
            "referenced_id": np.array([-1]),
        }  # fmt: skip
        hidden: dict[str, Array] = {
            "topic": np.array([tweet.topics]), "share": np.array([tweet.share]), "quality": np.array([tweet.quality]),
            "virality": np.array([tweet.virality]), "sentiment": np.array([0]), "toxicity": np.array([2 * tweet.toxic]),
            "style": np.array([SPAM if tweet.spam else ORIGINAL]),
            "bait": np.array([tweet.bait]), "outrage": np.array([tweet.outrage]),
            "usefulness": np.array([tweet.usefulness]),
            "named": np.array([0]),
        }  # fmt: skip
        self.state.apply(EventBatch("tweets", columns), hidden)
        return tweet

    def show(self, person: int, *tweets: Tweet) -> None:
        """Impressions now."""
        self.history.shown[person] += [(self.now_us, tweet) for tweet in tweets]
        self._apply("impressions", user_id=[self.people.user_id[person]] * len(tweets),
                   tweet_id=[tweet.tweet_id for tweet in tweets], position=np.arange(len(tweets)),
                   request_id=np.full(len(tweets), int(snowflake(self.now_us, 0))))  # fmt: skip

    def act(self, person: int, tweet: Tweet, action: str = "like") -> None:
        if action in ("like", "reply", "retweet", "quote"):
            tweet.engaged.append((person, action))
        self._apply("engagements", user_id=self.people.user_id[[person]], tweet_id=[tweet.tweet_id],
                   action=np.array([action], object))  # fmt: skip

    def follow(self, person: int, other: int, ended: bool = False) -> None:
        (self.history.follows.discard if ended else self.history.follows.add)((person, other))
        user_id = self.people.user_id
        self._apply("follows", follower_id=user_id[[person]], followee_id=user_id[[other]], ended=np.array([ended]))

    def delete(self, tweet: Tweet) -> None:
        tweet.deleted = True
        self._apply("deletions", tweet_id=[tweet.tweet_id])

    def forget(self, before_us: int) -> None:
        """The state forgets old tweets; the history only stops naming them."""
        self.state.forget(before_us)
        self.history.tweets = [tweet for tweet in self.history.tweets if tweet.time_us >= before_us]

    def slates(self, served: list[tuple[int, list[Tweet]]]) -> CandidateBatch:
        """Slates that people are shown now."""
        requests = Requests(
            {"user_row": np.array([p for p, _ in served]), "time_us": np.full(len(served), self.now_us)}
        )
        offsets = np.r_[0, np.cumsum([len(slate) for _, slate in served])].astype(np.int64)
        ids = np.array([tweet.tweet_id for _, slate in served for tweet in slate], np.int64)
        return CandidateBatch(requests, offsets, {"tweet_row": self.state.tweet_rows(ids)})

    def chances(self, person: int, *tweets: Tweet) -> F64:
        """[N, A] what the truth says now."""
        return self.truth.action_probability(self.state, self.slates([(person, list(tweets))]))

    def welfare(self, person: int, *tweets: Tweet) -> F64:
        """[N] what the truth says looking at them now is worth."""
        return self.truth.welfare(self.state, self.slates([(person, list(tweets))]))

    def reactions(self, served: list[tuple[int, list[Tweet]]]) -> Reactions:
        """What the world draws now."""
        slates = self.slates(served)
        c = slates.requests.columns
        return react(self.parameters, self.state, c["user_row"], c["time_us"], slates.offsets,
                     slates.columns["tweet_row"])  # fmt: skip

    def _apply(self, table: str, **columns: Any) -> None:
        arrays = {name: np.asarray(column) for name, column in columns.items()}
        count = len(next(iter(arrays.values())))
        self.state.apply(EventBatch(table, {**arrays, "time_us": np.full(count, self.now_us)}))


def consistent(happened: Array, chance: Array | float) -> bool:
    """Whether so many happened as chances say, within 4.5 standard deviations."""
    p = np.broadcast_to(np.asarray(chance, float), happened.shape)
    return bool(abs(happened.sum() - p.sum()) <= 4.5 * sqrt((p * (1 - p)).sum()) + 1e-9)
