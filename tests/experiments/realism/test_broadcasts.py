"""What hangs on the author, and how soon half of a cascade is over, of cascades that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.realism.broadcasts import half_lives_min
from experiments.realism.log import Log
from tests.experiments.realism.small_logs import at, row_of, values_of, write_log

END = {"tweet_id": 999_999, "author_id": 1, "time_us": at(200)}


def cascade(root: int, minutes: list[float], first: int = 100) -> list[dict[str, Any]]:
    """A tweet of 1 at hour 0, and a retweet by the next person at each time."""
    rows: list[dict[str, Any]] = [{"tweet_id": root, "author_id": 1, "time_us": at(0)}]
    for i, minute in enumerate(minutes):
        rows.append({
            "tweet_id": 1_000 * (root + 1) + i, "author_id": first + i, "kind": "retweet", "referenced_id": root,
            "time_us": at(minute / 60),
        })  # fmt: skip
    return rows


def test_retweeters_who_follow_an_earlier_one_do_not_hang_on_the_author(tmp_path: Path) -> None:
    # 60 retweets; the last 15 follow the first retweeter, 20 others the author, 25 nobody.
    follows = [(100 + i, 100) for i in range(45, 60)] + [(100 + i, 1) for i in range(20)]
    log = write_log(tmp_path / "log", tweets=[*cascade(0, [float(i + 1) for i in range(60)]), END], follows=follows)
    assert values_of(log, "retweets that hang on the author") == [45 / 60]
    assert row_of(log, "retweets that hang on the author").verdict == "met"


def test_half_of_a_cascade_is_over_with_its_middle_retweet(tmp_path: Path) -> None:
    odd, even = [float(2 * i) for i in range(1, 52)], [float(i) for i in range(1, 61)]
    log = Log(write_log(tmp_path / "log", tweets=[*cascade(0, odd), *cascade(1, even), *cascade(2, [5.0]), END]))
    # 26th of 51, 30th of 60; the third is not large.
    assert sorted(half_lives_min(log)) == pytest.approx([30.0, 52.0])


def test_cascades_that_are_all_alike_miss_the_quantiles(tmp_path: Path) -> None:
    tweets = [row for root in range(3) for row in cascade(root, [168.0 + i / 100 for i in range(50)])]
    row = row_of(write_log(tmp_path / "log", tweets=[*tweets, END]), "half-lives of cascades, min")
    assert (row.verdict, row.missed) == ("missed", ("p10", "p90"))


def test_few_huge_cascades_are_too_few_and_five_broadcasts_are_about_two(tmp_path: Path) -> None:
    def log(roots: int) -> list[dict[str, Any]]:
        minutes = [float(i) for i in range(1, 301)]
        return [row for root in range(roots) for row in cascade(root, minutes)]

    follows = [(100, 1)]
    four = row_of(write_log(tmp_path / "four", tweets=[*log(4), END], follows=follows), "virality of huge cascades")
    assert (four.verdict, four.shown) == ("no data", "no data")
    assert "too few" in four.note
    five = values_of(write_log(tmp_path / "five", tweets=[*log(5), END], follows=follows), "virality of huge cascades")
    # A star of 301: 300 pairs at distance 1, the others at 2.
    pairs = 301 * 300 / 2
    assert five == pytest.approx([(300 + 2 * (pairs - 300)) / pairs])
    assert np.isfinite(five).all()
