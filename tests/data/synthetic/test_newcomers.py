"""People who join while the world runs: nothing of them before, a thin history at once, followers soon."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.events import DAY_US, MINUTE_US
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.people import make_people
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed

CONFIG = WorldConfig(
    people=150, days=4, follows=20.0, annotated=200, seed=5, tweets_per_day=2.0, tick_min=15,
    retention={"joins_per_day": 0.1},
)  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "growing", feed=LoggingFeed())


@pytest.fixture(scope="module")
def joined(dataset: Dataset) -> pl.DataFrame:
    return dataset.scan("users").filter(pl.col("created_us") >= CONFIG.start_us).collect()


def test_as_many_join_on_each_day_as_the_rate_says_by_the_clock_of_their_place() -> None:
    config = WorldConfig(people=4_000, days=10, retention={"joins_per_day": 0.05})
    people = make_people(config)
    new = people.created_us >= config.start_us
    assert (np.diff(people.created_us) >= 0).all()
    assert (np.diff(people.user_id) > 0).all()
    assert new.sum() == len(people) - config.people
    days = np.bincount((people.created_us[new] - config.start_us) // DAY_US, minlength=10)
    assert (np.abs(days - 200) < 4.5 * np.sqrt(200)).all()
    local = (people.created_us[new] // MINUTE_US + people.utc_offset_min[new]) % 1440 // 60
    assert np.isin(local, (20, 21)).sum() > 4 * np.isin(local, (3, 4)).sum()
    assert not people.verified[new].any()


def test_an_account_appears_nowhere_before_it_joins(dataset: Dataset) -> None:
    assert dataset.rows("users") == len(make_people(CONFIG))
    users = dataset.scan("users").select("user_id", "created_us")
    names = {
        "follows": ("follower_id", "followee_id"), "mutes": ("user_id", "muted_id"),
        "blocks": ("user_id", "blocked_id"), "tweets": ("author_id",), "requests": ("user_id",),
        "impressions": ("user_id", "author_id"), "engagements": ("user_id", "author_id"),
    }  # fmt: skip
    for table, columns in names.items():
        for column in columns:
            rows = dataset.scan(table).join(users, left_on=column, right_on="user_id", how="left").collect()
            assert rows["created_us"].null_count() == 0
            assert (rows["created_us"] <= rows["time_us"]).all(), (table, column)


def test_a_new_account_follows_a_few_at_once_and_loads_the_feed_in_the_next_tick(
    dataset: Dataset, joined: pl.DataFrame
) -> None:
    assert len(joined) > 30
    world = World.open(dataset.truth)
    first = dataset.scan("follows").join(joined.lazy(), left_on="follower_id", right_on="user_id").collect()
    at_once = first.filter(pl.col("time_us") == pl.col("created_us"))
    counts = at_once.group_by("follower_id").len()["len"]
    assert len(counts) == len(joined)
    assert 4 < counts.mean() < CONFIG.retention.first_follows
    assert not at_once.select("follower_id", "followee_id").is_duplicated().any()
    place, language = world.people.place, world.people.language
    rows = world.user_rows(at_once["follower_id"].to_numpy()), world.user_rows(at_once["followee_id"].to_numpy())
    assert (language[rows[0]] == language[rows[1]]).mean() > 0.6
    assert (place[rows[0]] == place[rows[1]]).mean() > 1.5 * np.mean(place[:, None] == place[rows[1]])
    opened = dataset.scan("requests").group_by("user_id").agg(pl.col("time_us").min()).collect()
    begins = joined.join(opened, on="user_id", how="left")
    tick = (begins["created_us"] - CONFIG.start_us) // CONFIG.tick_us + 1
    in_time = CONFIG.start_us + tick * CONFIG.tick_us < CONFIG.end_us
    assert (begins["time_us"] == CONFIG.start_us + tick * CONFIG.tick_us).filter(in_time).mean() > 0.9


@pytest.mark.parametrize("friends_share", [0.0, 1.0])
def test_friends_live_nearby_and_follow_back_and_suggestions_are_followed_by_many(friends_share: float) -> None:
    config = WorldConfig(
        people=3_000, follows=20.0, days=2, retention={"joins_per_day": 0.1, "friends_share": friends_share}
    )
    world = World.create(config)
    state = world.start()
    state.begin_day(0)
    joins, people = state.joins, world.people
    own = joins.follower >= config.people
    follower, followee = joins.follower[own], joins.followee[own]
    counts = np.bincount(follower)[np.unique(follower)]
    assert counts.mean() == pytest.approx(8.0, rel=0.3)
    assert (joins.time_us[own] == people.created_us[follower]).all()
    fans = np.bincount(world.graph[1], minlength=len(people))
    near = (people.place[follower] == people.place[followee]).mean()
    returned = (~own).sum() / own.sum()
    assert (state.lives.opens[joins.follower[~own]]).all()
    if friends_share:
        assert near > 0.3
        assert 0.15 < returned < 0.35
    else:
        assert fans[followee].mean() > 4 * fans[: config.people].mean()
        assert (people.language[follower] == people.language[followee]).all()
        assert returned < 0.05


def test_without_joins_there_are_the_founders_alone() -> None:
    config = WorldConfig(people=50, follows=9.0, retention={"joins_per_day": 0.0})
    world = World.create(config)
    assert len(world.people) == 50
    assert (world.people.created_us < config.start_us).all()
