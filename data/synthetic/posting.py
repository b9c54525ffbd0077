"""Who posts originals when, about which mixture of topics, how good and in what mood: a day at a time.

A person starts a Poisson number of bursts a day by the local hour; its mean is the one that gives `People.chatter`
tweets, less at weekends (`week`). A burst has n tweets or more with probability n^-1.7, at most 25; they follow each
other by gaps from a power law with an exponential cut-off (arXiv 1402.2671, 1604.01125), P(gap > g) = (20 s / g)^0.75
exp(-(g - 20 s) / 90 min), and end at midnight UTC. Shocks add tweets that carry their hashtag. Every draw is keyed by
the author, the day and a running number, so a day does not depend on the days before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from data.batch import F32, F64, I64, Array, offsets_of
from data.events import DAY_US, HOUR_US, MINUTE_US
from data.kernel import kernel, parallel_kernel
from data.rng import Stream, unit
from data.synthetic import attributes
from data.synthetic.attributes import CHAT, ORIGINAL, SPAM
from data.synthetic.config import WorldConfig
from data.synthetic.people import KINDS, People
from data.synthetic.places import PLACES
from data.synthetic.rhythm import Starts, acts_from_us, count_of, drawn, start_minute
from data.synthetic.shocks import Shocks, burst_times
from data.synthetic.supply import Voice, neutral
from data.synthetic.week import is_weekend, original_hours, topic_factors, weekday
from data.synthetic.weekly_tags import weekly_tag

MEDIA: tuple[float, ...] = (0.679, 0.249, 0.039, 0.011, 0.022)
"""Shares of tweets with 0 to 4 media; RecSys Challenge 2020."""
WORK: tuple[str, ...] = ("news", "bot")
"""Kinds of account that keep the hours of work."""
_BURST_TAIL, _BURST_MOST = 1.7, 25
_GAP_LEAST_US, _GAP_TAIL, _GAP_CUT_US = 20e6, 0.75, 90 * 60e6
_SHARP = 1.3
"""Exponent on a person's interests when choosing what to write about."""


@dataclass(frozen=True)
class Posts:
    """Originals of a day, ordered by time, then author; [N]."""

    time_us: I64
    author: I64
    key: I64
    """Distinguishes an author's texts."""
    language: I64
    topic: I64
    """[N, 2] main and second topic, equal for a tweet on one."""
    share: F32
    """Share of the main topic, in (0.5, 1]."""
    quality: F32
    virality: F32
    """How much people pass it on: exponential, so that cascades have a power-law tail."""
    sentiment: I64
    """-1, 0 or 1."""
    toxicity: I64
    """Row of TOXIC_CATEGORIES, 0 for none."""
    style: I64
    """ORIGINAL, CHAT (small talk that names no topic in its words) or SPAM."""
    pull: attributes.Pull
    """Bait, outrage and usefulness."""
    media: I64
    shock: I64
    """Row of the burst whose hashtag it carries, -1 for none."""
    weekly: I64
    """Row of WEEKLY_TAGS whose hashtag it carries, -1 for none."""

    def __len__(self) -> int:
        return len(self.time_us)


def make_posts(config: WorldConfig, people: People, shocks: Shocks, day: int, voice: Voice | None = None) -> Posts:
    """The originals of a day (0 is the first); `voice` says how much and about what each author posts on it."""
    if voice is None:
        voice = neutral(len(people))
    author, time, number = _steady(config, people, day, voice)
    low = config.start_us + day * DAY_US
    near = np.flatnonzero((shocks.start_us < low + DAY_US) & (shocks.end_us > low))
    extra = [_caused(config, people, shocks, int(one), low, voice) for one in near]
    shock = np.concatenate(
        [np.full(len(author), -1), *(np.full(len(e[0]), s) for e, s in zip(extra, near, strict=True))]
    )
    author = np.concatenate([author, *(e[0] for e in extra)])
    time = np.concatenate([time, *(e[1] for e in extra)])
    number = np.concatenate([number, *(e[2] for e in extra)])
    time -= time % 1000
    order = np.lexsort((number, author, time))
    order = order[time[order] >= acts_from_us(config, people.created_us)[author[order]]]
    author, time, number, shock = author[order], time[order], number[order], shock[order].astype(np.int64)
    # A number is unique within (author, day): steady ones count up, those of a shock have its row in their upper bits.
    return _attributes(config, people, shocks, author, time, shock, (np.int64(day) << 40) + number, voice)


