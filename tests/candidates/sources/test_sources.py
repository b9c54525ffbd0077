"""Sources over a real feature state: what each brings, by a plain loop or by enumeration, alone as in a batch."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from candidates.postings import Postings
from candidates.ragged_scores import best, combined
from candidates.sources.catch_up import CatchUp
from candidates.sources.explore import Explore, draw
from candidates.sources.following import Following
from candidates.sources.social import Social
from candidates.timelines import PulledTimelines
from data.batch import Ragged
from data.events import HOUR_US
from features.online import FeatureState
from tests.candidates.sources.small_states import NOW, PEOPLE, PUBLIC, ask, brought, engaged, events, people, tweets

_lists = st.lists(st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 5)), max_size=12), max_size=4)


@settings(max_examples=60, deadline=None)
@given(_lists, st.booleans(), st.integers(0, 4))
def test_combining_and_keeping_the_best_equal_plain_loops(
    lists: list[list[tuple[int, int]]], largest: bool, cap: int
) -> None:
    found = Ragged.from_lists([[row for row, _ in one] for one in lists])
    scores = np.array([score for one in lists for _, score in one], np.float64)
    rows, totals = combined(found, scores, largest=largest)
    top = best(rows, totals, cap)
    for b, one in enumerate(lists):
        expected: dict[int, float] = {}
        for row, score in one:
            if row >= 0:
                before = expected.get(row, 0.0)
                expected[row] = max(before, score) if largest else before + score
        assert rows[b].tolist() == list(expected)
        assert totals[rows.offsets[b] : rows.offsets[b + 1]].tolist() == list(expected.values())
        order = sorted(expected, key=lambda row: (-expected[row], -row))
        assert top[b].tolist() == order[:cap]


_actions = st.lists(
    st.tuples(
        st.integers(1, PEOPLE), st.integers(101, 112), st.sampled_from((*PUBLIC, "click")),
        st.integers(0, 400).map(lambda tenths: tenths / 10),
    ),
    max_size=25,
)  # fmt: skip
_follows = st.lists(st.tuples(st.integers(1, PEOPLE), st.integers(1, PEOPLE)), max_size=20, unique=True)


@settings(max_examples=30, deadline=None)
@given(_actions, _follows)
def test_social_equals_a_plain_loop(actions: list[tuple[int, int, str, float]], follows: list[tuple[int, int]]) -> None:
    """Tweet 111 is deleted, 112 a retweet of 105; an action before its tweet does not count."""
    state = FeatureState(None, views=[])
    people(state, follows)
    ids = list(range(101, 113))
    hours = [60.0 - 4 * at for at in range(12)]
    kinds, refers = ["original"] * 11 + ["retweet"], [-1] * 11 + [101 + 4]
    state.update(tweets(ids, [1 + at % PEOPLE for at in range(12)], hours, kind=kinds, referenced_id=refers))
    posted = dict(zip(ids, hours, strict=True))
    actions = [row for row in actions if row[3] < posted[row[1]]]
    if actions:
        state.update(engaged(actions, lambda tweet: 1 + (tweet - 101) % PEOPLE))
    state.update(events("deletions", tweet_id=[111], time_us=[NOW - 1]))
    users = list(range(1, PEOPLE + 1))
    for user, got in zip(users, brought(state, Social(state, 3, recent=30), users), strict=True):
        last: dict[tuple[int, int], float] = {}
        for friend, tweet, action, ago in actions:
            shown = 105 if tweet == 112 else tweet
            if (user, friend) in follows and action in PUBLIC and shown != 111 and posted[shown] < 48 and ago < 48:
                last[shown, friend] = min(last.get((shown, friend), np.inf), int(ago * HOUR_US) / HOUR_US)
        score: dict[int, float] = {}
        for (tweet, _), ago in last.items():
            score[tweet] = score.get(tweet, 0.0) + 2.0 ** (-ago / 6)
        # Sums of equal terms may differ in the last bit by their order.
        assert got == sorted(score, key=lambda one: (-round(score[one], 9), -one))[:3]


def test_following_is_capped_per_author() -> None:
    state = FeatureState(None, views=[])
    people(state, [(1, 2), (1, 3), (4, 2)])
    state.update(tweets(range(101, 109), [3, 2, 2, 3, 2, 2, 2, 2], [8, 7, 6, 5, 4, 3, 2, 1]))
    timelines = PulledTimelines(state.network)
    assert brought(state, Following(timelines, state.network, 4), [1]) == [[108, 107, 106, 105]]
    capped = Following(timelines, state.network, 4, per_author=2)
    assert brought(state, capped, [1, 4, 5]) == [[108, 107, 104, 101], [108, 107], []]


def test_catch_up_brings_the_oldest_unseen_of_the_closest() -> None:
    state = FeatureState(None, views=[])
    people(state, [(1, 2), (1, 3), (1, 5)])
    authors = [2, 3, 4, 2, 3, 5, 2, 2]
    state.update(tweets(range(101, 109), authors, [50, 40, 30, 20, 10, 5, 2, 1]))
    # 1 acts most on 4, whom they do not follow, then on 2 and 3; never on 5.
    acted = [(1, 103, "like", 9.0), (1, 103, "reply", 8.0), (1, 101, "like", 7.0), (1, 104, "like", 6.0),
             (1, 102, "click", 5.0)]  # fmt: skip
    state.update(engaged(acted, lambda tweet: authors[tweet - 101]))
    state.update(
        events(
            "impressions", impression_id=[1], time_us=[NOW - 10**8], request_id=[9], user_id=[1], tweet_id=[105],
            author_id=[3], position=[0], source=["following"], score=[1.0], propensity=[1.0],
        )
    )  # fmt: skip
    state.update(events("deletions", tweet_id=[107], time_us=[NOW - 1]))
    assert brought(state, CatchUp(state), [1, 2]) == [[102, 104, 108], []]
    assert brought(state, CatchUp(state, friends=1), [1]) == [[104, 108]]
    assert brought(state, CatchUp(state, 1), [1]) == [[102]]


def test_live_lists_equal_rebuilt_ones() -> None:
    """Tweets come one after the other, one before its row is known, one is deleted, most die, lists are made anew."""
    state = FeatureState(None, views=[])
    people(state, [])
    network = state.network

    def authors(rows: np.ndarray) -> np.ndarray:
        return network.tweet.author_row[rows][:, None]

    live = Postings(network, authors)
    keys = np.arange(-1, PEOPLE, dtype=np.int64)
    early = engaged([(1, 999, "like", 90.0)], lambda tweet: 3)
    state.update(early)
    for at in range(60):
        hours = 90.0 - 1.5 * at
        time_us = NOW - int(hours * HOUR_US)
        ids = [1000 + 80 * at + one for one in range(80)] + ([999] if at == 2 else [])
        state.update(tweets(ids, [1 + one % (PEOPLE - 1) for one in ids], [hours] * len(ids)))
        if at == 30:
            state.update(events("deletions", tweet_id=[ids[0]], time_us=[time_us]))
        live.follow(time_us)
        rebuilt = Postings(network, authors)
        rebuilt.follow(time_us)
        found, again = (one.newest(keys, np.full(len(keys), time_us), 500) for one in (live, rebuilt))
        for key in range(len(keys)):
            assert found[key].tolist() == again[key].tolist(), (at, key)
    assert len(live) < 60 * 80  # the dead were left out
    assert not len(live.newest(keys[:1], np.full(1, NOW), 5).values)


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_every_set_is_drawn_equally_often(size: int) -> None:
    """All values of the luck, one in the middle of each interval that matters."""
    for count in range(1, size + 1):
        steps = [[(at + 0.5) / (size - count + i + 1) for at in range(size - count + i + 1)] for i in range(count)]
        luck = np.array(list(product(*steps)))
        out = np.empty(len(luck) * count, np.int64)
        draw(luck, np.full(len(luck), size), np.full(len(luck), count), out)
        sets, times = np.unique(np.sort(out.reshape(-1, count), axis=1), axis=0, return_counts=True)
        assert (np.diff(sets, axis=1) > 0).all()
        assert (times == times[0]).all()
        assert len(sets) == np.prod([(size - i) / (i + 1) for i in range(count)]).round()


def test_exploration_draws_with_the_probability_that_it_says() -> None:
    state = FeatureState(None, views=[])
    people(state, [])
    state.update(tweets(range(101, 125), [1] * 24, [50.0] * 4 + [5.0] * 20))
    state.update(events("deletions", tweet_id=[110], time_us=[NOW - 1]))
    source = Explore(state, 5)
    requests = ask(state, [1] * 4000)
    drawn = source.fetch(requests)
    assert (drawn.lengths == 5).all()
    assert drawn.propensity == pytest.approx(np.full(20_000, 5 / 19))
    ids, times = np.unique(state.network.tweets.ids[drawn.values], return_counts=True)
    assert ids.tolist() == [one for one in range(105, 125) if one != 110]
    # Without replacement counts vary a little less than the test thinks: it can only accept too easily.
    assert chisquare(times).pvalue > 0.001
    assert times == pytest.approx(np.full(19, 20_000 / 19), rel=0.12)
    again = source.fetch(requests)
    assert np.array_equal(again.values, drawn.values)
    assert not np.array_equal(Explore(state, 5, seed=2).fetch(requests).values, drawn.values)
    every = Explore(state, 40).fetch(ask(state, [1]))
    assert sorted(every.values.tolist()) == sorted(set(drawn.values.tolist()))
    assert every.propensity.tolist() == [1.0] * 19
    assert brought(state, source, [1, 2]) != []
