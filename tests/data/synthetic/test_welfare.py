"""What pulls at people and what serves them: each term of welfare alone, and against what people act on."""

from __future__ import annotations

from math import atanh, sqrt

import numpy as np
import pytest
from pydantic import ValidationError

from data.batch import F32, F64
from data.synthetic.attributes import MEAN_BAIT, MEAN_OUTRAGE, MEAN_USEFULNESS
from data.synthetic.behaviour_weights import BehaviourConfig
from data.synthetic.config import WorldConfig
from data.synthetic.people import WORLD_ACTIONS, make_people
from data.synthetic.reflection import reflective, susceptibilities
from data.synthetic.welfare_config import WelfareConfig
from tests.data.synthetic.closed_form import Tweet
from tests.data.synthetic.scenario import TOPICS, Scenario

LIKE = WORLD_ACTIONS.index("like")
ACTS = [WORLD_ACTIONS.index(name) for name in ("like", "reply", "retweet", "quote", "click", "share")]


def only(**weights: float) -> WelfareConfig:
    """Nothing matters but what is named."""
    return WelfareConfig(**(dict.fromkeys(WelfareConfig.model_fields, 0.0) | weights))


def argument(scenario: Scenario, tweet: Tweet, person: int = 0) -> float:
    """What the hyperbolic tangent was taken of."""
    return atanh(float(scenario.welfare(person, tweet)[0]))


@pytest.mark.parametrize(("weights", "more", "by"), [
    ({"base": -0.4}, {}, -0.4), ({"usefulness": 0.6}, {"usefulness": 0.5}, 0.3),
    ({"quality": 0.2}, {"quality": -2.0}, -0.4), ({"bait": 0.9}, {"bait": 0.5}, -0.45),
    ({"outrage": 0.8}, {"outrage": 1.0}, -0.8), ({"toxic": 0.6}, {"toxic": True}, -0.6), ({"novelty": 0.3}, {}, 0.3),
])  # fmt: skip
def test_each_attribute_counts_alone(weights: dict[str, float], more: dict[str, float], by: float) -> None:
    scenario = Scenario(welfare=only(**weights))
    assert argument(scenario, scenario.post(**more)) == pytest.approx(by, abs=1e-6)


@pytest.mark.parametrize(("topics", "share", "match"), [
    ((0, 0), 1.0, 0.5 / 0.58), ((3, 3), 1.0, 0.0), ((0, 1), 0.75, 0.75 * 0.5 / 0.58 + 0.25 * 0.5),
])  # fmt: skip
def test_reflective_taste_is_half_at_a_share_of_eight_per_cent(
    topics: tuple[int, int], share: float, match: float
) -> None:
    taste = np.tile(np.array([0.5, 0.08, 0.02, 0.0, 0.4], np.float32), (12, 1))
    scenario = Scenario(welfare=only(interest=1.5), reflective=taste)
    assert argument(scenario, scenario.post(topics=topics, share=share)) == pytest.approx(1.5 * match, abs=1e-6)


def test_friends_follow_each_other() -> None:
    scenario = Scenario(welfare=only(friends=0.35))
    tweet = scenario.post()
    scenario.follow(1, 0)
    assert argument(scenario, tweet) == 0
    scenario.follow(0, 1)
    assert argument(scenario, tweet) == pytest.approx(0.35, abs=1e-6)
    scenario.follow(1, 0, ended=True)
    assert argument(scenario, tweet) == 0


def test_what_was_shown_is_no_longer_new_and_repetition_adds_up() -> None:
    scenario = Scenario(welfare=only(novelty=0.3, repetition=0.1))
    tweet, other, elsewhere = scenario.post(), scenario.post(), scenario.post(topics=(1, 1))
    scenario.wait(0.1)
    scenario.show(0, *[tweet] * 10)
    assert argument(scenario, tweet) == pytest.approx(-1.0, abs=1e-6)
    assert argument(scenario, other) == pytest.approx(0.3 * 0.5, abs=1e-6)
    assert argument(scenario, elsewhere) == pytest.approx(0.3, abs=1e-6)
    assert argument(scenario, tweet, person=2) == pytest.approx(0.3, abs=1e-6)


def test_bond_and_language_count() -> None:
    languages = np.array([0, 0, 1, *[0] * 9])
    scenario = Scenario(welfare=only(bond=0.2, foreign=0.7), language=languages)
    assert argument(scenario, scenario.post(1)) == pytest.approx(0.2 * scenario.form.personal(0, 1), abs=1e-6)
    assert argument(scenario, scenario.post(2)) == pytest.approx(0.2 * scenario.form.personal(0, 2) - 0.7, abs=1e-6)


def test_ones_own_and_deleted_tweets_are_worth_nothing() -> None:
    scenario = Scenario()
    own, gone, other = scenario.post(0), scenario.post(1), scenario.post(1)
    scenario.delete(gone)
    worth = scenario.welfare(0, own, gone, other)
    assert worth[:2].tolist() == [0, 0]
    assert worth[2] != 0


