"""The kernels of behaviour and the truth against the formula as their docstring states it; each term also alone."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from data.batch import F64
from data.synthetic.behaviour import examination
from data.synthetic.behaviour_parameters import Examination
from data.synthetic.behaviour_weights import LOGITS, BehaviourConfig
from data.synthetic.people import WORLD_ACTIONS
from data.synthetic.welfare_config import WelfareConfig
from tests.data.synthetic.closed_form import BY_FEED, Tweet
from tests.data.synthetic.scenario import TOPICS, Scenario

LIKE, FOLLOW, ANSWER = (WORLD_ACTIONS.index(name) for name in ("like", "follow_author", "reply_answered"))
ACTS = ("like", "reply", "retweet", "quote", "click", "not_interested")


def odds(chances: F64) -> F64:
    """[N, A - 1] log-odds of the actions by feed."""
    p = chances[:, :ANSWER]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p / (1 - p)))


def moved(before: F64, after: F64) -> float:
    """By how much attraction changed between two chances [A]: every action's log-odds over its slope say the same."""
    drawn = [a for a, action in enumerate(BY_FEED) if before[a] > 0 and after[a] > 0]
    slope = np.array([LOGITS[BY_FEED[a]].slope for a in drawn])
    change = (odds(after[None]) - odds(before[None]))[0, drawn] / slope
    assert np.allclose(change, change[0], atol=1e-6), change
    return float(change[0])


# Random states.


def random_people(rng: np.random.Generator, count: int) -> dict[str, Any]:
    style = rng.normal(size=(count, 6))
    return {
        "language": rng.integers(0, 2, count),
        "interests": rng.dirichlet(np.full(TOPICS, 0.5), count).astype(np.float32),
        "reflective": rng.dirichlet(np.full(TOPICS, 0.5), count).astype(np.float32),
        "susceptibility": rng.gamma(2, 0.5, count).astype(np.float32),
        "style": (style / np.linalg.norm(style, axis=1, keepdims=True)).astype(np.float32),
        "leaning": rng.normal(0, 0.7, (count, len(WORLD_ACTIONS))).astype(np.float32),
        "sociability": rng.uniform(0, 0.9, count).astype(np.float32),
    }


def random_config(rng: np.random.Generator) -> BehaviourConfig:
    """Every weight other than its default, and large enough to be seen; people act much more often."""
    weights = {name: float(rng.uniform(0.3, 1.5)) for name in BehaviourConfig.model_fields if name not in UNLIKE}
    return BehaviourConfig(
        **weights, eagerness=float(rng.uniform(6, 9)), drift=float(rng.uniform(0.2, 0.9)),
        drift_d=float(rng.uniform(2, 9)), freshness_h=float(rng.uniform(1, 9)), news_h=float(rng.uniform(0.1, 2)),
        fatigue_h=float(rng.uniform(0.3, 3)),
        examination=("position", "cascade")[int(rng.integers(2))], examination_decay=float(rng.uniform(3, 12)),
        examination_top=float(rng.uniform(0.7, 0.95)), stay=float(rng.uniform(0.9, 0.99)),
        stay_engaged=float(rng.uniform(0.4, 0.7)),
    )  # fmt: skip


def random_welfare(rng: np.random.Generator) -> WelfareConfig:
    return WelfareConfig(**{name: float(rng.uniform(0.1, 0.9)) for name in WelfareConfig.model_fields})


UNLIKE = {
    "eagerness", "drift", "drift_d", "freshness_h", "news_h", "fatigue_h", "examination", "examination_decay",
    "examination_top", "stay", "stay_engaged",
}  # fmt: skip


def random_post(scenario: Scenario, rng: np.random.Generator) -> None:
    scenario.wait(0.01)
    main, second = rng.integers(0, TOPICS, 2).tolist()
    scenario.post(
        int(rng.integers(len(scenario.people))), topics=(main, second), quality=float(np.float32(rng.normal())),
        share=1.0 if main == second else float(np.float32(rng.uniform(0.55, 0.85))), media=int(rng.integers(3)),
        virality=float(np.float32(rng.exponential() - 1)), toxic=bool(rng.random() < 0.2),
        spam=bool(rng.random() < 0.2),
        **{name: float(np.float32(rng.uniform())) for name in ("bait", "outrage", "usefulness")},
    )  # fmt: skip


