"""The realism report: figures of a data set's tables beside published ones, with a verdict and a page of plots.

It reads the data tables only, never the truth, so it runs on an imported log too; a figure whose tables are absent
says so. Adding a figure is one function and one line in `FIGURES`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.events import MINUTE_US
from data.tweet_text import hashtags_of

ABSENT = "no data"


@dataclass(frozen=True)
class Figure:
    """A published figure: where the value should lie, and who says so."""

    name: str
    target: str
    low: float
    high: float
    source: str
    tables: tuple[str, ...]
    measure: Callable[[Dataset], float]
    unit: str = ""


@dataclass(frozen=True)
class Row:
    """A figure of one data set."""

    name: str
    value: float | None
    shown: str
    target: str
    source: str
    verdict: str
    """`met`, `missed`, or `no data` where the tables are absent."""


def realism(dataset: Dataset) -> list[Row]:
    """Every figure of the report for one data set."""
    return [_row(dataset, figure) for figure in FIGURES]


def _row(dataset: Dataset, figure: Figure) -> Row:
    value = None
    if all(dataset.rows(name) for name in figure.tables):
        value = figure.measure(dataset)
    if value is None or not np.isfinite(value):
        return Row(figure.name, None, ABSENT, figure.target, figure.source, ABSENT)
    verdict = "met" if figure.low <= value <= figure.high else "missed"
    return Row(figure.name, value, f"{value:.3g}{figure.unit}", figure.target, figure.source, verdict)


def _edges(dataset: Dataset) -> pl.DataFrame:
    """Follows that stand at the log's end."""
    last = dataset.scan("follows").group_by("follower_id", "followee_id").agg(pl.col("ended").last())
    return last.filter(~pl.col("ended")).select("follower_id", "followee_id").collect()


def mean_out_degree(dataset: Dataset) -> float:
    """Follows a person."""
    return len(_edges(dataset)) / dataset.rows("users")


def reciprocity(dataset: Dataset) -> float:
    """Share of follow edges that are returned."""
    edges = _edges(dataset)
    back = edges.rename({"follower_id": "followee_id", "followee_id": "follower_id"})
    return len(edges.join(back, on=["follower_id", "followee_id"], how="semi")) / max(len(edges), 1)


def in_degree_exponent(dataset: Dataset) -> float:
    """Power-law exponent of in-degrees in the upper tenth, by the discrete Hill estimate (Clauset et al. 2009, 3.7)."""
    degree = _edges(dataset).group_by("followee_id").len()["len"].to_numpy().astype(np.float64)
    if not len(degree):
        return float("nan")
    low = max(float(np.quantile(degree, 0.9)), 1.0)
    tail = degree[degree >= low]
    return float(1 + len(tail) / np.log(tail / (low - 0.5)).sum())


def _share_of_top(dataset: Dataset, share: float) -> float:
    by_user = dataset.scan("tweets").group_by("author_id").len().collect()["len"].sort(descending=True)
    top = max(1, round(share * dataset.rows("users")))
    return float(by_user.head(top).sum()) / float(by_user.sum())


def _ratio_to_likes(dataset: Dataset, action: str) -> float:
    counts = dict(dataset.scan("engagements").group_by("action").len().collect().iter_rows())
    return 100 * counts.get(action, 0) / counts["like"] if counts.get("like") else float("nan")


def _share_of_kind(dataset: Dataset, kind: str) -> float:
    return float(dataset.scan("tweets").select((pl.col("kind") == kind).mean()).collect().item())


def _written(dataset: Dataset) -> pl.LazyFrame:
    return dataset.scan("tweets").filter(pl.col("kind").is_in(["original", "reply", "quote"]))


def media_share(dataset: Dataset) -> float:
    """Share of written tweets without media."""
    return float(_written(dataset).select((pl.col("media_count") == 0).mean()).collect().item())


def hashtag_share(dataset: Dataset) -> float:
    """Share of written tweets with a hashtag."""
    texts = _written(dataset).select("text").collect()["text"].to_list()
    return float((hashtags_of(texts).lengths > 0).mean()) if texts else float("nan")


