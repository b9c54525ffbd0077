"""What splits may do beside train and test: a part for choosing models, a gap, a core, files, anybody's own class."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from math import floor
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import ConfigError, DataError
from data.events import HOUR_US
from data.readers import read_log
from data.split import Split, Splitter, parse_split, training_part
from data.splitters import LeaveLastOut, PerUserRatio, RandomRatio, Rounding, TimeSplit
from data.ties import positives

Row = tuple[int, int, int]
"""time in hours, user, tweet; the engagement's id is its place from 1 on."""

LOGS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4), st.integers(1, 5)), min_size=4, max_size=40)
SHARES = st.floats(0.05, 0.45)
SPLITTERS = st.one_of(
    st.builds(TimeSplit, fraction=SHARES, valid=SHARES, gap_h=st.sampled_from([0.0, 2.0])),
    st.builds(LeaveLastOut, valid=st.booleans(), user_core=st.integers(1, 3)),
    st.builds(
        PerUserRatio, fraction=SHARES, valid=SHARES, rounding=st.sampled_from(["down", "nearest", "at_least_one"])
    ),
    st.builds(
        RandomRatio,
        fraction=SHARES,
        valid=SHARES,
        rounding=st.sampled_from(["down", "nearest", "at_least_one"]),
        item_core=st.integers(1, 3),
    ),
)


def _dataset(folder: Path, log: list[Row]) -> Dataset:
    engagements = pl.DataFrame(log, schema=["time_us", "user_id", "tweet_id"], orient="row").with_columns(
        pl.col("time_us") * HOUR_US, engagement_id=pl.int_range(1, pl.len() + 1), action=pl.lit("like")
    )
    with DatasetWriter(folder / "log", name="log", config={}, seed=0) as writer:
        writer.write("engagements", engagements)
        return writer.commit()


def _ids(rows: pl.LazyFrame | None) -> list[int]:
    return [] if rows is None else rows.collect()["engagement_id"].to_list()


@settings(max_examples=80, deadline=None)
@given(LOGS, SPLITTERS)
def test_parts_make_up_the_log_and_only_training_rows_are_learned(log: list[Row], how: Splitter) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(Path(folder), log)
        try:
            split = how.apply(dataset)
        except DataError:
            return
        parts = [_ids(one) for one in (split.train, split.valid, split.test, split.apart)]
        assert sorted(one for part in parts for one in part) == list(range(1, len(log) + 1))
        assert parts[2]
        if split.train_before_us is None:
            left = training_part(dataset, split).scan("engagements").collect()["engagement_id"]
            assert sorted(left) == sorted(parts[0])
        assert parse_split(split.name) == how