def random_stage(seed: int, events: int = 250) -> Scenario:
    """A dozen people after a day in which anything may have happened, often enough to overflow every ring."""
    rng = np.random.default_rng(seed)
    scenario = Scenario(random_config(rng), welfare=random_welfare(rng), count=14, seed=seed, **random_people(rng, 14))
    for _ in range(4):
        random_post(scenario, rng)
    for _ in range(events):
        tweets, (one, other) = scenario.history.tweets, rng.choice(14, 2, replace=False).tolist()
        some = tweets[int(rng.integers(len(tweets)))]
        match rng.choice(["wait", "post", "show", "act", "follow", "leave", "delete", "forget"],
                         p=[0.1, 0.2, 0.25, 0.28, 0.12, 0.03, 0.015, 0.005]):  # fmt: skip
            case "wait":
                scenario.wait(float(rng.exponential(0.4)))
            case "post":
                random_post(scenario, rng)
            case "show":
                scenario.wait(0.001)
                who = one if rng.random() < 0.5 else 0
                scenario.show(who, *(tweets[i] for i in rng.integers(0, len(tweets), int(rng.integers(1, 40)))))
            case "act":
                many = rng.permutation(14)[: int(rng.integers(1, 6))].tolist()
                for person in many:
                    scenario.act(person, some, ACTS[int(rng.integers(len(ACTS)))])
            case "follow":
                scenario.follow(one, other)
            case "leave":
                scenario.follow(one, other, ended=True)
            case "delete":
                scenario.delete(some)
            case "forget" if len(tweets) > 12:
                scenario.forget(tweets[5].time_us)
    scenario.wait(0.02)
    return scenario


@pytest.fixture(scope="module", params=range(8))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return random_stage(request.param)


def test_the_truth_is_the_formula(scenario: Scenario) -> None:
    """Of every person and every tweet, now and later."""
    for hours in (0.0, 1.3, 30.0):
        later = scenario.after(hours)
        for person in range(len(scenario.people)):
            said = [scenario.form.chances(scenario.history, person, t, later.now_us) for t in scenario.history.tweets]
            stated = np.array([[one[action] for action in WORLD_ACTIONS] for one in said])
            np.testing.assert_allclose(later.chances(person, *scenario.history.tweets), stated, rtol=2e-4, atol=1e-12)
            worth = [scenario.form.welfare(scenario.history, person, t, later.now_us) for t in scenario.history.tweets]
            np.testing.assert_allclose(later.welfare(person, *scenario.history.tweets), worth, rtol=2e-4, atol=2e-6)


def test_the_truth_of_a_slate_knows_who_looks_where(scenario: Scenario) -> None:
    rng = np.random.default_rng(1)
    requests = [
        (p, [scenario.history.tweets[i] for i in rng.permutation(len(scenario.history.tweets))[: 3 + p]])
        for p in range(9)
    ]
    slates = scenario.slates(requests)
    position = np.concatenate([np.arange(len(slate)) for _, slate in requests])
    weights = rng.normal(size=len(WORLD_ACTIONS))
    said = scenario.truth.action_probability(scenario.state, slates.with_columns({"position": position}))
    value = scenario.truth.slate_value(scenario.state, slates, weights)
    glad = scenario.truth.welfare(scenario.state, slates.with_columns({"position": position}))
    gladness = scenario.truth.slate_welfare(scenario.state, slates)
    for b, (person, slate) in enumerate(requests):
        one = [scenario.form.chances(scenario.history, person, tweet, scenario.now_us) for tweet in slate]
        chances = np.array([[p[action] for action in WORLD_ACTIONS] for p in one])
        stated = chances * np.array(scenario.form.looks(one))[:, None]
        np.testing.assert_allclose(said[slates.offsets[b] : slates.offsets[b + 1]], stated, rtol=5e-4, atol=1e-12)
        assert value[b] == pytest.approx((stated @ weights).sum(), rel=1e-3, abs=1e-9)
        worth = [scenario.form.welfare(scenario.history, person, tweet, scenario.now_us) for tweet in slate]
        looked_at = np.array(worth) * scenario.form.looks(one)
        np.testing.assert_allclose(glad[slates.offsets[b] : slates.offsets[b + 1]], looked_at, rtol=5e-4, atol=2e-6)
        assert gladness[b] == pytest.approx(looked_at.sum(), rel=1e-3, abs=1e-5)


