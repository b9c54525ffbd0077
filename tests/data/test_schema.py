"""What fits a table is cast and ordered; what does not is named."""

import polars as pl
import pytest

from data.errors import DataError
from data.schema import ACTIONS, POSITIVE_ACTIONS, TABLES, conform, table

FOLLOW = {"follow_id": [1], "time_us": [5], "follower_id": [2], "followee_id": [3], "ended": [False]}
ENGAGEMENT = {"engagement_id": [1], "time_us": [5], "user_id": [2], "tweet_id": [3], "action": ["like"]}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_names_its_key_and_time_among_its_columns(name: str) -> None:
    spec = table(name)
    assert {spec.key, spec.time} <= set(spec.columns)
    assert not spec.columns[spec.key].nullable
    assert not spec.columns[spec.time].nullable
    assert conform(name, pl.DataFrame(schema=spec.polars_schema)).schema == spec.polars_schema


def test_positive_actions_are_actions() -> None:
    assert set(POSITIVE_ACTIONS) < set(ACTIONS)


def test_casts_orders_and_fills_up() -> None:
    frame = pl.DataFrame(ENGAGEMENT, schema_overrides={"tweet_id": pl.Int32, "action": pl.Categorical})
    out = conform("engagements", frame.select(reversed(frame.columns)))
    assert out.schema == table("engagements").polars_schema
    assert out.row(0, named=True) == {
        "engagement_id": 1, "time_us": 5, "user_id": 2, "tweet_id": 3, "author_id": None, "action": "like",
        "request_id": None, "value": None, "dwell_ms": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "frame", "problem"),
    [
        ("follow", FOLLOW, "unknown table 'follow'; the schema has users, follows"),
        ("follows", FOLLOW | {"weight": [1]}, "unknown column 'weight'; it takes follow_id"),
        ("follows", {k: v for k, v in FOLLOW.items() if k != "ended"}, "lacks column 'ended'; add it: True where"),
        ("follows", FOLLOW | {"followee_id": [None]}, "1 empty values in 'followee_id'"),
        ("follows", FOLLOW | {"follower_id": ["ann"]}, "does not fit its schema: .*ann"),
        ("follows", FOLLOW | {"follower_id": [1.5]}, "fractions in 'follower_id'"),
        ("follows", FOLLOW | {"time_us": [pl.Series(["2026-01-05"]).str.to_datetime()[0]]}, "'time_us' as Datetime"),
        ("engagements", ENGAGEMENT | {"action": ["liked"]}, "action 'liked'; it takes like, reply"),
        ("engagements", ENGAGEMENT | {"dwell_ms": [2**40]}, "does not fit its schema: .*1099511627776"),
    ],
)
def test_names_what_does_not_fit(name: str, frame: dict[str, list[object]], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        conform(name, pl.DataFrame(frame))


def test_whole_numbers_may_come_as_floats() -> None:
    assert conform("follows", pl.DataFrame(FOLLOW | {"follower_id": [2.0]}))["follower_id"].to_list() == [2]