@settings(max_examples=40, deadline=None)
@given(LOGS, st.floats(0.1, 0.4), st.floats(0.1, 0.4), st.sampled_from([0.0, 1.0, 3.0]))
def test_a_gap_lies_before_the_part_for_choosing_and_before_the_test(
    log: list[Row], test: float, valid: float, gap: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(Path(folder), log)
        how = TimeSplit(fraction=test, valid=valid, gap_h=gap)
        try:
            split = how.apply(dataset)
        except DataError:
            return
        times = [split.train, split.valid, split.test]
        train, chosen, tested = (one.collect()["time_us"] for one in times if one is not None)
        begins = split.test_begins_us
        assert begins == how.cut_us(dataset)
        assert split.train_before_us is not None
        assert train.max() < split.train_before_us <= chosen.min() - gap * HOUR_US  # type: ignore[operator]
        assert chosen.max() < begins - gap * HOUR_US  # type: ignore[operator]
        assert tested.min() >= begins  # type: ignore[operator]


@settings(max_examples=60, deadline=None)
@given(LOGS, st.integers(1, 4), st.integers(1, 4))
def test_a_core_is_the_largest_part_whose_users_and_items_all_have_enough(
    log: list[Row], users: int, items: int
) -> None:
    core = list(log)
    while True:
        by_user, by_item = Counter(row[1] for row in core), Counter(row[2] for row in core)
        left = [row for row in core if by_user[row[1]] >= users and by_item[row[2]] >= items]
        if len(left) == len(core):
            break
        core = left
    how = RandomRatio(within="log", fraction=0.4, user_core=users, item_core=items)
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(Path(folder), log)
        if not core:
            with pytest.raises(DataError, match="core of"):
                how.apply(dataset)
            return
        if len({row[1:] for row in core}) < 3:
            return
        split = how.apply(dataset)
        kept = pl.concat([split.train, split.test]).collect()
        assert Counter(kept.select("user_id", "tweet_id").iter_rows()) == Counter(row[1:] for row in core)
        if max(users, items) > 1:
            assert split.items is not None
            assert set(split.items.collect()["tweet_id"]) == {row[2] for row in core}


@pytest.mark.parametrize("rows", range(1, 14))
def test_shares_are_rounded_down_or_as_recbole_does(tmp_path: Path, rows: int) -> None:
    dataset = _dataset(tmp_path, [(at, 1, at) for at in range(rows)] + [(at, 2, at) for at in range(40)])

    def counts(rounding: Rounding) -> tuple[int, int, int]:
        split = PerUserRatio(fraction=0.1, valid=0.1, rounding=rounding).apply(dataset)
        assert split.valid is not None
        parts = (one.filter(pl.col("user_id") == 1) for one in (split.train, split.valid, split.test))
        return tuple(len(_ids(one)) for one in parts)  # type: ignore[return-value]

    tenth = floor(rows * 0.1)
    assert counts("down") == (rows - 2 * tenth, tenth, tenth)
    # recbole.data.dataset._calcu_split_ids: from the last part on, while more than one row stays.
    wanted = [rows - 2 * tenth, tenth, tenth]
    for at in (2, 1):
        if wanted[0] <= 1:
            break
        if 0 < 0.1 * rows < 1:
            wanted[at] += 1
            wanted[0] -= 1
    assert counts("at_least_one") == tuple(wanted)
    # recommenders: numpy.split at round(share * rows), from the first part on.
    ends = [round(share * rows) for share in (1 - 0.1 - 0.1, 1 - 0.1)]
    assert counts("nearest") == (ends[0], ends[1] - ends[0], rows - ends[1])


@pytest.fixture
def shop(tmp_path: Path) -> Dataset:
    lines = [f"ann,i{at},{at}" for at in range(5)] + [f"bob,i{at},{at}" for at in range(3)]
    (tmp_path / "log.csv").write_text("who,what,at\n" + "\n".join(lines) + "\n")
    columns = 'file = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'
    (tmp_path / "shop.toml").write_text(f"[log]\n{columns}")
    return read_log("mapping", tmp_path / "shop.toml", tmp_path / "shop")


def _files(folder: Path, **parts: str) -> str:
    for name, text in parts.items():
        (folder / f"{name}.csv").write_text(text)
    return " ".join(["files", *(f"{name}={folder / name}.csv" for name in parts)])


def test_files_give_the_parts(shop: Dataset, tmp_path: Path) -> None:
    text = _files(
        tmp_path, train="user,item\nann,i0\nann,i1\nbob,i0\n", valid="item,user\ni2,ann\n", test="user,item\nann,i3\n"
    )
    split = parse_split(text).apply(shop)
    ids = shop.ids("tweets")

    def items(rows: pl.LazyFrame | None) -> list[str]:
        assert rows is not None
        return ids.originals(rows.collect()["tweet_id"].to_numpy())

    found = [items(one) for one in (split.train, split.valid, split.test, split.apart)]
    assert [sorted(one) for one in found] == [["i0", "i0", "i1"], ["i2"], ["i3"], ["i1", "i2", "i4"]]
    assert parse_split(split.name) == parse_split(text)
    assert "train 3 pairs" in split.promise
    (tmp_path / "test.csv").write_text("user,item\nann,i4\n")
    assert parse_split(text).apply(shop).promise != split.promise


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ("user,item\nann,i0\n", "user,item\nann,i9\n", "item 'i9' is none of"),
        ("user,item\nann,i0\n", "user,item\nbob,i4\n", "1 of 1 pairs are no engagements .* user bob and item i4"),
        ("user,item\nann,i0\n", "user,item\nann,i0\n", "1 pairs stand in an earlier part"),
        ("who,item\nann,i0\n", "user,item\nann,i1\n", "no column named as one of user"),
    ],
)
def test_files_that_do_not_fit_are_refused(shop: Dataset, tmp_path: Path, train: str, test: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_split(_files(tmp_path, train=train, test=test)).apply(shop)


@dataclass(frozen=True)
class EveryOther:
    """A split from outside: the engagements of every `step`-th number are the test."""

    step: int = 2
    overlap: bool = False
    name: str = "every_other"
    promise: str = "every so many-th engagement is the test"

    def apply(self, dataset: Dataset) -> Split:
        rows = positives(dataset)
        test = pl.col("engagement_id") % self.step == 0
        return Split(self.name, self.promise, None, rows if self.overlap else rows.filter(~test), rows.filter(test))


def test_anybodys_own_class_is_a_split(shop: Dataset) -> None:
    target = f"{__name__}:EveryOther"
    assert sys.modules[__name__].EveryOther is EveryOther
    split = parse_split(f"{target} step=4").apply(shop)
    assert (split.name, split.promise) == (f"{target} step=4", EveryOther.promise)
    assert sorted(_ids(split.test)) == [4, 8]
    with pytest.raises(DataError, match="stand in two parts"):
        parse_split(f"{target} overlap=true").apply(shop)
    with pytest.raises(DataError, match="leaves no test rows"):
        parse_split(f"{target} step=100").apply(shop)
    for text, words in (("nowhere:Split", "cannot be imported|cannot be made"), (f"{target} size=3", "size")):
        with pytest.raises(ConfigError, match=words):
            parse_split(text)


@pytest.mark.parametrize(
    "text",
    ["time fraction=0.6 valid=0.4", "random_ratio fraction=0.5 valid=0.5", "per_user_ratio fraction=0.9 valid=0.2"],
)
def test_parts_that_leave_nothing_to_train_on_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="leaves nothing to train on"):
        parse_split(text)