def test_what_people_do_is_drawn_from_the_formula(scenario: Scenario) -> None:
    """Action for action, with dwell and the time of scrolling on, from the stated luck."""
    rng = np.random.default_rng(2)
    several = scenario.history.tweets
    requests = [(p % 14, [several[i] for i in rng.permutation(len(several))[:15]]) for p in range(5 * 14)]
    drawn = scenario.reactions(requests)
    stated = [one for p, slate in requests for one in scenario.form.react(scenario.history, p, slate, scenario.now_us)]
    done = [{a for i, a in enumerate(BY_FEED) if bits >> i & 1} for bits in drawn.actions.tolist()]
    assert sum(len(one) for one in done) > 20
    assert done == [one.done for one in stated]
    np.testing.assert_allclose(drawn.dwell_ms, [one.dwell_ms for one in stated], rtol=1e-4, atol=1.01)
    np.testing.assert_allclose(drawn.after_us, [one.after_us for one in stated], rtol=1e-4)
    assert drawn.exposure.tolist() == [one.exposure for one in stated]


def test_what_is_remembered_is_what_happened(scenario: Scenario) -> None:
    memory, tweets, c = scenario.state.memory, scenario.state.tweets, scenario.config.behaviour
    for person, shown in scenario.history.shown.items():
        last = shown[-1][0] if shown else scenario.config.start_us
        assert memory.fatigue_us[person] == last
        assert memory.fatigue[person] == pytest.approx(scenario.history.weight_of_late(person, last, c.fatigue_h))
        by_topic = [scenario.history.weight_of_late(person, last, c.fatigue_h, topic) for topic in range(TOPICS)]
        np.testing.assert_allclose(memory.bored[person], by_topic, rtol=1e-4, atol=1e-12)
        rows = np.arange(len(scenario.history.tweets))
        met = [scenario.history.exposures(person, tweet) for tweet in scenario.history.tweets]
        assert scenario.state.exposures.of(np.full(len(rows), person), rows).tolist() == met
    for row, tweet in enumerate(scenario.history.tweets):
        assert tweets.tweet_id[row] == tweet.tweet_id
        public = ("like", "reply", "retweet", "quote")
        assert tweets.counts[row, :4].tolist() == [sum(a == one for _, a in tweet.engaged) for one in public]
        ring = tweets.engagers[row, : min(tweets.counts[row, 4], 8)].tolist()
        assert sorted(ring) == sorted(tweet.engagers)
        assert tweets.deleted[row] == tweet.deleted
    pairs = [(a, b) for a in range(14) for b in range(14)]
    follows = scenario.state.follows(*np.array(pairs).T)
    assert {pair for pair, one in zip(pairs, follows, strict=True) if one} == scenario.history.follows


def test_the_random_days_overflow_every_ring() -> None:
    scenarios = [random_stage(seed) for seed in range(3)]
    assert any(len(shown) > 300 for scenario in scenarios for shown in scenario.history.shown.values())
    assert any(len({p for p, _ in tweet.engaged}) > 8 for scenario in scenarios for tweet in scenario.history.tweets)
    assert any(
        scenario.history.exposures(p, t) > 2
        for scenario in scenarios
        for p in range(14)
        for t in scenario.history.tweets
    )


# Each term alone: by how much attraction moves, in numbers that can be worked out on paper.


def only(**weights: float) -> BehaviourConfig:
    """Nothing matters but what is named."""
    silent = dict.fromkeys((n for n in BehaviourConfig.model_fields if n not in UNLIKE | {"temperament"}), 0.0)
    return BehaviourConfig(**(silent | {"eagerness": 0.0, "drift": 0.0} | weights))


Change = Callable[[Scenario, Tweet], Tweet | None]


