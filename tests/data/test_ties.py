"""Engagements with the same time: the file's order decides where it has a meaning, else a draw; promises name which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import ConfigError, DataError
from data.readers import read_log
from data.split import parse_split
from data.splitters import LeaveLastOut, PerUserRatio, RandomRatio, TimeSplit
from data.ties import TieOrder

Line = tuple[object, object, int]
"""user, item, seconds."""


def _import(folder: Path, lines: Sequence[Line]) -> Dataset:
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("who,what,at\n" + "".join(f"{a},{b},{c}\n" for a, b, c in lines))
    (folder / "m.toml").write_text(
        '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "click"\n'
    )
    return read_log("mapping", folder / "m.toml", folder / "out")


def _held(dataset: Dataset, split: str = "leave_last_out") -> dict[int, int]:
    test = parse_split(split).apply(dataset).test.collect()
    return dict(test.select("user_id", "tweet_id").iter_rows())


def test_the_files_order_decides_whatever_the_ids(tmp_path: Path) -> None:
    lines: list[Line] = [(1, 30, 5), (2, 7, 5), (1, 10, 5), (2, 9, 5), (1, 20, 5), (2, 8, 4)]
    ahead = _import(tmp_path / "a", lines)
    assert _held(ahead) == {1: 20, 2: 9}
    assert _held(_import(tmp_path / "b", lines[::-1])) == {1: 30, 2: 7}
    promise = LeaveLastOut().apply(ahead).promise
    assert "of a user's engagements at one moment the later in the file's order counts as the later" in promise
    assert _held(ahead, "per_user_ratio fraction=0.4") == {1: 20, 2: 9}


def test_actions_of_one_time_on_shown_items_keep_their_lines_order(tmp_path: Path) -> None:
    tmp_path.joinpath("shown.csv").write_text(
        "feed,who,what,at,place,clicked\n1,1,50,5,3,1\n1,1,60,5,1,1\n1,1,40,5,2,1\n1,1,70,5,4,0\n"
    )
    (tmp_path / "m.toml").write_text(
        '[impressions]\nfile = "shown.csv"\nrequest = "feed"\nuser = "who"\nitem = "what"\ntime = "at"\n'
        'position = "place"\nclicked = "clicked"\n'
    )
    assert _held(read_log("mapping", tmp_path / "m.toml", tmp_path / "out")) == {1: 40}


def _many(order: int, ids: str = "{}") -> list[Line]:
    """40 people who engage with 12 of 60 items within one second; their lines ascend, descend or are shuffled."""
    rng = np.random.default_rng(3)
    lines: list[Line] = []
    for user in range(40):
        items = np.sort(rng.choice(60, 12, replace=False))
        mine = rng.permutation(items) if order == 0 else items[::order]
        lines += [(user, ids.format(f"{100 + item}"), 9) for item in mine]
    return lines


@pytest.mark.parametrize("ids", ["{}", "sku-{}"])
def test_a_file_sorted_by_item_has_no_order_of_its_own(tmp_path: Path, ids: str) -> None:
    """Else the largest id of a time would always be the test."""
    dataset = _import(tmp_path / "up", _many(1, ids))
    split = LeaveLastOut().apply(dataset)
    assert "its file is sorted by item, which says nothing of time, counts as the later" in split.promise
    rows = pl.concat([split.train, split.test]).collect()
    last = rows.group_by("user_id").agg(pl.col("tweet_id").sort_by("engagement_id").last())
    largest = dict(last.iter_rows())
    taken = sum(largest[user] == item for user, item in _held(dataset).items())
    assert taken < 12
    for order in (0, -1):
        other = LeaveLastOut().apply(_import(tmp_path / f"other{order}", _many(order, ids)))
        assert "the later in the file's order" in other.promise


def test_a_draw_follows_its_seed_and_nothing_else(tmp_path: Path) -> None:
    dataset, back = _import(tmp_path / "a", _many(0)), _import(tmp_path / "b", _many(0)[::-1])
    draws = [_held(dataset, f"leave_last_out ties=drawn seed={seed}") for seed in (1, 2, 3)]
    assert draws[0] == _held(back, "leave_last_out ties=drawn seed=1") != _held(back)
    assert draws[0] != draws[1] != draws[2]
    items = np.array([list(one.values()) for one in draws])
    # Evenly drawn: the mean of 120 items from 100 to 159 lies near the middle.
    assert abs(items.mean() - 129.5) < 4
    assert "one drawn with seed 2 counts" in parse_split("leave_last_out ties=drawn seed=2").apply(dataset).promise


def test_an_import_that_did_not_keep_the_order_is_drawn_and_says_so(tmp_path: Path) -> None:
    rows = pl.DataFrame({"engagement_id": [1, 2], "time_us": [5, 5], "user_id": [1, 1], "tweet_id": [4, 6]})
    with DatasetWriter(tmp_path / "old", name="old", config={"reader": "mapping"}, seed=0) as writer:
        writer.write("engagements", rows.with_columns(action=pl.lit("click")))
        old = writer.commit()
    assert {_held(old, f"leave_last_out seed={seed}")[1] for seed in range(12)} == {4, 6}
    assert "the order of its file was not kept" in LeaveLastOut().apply(old).promise
    with pytest.raises(DataError, match="'old' does not keep its file's order; import it again"):
        LeaveLastOut(ties="file").apply(old)


def test_how_many_rows_the_rule_decided_is_counted(tmp_path: Path) -> None:
    lines: list[Line] = [(1, 10, 1), (1, 20, 9), (1, 30, 9), (2, 10, 1), (2, 20, 9), (3, 10, 9), (3, 10, 9), (3, 20, 1)]
    dataset = _import(tmp_path / "a", lines)
    split = LeaveLastOut().apply(dataset)
    # User 1's last two are tied. User 3's are the same item twice: whichever is taken, the item is the same.
    assert (split.decided, split.warmth.test_rows, split.warmth.repeated_rows) == (1, 3, 1)
    assert PerUserRatio(fraction=0.4).apply(dataset).decided == 1
    assert PerUserRatio(fraction=0.7).apply(dataset).decided == 0
    assert TimeSplit().apply(dataset).decided == RandomRatio(fraction=0.5).apply(dataset).decided == 0


def test_a_seed_that_draws_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ties=file draws nothing, so it takes no seed"):
        parse_split("leave_last_out ties=file seed=2")
    with pytest.raises(ConfigError, match="ties"):
        parse_split("leave_last_out ties=larger")


def test_ranks_follow_time_then_the_order(tmp_path: Path) -> None:
    rows = pl.DataFrame({"user_id": [1, 1, 2, 1], "time_us": [7, 7, 3, 5], "tweet_id": [4, 2, 9, 8]}).with_columns(
        engagement_id=pl.Series([30, 40, 10, 20])
    )
    assert TieOrder(None, "").rank(rows).tolist() == [2, 3, 0, 1]
    drawn = {tuple(TieOrder(seed, "").rank(rows).tolist()) for seed in range(12)}
    assert drawn == {(2, 3, 0, 1), (3, 2, 0, 1)}