@pytest.mark.parametrize("more", [{"bait": 1.0}, {"outrage": 1.0}, {"toxic": True}])
def test_what_pulls_raises_actions_and_lowers_welfare(more: dict[str, float]) -> None:
    """For a person as susceptible as most are; the others are pulled less."""
    susceptibility = np.array([1.0, 1.0, 0.0, *[1.0] * 9], np.float32)
    scenario = Scenario(susceptibility=susceptibility)
    plain, pulling = scenario.post(), scenario.post(**more)
    before, after = scenario.chances(0, plain, pulling)[:, ACTS]
    assert (after > before).all()
    assert scenario.welfare(0, pulling)[0] < scenario.welfare(0, plain)[0]
    calm = scenario.chances(2, plain, pulling)[:, LIKE]
    assert calm[1] <= calm[0]
    assert scenario.welfare(2, pulling)[0] < scenario.welfare(2, plain)[0]


def test_what_serves_raises_welfare_and_lowers_actions() -> None:
    scenario = Scenario()
    plain, useful = scenario.post(), scenario.post(usefulness=1.0)
    before, after = scenario.chances(0, plain, useful)[:, ACTS]
    assert (after < before).all()
    assert scenario.welfare(0, useful)[0] > scenario.welfare(0, plain)[0]
    scenario.follow(0, 1)
    before, worth = scenario.chances(0, plain)[0, ACTS], scenario.welfare(0, plain)[0]
    scenario.follow(1, 0)
    assert (scenario.chances(0, plain)[0, ACTS] < before).all()
    assert scenario.welfare(0, plain)[0] > worth


def test_welfare_stays_within_its_bounds() -> None:
    extreme = WelfareConfig(base=-10.0, bait=10.0, outrage=10.0)
    scenario = Scenario(welfare=extreme)
    assert scenario.welfare(0, scenario.post(bait=1.0, outrage=1.0))[0] >= -1
    scenario = Scenario(welfare=WelfareConfig(base=10.0, usefulness=10.0))
    assert scenario.welfare(0, scenario.post(usefulness=1.0))[0] <= 1


# Traits.


def by_person(one: F32, other: F32) -> F64:
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(one, other, strict=True)])


@pytest.mark.parametrize(("agreement", "spread"), [(0.6, 0.0), (0.9, 0.0), (0.6, 0.2)])
def test_tastes_agree_as_configured(agreement: float, spread: float) -> None:
    welfare = WelfareConfig(agreement=agreement, agreement_spread=spread)
    people = make_people(WorldConfig(people=800, welfare=welfare))
    found = by_person(people.interests, people.reflective)
    np.testing.assert_allclose(people.reflective.sum(axis=1), 1.0, atol=1e-5)
    # Where the two mixtures agree more by themselves, more it stays.
    assert np.median(found) == pytest.approx(agreement, abs=0.02 + spread / sqrt(len(found)) * 3)
    if spread == 0:
        assert (np.abs(found - agreement) < 1e-3).mean() > 0.8
        assert found.min() > agreement - 1e-3
    else:
        assert np.quantile(found, 0.84) - np.median(found) == pytest.approx(spread, abs=0.03)


def test_full_agreement_is_the_same_taste() -> None:
    people = make_people(WorldConfig(people=50, welfare=WelfareConfig(agreement=1.0, agreement_spread=0.0)))
    np.testing.assert_allclose(people.reflective, people.interests, atol=1e-6)


def test_no_correlation_below_that_of_the_mixtures_is_reached() -> None:
    mixture = np.random.default_rng(0).dirichlet(np.ones(TOPICS), 4).astype(np.float32)
    other = mixture[:, ::-1].copy()
    found = by_person(mixture, reflective(mixture, other, np.zeros(4)))
    before = by_person(mixture, other)
    np.testing.assert_allclose(found, np.maximum(before, 0.0), atol=1e-4)


def test_susceptibility_has_mean_one_and_its_spread() -> None:
    rng = np.random.default_rng(0)
    found = susceptibilities(rng, 40_000, 0.7)
    assert found.mean() == pytest.approx(1.0, abs=5 * 0.7 / sqrt(len(found)))
    assert found.std() == pytest.approx(0.7, abs=0.02)
    assert found.min() >= 0
    assert (susceptibilities(rng, 10, 0.0) == 1).all()


def test_welfare_settings_leave_all_else_of_people_as_it_is() -> None:
    one = make_people(WorldConfig(people=80))
    other = make_people(WorldConfig(people=80, welfare=WelfareConfig(agreement=0.1, susceptibility_spread=0.1)))
    assert not np.array_equal(one.reflective, other.reflective)
    for name in ("user_id", "interests", "leaning", "appeal", "chatter"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("name", WelfareConfig.model_fields)
def test_settings_outside_their_range_are_refused_by_name(name: str) -> None:
    for wrong in (-11.0, 11.0, float("nan")):
        with pytest.raises(ValidationError, match=name):
            WelfareConfig(**{name: wrong})


def test_behaviour_counts_attributes_from_their_mean() -> None:
    """A tweet of mean attributes attracts as one would if they did not matter."""
    mean = {"bait": MEAN_BAIT, "outrage": MEAN_OUTRAGE, "usefulness": MEAN_USEFULNESS}
    one, other = Scenario(BehaviourConfig()), Scenario(BehaviourConfig(bait=0.0, outrage=0.0, usefulness=0.0))
    np.testing.assert_allclose(one.chances(0, one.post(**mean)), other.chances(0, other.post(**mean)), rtol=1e-6)
