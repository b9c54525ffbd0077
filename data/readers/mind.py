"""MIND, the Microsoft News Dataset: news that were shown to people, and which of them they clicked.

Source: https://msnews.github.io; Wu et al., "MIND: A Large-scale Dataset for News Recommendation", ACL 2020. A folder
(MINDsmall_train, MINDlarge_dev and the like) holds behaviors.tsv and news.tsv, tabs between the fields and no header.

- A line of behaviors.tsv is a request: the news that were shown, each with 1 where it was clicked. A click is an
  engagement at the time of its request; when the person clicked was not logged. Times are taken as UTC.
- **The order of the news of a request was shuffled by those who made the set.** `position` is the place in the line and
  does not show where an item was. Propensities and scores were not logged.
- **The history of a line (news that the person had clicked before the log begins) has no times and is left out** rather
  than dated by guess: what a person liked is known from their clicks in the log alone.
- Users and news have texts as ids and are numbered. Each folder becomes a data set with numbers of its own.
- An item's text is its title, its abstract, its category and its subcategory. When a piece of news came was not
  published: it counts from when it was first shown, and one never shown from the log's first time.
- The test part hides the clicks and is refused.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.feeds import feeds_of
from data.readers.files import Layout, read_text
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.tables import items_of, note_unknown, number_events, users_of, write_log

BEHAVIORS = ("impression_id", "user", "time", "history", "impressions")
"""Columns of behaviors.tsv."""

NEWS = ("id", "category", "subcategory", "title", "abstract", "url", "title entities", "abstract entities")
"""Columns of news.tsv."""

_TIME = "%m/%d/%Y %I:%M:%S %p"
_SHOWN = r"^\S+-[01]( \S+-[01])*$"
"""As `N1-1 N2-0`."""


def read_mind(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads `source/behaviors.tsv` and `source/news.tsv` and writes a data set at `out`.

    Raises:
        DataError: a folder or file is missing, a value does not fit, with its line, or clicks are hidden.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder", remedy="give the unpacked folder with behaviors.tsv and news.tsv")
    lines = read_text(source / "behaviors.tsv", ["user", "time", "impressions"], Layout("\t", None, BEHAVIORS))
    things = read_text(source / "news.tsv", NEWS[:5], Layout("\t", None, NEWS))
    users, items = Ids("users", "text"), Ids("tweets", "text")
    requests = _requests(lines, users, skip_bad)
    news = _news(things, items, skip_bad)
    shown = _shown(requests.with_columns(users.number(requests["user_id"])))
    note_unknown(things, news["tweet_id"], [shown["tweet_id"]], "items")
    first, second = items.number(shown["tweet_id"], news["tweet_id"])
    shown, news = shown.with_columns(first), news.with_columns(second)
    tables = feeds_of(lines, shown, ["line"], product="news")
    tables["engagements"] = number_events(tables["engagements"])
    tables |= {"users": users_of(shown), "tweets": items_of(shown, news)}
    name = source.resolve().name
    config = {"reader": "mind", "source": name}
    return write_log(
        out, name, config, tables, ids=(users, items), files=(lines, things), times=requests["time_us"], daily=True,
        beside=[*source.glob("*.tsv"), *source.glob("*.vec")],
    )  # fmt: skip


def _requests(lines: Lines, users: Ids, skip_bad: bool) -> pl.DataFrame:
    """Requests in the order of the file, with their lists as texts."""
    texts = lines.text("impressions").str.strip_chars()
    hidden = "; the test part hides the clicks" if not texts.str.contains("-[01]$").any() else ""
    lines.refuse(~texts.str.contains(_SHOWN), "impressions", f"no list as 'N1-1 N2-0'{hidden}")
    columns = {
        "user_id": users.check((lines, "user"))[0],
        "time_us": lines.timestamp("time", form=_TIME),
        "impressions": texts,
    }
    return lines.keep(columns, skip_bad=skip_bad)


def _shown(requests: pl.DataFrame) -> pl.DataFrame:
    """A row for every item of every request, in order of the file."""
    rows = requests.with_row_index("line").with_columns(pl.col("impressions").str.split(" "))
    rows = rows.explode("impressions")
    clicked = pl.col("impressions").str.ends_with("-1")
    return rows.select(
        "line", "user_id", "time_us",
        tweet_id=pl.col("impressions").str.head(-2),
        action=pl.when(clicked).then(pl.lit("click")).otherwise(pl.lit("")),
    )  # fmt: skip


def _news(lines: Lines, items: Ids, skip_bad: bool) -> pl.DataFrame:
    """`tweet_id`, as text, and `text` of each piece."""
    ids = items.check((lines, "id"))[0]
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), "id", "which is there more than once")
    text = pl.concat_str("title", "abstract", "category", "subcategory", separator=". ", ignore_nulls=True)
    return lines.keep(lines.frame.select(ids.alias("tweet_id"), text=text), skip_bad=skip_bad)