def _steady(config: WorldConfig, people: People, day: int, voice: Voice) -> tuple[I64, I64, I64]:
    per_burst = float(np.mean(_burst_size((np.arange(10_000) + 0.5) / 10_000)))
    key = Stream(config.seed, "posting").key
    week = original_hours(config, day)
    work = np.isin(people.kind, [KINDS.index(name) for name in WORK])
    group = people.place + len(PLACES) * work
    rate = people.chatter * voice.chatter * week.factor[group] / per_burst
    starts = Starts(rate, people.utc_offset_min, group, week.clock, day, key)
    count = np.empty(len(people), np.int64)
    _bursts(starts, count, np.zeros(len(people), np.int64), np.empty(0), False)
    first = offsets_of(count)
    time = np.empty(first[-1])
    _bursts(starts, count, first[:-1], time, True)
    author = np.repeat(np.arange(len(people)), count)
    number = np.arange(len(author)) - first[author]
    return author, config.start_us + day * DAY_US + time.astype(np.int64), number


def _burst_size(u: F64) -> F64:
    size: F64 = np.minimum(np.floor((1.0 - u) ** (-1.0 / _BURST_TAIL)), _BURST_MOST)
    return size


@parallel_kernel
def _bursts(starts, count, first, out, fill):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Counts each person's originals of a day, or writes their times in us."""
    for u in prange(len(starts.rate)):
        total = 0
        for b in range(count_of(starts, u, 200)):
            words = drawn(starts, 2, u, b)
            time = start_minute(starts, u, words[0]) * MINUTE_US
            size = int(min((1.0 - unit(words[1])) ** (-1.0 / _BURST_TAIL), _BURST_MOST))
            for one in range(size):
                if time >= DAY_US:
                    break
                if fill:
                    out[first[u] + total] = time
                total += 1
                words = drawn(starts, 3 + one, u, b)
                gap = _GAP_LEAST_US * (1.0 - unit(words[0])) ** (-1.0 / _GAP_TAIL)
                time += min(gap, _GAP_LEAST_US - _GAP_CUT_US * np.log1p(-unit(words[1])))
        count[u] = total


def _caused(
    config: WorldConfig, people: People, shocks: Shocks, one: int, low: int, voice: Voice
) -> tuple[I64, I64, I64]:
    """Authors, times and numbers of a burst's tweets that fall into the day that begins at `low`.

    Authors speak its language and are drawn by interest in its topic x sqrt(chatter / mean chatter + 0.1); of a local
    burst, people from elsewhere weigh 2%.
    """
    time = burst_times(shocks, one, config.seed)
    number = (np.int64(one + 1) << 20) + np.arange(len(time))
    today = np.flatnonzero((time >= low) & (time < low + DAY_US))
    if not len(today):
        return today, time[today], number[today]
    topic, place = shocks.topic[one], shocks.place[one]
    weight = people.interests[:, topic] * np.sqrt(people.chatter / config.tweets_per_day + 0.1)
    able = (voice.chatter > 0) & (people.created_us < low)
    weight = np.where((people.language == shocks.language[one]) & able, weight, 0.0)
    if place >= 0:
        weight *= np.where(people.place == place, 1.0, 0.02)
    mass = np.cumsum(weight, dtype=np.float64)
    if mass[-1] <= 0.0:
        return today[:0], time[:0], number[:0]
    u = Stream(config.seed, "burst authors").uniform(one, today)[:, 0]
    author = np.minimum(np.searchsorted(mass, u * mass[-1], side="right"), len(people) - 1)
    return author.astype(np.int64), time[today], number[today]


