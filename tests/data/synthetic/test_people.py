from __future__ import annotations

import numpy as np
import pytest

from data.events import DAY_US
from data.synthetic.annotations import annotate
from data.synthetic.clock import DIURNAL, clock
from data.synthetic.config import WorldConfig
from data.synthetic.people import KINDS, People, make_people, topic_popularity
from data.synthetic.places import LANGUAGE_OF, LANGUAGE_SHARES, PLACES
from data.synthetic.posting import deletions, make_posts
from data.synthetic.rhythm import mean_depth, openings, scroll_depth
from data.synthetic.shocks import SHAPES, burst_times, make_shocks
from data.synthetic.text.languages import PARENT

CONFIG = WorldConfig(people=3_000, days=3, tweets_per_day=0.7)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG)


def test_people_are_many_minded_and_unequal(people: People) -> None:
    assert np.allclose(people.interests.sum(axis=1), 1.0, atol=1e-5)
    assert (np.diff(people.user_id) > 0).all()
    assert len(set(people.handles)) == len(people)
    chatter = np.sort(people.chatter)[::-1]
    assert 0.7 < chatter[:300].sum() / chatter.sum() < 0.95
    assert people.chatter.mean() == pytest.approx(CONFIG.tweets_per_day)
    assert people.activity.mean() == pytest.approx(CONFIG.impressions_per_day)
    assert np.bincount(people.language) / len(people) == pytest.approx(LANGUAGE_SHARES, abs=0.03)


def test_interests_cluster_under_their_parents(people: People) -> None:
    by_parent = np.stack([people.interests[:, p == PARENT].sum(axis=1) for p in range(PARENT.max() + 1)], axis=1)
    shuffled = np.random.default_rng(0).permutation(PARENT)
    by_chance = np.stack([people.interests[:, p == shuffled].sum(axis=1) for p in range(PARENT.max() + 1)], axis=1)
    assert (by_parent**2).sum(axis=1).mean() > 1.15 * (by_chance**2).sum(axis=1).mean()


def test_a_home_is_in_a_real_place_of_the_language(people: People) -> None:
    assert (LANGUAGE_OF[people.place] == people.language).mean() > 0.85
    assert len({place.woeid for place in PLACES}) == len(PLACES)
    tokyo = [place.name for place in PLACES].index("Tokyo")
    assert (people.utc_offset_min[people.place == tokyo] == 540).all()


def test_local_evenings_are_busier_than_nights() -> None:
    assert 10 < DIURNAL.max() / DIURNAL.min() < 11
    share = np.diff(clock(DIURNAL)).reshape(24, 60).sum(axis=1)
    assert share.argmax() in (20, 21)
    assert share.max() / share.min() > 7


def test_scroll_depth_is_a_power_law_cut_at_the_slate() -> None:
    depth = scroll_depth((np.arange(10_000) + 0.5) / 10_000, 40)
    assert depth.min() == 5
    assert depth.max() == 40
    # P(depth >= d) = (5 / d)^1.5 below the cut.
    assert (depth >= 18).mean() == pytest.approx((5 / 18) ** 1.5, abs=0.002)


def test_a_day_of_requests_has_the_volume_asked_for_and_leaves_a_tick_between_a_persons(people: People) -> None:
    one = openings(CONFIG, people, 1)
    assert (np.diff(one.time_us) >= 0).all()
    assert one.depth.sum() / len(people) == pytest.approx(CONFIG.impressions_per_day, rel=0.08)
    assert len(one.user) * mean_depth(CONFIG.slate) == pytest.approx(one.depth.sum(), rel=0.05)
    order = np.lexsort((one.time_us, one.user))
    same, gap = np.diff(one.user[order]) == 0, np.diff(one.time_us[order])
    assert gap[same].min() >= CONFIG.tick_us - 1000
    again = openings(CONFIG, people, 1)
    assert np.array_equal(one.time_us, again.time_us)
    assert not np.array_equal(openings(CONFIG, people, 2).user, one.user)


