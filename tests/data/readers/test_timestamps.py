"""Timestamps: ISO 8601 against Python's own reading of it, units that were mistaken, years that are unlikely."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.readers import read_log
from data.readers.timestamps import iso_timestamps
from tests.data.readers.test_formats import _recbole
from tests.data.readers.test_notes import LOG, _mapping, _notes

ISO = LOG + 'time_format = "iso"\n'
TIMESTAMP = datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
US = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _us(timestamp: datetime) -> int:
    return (timestamp - EPOCH) // US


def _read(text: str) -> int | None:
    return iso_timestamps(pl.Series([text]))[0]


@pytest.mark.parametrize(
    "text",
    [
        "20240331T013000Z", "2024-03-31T01:30:00Z", "2024-03-31t01:30:00z", "2024-03-31 01:30", "20240331T0130",
        "2024-03-31T03:30:00+02:00", "2024-03-31T03:30:00+0200", "2024-03-31T03:30:00+02", "20240331T033000+02",
        "2024-03-30T20:00:00-05:30", "2024-03-30T20:00:00\u221205:30", "2024-03-31T01:30:00,000Z",
        "2024-03-31 01:30:00.000000000", "2024-03-31T03:30:00 +0200", "2024-W13-7T01:30Z", "2024W137T013000Z",
        "2024-091T01:30:00Z", "2024091T0130Z", "2024-03-31T01:30:00-00:00",
    ],
)  # fmt: skip
def test_every_way_to_write_one_timestamp_is_that_moment(text: str) -> None:
    assert _read(text) == _us(TIMESTAMP)


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("2024-03-31T24:00:00Z", datetime(2024, 4, 1, tzinfo=UTC)),
        ("20231231T240000", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-03-31T24:00+02:00", datetime(2024, 3, 31, 22, tzinfo=UTC)),
        ("2024-03-31", datetime(2024, 3, 31, tzinfo=UTC)),
        ("20240331", datetime(2024, 3, 31, tzinfo=UTC)),
        ("2024-W01-1", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2020-W53-7", datetime(2021, 1, 3, tzinfo=UTC)),
        ("2024-366", datetime(2024, 12, 31, tzinfo=UTC)),
        ("2024-03-31T05Z", datetime(2024, 3, 31, 5, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2024-03-31T01:30:00,25", datetime(2024, 3, 31, 1, 30, 0, 250_000, tzinfo=UTC)),
        ("2024-03-31T01:30:00.1234567Z", datetime(2024, 3, 31, 1, 30, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_ends_of_days_dates_and_fractions(text: str, timestamp: datetime) -> None:
    assert _read(text) == _us(timestamp)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30", "2024-13-01", "2023-366", "2023-W53-1", "2024-W13-8", "2024-03-31T24:00:01Z", "2024-03-31T24:30",
        "2024-03-31T25:00", "2024-03-31T01:60", "2024-03-31T01:30:61", "2024-03-31T01:30:00+25:00",
        "2024-03-31T01:30:00+02:60", "2024-03", "2024", "31.03.2024", "2024-03-31T", "2024-03-31TZ", "P1D", "",
        "2024-0331", "202403-31", "2024-03-31T0130:00", "2024-03-31T01:30:00.Z", "2024-03-31T01:30:00Zulu",
        "2024-03-31T01:59:60Z", "+12024-03-31",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_none(text: str) -> None:
    assert _read(text) is None


ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMESTAMPS = st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31), timezones=ZONES)


@settings(max_examples=200, deadline=None)
@given(
    TIMESTAMPS,
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%G-W%V-%u", "%GW%V%u", "%Y-%j", "%Y%j"]),
    st.sampled_from(["%H:%M:%S.%f", "%H%M%S,%f"]),
    st.sampled_from(["T", "t", " "]),
    st.booleans(),
)
def test_timestamps_in_all_forms_are_as_datetime_wrote_them(
    timestamp: datetime, day: str, time: str, between: str, zoned: bool
) -> None:
    text = timestamp.strftime(day + between + time) + (timestamp.strftime("%z") if zoned else "")
    assert _read(text) == _us(timestamp if zoned else timestamp.replace(tzinfo=UTC))


def test_forms_may_be_mixed_in_one_column_and_are_read_in_its_order() -> None:
    texts = ["2024-03-31T01:30:00Z", "nothing", "20240331T013000Z", None, "2024-03-31"]
    assert iso_timestamps(pl.Series(texts)).to_list() == [
        _us(TIMESTAMP),
        None,
        _us(TIMESTAMP),
        None,
        _us(TIMESTAMP) - 5_400 * 10**6,
    ]


def test_the_error_on_a_text_that_is_no_iso_timestamp_shows_one(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"line 2: at is '2024-03', not a timestamp of ISO 8601, as 2024-03-31T01:30:00Z"
    ):
        _mapping(tmp_path, ISO, log_csv="who,what,at\n1,2,2024-03\n")


@pytest.mark.parametrize(
    ("unit", "value", "meant"),
    [
        ("s", "1711848600000", "milliseconds"),
        ("s", "1711848600000.5", "milliseconds"),
        ("s", "1711848600000000", "microseconds"),
        ("s", "1711848600000000000", "nanoseconds"),
        ("ms", "1711848600000000", "microseconds"),
        ("us", "1711848600000000000", "nanoseconds"),
    ],
)
def test_a_mistaken_unit_is_suggested(tmp_path: Path, unit: str, value: str, meant: str) -> None:
    short = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}[meant]
    problem = rf'which is no timestamp of 1970 to 2100 .*; in {meant} it is 2024-03-31: set time_unit = "{short}"'
    with pytest.raises(DataError, match=problem):
        _mapping(tmp_path, LOG + f'time_unit = "{unit}"\n', log_csv=f"who,what,at\n1,2,{value}\n")
    dataset = _mapping(tmp_path, LOG + f'time_unit = "{short}"\n', log_csv=f"who,what,at\n1,2,{value}\n")
    assert dataset.time_range_us()[0] // 10**6 == 1_711_848_600


def test_a_mistaken_unit_of_a_fixed_format_leads_to_a_mapping(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\ttimestamp:float\n1\t2\t1711848600000\n"
    with pytest.raises(
        DataError, match="in milliseconds it is 2024-03-31: divide by 1,000, or import the log by a map"
    ):
        read_log("recbole", _recbole(tmp_path, inter=inter), tmp_path / "out")
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,4,1711848600000000\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n10,Hat,War\n")
    with pytest.raises(DataError, match="in microseconds it is 2024-03-31: divide by 1,000,000, or import"):
        read_log("movielens", folder, tmp_path / "out")


def test_no_unit_is_suggested_for_what_is_no_timestamp_in_any(tmp_path: Path) -> None:
    for value in ("-5", "9" * 20):
        with pytest.raises(DataError, match="which is no timestamp of 1970 to 2100 in seconds") as error:
            _mapping(tmp_path, LOG, log_csv=f"who,what,at\n1,2,{value}\n")
        assert "it is" not in str(error.value)


def test_seconds_taken_for_milliseconds_are_warned_about_with_the_unit(tmp_path: Path) -> None:
    csv = "who,what,at\n1,2,1711848600\n1,3,1711848601\n"
    notes = _notes(_mapping(tmp_path, LOG + 'time_unit = "ms"\n', log_csv=csv))
    words = '2 timestamps before 1990, as 1970-01-20 (1711848600); in seconds it is 2024-03-31: set time_unit = "s"'
    assert notes == {("log.csv", words): (["at"], True)}


def test_dates_in_digits_taken_for_seconds_are_warned_about_with_the_form(tmp_path: Path) -> None:
    notes = _notes(_mapping(tmp_path, LOG, log_csv="who,what,at\n1,2,20240331\n"))
    words = '1 timestamp before 1990, as 1970-08-23 (20240331); as ISO 8601 it is 2024-03-31: set time_format = "iso"'
    assert notes == {("log.csv", words): (["at"], True)}


def test_texts_for_numbers_and_numbers_for_texts_are_suggested(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='not a number of seconds; as ISO 8601 it is 2024-03-31: set time_format = "is'):
        _mapping(tmp_path, LOG, log_csv="who,what,at\n1,2,2024-03-31T01:30:00Z\n")
    with pytest.raises(DataError, match='in milliseconds it is 2024-03-31: set time_unit = "ms" and no time_format'):
        _mapping(tmp_path, ISO, log_csv="who,what,at\n1,2,1711848600000\n")


def test_years_before_1990_are_warned_about_wherever_they_stand(tmp_path: Path) -> None:
    toml = (
        ISO + '[users]\nfile = "people.csv"\nid = "who"\ncreated = "since"\ntime_format = "%d.%m.%Y"\n'
        '[items]\nfile = "things.parquet"\nid = "what"\ntime = "made"\ntext = ["what"]\n'
    )
    things = pl.DataFrame({"what": [2], "made": [date(1977, 5, 25)]})
    dataset = _mapping(
        tmp_path, toml, log_csv="who,what,at\n1,2,1989-12-31T23:59:59Z\n1,2,1990-01-01T00:00:00Z\n",
        people_csv="who,since\n1,01.02.1980\n", things_parquet=things,
    )  # fmt: skip
    found = [words for (_, words), (_, warning) in _notes(dataset).items() if warning]
    assert found == [
        "1 timestamp before 1990, as 1989-12-31 (1989-12-31T23:59:59Z)",
        "1 timestamp before 1990, as 1980-02-01 (01.02.1980)",
        "1 timestamp before 1990, as 1977-05-25 (1977-05-25)",
    ]


def test_timestamps_of_lines_that_are_left_out_are_not_warned_about(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(LOG)
    (tmp_path / "log.csv").write_text("who,what,at\n1,2,1711848600\n1,3,1711848601\nann,4,5\n")
    dataset = read_log("mapping", tmp_path / "m.toml", tmp_path / "out", skip_bad=True)
    assert (_notes(dataset), dataset.rows("engagements")) == ({}, 2)


def test_timestamps_without_a_zone_are_noted_as_utc(tmp_path: Path) -> None:
    both = "who,what,at\n1,2,2024-03-31T01:30:00Z\n1,3,2024-03-31T01:30:00\n"
    assert _notes(_mapping(tmp_path, ISO, log_csv=both)) == {
        ("log.csv", "1 of 2 timestamps has no zone and is taken as UTC"): (["at"], True)
    }
    none = "who,what,at\n1,2,2024-03-31 01:30:00\n1,3,20240331\n"
    assert _notes(_mapping(tmp_path, ISO, log_csv=none)) == {
        ("log.csv", "timestamps have no zone and are taken as UTC"): (["at"], False)
    }


def test_a_log_in_order_of_its_file_has_no_timestamps_to_warn_about(tmp_path: Path) -> None:
    toml = LOG.replace('time = "at"\n', 'order = "file"\n')
    words = "no `time`: line n counts as n microseconds after 1970, which serves order alone"
    assert _notes(_mapping(tmp_path, toml, log_csv="who,what\n1,2\n")) == {("log.csv", words): ([], False)}


def test_atomic_files_without_times_are_imported_in_order_where_a_mapping_says_so(tmp_path: Path) -> None:
    inter = "user_id:token\titem_id:token\n1\t10\n2\t20\n1\t20\n"
    folder = _recbole(tmp_path, inter=inter)
    (folder / "m.toml").write_text(
        '[log]\nfile = "shop.inter"\nseparator = "\\t"\nquote = ""\nuser = "user_id:token"\nitem = "item_id:token"\n'
        'order = "file"\nconstants.action = "click"\n'
    )
    dataset = read_log("mapping", folder / "m.toml", tmp_path / "out")
    rows = dataset.scan("engagements").select("time_us", "user_id", "tweet_id").collect().rows()
    assert rows == [(1, 1, 10), (2, 2, 20), (3, 1, 20)]
    with tempfile.TemporaryDirectory() as other:
        (Path(other) / "ratings.csv").write_text("userId,movieId,rating\n1,10,4\n")
        (Path(other) / "movies.csv").write_text("movieId,title,genres\n10,Hat,War\n")
        with pytest.raises(DataError, match="has no column 'timestamp'"):
            read_log("movielens", Path(other), tmp_path / "out")
