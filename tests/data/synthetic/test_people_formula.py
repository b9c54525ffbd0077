"""How people lean, like and write, against what the docstrings say; and what a tick makes of their reactions."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import special, stats

from data.batch import F64
from data.dataset import Dataset
from data.synthetic.behaviour_weights import BehaviourConfig
from data.synthetic.config import WorldConfig
from data.synthetic.hidden import HIDDEN, Hidden
from data.synthetic.make import make_world
from data.synthetic.people import KINDS, WORLD_ACTIONS, People, make_people, topic_popularity
from data.synthetic.places import LANGUAGE_SHARES
from data.synthetic.world import World
from experiments.simulation.logging_feed import LoggingFeed
from tests.data.synthetic.scenario import consistent

CONFIG = WorldConfig(people=20_000, seed=6, behaviour=BehaviourConfig(reserve=0.0))


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


def test_topics_are_liked_by_zipfs_law_in_a_drawn_order() -> None:
    shares = topic_popularity(CONFIG)
    np.testing.assert_allclose(
        np.sort(shares)[::-1], (np.arange(48) + 2.0) ** -0.6 / ((np.arange(48) + 2.0) ** -0.6).sum()
    )
    assert not np.array_equal(shares, np.sort(shares)[::-1])


def test_leanings_are_temperament_and_a_voice_that_public_actions_share(people: People) -> None:
    ordinary = people.leaning[people.kind == 0].astype(float)
    by = {action: ordinary[:, at] for at, action in enumerate(WORLD_ACTIONS)}
    temperament, loudness = CONFIG.behaviour.temperament, CONFIG.behaviour.loudness
    assert by["mute"].std() == pytest.approx(temperament, rel=0.03)
    voice = float(np.cov(by["reply"], by["retweet"])[0, 1])
    assert sqrt(voice) == pytest.approx(loudness, rel=0.03)
    shares = dict.fromkeys(("quote", "retweet"), 1.0) | {"like": 0.45}
    shares |= dict.fromkeys(("click", "profile_click", "share"), 0.15)
    for action in ("like", "quote", "click", "profile_click", "share", "follow_author", "not_interested", "mute",
                   "block", "report"):  # fmt: skip
        common = float(np.cov(by["reply"], by[action])[0, 1]) / voice
        assert common == pytest.approx(shares.get(action, 0.0), abs=0.02), action
        own = by[action].var() - shares.get(action, 0.0) ** 2 * voice
        assert own == pytest.approx(temperament**2, abs=0.02 * by[action].var() + 0.01), action


def test_the_famous_pass_on_less_and_do_all_else_as_before(people: People) -> None:
    reserved = make_people(CONFIG.model_copy(update={"behaviour": BehaviourConfig(reserve=0.5)}))
    retweet = WORLD_ACTIONS.index("retweet")
    fame = np.maximum(np.log(people.appeal / people.appeal.mean()), 0.0)
    assert 0.02 < (fame > 0).mean() < 0.5
    np.testing.assert_allclose(people.leaning[:, retweet] - reserved.leaning[:, retweet], 0.5 * fame, atol=1e-5)
    others = [at for at in range(len(WORLD_ACTIONS)) if at != retweet]
    assert np.array_equal(people.leaning[:, others], reserved.leaning[:, others])


def test_lurkers_are_silent_bots_repeat_and_toxic_actors_shout(people: People) -> None:
    mean = {kind: people.leaning[people.kind == at].mean(axis=0) for at, kind in enumerate(KINDS)}
    reply, retweet, like, mute = (WORLD_ACTIONS.index(name) for name in ("reply", "retweet", "like", "mute"))
    assert mean["lurker"][retweet] - mean["ordinary"][retweet] == pytest.approx(-2.4, abs=0.15)
    assert mean["lurker"][like] - mean["ordinary"][like] == pytest.approx(-2.4 * 0.45, abs=0.1)
    assert mean["lurker"][mute] == pytest.approx(0, abs=0.03)
    assert mean["bot"][retweet] - mean["bot"][reply] == pytest.approx(1.2 + 3.0, abs=0.1)
    assert mean["toxic"][reply] > mean["ordinary"][reply] + 0.3


def test_loud_people_write_more_and_the_means_are_those_asked_for(people: People) -> None:
    voice = people.leaning[:, WORLD_ACTIONS.index("quote")]
    ordinary = people.kind == 0
    assert np.corrcoef(voice[ordinary], np.log(people.chatter[ordinary]))[0, 1] == pytest.approx(0.6, abs=0.05)
    assert np.corrcoef(np.log(people.activity[ordinary]), np.log(people.chatter[ordinary]))[0, 1] == pytest.approx(
        0.5, abs=0.05
    )
    assert people.chatter.mean() == pytest.approx(CONFIG.tweets_per_day)
    assert people.activity.mean() == pytest.approx(CONFIG.impressions_per_day)
    assert people.activity.max() < 12.1 * CONFIG.impressions_per_day


@pytest.mark.parametrize("seed", [1, 911])
@pytest.mark.parametrize(("count", "temperament"), [(1_000, 0.2), (10_000, 0.1)])
def test_every_language_writes_and_acts_in_public_as_its_people_say(count: int, temperament: float, seed: int) -> None:
    """Few people make most tweets; which language they speak moves the shares of languages by temperament alone."""
    config = WorldConfig(people=count, seed=seed)
    people = make_people(config)
    size = np.bincount(people.language)
    np.testing.assert_allclose(size / len(people), LANGUAGE_SHARES, atol=1.01 / len(people))
    for written in (people.chatter, people.activity):
        np.testing.assert_allclose(np.bincount(people.language, written) / size, written.mean(), rtol=0.01)
    voice = people.leaning[:, WORLD_ACTIONS.index("reply")] + 3.0 * (people.kind == KINDS.index("bot"))
    acts = people.activity * special.expit(voice - 6.0)
    np.testing.assert_allclose(np.bincount(people.language, acts) / size / acts.mean(), 1.0, atol=temperament)


@pytest.mark.parametrize("seed", [1, 911])
def test_every_language_has_its_share_of_bots_and_news(seed: int) -> None:
    people = make_people(WorldConfig(people=10_000, seed=seed))
    counts = np.zeros((len(LANGUAGE_SHARES), len(KINDS)))
    np.add.at(counts, (people.language, people.kind), 1)
    shares = np.array([0.505, 0.32, 0.008, 0.017, 0.13, 0.02])
    assert np.abs(counts - counts.sum(axis=1, keepdims=True) * shares).max() <= 1.0


def test_talent_and_affinity_have_the_stated_spread(people: People) -> None:
    ordinary = people.kind == 0
    assert people.talent[ordinary].std() == pytest.approx(0.8, rel=0.03)
    assert people.talent[ordinary].mean() == pytest.approx(0, abs=0.03)
    np.testing.assert_allclose(np.linalg.norm(people.style, axis=1), 1, atol=1e-5)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, len(people), (2, 100_000))
    affinity = sqrt(6) * (people.style[a].astype(float) * people.style[b]).sum(axis=1)
    assert affinity.std() == pytest.approx(1, abs=0.15)


# A world in which people do much of everything.

EAGER = WorldConfig(people=120, days=1, follows=20.0, seed=5, tweets_per_day=2.0, tick_min=15)


def made(folder: Path, eagerness: float, impressions: float, people: int = EAGER.people) -> tuple[Dataset, World]:
    behaviour = EAGER.behaviour.model_copy(update={"eagerness": eagerness})
    config = EAGER.model_copy(update={"behaviour": behaviour, "impressions_per_day": impressions, "people": people})
    dataset = make_world(config, folder, feed=LoggingFeed())
    return dataset, World.open(dataset.truth)


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, World]:
    return made(tmp_path_factory.mktemp("worlds") / "eager", 7.0, 60.0)


@pytest.fixture(scope="module")
def bitter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, World]:
    return made(tmp_path_factory.mktemp("worlds") / "bitter", -14.0, 150.0, people=200)


def test_retweets_repeat_and_answers_have_a_quality_and_mood_of_their_own(eager: tuple[Dataset, World]) -> None:
    dataset, world = eager
    tweets = dataset.scan("tweets").collect()
    ids = tweets["tweet_id"].to_numpy()
    own = Hidden.read(dataset.truth).of(ids)
    parents = np.searchsorted(ids, tweets["referenced_id"].fill_null(-1).to_numpy())
    kind, author = tweets["kind"].to_numpy(), world.user_rows(tweets["author_id"].to_numpy())
    again = np.flatnonzero(kind == "retweet")
    for name in HIDDEN:
        assert np.array_equal(own[name][again], own[name][parents[again]]), name
    for name in ("language", "media_count"):
        column = tweets[name].to_numpy()
        assert np.array_equal(column[again], column[parents[again]]), name
    new = np.flatnonzero(np.isin(kind, ("reply", "quote")))
    about = parents[new]
    assert len(new) > 500
    assert np.array_equal(own["topic"][new], own["topic"][about])
    assert np.array_equal(own["share"][new], own["share"][about])
    luck = (own["quality"][new] + 0.5 - 0.6 * world.people.talent[author[new]]) / 0.8
    assert stats.kstest(luck, "norm").pvalue > 1e-4
    assert stats.kstest(own["virality"][new] + 1.5, "expon").pvalue > 1e-4
    toxic = own["toxicity"][new] > 0
    assert consistent(toxic, np.minimum(1.5 * world.people.toxicity[author[new]], 1))
    assert (own["sentiment"][new][toxic] == -1).all()
    mood, before = own["sentiment"][new][~toxic], own["sentiment"][about][~toxic]
    for parent in (-1, 0, 1):
        said, mean = mood[before == parent], 0.2 + 0.5 * parent
        assert len(said) > 50
        assert consistent(said == -1, float(stats.norm.cdf((-0.5 - mean) / 0.7)))
        assert consistent(said == 1, float(stats.norm.sf((0.5 - mean) / 0.7)))


def test_actions_come_in_order_of_the_slate_within_the_tick_of_their_request(eager: tuple[Dataset, World]) -> None:
    dataset, _ = eager
    shown = dataset.scan("impressions").select("request_id", "tweet_id", "position", requested="time_us").collect()
    acts = dataset.scan("engagements").drop_nulls("request_id").collect().join(shown, on=["request_id", "tweet_id"])
    start, tick = EAGER.start_us, EAGER.tick_us
    ends = start + ((acts["requested"] - start) // tick + 1) * tick
    assert len(acts) > 1000
    assert (acts["time_us"] > acts["requested"]).all()
    assert (acts["time_us"] < ends).all()
    code = pl.col("action").replace_strict({name: at for at, name in enumerate(WORLD_ACTIONS)})
    order = acts.with_columns(code=code).sort("request_id", "position", "code")
    late = order.with_columns(wait=pl.col("time_us").diff().over("request_id")).drop_nulls("wait")
    # Close to a tick's end the clock runs very slowly, and all is cut to milliseconds.
    assert (late["wait"] >= 0).mean() > 0.99
    # Whoever is early in the tick has done the first thing after dwell and what came before it.
    early = (ends - acts["requested"]) > 0.9 * tick
    first = acts.filter((pl.col("position") == 0) & early).group_by("request_id").agg(
        pl.col("requested").first(), pl.col("time_us").min(), pl.col("dwell_ms").first()
    )  # fmt: skip
    room = (start + ((first["requested"] - start) // tick + 1) * tick - first["requested"]).to_numpy()
    after = 1000 * (first["dwell_ms"].to_numpy() + 900)
    expected = room * -np.expm1(-after / room)
    assert np.abs((first["time_us"] - first["requested"]).to_numpy() - expected).max() <= 15_000


def test_people_leave_whom_they_say_no_to(bitter: tuple[Dataset, World]) -> None:
    """Of followed authors: always after a block, one time in two after a mute, in four where not interested."""
    dataset, _ = bitter
    chances = {"not_interested": 0.25, "mute": 0.5, "block": 1.0}
    acts = dataset.scan("engagements").filter(pl.col("action").is_in(list(chances))).collect()
    ends = dataset.scan("follows").filter("ended").collect()
    begins = dataset.scan("follows").filter(pl.col("ended").not_()).collect()
    # Only pairs with a follow from the start that was begun once.
    old = begins.filter(pl.col("time_us") < EAGER.start_us).select("follower_id", "followee_id")
    again = begins.filter(pl.col("time_us") >= EAGER.start_us).select("follower_id", "followee_id")
    pairs = old.join(again, on=["follower_id", "followee_id"], how="anti")
    tick = ((pl.col("time_us") - EAGER.start_us) // EAGER.tick_us).alias("tick")
    left = ends.select("follower_id", "followee_id", ended=tick)
    # One luck an impression: what ends a follow is the strongest of its actions.
    soured = acts.with_columns(tick, chance=pl.col("action").replace_strict(chances)).group_by(
        "user_id", "author_id", "tick", "tweet_id"
    ).agg(pl.col("chance").max())  # fmt: skip
    by_tick = soured.group_by("user_id", "author_id", "tick").agg(stay=(1 - pl.col("chance")).product())
    followed = by_tick.join(pairs, left_on=["user_id", "author_id"], right_on=["follower_id", "followee_id"])
    followed = followed.join(
        left, left_on=["user_id", "author_id"], right_on=["follower_id", "followee_id"], how="left"
    )
    followed = followed.filter(pl.col("ended").is_null() | (pl.col("ended") >= pl.col("tick")))
    went = (followed["ended"] == followed["tick"]).fill_null(False).to_numpy()
    chance: F64 = 1 - followed["stay"].to_numpy()
    assert len(followed) > 200
    assert went[chance == 1].all()
    for one in (0.25, 0.5):
        part = np.isclose(chance, one)
        assert part.sum() > 30
        assert consistent(went[part], one)
    # Nobody leaves for another reason.
    assert len(left.join(by_tick, left_on=["follower_id", "followee_id", "ended"],
                         right_on=["user_id", "author_id", "tick"], how="anti")) == 0  # fmt: skip
