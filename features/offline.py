"""The offline engine: features of any user, tweet and time from a log, point in time, in Polars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data.batch import I64, Array, CandidateBatch, Requests
from data.dataset import Dataset
from data.errors import DataError
from data.schema import ACTIONS, POSITIVE_ACTIONS, TABLES, table
from features.catalogue import plan
from features.log import Log
from features.offline_cache import OfflineCache
from features.view import FeatureView

if TYPE_CHECKING:
    from features.text.understanding import Understanding

ROWS = ("user_id", "tweet_id", "time_us")
_ENGAGEMENT = ("engagement_id", "time_us", "user_id", "tweet_id", "author_id", "action", "dwell_ms")
_UNDO = ("undo_id", "time_us", "user_id", "tweet_id", "author_id", "action", "engaged_us")
_ACTION = pl.col("action").cast(pl.Enum(ACTIONS))
"""As one byte, not a string."""


def offline_features(
    dataset: Dataset,
    rows: pl.DataFrame,
    names: Sequence[str],
    understanding: Understanding | None,
    cache: OfflineCache | None = None,
) -> CandidateBatch:
    """The features `names` at each of `rows` (`user_id`, `tweet_id`, `time_us`), from events strictly before it.

    One request a row (B = N), in the order of `rows`; features of the request are columns of the requests. `user_row`,
    `tweet_row` and `author_row` number the ids of this batch alone (-1 for no author). Calls with the same `cache` read
    texts once.

    Raises:
        DataError: `rows` lacks a column.
        ConfigError: a name that no view writes.
    """
    missing = [column for column in ROWS if column not in rows.columns]
    if missing:
        raise DataError(f"rows lack column {missing[0]!r}", remedy=f"give {', '.join(ROWS)}")
    last = int(rows["time_us"].max()) if len(rows) else 0  # type: ignore[arg-type]
    wanted = {name for view in plan(names) for name in view.tables} | {"tweets"}
    if {"engagements", "actions"} & wanted:
        wanted |= {"engagements", "undos"}
    # Tweets whole: what is read of their texts is kept for the next call, and each view checks whether one was posted.
    cut = {name: None if name == "tweets" else last for name in wanted if name in dataset.tables}
    tables = {name: dataset.scan(name, before_us=until) for name, until in cut.items()}
    return features_of_log(tables, rows, names, understanding, cache, key=dataset.content_hash)


def features_of_log(
    tables: Mapping[str, pl.LazyFrame],
    rows: pl.DataFrame,
    names: Sequence[str],
    understanding: Understanding | None,
    cache: OfflineCache | None = None,
    *,
    key: str = "",
) -> CandidateBatch:
    """The same over tables given as frames in order of (time, key).

    `key` names their content: only with one are read texts kept in `cache`.
    """
    views, cache = plan(names), cache or OfflineCache()
    log = _log(tables, {name for view in views for name in view.tables}, understanding, cache, key)
    queries = _rows(rows, log["tweets"])
    requests = queries.select("user_id", "time_us").unique(maintain_order=True).with_row_index("row")
    requests = requests.with_columns(pl.col("row").cast(pl.Int64)).sort("time_us")
    of_row = queries.join(requests.rename({"row": "request"}), on=["user_id", "time_us"], how="left")
    of = _by_row(of_row, "request")
    by_time = queries.sort("time_us")
    found: dict[str, Array] = {}
    entity: dict[str, str] = {}
    for view in views:
        own = view.entity == "request"
        frame = _with_reads(requests if own else by_time, view, found, entity, of)
        result = view.offline(log, frame.lazy()).collect()
        for feature in view.features:
            default = feature.default
            found[feature.name] = _column(result, feature.name, len(requests) if own else len(queries), default)
            entity[feature.name] = view.entity
    of_requests = {name: found[name][of] for name in names if entity[name] == "request"}
    return _batch(queries, of_requests, {name: found[name] for name in names if entity[name] != "request"})


def _log(
    tables: Mapping[str, pl.LazyFrame],
    wanted: set[str],
    understanding: Understanding | None,
    cache: OfflineCache,
    key: str,
) -> Log:
    """The tables that views see: only engagements that count, and the derived tables that are wanted.

    `actions` are all engagements whose tweet was posted by then, `engagements` the positive ones among them; both
    have `action_code`, the place of the action in `ACTIONS`. `undos` are those of engagements that count.
    """
    log = {name: tables[name] if name in tables else pl.LazyFrame(schema=table(name).polars_schema) for name in TABLES}
    if {"engagements", "actions"} & wanted:
        posted = log["tweets"].select("tweet_id", posted_us="time_us")
        every = log["engagements"].select(*_ENGAGEMENT, action_code=_ACTION.to_physical().cast(pl.Int8))
        if "actions" not in wanted:
            every = every.filter(pl.col("action").is_in(POSITIVE_ACTIONS))
        counted = every.with_columns(_ACTION).join(posted, on="tweet_id", how="inner", maintain_order="left")
        # Collected: every view reads these few narrow columns again.
        actions = counted.filter(pl.col("posted_us") <= pl.col("time_us")).drop("posted_us").collect()
        log["actions"] = actions.lazy()
        log["engagements"] = log["actions"].filter(pl.col("action").is_in(POSITIVE_ACTIONS))
        undos = log["undos"].select(*_UNDO, action_code=_ACTION.to_physical().cast(pl.Int8))
        undone = undos.join(posted, on="tweet_id", how="inner", maintain_order="left")
        log["undos"] = undone.filter(pl.col("posted_us") <= pl.col("engaged_us")).drop("posted_us").collect().lazy()
    if "tweet_counts" in wanted:
        log["tweet_counts"] = cache.texts.counts(log["tweets"], key)
    if "understanding" in wanted:
        log |= cache.texts.understanding(log["tweets"], understanding, key)
    return Log(log, cache.snapshots)


def _rows(rows: pl.DataFrame, tweets: pl.LazyFrame) -> pl.DataFrame:
    """`rows` numbered, with `posted_us` and `author_id` where the tweet was posted before the row's time."""
    queries = rows.select(pl.col(ROWS).cast(pl.Int64)).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    known = tweets.select("tweet_id", "author_id", posted_us="time_us")
    known = known.join(queries.lazy().select("tweet_id").unique(), on="tweet_id", how="semi")
    before = pl.col("posted_us") < pl.col("time_us")
    joined = queries.lazy().join(known, on="tweet_id", how="left", maintain_order="left")
    author = pl.when(before & (pl.col("author_id") >= 0)).then("author_id")
    return joined.with_columns(author_id=author, posted_us=pl.when(before).then("posted_us")).collect()


