"""What tweets carry of bait, outrage and usefulness: the laws as documented, and that replies take after what they
answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from data.batch import F64
from data.rng import Stream
from data.synthetic.attributes import (
    ANSWER,
    CHAT,
    ORIGINAL,
    OUTRAGED,
    SPAM,
    SPREAD,
    USEFUL,
    About,
    Pull,
    answers,
    originals,
)
from data.synthetic.config import WorldConfig
from data.synthetic.people import KINDS, People, make_people
from data.synthetic.text.languages import TOPIC_NAMES
from tests.data.synthetic.scenario import consistent

CONFIG = WorldConfig(people=600, seed=4)
N = 60_000
POLITICS, COFFEE = TOPIC_NAMES.index("politics"), TOPIC_NAMES.index("coffee")


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


def tweets(people: People, style: int = ORIGINAL, toxicity: int = 0, topic: int = POLITICS) -> About:
    """Tweets by everybody in turn on one topic."""
    one = np.ones(N, np.int64)
    return About(np.arange(N) % len(people), np.stack([topic * one] * 2, 1), np.ones(N), toxicity * one, style * one)


def factor(people: People) -> F64:
    """[N, 3] the authors' own factors."""
    author = np.arange(N) % len(people)
    return np.asarray(np.exp(SPREAD * Stream(CONFIG.seed, "author attributes").normal(author, n=3) - SPREAD**2 / 2))


def test_chances_are_those_of_topic_account_and_author(people: People) -> None:
    own, kind = factor(people), people.kind[np.arange(N) % len(people)]
    drawn = originals(CONFIG.seed, people, tweets(people), np.arange(N))
    for found, base, at, factors in (
        (drawn.bait, 0.08, 0, {"ordinary": 0.7, "news": 2.0, "bot": 3.0}),
        (drawn.outrage, OUTRAGED[POLITICS], 1, {"ordinary": 1.0, "toxic": 4.0, "bot": 0.2}),
        (drawn.usefulness, USEFUL[POLITICS], 2, {"ordinary": 1.0, "news": 1.6, "bot": 0.1}),
    ):
        for name, by in factors.items():
            mine = kind == KINDS.index(name)
            assert consistent(found[mine] > 0, np.minimum(base * by * own[mine, at], 0.9)), name
        some = found[found > 0]
        assert stats.kstest(some, stats.uniform(0.2, 0.8).cdf).pvalue > 1e-4
    assert abs(own.mean() - 1) < 0.1


def test_topics_differ_and_two_are_weighed_by_share(people: People) -> None:
    assert OUTRAGED[POLITICS] == max(OUTRAGED)
    assert OUTRAGED[COFFEE] == min(OUTRAGED)
    plain = replace(people, kind=np.zeros(len(people), np.int64))
    about = tweets(plain)._replace(topic=np.tile([POLITICS, COFFEE], (N, 1)), share=np.full(N, 0.75))
    drawn = originals(CONFIG.seed, plain, about, np.arange(N))
    chance = (0.75 * OUTRAGED[POLITICS] + 0.25 * OUTRAGED[COFFEE]) * factor(plain)[:, 1]
    assert consistent(drawn.outrage > 0, np.minimum(chance, 0.9))


def test_spam_baits_small_talk_is_of_little_use_and_insults_are_outraged(people: People) -> None:
    plain = replace(people, kind=np.zeros(len(people), np.int64))
    own = factor(plain)
    spam = originals(CONFIG.seed, plain, tweets(plain, SPAM), np.arange(N))
    assert consistent(spam.bait > 0, 0.8)
    assert not spam.usefulness.any()
    assert not spam.outrage.any()
    chat = originals(CONFIG.seed, plain, tweets(plain, CHAT), np.arange(N))
    assert consistent(chat.usefulness > 0, 0.2 * np.minimum(USEFUL[POLITICS] * own[:, 2], 0.9))
    assert consistent(chat.bait > 0, 0.5 * np.minimum(0.08 * 0.7 * own[:, 0], 0.9))
    toxic = originals(CONFIG.seed, plain, tweets(plain, toxicity=2), np.arange(N))
    assert stats.kstest(toxic.outrage, stats.uniform(0.4, 0.6).cdf).pvalue > 1e-4
    assert consistent(toxic.usefulness > 0, 0.3 * np.minimum(USEFUL[POLITICS] * own[:, 2], 0.9))


def test_a_reply_takes_after_what_it_answers(people: People) -> None:
    plain = replace(people, kind=np.zeros(len(people), np.int64))
    own = factor(plain)
    level = (np.arange(N) % 2 * 0.8).astype(np.float32)
    drawn = answers(CONFIG.seed, plain, tweets(plain, ANSWER), Pull(level, level, level), np.arange(N), np.zeros(N))
    for found, mine, theirs, base, at in (
        (drawn.bait, 0.3, 0.2, 0.08 * 0.7, 0), (drawn.outrage, 0.7, 0.5, OUTRAGED[POLITICS], 1),
        (drawn.usefulness, 0.5, 0.3, USEFUL[POLITICS], 2),
    ):  # fmt: skip
        chance = np.minimum(mine * np.minimum(base * own[:, at], 0.9) + theirs * level, 0.9)
        for one in (0.0, 0.8):
            part = np.isclose(level, one)
            assert consistent(found[part] > 0, chance[part])


def test_an_attribute_depends_on_its_own_tweet_alone(people: People) -> None:
    whole = originals(CONFIG.seed, people, tweets(people), np.arange(N))
    rows = np.random.default_rng(0).permutation(N)[:500]
    some = originals(CONFIG.seed, people, About(*(column[rows] for column in tweets(people))), rows)
    for one, all_of in zip(some, whole, strict=True):
        assert np.array_equal(one, all_of[rows])