def _attributes(
    config: WorldConfig, people: People, shocks: Shocks, author: I64, time: I64, shock: I64, key: I64, voice: Voice
) -> Posts:
    """What the tweets are.

    Topics are drawn by `choose_topics`, by the day of the week; `weekly_tag_share` of what is neither of a burst nor
    spam carry the hashtag of their language and local weekday. 3 in 10 draw a second one, and if it is another the
    first has a share of 0.55 to 0.85. 7% are small talk, 85% of those by bots spam. A tweet is toxic with its
    author's `toxicity`, and then its sentiment is -1; else that is -1 where the author's mood plus a normal number
    is below -0.7 and 1 where it is 0.65 or more, moods being normal with mean 0.15 and deviation 0.35, cut at
    +-0.9. Quality is 0.6 x the author's talent + 0.8 x a normal number. Tweets of a burst are on its topic alone,
    no small talk and no spam. `attributes` has the laws of bait, outrage and usefulness.
    """
    n, planned = len(author), shock >= 0
    u = Stream(config.seed, "posts").uniform(author, key, n=12)
    luck = Stream(config.seed, "post quality").normal(author, key, n=2)
    writing, row = np.unique(author, return_inverse=True)
    liking, offset = voice.liking(people, writing), people.utc_offset_min[author]
    free, factors = is_weekend(time, offset).astype(np.int64), topic_factors(config)
    main = choose_topics(liking, row, u[:, 0], free, factors)
    if len(shocks.tag):
        main = np.where(planned, shocks.topic[shock], main)
    second = np.where((u[:, 1] < 0.3) & ~planned, choose_topics(liking, row, u[:, 2], free, factors), main)
    bot = people.kind[author] == KINDS.index("bot")
    chat = (u[:, 3] < 0.07) & ~planned
    spam = bot & (u[:, 4] < 0.85) & ~planned
    mood = np.clip(0.15 + 0.35 * Stream(config.seed, "mood").normal(np.arange(len(people)))[:, 0], -0.9, 0.9)[author]
    toxic = u[:, 5] < people.toxicity[author]
    sentiment = np.digitize(mood + luck[:, 1], [-0.7, 0.65]) - 1
    topic = np.stack([main, second], axis=1)
    share = np.where(second == main, 1.0, 0.55 + 0.3 * u[:, 6]).astype(np.float32)
    toxicity = np.where(toxic, 1 + (u[:, 8] * 4).astype(np.int64), 0)
    style = np.where(spam, SPAM, np.where(chat, CHAT, ORIGINAL)).astype(np.int64)
    tagged = (u[:, 10] < config.week.weekly_tag_share) & ~planned & ~spam
    tag = weekly_tag(people.language[author], weekday(time + offset * MINUTE_US))
    about = attributes.About(author, topic, share, toxicity, style)
    return Posts(
        time_us=time,
        author=author,
        key=key,
        language=people.language[author],
        topic=topic,
        share=share,
        quality=(0.6 * people.talent[author] + 0.8 * luck[:, 0]).astype(np.float32),
        virality=virality(u[:, 7]),
        sentiment=np.where(toxic, -1, sentiment),
        toxicity=toxicity,
        style=style,
        pull=attributes.originals(config.seed, people, about, key, voice.heat),
        media=media_counts(u[:, 9]),
        shock=shock,
        weekly=np.where(tagged, tag, -1),
    ) if n else _nothing()  # fmt: skip


def media_counts(u: F64) -> I64:
    """[N] attached pictures and videos from uniform numbers."""
    return np.searchsorted(np.cumsum(MEDIA)[:-1], u, side="right").astype(np.int64)


def virality(u: F64) -> F32:
    """[N] exponential numbers with mean 1 from uniform ones, less their mean."""
    out: F32 = (-np.log1p(-u) - 1.0).astype(np.float32)
    return out


def choose_topics(interests: F32, people: I64, u: F64, row: I64, factor: F32) -> I64:
    """[N] a topic for each person by interest ** 1.3 x `factor` [R, K] of their `row` [N], from uniform numbers."""
    out = np.empty(len(people), np.int64)
    _choose(interests, people, u, row, factor, out)
    return out


@kernel
def _choose(interests, people, u, row, factor, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    topics = interests.shape[1]
    weight = np.empty(topics)
    for i in range(len(people)):
        total = 0.0
        for k in range(topics):
            weight[k] = interests[people[i], k] ** _SHARP * factor[row[i], k]
            total += weight[k]
        goal, k = u[i] * total, 0
        while k < topics - 1 and goal >= weight[k]:
            goal -= weight[k]
            k += 1
        out[i] = k


def _nothing() -> Posts:
    i, f = np.empty(0, np.int64), np.empty(0, np.float32)
    return Posts(i, i, i, i, np.empty((0, 2), np.int64), f, f, f, i, i, i, attributes.Pull(f, f, f), i, i, i)


def deletions(config: WorldConfig, posts: Posts) -> tuple[I64, Array]:
    """Rows of a day's originals that are deleted, and when.

    That is an hour and an exponential time of 3 hours in the mean, 22 at most, after they were posted.
    """
    u = Stream(config.seed, "deletions").uniform(posts.author, posts.key, n=2)
    row = np.flatnonzero(u[:, 0] < config.deleted_share)
    wait = np.minimum(-3.0 * HOUR_US * np.log1p(-u[row, 1]), 22.0 * HOUR_US).astype(np.int64) // 1000 * 1000
    return row, posts.time_us[row] + HOUR_US + wait
