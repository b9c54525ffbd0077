"""Surveys: at most one a person and day, put as often as the log says, answered as the truth says, and not by all."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from data.batch import I64, offsets_of
from data.dataset import Dataset
from data.errors import ConfigError
from data.events import DAY_US
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.state import State
from data.synthetic.survey_config import SurveyConfig
from data.synthetic.surveys import Surveys
from data.synthetic.welfare import welfare
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed

CONFIG = WorldConfig(
    people=600, days=2, follows=20.0, annotated=200, seed=5, tweets_per_day=1.0, tick_min=60, impressions_per_day=20.0,
    surveys=SurveyConfig(tweet_rate=0.05, satisfaction_rate=0.1, response_rate=0.5, response_satisfaction=6.0),
)  # fmt: skip
OFTEN = CONFIG.model_copy(update={"surveys": CONFIG.surveys.model_copy(update={"tweet_rate": 0.5})})
DAYS = 40


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(CONFIG, tmp_path_factory.mktemp("worlds") / "questioned", feed=LoggingFeed())


@pytest.fixture(scope="module")
def world(dataset: Dataset) -> World:
    return World.open(dataset.truth)


def surveys(config: WorldConfig, world: World) -> Surveys:
    return Surveys(config, world.people, BehaviourParameters.of(world.people, config))


def answers(world: World, state: State, tweets: I64) -> pl.DataFrame:
    """Questions to everyone in `DAYS` days, each after an impression of the tweet row that `tweets` [P] names."""
    people = np.arange(len(world.people))
    ask, offsets = surveys(OFTEN, world), offsets_of(np.ones(len(people), np.int64))
    state.shown_today[:] = 0
    columns = {
        "request_id": people, "user_id": world.people.user_id, "user_row": people,
        "time_us": np.full(len(people), state.time_us),
    }  # fmt: skip
    found = []
    for day in range(DAYS):
        state.day = day
        found.append(ask.events(state, columns, offsets, tweets).frame().with_columns(day=pl.lit(day)))
    rows = pl.concat(found)
    return rows.with_columns(row=pl.Series(world.user_rows(rows["user_id"].to_numpy())))


def test_nobody_gets_two_questions_on_a_day_and_each_is_about_what_its_request_showed(dataset: Dataset) -> None:
    asked = dataset.scan("surveys").with_columns(day=pl.col("time_us") // DAY_US).collect()
    assert not asked.select("user_id", "day").is_duplicated().any()
    assert set(asked["kind"]) == {"tweet", "satisfaction"}
    assert ((asked["kind"] == "tweet") == asked["tweet_id"].is_not_null()).all()
    keys = ["request_id", "user_id", "tweet_id"]
    shown = dataset.scan("impressions").select(*keys, shown_us="time_us").collect()
    about = asked.filter(pl.col("kind") == "tweet").join(shown, on=keys, how="left")
    assert about["shown_us"].null_count() == 0
    assert (about["time_us"] > about["shown_us"]).all()
    assert (about["time_us"] // CONFIG.tick_us == about["shown_us"] // CONFIG.tick_us).all()
    assert asked["answer"].drop_nulls().is_between(1, 5).all()
    assert 0 < asked["answer"].null_count() < len(asked)


def test_the_logged_chance_follows_from_the_impressions_before_and_the_questions_keep_to_it(dataset: Dataset) -> None:
    c = CONFIG.surveys
    order = ["time_us", "request_id", "position"]
    day = (pl.col("time_us") // DAY_US).alias("day")
    shown = dataset.scan("impressions").sort(order).select("request_id", "tweet_id", "user_id", day).collect()
    nth = shown.with_columns(nth=pl.int_range(pl.len()).over("user_id", "day"))
    chance = (1 - c.satisfaction_rate) * c.tweet_rate * (1 - c.tweet_rate) ** nth["nth"].to_numpy()
    asked = dataset.scan("surveys").collect()
    about = asked.filter(pl.col("kind") == "tweet")
    known = about.join(nth.with_columns(chance=chance), on=["request_id", "tweet_id"])
    np.testing.assert_allclose(known["propensity"], known["chance"], rtol=1e-12)
    days = shown.select("user_id", "day").n_unique()
    for got, expected, spread in (
        (len(about), chance.sum(), np.sqrt((chance * (1 - chance)).sum())),
        (len(asked) - len(about), 0.1 * days, np.sqrt(0.09 * days)),
    ):
        assert abs(got - expected) < 4 * spread


def test_each_impression_of_a_day_is_in_question_as_often_as_its_chance_says_however_ticks_cut_the_day(
    world: World,
) -> None:
    ask, people, a_day = surveys(CONFIG, world), np.arange(len(world.people)), 30
    counts, repeated, chances = np.zeros(a_day), 0, np.zeros(a_day)
    for day in range(60):
        shown, asked = np.zeros(len(people), np.int64), np.zeros(len(people), np.int64)
        # Two requests a person in each of three ticks, of 3 and 7 impressions.
        for _ in range(3):
            users, lengths = np.tile(people, 2), np.repeat([3, 7], len(people))
            offsets = offsets_of(lengths)
            found = ask.questions(users, offsets, shown[users], day)
            tweet = ~found.network
            nth = shown[users[found.request]] + found.row - offsets[found.request] + 3 * (found.request >= len(people))
            counts += np.bincount(nth[tweet], minlength=a_day)
            chances[nth[tweet]] = found.propensity[tweet]
            np.add.at(asked, users[found.request], 1)
            shown += 10
        repeated += int((asked > 1).sum())
    n = 60 * len(people)
    assert repeated == 0
    z = (counts - n * chances) / np.sqrt(n * chances * (1 - chances))
    assert np.abs(z).max() < 4.5
    assert abs((z**2).sum() - a_day) < 4.5 * np.sqrt(2 * a_day)


def test_answers_rise_with_welfare_and_are_drawn_as_bias_scale_and_noise_say(world: World) -> None:
    state = world.saved()
    people = np.arange(len(world.people))
    tweets = np.random.default_rng(1).integers(0, state.size, len(people))
    true = welfare(
        BehaviourParameters.of(world.people, CONFIG), state, people, tweets, np.full(len(people), state.time_us)
    )
    rows = answers(world, state, tweets).filter((pl.col("kind") == "tweet") & pl.col("answer").is_not_null())
    assert len(rows) > 4_000
    user, got = rows["row"].to_numpy(), rows["answer"].to_numpy().astype(float)
    who = surveys(CONFIG, world).respondents
    middle = 3 + who.scale[user] * CONFIG.surveys.welfare_points * true[user] + who.bias[user]
    # The chance of each number of points is that of a normal number between two halves.
    below = norm.cdf((np.arange(1.5, 5)[None, :] - middle[:, None]) / CONFIG.surveys.noise)
    chance = np.diff(np.c_[np.zeros(len(user)), below, np.ones(len(user))], axis=1)
    mean = chance @ np.arange(1, 6)
    spread = chance @ np.arange(1, 6) ** 2 - mean**2
    deciles = np.array_split(np.argsort(true[user], kind="stable"), 10)
    for part in deciles:
        assert abs((got[part] - mean[part]).sum()) < 4.5 * np.sqrt(spread[part].sum())
    assert got[deciles[-1]].mean() > got[deciles[0]].mean() + 1


def test_the_silent_bias_the_mean_and_their_known_chances_repair_it(world: World) -> None:
    state = world.saved()
    people = np.arange(len(world.people))
    satisfaction = np.random.default_rng(2).normal(0.1, 0.15, len(people))
    state.lives = state.lives._replace(satisfaction=satisfaction)
    rows = answers(world, state, np.zeros(len(people), np.int64)).filter(pl.col("kind") == "satisfaction")
    user, answered = rows["row"].to_numpy(), rows["answer"].is_not_null().to_numpy()
    chance = surveys(CONFIG, world).response_probability(user, satisfaction[user])
    z = (answered.sum() - chance.sum()) / np.sqrt((chance * (1 - chance)).sum())
    assert abs(z) < 4
    true, some = satisfaction[user], satisfaction[user][answered]
    error = true.std() / np.sqrt(answered.sum())
    assert some.mean() - true.mean() > 5 * error
    weight = 1 / chance[answered]
    assert abs((some * weight).sum() / weight.sum() - true.mean()) < 3 * error * np.sqrt(
        1 + (weight / weight.mean()).var()
    )
    points = rows["answer"].drop_nulls().to_numpy()
    high = np.argsort(some)
    assert points[high[-len(high) // 5 :]].mean() > points[high[: len(high) // 5]].mean() + 0.5


def test_people_keep_their_own_bias_and_the_truth_has_it(dataset: Dataset, world: World) -> None:
    kept = pl.read_parquet(dataset.truth / "respondents.parquet")
    assert kept["user_id"].to_list() == world.people.user_id.tolist()
    bias = kept["bias"].to_numpy()
    assert bias.std() == pytest.approx(CONFIG.surveys.bias_spread, rel=0.15)
    state = world.saved()
    rows = answers(world, state, np.zeros(len(world.people), np.int64)).filter(pl.col("answer").is_not_null())
    means = rows.group_by("row").agg(pl.col("answer").mean(), pl.len()).filter(pl.col("len") >= 3)
    assert np.corrcoef(bias[means["row"].to_numpy()], means["answer"].to_numpy())[0, 1] > 0.2


@pytest.mark.parametrize(
    "field", [{"tweet_rate": 0.6}, {"response_rate": 1.0}, {"noise": -0.1}, {"satisfaction_rate": float("nan")}]
)
def test_settings_out_of_range_are_refused_by_name(field: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"surveys.{next(iter(field))}"):
        WorldConfig.parse({"surveys": field})


def test_without_questions_there_is_no_table(world: World) -> None:
    quiet = CONFIG.model_copy(update={"surveys": SurveyConfig(tweet_rate=0.0, satisfaction_rate=0.0)})
    people = np.arange(len(world.people))
    offsets = offsets_of(np.full(len(people), 40))
    found = surveys(quiet, world).questions(people, offsets, np.zeros(len(people), np.int64), 0)
    assert not len(found.request)
