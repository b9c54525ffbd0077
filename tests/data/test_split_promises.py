"""What all splits promise: parts without overlap that make up the log, the same for any order of its rows, by rule."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from math import floor
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import DataError
from data.split import PLAIN_SPLITS, Split, Splitter, default_split, parse_split, splitter, training_part
from data.splitters import LeaveLastOut, PerUserRatio, RandomRatio, TimeSplit

Row = tuple[int, int, int]
"""time, user, tweet; the engagement's id is its place from 1 on."""

LOGS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4), st.integers(1, 5)), min_size=2, max_size=25)
FRACTIONS = st.floats(0.05, 0.95)
SEEDS = st.integers(0, 99)
SPLITTERS = st.one_of(
    st.builds(TimeSplit, fraction=FRACTIONS),
    st.builds(LeaveLastOut, min_train=st.integers(1, 3), ties=st.sampled_from(["auto", "drawn"]), seed=SEEDS),
    st.builds(LeaveLastOut, ties=st.just("file")),
    st.builds(PerUserRatio, fraction=FRACTIONS, ties=st.sampled_from(["auto", "drawn"]), seed=SEEDS),
    st.builds(RandomRatio, fraction=FRACTIONS, within=st.sampled_from(["user", "tweet", "log"]), seed=SEEDS),
)


def _dataset(folder: Path, log: list[Row], order: list[int] | None = None) -> Dataset:
    """The log with its rows written in `order`."""
    rows = pl.DataFrame(log, schema=["time_us", "user_id", "tweet_id"], orient="row").with_columns(
        engagement_id=pl.int_range(1, pl.len() + 1), action=pl.lit("like")
    )
    with DatasetWriter(folder, name="log", config={}, seed=0) as writer:
        for at in order or range(len(log)):
            writer.write("engagements", rows[at])
        return writer.commit()


def _ids(rows: pl.LazyFrame) -> list[int]:
    return rows.collect()["engagement_id"].to_list()


def _split(chosen: Splitter, dataset: Dataset) -> Split | None:
    try:
        return chosen.apply(dataset)
    except DataError:
        return None


@settings(max_examples=40, deadline=None)
@given(LOGS, SPLITTERS, st.randoms(use_true_random=False))
def test_parts_do_not_overlap_make_up_the_log_and_know_no_order_of_rows(
    log: list[Row], chosen: Splitter, luck: random.Random
) -> None:
    order = list(range(len(log)))
    luck.shuffle(order)
    with tempfile.TemporaryDirectory() as folder:
        split = _split(chosen, _dataset(Path(folder) / "a", log))
        again = _split(chosen, _dataset(Path(folder) / "b", log, order))
        assert (split is None) == (again is None)
        if split is None or again is None:
            return
        train, test = _ids(split.train), _ids(split.test)
        assert test
        assert not set(train) & set(test)
        assert sorted(train + test) == list(range(1, len(log) + 1))
        assert (train, test) == (_ids(again.train), _ids(again.test))
        for part in (train, test):
            assert part == sorted(part, key=lambda one: (log[one - 1][0], one))


@settings(max_examples=60, deadline=None)
@given(LOGS, FRACTIONS)
def test_per_user_ratio_takes_each_users_last_share_by_the_stated_rule(log: list[Row], fraction: float) -> None:
    of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (time, user, _) in enumerate(log, start=1):
        of[user].append((time, number))
    expected = set()
    for rows in of.values():
        share = floor(len(rows) * fraction + 1e-9)
        expected |= {number for _, number in sorted(rows)[len(rows) - share :]}
    with tempfile.TemporaryDirectory() as folder:
        split = _split(PerUserRatio(fraction=fraction), _dataset(Path(folder) / "a", log))
        assert set(_ids(split.test) if split else []) == expected
        if split:
            latest = split.train.group_by("user_id").agg(pl.col("time_us").max())
            first = split.test.group_by("user_id").agg(first=pl.col("time_us").min())
            both = first.join(latest, on="user_id").collect()
            assert (both["time_us"] <= both["first"]).all()
            assert len(both) == first.collect().height  # nobody is tested without a past


