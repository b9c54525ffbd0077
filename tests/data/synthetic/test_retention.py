"""Who comes back: the stated formulas, chances that come true, and nothing that a feed can move without feedback."""

from __future__ import annotations

from functools import cache
from math import exp, log
from typing import Any, NamedTuple

import numpy as np
import pytest

from data.batch import F64, Mask
from data.errors import ConfigError, DataError
from data.events import DAY_US
from data.synthetic import retention
from data.synthetic.config import WorldConfig
from data.synthetic.people import People, make_people
from data.synthetic.retention import AHEAD, HERE, LEFT, Lives
from data.synthetic.retention_config import FEEDBACK
from data.synthetic.rhythm import session_rate
from data.synthetic.state import State
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingConfig, LoggingFeed

RESTLESS = {
    "habit_days": 3.0, "habit_opens": 4.0, "habit_sessions": 2.0, "habit_stays": 8.0, "satisfaction_days": 2.0,
    "satisfaction_opens": 8.0, "satisfaction_stays": 12.0, "satisfaction_returns": 20.0, "leaving": 0.1,
    "leaving_new": 0.6, "returning": 0.3, "joins_per_day": 0.06, "usual_welfare": 0.1,
}  # fmt: skip
CONFIG = WorldConfig.parse(
    {
        "people": 1_800, "days": 6, "follows": 15.0, "annotated": 0, "seed": 8, "tick_min": 60, "slate": 20,
        "impressions_per_day": 12.0, "tweets_per_day": 1.0, "retention": RESTLESS,
    }
)  # fmt: skip


def other(config: WorldConfig, **changes: float) -> WorldConfig:
    return config.model_copy(update={"retention": config.retention.model_copy(update=changes)})


class Days(NamedTuple):
    """A world's days: the columns at each day's end, and what people did on it."""

    people: People
    ends: list[Lives]
    predicted: list[F64]
    """[P] chance of each to load the feed on the next day, from each day's end."""
    loaded: list[Mask]
    wrote: list[Mask]
    """Who posted originals, or answered outside the feed."""


@cache
def days() -> Days:
    world = World.create(CONFIG)
    state, feed, users = world.start(), LoggingFeed(), np.arange(len(world.people))
    out = Days(world.people, [], [], [], [])
    for day in range(CONFIG.days):
        loaded, wrote = np.zeros(len(users), bool), np.zeros(len(users), bool)
        for events in world.run(state, feed, CONFIG.start_us + (day + 1) * DAY_US):
            c = events.columns
            if events.table == "requests":
                loaded[world.user_rows(c["user_id"])] = True
            elif events.table == "tweets":
                wrote[world.user_rows(c["author_id"][c["kind"] == "original"])] = True
            elif events.table == "engagements":
                wrote[world.user_rows(c["user_id"][(c["request_id"] < 0) & (c["action"] == "reply")])] = True
        out.ends.append(Lives(*(column.copy() for column in state.lives)))
        out.predicted.append(world.truth.return_probability(state, users))
        out.loaded.append(loaded)
        out.wrote.append(wrote)
    return out


def drawn(config: WorldConfig) -> tuple[F64, F64, Mask]:
    """Of all people who have an account at each day's end but the last: the chance that the world has, that which
    `config` would give, and whether they loaded the feed on the next day."""
    found = days()
    users, rows = np.arange(len(found.people)), []
    for day, lives in enumerate(found.ends[:-1]):
        there = lives.status != AHEAD
        chance = retention.return_probability(config, found.people, lives, day + 1, users)
        rows.append((found.predicted[day][there], chance[there], found.loaded[day + 1][there]))
    true, wrong, loaded = (np.concatenate(column) for column in zip(*rows, strict=True))
    return true, wrong, loaded


