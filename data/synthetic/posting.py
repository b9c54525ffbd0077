"""Who posts originals when, about which mixture of topics, how good and in what mood; and what is deleted or muted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F32, I64, Mask
from data.events import DAY_US, HOUR_US
from data.rng import Stream
from data.synthetic.config import WorldConfig
from data.synthetic.people import People, topic_popularity
from data.synthetic.rhythm import DIURNAL
from data.synthetic.shocks import Shocks, burst_times, make_shocks

MEDIA: tuple[float, ...] = (0.679, 0.249, 0.039, 0.011, 0.022)
"""Shares of tweets with 0 to 4 media; RecSys Challenge 2020."""


@dataclass(frozen=True)
class Posts:
    """The originals of the whole run, ordered by time; [N]."""

    time_us: I64
    author: I64
    topic: I64
    """[N, 2] main and second topic, equal for a tweet on one."""
    share: F32
    """Share of the main topic, in (0.5, 1]."""
    quality: F32
    sentiment: I64
    """-1, 0 or 1."""
    media: I64
    shock: I64
    """Row of the burst whose hashtag it carries, -1 for none."""
    chat: Mask
    """True for small talk that names no topic in its words."""

    def __len__(self) -> int:
        return len(self.time_us)


def make_posts(config: WorldConfig, people: People) -> tuple[Posts, Shocks]:
    """Draws all originals: steady ones by person and local hour in bursts, then those that shocks cause."""
    rng = Stream(config.seed, "posts").generator()
    shocks = make_shocks(config, topic_popularity(config))
    author, time = _steady(config, people, rng)
    topic = _topics(people, author, rng)
    shock = np.full(len(author), -1, np.int64)
    extra = [_caused(config, people, shocks, one, rng) for one in range(len(shocks.tag))]
    author = np.concatenate([author, *(e[0] for e in extra)])
    time = np.concatenate([time, *(e[1] for e in extra)])
    topic = np.concatenate([topic, *(np.full(len(e[0]), shocks.topic[i]) for i, e in enumerate(extra))])
    shock = np.concatenate([shock, *(np.full(len(e[0]), i) for i, e in enumerate(extra))])
    time -= time % 1000
    order = np.lexsort((author, time))
    author, time, topic, shock = author[order], time[order], topic[order], shock[order]
    n = len(author)
    second = np.where((rng.random(n) < 0.3) & (shock < 0), _topics(people, author, rng), topic)
    share = np.where(second == topic, 1.0, rng.uniform(0.55, 0.85, n))
    quality = (0.6 * people.talent[author] + 0.8 * rng.normal(size=n)).astype(np.float32)
    mood = np.clip(0.15 + 0.35 * rng.normal(size=len(people)), -0.9, 0.9)[author]
    sentiment = np.digitize(mood + rng.normal(size=n), [-0.7, 0.65]) - 1
    return Posts(
        time_us=time,
        author=author,
        topic=np.stack([topic, second], axis=1),
        share=share.astype(np.float32),
        quality=quality,
        sentiment=sentiment,
        media=rng.choice(5, n, p=MEDIA),
        shock=shock,
        chat=(rng.random(n) < 0.07) & (shock < 0),
    ), shocks


def make_deletions(config: WorldConfig, posts: Posts) -> tuple[I64, I64]:
    """Rows of the originals that are deleted, and when, ordered by time; none after the end."""
    rng = Stream(config.seed, "deletions").generator()
    row = np.flatnonzero(rng.random(len(posts)) < config.deleted_share)
    time = posts.time_us[row] + np.minimum(rng.exponential(3 * HOUR_US, len(row)), DAY_US).astype(np.int64) + HOUR_US
    row, time = row[time < config.end_us], time[time < config.end_us]
    order = np.lexsort((row, time))
    return row[order], time[order]


def make_mutes(config: WorldConfig, people: People, follower: I64, followee: I64) -> tuple[I64, I64, I64]:
    """User rows, rows of whom they mute (somebody followed, each once), and when, ordered by time."""
    rng = Stream(config.seed, "mutes").generator()
    count = min(int(config.mutes_per_person * len(people)), len(follower) // 4)
    edge = rng.choice(len(follower), count, replace=False)
    time = np.sort(rng.integers(config.start_us, config.end_us, count))
    return follower[edge], followee[edge], time


def _steady(config: WorldConfig, people: People, rng: np.random.Generator) -> tuple[I64, I64]:
    count = rng.poisson(people.chatter * config.days)
    author = np.repeat(np.arange(len(people)), count)
    n = len(author)
    local = np.searchsorted(np.cumsum(DIURNAL) / DIURNAL.sum(), rng.random(n)) + rng.random(n)
    hour = (local - people.utc_offset_min[author] / 60.0) % 24.0
    time = config.start_us + ((rng.integers(0, config.days, n) * 24 + hour) * HOUR_US).astype(np.int64)
    follows_on = (rng.random(n) < 0.35) & (author == np.r_[-1, author[:-1]])
    gap = (rng.exponential(8 * 60e6, n)).astype(np.int64) + 5_000_000
    time = np.where(follows_on, np.r_[0, time[:-1]] + gap, time)
    return author, np.clip(time, config.start_us, config.end_us - 1_000_000)


def _topics(people: People, author: I64, rng: np.random.Generator) -> I64:
    """A topic for each author by interest, sharper for outlets and bots because their mixtures are."""
    weight = people.interests.astype(np.float64) ** 1.25
    mass = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    below = (mass[author] < rng.random(len(author))[:, None]).sum(axis=1)
    topic: I64 = np.minimum(below, mass.shape[1] - 1)
    return topic


def _caused(config: WorldConfig, people: People, shocks: Shocks, one: int, rng: np.random.Generator) -> tuple[I64, I64]:
    near = np.ones(len(people)) if shocks.place[one] < 0 else np.where(people.place == shocks.place[one], 1.0, 0.05)
    weight = near * people.taste[:, shocks.topic[one]] * np.sqrt(people.chatter + 0.1)
    author = rng.choice(len(people), int(shocks.volume[one]), p=weight / weight.sum())
    return author, burst_times(shocks, one, rng, config.end_us)
