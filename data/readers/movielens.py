"""MovieLens folders: films become items, ratings engagements.

Source: https://grouplens.org/datasets/movielens/. Three forms are read, whichever the folder holds:

- ratings.csv and movies.csv (ml-latest, ml-20m, ml-25m, ml-32m),
- ratings.dat and movies.dat, `::` between the fields and no header (ml-1m, ml-10m; titles in UTF-8 or Latin-1),
- u.data and u.item, without a header (ml-100k; titles in Latin-1, a column of 0 and 1 for each genre).

Ids stay what they are. MovieLens does not say when a person joined or when a film entered the catalogue, so both count
from the first rating; a film without a rating counts from the log's first time. Nothing was logged about what people
were shown: there are no requests and no impressions. Features of users (users.dat, u.user) have no place in our tables.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.files import COMMA, Layout, read_text
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.packed import stored, unpacked
from data.readers.tables import below, engaged, items_of, note_unknown, number_events, users_of, write_log

RATINGS = ("userId", "movieId", "rating", "timestamp")
"""Columns of ratings: ids, stars, and seconds since 1970-01-01 UTC."""

MOVIES = ("movieId", "title", "genres")
"""Columns of films; genres are separated by `|`."""

GENRES = (
    "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir",
    "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The last columns of u.item."""

_ITEM = ("movieId", "title", "release", "video release", "url", "unknown", *GENRES)
_FORMS: dict[str, tuple[Layout, str, Layout]] = {
    "ratings.csv": (COMMA, "movies.csv", COMMA),
    "ratings.dat": (Layout("::", None, RATINGS), "movies.dat", Layout("::", None, MOVIES)),
    "u.data": (Layout("\t", None, RATINGS), "u.item", Layout("|", None, _ITEM)),
}
"""File of ratings, how it is written, file of films, and how that is."""
_NO_GENRES = "(no genres listed)"


def read_movielens(source: Path, out: Path, *, skip_bad: bool = False, min_value: float | None = None) -> Dataset:
    """Reads the files of ratings and of films in the folder `source` and writes a data set at `out`.

    Engagements have the action `rate` with the stars as `value`; they are numbered from 1 in order of time, then
    of the file. With `min_value` those of fewer stars are none, while their users and films stay. An item's text is
    `Title (year). Genre, Genre`; a rated film that is not among the films has none.

    Raises:
        DataError: a folder, file or column is missing, a value does not fit (with its line), or a film is there twice.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder", remedy="give the unpacked MovieLens folder with ratings.csv")
    file = next((one for one in _FORMS if stored(source / one).exists()), None)
    if file is None:
        pairs = "; ".join(f"{ratings} and {films}" for ratings, (_, films, _) in _FORMS.items())
        raise DataError(f"{source} holds none of {', '.join(_FORMS)}", remedy=f"a folder holds one pair of {pairs}")
    written, titles, written_titles = _FORMS[file]
    lines = read_text(source / file, RATINGS, written)
    films = _read_films(source / titles, written_titles)
    users, items = Ids("users", "integer"), Ids("tweets", "integer")
    (user,) = users.check((lines, "userId"))
    item, film = items.check((lines, "movieId"), (films, "movieId"))
    ratings = _ratings(lines, user, item, skip_bad)
    movies = _movies(films, film, skip_bad)
    note_unknown(films, movies["tweet_id"], [ratings["tweet_id"]], "items")
    first, second = items.number(ratings["tweet_id"], movies["tweet_id"])
    ratings = ratings.with_columns(*users.number(ratings["user_id"]), first)
    movies = movies.with_columns(second)
    events = number_events(engaged(lines, ratings, below(ratings["value"], "rating", min_value)))
    tables = {"users": users_of(ratings), "tweets": items_of(ratings, movies), "engagements": events}
    name = source.resolve().name
    config = {"reader": "movielens", "source": name} | ({} if min_value is None else {"min_value": min_value})
    return write_log(
        out, name, config, tables, ids=(), files=(lines, films), times=ratings["time_us"],
        beside=_data_files(source, file),
    )  # fmt: skip


def _data_files(source: Path, ratings: str) -> list[Path]:
    """Files that look like data of the same form."""
    return sorted(source.glob("u[.]*" if ratings == "u.data" else f"*{Path(ratings).suffix}"))


def _read_films(path: Path, layout: Layout) -> Lines:
    """The columns `MOVIES`; files without a header are of either encoding, and do not say which."""
    if layout.names is not None and stored(path).is_file():
        content = unpacked(stored(path))
        try:
            (content if isinstance(content, bytes) else content.read_bytes()).decode()
        except UnicodeDecodeError:
            layout = replace(layout, encoding="latin-1")
    if layout.names != _ITEM:
        return read_text(path, MOVIES, layout)
    lines = read_text(path, ("movieId", "title", *GENRES), layout)
    marks = [pl.when(lines.flag(one)).then(pl.lit(one)).alias(one) for one in GENRES]
    lines.frame = lines.frame.with_columns(genres=pl.concat_str(marks, separator="|", ignore_nulls=True))
    return lines


def _ratings(lines: Lines, user: pl.Series, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """Events in the order of the file, ids as texts."""
    columns = {
        "user_id": user,
        "tweet_id": item,
        "value": lines.number("rating", pl.Float64),
        "time_us": lines.timestamp("timestamp"),
    }
    return lines.keep(columns, skip_bad=skip_bad).with_columns(action=pl.lit("rate"))


def _movies(lines: Lines, ids: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """`tweet_id`, as text, and `text` of each film."""
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), "movieId", "a film that is there more than once")
    columns = {"tweet_id": ids, "title": lines.text("title"), "genres": lines.text("genres")}
    rows = lines.keep(columns, skip_bad=skip_bad)
    genres = pl.col("genres").str.replace_all("|", ", ", literal=True)
    listed = (pl.col("genres") != _NO_GENRES) & (pl.col("genres") != "")
    text = pl.when(listed).then(pl.col("title") + ". " + genres).otherwise(pl.col("title"))
    return rows.select("tweet_id", text=text)
