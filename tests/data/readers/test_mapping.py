"""Any log by a mapping of its columns: ids of every type and back, bad lines counted, wrong mappings refused."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers import read_log

LOG = '[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\ntime = "at"\nconstants.action = "like"\n'
CSV = "who,what,at\n1,10,5\n2,20,6\n1,20,7\n"


def _import(folder: Path, toml: str = LOG, *, skip_bad: bool = False, **files: str | bytes | pl.DataFrame) -> Dataset:
    (folder / "shop.toml").write_text(toml)
    for name, content in ({"log_csv": CSV} | files).items():
        path = folder / name.replace("_", ".")
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log("mapping", folder / "shop.toml", folder / "out", skip_bad=skip_bad)


def _events(dataset: Dataset, *columns: str) -> list[tuple[Any, ...]]:
    return dataset.scan("engagements").select(columns).collect().rows()


def test_a_log_with_users_and_items_beside_it(tmp_path: Path) -> None:
    toml = """
name = "my shop"
author_ids = "users"
[log]
file = "log.tsv"
user = "visitor"
item = "sku"
time = "at"
time_unit = "ms"
action = "event"
actions = { view = "click", buy = "share", scroll = "" }
value = "stars"
dwell_ms = "dwell"
[users]
file = "people.csv"
id = "visitor"
created = "joined"
time_format = "%d.%m.%Y"
username = "login"
language = "tongue"
verified = "ok"
[items]
file = "things.parquet"
id = "sku"
time = "since"
author = "seller"
text = ["title", "brand"]
"""
    since = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    dataset = _import(
        tmp_path,
        toml,
        log_tsv="at\tvisitor\tsku\tevent\tstars\tdwell\n5000\tv1\tS-1\tview\t\t120\n4000\tv2\tS-1\tbuy\t4\t\n"
        "6000\tv1\tS-2\tscroll\t\t\n",
        people_csv="visitor,joined,login,tongue,ok\nv2,02.01.1970,ann,en,yes\nv3,,bob,,0\n",
        things_parquet=pl.DataFrame({
            "sku": ["S-1", "S-9"], "since": [since, None], "seller": ["v2", "shop"], "title": ["Hat", None],
            "brand": ["Acme", "Umbra"],
        }),
    )  # fmt: skip
    users, items = dataset.ids("users"), dataset.ids("tweets")
    v1, v2, v3, seller = users.ids(["v1", "v2", "v3", "shop"]).tolist()
    hat, scrolled, other = items.ids(["S-1", "S-2", "S-9"]).tolist()
    assert dataset.name == "my shop"
    assert _events(dataset, "time_us", "user_id", "tweet_id", "author_id", "action", "value", "dwell_ms") == [
        (4_000_000, v2, hat, v2, "share", 4.0, None),
        (5_000_000, v1, hat, v2, "click", None, 120),
    ]
    people = {row[0]: row[1:] for row in dataset.scan("users").select(
        "user_id", "created_us", "username", "language", "verified").collect().rows()}  # fmt: skip
    assert people == {
        v1: (5_000_000, None, None, False),
        v2: (86_400_000_000, "ann", "en", True),
        v3: (4_000_000, "bob", None, False),
        seller: (4_000_000, None, None, False),
    }
    things = {row[0]: row[1:] for row in dataset.scan("tweets").select(
        "tweet_id", "time_us", "author_id", "text", "kind").collect().rows()}  # fmt: skip
    assert things == {
        hat: (1_000_000, v2, "Hat. Acme", "item"),
        scrolled: (6_000_000, None, "", "item"),
        other: (4_000_000, seller, "Umbra", "item"),
    }
    reason = "event: no engagement by the mapping"
    assert dataset.config["skipped"] == [{"file": "log.tsv", "reason": reason, "lines": 1, "first": [4]}]
    assert dataset.tables == ("users", "tweets", "engagements")


IDS = st.one_of(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=8).map(lambda ids: [str(one) for one in ids]),
    st.lists(st.integers(2**63, 2**80), min_size=1, max_size=8).map(lambda ids: [str(one) for one in ids]),
    st.lists(st.uuids(), min_size=1, max_size=8).map(lambda ids: [str(one) for one in ids]),
    st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=5), min_size=1, max_size=8
    ),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(IDS, st.sampled_from(["auto", "text"]))
def test_ids_of_any_type_become_numbers_and_come_back(ids: list[str], kind: str) -> None:
    assume(len({one.lstrip("0") for one in ids}) == len(set(ids)))
    kind = "text" if len({one.isascii() and one.isdigit() for one in ids}) > 1 else kind
    frame = pl.DataFrame({"who": ids, "what": ids[::-1], "at": range(len(ids))})
    with tempfile.TemporaryDirectory() as folder:
        toml = f'user_ids = "{kind}"\nitem_ids = "{kind}"\n' + LOG.replace("log.csv", "log.parquet")
        dataset = _import(Path(folder), toml, log_parquet=frame)
        for name, column, given_ids in (("users", "user_id", ids), ("tweets", "tweet_id", ids[::-1])):
            got = dataset.scan("engagements").sort("time_us").select(column).collect().to_series().to_numpy()
            assert dataset.ids(name).originals(got) == given_ids
            assert dataset.ids(name).ids(given_ids).tolist() == got.tolist()
            if dataset.ids(name).numbered:
                assert sorted(set(got.tolist())) == list(range(len(set(ids))))
            else:
                assert [str(one) for one in got] == given_ids


def test_files_without_a_header_with_separators_and_encodings_of_their_own(tmp_path: Path) -> None:
    toml = """