def test_return_is_as_frequent_as_predicted_by_decile() -> None:
    """z-scores of deciles of the prediction, at 0.1% over all ten (Bonferroni)."""
    chance, same, loaded = drawn(CONFIG)
    assert np.array_equal(chance, same)
    rank = np.argsort(np.argsort(chance, kind="stable"), kind="stable") * 10 // len(chance)
    count, expected = np.bincount(rank, loaded), np.bincount(rank, chance)
    z = (count - expected) / np.sqrt(np.bincount(rank, chance * (1 - chance)))
    assert expected[-1] > 5 * expected[0]
    assert np.abs(z).max() < 3.9


@pytest.mark.parametrize(
    "name",
    [
        "habit_opens", "habit_sessions", "habit_stays", "satisfaction_opens", "satisfaction_stays",
        "satisfaction_returns", "leaving_new", "leaving", "returning",
    ],
)  # fmt: skip
def test_a_prediction_without_a_coefficient_fails(name: str) -> None:
    """The error of the wrong chance goes where the true one differs from it: a score test, 5 standard deviations."""
    true, wrong, loaded = drawn(other(CONFIG, **{name: 0.02 if name == "returning" else 0.0}))
    lean = true - wrong
    z = ((loaded - wrong) * lean).sum() / np.sqrt((wrong * (1 - wrong) * lean**2).sum())
    right = ((loaded - true) * lean).sum() / np.sqrt((true * (1 - true) * lean**2).sum())
    assert abs(right) < 3.9
    assert z > 3.9


def test_who_left_or_skips_a_day_does_nothing_on_it() -> None:
    found = days()
    left = 0
    for day, lives in enumerate(found.ends):
        new = (found.people.created_us - CONFIG.start_us) // DAY_US
        assert (lives.status == AHEAD)[new > day].all()
        assert (lives.status != AHEAD)[new <= day].all()
        assert not found.loaded[day][(lives.status != HERE) | ~lives.opens].any()
        assert not found.wrote[day][lives.status != HERE].any()
        left += int((lives.status == LEFT).sum())
    assert left > 500
    gone = np.array([lives.status == LEFT for lives in found.ends])
    assert (gone[:-1] & ~gone[1:]).any()


def by_hand(person: dict[str, float], c: dict[str, float]) -> dict[str, float]:
    """The formulas of the docstring for one person."""

    def logistic(z: float) -> float:
        return 1 / (1 + exp(-z))

    def logit(p: float) -> float:
        return log(p / (1 - p))

    w = c["habit_engagement"]
    p, rate = person["p"], person["rate"]
    usual = p * (1 - exp(-rate / p)) * (1 - w + w * retention.USUAL_ENGAGED)
    use = person["opened"] * (1 - w + w * person["e"] / (person["e"] + c["engaged"]))
    habit = person["habit"] + (1 - exp(-1 / c["habit_days"])) * (use - person["habit"])
    satisfaction = person["satisfaction"]
    if person["looked"]:
        mean = person["welfare"] / person["looked"]
        satisfaction += (1 - exp(-1 / c["satisfaction_days"])) * (mean - satisfaction)
    used, glad = habit - usual, satisfaction - c["usual_welfare"]
    hazard = c["leaving"] + c["leaving_new"] * exp(-person["age"] / c["settling_days"])
    return {
        "habit": habit,
        "satisfaction": satisfaction,
        "leaves": logistic(logit(hazard) - c["habit_stays"] * used - c["satisfaction_stays"] * glad),
        "returns": logistic(logit(c["returning"]) + c["satisfaction_returns"] * glad),
        "opens": logistic(logit(p) + c["habit_opens"] * used + c["satisfaction_opens"] * glad),
        "sessions": exp(c["habit_sessions"] * used) / p,
    }


