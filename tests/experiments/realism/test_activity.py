"""Who tweets what and when, counted by hand; gaps drawn from known laws; machines recognised by their behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.realism.activity import diurnal
from experiments.realism.fits import cut_off_power_law_or_exponential
from experiments.realism.log import Log
from tests.experiments.realism.small_logs import at, row_of, values_of, write_log


def tweet(author: int, hour: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"author_id": author, "time_us": at(hour), **more}


def test_the_most_active_are_of_all_accounts_silent_ones_too(tmp_path: Path) -> None:
    tweets = [tweet(1, i / 10) for i in range(70)] + [tweet(2, i / 10) for i in range(20)]
    tweets += [tweet(u) for u in range(3, 13)]
    log = write_log(tmp_path / "log", users=[{"user_id": u} for u in range(1, 21)], tweets=tweets)
    # Of 20 accounts: five wrote 70 + 20 + 3, two wrote 90.
    assert values_of(log, "share of tweets by the most active") == [0.93, 0.90]


def test_kinds_are_those_of_the_most_active_quarter_of_those_who_tweet(tmp_path: Path) -> None:
    kinds = ["retweet"] * 5 + ["reply"] * 3 + ["original"] + ["quote"]
    tweets = [tweet(1, i, kind=kind) for i, kind in enumerate(kinds)] + [tweet(u, 1) for u in (2, 3, 4)]
    log = write_log(tmp_path / "log", users=[{"user_id": u} for u in range(1, 30)], tweets=tweets)
    row = row_of(log, "kinds of tweets")
    assert row.value == [0.1, 0.5, 0.3, 0.1]
    assert row.verdict == "met"
    assert "original 30.8%" in row.note  # of all


def test_items_of_imported_logs_are_nobodys_tweets(tmp_path: Path) -> None:
    tweets = [tweet(1, kind="item")] * 3 + [tweet(1), tweet(2)]
    log = write_log(tmp_path / "log", tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    assert values_of(log, "kinds of tweets")[0] == 1.0
    assert "2 tweets of 2 accounts" in row_of(log, "share of tweets by the most active").note


def test_actions_are_those_on_feeds(tmp_path: Path) -> None:
    acts = [("like", 1)] * 40 + [("retweet", 1)] * 10 + [("reply", 1)] * 2 + [("quote", 1)]
    acts += [("like", None)] * 60 + [("reply", None)] * 9
    rows = [{"tweet_id": 1, "time_us": at(0), "action": action, "request_id": request} for action, request in acts]
    log = write_log(tmp_path / "log", engagements=rows)
    row = row_of(log, "likes : retweets : replies : quotes")
    assert row.value == [25.0, 5.0, 2.5]
    assert (row.verdict, row.missed) == ("missed", ("quote",))
    outside = [one | {"request_id": None} for one in rows]
    bare = row_of(write_log(tmp_path / "bare", engagements=outside), "likes : retweets : replies : quotes")
    assert bare.value == [10.0, 11.0, 1.0]
    assert bare.note.startswith("no engagement names a request, so all count")


def test_media_are_of_written_tweets(tmp_path: Path) -> None:
    tweets = [tweet(1, i, media_count=m) for i, m in enumerate([0] * 6 + [1, 1, 2, 4])]
    tweets += [tweet(1, 20 + i, media_count=3, kind="retweet") for i in range(5)]
    assert values_of(write_log(tmp_path / "log", tweets=tweets), "tweets with 0/1/2/3/4 media") == [
        0.6,
        0.2,
        0.1,
        0,
        0.1,
    ]


def test_languages_are_held_against_published_shares_of_those_that_are_there(tmp_path: Path) -> None:
    tweets = [tweet(1, i / 100, language=code) for i, code in enumerate(["en-GB"] * 70 + ["ja"] * 30 + ["fr"] * 50)]
    row = row_of(write_log(tmp_path / "log", tweets=tweets), "languages")
    assert row.value == [0.7, 0.3, 0, 0, 0]
    # 41 and 16 of 57 are 71.9% and 28.1%.
    assert row.tolerance.startswith("English 57.5% to 86.3%; Japanese 22.5% to 33.7%;")
    assert row.verdict == "met"


def test_a_tweet_that_declares_no_language_has_its_authors(tmp_path: Path) -> None:
    users = [{"user_id": 1, "language": "en"}, {"user_id": 2, "language": "es-MX"}]
    tweets = [tweet(1), tweet(1), tweet(2), tweet(2, language="en")]
    log = write_log(tmp_path / "log", users=users, tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    assert values_of(log, "languages") == [0.75, 0, 0.25, 0, 0]


def test_one_language_alone_cannot_be_compared(tmp_path: Path) -> None:
    row = row_of(write_log(tmp_path / "log", tweets=[tweet(1, language="en")]), "languages")
    assert row.verdict == "no data"
    assert row.note.startswith("English alone of English, Japanese, Spanish, Portuguese, Korean")


def test_hours_are_utc_for_all_and_local_within_the_zone_of_most_tweets(tmp_path: Path) -> None:
    users = [{"user_id": 1, "utc_offset_min": -300}, {"user_id": 2, "utc_offset_min": 540}]
    one = [(u, h) for u, hours in ((1, [10] * 11 + [3, 3]), (2, [20] * 5)) for h in hours]
    one += [(u, h) for u in (1, 2) for h in range(24)]
    tweets = [tweet(u, 24 * day + h + 0.5) for day in (0, 1) for u, h in one]
    # Half a day more, which is no whole day and must not count.
    tweets += [tweet(1, 48 + 0.5)] * 30 + [tweet(1, 60)]
    log = write_log(tmp_path / "log", users=users, tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    row = row_of(log, "diurnal peak / trough")
    assert row.value == [(11 + 2) / 2, 12 / 1]
    assert "UTC-5 h" in row.note
    everywhere, local = diurnal(Log(log)).plots[0].lines
    assert (everywhere.y.argmax(), local.y.argmax()) == (10, 5)


def test_without_homes_there_is_no_local_hour(tmp_path: Path) -> None:
    tweets = [tweet(1, h + 24 * day + 0.1) for day in (0, 1) for h in range(24) for _ in range(1 + (h < 12))]
    row = row_of(write_log(tmp_path / "log", tweets=tweets), "diurnal peak / trough")
    assert isinstance(row.value, list)
    assert row.value[0] == 2.0
    assert np.isnan(row.value[1])
    # 2.0 is within 1.8 +- 20%, and half of the figure is unknown.
    assert row.verdict == "no data"


def test_gaps_of_different_rates_are_no_power_law_but_those_of_one_are() -> None:
    rng = np.random.default_rng(4)
    owner = np.repeat(np.arange(200), 50)
    exponential = rng.exponential(1.0, 10_000) * (10.0 ** rng.uniform(2, 5, 200))[owner]
    duel = cut_off_power_law_or_exponential(exponential, owner)
    assert duel.gain < 0
    assert duel.first[0] < 0.2
    # x^-1.3 with a cut-off by rejection from a pareto law above 10 s.
    pareto = 10.0 * rng.random(200_000) ** (-1 / 0.3)
    kept = pareto[rng.random(len(pareto)) < np.exp(-(pareto - 10.0) / 50_000.0)][:20_000]
    duel = cut_off_power_law_or_exponential(kept, np.arange(len(kept)) // 1_000, low=10.0)
    assert duel.gain > 0.5
    assert duel.first[0] == pytest.approx(1.3, abs=0.1)
    assert duel.first[1] == pytest.approx(50_000, rel=0.6)


def test_burstiness_is_the_median_over_people(tmp_path: Path) -> None:
    # A clock has B = -1; a burst of 20 gaps of a second and one of ten hours is bursty; the third has too few tweets.
    clock = [tweet(1, i) for i in range(25)]
    burst = [tweet(u, 10 * (i > 15) + i / 3600) for u in (2, 3) for i in range(25)]
    log = write_log(tmp_path / "log", tweets=[*clock, *burst, tweet(4), tweet(4, 3)])
    gaps = np.r_[np.ones(23), 36_001.0]
    expected = (gaps.std() - gaps.mean()) / (gaps.std() + gaps.mean())
    row = row_of(log, "inter-tweet gaps of a user")
    assert isinstance(row.value, list)
    assert row.value[0] == pytest.approx(expected, abs=1e-3)
    assert row.note.startswith("3 people")


def test_bots_keep_time_or_push_links(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    tweets: list[dict[str, Any]] = []
    for u in range(10):
        hours = np.arange(30) * 2.0 if u == 0 else np.sort(rng.exponential(1, 30).cumsum())
        for i, hour in enumerate(hours):
            text = "look https://a.example/x" if u == 1 or (u == 2 and i < 20) else "hello"
            kind = "reply" if u == 2 and i % 2 else "original"
            tweets.append(tweet(u, float(hour), text=text, kind=kind))
    few = [tweet(20, i, text="http://b.example") for i in range(5)]
    row = row_of(write_log(tmp_path / "log", tweets=[*tweets, *few]), "bots")
    # 0 tweets by the clock, 1 pushes links; 2 has links but answers people; 20 tweets too few to judge.
    assert row.value == pytest.approx(0.2)
    assert "10.0% by the clock, 10.0% by links" in row.note
