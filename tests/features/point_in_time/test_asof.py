"""Joins as of a moment against a plain search through all events."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from features.point_in_time.asof import ONE, as_of, changes, counted

events = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 2)), max_size=8).map(sorted)
asked = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 3)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(events, asked)
def test_a_row_knows_the_last_event_strictly_before_its_moment(
    told: list[tuple[int, int]], rows: list[tuple[int, int]]
) -> None:
    log = pl.LazyFrame(
        {"time_us": [t for t, _ in told], "who": [w for _, w in told], "what": range(len(told))},
        schema={"time_us": pl.Int64, "who": pl.Int64, "what": pl.Int64},
    )
    asking = pl.LazyFrame({"row": range(len(rows)), "time_us": [t for t, _ in rows], "reader": [w for _, w in rows]})
    found = as_of(asking, counted(log, ["who"], total=ONE), {"reader": "who"}, ["what", "total"]).sort("row").collect()
    for (time, reader), last, total in zip(rows, found["what"], found["total"], strict=True):
        before = [i for i, (t, who) in enumerate(told) if who == reader and t < time]
        assert last == (before[-1] if before else None)
        assert total == (len(before) or None)


def test_beginnings_of_what_stands_and_ends_of_what_does_not_change_nothing() -> None:
    edges = pl.LazyFrame({
        "one": [1, 1, 1, 1, 2, 1], "other": [2, 2, 2, 2, 1, 2], "ended": [True, False, False, True, False, True],
        "at": range(6),
    })  # fmt: skip
    assert changes(edges, "one", "other").collect()["at"].to_list() == [1, 3, 4]