[log]
file = "u.data"
columns = ["who", "what", "stars", "at"]
separator = "\\t"
user = "who"
item = "what"
time = "at"
value = "stars"
constants.action = "rate"
[items]
file = "movies.dat"
columns = ["id", "title", "genres"]
separator = "::"
encoding = "latin-1"
id = "id"
text = ["title"]
"""
    movies = '10::Amélie "2", the::War\n20::B::\n'.encode("latin-1")
    dataset = _import(tmp_path, toml, u_data="1\t10\t4\t5\n2\t20\t3\t6\n", movies_dat=movies)
    assert _events(dataset, "user_id", "tweet_id", "value") == [(1, 10, 4.0), (2, 20, 3.0)]
    assert dict(dataset.scan("tweets").select("tweet_id", "text").collect().iter_rows()) == {
        10: 'Amélie "2", the',
        20: "B",
    }
    with pytest.raises(DataError, match=r"movies\.dat line 1 is not UTF-8|movies\.dat line 1: the line is not UTF-8"):
        _import(tmp_path, toml.replace('encoding = "latin-1"', ""), movies_dat=movies)
    with pytest.raises(DataError, match=r"u\.data has no column 'at', it has 'who', 'what', 'stars'"):
        _import(tmp_path, toml.replace(', "at"]', "]"))


def test_a_header_of_one_field_says_which_separator_to_set(tmp_path: Path) -> None:
    csv = CSV.replace(",", ";")
    with pytest.raises(DataError, match=r'log\.csv has no column .who.* with separator = ";"'):
        _import(tmp_path, log_csv=csv)
    assert _import(tmp_path, LOG + 'separator = ";"\n', log_csv=csv).rows("engagements") == 3


@pytest.mark.parametrize(
    ("column", "numbered", "back"),
    [
        (pl.Series([3, 1, 3], dtype=pl.UInt8), False, ["3", "1", "3"]),
        (pl.Series([3.0, 1.0, 3.0]), False, ["3", "1", "3"]),
        (pl.Series(["a", "b", "a"], dtype=pl.Categorical), True, ["a", "b", "a"]),
        (pl.Series([b"a", b"b", b"a"]), True, ["a", "b", "a"]),
        (pl.Series([date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 1)]), True, ["2020-01-01", "2020-01-02"] * 2),
        (pl.Series(["007", "08", "007"]), True, ["007", "08", "007"]),
        (pl.Series([str(2**63), "5", str(2**64)]), True, [str(2**63), "5", str(2**64)]),
    ],
)
def test_parquet_ids_in_any_dtype(tmp_path: Path, column: pl.Series, numbered: bool, back: list[str]) -> None:
    frame = pl.DataFrame({"who": column, "what": [1, 1, 1], "at": [1, 2, 3]})
    dataset = _import(tmp_path, LOG.replace("log.csv", "log.parquet"), log_parquet=frame)
    assert dataset.ids("users").numbered is numbered
    got = dataset.scan("engagements").select("user_id").collect().to_series().to_numpy()
    assert dataset.ids("users").originals(got) == back[:3]


def test_parquet_ids_that_are_lists_or_fractions_are_refused(tmp_path: Path) -> None:
    toml = LOG.replace("log.csv", "log.parquet")
    for column, problem in (
        ([[1], [2]], r"column 'who' holds List\(Int64\), no ids"),
        ([1.5, 2.0], "row 1: who is 1.5, not a whole number"),
        ([None, 2], "row 1: who is '', an id is needed"),
    ):
        with pytest.raises(DataError, match=problem):
            _import(tmp_path, toml, log_parquet=pl.DataFrame({"who": column, "what": [1, 2], "at": [1, 2]}))


def test_times_in_every_form_are_the_same_moment(tmp_path: Path) -> None:
    for at in ("2020-01-01 10:00", "2020-01-01T10:00Z", "2020-01-01 12:00+02:00", "2020-01-01 08:30-01:30"):
        dataset = _import(tmp_path, LOG + 'time_format = "iso"\n', log_csv=f"who,what,at\n1,2,{at}\n")
        assert _events(dataset, "time_us") == [(1_577_872_800_000_000,)], at
    timestamp = 1_600_000_000_250_000
    for at, how in (
        ("1600000000.25", ""), ("1600000000250", 'time_unit = "ms"'), ("1600000000250000", 'time_unit = "us"'),
        ("1600000000250000000", 'time_unit = "ns"'), ("2020-09-13T12:26:40.25Z", 'time_format = "iso"'),
        ("2020-09-13 14:26:40.250000+02:00", 'time_format = "iso"'),
        ("13/09/20 12:26:40.250", 'time_format = "%d/%m/%y %H:%M:%S%.3f"'),
    ):  # fmt: skip
        dataset = _import(tmp_path, LOG + how + "\n", log_csv=f"who,what,at\n1,2,{at}\n")
        assert _events(dataset, "time_us") == [(timestamp,)], at


def test_mixed_ids_are_refused_by_line_unless_all_are_texts(tmp_path: Path) -> None:
    csv = "who,what,at\n1,10,5\nann,20,6\n3,20,7\n"
    with pytest.raises(DataError, match=r"line 3: who is 'ann', not a whole number.*user_ids = \"text\".*--skip-bad"):
        _import(tmp_path, log_csv=csv)
    assert _import(tmp_path, log_csv=csv, skip_bad=True).rows("engagements") == 2
    dataset = _import(tmp_path, 'user_ids = "text"\n' + LOG, log_csv=csv)
    assert dataset.ids("users").originals([0, 1, 2]) == ["1", "ann", "3"]
    with pytest.raises(DataError, match="line 4: who is '3', a whole number, while most ids of users are texts"):
        _import(tmp_path, log_csv="who,what,at\nbob,10,5\nann,20,6\n3,20,7\n")
    with pytest.raises(DataError, match="line 3: who is 'ann', not a whole number"):
        _import(tmp_path, 'user_ids = "integer"\n' + LOG, log_csv=csv)


def test_a_log_without_times_is_refused_or_taken_in_the_order_of_its_lines(tmp_path: Path) -> None:
    csv = "who,what\n1,10\n2,20\n1,20\n"
    with pytest.raises(DataError, match=r"log\.csv has no column 'at', it has 'who', 'what'"):
        _import(tmp_path, log_csv=csv)
    toml = LOG.replace('time = "at"\n', "")
    with pytest.raises(ConfigError, match='name the column `time`, or say order = "file" for a log without times'):
        _import(tmp_path, toml, log_csv=csv)
    dataset = _import(tmp_path, toml + 'order = "file"\n', log_csv=csv)
    assert _events(dataset, "time_us", "user_id", "tweet_id") == [(1, 1, 10), (2, 2, 20), (3, 1, 20)]


@pytest.mark.parametrize(
    ("csv", "problem"),
    [
        ("", r"log\.csv is empty"),
        ("who,what,at\n", r"log\.csv has a header and no rows"),
        (CSV + "3,30,soon\n", r"line 5: at is 'soon', not a number of seconds"),
        (CSV + "3,30,\n", r"line 5: at is '', not a number of seconds"),
        (
            CSV + "3,30,1600000000000\n",
            "line 5: at is '1600000000000', which is no timestamp of 1970 to 2100 in seconds",
        ),
        (CSV + "3,30\n", "line 5: the line does not have 3 fields but 2"),
        (CSV + ",30,7\n", "line 5: who is '', an id is needed"),
        ("who,what,at\nx,y,z\n", "line 2: at is 'z'.*none fits: is this the right file"),
    ],
)
def test_a_log_that_does_not_fit_is_refused_and_nothing_written(tmp_path: Path, csv: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        _import(tmp_path, log_csv=csv)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "shop.toml"]


def test_text_in_a_numeric_column_is_refused(tmp_path: Path) -> None:
    toml = LOG + 'value = "stars"\n'
    csv = "who,what,at,stars\n1,10,5,4\n1,11,6,\n1,12,7,five\n1,13,8,inf\n"
    with pytest.raises(DataError, match=r"line 4: stars is 'five', not a number \(2 of 4 lines do not fit\)"):
        _import(tmp_path, toml, log_csv=csv)
    assert _events(_import(tmp_path, toml, log_csv=csv, skip_bad=True), "value") == [(4.0,), (None,)]


def test_lines_of_few_stars_are_no_engagements(tmp_path: Path) -> None:
    toml = LOG + 'value = "stars"\nmin_value = 4\n'
    csv = "who,what,at,stars\n1,10,5,4\n2,11,6,3.5\n1,12,7,\n3,13,8,x\n"
    dataset = _import(tmp_path, toml, log_csv=csv, skip_bad=True)
    assert _events(dataset, "user_id", "tweet_id", "value") == [(1, 10, 4.0), (1, 12, None)]
    assert sorted(dataset.scan("tweets").select("tweet_id").collect().to_series()) == [10, 11, 12]
    assert sorted(dataset.scan("users").select("user_id").collect().to_series()) == [1, 2]
    assert [(one["reason"], one["first"]) for one in dataset.config["skipped"]] == [
        ("stars: not a number", [5]),
        ("stars: less than 4", [3]),
    ]
    for key, problem in (("min_value = 4\n", "min_value goes with `value`"), ('min_value = "four"\n', "log.min_value")):
        with pytest.raises(ConfigError, match=problem):
            _import(tmp_path, LOG + key)


def test_three_broken_lines_of_many_are_counted_with_their_numbers(tmp_path: Path) -> None:
    n = 200_000
    at = np.arange(n)
    parts = pl.DataFrame({"who": at % 997, "what": at % 89, "at": at}).write_csv().splitlines()
    bad = {77_777: "5,5,tomorrow", 123_456: "5", 199_999: "seven,5,5"}
    for line, text in bad.items():
        parts[line - 1] = text
    csv = "\n".join(parts)
    with pytest.raises(
        DataError, match=r"log\.csv line 77777: at is 'tomorrow', .* \(3 of 200,000 lines do not fit\).*--skip-bad"
    ):
        _import(tmp_path, log_csv=csv)
    assert not (tmp_path / "out").exists()
    dataset = _import(tmp_path, log_csv=csv, skip_bad=True)
    assert dataset.rows("engagements") == n - 3
    assert {(one["lines"], *one["first"]) for one in dataset.config["skipped"]} == {(1, line) for line in bad}
    kept = set(range(n)) - {line - 2 for line in bad}
    assert set(dataset.scan("engagements").select(pl.col("time_us") // 10**6).collect().to_series()) == kept


def test_only_the_first_numbers_of_many_broken_lines_are_kept(tmp_path: Path) -> None:
    csv = CSV + "".join(f"1,2,x{at}\n" for at in range(100))
    (skipped,) = _import(tmp_path, log_csv=csv, skip_bad=True).config["skipped"]
    assert skipped == {
        "file": "log.csv",
        "reason": "at: not a number of seconds",
        "lines": 100,
        "first": [5, 6, 7, 8, 9],
    }


def test_out_of_order_lines_are_counted_and_sorted(tmp_path: Path) -> None:
    dataset = _import(tmp_path, log_csv="who,what,at\n1,10,9\n1,11,3\n1,12,3\n1,13,8\n")
    assert dataset.config["lines_out_of_order"] == 1
    assert _events(dataset, "tweet_id") == [(11,), (12,), (13,), (10,)]


def test_an_action_that_is_not_ours_must_be_mapped(tmp_path: Path) -> None:
    toml = LOG.replace('constants.action = "like"', 'action = "event"')
    csv = "who,what,at,event\n1,10,5,purchase\n1,11,6,like\n"
    with pytest.raises(DataError, match="line 2: event is 'purchase', none of like, reply"):
        _import(tmp_path, toml, log_csv=csv)
    with pytest.raises(ConfigError, match=r"actions in .*'purchase' cannot become 'buy'; an action is one of like"):
        _import(tmp_path, toml + 'actions = { purchase = "buy" }\n', log_csv=csv)
    with pytest.raises(DataError, match="has no engagement: event: no engagement by the mapping"):
        _import(tmp_path, toml + 'actions = { purchase = "", like = "" }\n', log_csv=csv)


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[log\n", "is not TOML"),
        ("", r"^mapping \S*: it has neither \[log\] nor \[impressions\]"),
        (LOG + 'colour = "red"\n', r"unknown key 'log\.colour'.*the keys of log are file"),
        (LOG + 'time_unit = "hours"\n', "log.time_unit"),
        (LOG + 'separator = "\\n"\n', "log.separator"),
        (LOG + 'separator = "é"\n', "log.separator"),
        (LOG + 'separator = "::"\nquote = "|"\n', "the separator '::' goes without quotes: quote = \"\""),
        (LOG + "separator = '\"'\n", "is the separator and the quote"),
        (LOG + 'encoding = "klingon"\n', "'klingon' is no encoding of texts; say utf-8, latin-1 or cp1252"),
        (LOG + 'encoding = "base64"\n', "'base64' is no encoding of texts"),
        (LOG.replace("log.csv", "log.parquet") + 'columns = ["a"]\n', "is Parquet and names its columns itself"),
        (LOG + 'action = "event"\n', "name the column `action`, or one action"),
        (LOG.replace('"like"', '"buy"'), "constants.action 'buy' is none of like"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused(tmp_path: Path, toml: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        _import(tmp_path, toml)
    assert not (tmp_path / "out").exists()


def test_a_mapping_or_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml cannot be read: No such file"):
        read_log("mapping", tmp_path / "gone.toml", tmp_path / "out")
    (tmp_path / "m.toml").write_text(LOG)
    with pytest.raises(DataError, match=r"log\.csv does not exist"):
        read_log("mapping", tmp_path / "m.toml", tmp_path / "out")
    with pytest.raises(DataError, match="at is '5', not a timestamp of the form '%Q'"):
        _import(tmp_path, LOG + 'time_format = "%Q"\n')