def test_chances_are_the_stated_formulas() -> None:
    people = make_people(CONFIG)
    rng, day, count = np.random.default_rng(1), 3, len(people)
    lives = retention.start(CONFIG, people)._replace(
        status=rng.integers(1, 3, count).astype(np.int8), habit=rng.random(count),
        satisfaction=rng.uniform(-0.5, 0.5, count), opened=rng.random(count) < 0.5,
        engagements=rng.poisson(3.0, count).astype(float), looked=rng.poisson(1.0, count) * 7.5,
    )  # fmt: skip
    lives.welfare[:] = lives.looked * rng.uniform(-0.5, 0.5, count)
    found = retention.chances(CONFIG, people, lives, day)
    rates, c = session_rate(CONFIG, people), CONFIG.retention.model_dump()
    midnight = CONFIG.start_us + day * DAY_US
    for one in range(0, count, 37):
        person = {
            "p": people.regularity[one], "rate": rates[one], "habit": lives.habit[one],
            "satisfaction": lives.satisfaction[one], "opened": lives.opened[one], "e": lives.engagements[one],
            "looked": lives.looked[one], "welfare": lives.welfare[one],
            "age": max(midnight - people.created_us[one], 0) / DAY_US,
        }  # fmt: skip
        for name, value in by_hand(person, c).items():
            assert getattr(found, name)[one] == pytest.approx(value, rel=1e-9), name


def test_a_new_account_begins_with_its_share_of_the_usual_habit() -> None:
    people, share = make_people(CONFIG), CONFIG.retention.new_habit
    lives = retention.start(CONFIG, people)
    begins = retention.usual_habit(CONFIG, people) * np.where(people.created_us < CONFIG.start_us, 1.0, share)
    assert np.array_equal(lives.habit, begins)
    for day in range(3):
        lives = retention.begin_day(CONFIG, people, lives, day)
        joins_or_will = people.created_us >= CONFIG.start_us + day * DAY_US
        assert 0.0 < share < 1.0
        assert np.array_equal(lives.habit[joins_or_will], begins[joins_or_will])
        assert (lives.habit[~joins_or_will] != begins[~joins_or_will]).all() or day == 0


def test_who_is_more_satisfied_or_more_used_to_it_stays_and_comes_back_more() -> None:
    people = make_people(CONFIG)
    lives = retention.start(CONFIG, people)
    plain = retention.chances(CONFIG, people, lives, 0)
    for column in ("satisfaction", "habit"):
        better = retention.chances(CONFIG, people, lives._replace(**{column: getattr(lives, column) + 0.05}), 0)
        assert (better.opens > plain.opens).all()
        assert (better.leaves < plain.leaves).all()
    assert (better.sessions > plain.sessions).all()


def curves(config: WorldConfig, through: int) -> tuple[Mask, F64]:
    """[D, P] who was active on each day of a world whose people see the usual welfare, and [D, P] who had left.

    People engage at rates that vary between them as in the logs of the default world, 4.5 a day in the mean.
    """
    people = make_people(config)
    lives, rate = retention.start(config, people), session_rate(config, people)
    rng = np.random.default_rng(0)
    eager = rng.gamma(1.0, 4.5, len(people))
    active, gone = np.zeros((through, len(people)), bool), np.zeros((through, len(people)))
    for day in range(through):
        lives = retention.begin_day(config, people, lives, day)
        joins = (people.created_us - config.start_us) // DAY_US == day
        active[day] = lives.opens & ((rng.random(len(people)) < -np.expm1(-rate * lives.sessions)) | joins)
        gone[day] = lives.status == LEFT
        lives.opened[:] = active[day]
        lives.engagements[:] = active[day] * rng.poisson(eager)
    return active, gone


def test_the_default_world_keeps_people_as_published() -> None:
    """Bounds are the published ranges that the module names; see docs/world.md."""
    config = WorldConfig(people=10_000, days=58, retention={"joins_per_day": 0.02})
    active, gone = curves(config, 58)
    founders = np.arange(active.shape[1]) < config.people
    daily, monthly = active[27:30, founders].mean(), active[:28, founders].any(axis=0).mean()
    assert 0.43 < daily / monthly < 0.67
    assert 0.02 < gone[27, founders].mean() < 0.04
    joined = (make_people(config).created_us - config.start_us) // DAY_US
    for after, low, high in ((1, 0.30, 0.48), (7, 0.18, 0.28), (28, 0.12, 0.18)):
        new = np.flatnonzero((joined >= 0) & (joined + after < 58))
        assert low < active[joined[new] + after, new].mean() < high, after


