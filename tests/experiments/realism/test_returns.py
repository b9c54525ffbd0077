"""Weeks, return curves and survey answers of logs written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.dataset import Dataset
from experiments.realism.log import Log
from experiments.realism.returns import new_curve, visits
from tests.experiments.realism.small_logs import DAY_H, Rows, at, row_of, values_of, write_log


def visited(folder: Path, days: dict[int, list[int]], *, users: Rows = (), length: int = 30) -> Dataset:
    """A log of `length` days in which users load a feed on their days; one more does so at its begin and end."""
    rows: list[dict[str, Any]] = [{"user_id": 9_999, "time_us": at(0)}]
    rows += [{"user_id": u, "time_us": at(DAY_H * day + 20)} for u, on in days.items() for day in on]
    rows.append({"user_id": 9_999, "time_us": at(DAY_H * length - 0.1)})
    everyone = {*days, 9_999}
    known = {row["user_id"] for row in users}
    old = [{"user_id": u, "created_us": at(-1)} for u in sorted(everyone - known)]
    return write_log(folder, users=[*old, *users], requests=sorted(rows, key=lambda row: row["time_us"]))


def joined(count: int, day: int) -> Rows:
    return [{"user_id": u, "created_us": at(DAY_H * day + 1)} for u in range(count)]


def test_new_accounts_return_on_the_days_after_the_one_on_which_they_were_made(tmp_path: Path) -> None:
    days = {u: [2] for u in range(40)}
    for u, after in [(0, 1), (1, 1), (2, 1), (3, 7), (0, 7), (5, 8), (6, 13), (7, 14)]:
        days[u].append(2 + after)
    log = visited(tmp_path / "log", days, users=joined(40, 2))
    assert values_of(log, "new accounts after 1 and 7 days") == [3 / 40, 2 / 40]
    # 3 and 0 on day 7, 5 on day 8, 6 on day 13; day 14 is in the third week.
    assert values_of(log, "new accounts in their second week") == [4 / 40]


def test_an_account_counts_for_a_day_only_where_the_log_reaches_it(tmp_path: Path) -> None:
    # Forty join on day 2, thirty on day 25 of 30 days: the seventh day after is known for the forty alone.
    late = [{"user_id": 100 + u, "created_us": at(DAY_H * 25 + 1)} for u in range(30)]
    days = {u: [2, 9] for u in range(40)} | {100 + u: [25, 26] for u in range(30)}
    log = Log(visited(tmp_path / "log", days, users=[*joined(40, 2), *late]))
    curve, of = new_curve(visits(log))
    assert (of[0], of[1], of[7], of[28]) == (70, 70, 40, 0)
    assert curve[[0, 1, 7]].tolist() == [1.0, 30 / 70, 1.0]


def test_few_new_accounts_are_too_few(tmp_path: Path) -> None:
    log = visited(tmp_path / "log", {u: [2, 3] for u in range(29)}, users=joined(29, 2))
    row = row_of(log, "new accounts after 1 and 7 days")
    assert (row.verdict, row.value) == ("no data", None)


def test_old_accounts_are_not_new(tmp_path: Path) -> None:
    log = visited(tmp_path / "log", {u: [0, 1] for u in range(50)})
    assert row_of(log, "new accounts after 1 and 7 days").verdict == "no data"


def test_return_of_all_is_over_days_of_accounts(tmp_path: Path) -> None:
    # 60 come every day, 60 on the first three days alone; the one of the log's ends on days 0 and 29.
    days = {u: list(range(30)) for u in range(60)} | {100 + u: [0, 1, 2] for u in range(60)}
    found = values_of(visited(tmp_path / "log", days), "active accounts 1/7/28 days later")
    one = (60 * 29 + 60 * 2) / (60 * 29 + 60 * 3 + 1)
    week = 60 * 23 / (60 * 23 + 60 * 3 + 1)
    month = 60 * 2 / (60 * 2 + 60 * 2 + 1)
    assert found == pytest.approx([one, week, month])


def test_daily_over_monthly_is_of_the_last_28_days(tmp_path: Path) -> None:
    days = {u: list(range(30)) for u in range(40)} | {100 + u: [0, 1] for u in range(500)} | {50: [2]}
    log = visited(tmp_path / "log", days)
    # 40 every day, one on one day, and the one of the log's end.
    assert values_of(log, "daily over monthly active accounts") == pytest.approx([(40 + 2 / 28) / 42])
    short = visited(tmp_path / "short", {1: [0]}, length=10)
    assert row_of(short, "daily over monthly active accounts").verdict == "no data"


@pytest.mark.parametrize(("offset_min", "hour"), [(0, 12.0), (600, 20.0), (-600, 4.0)])
def test_weekdays_are_those_of_the_author(tmp_path: Path, offset_min: int, hour: float) -> None:
    # Two tweets from Monday to Friday, one on a day of the weekend, by local time; UTC is a day ahead, behind or none.
    shift = {0: 0, 600: -1, -600: 1}[offset_min]
    tweets = []
    for day in range(14):
        for i in range(2 if day % 7 < 5 else 1):
            tweets.append({"author_id": 1, "time_us": at(DAY_H * ((day + shift) % 14) + hour + i / 10)})
    tweets += [{"author_id": 2, "kind": "item", "time_us": at(h)} for h in (0.0, 14 * DAY_H - 0.1)]
    tweets.sort(key=lambda row: float(str(row["time_us"])))
    users = [{"user_id": 1, "utc_offset_min": offset_min}, {"user_id": 2}]
    rows = [row | {"tweet_id": i} for i, row in enumerate(tweets)]
    assert values_of(write_log(tmp_path / "log", users=users, tweets=rows), "weekday / weekend") == [2.0]


def test_a_world_without_weeks_misses_and_less_than_a_week_is_no_data(tmp_path: Path) -> None:
    def log(days: int) -> Dataset:
        rows = [{"tweet_id": h, "author_id": 1, "time_us": at(h)} for h in range(days * DAY_H)]
        return write_log(tmp_path / str(days), tweets=rows)

    even = row_of(log(14), "weekday / weekend")
    assert (even.verdict, even.value) == ("missed", 1.0)
    assert row_of(log(6), "weekday / weekend").verdict == "no data"


def test_survey_response_counts_answers_and_the_most_questions_of_a_day(tmp_path: Path) -> None:
    surveys = [
        {"user_id": u, "time_us": at(DAY_H * u + 1), "tweet_id": u, "answer": answer}
        for u, answer in enumerate([5, None, None, 1])
    ]
    log = write_log(tmp_path / "log", surveys=surveys)
    assert values_of(log, "survey response") == [0.5, 1.0]
    twice = [*surveys, {"user_id": 3, "time_us": at(DAY_H * 3 + 2), "kind": "satisfaction"}]
    row = row_of(write_log(tmp_path / "twice", surveys=twice), "survey response")
    assert row.value == [0.4, 2.0]
    assert "most a person and day" in row.missed
    assert "satisfaction: 1 questions, 0.0% answered" in row.note
    assert "mean 3.00" in row.note
    assert np.isfinite(row.value).all()
    assert row_of(visited(tmp_path / "none", {1: [0]}), "survey response").note == "no rows in table surveys"
