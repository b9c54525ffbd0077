"""No luck is used twice: the key of every impression's draws is its own, however often a person is shown a tweet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.batch import CandidateBatch, Requests, offsets_of
from data.events import DAY_US, EventBatch
from data.synthetic.behaviour import react
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.world import World
from tests.data.synthetic.previews import Previews

CONFIG = WorldConfig(
    people=12, days=1, follows=3.0, seed=5, tweets_per_day=60.0, impressions_per_day=700.0, tick_min=15, topics=5
)
POOL = 300


class Rounds:
    """Serves the oldest tweets in turn, again and again."""

    policy = "rounds"

    def __init__(self) -> None:
        self.tweets = np.empty((0, 2), np.int64)
        self.next = 0
        self.hidden: set[tuple[int, int]] = set()

    def preview(self, originals: EventBatch) -> None:
        pass

    def observe(self, events: EventBatch) -> None:
        c = events.columns
        if events.table == "mutes":
            self.hidden |= set(zip(c["user_id"].tolist(), c["muted_id"].tolist(), strict=True))
        if events.table == "blocks":
            pairs = list(zip(c["user_id"].tolist(), c["blocked_id"].tolist(), strict=True))
            self.hidden |= {*pairs, *((other, user) for user, other in pairs)}
        if events.table == "tweets":
            new = np.stack([events.columns["tweet_id"], events.columns["author_id"]], 1)
            self.tweets = np.concatenate([self.tweets, new])[:POOL]

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        size = min(k, len(self.tweets))
        rows = (self.next + np.arange(len(requests) * size)) % max(len(self.tweets), 1)
        self.next += len(rows)
        request = np.repeat(np.arange(len(requests)), size)
        pairs = zip(requests.columns["user_id"][request].tolist(), self.tweets[rows, 1].tolist(), strict=True)
        kept = np.array([pair not in self.hidden for pair in pairs], bool)
        rows, request = rows[kept], request[kept]
        tweet_id, author_id = self.tweets[rows].T
        columns = {
            "tweet_id": tweet_id, "author_id": author_id, "source": np.full(len(rows), "all", object),
            "score": np.zeros(len(rows), np.float32), "propensity": np.full(len(rows), np.nan),
        }  # fmt: skip
        return CandidateBatch(requests, offsets_of(np.bincount(request, minlength=len(requests))), columns)


def test_no_key_of_a_reaction_comes_twice(tmp_path: Path) -> None:
    dataset = make_world(CONFIG, tmp_path / "world", feed=Rounds())
    world = World.open(dataset.truth)
    parameters = BehaviourParameters.of(world.people, CONFIG)
    state, keys, previews = world.start(), [], Previews(dataset)
    replay, log = dataset.replay(state.tables, after_us=state.time_us - 1), dataset.read("impressions")
    for low in range(CONFIG.start_us, CONFIG.end_us, CONFIG.tick_us):
        for events in replay.advance(low):
            state.apply(events)
        state.preview(previews.between(low, low + CONFIG.tick_us))
        shown = log.where(slice(*np.searchsorted(log.time_us, (low, low + CONFIG.tick_us)))).columns
        if not len(shown["time_us"]):
            continue
        users = world.user_rows(shown["user_id"])
        _, first = np.unique(shown["request_id"], return_index=True)
        exposure = react(
            parameters, state, users[first], shown["time_us"][first], np.r_[first, len(users)].astype(np.int64),
            state.tweet_rows(shown["tweet_id"]),
        ).exposure  # fmt: skip
        keys.append(np.stack([users, shown["tweet_id"], shown["time_us"] // DAY_US, exposure], 1))
    every = np.concatenate(keys)
    assert np.bincount(every[:, 0]).max() > 2 * POOL
    assert every[:, 3].max() > 1
    assert len(np.unique(every, axis=0)) == len(every)