OTHER = LoggingConfig(following=0.02, popular=0.0, fresh=0.0, explore=0.98)
"""A policy that shows nearly everything evenly."""
SMALL = WorldConfig.parse(
    {
        "people": 150, "days": 4, "follows": 15.0, "annotated": 0, "seed": 3, "tick_min": 60,
        "tweets_per_day": 2.0, "retention": RESTLESS,
    }
)  # fmt: skip


def opened(config: WorldConfig, feed: Any) -> F64:
    """[D] how many people load the feed on each day."""
    world = World.create(config)
    out = [set[int]() for _ in range(config.days)]
    for events in world.run(world.start(), feed, config.end_us):
        if events.table == "requests":
            for user, time in zip(events.columns["user_id"].tolist(), events.time_us.tolist(), strict=True):
                out[(time - config.start_us) // DAY_US].add(user)
    return np.array([len(one) for one in out], float)


def log_of(config: WorldConfig, feed: Any, table: str) -> list[dict[str, Any]]:
    world = World.create(config)
    rows = []
    for events in world.run(world.start(), feed, config.end_us):
        if events.table == table:
            rows += events.frame().drop("policy", strict=False).to_dicts()
    return rows


def test_without_feedback_no_feed_moves_a_session() -> None:
    still = other(SMALL, **dict.fromkeys(FEEDBACK, 0.0))
    one, two = (log_of(still, feed, "requests") for feed in (LoggingFeed(), LoggingFeed(OTHER)))
    assert one == two
    assert log_of(SMALL, LoggingFeed(), "requests") != log_of(SMALL, LoggingFeed(OTHER), "requests")


def test_two_arms_that_share_a_seed_differ_by_less_than_two_seeds_do() -> None:
    """The variance of the difference of daily openings, over four pairs of arms with and without common luck."""
    arms = {}
    for seed in range(4):
        config = SMALL.model_copy(update={"seed": seed})
        arms[seed] = opened(config, LoggingFeed()), opened(config, LoggingFeed(OTHER))
    shared = np.concatenate([one - two for one, two in arms.values()])
    apart = np.concatenate([arms[seed][0] - arms[(seed + 1) % 4][1] for seed in arms])
    assert shared.var() < apart.var() / 3


def test_return_needs_known_people() -> None:
    world = World.create(SMALL)
    state: State = world.start()
    assert (world.truth.return_probability(state, np.flatnonzero(state.lives.status == AHEAD)) == 0).all()
    with pytest.raises(DataError, match="user row"):
        world.truth.return_probability(state, np.array([len(world.people)]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usual_opening", 0.0), ("usual_opening", 1.0), ("opening_spread", -1.0), ("habit_days", 0.0),
        ("habit_opens", -1.0), ("habit_sessions", float("nan")), ("habit_stays", 51.0), ("habit_engagement", 1.5),
        ("engaged", 0.0), ("satisfaction_days", float("inf")), ("usual_welfare", 2.0), ("satisfaction_opens", -0.1),
        ("satisfaction_stays", -0.1), ("satisfaction_returns", "much"), ("leaving", 1.0), ("leaving_new", -0.1),
        ("settling_days", 0.0), ("returning", 1.0), ("joins_per_day", -0.1), ("joins_per_day", 2.0),
        ("first_follows", 0.5), ("friends_share", 1.1), ("new_habit", 1.5),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"retention\.{name}"):
        WorldConfig.parse({"retention": {name: value}})


def test_every_setting_is_tried_with_a_wrong_value() -> None:
    tried = {mark.args[1][at][0] for mark in test_a_wrong_setting_is_refused_by_name.pytestmark for at in range(23)}
    assert tried == set(WorldConfig().retention.model_dump())