def test_originals_of_a_day_do_not_depend_on_other_days(people: People) -> None:
    shocks = make_shocks(CONFIG, topic_popularity(CONFIG))
    days = [make_posts(CONFIG, people, shocks, day) for day in range(CONFIG.days)]
    assert np.array_equal(make_posts(CONFIG, people, shocks, 2).time_us, days[2].time_us)
    for day, posts in enumerate(days):
        low = CONFIG.start_us + day * DAY_US
        assert (np.diff(posts.time_us) >= 0).all()
        assert low <= posts.time_us.min() < posts.time_us.max() < low + DAY_US
        assert len(np.unique(np.stack([posts.author, posts.key]), axis=1).T) == len(posts)
    whole = np.concatenate([posts.shock for posts in days])
    steady = (whole < 0).sum() / len(people) / CONFIG.days
    assert steady == pytest.approx(CONFIG.tweets_per_day, rel=0.25)
    joined = np.bincount(whole[whole >= 0], minlength=len(shocks.tag))
    ends_early = shocks.end_us < CONFIG.end_us
    assert np.array_equal(joined[ends_early], shocks.volume[ends_early])


def test_shocks_have_six_shapes_known_peaks_and_speakers_of_their_language(people: People) -> None:
    shocks = make_shocks(CONFIG, topic_popularity(CONFIG))
    assert len(set(shocks.tag)) == len(shocks.tag)
    assert set(shocks.shape.tolist()) == set(range(len(SHAPES)))
    assert (shocks.start_us <= shocks.peak_us).all()
    assert (shocks.peak_us < shocks.end_us).all()
    for day in range(CONFIG.days):
        posts = make_posts(CONFIG, people, shocks, day)
        planned = posts.shock >= 0
        of = posts.shock[planned]
        assert (posts.language[planned] == shocks.language[of]).all()
        assert (posts.time_us[planned] >= shocks.start_us[of]).all()
        assert (posts.time_us[planned] <= shocks.end_us[of]).all()
        assert (posts.topic[planned, 0] == shocks.topic[of]).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_burst_is_densest_at_its_peak(shape: str) -> None:
    config = CONFIG.model_copy(update={"days": 6, "burst_volume": 600.0})
    shocks = make_shocks(config, topic_popularity(config))
    one = int(np.flatnonzero(shocks.shape == list(SHAPES).index(shape))[0])
    after = (burst_times(shocks, one, 1) - shocks.start_us[one]) / shocks.scale_us[one]
    count, edges = np.histogram(after, np.arange(0.0, 15.0, 0.25))
    peak = (shocks.peak_us[one] - shocks.start_us[one]) / shocks.scale_us[one]
    assert abs(edges[count.argmax()] + 0.125 - peak) < 0.4


def test_bots_spam_and_toxic_actors_insult(people: People) -> None:
    shocks = make_shocks(CONFIG, topic_popularity(CONFIG))
    posts = make_posts(CONFIG, people, shocks, 0)
    kind = people.kind[posts.author]
    bot, toxic = KINDS.index("bot"), KINDS.index("toxic")
    assert (posts.style[kind == bot] == 3).mean() > 0.4
    assert (posts.style[kind != bot] == 3).sum() == 0
    assert (posts.toxicity[kind == toxic] > 0).mean() > 10 * (posts.toxicity[kind == 0] > 0).mean()


def test_deletions_come_within_a_day_and_annotators_mostly_agree(people: People) -> None:
    config = CONFIG.model_copy(update={"deleted_share": 0.5, "annotated": 3_000})
    posts = make_posts(config, people, make_shocks(config, topic_popularity(config)), 0)
    row, time = deletions(config, posts)
    assert len(row) / len(posts) == pytest.approx(0.5, abs=0.05)
    assert ((time > posts.time_us[row]) & (time < posts.time_us[row] + DAY_US)).all()
    row, columns = annotate(config, posts)
    assert (columns["time_us"] > posts.time_us[row]).all()
    mood = columns["task"] == "sentiment"
    truth = np.array(["negative", "neutral", "positive"], object)[posts.sentiment[row[mood]] + 1]
    assert 0.75 < (columns["label"][mood] == truth).mean() < 0.95
    assert len(np.unique(row)) / len(posts) == pytest.approx(
        config.annotated / (config.people * config.tweets_per_day * config.days), rel=0.2
    )