def alone(scenario: Scenario, change: Change, tweet: Tweet | None = None) -> float:
    """Person 0 looks at a tweet of 1 before and after a change, which may name another tweet to look at."""
    tweet = tweet or scenario.post()
    before = scenario.chances(0, tweet)[0]
    other = change(scenario, tweet)
    return moved(before, scenario.chances(0, other or tweet)[0])


def post(author: int = 1, **more: Any) -> Change:
    return lambda scenario, _: scenario.post(author, **more)


def act(action: str, *people: int) -> Change:
    def change(scenario: Scenario, tweet: Tweet) -> None:
        for person in people:
            scenario.act(person, tweet, action)

    return change


def test_eagerness_is_added() -> None:
    one, other = Scenario(only()), Scenario(only(eagerness=1.3))
    assert moved(one.chances(0, one.post())[0], other.chances(0, other.post())[0]) == pytest.approx(1.3, abs=1e-6)


INTERESTS = np.tile(np.array([0.5, 0.08, 0.02, 0.0, 0.4], np.float32), (12, 1))
TASTES = [0.5 / 0.58, 0.5, 0.2, 0.0, 0.4 / 0.48]


@pytest.mark.parametrize(("topics", "share", "match"), [
    ((0, 0), 1.0, TASTES[0]), ((2, 2), 1.0, TASTES[2]), ((3, 3), 1.0, 0.0),
    ((0, 2), 0.75, 0.75 * TASTES[0] + 0.25 * TASTES[2]), ((2, 0), 0.75, 0.75 * TASTES[2] + 0.25 * TASTES[0]),
])  # fmt: skip
def test_interest_is_half_a_liking_at_a_share_of_eight_per_cent(
    topics: tuple[int, int], share: float, match: float
) -> None:
    scenario = Scenario(only(interest=5.0), interests=INTERESTS)
    from_half = alone(scenario, post(topics=topics, share=share), scenario.post(topics=(1, 1)))
    assert from_half == pytest.approx(5.0 * (match - 0.5), abs=1e-5)


def test_taste_swings_about_its_mean_and_comes_back() -> None:
    scenario = Scenario(only(interest=5.0, drift=0.5, drift_d=8.0))
    tweet, liked, seen = scenario.post(), 1 / TOPICS, []
    phase = scenario.form.phase(0, 0)
    for _ in range(17):
        days = scenario.now_us / 86_400_000_000
        w = liked * (1 + 0.5 * sin(2 * pi * (days / 8 + phase)))
        seen.append((scenario.chances(0, tweet)[0], 5 * w / (w + 0.08)))
        scenario.wait(12)
    moves = [moved(seen[0][0], chances) for chances, _ in seen]
    assert moves == pytest.approx([taste - seen[0][1] for _, taste in seen], abs=1e-5)
    assert moves[16] == pytest.approx(0.0, abs=1e-6)
    assert max(moves) - min(moves) == pytest.approx(5 * (0.3 / 0.38 - 0.1 / 0.18), rel=0.05)
    assert len({scenario.form.phase(p, k) for p in range(12) for k in range(TOPICS)}) > 50


@pytest.mark.parametrize("cosine", [1.0, -1.0, 0.6])
def test_affinity_is_the_likeness_of_styles(cosine: float) -> None:
    style = np.zeros((12, 6), np.float32)
    style[0, 0], style[1, 1] = 1.0, 1.0
    style[2, :2] = cosine, sqrt(1 - cosine**2)
    scenario = Scenario(only(affinity=0.8), style=style)
    assert alone(scenario, post(2)) == pytest.approx(0.8 * sqrt(6) * cosine, abs=1e-5)


def test_bond_is_one_persons_liking_of_another_with_mean_0_and_deviation_1() -> None:
    scenario = Scenario(only(bond=0.5), count=60)
    tweets = [scenario.post(author) for author in range(60)]
    chances = np.stack([scenario.chances(person, *tweets)[:, LIKE] for person in range(60)])
    others = chances[~np.eye(60, dtype=bool)]
    liking = (np.log(others / (1 - others)) - LOGITS["like"].base) / 0.5
    assert abs(liking.mean()) < 4 / sqrt(len(liking))
    assert liking.std() == pytest.approx(1.0, abs=0.05)
    assert np.abs(liking).max() <= 2 * sqrt(3)
    mutual = np.array(
        [[scenario.form.personal(a, b), scenario.form.personal(b, a)] for a in range(40) for b in range(a)]
    )
    assert abs(np.corrcoef(mutual.T)[0, 1]) < 0.15


