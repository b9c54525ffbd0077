"""Trends of tweets: places, retweets, deletions, who may make one, flicker, wide windows, restarts."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from candidates.trends.counts import CountsConfig
from candidates.trends.engine import Trend, TrendConfig, TrendEngine
from candidates.trends.listing import ListingConfig
from candidates.trends.scorer import Windows
from data.batch import F64
from data.events import DAY_US, HOUR_US, MINUTE_US, EventBatch

START = 1_767_571_200_000_000
STEP = 5_000_000
OSLO, BERGEN, ROME, NORWAY, ITALY = 862_592, 999_999, 721_943, 23_424_910, 23_424_853
COUNTS = CountsConfig(cells=1 << 12, sketches=64, recent=1 << 12, seasons=1 << 12, places=64)
CONFIG = TrendConfig(counts=COUNTS)


def tweets(*rows: dict[str, object]) -> EventBatch:
    """Tweets in order; ids count from 1 within the call unless given."""
    full = [
        {"tweet_id": at + 1, "author_id": 1, "kind": "original", "referenced_id": -1, "place": -1, "text": "", **row}
        for at, row in enumerate(rows)
    ]
    texts = {"kind", "text"}
    names = ("tweet_id", "time_us", "author_id", "kind", "referenced_id", "place", "text")
    return EventBatch(
        "tweets",
        {name: np.array([row[name] for row in full], object if name in texts else np.int64) for name in names},
    )


def said(text: str, people: Iterable[int], *, step: int = 0, ids: int = 1_000_000, **more: object) -> EventBatch:
    """One tweet with `text` by each of some people."""
    rows = [{"text": text, "author_id": one, "time_us": START + step * STEP, **more} for one in people]
    return tweets(*({"tweet_id": ids * (step + 1) + at, **row} for at, row in enumerate(rows)))


def accounts(people: Iterable[int], created_us: int) -> EventBatch:
    ids = np.array(list(people))
    return EventBatch("users", {"user_id": ids, "created_us": np.full(len(ids), created_us)})


def engine_of(**listing: object) -> TrendEngine:
    return TrendEngine(config=CONFIG.model_copy(update={"listing": ListingConfig.model_validate(listing)}))


def listed(engine: TrendEngine, step: int, place: int | None = None) -> dict[str, Trend]:
    return {one.name: one for one in engine.trends(START + (step + 1) * STEP, place, 50).trends}


def narrow() -> TrendEngine:
    """Never widens its window."""
    return engine_of(least_listed=0)


def test_what_many_say_at_once_is_a_trend_where_they_are() -> None:
    engine = narrow()
    engine.update(EventBatch("users", {"user_id": np.array([7]), "place": np.array([OSLO])}))
    engine.update(said("so #cold", range(1, 7), place=ROME))
    engine.update(said("so #Cold", [7], ids=2_000_000))
    (world,) = engine.trends(START + 1).trends
    assert (world.name, world.kind, world.volume, world.unique_users) == ("#cold", "hashtag", 7, 7)
    assert world.first_seen_us == START
    assert {place: listed(engine, 0, place)["#cold"].volume for place in (ROME, ITALY)} == {ROME: 6, ITALY: 6}
    assert listed(engine, 0, OSLO) == listed(engine, 0, NORWAY) == listed(engine, 0, 12_345) == {}


def test_names_and_phrases_trend_and_parts_of_them_are_not_repeated() -> None:
    engine = narrow()
    engine.update(said("the ferry to Harbour Island sank this morning", range(9)))
    names = listed(engine, 0)
    assert "Harbour Island" in names
    assert names["Harbour Island"].kind == "entity"
    assert not any(one != "Harbour Island" and one in "Harbour Island" for one in names)


def test_repeats_in_a_tweet_and_a_tweet_delivered_twice_count_once() -> None:
    engine = narrow()
    batch = said("#Snow #snow #SNOW", range(6))
    engine.update(batch)
    engine.update(batch)
    assert listed(engine, 0)["#Snow"].volume == 6


def test_a_retweet_uses_the_hashtags_of_what_it_refers_to_and_a_deletion_takes_uses_back() -> None:
    engine = narrow()
    engine.update(tweets({"time_us": START, "text": "#goal"}))
    again = [
        {"tweet_id": 10 + at, "time_us": START, "kind": "retweet", "referenced_id": 1, "author_id": 10 + at}
        for at in range(6)
    ]
    engine.update(tweets(*again, {"tweet_id": 99, "time_us": START, "kind": "retweet", "referenced_id": 77}))
    assert listed(engine, 0)["#goal"].volume == 7
    gone = EventBatch("deletions", {"tweet_id": np.array([10, 11, 555]), "time_us": np.full(3, START)})
    engine.update(gone)
    engine.update(gone)
    assert (listed(engine, 0)["#goal"].volume, listed(engine, 0)["#goal"].unique_users) == (5, 5)
    engine.update(EventBatch("deletions", {"tweet_id": np.arange(1, 16), "time_us": np.full(15, START)}))
    assert listed(engine, 0) == {}


def test_one_person_who_retweets_and_takes_it_back_makes_no_trend() -> None:
    engine = TrendEngine(config=CONFIG)
    engine.update(tweets({"time_us": START, "text": "#goal at Harbour Island"}))
    for at in range(100):
        when = START + at * STEP
        again = {"tweet_id": 10 + at, "time_us": when, "kind": "retweet", "referenced_id": 1, "author_id": 5}
        engine.update(tweets(again))
        assert "#goal" not in listed(engine, at)
        engine.update(EventBatch("deletions", {"tweet_id": np.array([10 + at]), "time_us": np.array([when])}))
    cell = engine.counts.read(np.array([0]))
    assert (cell.volume[0] + cell.previous[0], cell.total[0]) == (1, 1)  # the author's own use, and no other


def test_one_account_makes_no_trend_however_often_it_writes() -> None:
    engine = TrendEngine(config=CONFIG)
    for step in range(50):
        engine.update(said("#me", [1] * 20, step=step))
        assert "#me" not in listed(engine, step)


def test_a_ring_of_new_accounts_makes_no_trend() -> None:
    engine = TrendEngine(config=CONFIG)
    now = 200 * HOUR_US // STEP
    engine.update(accounts(range(100), START))
    engine.update(accounts(range(500, 520), START + 199 * HOUR_US))
    for step in range(now, now + 40):
        engine.update(said("#buy now", range(500, 520), step=step))
        engine.update(said("#buy now", [1, 2], step=step, ids=2_000_000))
        assert listed(engine, step) == {}
    engine.update(said("#rain", range(20), step=now + 40))  # as many old ones do
    assert "#rain" in listed(engine, now + 40)


def test_everybody_is_new_in_a_new_network() -> None:
    engine = narrow()
    engine.update(accounts(range(20), START))
    engine.update(said("#first", range(20)))
    assert "#first" in listed(engine, 0)


@pytest.mark.parametrize(("least_listed", "step"), [(0, 0), (5, 0), (5, 200)], ids=["live", "widened", "later"])
def test_terms_are_held_back_by_rule(least_listed: int, step: int) -> None:
    engine = engine_of(least_listed=least_listed, held_back=("#spam*", "harbour island"))
    engine.update(said("#SpamOffer from Harbour Island #fair", range(9)))
    assert set(listed(engine, step)) & {"#SpamOffer", "Harbour Island"} == set()
    assert "#fair" in listed(engine, step)


class Fixed:
    """Scores that a test sets."""

    enter = 10.0

    def __init__(self) -> None:
        self.value = 0.0

    def score(self, windows: Windows) -> F64:
        return np.full(len(windows), self.value)

    update = score


def test_a_trend_stays_until_its_score_is_half_of_what_it_needed_to_enter() -> None:
    scorer = Fixed()
    engine = TrendEngine(scorer, CONFIG.model_copy(update={"listing": ListingConfig(least_listed=0)}))
    seen = []
    for step, value in enumerate([9, 11, 9, 6, 9, 4, 9, 11]):
        scorer.value = float(value)
        engine.update(said("#edge", range(5), step=step))
        seen.append("#edge" in listed(engine, step))
    assert seen == [False, True, True, True, True, False, False, True]


def test_equal_scores_are_ordered_by_larger_volume_then_name() -> None:
    scorer = Fixed()
    scorer.value = 20.0
    engine = TrendEngine(scorer, CONFIG)
    engine.update(said("#pear #apple #fig", range(5)))
    engine.update(said("#pear #fig", [9], ids=2_000_000))
    names = [one.name for one in engine.trends(START + 1).trends]
    assert names == ["#fig", "#pear", "#apple"]
    assert [one.name for one in engine.trends(START + 1, limit=2).trends] == names[:2]


def test_where_few_things_happen_the_window_widens_and_says_so() -> None:
    engine = engine_of(least_listed=2)
    engine.update(said("#tea", range(3)))
    engine.update(said("#bread", range(3), step=60 * 12))
    first = engine.trends(START + 1)
    assert ([one.name for one in first.trends], first.window_us) == (["#tea"], 5 * MINUTE_US)
    both = engine.trends(START + 61 * MINUTE_US + STEP)
    assert ({one.name for one in both.trends}, both.window_us) == ({"#tea", "#bread"}, 180 * MINUTE_US)
    assert engine.trends(START + 20 * HOUR_US).trends == []


def test_a_weekly_hashtag_is_no_news_and_a_new_one_is() -> None:
    engine = narrow()
    at = 0
    for week in range(4):
        at = week * 7 * DAY_US // STEP
        for minute in range(15):
            people = range(10 * minute, 10 * minute + 10)
            engine.update(said("#MondayMood", people, step=at + 12 * minute))
        assert ("#MondayMood" in listed(engine, at + 12 * 14)) == (week == 0)
    engine.update(said("#Eclipse", range(30), step=at + 12 * 14, ids=3_000_000))
    now = listed(engine, at + 12 * 14)
    assert "#Eclipse" in now
    assert "#MondayMood" not in now


@pytest.mark.parametrize(("later", "first"), [(HOUR_US, START), (HOUR_US + STEP, START + HOUR_US + STEP)])
def test_a_hashtag_is_new_again_when_its_last_use_is_older_than_the_memory(later: int, first: int) -> None:
    counts = COUNTS.model_copy(update={"memory_h": 1.0})
    engine = TrendEngine(config=TrendConfig(counts=counts))
    engine.update(said("#again", range(5)))
    engine.update(said("#again", range(5), step=later // STEP))
    assert listed(engine, later // STEP)["#again"].first_seen_us == first


def test_memory_is_bounded_whatever_the_number_of_terms() -> None:
    engine = TrendEngine(config=TrendConfig(counts=COUNTS.model_copy(update={"cells": 64}), tweets=100))
    for step in range(200):
        engine.update(said(f"#t{step} Harbour Island {step}", range(10), step=step))
    assert len(engine._tweets) <= 100
    assert len(engine._names) <= 2 * 64 + 20
    assert "#t199" in listed(engine, 199)


def test_a_restart_and_a_repeated_log_keep_the_trends(tmp_path: Path) -> None:
    batches = [said(f"#rain{step % 3} over Harbour Island", range(step, step + 6), step=step) for step in range(40)]
    whole, first, second = narrow(), narrow(), narrow()
    for one in batches:
        whole.update(one)
    for one in batches[:20]:
        first.update(one)
    first.save(tmp_path)
    second.restore(tmp_path)
    for one in batches[10:]:  # rewound: half of what was saved comes again
        second.update(one)
    then, now = listed(whole, 39), listed(second, 39)
    assert {name: (one.volume, one.unique_users) for name, one in then.items()} == {
        name: (one.volume, one.unique_users) for name, one in now.items()
    }
    assert then


def test_time_that_goes_backwards_loses_nothing() -> None:
    engine = narrow()
    engine.update(said("#late", range(3), step=30))
    engine.update(said("#late", range(3, 6), step=10))
    assert listed(engine, 30)["#late"].volume == 6
