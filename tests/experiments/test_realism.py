"""The realism report on logs so small that every figure is counted by hand, and the page it writes."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset, DatasetWriter
from data.events import HOUR_US, MINUTE_US
from data.readers import read_log
from experiments.realism.report import ABSENT, FIGURES, PLOTS, Row, realism, write_html

START = 1_767_571_200_000_000

# Standing follows, follower to followee: 1 and 2, and 1 and 3, follow each other.
EDGES = [(1, 2), (2, 1), (3, 1), (4, 1), (5, 1), (1, 3), (4, 5)]
ENDED = [(2, 3), (1, 4)]


def write(folder: Path, *, name: str = "by hand", edges: list[tuple[int, int, bool]]) -> Dataset:
    """Five people; 1 writes 16 of 20 tweets; 20 likes, 5 retweets, 1 reply, and 40 impressions."""
    ids = list(range(1, 21))
    kinds = ["original"] * 4 + ["retweet"] * 10 + ["reply"] * 4 + ["quote"] * 2
    texts = ["x" * 29, "x" * 33, "x" * 37] + ["#sea " + "y" * 60] + [""] * 10 + ["#sky yes"] + ["no"] * 5
    tweets = pl.DataFrame(
        {
            "tweet_id": ids,
            "time_us": [START + one for one in ids],
            "author_id": [1] * 16 + [2, 3, 4, 5],
            "kind": kinds,
            "text": texts,
            "media_count": [1, 1, 2] + [0] * 17,
        }
    )
    # Likes on ten impressions of request 1; the five retweets and the reply on impressions that are liked, too.
    delays = [MINUTE_US, 60 * MINUTE_US, 61 * MINUTE_US, 24 * HOUR_US, 25 * HOUR_US]
    acts = [(one % 10 + 1, "like", MINUTE_US) for one in range(20)]
    acts += [(at + 1, "retweet", delay) for at, delay in enumerate(delays)] + [(1, "reply", MINUTE_US)]
    engagements = pl.DataFrame(
        [
            {
                "engagement_id": at,
                "time_us": START + tweet + delay,
                "user_id": 2,
                "tweet_id": tweet,
                "action": action,
                "request_id": 1,
            }
            for at, (tweet, action, delay) in enumerate(acts)
        ]
    )
    shown = {"user_id": 2, "source": "follows", "score": 0.0, "propensity": 1.0}
    impressions = pl.DataFrame(
        {
            "impression_id": range(200),
            "time_us": [START + 30] * 200,
            "request_id": [at // 20 + 1 for at in range(200)],
            "tweet_id": [at % 20 + 1 for at in range(200)],
            "position": [at % 20 for at in range(200)],
        }
    ).with_columns(**{key: pl.lit(value) for key, value in shown.items()})
    follows = [
        {"follow_id": at, "time_us": START + at, "follower_id": a, "followee_id": b, "ended": ended}
        for at, (a, b, ended) in enumerate(edges)
    ]
    users = pl.DataFrame({"user_id": [1, 2, 3, 4, 5]}).with_columns(created_us=pl.lit(START), verified=pl.lit(False))
    with DatasetWriter(folder, name=name, config={}, seed=0) as out:
        out.write("users", users)
        if follows:
            out.write("follows", pl.DataFrame(follows))
        out.write("tweets", tweets)
        out.write("impressions", impressions)
        out.write("engagements", engagements)
        return out.commit()


@pytest.fixture
def by_hand(tmp_path: Path) -> Dataset:
    begun = [(a, b, False) for a, b in EDGES + ENDED]
    return write(tmp_path / "data", edges=begun + [(a, b, True) for a, b in ENDED])


def rows_of(dataset: Dataset) -> dict[str, Row]:
    return {row.name: row for row in realism(dataset)}


@pytest.mark.parametrize(
    ("figure", "value", "verdict"),
    [
        ("mean out-degree", 7 / 5, "missed"),
        ("edge reciprocity", 4 / 7, "missed"),
        # The top tenth of 5 people is nobody: it is at least one person, who wrote 16 of 20.
        ("tweets by the top 10%", 16 / 20, "met"),
        ("tweets by the top 25%", 16 / 20, "missed"),
        ("retweets per 100 likes", 25.0, "met"),
        ("replies per 100 likes", 5.0, "met"),
        ("quotes per 100 likes", 0.0, "missed"),
        ("share of originals", 4 / 20, "met"),
        ("share of retweets", 10 / 20, "met"),
        ("tweets without media", 7 / 10, "met"),
        ("tweets with a hashtag", 2 / 10, "missed"),
        ("mode of text length", 33.0, "met"),
        ("retweets within 60 min", 2 / 5, "met"),
        ("retweets within 24 h", 4 / 5, "missed"),
        ("impressions with engagement", 10 / 200, "met"),
    ],
)
def test_a_figure_is_what_is_counted_by_hand(by_hand: Dataset, figure: str, value: float, verdict: str) -> None:
    row = rows_of(by_hand)[figure]
    assert row.value == pytest.approx(value)
    assert row.verdict == verdict
    assert row.shown == f"{value:.3g}"


def test_the_exponent_of_in_degrees_is_the_discrete_hill_estimate(tmp_path: Path) -> None:
    degrees = [1] * 8 + [2, 4, 8]  # of 11 people followed; 4 is where the upper tenth begins
    edges = [(1000 + at, one, False) for one, degree in enumerate(degrees, 1) for at in range(degree)]
    row = rows_of(write(tmp_path / "data", edges=edges))["in-degree exponent"]
    assert row.value == pytest.approx(1 + 2 / (np.log(4 / 3.5) + np.log(8 / 3.5)))


def test_a_log_without_follows_says_so(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path / "data", edges=[]))
    silent = {one.name for one in FIGURES if "follows" in one.tables}
    assert {name for name, row in rows.items() if row.verdict == ABSENT} == silent
    for name in silent:
        assert (rows[name].value, rows[name].shown) == (None, "no data")
    assert rows["retweets per 100 likes"].value == 25.0


def test_a_log_of_ratings_has_no_figure_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,4.0,100\n1,20,3.0,200\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n10,A,War\n20,B,Drama\n")
    dataset = read_log("movielens", folder, tmp_path / "data")
    assert {row.verdict for row in realism(dataset)} == {"no data"}
    write_html(realism(dataset), tmp_path / "page.html", dataset)
    page = (tmp_path / "page.html").read_text()
    assert "0 of 0 measured figures met" in page
    assert "<img" not in page


def test_a_log_whose_follows_all_ended_still_has_a_report(tmp_path: Path) -> None:
    dataset = write(tmp_path / "data", edges=[(1, 2, False), (1, 2, True)])
    rows = rows_of(dataset)
    assert rows["mean out-degree"].value == 0
    assert rows["in-degree exponent"].verdict == ABSENT


def test_the_page_stands_alone(tmp_path: Path) -> None:
    dataset = write(tmp_path / "data", name="<b>mine & yours", edges=[(a, b, False) for a, b in EDGES])
    rows = realism(dataset)
    write_html(rows, tmp_path / "deep" / "page.html", dataset)
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == len(PLOTS) == len(re.findall(r"\bsrc\s*=", page))
    for picture in pictures:
        assert base64.b64decode(picture, validate=True).startswith(b"\x89PNG\r\n")
    bare = re.sub(r"base64,[^\"]+", "", page)
    for outside in ("http:", "https:", "//", "<link", "<script", "@import", "url("):
        assert outside not in bare
    assert "<b>mine" not in bare
    assert "&lt;b&gt;mine &amp; yours" in bare
    for row in rows:
        assert f"<td>{row.name}<td>{row.shown}<td>{row.target}<td>{row.verdict}<td>" in bare
    met = sum(row.verdict == "met" for row in rows)
    assert f"{met} of {len(rows)} measured figures met" in bare
