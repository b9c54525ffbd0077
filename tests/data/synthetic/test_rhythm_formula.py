"""When people open the app and post, against both laws as the docstrings state them, one person after another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import floor, log1p

import numpy as np
import pytest
from scipy import stats

from data.batch import F64
from data.rng import Stream
from data.synthetic.clock import DIURNAL, clock
from data.synthetic.config import WorldConfig
from data.synthetic.people import People, make_people, topic_popularity
from data.synthetic.posting import make_posts
from data.synthetic.rhythm import mean_depth, mean_loads, openings
from data.synthetic.shocks import make_shocks
from data.synthetic.week_config import WeekConfig

MINUTE, DAY = 60e6, 86_400e6
CONFIG = WorldConfig(
    people=150, days=3, bursts_per_day=0.0, tweets_per_day=2.0, impressions_per_day=90.0, seed=4,
    week=dict.fromkeys(WeekConfig.model_fields, 0.0),
)  # fmt: skip
SESSION = stats.invgauss(9 / 6, scale=6)
"""Minutes: mean 9, shape 6."""


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


@cache
def local_clock() -> F64:
    """[1441] share of a day's activity before each local minute: straight lines between the hours' midpoints."""
    weight = np.interp((np.arange(1440) + 0.5) / 60, np.arange(24) + 0.5, DIURNAL, period=24)
    return np.r_[0, np.cumsum(weight) / weight.sum()]


def begin_us(u: float, offset_min: int) -> float:
    """A time of the UTC day from a uniform number, by the local hour."""
    return float((np.interp(u, local_clock(), np.arange(1441)) - offset_min) % 1440 * MINUTE)


def blocks(purpose: str, person: int, day: int, which: int, n: int) -> F64:
    """[n, 4] uniform numbers of the stream; row k is block k + 1."""
    return Stream(CONFIG.seed, purpose).uniform(person, day, which, n=4 * n).reshape(n, 4)


def events_of(purpose: str, day: int, mean: F64, most: int) -> list[int]:
    """Poisson numbers of all people's sessions or bursts, by inversion of the first uniform number."""
    luck = Stream(CONFIG.seed, purpose).uniform(np.arange(len(mean)), day)[:, 0]
    return np.minimum(stats.poisson.ppf(luck, mean), most).astype(int).tolist()


def test_the_clock_is_the_hours_table() -> None:
    np.testing.assert_allclose(clock(DIURNAL), local_clock(), atol=1e-12)
    assert DIURNAL.mean() == pytest.approx(1)


def test_requests_are_those_of_the_stated_law(people: People) -> None:
    day, slate = 2, CONFIG.slate
    found = openings(CONFIG, people, day)
    low = CONFIG.start_us + day * DAY
    stated = list[tuple[int, int, int]]()
    mean = people.activity / (mean_depth(slate) * mean_loads(CONFIG.tick_min))
    minutes = SESSION.ppf((np.arange(4096) + 0.5) / 4096)
    for person, sessions in enumerate(events_of("sessions", day, mean, 120)):
        words = [blocks("sessions", person, day, s, 28) for s in range(sessions)]
        begins = sorted(begin_us(one[1, 0], people.utc_offset_min[person]) for one in words)
        last = -np.inf
        for begin, one in zip(begins, words, strict=True):
            time = max(begin, last + CONFIG.tick_us)
            end = time + minutes[floor(4096 * one[2, 0])] * MINUTE
            for load in range(24):
                if time >= DAY or (load > 0 and time > end):
                    break
                depth = int(min(5 * (1 - one[3 + load, 0]) ** (-1 / 1.5), slate))
                stated.append((person, int(low + time) // 1000, depth))
                last = time
                time += CONFIG.tick_us - 3 * MINUTE * log1p(-one[3 + load, 1])
    ours = set(zip(found.user.tolist(), (found.time_us // 1000).tolist(), found.depth.tolist(), strict=True))
    # Quantiles of sessions are in a table: a load at the very end of one may fall on the other side.
    assert len(stated) > 500
    assert len(ours ^ set(stated)) < 0.01 * len(stated)


def test_a_session_has_as_many_loads_as_the_two_laws_give() -> None:
    """E = 1 + the sum over n of P(n ticks and n exponential gaps end within the session)."""
    minutes = SESSION.ppf((np.arange(4000) + 0.5) / 4000)
    for tick in (1, 5, 30):
        more = [stats.gamma.cdf(minutes - n * tick, n, scale=3).mean() for n in range(1, 24)]
        assert mean_loads(tick) == pytest.approx(1 + sum(more), rel=0.02)


def test_the_mean_depth_is_that_of_the_cut_power_law() -> None:
    assert mean_depth(40) == pytest.approx(5 + sum((5 / d) ** 1.5 for d in range(6, 41)), rel=1e-3)


def test_originals_come_when_the_stated_law_says(people: People) -> None:
    day = 1
    posts = make_posts(CONFIG, people, make_shocks(CONFIG, topic_popularity(CONFIG)), day)
    low, stated = CONFIG.start_us + day * DAY, list[tuple[int, int]]()
    sizes = np.minimum(np.floor((1 - (np.arange(10_000) + 0.5) / 10_000) ** (-1 / 1.7)), 25)
    assert sizes.mean() == pytest.approx(sum(n**-1.7 for n in range(1, 26)), rel=1e-3)
    for person, bursts in enumerate(events_of("posting", day, people.chatter / sizes.mean(), 200)):
        for burst in range(bursts):
            words = blocks("posting", person, day, burst, 28)
            time = begin_us(words[1, 0], people.utc_offset_min[person])
            for one in range(int(min((1 - words[1, 1]) ** (-1 / 1.7), 25))):
                if time >= DAY:
                    break
                stated.append((person, int(low + time) // 1000))
                power, cut = words[2 + one, :2]
                time += min(20e6 * (1 - power) ** (-1 / 0.75), 20e6 - 90 * MINUTE * log1p(-cut))
    found = sorted(zip(posts.author.tolist(), (posts.time_us // 1000).tolist(), strict=True))
    assert len(stated) > 200
    # A rounding of a microsecond may fall on the other side of a millisecond.
    apart = np.abs(np.array(found) - np.array(sorted(stated)))
    assert apart.max() <= 1


def test_gaps_of_a_burst_are_a_power_law_with_an_exponential_cut_off(people: People) -> None:
    """Of people who seldom start a second burst: P(gap > g) = (20 s / g)^0.75 exp(-(g - 20 s) / 90 min)."""
    many = WorldConfig(people=6_000, bursts_per_day=0.0, seed=4, retention={"joins_per_day": 0.0})
    rare = replace(make_people(many), chatter=np.full(6_000, 0.1))
    shocks = make_shocks(many, topic_popularity(many))
    gaps = []
    for day in range(3):
        posts = make_posts(many, rare, shocks, day)
        order = np.lexsort((posts.time_us, posts.author))
        same, gap = np.diff(posts.author[order]) == 0, np.diff(posts.time_us[order])
        gaps.append(gap[same & (gap < 30 * MINUTE)] / 1e6)
    seconds = np.concatenate(gaps)

    def beyond(g: F64) -> F64:
        return (20 / g) ** 0.75 * np.exp(-(g - 20) / 5400)

    def stated(g: F64) -> F64:
        return (1 - beyond(g)) / (1 - beyond(np.array(1800.0)))

    assert len(seconds) > 300
    assert seconds.min() >= 20
    assert stats.kstest(seconds, stated).pvalue > 1e-3