def test_following_is_liked_and_nobody_is_followed_twice() -> None:
    scenario = Scenario(only(following=0.9))
    tweet = scenario.post()
    assert scenario.chances(0, tweet)[0, FOLLOW] > 0
    assert alone(scenario, lambda s, _: s.follow(0, 1), tweet) == pytest.approx(0.9, abs=1e-6)
    assert scenario.chances(0, tweet)[0, FOLLOW] == 0
    assert alone(scenario, lambda s, _: s.follow(0, 1, ended=True), tweet) == pytest.approx(-0.9, abs=1e-6)
    # To be followed is nothing.
    assert alone(scenario, lambda s, _: s.follow(1, 0), tweet) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("weights", "hours", "change"), [
    ({"freshness": 2.0}, 3.9, 2.0 * (exp(-1) - 1)), ({"freshness": 2.0}, 1.95, 2.0 * (exp(-0.5) - 1)),
    ({"news": 3.5}, 0.12, 3.5 * (exp(-1) - 1)), ({"news": 3.5}, 3.0, -3.5),
])  # fmt: skip
def test_freshness_and_news_fade(weights: dict[str, float], hours: float, change: float) -> None:
    scenario = Scenario(only(freshness_h=3.9, news_h=0.12, **weights))
    assert alone(scenario, lambda s, _: s.wait(hours)) == pytest.approx(change, abs=1e-6)


def test_tweets_age_at_paces_of_their_own_whose_logarithm_has_the_deviation_set() -> None:
    """A pace is read from how far freshness fell in an hour; with a pace of 0 all age alike."""
    found = []
    for pace in (0.6, 0.0):
        scenario = Scenario(only(freshness=8.0, freshness_h=4.0, pace=pace))
        tweets = [scenario.post() for _ in range(1_500)]
        before = scenario.chances(0, *tweets)
        scenario.wait(1.0)
        after = scenario.chances(0, *tweets)
        fell = (odds(before)[:, LIKE] - odds(after)[:, LIKE]) / LOGITS["like"].slope
        found.append(-4.0 * np.log1p(-fell / 8.0))
    paces, same = found
    np.testing.assert_allclose(same, 1.0, atol=1e-6)
    assert np.std(np.log(paces)) == pytest.approx(0.6, rel=0.08)
    assert np.mean(np.log(paces)) == pytest.approx(0.0, abs=0.06)


def test_the_faster_a_tweet_ages_the_more_its_news_weighs_at_first() -> None:
    scenario = Scenario(only(news=1.0, urgency=0.7, pace=0.5))
    tweets = [scenario.post() for _ in range(200)]
    new = odds(scenario.chances(0, *tweets))[:, LIKE] / LOGITS["like"].slope
    paces = np.array([scenario.form.pace(tweet.tweet_id) for tweet in tweets])
    assert np.polyfit(paces, new, 1)[0] == pytest.approx(0.7, rel=0.05)
    scenario.wait(1000.0)
    late = odds(scenario.chances(0, *tweets))[:, LIKE] / LOGITS["like"].slope
    np.testing.assert_allclose(late, late[0], atol=1e-6)


def test_a_pace_out_of_range_is_refused() -> None:
    with pytest.raises(ValidationError, match="pace"):
        BehaviourConfig(pace=-0.1)