def _by_row(frame: pl.DataFrame, column: str) -> I64:
    return frame.sort("row")[column].to_numpy()


def _with_reads(
    frame: pl.DataFrame, view: FeatureView, found: Mapping[str, Array], entity: Mapping[str, str], of: I64
) -> pl.DataFrame:
    """`frame` with the columns that `view` reads, in the frame's own order of rows."""
    if not view.reads:
        return frame
    order = frame["row"].to_numpy()
    gathered = {
        name: found[name][of[order] if entity[name] == "request" and view.entity != "request" else order]
        for name in view.reads
    }
    return frame.with_columns(pl.Series(name, values) for name, values in gathered.items())


def _column(result: pl.DataFrame, name: str, size: int, default: float) -> Array:
    """[size, ...] a view's column by row, `default` where it has no value."""
    series = result[name]
    if isinstance(series.dtype, pl.Array):
        missing = series.is_null()
        width, dtype = series.dtype.size, series.dtype.inner
        values: Array = np.zeros((0, width), np.float32)
        if len(series):
            kept = series.filter(~missing)
            values = kept.to_numpy() if len(kept) else np.zeros((0, width))
        out = np.full((size, width), default, pl.Series([], dtype=dtype).to_numpy().dtype)
        out[result["row"].filter(~missing).to_numpy()] = values
        return out
    out = np.full(size, default, np.float32)
    out[result["row"].to_numpy()] = series.cast(pl.Float64).fill_null(default).to_numpy()
    return out


def _batch(queries: pl.DataFrame, requests: Mapping[str, Array], columns: Mapping[str, Array]) -> CandidateBatch:
    users = queries["user_id"].to_numpy()
    tweets = queries["tweet_id"].to_numpy()
    authors = queries["author_id"].fill_null(-1).to_numpy()
    rows = {name: np.unique(ids, return_inverse=True)[1] for name, ids in (("user", users), ("tweet", tweets))}
    author_row = np.unique(authors[authors >= 0]).searchsorted(authors)
    base: dict[str, Array] = {
        "tweet_row": rows["tweet"].astype(np.int64),
        "tweet_id": tweets,
        "author_id": authors,
        "author_row": np.where(authors >= 0, author_row, -1),
    }
    about: dict[str, Array] = {
        "user_id": users,
        "user_row": rows["user"].astype(np.int64),
        "time_us": queries["time_us"].to_numpy(),
    }
    return CandidateBatch(
        Requests({**about, **requests}), np.arange(len(queries) + 1, dtype=np.int64), {**base, **columns}
    )
