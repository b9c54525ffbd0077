"""Logs of what was shown, by a mapping and of MIND, become requests, impressions and engagements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers import read_log

SHOWN = """[impressions]
file = "shown.csv"
request = "feed"
user = "who"
item = "what"
time = "at"
position = "place"
clicked = "click"
propensity = "p"
"""
CSV = """feed,who,what,at,place,click,p
f2,2,30,20,2,1,0.25
f2,2,10,20,1,0,
f1,1,10,10,1,true,0.5
f1,1,20,12,3,false,0.125
f1,1,30,11,2,0,0.5
"""


def _import(folder: Path, toml: str = SHOWN, *, skip_bad: bool = False, **files: str | pl.DataFrame) -> Dataset:
    (folder / "shop.toml").write_text(toml)
    for name, content in ({"shown_csv": CSV} | files).items():
        path = folder / name.replace("_", ".")
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_text(content)
    return read_log("mapping", folder / "shop.toml", folder / "out", skip_bad=skip_bad)


def _rows(dataset: Dataset, name: str, *columns: str) -> list[tuple[Any, ...]]:
    return dataset.scan(name).select(columns).collect().rows()


def test_lines_of_shown_items_become_requests_impressions_and_clicks(tmp_path: Path) -> None:
    dataset = _import(tmp_path)
    assert set(dataset.tables) == {"users", "tweets", "requests", "impressions", "engagements"}
    assert _rows(dataset, "requests", "request_id", "time_us", "user_id", "product", "policy") == [
        (1, 10_000_000, 1, "log", "unknown"),
        (2, 20_000_000, 2, "log", "unknown"),
    ]
    columns = ("impression_id", "time_us", "request_id", "user_id", "tweet_id", "position", "propensity")
    assert _rows(dataset, "impressions", *columns) == [
        (1, 10_000_000, 1, 1, 10, 0, 0.5),
        (2, 11_000_000, 1, 1, 30, 1, 0.5),
        (3, 12_000_000, 1, 1, 20, 2, 0.125),
        (4, 20_000_000, 2, 2, 10, 0, None),
        (5, 20_000_000, 2, 2, 30, 1, 0.25),
    ]
    assert _rows(dataset, "engagements", "engagement_id", "time_us", "user_id", "tweet_id", "request_id", "action") == [
        (1, 10_000_000, 1, 10, 1, "click"),
        (2, 20_000_000, 2, 30, 2, "click"),
    ]
    assert sorted(_rows(dataset, "tweets", "tweet_id", "time_us")) == [
        (10, 10_000_000), (20, 12_000_000), (30, 11_000_000),
    ]  # fmt: skip
    assert dataset.scan("impressions").select("score").collect().to_series().is_nan().all()


def test_without_requests_and_places_user_and_timestamp_and_the_order_of_lines_are_used(tmp_path: Path) -> None:
    left_out = ('request = "feed"', 'position = "place"', 'propensity = "p"')
    toml = "\n".join(line for line in SHOWN.splitlines() if line not in left_out)
    csv = "who,what,at,click\nann,x,5,0\nbob,x,5,1\nann,y,5,1\nann,z,6,0\n"
    dataset = _import(tmp_path, toml, shown_csv=csv)
    assert _rows(dataset, "requests", "request_id", "time_us", "user_id") == [
        (1, 5_000_000, 0), (2, 5_000_000, 1), (3, 6_000_000, 0),
    ]  # fmt: skip
    assert _rows(dataset, "impressions", "request_id", "tweet_id", "position", "propensity") == [
        (1, 0, 0, None), (1, 1, 1, None), (2, 0, 0, None), (3, 2, 0, None),
    ]  # fmt: skip
    assert dataset.ids("tweets").originals([0, 1, 2]) == ["x", "y", "z"]


def test_several_actions_on_one_item_are_one_impression_and_lines_that_repeat_are_told(tmp_path: Path) -> None:
    actions = 'action = "event"\nactions = { tap = "click", buy = "share", hover = "" }'
    csv = (
        "feed,who,what,at,place,event,p\n7,1,10,5,0,tap,\n7,1,10,5,0,buy,\n7,1,10,5,0,tap,\n"
        "7,1,20,5,1,,\n7,1,30,5,2,hover,\n7,1,20,5,3,,\n"
    )
    dataset = _import(tmp_path, SHOWN.replace('clicked = "click"', actions), shown_csv=csv)
    assert _rows(dataset, "impressions", "tweet_id", "position") == [(10, 0), (20, 1), (30, 2)]
    assert _rows(dataset, "engagements", "tweet_id", "request_id", "action") == [(10, 1, "click"), (10, 1, "share")]
    reason = "shows an item again that its request has"
    assert dataset.config["skipped"] == [{"file": "shown.csv", "reason": reason, "lines": 2, "first": [4, 7]}]


def test_a_log_an_impression_log_and_items_share_their_ids(tmp_path: Path) -> None:
    toml = (
        'author_ids = "users"\n'
        '[log]\nfile = "log.csv"\nuser = "maker"\nitem = "sku"\ntime = "at"\nconstants.action = "like"\n'
        + SHOWN.replace("shown.csv", "shown.parquet")
        + '[items]\nfile = "items.csv"\nid = "sku"\nauthor = "maker"\ntext = ["title"]\n'
    )
    shown = pl.DataFrame({
        "feed": [1, 1], "who": ["ann", "ann"], "what": ["x", "y"], "at": [5, 5], "place": [0, 1],
        "click": [1.0, 0.0], "p": [None, 0.5],
    })  # fmt: skip
    log, items_csv = "maker,sku,at\nbob,x,9\n", "sku,title,maker\nx,Hat,cat\ny,,\n"
    dataset = _import(tmp_path, toml, shown_parquet=shown, log_csv=log, items_csv=items_csv)
    users, items = dataset.ids("users"), dataset.ids("tweets")
    assert (users.originals([0, 1, 2]), items.originals([0, 1])) == (["bob", "ann", "cat"], ["x", "y"])
    assert _rows(dataset, "engagements", "user_id", "tweet_id", "author_id", "request_id", "action") == [
        (1, 0, 2, 1, "click"), (0, 0, 2, None, "like"),
    ]  # fmt: skip
    assert _rows(dataset, "impressions", "tweet_id", "author_id") == [(0, 2), (1, None)]
    with pytest.raises(DataError, match=r"log\.csv line 2: maker is '', an id is needed"):
        _import(tmp_path, toml, log_csv="maker,sku,at\n,x,9\nbob,x,9\n")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("f3,1,10,30,1,maybe,0.5", "click is 'maybe', neither true nor false"),
        ("f3,1,10,30,1,2,0.5", "click is '2', neither true nor false"),
        ("f3,1,10,30,1,,0.5", "click is '', 1 or 0 is needed"),
        ("f3,1,10,30,first,1,0.5", "place is 'first', not a whole number"),
        ("f3,1,10,30,-1,1,0.5", "place is '-1', less than 0"),
        ("f3,1,10,30,1,1,1.5", "p is '1.5', more than 1"),
        ("f3,1,10,soon,1,1,0.5", "at is 'soon', not a number of seconds"),
        (",1,10,30,1,1,0.5", "feed is '', an id is needed"),
        ("f1,2,10,30,1,1,0.5", "who is '2', another than on the first line of its request"),
        ("f3,ann,10,30,1,1,0.5", "who is 'ann', not a whole number"),
    ],
)
def test_a_shown_line_that_does_not_fit_is_named_and_can_be_left_out(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"shown\.csv line 7: {problem}"):
        _import(tmp_path, shown_csv=CSV + line + "\n")
    assert not (tmp_path / "out").exists()
    dataset = _import(tmp_path, shown_csv=CSV + line + "\n", skip_bad=True)
    assert dataset.rows("impressions") == 5
    assert [(one["lines"], one["first"]) for one in dataset.config["skipped"]] == [(1, [7])]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        (
            SHOWN.replace('clicked = "click"\n', ""),
            "impressions in .*name the column `clicked`, or the column `action`",
        ),
        (SHOWN + 'action = "event"\n', "name the column `clicked`, or the column `action`"),
        (SHOWN.replace('time = "at"\n', ""), r"impressions\.time in .*Field required"),
        (SHOWN + 'value = "stars"\n', r"unknown key 'impressions\.value'.*the keys of impressions are file"),
        (SHOWN + 'actions = { buy = "purchase" }\n', r"impressions\.actions in .*'buy' cannot become 'purchase'"),
        (
            SHOWN + '[log]\nfile = "log.csv"\nuser = "a"\nitem = "b"\norder = "file"\nconstants.action = "like"\n',
            r"^mapping \S*: .*and so must \[log\]",
        ),
    ],
)
def test_a_mapping_of_impressions_that_is_wrong_is_refused(tmp_path: Path, toml: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        _import(tmp_path, toml)


def test_a_column_that_is_not_there_or_has_no_click_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"shown\.csv has no column 'seen', it has 'feed'"):
        _import(tmp_path, SHOWN.replace('"click"', '"seen"'))
    with pytest.raises(DataError, match=r"shown\.csv has no line with an action; is 'click' the right column"):
        _import(tmp_path, shown_csv="feed,who,what,at,place,click,p\n1,1,1,1,1,0,1\n")


BEHAVIORS = (
    "1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n"
    "2\tU91836\t11/12/2019 6:11:30 PM\t\tN20678-0 N55689-0 N58114-1\n"
    "3\tU13740\t11/11/2019 12:00:00 AM\tN55189\tN35729-1\n"
)
NEWS = (
    'N55689\tsports\tfootball_nfl\tHe said "no"\tAn abstract\thttps://x\t[{"Label": "A"}]\t[]\n'
    "N35729\tnews\tnewsus\tPorsche\t\thttps://x\t[]\t[]\n"
    "N99\tnews\tnewsus\tNever shown\t\thttps://x\t[]\t[]\n"
)


def _mind(folder: Path, behaviors: str = BEHAVIORS, news: str = NEWS) -> Path:
    source = folder / "MINDtiny"
    source.mkdir(exist_ok=True)
    (source / "behaviors.tsv").write_text(behaviors)
    (source / "news.tsv").write_text(news)
    return source


def test_mind_is_read_without_its_histories(tmp_path: Path) -> None:
    dataset = read_log("mind", _mind(tmp_path), tmp_path / "out")
    users, items = dataset.ids("users"), dataset.ids("tweets")
    day = 18_211 * 86_400 * 10**6
    assert dataset.name == "MINDtiny"
    assert [
        (request, time - day, users.originals([user])[0])
        for request, time, user in _rows(dataset, "requests", "request_id", "time_us", "user_id")
    ] == [(1, 0, "U13740"), (2, 32_758 * 10**6, "U13740"), (3, (86_400 + 65_490) * 10**6, "U91836")]
    shown = _rows(dataset, "impressions", "request_id", "tweet_id", "position", "propensity")
    assert [(request, items.originals([item])[0], *rest) for request, item, *rest in shown] == [
        (1, "N35729", 0, None),
        (2, "N55689", 0, None), (2, "N35729", 1, None),
        (3, "N20678", 0, None), (3, "N55689", 1, None), (3, "N58114", 2, None),
    ]  # fmt: skip
    clicks = _rows(dataset, "engagements", "request_id", "tweet_id", "action")
    assert [(request, items.originals([item])[0], action) for request, item, action in clicks] == [
        (1, "N35729", "click"), (2, "N55689", "click"), (3, "N58114", "click"),
    ]  # fmt: skip
    assert {items.originals([item])[0]: text for item, text in _rows(dataset, "tweets", "tweet_id", "text")} == {
        "N55689": 'He said "no". An abstract. sports. football_nfl',
        "N35729": "Porsche. news. newsus",
        "N99": "Never shown. news. newsus",
        "N20678": "",
        "N58114": "",
    }
    assert dataset.days("impressions") == ["2019-11-11", "2019-11-12"]
    assert dataset.config["lines_out_of_order"] == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("4\tU1\t11/12/2019 6:11:30 PM\t\tN1-1 N2", "impressions is 'N1-1 N2', no list as 'N1-1 N2-0'"),
        ("4\tU1\t11/12/2019 6:11:30 PM\t\tN1-1 N2-3", "impressions is 'N1-1 N2-3', no list"),
        ("4\tU1\t11/12/2019 6:11:30 PM\tN1\t", "impressions is '', no list"),
        ("4\tU1\t2019-11-12\tN1\tN1-0", "time is '2019-11-12', not a timestamp of the form"),
        ("4\t\t11/12/2019 6:11:30 PM\tN1\tN1-0", "user is '', an id is needed"),
        ("4\tU1\t11/12/2019 6:11:30 PM\tN1-0", "the line does not have 5 fields but 4"),
    ],
)
def test_a_mind_line_that_does_not_fit_is_named(tmp_path: Path, line: str, problem: str) -> None:
    source = _mind(tmp_path, BEHAVIORS + line + "\n")
    with pytest.raises(DataError, match=rf"behaviors\.tsv line 4: {problem}"):
        read_log("mind", source, tmp_path / "out")
    assert read_log("mind", source, tmp_path / "out", skip_bad=True).rows("requests") == 3


def test_the_test_part_of_mind_and_news_that_stand_twice_are_refused(tmp_path: Path) -> None:
    hidden = BEHAVIORS.replace("-1", "").replace("-0", "")
    with pytest.raises(DataError, match=r"line 1: impressions is .*; the test part hides the clicks \(3 of 3"):
        read_log("mind", _mind(tmp_path, hidden), tmp_path / "out")
    with pytest.raises(DataError, match=r"news\.tsv line 4: id is 'N99', which is there more than once"):
        read_log("mind", _mind(tmp_path, news=NEWS + NEWS.splitlines()[-1] + "\n"), tmp_path / "out")
    long = "4\tU1\t11/12/2019 6:11:30 PM\t\t" + "N12345-0 " * 200 + "N1\n"
    with pytest.raises(DataError, match=r"line 4: impressions is '(N12345-0 ){11}N\.\.\.', no list"):
        read_log("mind", _mind(tmp_path, BEHAVIORS + long), tmp_path / "out")
