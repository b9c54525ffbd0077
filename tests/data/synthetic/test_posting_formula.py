"""What originals are, which bursts they join, what is deleted, answered and annotated: the laws as documented."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from scipy import stats

from data.batch import F64, I64
from data.events import HOUR_US, MINUTE_US, EventBatch
from data.ids import snowflakes_in_order
from data.rng import Stream
from data.synthetic.annotations import annotate
from data.synthetic.attributes import CHAT, SPAM
from data.synthetic.behaviour_weights import BehaviourConfig
from data.synthetic.config import WorldConfig
from data.synthetic.people import KINDS, People, make_people, topic_popularity
from data.synthetic.places import LANGUAGE_SHARES
from data.synthetic.posting import (
    MEDIA,
    Posts,
    choose_topics,
    deletions,
    make_posts,
    media_counts,
    virality,
)
from data.synthetic.shocks import SHAPES, Shocks, burst_times, make_shocks
from data.synthetic.text.languages import TOPIC_NAMES, TOXIC_CATEGORIES
from data.synthetic.week_config import WeekConfig
from tests.data.synthetic.scenario import Scenario, consistent

CONFIG = WorldConfig(
    people=4_000, days=3, bursts_per_day=0.0, tweets_per_day=6.0, seed=2,
    week=dict.fromkeys(WeekConfig.model_fields, 0.0),
)  # fmt: skip
EVEN = (np.arange(100_000) + 0.5) / 100_000
"""Uniform numbers without chance."""


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


@pytest.fixture(scope="module")
def posts(people: People) -> Posts:
    return make_posts(CONFIG, people, make_shocks(CONFIG, topic_popularity(CONFIG)), 0)


def test_topics_are_chosen_by_the_power_of_interest(people: People) -> None:
    for person in (0, 17):
        factor = np.stack([np.ones(CONFIG.topics), 1 + np.arange(CONFIG.topics) % 3]).astype(np.float32)
        for row in (0, 1):
            w = people.interests[person].astype(float) ** 1.3 * factor[row]
            who, rows = np.full(len(EVEN), person), np.full(len(EVEN), row)
            found = np.bincount(choose_topics(people.interests, who, EVEN, rows, factor), minlength=CONFIG.topics)
            np.testing.assert_allclose(found / len(EVEN), w / w.sum(), atol=3e-5)


def test_three_in_ten_draw_a_second_topic(people: People, posts: Posts) -> None:
    w = people.interests.astype(float)[posts.author] ** 1.3
    w /= w.sum(axis=1, keepdims=True)
    other = posts.topic[:, 0] != posts.topic[:, 1]
    # By chance the second is the first again; given the first, with its weight.
    assert consistent(other, 0.3 * (1 - w[np.arange(len(posts)), posts.topic[:, 0]]))
    assert (posts.share[~other] == 1).all()
    assert stats.kstest(posts.share[other], stats.uniform(0.55, 0.3).cdf).pvalue > 1e-4
    seconds = np.bincount(posts.topic[other, 1], minlength=CONFIG.topics)
    left = w[other].copy()
    left[np.arange(len(left)), posts.topic[other, 0]] = 0
    left /= left.sum(axis=1, keepdims=True)
    spread = np.sqrt((left * (1 - left)).sum(axis=0))
    assert (np.abs(seconds - left.sum(axis=0)) < 4.5 * spread + 1).all()


def test_small_talk_spam_and_insults_have_their_shares(people: People, posts: Posts) -> None:
    bot = people.kind[posts.author] == KINDS.index("bot")
    assert consistent(posts.style[bot] == SPAM, 0.85)
    assert consistent(posts.style[~bot] == CHAT, 0.07)
    assert consistent(posts.style[bot] == CHAT, 0.15 * 0.07)
    assert (posts.style[~bot] != SPAM).all()
    assert consistent(posts.toxicity > 0, people.toxicity[posts.author])
    toxic = posts.toxicity[posts.toxicity > 0]
    assert all(consistent(toxic == one, 0.25) for one in range(1, 5))
    assert (posts.sentiment[posts.toxicity > 0] == -1).all()


def test_moods_are_cut_from_a_normal_number(posts: Posts) -> None:
    """Post for post, from the numbers of both streams: the author's mood and a normal number, at -0.7 and 0.65."""
    mood = np.clip(0.15 + 0.35 * Stream(CONFIG.seed, "mood").normal(posts.author)[:, 0], -0.9, 0.9)
    felt = mood + Stream(CONFIG.seed, "post quality").normal(posts.author, posts.key, n=2)[:, 1]
    stated = np.select([posts.toxicity > 0, felt < -0.7, felt < 0.65], [-1, -1, 0], 1)
    assert np.array_equal(posts.sentiment, stated)
    assert (np.bincount(stated + 1) > 1_000).all()


def test_quality_is_talent_and_luck(people: People, posts: Posts) -> None:
    luck = (posts.quality - 0.6 * people.talent[posts.author]) / 0.8
    assert stats.kstest(luck, "norm").pvalue > 1e-4