def test_friends_who_engaged_are_proof() -> None:
    scenario = Scenario(only(social_proof=0.3))
    for friend in (2, 3, 4):
        scenario.follow(0, friend)
    scenario.follow(5, 0)
    tweet = scenario.post()
    # A follower, a stranger and what no one sees prove nothing.
    assert alone(scenario, act("like", 5, 6), tweet) == pytest.approx(0.0, abs=1e-6)
    assert alone(scenario, act("click", 2, 3), tweet) == pytest.approx(0.0, abs=1e-6)
    assert alone(scenario, act("like", 2), tweet) == pytest.approx(0.3 * log(2), abs=1e-6)
    assert alone(scenario, act("reply", 2), tweet) == pytest.approx(0.0, abs=1e-6)
    assert alone(scenario, act("retweet", 3), tweet) == pytest.approx(0.3 * log(3 / 2), abs=1e-6)
    assert alone(scenario, act("quote", 4), tweet) == pytest.approx(0.3 * log(4 / 3), abs=1e-6)
    # Eight are remembered: 5, 6, 2, 3, 4 and three more; after that those who came first are forgotten.
    assert alone(scenario, act("like", 7, 8, 9), tweet) == pytest.approx(0.0, abs=1e-6)
    assert alone(scenario, act("like", 10, 11), tweet) == pytest.approx(0.0, abs=1e-6)
    assert alone(scenario, act("like", 1), tweet) == pytest.approx(0.3 * log(3 / 4), abs=1e-6)


def test_likes_shown_attract_and_other_counts_do_not() -> None:
    scenario = Scenario(only(popularity=0.04))
    tweet = scenario.post()
    assert alone(scenario, act("like", 2, 3, 4), tweet) == pytest.approx(0.04 * log(4), abs=1e-6)
    assert alone(scenario, act("like", *range(2, 12)), tweet) == pytest.approx(0.04 * log(14 / 4), abs=1e-6)
    for action in ("reply", "retweet", "quote", "click"):
        assert alone(scenario, act(action, 2, 3), tweet) == pytest.approx(0.0, abs=1e-6)


LANGUAGES = np.array([0, 0, 1, *[0] * 9])


@pytest.mark.parametrize(("behaviour", "change", "by"), [
    (only(quality=0.3), post(quality=2.0), 0.6), (only(quality=0.3), post(quality=-1.0), -0.3),
    (only(media=0.15), post(media=1), 0.15), (only(media=0.15), post(media=4), 0.15),
    (only(foreign=2.5), post(2), -2.5), (only(), post(2), 0.0),
])  # fmt: skip
def test_what_a_tweet_is_moves_everyone_equally(behaviour: BehaviourConfig, change: Change, by: float) -> None:
    assert alone(Scenario(behaviour, language=LANGUAGES), change) == pytest.approx(by, abs=1e-6)


def test_a_reader_of_another_language_loses_what_the_config_says() -> None:
    """By the defaults, for two readers who differ in that and the bond alone: log-odds differ by slope x loss."""
    scenario = Scenario(language=np.array([0, 1] + [0] * 10))
    tweet = scenario.post(2)
    plain = [scenario.form.terms(scenario.history, person, tweet, scenario.now_us) for person in (0, 1)]
    differ = {name for name in plain[0] if plain[0][name] != plain[1][name]}
    assert differ == {"foreign", "bond"}
    bond = plain[1]["bond"] - plain[0]["bond"]
    assert moved(scenario.chances(0, tweet)[0], scenario.chances(1, tweet)[0]) == pytest.approx(bond - 2.5, abs=1e-6)


def tired(count: int, hours: float, topic: int = 1) -> Change:
    """Person 0 was shown tweets of a topic so many times, then some hours went by."""

    def change(scenario: Scenario, tweet: Tweet) -> None:
        other = scenario.post(3, topics=(topic, 0), share=0.6)
        scenario.wait(0.01)
        scenario.show(0, *[other] * count)
        scenario.wait(hours)

    return change


@pytest.mark.parametrize(
    ("count", "hours", "late"), [(60, 0.0, 60), (20, 0.0, 20), (60, 2.0, 60 / exp(1)), (7, 30.0, 0.0)]
)
def test_fatigue_is_half_its_most_at_sixty_of_late(count: int, hours: float, late: float) -> None:
    found = alone(Scenario(only(fatigue=0.4)), tired(count, hours))
    assert found == pytest.approx(-0.4 * late / (late + 60), abs=1e-6)


