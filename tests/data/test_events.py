"""Events survive the way to a frame and back; a replay hands out each event once, in order, strictly before the cut."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.events import DAY_US, EventBatch
from data.schema import TABLES, conform, table

SMALL = st.integers(0, 2**40)
ENGAGEMENTS = st.lists(
    st.fixed_dictionaries({
        "engagement_id": SMALL,
        "time_us": SMALL,
        "user_id": SMALL,
        "tweet_id": SMALL,
        "author_id": st.none() | SMALL,
        "action": st.sampled_from(["like", "reply"]),
        "value": st.none() | st.floats(0, 5, width=32),
        "dwell_ms": st.none() | st.integers(0, 2**30),
    }),
    max_size=12,
)  # fmt: skip
LOGS = st.lists(st.tuples(st.integers(0, 4 * DAY_US), st.sampled_from(["users", "tweets", "deletions"])), max_size=30)


def _tweets(times: list[int], start: int = 1) -> pl.DataFrame:
    rows = {"tweet_id": range(start, start + len(times)), "time_us": times}
    return pl.DataFrame(rows, schema={"tweet_id": pl.Int64, "time_us": pl.Int64}).with_columns(
        kind=pl.lit("original"), text=pl.lit("words"), media_count=pl.lit(0)
    )


def _write(folder: Path, log: list[tuple[int, str]], *, daily: bool = True) -> Dataset:
    with DatasetWriter(folder / "log", name="log", config={}, seed=0, daily=daily) as writer:
        for row, (time_us, name) in enumerate(log, start=1):
            frames = {
                "users": {"user_id": [row], "created_us": [time_us], "verified": [False]},
                "deletions": {"tweet_id": [row], "time_us": [time_us]},
            }
            writer.write(name, _tweets([time_us], row) if name == "tweets" else pl.DataFrame(frames[name]))
        return writer.commit()


@given(ENGAGEMENTS)
def test_a_frame_survives_the_way_there_and_back(rows: list[dict[str, object]]) -> None:
    schema = {c: table("engagements").columns[c].dtype for c in table("engagements").columns if c != "request_id"}
    frame = conform("engagements", pl.DataFrame(rows, schema=schema))
    batch = EventBatch.from_frame("engagements", frame)
    assert_frame_equal(batch.frame(), frame)
    assert len(batch) == len(frame)


@pytest.mark.parametrize("name", TABLES)
def test_empty_batches_of_every_table_survive(name: str) -> None:
    empty = pl.DataFrame(schema=table(name).polars_schema)
    assert EventBatch.from_frame(name, empty).frame().schema == empty.schema


def test_nulls_are_the_fill_of_their_type() -> None:
    frame = conform("users", pl.DataFrame({"user_id": [1], "created_us": [2], "verified": [True]}))
    batch = EventBatch.from_frame("users", frame)
    assert {c: batch.columns[c].tolist() for c in ("username", "place", "verified")} == {
        "username": [""], "place": [-1], "verified": [True],
    }  # fmt: skip
    assert batch.columns["username"].dtype == object
    assert batch.time_us.tolist() == [2]


def test_a_batch_of_some_columns_has_the_others_null() -> None:
    batch = EventBatch("tweets", {"tweet_id": np.array([4]), "time_us": np.array([9]), "text": np.array(["a"], object)})
    frame = batch.frame()
    assert frame.schema == table("tweets").polars_schema
    assert frame["author_id"].to_list() == [None]
    assert batch.where(np.array([False])).frame().height == 0


@settings(max_examples=40, deadline=None)
@given(LOGS, st.lists(st.integers(0, 5 * DAY_US), max_size=5).map(sorted), st.booleans())
@example([(0, "tweets"), (DAY_US, "users")], [], True)
@example([(0, "deletions"), (DAY_US, "tweets"), (DAY_US, "users")], [], False)
def test_a_replay_hands_out_each_event_once_in_order_and_strictly_before_the_cut(
    log: list[tuple[int, str]], cuts: list[int], daily: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = _write(Path(folder), log, daily=daily)
        replay = dataset.replay(["deletions", "tweets", "users", "blocks"])
        met: list[tuple[str, int, int]] = []
        low = -1
        for cut in [*cuts, None]:
            step: list[tuple[int, int, int, int]] = []
            for batch in replay.advance(cut):
                assert len(batch)
                place = list(TABLES).index(batch.table)
                days, times = (batch.time_us // DAY_US).tolist(), batch.time_us.tolist()
                step += zip(days, [place] * len(batch), times, batch.columns[batch.spec.key].tolist(), strict=True)
            assert all(low <= time and (cut is None or time < cut) for _, _, time, _ in step)
            assert step == sorted(step)
            met += [(list(TABLES)[place], time, key) for _, place, time, key in step]
            low = low if cut is None else cut
        assert sorted(met) == sorted((name, time, row) for row, (time, name) in enumerate(log, start=1))


@settings(max_examples=25, deadline=None)
@given(LOGS, st.integers(0, 4 * DAY_US))
def test_a_replay_after_a_time_leaves_that_time_out(log: list[tuple[int, str]], after: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = _write(Path(folder), log)
        rest = [
            time for batch in dataset.replay(list(TABLES), after_us=after).advance() for time in batch.time_us.tolist()
        ]
        assert sorted(rest) == sorted(time for time, _ in log if time > after)


def test_the_cut_of_a_scan_is_strict_as_well(tmp_path: Path) -> None:
    dataset = _write(tmp_path, [(5, "tweets"), (6, "tweets"), (DAY_US + 1, "tweets")])
    assert dataset.scan("tweets", before_us=6).collect()["time_us"].to_list() == [5]
    assert dataset.read("tweets").time_us.tolist() == [5, 6, DAY_US + 1]