def length_mode(dataset: Dataset) -> float:
    """Most common length of an original in characters, smoothed over nine lengths."""
    texts = dataset.scan("tweets").filter(pl.col("kind") == "original").select(pl.col("text").str.len_chars()).collect()
    counts = np.bincount(texts["text"].to_numpy(), minlength=300).astype(np.float64)
    return float(np.convolve(counts, np.ones(9) / 9, mode="same").argmax())


def _retweeted_within(dataset: Dataset, minutes: int) -> float:
    tweets = dataset.scan("tweets").select("tweet_id", "time_us")
    acted = dataset.scan("engagements").filter(pl.col("action") == "retweet").select("tweet_id", acted_us="time_us")
    delay = acted.join(tweets, on="tweet_id").select((pl.col("acted_us") - pl.col("time_us")) <= minutes * MINUTE_US)
    return float(delay.mean().collect().item() or float("nan"))


def engaged_share(dataset: Dataset) -> float:
    """Share of impressions with at least one engagement."""
    acted = dataset.scan("engagements").select("request_id", "tweet_id").unique().select(pl.len()).collect().item()
    return float(acted / dataset.rows("impressions"))


FIGURES: Sequence[Figure] = (
    Figure(
        "mean out-degree", "20-45, scaled with the world", 20, 45, "Kwak et al. 2010", ("follows",), mean_out_degree
    ),
    Figure("edge reciprocity", "0.30-0.42", 0.30, 0.42, "Kwak et al. 2010; KONECT", ("follows",), reciprocity),
    Figure("in-degree exponent", "2.1-2.7", 2.1, 2.7, "Kwak et al. 2010", ("follows",), in_degree_exponent),
    Figure(
        "tweets by the top 10%",
        "0.80 +- 0.10",
        0.70,
        0.90,
        "Pew 2019",
        ("tweets", "follows"),
        lambda d: _share_of_top(d, 0.10),
    ),
    Figure(
        "tweets by the top 25%",
        "0.97 +- 0.07",
        0.90,
        1.0,
        "Pew 2021",
        ("tweets", "follows"),
        lambda d: _share_of_top(d, 0.25),
    ),
    Figure(
        "retweets per 100 likes",
        "25.8 +- 6",
        19.8,
        31.8,
        "RecSys Challenge 2020",
        ("engagements",),
        lambda d: _ratio_to_likes(d, "retweet"),
    ),
    Figure(
        "replies per 100 likes",
        "6.2 +- 2",
        4.2,
        8.2,
        "RecSys Challenge 2020",
        ("engagements",),
        lambda d: _ratio_to_likes(d, "reply"),
    ),
    Figure(
        "quotes per 100 likes",
        "1.8 +- 0.8",
        1.0,
        2.6,
        "RecSys Challenge 2020",
        ("engagements",),
        lambda d: _ratio_to_likes(d, "quote"),
    ),
    Figure(
        "share of originals",
        "0.14 +- 0.08 (active quarter)",
        0.06,
        0.22,
        "Pew 2021",
        ("tweets", "follows"),
        lambda d: _share_of_kind(d, "original"),
    ),
    Figure(
        "share of retweets",
        "0.49 +- 0.12 (active quarter)",
        0.37,
        0.61,
        "Pew 2021",
        ("tweets", "follows"),
        lambda d: _share_of_kind(d, "retweet"),
    ),
    Figure(
        "tweets without media",
        "0.679 +- 0.05",
        0.629,
        0.729,
        "RecSys Challenge 2020",
        ("tweets", "follows"),
        media_share,
    ),
    Figure(
        "tweets with a hashtag",
        "0.128 +- 0.04",
        0.088,
        0.168,
        "10.1186/s40649-016-0028-9",
        ("tweets", "follows"),
        hashtag_share,
    ),
    Figure(
        "mode of text length",
        "33 +- 8 characters",
        25,
        41,
        "the platform's announcement",
        ("tweets", "follows"),
        length_mode,
    ),
    Figure(
        "retweets within 60 min",
        "0.35 +- 0.12",
        0.23,
        0.47,
        "a public retweet corpus",
        ("engagements", "impressions"),
        lambda d: _retweeted_within(d, 60),
    ),
    Figure(
        "retweets within 24 h",
        "0.95 +- 0.05",
        0.90,
        1.0,
        "a public retweet corpus",
        ("engagements", "impressions"),
        lambda d: _retweeted_within(d, 1440),
    ),
    Figure(
        "impressions with engagement",
        "0.02-0.15",
        0.02,
        0.15,
        "plausible range",
        ("impressions", "engagements"),
        engaged_share,
    ),
)
"""One entry a figure."""