@pytest.mark.parametrize(("topic", "count", "hours", "late"), [
    (0, 10, 0.0, 10), (0, 4, 0.0, 4), (0, 10, 2.0, 10 / exp(1)), (1, 10, 0.0, 0.0),
])  # fmt: skip
def test_boredom_is_half_its_most_at_ten_of_the_main_topic(topic: int, count: int, hours: float, late: float) -> None:
    found = alone(Scenario(only(boredom=0.6)), tired(count, hours, topic))
    assert found == pytest.approx(-0.6 * late / (late + 10), abs=1e-6)


@pytest.mark.parametrize(("before", "after", "met"), [(1, 0, 1), (3, 0, 3), (2, 255, 2), (1, 256, 1)])
def test_repetition_counts_all_impressions(before: int, after: int, met: int) -> None:
    def change(scenario: Scenario, tweet: Tweet) -> None:
        scenario.wait(0.01)
        scenario.show(0, *[tweet] * before)
        scenario.show(0, *[scenario.history.tweets[0]] * after)
        scenario.show(2, *[tweet] * 5)

    scenario = Scenario(only(repetition=1.2))
    scenario.post()
    assert alone(scenario, change, scenario.post()) == pytest.approx(-1.2 * met, abs=1e-6)


def test_toxic_and_spam_offend_each_once() -> None:
    scenario = Scenario(only(toxic=1.0))
    plain, toxic, spam, both = scenario.chances(0, scenario.post(), scenario.post(toxic=True), scenario.post(spam=True),
                                             scenario.post(toxic=True, spam=True))  # fmt: skip
    slope, offence = (np.array([LOGITS[action][at] for action in BY_FEED]) for at in (1, 3))
    for chances, loss, times in ((toxic, 1.0, 1), (spam, 0.0, 1), (both, 1.0, 2)):
        np.testing.assert_allclose(
            (odds(chances[None]) - odds(plain[None]))[0], offence * times - slope * loss, atol=1e-6
        )


def test_virality_catches_in_the_actions_that_pass_on() -> None:
    scenario = Scenario(only(virality=0.5))
    plain, viral = scenario.chances(0, scenario.post(), scenario.post(virality=2.0))
    catching = np.array([LOGITS[action].virality_slope for action in BY_FEED])
    np.testing.assert_allclose((odds(viral[None]) - odds(plain[None]))[0], 2.0 * 0.5 * catching, atol=1e-6)
    assert LOGITS["retweet"].virality_slope == catching.max()


def test_everybody_leans_their_own_way() -> None:
    leaning = np.zeros((12, len(WORLD_ACTIONS)), np.float32)
    leaning[0] = np.linspace(-1, 1, len(WORLD_ACTIONS))
    one, other = Scenario(only()), Scenario(only(), leaning=leaning)
    change = odds(other.chances(0, other.post())) - odds(one.chances(0, one.post()))
    np.testing.assert_allclose(change[0], leaning[0, :ANSWER], atol=1e-6)


def test_authors_answer_replies_as_they_are_sociable() -> None:
    sociability = np.linspace(0, 0.9, 12).astype(np.float32)
    scenario = Scenario(sociability=sociability)
    found = scenario.chances(0, *(scenario.post(author) for author in range(1, 12)))
    np.testing.assert_allclose(found[:, ANSWER], found[:, WORLD_ACTIONS.index("reply")] * sociability[1:], rtol=1e-6)


def test_nobody_acts_on_their_own_tweet_or_on_one_deleted() -> None:
    scenario = Scenario(BehaviourConfig(eagerness=9.0))
    own, gone, other = scenario.post(0), scenario.post(1), scenario.post(1)
    scenario.delete(gone)
    chances = scenario.chances(0, own, gone, other)
    assert (chances[:2] == 0).all()
    assert (chances[2] > 0).all()
    drawn = scenario.reactions([(0, [own, gone, other])])
    assert drawn.actions[:2].tolist() == [0, 0]
    assert drawn.actions[2] > 0
    assert drawn.dwell_ms[:2].tolist() == [150, 150]


def test_who_likes_says_no_less_and_offence_makes_them_say_no() -> None:
    """The table of actions keeps its meaning."""
    no = {"not_interested", "mute", "block", "report"}
    assert set(LOGITS) == set(BY_FEED)
    for action, (base, slope, catching, offence, outraged) in LOGITS.items():
        assert base < -5
        assert outraged >= 0
        assert (slope < 0) == (offence > 0) == (action in no)
        assert catching >= 0
        assert (catching > 0) == (action not in no | {"profile_click", "follow_author"})


