"""When tweets are seen, how far feeds are scrolled, how long sessions last: planted and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.events import MINUTE_US
from experiments.realism.exposure import scrolls
from experiments.realism.fits import inverse_gaussian_or_exponential, power_law_or_geometric
from experiments.realism.log import Log
from tests.experiments.realism.small_logs import at, row_of, values_of, write_log


def seen(tweet: int, minutes: float, **more: Any) -> dict[str, Any]:
    return {"tweet_id": tweet, "time_us": at(minutes / 60), **more}


def test_a_tweets_life_is_its_own_and_its_retweets(tmp_path: Path) -> None:
    tweets = [
        {"tweet_id": 1, "author_id": 1, "time_us": at(0)},
        {"tweet_id": 2, "author_id": 2, "kind": "retweet", "referenced_id": 1, "time_us": at(1)},
        {"tweet_id": 3, "author_id": 1, "time_us": at(0)},
        {"tweet_id": 4, "author_id": 1, "time_us": at(400)},
    ]
    # 1: 14 at 90 s, 10 of its retweet at 80 min, 6 on the second day. 3: too few impressions for a half-life.
    impressions = [seen(1, 1.5)] * 14 + [seen(2, 80)] * 10 + [seen(1, 30 * 60)] * 6 + [seen(3, 600)] * 19
    impressions += [seen(1, 50 * 60)] * 40  # after 48 h
    rows = [row | {"impression_id": i} for i, row in enumerate(impressions)]
    log = write_log(tmp_path / "log", tweets=tweets, impressions=rows)
    peak, half, dead = values_of(log, "impressions of a tweet")
    assert abs(peak - 90) <= 15
    assert (half, dead) == (80.0, 0.0)


def test_a_tweet_is_dead_with_a_twentieth_of_its_impressions_in_the_second_day(tmp_path: Path) -> None:
    tweets = [{"tweet_id": i, "author_id": 1, "time_us": at(0)} for i in (1, 2)]
    tweets.append({"tweet_id": 3, "author_id": 1, "time_us": at(400)})
    impressions = [seen(t, 10 + i / 100) for t in (1, 2) for i in range(38)]
    impressions += [seen(1, 2_000)] * 2 + [seen(2, 2_000)] * 3
    rows = [row | {"impression_id": i} for i, row in enumerate(impressions)]
    assert values_of(write_log(tmp_path / "log", tweets=tweets, impressions=rows), "impressions of a tweet")[2] == 0.5


def test_a_request_over_midnight_is_one_and_half_an_hour_ends_a_session(tmp_path: Path) -> None:
    night = 24 * 60
    requests = [(1, 7, [night - 0.01, night - 0.01, night + 0.01]), (2, 7, [night + 29]), (3, 7, [night + 60] * 2)]
    requests += [(4, 8, [night + 5] * 4), (5, 9, [night]), (6, 9, [night + 30])]
    rows = [
        seen(1, minute, request_id=request, user_id=user) for request, user, minutes in requests for minute in minutes
    ]
    found = scrolls(
        Log(write_log(tmp_path / "log", impressions=[r | {"impression_id": i} for i, r in enumerate(rows)]))
    )
    assert found.depth.tolist() == [3, 1, 2, 4, 1, 1]
    # 29 minutes after the first request, then 31 after the second; of the last reader half an hour to the minute.
    assert found.sessions.tolist() == [4, 2, 4, 1, 1]


@pytest.mark.parametrize("longest", [10**9, 40])
def test_depths_are_told_apart_also_where_the_feed_ends(longest: int) -> None:
    rng = np.random.default_rng(6)
    zipf, geometric = np.minimum(rng.zipf(1.8, 30_000), longest), np.minimum(rng.geometric(0.08, 30_000), longest)
    law, other = power_law_or_geometric(zipf), power_law_or_geometric(geometric)
    assert law.gain > 0.1
    assert law.first[0] == pytest.approx(1.8, abs=0.03)
    assert other.gain < -0.1
    assert 1 - other.second[0] == pytest.approx(0.08, abs=0.003)


def test_session_lengths_are_told_apart() -> None:
    rng = np.random.default_rng(7)
    inverse = inverse_gaussian_or_exponential(rng.wald(20.0, 15.0, 50_000))
    assert inverse.gain > 0.1
    assert inverse.first == (pytest.approx(20.0, rel=0.03), pytest.approx(15.0, rel=0.03))
    assert inverse_gaussian_or_exponential(rng.exponential(20.0, 50_000)).gain < -0.1


def test_both_laws_make_the_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    depth = np.minimum(rng.zipf(2.2, 3_000), 200)
    rows = [
        seen(1, 60 * request, request_id=request, user_id=request % 50)
        for request, d in enumerate(depth.tolist())
        for _ in range(d)
    ]
    log = write_log(tmp_path / "log", impressions=[r | {"impression_id": i} for i, r in enumerate(rows)])
    row = row_of(log, "scroll depth and session length")
    assert isinstance(row.value, list)
    assert row.value[0] > 0.1
    assert row.note.startswith("3,000 requests, 3,000 sessions")


def test_an_impression_is_engaged_once_however_much_is_done(tmp_path: Path) -> None:
    impressions = [seen(t, 1, request_id=r, impression_id=10 * r + t) for r in range(5) for t in range(4)]
    acts = [(0, 0, "like"), (0, 0, "retweet"), (1, 0, "like"), (None, 3, "like")]
    engagements = [
        {"tweet_id": t, "request_id": r, "action": action, "time_us": at(1) + MINUTE_US} for r, t, action in acts
    ]
    log = write_log(tmp_path / "log", impressions=impressions, engagements=engagements)
    assert values_of(log, "impressions with engagement") == [2 / 20]
