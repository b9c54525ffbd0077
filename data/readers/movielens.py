"""MovieLens as CSV files (ml-latest, ml-25m, ml-32m and the like): films become items, ratings engagements.

Source: https://grouplens.org/datasets/movielens/. Ids stay what they are. MovieLens does not say when a person
joined or when a film entered the catalogue, so both count from the first rating; a film that nobody rated counts from
the log's first moment. Nothing was logged about what people were shown: there are no requests and no impressions.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset, DatasetWriter
from data.errors import DataError
from data.readers.columns import read_csv

RATINGS = {"userId": pl.Int64, "movieId": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
"""Columns of ratings.csv: ids, stars, and seconds since 1970-01-01 UTC."""

MOVIES = {"movieId": pl.Int64, "title": pl.String, "genres": pl.String}
"""Columns of movies.csv; genres are separated by `|`."""

_NO_GENRES = "(no genres listed)"
_LAST_SECOND = 4_102_444_800  # the year 2100: anything later is in milliseconds


def read_movielens(source: Path, out: Path) -> Dataset:
    """Reads `source/ratings.csv` and `source/movies.csv` and writes a data set at `out`.

    Engagements have the action `rate` with the stars as `value`; they are numbered from 1 in the order of (time, user,
    film). An item's text is `Title (year). Genre, Genre`; a rated film that movies.csv lacks has none.

    Raises:
        DataError: a folder, file or column is missing, a value does not fit (with its line), or a film stands twice.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder", remedy="give the unpacked MovieLens folder with ratings.csv")
    ratings = _ratings(source / "ratings.csv")
    movies = _movies(source / "movies.csv")
    first = ratings.group_by("tweet_id").agg(time_us=pl.col("time_us").min())
    items = movies.join(first, on="tweet_id", how="full", coalesce=True).select(
        "tweet_id",
        pl.col("time_us").fill_null(ratings["time_us"].min()),
        pl.col("text").fill_null(""),
        kind=pl.lit("item"),
        media_count=pl.lit(0),
    )
    users = ratings.group_by("user_id").agg(created_us=pl.col("time_us").min()).with_columns(verified=pl.lit(False))
    config = {"reader": "movielens", "source": source.resolve().name}
    with DatasetWriter(out, name=source.resolve().name, config=config, seed=0, daily=False) as writer:
        writer.write("users", users)
        writer.write("tweets", items)
        writer.write("engagements", ratings)
        return writer.commit()


def _ratings(path: Path) -> pl.DataFrame:
    """Engagements in the order of (time, user, film)."""
    rows = read_csv(path, RATINGS)
    off = (rows["timestamp"] < 0) | (rows["timestamp"] > _LAST_SECOND)
    if off.any():
        row = int(off.arg_true()[0])
        raise DataError(
            f"{path} line {row + 2}: timestamp is {rows['timestamp'][row]}, which is no moment of 1970 to 2100",
            remedy="timestamps are seconds since 1970-01-01 UTC",
        )
    return (
        rows.sort("timestamp", "userId", "movieId")
        .with_row_index("engagement_id", offset=1)
        .select(
            "engagement_id",
            time_us=pl.col("timestamp") * 1_000_000,
            user_id="userId",
            tweet_id="movieId",
            action=pl.lit("rate"),
            value="rating",
        )
    )


def _movies(path: Path) -> pl.DataFrame:
    """`tweet_id` and `text` of each film."""
    rows = read_csv(path, MOVIES)
    again = rows["movieId"].is_duplicated()
    if again.any():
        raise DataError(
            f"{path} has film {rows['movieId'].filter(again)[0]} more than once", remedy="keep one line for each film"
        )
    genres = pl.col("genres").str.replace_all("|", ", ", literal=True)
    listed = (pl.col("genres") != _NO_GENRES) & (pl.col("genres") != "")
    text = pl.when(listed).then(pl.col("title") + ". " + genres).otherwise(pl.col("title"))
    return rows.select(tweet_id="movieId", text=text)
