"""The realism report as a whole: its rows and verdicts, logs that lack tables, the page and the command."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from data.dataset import Dataset
from data.readers import read_log
from experiments.cli.__main__ import app
from experiments.realism.figure import Figure, Found, Part, judge, near
from experiments.realism.log import NoData
from experiments.realism.page import write_page
from experiments.realism.report import FIGURES, realism
from tests.experiments.realism.small_logs import at, row_of, write_log


def films(folder: Path) -> Dataset:
    """An imported log of ratings: no follows, no tweets, no feeds, no words."""
    source = folder / "films"
    source.mkdir()
    (source / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,4.0,100\n1,20,3.0,200\n")
    (source / "movies.csv").write_text("movieId,title,genres\n10,A,War\n20,B,Drama\n")
    return read_log("movielens", source, folder / "data")


def verdict(*values: float) -> str:
    parts = tuple(Part(name, "t", 0.0, 1.0) for name in "abc"[: len(values)])
    return judge(Figure("f", parts, "", "", (), lambda log: Found(values)), Found(values)).verdict


def test_every_number_must_lie_in_its_tolerance() -> None:
    nan = float("nan")
    assert verdict(0.0, 1.0) == "met"
    assert verdict(0.5, 1.1) == "missed"
    assert verdict(0.5, nan) == "no data"
    assert verdict(nan, -0.1) == "missed"
    assert verdict(nan) == "no data"


def test_a_row_names_what_is_outside() -> None:
    figure = Figure("f", (near("a", 0.5, percent=True), near("b", 10.0)), "how", "who", (), lambda log: Found([]))
    row = judge(figure, Found([0.7, 11.0], "n = 3"))
    assert (row.verdict, row.missed, row.note) == ("missed", ("a",), "n = 3")
    assert (row.shown, row.target, row.tolerance) == ("a 70%; b 11", "a 50%; b 10", "a 40% to 60%; b 8 to 12")
    assert row.value == [0.7, 11.0]
    absent = judge(figure, NoData("because"))
    assert (absent.verdict, absent.value, absent.shown, absent.note) == ("no data", None, "no data", "because")


def test_the_tolerance_of_a_share_ends_at_one() -> None:
    assert near("a", 0.97, most=0.05, percent=True).high == 1.0


def test_every_published_figure_has_a_row_with_its_definition() -> None:
    published = [one for one in FIGURES if one.published]
    assert len(published) == 40
    assert len({one.name for one in FIGURES}) == len(FIGURES)
    assert all(one.definition.endswith(".") and one.source and one.tables for one in FIGURES)


def test_a_log_of_ratings_has_no_figure_at_all(tmp_path: Path) -> None:
    report = realism(films(tmp_path))
    assert {row.verdict for row in report.rows} == {"no data"}
    assert all(row.note for row in report.rows)
    assert not report.plots
    write_page(report, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "0 of 40 published figures met, 0 missed, 40 without data" in page
    assert "<img" not in page


def test_a_log_without_texts_says_so_and_tells_the_rest(tmp_path: Path) -> None:
    tweets = [{"author_id": u, "time_us": at(h / 2)} for h in range(48) for u in (1, 2)]
    dataset = write_log(
        tmp_path / "log",
        tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)],
        follows=[(1, 2), (2, 1)],
    )
    rows = {row.name: row for row in realism(dataset).rows}
    for silent in ("text length", "Heaps beta / Zipf s", "tweets with a hashtag", "near-duplicate texts"):
        assert rows[silent].verdict == "no data"
        assert rows[silent].value is None
        assert "text" in rows[silent].note
    assert rows["edge reciprocity"].value == 1.0
    assert rows["scroll depth and session length"].note == "no rows in table impressions"


def test_a_column_that_may_be_null_may_be_absent(tmp_path: Path) -> None:
    tweets = [{"author_id": 1, "time_us": at(h), "text": "x" * 33} for h in range(3)]
    dataset = write_log(tmp_path / "log", tweets=[row | {"tweet_id": i} for i, row in enumerate(tweets)])
    file = dataset.folder / "tweets" / f"{dataset.days('tweets')[0]}.parquet"
    pl.read_parquet(file).drop("language", "place").write_parquet(file)
    assert row_of(dataset, "text length").value == [33.0, 0.0, 0.0, 0.0]
    pl.read_parquet(file).drop("media_count").write_parquet(file)
    assert row_of(dataset, "tweets with 0/1/2/3/4 media").note == "table tweets has no column media_count"


def test_progress_names_every_figure(tmp_path: Path) -> None:
    reported: list[tuple[float, float, str]] = []
    realism(films(tmp_path), progress=lambda done, total, note: reported.append((done, total, note)))
    assert reported == [(at, len(FIGURES), one.name) for at, one in enumerate(FIGURES)]


@pytest.mark.slow
def test_the_page_stands_alone(tiny_dataset: Dataset, tmp_path: Path) -> None:
    report = realism(tiny_dataset)
    write_page(report, tmp_path / "deep" / "page.html")
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == sum(map(len, report.plots.values())) == len(re.findall(r"\bsrc\s*=", page)) > 15
    for picture in pictures:
        assert base64.b64decode(picture, validate=True).startswith(b"\x89PNG\r\n")
    bare = re.sub(r"base64,[^\"]+", "", page)
    for outside in ("http:", "https:", "//", "<link", "<script", "@import", "url("):
        assert outside not in bare
    for row in report.rows:
        assert f"<td class=v>{row.verdict}<td>" in bare
    assert report.counted in bare


def test_the_page_escapes_what_a_data_set_calls_itself(tmp_path: Path) -> None:
    dataset = write_log(tmp_path / "log", follows=[(1, 2)], name="<b>mine & yours")
    write_page(realism(dataset), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<b>mine" not in page
    assert "&lt;b&gt;mine &amp; yours" in page


@pytest.mark.slow
def test_the_same_log_gives_the_same_report(tiny_dataset: Dataset) -> None:
    one, two = realism(tiny_dataset), realism(tiny_dataset)
    assert repr(one.rows) == repr(two.rows)


def test_the_command_reports_on_an_imported_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_HOME", str(tmp_path / "home"))
    folder = str(films(tmp_path).folder)
    printed = CliRunner().invoke(app, ["world", "report", folder, "--json", "--html", str(tmp_path / "page.html")])
    assert printed.exit_code == 0
    rows = json.loads(printed.stdout)
    assert len(rows) == len(FIGURES)
    fields = {"name", "value", "shown", "target", "tolerance", "definition", "source", "verdict"}
    assert all(fields <= set(row) and row["verdict"] == "no data" for row in rows)
    assert (tmp_path / "page.html").is_file()
    plain = CliRunner().invoke(app, ["world", "report", folder])
    assert plain.exit_code == 0
    assert "40 without data" in plain.stdout