def test_virality_is_exponential_about_its_mean_and_media_have_the_published_shares() -> None:
    found = virality(EVEN)
    assert found.mean() == pytest.approx(0, abs=1e-3)
    assert [(found > x).mean() for x in (0.0, 1.0, 3.0)] == pytest.approx([exp(-1), exp(-2), exp(-4)], abs=1e-4)
    assert np.bincount(media_counts(EVEN)) / len(EVEN) == pytest.approx(MEDIA, abs=1e-4)
    assert sum(MEDIA) == pytest.approx(1)


def test_deletions_come_an_hour_and_an_exponential_of_three_after(posts: Posts) -> None:
    config = CONFIG.model_copy(update={"deleted_share": 0.3})
    row, time = deletions(config, posts)
    assert consistent(np.isin(np.arange(len(posts)), row), 0.3)
    hours = (time - posts.time_us[row]) / HOUR_US - 1
    assert hours.min() >= -1e-6
    assert hours.max() <= 22
    for x in (0.5, 3.0, 9.0):
        assert consistent(hours > x, exp(-x / 3))


# Bursts.


def shocks_of(config: WorldConfig) -> Shocks:
    return make_shocks(config, topic_popularity(config))


def two_sided(x: F64, start: float, end: float, shape: str) -> F64:
    """Share of a burst's tweets before `x`, in units of its scale: exponentials cut off at its start and end."""
    out = np.zeros(len(x))
    for share, peak, rise, fall in SHAPES[shape]:
        left = np.clip((np.exp(-(peak - np.minimum(x, peak)) / rise) - np.exp(-(peak - start) / rise))
                       / (1 - np.exp(-(peak - start) / rise)), 0, 1)  # fmt: skip
        right = (1 - np.exp(-(np.maximum(x, peak) - peak) / fall)) / (1 - np.exp(-(end - peak) / fall))
        out += share * (rise / (rise + fall) * left + fall / (rise + fall) * np.clip(right, 0, 1))
    return out


@pytest.mark.parametrize("shape", SHAPES)
def test_a_burst_has_its_shape(shape: str) -> None:
    shocks = shocks_of(CONFIG.model_copy(update={"bursts_per_day": 4.0, "burst_volume": 900.0}))
    one = int(np.flatnonzero(shocks.shape == list(SHAPES).index(shape))[0])
    after = (burst_times(shocks, one, 1) - shocks.start_us[one]) / shocks.scale_us[one]
    end = (shocks.end_us[one] - shocks.start_us[one]) / shocks.scale_us[one]
    assert len(after) > 1000
    assert sum(part[0] for part in SHAPES[shape]) == pytest.approx(1)
    assert stats.kstest(after, lambda x: two_sided(np.asarray(x), 0.0, end, shape)).pvalue > 1e-4


def test_volumes_are_a_power_law_times_the_root_of_who_might_join() -> None:
    config = CONFIG.model_copy(update={"bursts_per_day": 1000.0, "burst_volume": 50.0})
    shocks = shocks_of(config)
    local = shocks.place >= 0
    reach = np.array(LANGUAGE_SHARES)[shocks.language] * np.where(local, 0.5, 1.0)
    size = shocks.volume / (50.0 * config.people / 1000 * np.sqrt(reach))
    assert consistent(local, 0.4)
    assert size.min() > 0.95
    assert size.max() <= 8
    for x in (1.5, 2.0, 4.0):
        assert consistent(size > x, x**-1.4)


