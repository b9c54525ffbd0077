"""Splits keep their promises on random logs, and their tie rules hold."""

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import ConfigError, DataError
from data.events import DAY_US
from data.split import PLAIN_SPLITS, default_split, splitter
from data.splitters import LeaveLastOut, TimeSplit

Row = tuple[int, int, int]
"""time, user, tweet; the engagement's id is its place from 1 on."""

LOGS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4), st.integers(1, 5)), min_size=2, max_size=25)


def _dataset(folder: Path, log: list[Row], *, shown: list[int] | None = None, action: str = "like") -> Dataset:
    engagements = pl.DataFrame(log, schema=["time_us", "user_id", "tweet_id"], orient="row").with_columns(
        engagement_id=pl.int_range(1, pl.len() + 1), action=pl.lit(action)
    )
    with DatasetWriter(folder / "log", name="log", config={}, seed=0) as writer:
        writer.write("engagements", engagements)
        if shown is not None:
            ids = pl.DataFrame({"impression_id": range(len(shown)), "time_us": shown})
            zero = {c: pl.lit(0) for c in ("request_id", "user_id", "tweet_id", "position", "score")}
            writer.write("impressions", ids.with_columns(**zero, source=pl.lit("test")))
        return writer.commit()


@settings(max_examples=40, deadline=None)
@given(LOGS, st.floats(0.1, 0.9))
def test_time_split_learns_nothing_from_the_future(log: list[Row], fraction: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(Path(folder), log)
        times = [time for time, _, _ in log]
        cut = TimeSplit(fraction=fraction).cut_us(dataset)
        if cut == min(times) or cut > max(times):
            with pytest.raises(DataError, match="leaves no"):
                TimeSplit(fraction=fraction).apply(dataset)
            return
        split = TimeSplit(fraction=fraction).apply(dataset)
        train, test = split.train.collect(), split.test.collect()
        assert split.train_before_us == cut
        assert train["time_us"].max() < cut <= test["time_us"].min()  # type: ignore[operator]
        assert sorted(train["engagement_id"].to_list() + test["engagement_id"].to_list()) == list(
            range(1, len(log) + 1)
        )


@settings(max_examples=40, deadline=None)
@given(LOGS)
def test_leave_last_out_takes_each_users_last_by_the_stated_rule(log: list[Row]) -> None:
    last: dict[int, tuple[int, int]] = {}
    for number, (time, user, _) in enumerate(log, start=1):
        last[user] = max(last.get(user, (-1, -1)), (time, number))
    several = {user: one for user, one in last.items() if sum(u == user for _, u, _ in log) > 1}
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(Path(folder), log)
        if not several:
            with pytest.raises(DataError, match="no user of 'log' has more than 1 engagements"):
                LeaveLastOut().apply(dataset)
            return
        split = LeaveLastOut().apply(dataset)
        test = split.test.collect()
        assert dict(zip(test["user_id"], test["engagement_id"], strict=True)) == {u: n for u, (_, n) in several.items()}
        assert split.train.collect().height + test.height == len(log)
        assert split.train_before_us is None


@settings(max_examples=25, deadline=None)
@given(LOGS)
def test_warm_and_cold_are_counted(log: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            split = LeaveLastOut().apply(_dataset(Path(folder), log))
        except DataError:
            return
        train, test = split.train.collect(), split.test.collect()
        known, seen = set(train["user_id"]), set(train["tweet_id"])
        warm = split.warmth
        assert warm.test_rows == test.height
        assert (warm.warm_users, warm.cold_users) == (
            len(set(test["user_id"]) & known),
            len(set(test["user_id"]) - known),
        )
        assert (warm.warm_tweets, warm.cold_tweets) == (
            len(set(test["tweet_id"]) & seen), len(set(test["tweet_id"]) - seen),
        )  # fmt: skip
        pairs = list(zip(test["user_id"], test["tweet_id"], strict=True))
        assert warm.warm_rows == sum(user in known and tweet in seen for user, tweet in pairs)
        learned = set(zip(train["user_id"], train["tweet_id"], strict=True))
        assert warm.repeated_rows == sum(pair in learned for pair in pairs)


def test_the_last_fifth_of_whole_days_is_the_test(tmp_path: Path) -> None:
    start = 20_000 * DAY_US
    shown = [start + 900_000_000, start + 10 * DAY_US - 5]  # ten days, from a quarter past midnight on
    dataset = _dataset(tmp_path, [(start + 3, 1, 1), (start + 11 * DAY_US, 1, 2)], shown=shown)
    split = TimeSplit().apply(dataset)
    assert split.train_before_us == start + 8 * DAY_US
    assert "last 20%" in split.promise


def test_only_positive_engagements_are_split(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path, [(1, 1, 1), (2, 1, 2)], action="not_interested")
    with pytest.raises(DataError, match="no user"):
        LeaveLastOut().apply(dataset)


def test_the_default_follows_the_log(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    assert isinstance(default_split(_dataset(tmp_path, [(1, 1, 1)])), LeaveLastOut)
    assert isinstance(default_split(_dataset(tmp_path / "shown", [(1, 1, 1)], shown=[1, 2])), TimeSplit)


def test_a_log_without_engagements_says_so(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "d", name="bare", config={}, seed=0) as writer:
        writer.write("users", pl.DataFrame({"user_id": [1], "created_us": [1], "verified": [True]}))
        dataset = writer.commit()
    with pytest.raises(DataError, match="no table 'engagements', which a split needs"):
        LeaveLastOut().apply(dataset)
    with pytest.raises(DataError, match="no impressions and no engagements"):
        TimeSplit().apply(dataset)


@pytest.mark.parametrize("name", PLAIN_SPLITS)
def test_every_split_states_its_tie_rule(name: str) -> None:
    promise = splitter(name).promise
    assert "ties" in promise or "at one moment" in promise


def test_wrong_settings_are_refused() -> None:
    every = "files, leave_last_out, per_user_ratio, random_ratio, time"
    with pytest.raises(
        ConfigError, match=f"unknown split 'random'; did you mean 'random_ratio'. choose one of {every}"
    ):
        splitter("random")
    with pytest.raises(ConfigError, match="split 'time' does not take"):
        splitter("time", fraction=1.5)
    with pytest.raises(ConfigError, match="ratio"):
        splitter("time", ratio=0.2)