@settings(max_examples=60, deadline=None)
@given(LOGS, FRACTIONS, st.sampled_from(["user", "tweet", "log"]))
def test_random_ratio_keeps_pairs_whole_and_its_share_exact(log: list[Row], fraction: float, within: str) -> None:
    pairs: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for _, user, tweet in log:
        pairs[{"user": user, "tweet": tweet, "log": 0}[within]].add((user, tweet))
    with tempfile.TemporaryDirectory() as folder:
        chosen = RandomRatio(fraction=fraction, within=within)  # type: ignore[arg-type]
        split = _split(chosen, _dataset(Path(folder) / "a", log))
        test = set(split.test.select("user_id", "tweet_id").collect().rows()) if split else set()
        for some in pairs.values():
            assert len(some & test) == floor(len(some) * fraction + 1e-9)
        if split:
            assert not test & set(split.train.select("user_id", "tweet_id").collect().rows())


def test_another_seed_draws_other_pairs(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path / "a", [(at, at % 7, at) for at in range(200)])
    first, same, other = (_ids(RandomRatio(seed=seed).apply(dataset).test) for seed in (1, 1, 2))
    assert first == same != other


def test_all_rows_of_the_cut_are_in_the_test(tmp_path: Path) -> None:
    log = [(0, 1, 1), (8, 1, 2), (8, 2, 3), (8, 3, 4), (10, 1, 5)]
    split = TimeSplit(fraction=0.2).apply(_dataset(tmp_path / "a", log))
    assert split.train_before_us == 8
    assert (_ids(split.train), _ids(split.test)) == ([1], [2, 3, 4, 5])


def test_of_one_time_the_later_in_the_log_is_the_last_whatever_its_tweet(tmp_path: Path) -> None:
    log = [(5, 1, 9), (5, 1, 3), (5, 2, 4), (5, 2, 4)]
    assert _ids(LeaveLastOut().apply(_dataset(tmp_path / "a", log)).test) == [2, 4]
    assert _ids(PerUserRatio(fraction=0.5).apply(_dataset(tmp_path / "b", log)).test) == [2, 4]


@pytest.mark.parametrize("name", [one for one in PLAIN_SPLITS if one != "time"])
def test_the_training_part_shows_no_engagement_of_the_test(tmp_path: Path, name: str) -> None:
    dataset = _dataset(tmp_path / "a", [(at, at % 3, at % 5) for at in range(40)])
    split = splitter(name).apply(dataset)
    seen = training_part(dataset, split)
    assert _ids(seen.scan("engagements")) == _ids(split.train)
    assert _ids(seen.scan("engagements", before_us=20)) == [one for one in _ids(split.train) if one <= 20]


def test_a_time_split_takes_nothing_away(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path / "a", [(at, 1, at) for at in range(10)])
    assert training_part(dataset, TimeSplit().apply(dataset)) is dataset


@settings(max_examples=60, deadline=None)
@given(SPLITTERS)
def test_a_name_says_all_that_a_split_needs(chosen: Splitter) -> None:
    assert parse_split(chosen.name) == chosen


@settings(max_examples=60, deadline=None)
@given(SPLITTERS, SPLITTERS)
def test_two_splits_that_differ_promise_different_things(chosen: Splitter, other: Splitter) -> None:
    assert (chosen.promise == other.promise) == (chosen == other)


@pytest.mark.parametrize(("fraction", "words"), [(0.2, " 20% "), (0.204, " 20.4% "), (0.5, " 50% "), (0.07, " 7% ")])
def test_a_share_is_told_unrounded(fraction: float, words: str) -> None:
    assert words in RandomRatio(fraction=fraction).promise


def test_the_default_says_what_it_is_by_name(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path / "a", [(1, 1, 1), (2, 1, 2)])
    assert default_split(dataset).name == "leave_last_out"
    assert parse_split("time").name == "time"
    assert parse_split("random_ratio seed=2 within=tweet") == RandomRatio(seed=2, within="tweet")