def test_those_join_a_burst_who_like_its_topic_speak_its_language_and_live_there() -> None:
    config = WorldConfig(
        people=40, topics=4, follows=3.0, tweets_per_day=1.0, seed=2, days=1, burst_volume=1000.0,
        retention={"joins_per_day": 0.0},
    )  # fmt: skip
    rng = np.random.default_rng(0)
    people = replace(
        make_people(config), language=np.arange(40) % 2, place=np.arange(40) // 2 % 2,
        chatter=rng.choice([0.15, 0.9, 8.9], 40), interests=rng.dirichlet(np.ones(4), 40).astype(np.float32),
    )  # fmt: skip
    shocks = shocks_of(config.model_copy(update={"bursts_per_day": 2.0, "burst_volume": 1e3, "people": 2_000_000}))
    for place in (-1, 1):
        few = replace(
            shocks, language=np.array([1, 1]), place=np.full(2, place), volume=np.full(2, 6_000),
            start_us=np.full(2, config.start_us + HOUR_US), scale_us=np.full(2, HOUR_US // 20), topic=np.array([3, 1]),
        )  # fmt: skip
        posts = make_posts(config, people, few, 0)
        for one, topic in enumerate((3, 1)):
            weight = people.interests[:, topic] * np.sqrt(people.chatter + 0.1) * (people.language == 1)
            weight = weight * (np.where(people.place == place, 1.0, 0.02) if place >= 0 else 1.0)
            chance, joined = weight / weight.sum(), np.bincount(posts.author[posts.shock == one], minlength=40)
            assert joined.sum() == 6_000
            assert (np.abs(joined - 6_000 * chance) < 4.5 * np.sqrt(6_000 * chance * (1 - chance)) + 1e-9).all()
            assert (posts.topic[posts.shock == one] == topic).all()


# Answers.


def replies(scenario: Scenario, parents: I64, authors: I64) -> EventBatch:
    """Replies of a millisecond each, by people to tweets."""
    time = scenario.now_us + 1_000_000 + 1000 * np.arange(len(parents))
    ids = snowflakes_in_order(time)
    return EventBatch("tweets", {
        "tweet_id": ids, "time_us": time, "author_id": scenario.people.user_id[authors],
        "kind": np.full(len(ids), "reply", object), "media_count": np.zeros(len(ids), np.int64),
        "conversation_id": parents, "referenced_id": parents,
    })  # fmt: skip


def test_half_of_the_answers_come_within_twelve_minutes_after_the_tick() -> None:
    sociability = np.array([0.0, 0.3, 0.9] + [0.5] * 9, np.float32)
    scenario, n = Scenario(BehaviourConfig(), sociability=sociability), 9_000
    tweets = [scenario.post(author) for author in range(3)]
    parents = np.array([tweet.tweet_id for tweet in tweets])[np.arange(n) % 3]
    authors = np.where(np.arange(n) % 10 == 0, np.arange(n) % 3, 5 + np.arange(n) % 7)
    batch = replies(scenario, parents, authors)
    zero = np.zeros(n)
    hidden = dict.fromkeys(
        ("share", "quality", "virality", "sentiment", "toxicity", "style", "bait", "outrage", "usefulness", "named"),
        zero,
    )
    scenario.state.apply(batch, {**hidden, "topic": np.zeros((n, 2))})
    due = scenario.state.answers
    row = due.tweet - len(tweets)
    assert np.array_equal(due.author, row % 3)
    own = np.arange(n) % 10 == 0
    for author in range(3):
        mine = (np.arange(n) % 3 == author) & ~own
        assert consistent(np.isin(np.flatnonzero(mine), row), float(sociability[author]))
    # Nobody answers their own reply.
    assert not own[row].any()
    minutes = (due.due_us - batch.time_us[row] - scenario.config.tick_us) / MINUTE_US
    assert stats.kstest(minutes, lambda x: stats.norm.cdf(np.log(np.asarray(x) / 12) / 1.2)).pvalue > 1e-4
    assert minutes.max() <= 12 * 60


# Annotations.


def test_annotators_err_as_documented(people: People, posts: Posts) -> None:
    """Against each annotator's own rate, which the labels of topics show."""
    config = CONFIG.model_copy(update={"annotated": 60_000, "annotators": 12, "annotator_error": 0.2})
    row, said = annotate(config, posts)
    per, order = {}, np.lexsort((said["annotator"], row))
    for task in ("topic", "sentiment", "toxicity"):
        mine = order[said["task"][order] == task]
        per[task] = (row[mine], said["annotator"][mine], said["label"][mine])
    at, who, label = per["topic"]
    assert np.bincount(at)[np.unique(at)].min() == 3
    topic = np.array(TOPIC_NAMES, object)[posts.topic]
    chat, two = posts.style[at] == CHAT, posts.topic[at, 0] != posts.topic[at, 1]
    wrong = label != topic[at, 0]
    # A wrong topic is drawn from all, the right one among them; of a tweet on two it is the second 7 times in 10.
    rate = np.array([wrong[(who == one) & ~chat & ~two].mean() for one in range(12)]) / (1 - 1 / config.topics)
    assert rate.mean() == pytest.approx(0.2, abs=0.08)
    assert np.ptp(rate) > 0.05
    error = rate[who]
    assert consistent((label == topic[at, 1])[two & ~chat], error[two & ~chat] * (0.7 + 0.3 / config.topics))
    assert consistent(wrong[chat & ~two], (1 - (1 - error[chat & ~two]) / 2) * (1 - 1 / config.topics))

    at, who, label = per["sentiment"]
    mood, true = np.select([label == "negative", label == "positive"], [-1, 1], 0), posts.sentiment[at]
    assert consistent(mood != true, np.minimum(1.3 * rate[who], 1))
    assert (np.abs(mood - true) <= 1).all()
    assert consistent(mood[(true == 0) & (mood != 0)] == 1, 0.5)

    at, who, label = per["toxicity"]
    clean, toxic = label == TOXIC_CATEGORIES[0], posts.toxicity[at] > 0
    assert consistent(clean[toxic], np.minimum(1.3 * rate[who][toxic], 1))
    assert consistent(~clean[~toxic], 0.05 * rate[who][~toxic])
    seen = toxic & ~clean
    assert (label[seen] == np.array(TOXIC_CATEGORIES, object)[posts.toxicity[at[seen]]]).all()
