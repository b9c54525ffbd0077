from __future__ import annotations

import numpy as np
import pytest

from data.batch import I64
from data.synthetic.config import WorldConfig
from data.synthetic.grammar import Draft, Grammar
from data.synthetic.graph import follow_events, make_graph
from data.synthetic.lexicon import TOPICS
from data.synthetic.people import People, make_people
from data.synthetic.posting import make_posts
from data.synthetic.rhythm import DIURNAL, local_weight, mean_depth, scroll_depth

CONFIG = WorldConfig(people=3_000, days=3)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


@pytest.fixture(scope="module")
def graph(people: People) -> tuple[I64, I64]:
    return make_graph(CONFIG, people)


def test_people_are_many_minded_and_unequal(people: People) -> None:
    assert np.allclose(people.interests.sum(axis=1), 1.0, atol=1e-5)
    assert (np.diff(people.user_id) > 0).all()
    assert len(set(people.handles)) == len(people)
    chatter = np.sort(people.chatter)[::-1]
    assert 0.7 < chatter[:300].sum() / chatter.sum() < 0.9
    assert people.chatter.mean() == pytest.approx(CONFIG.tweets_per_day)
    assert people.activity.mean() * mean_depth(CONFIG.slate) == pytest.approx(CONFIG.impressions_per_day)


def test_graph_has_heavy_tails_homophily_and_returned_edges(people: People, graph: tuple[I64, I64]) -> None:
    follower, followee = graph
    n = len(people)
    key = follower * n + followee
    assert (np.diff(key) > 0).all()
    assert (follower != followee).all()
    assert 20 < len(key) / n < 32
    assert 0.25 < np.isin(followee * n + follower, key).mean() < 0.45
    in_degree = np.bincount(followee, minlength=n)
    assert in_degree.max() > 10 * in_degree.mean()
    likes = np.einsum("ij,ij->i", people.taste[follower], people.interests[followee]).mean()
    by_chance = (people.taste @ people.interests.mean(axis=0)).mean()
    assert likes > 2 * by_chance


def test_follows_come_after_both_accounts_and_before_the_start(people: People, graph: tuple[I64, I64]) -> None:
    events = follow_events(CONFIG, people, *graph).columns
    created = dict(zip(people.user_id.tolist(), people.created_us.tolist(), strict=True))
    for column in ("follower_id", "followee_id"):
        assert all(t >= created[u] for t, u in zip(events["time_us"].tolist(), events[column].tolist(), strict=True))
    assert events["time_us"].max() < CONFIG.start_us
    assert (np.diff(events["follow_id"]) > 0).all()


def test_local_evenings_are_busier_than_nights() -> None:
    assert DIURNAL.max() / DIURNAL.min() == pytest.approx(11.0)
    nine_pm_new_york = 26 * 3_600_000_000
    assert local_weight(nine_pm_new_york, np.array([-300]))[0] > 5 * local_weight(nine_pm_new_york, np.array([60]))[0]


def test_scroll_depth_is_a_power_law_cut_at_the_slate() -> None:
    depth = scroll_depth((np.arange(10_000) + 0.5) / 10_000, 40)
    assert depth.min() == 6
    assert depth.max() == 40
    # P(depth >= d) = (6 / d)^1.6 below the cut.
    assert (depth >= 18).mean() == pytest.approx((6 / 18) ** 1.6, abs=0.002)


def draft(n: int, **changes: object) -> Draft:
    zeros = np.zeros(n, np.int64)
    no = np.zeros(n, bool)
    parts = Draft(zeros, np.arange(n), np.zeros((n, 2), np.int64), np.ones(n), zeros, no, no, [""] * n, [""] * n)
    return parts._replace(**changes)  # type: ignore[arg-type]


def test_texts_do_not_depend_on_their_neighbours() -> None:
    grammar = Grammar(1, [f"user{i}" for i in range(10)])
    author = np.arange(40) % 10
    whole = grammar.write(draft(40, author=author))
    half = grammar.write(draft(20, author=author[20:], key=np.arange(20, 40)))
    assert whole[20:] == half
    assert Grammar(2, [f"user{i}" for i in range(10)]).write(draft(40, author=author)) != whole


def test_texts_fit_and_carry_what_they_must() -> None:
    grammar = Grammar(1, [f"user{i}" for i in range(50)])
    n = 4_000
    texts = grammar.write(draft(n, author=np.arange(n) % 50, tag=["BigDay"] * n, mention=["user7"] * n))
    assert all(t.startswith("@user7 ") and "#BigDay" in t and len(t) <= 280 for t in texts)


def test_every_topic_is_spoken_of_in_its_own_words() -> None:
    grammar = Grammar(1, ["one"])
    for row, topic in enumerate(TOPICS):
        texts = grammar.write(draft(60, topic=np.full((60, 2), row)))
        words = [w.lower() for w in (*topic.entities, *topic.things, *topic.doings)]
        assert sum(any(w in t.lower() for w in words) for t in texts) > 45, topic.name


def test_originals_have_the_published_shares(people: People) -> None:
    posts, shocks = make_posts(CONFIG.model_copy(update={"days": 10}), people)
    assert (np.diff(posts.time_us) >= 0).all()
    assert 0.6 < (posts.media == 0).mean() < 0.75
    assert len(set(shocks.tag)) == len(shocks.tag)
    assert all((posts.shock == i).sum() == v for i, v in enumerate(shocks.volume))
    grammar = Grammar(1, people.handles)
    n = len(posts)
    no = np.zeros(n, bool)
    texts = grammar.write(
        Draft(posts.author, np.arange(n), posts.topic, posts.share, posts.sentiment, posts.chat, no, [""] * n, [""] * n)
    )
    length = np.array([len(t) for t in texts])
    assert 20 <= np.bincount(length // 5 * 5).argmax() <= 40
    assert 0.06 < (length > 140).mean() < 0.18
    assert 0.06 < np.mean(["#" in t for t in texts]) < 0.16
    assert len(set(texts)) > 0.95 * n
