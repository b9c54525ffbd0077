"""Weeks: rates, hours, topics and hashtags of local weekdays as stated; a mean week stays; zeros make days alike."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from data.batch import F64, I64
from data.errors import ConfigError
from data.events import DAY_US, MINUTE_US
from data.synthetic import retention
from data.synthetic.clock import DIURNAL, clock, minutes
from data.synthetic.config import WorldConfig
from data.synthetic.people import KINDS, People, make_people, topic_popularity
from data.synthetic.places import PLACES, utc_offsets_min
from data.synthetic.posting import Posts, make_posts
from data.synthetic.rhythm import mean_loads, openings, session_rate
from data.synthetic.shocks import make_shocks
from data.synthetic.text.languages.language import TOPIC_NAMES
from data.synthetic.week import LEISURE, Hours, original_hours, session_hours, topic_factors, weekday
from data.synthetic.week_config import WeekConfig
from data.synthetic.weekly_tags import WEEKLY_TAGS
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed
from tests.data.synthetic.scenario import consistent

STRONG = WorldConfig.parse(
    {
        "people": 3_000, "days": 14, "tweets_per_day": 3.0, "bursts_per_day": 2.0, "seed": 6,
        "week": {"fewer_sessions": 0.3, "fewer_originals": 0.3, "fewer_work_originals": 0.5, "topic_swing": 0.8,
                 "weekly_tag_share": 0.2},
        "retention": {"joins_per_day": 0.0},
    }
)  # fmt: skip
STILL = WorldConfig.parse({"week": dict.fromkeys(WeekConfig.model_fields, 0.0)})
OFFSET = utc_offsets_min(STRONG.start)


@cache
def people() -> People:
    return make_people(STRONG)


@cache
def week_of_posts() -> list[Posts]:
    shocks = make_shocks(STRONG, topic_popularity(STRONG))
    return [make_posts(STRONG, people(), shocks, day) for day in range(7)]


def by_local_day(hours: list[Hours], place: int) -> F64:
    """[days + 2] what starts on each local day at a place, 1 for a mean day; the first is the day before the first."""
    out = np.zeros(len(hours) + 2)
    for day, one in enumerate(hours):
        minute = (np.arange(1440) - OFFSET[place]) % 1440 + OFFSET[place]
        np.add.at(out, day + 1 + minute // 1440, np.diff(one.clock[place]) * one.factor[place])
    return out


def test_a_place_has_its_share_fewer_on_its_own_weekend_and_the_mean_week_of_before() -> None:
    assert STRONG.start.weekday() == 0
    for kind, fewer in ((session_hours, 0.3), (original_hours, 0.3)):
        hours = [kind(STRONG, day) for day in range(14)]
        shares = []
        for place in range(len(PLACES)):
            days = by_local_day(hours, place)[2:-2]
            # Local days 1 to 12; day 0 is a Monday.
            free = np.isin(np.arange(1, 13) % 7, (5, 6))
            working, weekend = days[~free], days[free]
            assert working == pytest.approx(working[0])
            assert weekend == pytest.approx(weekend[0])
            shares.append(1 - weekend[0] / working[0])
            assert (5 * working[0] + 2 * weekend[0]) / 7 == pytest.approx(1)
            assert working[0] == pytest.approx(7 / (7 - 2 * shares[-1]))
            assert sum(one.factor[place] for one in hours) == pytest.approx(14)
        assert min(shares) >= fewer * 0.75 - 1e-9
        assert max(shares) <= fewer * 1.25 + 1e-9
        assert len(set(np.round(shares, 9))) == len(PLACES)


def test_weekend_mornings_begin_later_and_evenings_do_not() -> None:
    plain, late = minutes(DIURNAL), minutes(DIURNAL, 60.0)
    assert late.sum() == pytest.approx(plain.sum())
    scale = late[1300] / plain[1300]
    # At 8 in the morning as at 7 on a working day, from 18 on as on a working day.
    assert late[480] / scale == pytest.approx(plain[420], rel=1e-9)
    assert late[1080:] / scale == pytest.approx(plain[1080:], rel=1e-9)
    saturday = session_hours(STRONG, 5)
    london = [place.name for place in PLACES].index("London")
    assert np.diff(saturday.clock[london]) * late.sum() == pytest.approx(late)
    assert np.diff(session_hours(STRONG, 4).clock[london]) * plain.sum() == pytest.approx(plain)


def local_days(time_us: I64, users: I64) -> I64:
    return np.array(weekday(time_us + people().utc_offset_min[users] * MINUTE_US))


def test_requests_are_as_many_as_the_factors_say() -> None:
    # Loads of a session hang together: 3 a session at most in the mean, so their number has up to 6 times its variance.
    rate = session_rate(STRONG, people())
    loads = mean_loads(STRONG.tick_min)
    for day in (2, 5):
        expected = float((rate * session_hours(STRONG, day).factor[people().place]).sum()) * loads
        even = float(rate.sum()) * loads
        found = len(openings(STRONG, people(), day).user)
        # Sessions that would go on after midnight end there: some percent.
        assert abs(found - expected) < 5 * np.sqrt(6 * expected) + 0.02 * expected
        assert abs(found - even) > 0.05 * even


def test_those_who_work_write_less_at_weekends_than_others_do() -> None:
    ratio = {}
    work = np.isin(people().kind, [KINDS.index("news"), KINDS.index("bot")])
    steady = [posts.shock < 0 for posts in week_of_posts()]
    author = np.concatenate([posts.author[rows] for posts, rows in zip(week_of_posts(), steady, strict=True)])
    time = np.concatenate([posts.time_us[rows] for posts, rows in zip(week_of_posts(), steady, strict=True)])
    free = local_days(time, author) >= 5
    for name, those in (("work", work[author]), ("others", ~work[author])):
        ratio[name] = 1 - (free & those).sum() / 2 / ((~free & those).sum() / 5)
    # UTC days are whole: some hours of the first local Monday are missing and there are some of the next.
    assert ratio["work"] == pytest.approx(0.5, abs=0.06)
    assert ratio["others"] == pytest.approx(0.3, abs=0.06)


def test_topics_of_leisure_are_written_about_at_weekends() -> None:
    factor = topic_factors(STRONG)
    assert (factor[1] * 2 + factor[0] * 5) / 7 == pytest.approx(np.ones(48), abs=1e-6)
    assert (factor[1] / factor[0])[TOPIC_NAMES.index("football")] == pytest.approx(1.8 / 0.68)
    assert (LEISURE >= -1).all()
    assert (LEISURE <= 1).all()
    for day in (2, 5):
        posts = week_of_posts()[day]
        rows = np.flatnonzero(posts.shock < 0)
        free = (local_days(posts.time_us[rows], posts.author[rows]) >= 5).astype(int)
        weight = people().interests.astype(float)[posts.author[rows]] ** 1.3 * factor[free]
        weight /= weight.sum(axis=1, keepdims=True)
        for group in (LEISURE > 0, LEISURE < -0.6):
            assert consistent(group[posts.topic[rows, 0]], weight[:, group].sum(axis=1))
            even = people().interests.astype(float)[posts.author[rows]] ** 1.3
            even /= even.sum(axis=1, keepdims=True)
            assert not consistent(group[posts.topic[rows, 0]], even[:, group].sum(axis=1))


def test_a_weekly_hashtag_is_that_of_the_language_and_the_local_weekday() -> None:
    assert len(set(WEEKLY_TAGS)) == 35
    for posts in week_of_posts():
        able = (posts.shock < 0) & (posts.style != 3)
        assert consistent(posts.weekly[able] >= 0, 0.2)
        assert (posts.weekly[~able] == -1).all()
        rows = np.flatnonzero(posts.weekly >= 0)
        assert (posts.weekly[rows] // 7 == posts.language[rows]).all()
        assert (posts.weekly[rows] % 7 == local_days(posts.time_us[rows], posts.author[rows])).all()
    moment = int(datetime(2026, 1, 7, 23, tzinfo=UTC).timestamp()) * 1_000_000
    assert weekday(moment + np.arange(4) * 30 * MINUTE_US).tolist() == [2, 2, 3, 3]


def test_texts_carry_the_weekly_hashtag_and_the_truth_lists_it(tmp_path: Any) -> None:
    config = STRONG.model_copy(update={"people": 200, "days": 1, "follows": 5.0})
    world = World.create(config)
    state = world.start()
    state.begin_day(0)
    day = world.plan.day(0, state)
    texts = pl.Series(day.events["tweets"].columns["text"])
    local = day.events["tweets"].time_us
    world.save(tmp_path)
    table = pl.read_parquet(tmp_path / "weekly_tags.parquet")
    assert table["tag"].to_list() == list(WEEKLY_TAGS)
    assert table.row(8) == (WEEKLY_TAGS[8], 1, 1)
    carried = sum(texts.str.contains(f"#{tag}", literal=True).to_numpy().astype(int) for tag in WEEKLY_TAGS)
    assert carried.max() == 1
    assert carried.mean() == pytest.approx(0.2, abs=4 * (0.16 / len(local)) ** 0.5 + 0.05)
    assert not set(world.plan.shocks.tag) & set(WEEKLY_TAGS)
    still = World.create(STILL.model_copy(update={"people": 100, "days": 1, "follows": 5.0}))
    still.save(tmp_path)
    assert not len(pl.read_parquet(tmp_path / "weekly_tags.parquet"))


def test_the_chance_to_return_knows_the_day_of_the_week() -> None:
    """As the stated formula with the factor of the person's place and day; z of what comes true, 0.1% each."""
    config = STRONG.model_copy(update={"impressions_per_day": 6.0, "slate": 20})
    crowd = make_people(config)
    lives = retention.start(config, crowd)._replace(
        status=np.full(len(crowd), retention.HERE, np.int8), opened=np.ones(len(crowd), bool)
    )
    users = np.arange(len(crowd))
    for day in (2, 5):
        found = retention.return_probability(config, crowd, lives, day, users)
        chance = retention.chances(config, crowd, lives, day)
        week = session_hours(config, day).factor[crowd.place]
        some = 1 - np.exp(-session_rate(config, crowd) * chance.sessions * week)
        assert found == pytest.approx((1 - chance.leaves) * chance.opens * some)
        begun = retention.begin_day(config, crowd, lives, day)
        loaded = np.zeros(len(crowd), bool)
        loaded[openings(config, crowd, day, begun.sessions * begun.opens).user] = True
        z = (loaded.sum() - found.sum()) / np.sqrt((found * (1 - found)).sum())
        assert abs(z) < stats.norm.ppf(0.9995)