# Looking.


def test_by_position_people_look_e_times_less_after_a_decay() -> None:
    config = BehaviourConfig(examination_top=0.8, examination_decay=10.0)
    looked = examination(Examination.of(config), np.zeros((4, 13)), np.array([0, 4]), np.array([0, 10, 5, 20]))
    np.testing.assert_allclose(looked, [0.8, 0.8 / exp(1), 0.8 * exp(-0.5), 0.8 * exp(-2)])


def test_by_cascade_people_go_on_less_often_after_they_acted() -> None:
    config = BehaviourConfig(examination="cascade", examination_top=0.8, stay=0.9, stay_engaged=0.5)
    p = np.zeros((6, 13))
    p[0, 0] = p[4, 3] = 1.0
    p[1, :2] = 0.5
    p[4, -1] = p[3, -1] = 1.0
    looked = examination(Examination.of(config), p, np.array([0, 3, 6]), np.array([0, 1, 2, 0, 1, 2]))
    second = 0.25 * 0.9 + 0.75 * 0.5
    np.testing.assert_allclose(looked, [0.8, 0.8 * 0.5, 0.8 * 0.5 * second, 0.8, 0.8 * 0.9, 0.8 * 0.9 * 0.5])


@pytest.mark.parametrize("examination", ["position", "cascade"])
def test_people_look_as_often_as_the_truth_says(examination: str) -> None:
    """Whoever looks at something stays longer than 150 ms: shares by position over many people and days."""
    behaviour = only(eagerness=6.0).model_copy(update={
        "examination": examination, "examination_top": 0.8, "examination_decay": 6.0, "stay": 0.9, "stay_engaged": 0.5,
    })  # fmt: skip
    scenario = Scenario(behaviour, count=60)
    slate = [scenario.post(author) for author in range(8)]
    looked, days = np.zeros(8), 60
    chances = [scenario.form.chances(scenario.history, 20, tweet, scenario.now_us) for tweet in slate]
    for _ in range(days):
        scenario.wait(24)
        drawn = scenario.reactions([(person, slate) for person in range(10, 60)])
        looked += (drawn.dwell_ms.reshape(-1, 8) > 150).sum(axis=0)
    stated, n = np.array(scenario.form.looks(chances)), 50 * days
    assert (np.abs(looked / n - stated) < 4.5 * np.sqrt(stated * (1 - stated) / n)).all(), (looked / n, stated)


def test_people_stay_longer_for_what_they_like_and_longest_for_what_they_act_on() -> None:
    """Means of the stated law: 700 + 1200 (0.5 + sigmoid(x - 2)), 4.5 s more for an action."""
    for eagerness in (-6.0, 2.0):
        scenario, dwell, done = Scenario(only(eagerness=eagerness), count=60), [], []
        slate = [scenario.post(author) for author in range(10)]
        for _ in range(30):
            scenario.wait(24)
            drawn = scenario.reactions([(person, slate) for person in range(10, 60)])
            dwell.append(drawn.dwell_ms)
            done.append(drawn.actions > 0)
        all_dwell, all_done = np.concatenate(dwell), np.concatenate(done)
        plain = all_dwell[(all_dwell > 150) & ~all_done]
        mean = 1200 * (0.5 + 1 / (1 + exp(2 - eagerness)))
        assert plain.min() >= 700
        assert abs(plain.mean() - 700 - mean) < 5 * mean / sqrt(len(plain))
    acted = all_dwell[all_done]
    assert acted.min() >= 2200
    assert acted.mean() - plain.mean() == pytest.approx(4500, rel=0.2)


def test_the_moments_of_a_slate_follow_one_another() -> None:
    scenario = Scenario()
    slate = [scenario.post(author) for author in range(1, 9)]
    drawn = scenario.reactions([(0, slate)])
    np.testing.assert_allclose(np.diff(drawn.after_us, prepend=0) / 1000 - 900, drawn.dwell_ms, atol=1.0)
