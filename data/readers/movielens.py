"""MovieLens as CSV files (ml-latest, ml-25m, ml-32m and the like): films become items, ratings engagements.

Source: https://grouplens.org/datasets/movielens/. Ids stay what they are. MovieLens does not say when a person
joined or when a film entered the catalogue, so both count from the first rating; a film that nobody rated counts from
the log's first moment. Nothing was logged about what people were shown: there are no requests and no impressions.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.files import read_text
from data.readers.lines import Lines
from data.readers.tables import items_of, number_events, users_of, write_log

RATINGS = ("userId", "movieId", "rating", "timestamp")
"""Columns of ratings.csv: ids, stars, and seconds since 1970-01-01 UTC."""

MOVIES = ("movieId", "title", "genres")
"""Columns of movies.csv; genres are separated by `|`."""

_NO_GENRES = "(no genres listed)"


def read_movielens(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads `source/ratings.csv` and `source/movies.csv` and writes a data set at `out`.

    Engagements have the action `rate` with the stars as `value`; they are numbered from 1 in the order of (time, user,
    film). An item's text is `Title (year). Genre, Genre`; a rated film that movies.csv lacks has none.

    Raises:
        DataError: a folder, file or column is missing, a value does not fit (with its line), or a film stands twice.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder", remedy="give the unpacked MovieLens folder with ratings.csv")
    lines = read_text(source / "ratings.csv", RATINGS)
    films = read_text(source / "movies.csv", MOVIES)
    ratings = _ratings(lines, skip_bad)
    movies = _movies(films, skip_bad)
    events = number_events(ratings)
    tables = {"users": users_of(events), "tweets": items_of(events, movies), "engagements": events}
    name = source.resolve().name
    config = {"reader": "movielens", "source": name}
    return write_log(out, name, config, tables, ids=(), files=(lines, films), times=ratings["time_us"])


def _ratings(lines: Lines, skip_bad: bool) -> pl.DataFrame:
    """Events in the order of the file."""
    columns = {
        "user_id": lines.number("userId", pl.Int64, low=0),
        "tweet_id": lines.number("movieId", pl.Int64, low=0),
        "value": lines.number("rating", pl.Float64),
        "time_us": lines.moment("timestamp"),
    }
    return lines.keep(columns, skip_bad=skip_bad).with_columns(action=pl.lit("rate"))


def _movies(lines: Lines, skip_bad: bool) -> pl.DataFrame:
    """`tweet_id` and `text` of each film."""
    ids = lines.number("movieId", pl.Int64, low=0)
    lines.refuse(~ids.is_first_distinct(), "movieId", "a film that stands more than once")
    columns = {"tweet_id": ids, "title": lines.text("title"), "genres": lines.text("genres")}
    rows = lines.keep(columns, skip_bad=skip_bad)
    genres = pl.col("genres").str.replace_all("|", ", ", literal=True)
    listed = (pl.col("genres") != _NO_GENRES) & (pl.col("genres") != "")
    text = pl.when(listed).then(pl.col("title") + ". " + genres).otherwise(pl.col("title"))
    return rows.select("tweet_id", text=text)