def test_without_weeks_every_day_is_alike() -> None:
    for day in range(7):
        for one in (session_hours(STILL, day), original_hours(STILL, day)):
            assert (one.factor == 1.0).all()
            assert (one.clock == clock(DIURNAL)).all()
    assert (topic_factors(STILL) == 1).all()
    config = STILL.model_copy(update={"people": 300})
    posts = make_posts(config, make_people(config), make_shocks(config, topic_popularity(config)), 5)
    assert (posts.weekly == -1).all()


def test_a_log_has_fewer_requests_on_the_weekend() -> None:
    """Of the same people whose returns answer to nothing, Saturday beside the Wednesday before."""
    config = STRONG.model_copy(update={"people": 120, "days": 6, "follows": 5.0, "tick_min": 60, "tweets_per_day": 0.5})
    world = World.create(config)
    counts = np.zeros(6)
    for events in world.run(world.start(), LoggingFeed(), config.end_us):
        if events.table == "requests":
            np.add.at(counts, (events.time_us - config.start_us) // DAY_US, 1)
    assert counts[5] < 0.9 * counts[:5].mean()


WRONG = [
    ("fewer_sessions", -0.1), ("fewer_sessions", 0.6), ("fewer_originals", 0.6), ("fewer_work_originals", float("nan")),
    ("place_spread", 1.5), ("weekend_later_min", 500.0), ("topic_swing", 1.0), ("weekly_tag_share", "often"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"week\.{name}"):
        WorldConfig.parse({"week": {name: value}})


def test_every_setting_is_tried_with_a_wrong_value() -> None:
    assert {name for name, _ in WRONG} == set(WeekConfig.model_fields)