def write_html(rows: Sequence[Row], path: Path, dataset: Dataset) -> None:
    """One page that stands alone: the table, and plots of degrees, activity, hours and text lengths."""
    lines = "".join(
        f'<tr class="{row.verdict.split()[0]}"><td>{escape(row.name)}<td>{escape(row.shown)}<td>{escape(row.target)}'
        f"<td>{row.verdict}<td>{escape(row.source)}"
        for row in rows
    )
    pictures = "".join(
        f'<figure><img alt="{escape(title)}" src="data:image/png;base64,{_plot(title, draw(dataset))}"></figure>'
        for title, (tables, draw) in PLOTS.items()
        if all(dataset.rows(name) for name in tables)
    )
    met = sum(row.verdict == "met" for row in rows)
    measured = sum(row.verdict != ABSENT for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Realism of {escape(dataset.name)}</title>"
        "<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem}"
        "td,th{padding:.2rem .8rem;text-align:left}"
        "tr.met td:nth-child(4){color:#18794e}tr.missed td:nth-child(4){color:#b42318;font-weight:600}"
        "tr.no{color:#777}figure{display:inline-block;margin:1rem 1rem 0 0}img{width:28rem}</style>"
        f"<h1>How real {escape(dataset.name)} looks</h1><p>{met} of {measured} measured figures met. "
        f"Content hash {dataset.content_hash[:16]}.</p>"
        f"<table><tr><th>figure<th>value<th>target<th>verdict<th>source{lines}</table>{pictures}</html>",
        encoding="utf-8",
    )


def _degrees(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, str, str, str]:
    degree = np.sort(_edges(dataset).group_by("followee_id").len()["len"].to_numpy())[::-1]
    return degree, np.arange(1, len(degree) + 1) / len(degree), "followers", "share with at least as many", "loglog"


def _activity(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, str, str, str]:
    counts = np.sort(dataset.scan("tweets").group_by("author_id").len().collect()["len"].to_numpy())[::-1]
    return counts, np.arange(1, len(counts) + 1) / len(counts), "tweets", "share with at least as many", "loglog"


def _hours(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, str, str, str]:
    by_hour = (pl.col("time_us") // (60 * MINUTE_US)) % 24
    hour = dataset.scan("tweets").select(by_hour).collect()["time_us"].to_numpy()
    counts = np.bincount(hour, minlength=24)
    return np.arange(24), counts / counts.sum(), "hour of the day, UTC", "share of tweets", "linear"


def _lengths(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, str, str, str]:
    length = _written(dataset).select(pl.col("text").str.len_chars()).collect()["text"].to_numpy()
    counts = np.bincount(length, minlength=281)
    return np.arange(len(counts)), counts / counts.sum(), "characters", "share of tweets", "linear"


_Draw = Callable[[Dataset], tuple[np.ndarray, np.ndarray, str, str, str]]

PLOTS: Mapping[str, tuple[tuple[str, ...], _Draw]] = {
    "Followers": (("follows",), _degrees),
    "Tweets a person": (("tweets", "follows"), _activity),
    "Hours": (("tweets", "follows"), _hours),
    "Text length": (("tweets", "follows"), _lengths),
}
"""One line a plot: title, tables it needs, what it draws."""


def _plot(title: str, data: tuple[np.ndarray, np.ndarray, str, str, str]) -> str:
    from matplotlib.figure import Figure as Canvas

    x, y, xlabel, ylabel, scale = data
    canvas = Canvas(figsize=(5, 3), layout="constrained", dpi=110)
    axes = canvas.subplots()
    axes.plot(x, y, color="#1d6fa5")
    if scale == "loglog":
        axes.set(xscale="log", yscale="log")
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(alpha=0.3)
    room = io.BytesIO()
    canvas.savefig(room, format="png")
    return base64.b64encode(room.getvalue()).decode()
