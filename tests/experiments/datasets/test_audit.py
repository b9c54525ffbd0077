"""A clean log comes out clean, and every fault that is planted is found, by its name and nothing else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.events import DAY_US
from data.readers import read_log
from experiments.datasets.audit import Audit, AuditConfig, Finding, audit
from features.catalogue import CATALOGUE, owners
from features.view import Feature, FeatureView

START = 1_767_571_200_000_000
HOUR = DAY_US // 24
NOW = START + 30 * DAY_US
FAST = AuditConfig(rows=40, cuts=1)

Tables = dict[str, pl.DataFrame]


def _clean() -> Tables:
    """Six people, 24 tweets over three days, each shown to two others, who like every third."""
    at = pl.int_range(48, eager=True)
    shown = pl.DataFrame({
        "impression_id": at + 1, "request_id": at + 1, "time_us": START + HOUR + at * 90 * 60_000_000,
        "user_id": at % 5 + 2, "tweet_id": at // 2 + 1, "position": at * 0,
    }).with_columns(source=pl.lit("test"), score=0.0)  # fmt: skip
    liked = shown.filter(pl.col("impression_id") % 3 == 0).select(
        "user_id", "tweet_id", "request_id", time_us=pl.col("time_us") + 5, author_id=pl.lit(1), action=pl.lit("like")
    )
    people = pl.int_range(1, 7, eager=True)
    return {
        "users": pl.DataFrame({"user_id": people, "created_us": START - people * DAY_US, "verified": people == 1}),
        "follows": pl.DataFrame({
            "follow_id": [1, 2, 3], "time_us": [START, START + HOUR, START + DAY_US], "follower_id": [2, 3, 2],
            "followee_id": [1, 1, 1], "ended": [False, False, True],
        }),
        "tweets": pl.DataFrame({
            "tweet_id": pl.int_range(1, 25, eager=True), "text": [f"tweet {one}" for one in range(24)],
        }).with_columns(
            time_us=START + (pl.col("tweet_id") - 1) * 3 * HOUR, author_id=1, kind=pl.lit("original"), media_count=0
        ),
        "requests": shown.select(
            "request_id", "user_id", "time_us", product=pl.lit("home"), policy=pl.lit("test")
        ),
        "impressions": shown,
        "engagements": liked.with_row_index("engagement_id", offset=1),
    }  # fmt: skip


def _written(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Dataset:
    with DatasetWriter(folder / "log", name="log", config={}, seed=0) as writer:
        for name, rows in tables.items():
            writer.write(name, rows)
        return writer.commit()


def _found(done: Audit) -> dict[tuple[str, str], int]:
    return {(one.check, one.where): one.count for one in done.findings if one.verdict == "found"}


def _line(done: Audit, check: str, where: str) -> Finding:
    return next(one for one in done.findings if (one.check, one.where) == (check, where))


def test_a_clean_log_is_clean_and_every_check_has_looked(tmp_path: Path) -> None:
    done = audit(_written(tmp_path, _clean()), FAST, now_us=NOW)
    assert done.clean
    assert _found(done) == {}
    looked = {one.check for one in done.findings if one.verdict == "clean"}
    assert looked == {
        "features know the future", "duplicate events", "rows out of order", "times in the future",
        "before its tweet was posted", "tweet_id not in tweets", "before its request", "request_id not in requests",
        "before its user joined", "user_id not in users", "before its impression", "edge begins twice",
        "edge ends unbegun", "edge to oneself", "coarse times", "ties in time",
    }  # fmt: skip
    texts = _line(done, "text features know the future", "impressions")
    assert (texts.verdict, texts.detail) == ("absent", "no text encoder was given")


@pytest.mark.slow
def test_a_world_is_clean_with_its_texts_read(tiny_dataset: Dataset) -> None:
    from tests.features.logs import letters

    done = audit(tiny_dataset, AuditConfig(rows=100, cuts=1), now_us=NOW, understanding=letters())
    assert _found(done) == {}
    assert _line(done, "text features know the future", "impressions").verdict == "clean"


class _Leak:
    """How many engagements a tweet will ever have had."""

    name, tables, entity, reads = "tweet.leak", ("engagements",), "candidate", ()
    features = (Feature("tweet.final_engagements", "engagements, later ones too"),)

    def offline(self, log: Mapping[str, pl.LazyFrame], rows: pl.LazyFrame) -> pl.LazyFrame:
        ever = log["engagements"].group_by("tweet_id").agg(pl.len().cast(pl.Float32).alias("tweet.final_engagements"))
        return rows.join(ever, on="tweet_id", how="left").select("row", "tweet.final_engagements")


LEAK = _Leak()


@pytest.fixture
def leaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[FeatureView]:
    """A view in the catalogue that reads the future."""
    monkeypatch.setitem(CATALOGUE, LEAK.name, f"{__name__}:LEAK")
    owners.cache_clear()
    yield LEAK  # type: ignore[misc]
    owners.cache_clear()


@pytest.mark.usefixtures("leaking")
def test_a_feature_that_knows_the_future_is_found_by_name(tmp_path: Path) -> None:
    done = audit(_written(tmp_path, _clean()), AuditConfig(rows=40, cuts=2), now_us=NOW)
    ((check, where),) = _found(done)
    assert (check, where) == ("features know the future", "impressions")
    assert "tweet.final_engagements" in _line(done, check, where).detail
    assert "," not in _line(done, check, where).detail.split(" with the log cut")[0]


def _later(name: str, column: str, row: int, by: int) -> Callable[[Tables], None]:
    """Moves one time of a table."""

    def plant(tables: Tables) -> None:
        moved = pl.col(column) + pl.when(pl.int_range(pl.len()) == row).then(by).otherwise(0)
        tables[name] = tables[name].with_columns(moved)

    return plant


def _again(name: str, key: str, row: int, **changes: object) -> Callable[[Tables], None]:
    """Adds a copy of a row under a key of its own."""

    def plant(tables: Tables) -> None:
        rows = tables[name]
        fresh = rows[row].with_columns(pl.lit(999).cast(rows[key].dtype).alias(key))
        fresh = fresh.with_columns(pl.lit(value).cast(rows[one].dtype).alias(one) for one, value in changes.items())
        tables[name] = pl.concat([rows, fresh])

    return plant


def _without(name: str, row: int) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[name] = tables[name].filter(pl.int_range(pl.len()) != row)

    return plant


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (_again("engagements", "engagement_id", 3), {("duplicate events", "engagements"): 1}),
        (_again("impressions", "impression_id", 3), {("duplicate events", "impressions"): 1}),
        (
            _later("tweets", "time_us", 23, 12 * HOUR),
            {("before its tweet was posted", "impressions"): 2, ("before its tweet was posted", "engagements"): 1},
        ),
        (
            _later("users", "created_us", 5, 10 * DAY_US),
            {("before its user joined", "impressions"): 9, ("before its user joined", "engagements"): 3},
        ),
        (_later("requests", "time_us", 0, 1), {("before its request", "impressions"): 1}),
        (_later("engagements", "time_us", 2, -100), {
            ("before its impression", "engagements"): 1, ("before its request", "engagements"): 1,
        }),
        (_without("tweets", 22), {
            ("tweet_id not in tweets", "impressions"): 2, ("tweet_id not in tweets", "engagements"): 1,
        }),
        (_without("requests", 1), {("request_id not in requests", "impressions"): 1}),
        (_later("engagements", "time_us", 15, 60 * DAY_US), {("times in the future", "engagements"): 1}),
        (_again("follows", "follow_id", 1, time_us=START + 2 * HOUR), {("edge begins twice", "follows"): 1}),
        (_again("follows", "follow_id", 2, time_us=START + 2 * DAY_US), {("edge ends unbegun", "follows"): 1}),
        (_again("follows", "follow_id", 0, followee_id=2), {("edge to oneself", "follows"): 1}),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found_and_counted(
    tmp_path: Path, plant: Callable[[Tables], None], found: dict[tuple[str, str], int]
) -> None:
    tables = _clean()
    plant(tables)
    done = audit(_written(tmp_path, tables), FAST, now_us=NOW)
    assert _found(done) == found
    assert not done.clean


def test_rows_that_do_not_stand_in_order_are_found(tmp_path: Path) -> None:
    dataset = _written(tmp_path, _clean())
    first = dataset.folder / "impressions" / f"{dataset.days('impressions')[0]}.parquet"
    rows = pl.read_parquet(first)
    rows[[1, 0, *range(2, len(rows))]].write_parquet(first)
    assert _found(audit(dataset, FAST, now_us=NOW)) == {("rows out of order", "impressions"): 1}


def test_rows_of_another_day_are_found(tmp_path: Path) -> None:
    dataset = _written(tmp_path, _clean())
    last = dataset.folder / "impressions" / f"{dataset.days('impressions')[-1]}.parquet"
    rows = pl.read_parquet(last)
    at = pl.int_range(pl.len())
    moved = pl.when(at == pl.len() - 1).then(pl.col("time_us") + DAY_US).otherwise("time_us")
    rows.with_columns(moved.alias("time_us")).write_parquet(last)
    assert _found(audit(dataset, FAST, now_us=NOW)) == {
        ("rows out of order", "impressions"): 1, ("before its impression", "engagements"): 1,
    }  # fmt: skip


def _likes(folder: Path, csv: str, *, skip_bad: bool = False) -> Dataset:
    (folder / "log.csv").write_text("who,what,at\n" + csv)
    (folder / "m.toml").write_text(
        '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'
    )
    return read_log("mapping", folder / "m.toml", folder / "out", skip_bad=skip_bad)


def test_warm_and_cold_are_counted_for_every_split(tmp_path: Path) -> None:
    dataset = _likes(tmp_path, "1,10,0\n2,10,10\n1,11,20\n3,12,95\n1,10,96\n2,13,100\n")
    done = audit(dataset, FAST, now_us=NOW)
    cold = {one.where: one for one in done.findings if one.check == "unseen in training"}
    assert set(cold) == {"time", "leave_last_out", "per_user_ratio", "random_ratio"}
    assert (cold["time"].verdict, cold["time"].count) == ("note", 2)
    known = "1 whose user has that tweet in training too"
    assert cold["time"].detail == f"of 3 test rows; users 2 warm, 1 cold; tweets 1 warm, 2 cold; {known}"
    assert cold["leave_last_out"].detail == f"of 2 test rows; users 2 warm, 0 cold; tweets 1 warm, 1 cold; {known}"
    assert cold["per_user_ratio"].verdict == "absent"


def test_a_test_of_strangers_alone_is_a_fault(tmp_path: Path) -> None:
    done = audit(_likes(tmp_path, "1,10,0\n2,10,10\n3,12,95\n4,10,100\n"), FAST, now_us=NOW)
    assert _found(done) == {("unseen in training", "time"): 2}


def test_the_source_s_disorder_duplicates_and_skipped_lines_are_told(tmp_path: Path) -> None:
    dataset = _likes(tmp_path, "1,10,50\n1,11,0\n1,11,0\n2,10,x\n2,11,60\n2,12,100\n1,12,99\n", skip_bad=True)
    done = audit(dataset, FAST, now_us=NOW)
    assert _found(done) == {("duplicate events", "engagements"): 1}
    order = _line(done, "order of the source", "m.toml")
    assert (order.verdict, order.count) == ("note", 2)
    left_out = _line(done, "lines left out", "log.csv")
    assert (left_out.count, left_out.detail) == (1, "at: not a number of seconds, first 5")


def test_what_a_log_lacks_is_absent_not_clean(tmp_path: Path) -> None:
    done = audit(_likes(tmp_path, "1,10,0\n1,11,20\n2,10,30\n2,12,95\n1,12,96\n"), FAST, now_us=NOW)
    assert _line(done, "before its impression", "engagements").verdict == "absent"
    assert _line(done, "text features know the future", "engagements").detail == "the log has no texts"
    assert {one.where for one in done.findings if one.check == "rows out of order"} == {"tweets", "engagements"}


def _visits(folder: Path, times: Sequence[int]) -> Audit:
    """Nine people, each with an item at every time, two at the last."""
    lines = [f"{user},{(user * 7 + at * 3) % 31},{time}" for user in range(9) for at, time in enumerate(times)]
    return audit(_likes(folder, "\n".join(lines) + "\n"), FAST, now_us=NOW)


def test_times_of_whole_days_and_ties_that_decide_tests_are_found(tmp_path: Path) -> None:
    done = _visits(tmp_path, [0, 86_400, 172_800, 172_800])
    assert _found(done) == {("coarse times", "engagements"): 36, ("ties in time", "leave_last_out"): 9}
    assert "every time is a whole day" in _line(done, "coarse times", "engagements").detail
    detail = _line(done, "ties in time", "leave_last_out").detail
    assert detail == "of 9 test rows: the later in the file's order"
    # A fifth of four engagements is none of them: nothing is split that way.
    assert _line(done, "ties in time", "per_user_ratio").verdict == "absent"


def test_whole_hours_are_a_note_and_times_without_ties_are_clean(tmp_path: Path) -> None:
    hours = _visits(tmp_path, [3_600, 7_200, 90_000, 93_600])
    assert _line(hours, "coarse times", "engagements").verdict == "note"
    assert _line(hours, "ties in time", "leave_last_out").verdict == "clean"
    (tmp_path / "b").mkdir()
    assert _line(_visits(tmp_path / "b", [1, 2, 3]), "coarse times", "engagements").verdict == "clean"


def test_test_rows_that_stand_in_training_too_are_counted(tmp_path: Path) -> None:
    done = audit(_likes(tmp_path, "1,10,1\n1,11,2\n1,10,3\n2,10,1\n2,11,5\n"), FAST, now_us=NOW)
    detail = _line(done, "unseen in training", "leave_last_out").detail
    assert detail.endswith("; 1 whose user has that tweet in training too")
