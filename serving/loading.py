"""Whole data sets in the database: written in one transaction, ids unchanged, once for each content hash.

The database remembers the folder. The state in memory is built again from that folder and the log.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.schema import table
from serving.engagements import store as engagements
from serving.graph import store as graph
from serving.graph.relations import Relation, blocks, mutes
from serving.kit.closing import check_open
from serving.kit.db import LACKS, Database, about, insert_many, metadata
from serving.tweets import store as tweets
from serving.users import store as users

archives = Table(
    "archives",
    metadata,
    Column("content_hash", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("users", Integer, nullable=False),
    Column("tweets", Integer, nullable=False),
    Column("follows", Integer, nullable=False),
)
"""The data set that was loaded: at most one row."""

_AT_ONCE = 50_000
"""Rows given to the database in one statement."""


@dataclass(frozen=True)
class Archive:
    """A loaded data set, as the database remembers it."""

    content_hash: str
    name: str
    folder: Path
    end_us: int
    """Time of its last event."""
    users: int
    tweets: int
    follows: int
    """Edges that stand at its end."""

    def open(self) -> Dataset:
        """The data set.

        Raises:
            DataError: its folder is gone or holds another data set now.
        """
        remedy = "put it back, or load it from where it is now: rookery serve --data DIR"
        try:
            dataset = Dataset.open(self.folder)
        except DataError as error:
            raise DataError(
                f"this network was loaded with data set {self.name!r} from {self.folder}, which cannot be read: "
                f"{error.problem}",
                remedy=remedy,
            ) from error
        if dataset.content_hash != self.content_hash:
            raise DataError(
                f"this network was loaded with data set {self.name!r} from {self.folder}, which holds another one now",
                remedy=remedy,
            )
        return dataset


def recorded(database: Database) -> Archive | None:
    """The data set that the database was loaded with."""
    with database.read() as connection:
        row = connection.execute(select(archives)).first()
    if row is None:
        return None
    return Archive(row.content_hash, row.name, Path(row.folder), row.end_us, row.users, row.tweets, row.follows)


def archived(database: Database) -> Dataset | None:
    """The data set that the database was loaded with, where it lies.

    Raises:
        DataError: its folder is gone or holds another one now.
    """
    archive = recorded(database)
    return None if archive is None else archive.open()


def record(database: Database, dataset: Dataset, closing: threading.Event | None = None) -> bool:
    """Writes a data set's users, tweets, follows, blocks, mutes, likes and counts; False when it is there already.

    Raises:
        ConfigError: another data set is there.
        DataError: it clashes with accounts or tweets that are there; nothing is written then.
        ClosingError: `closing` was set meanwhile; nothing is written then.
    """
    before = recorded(database)
    if before is not None and before.content_hash != dataset.content_hash:
        raise ConfigError(
            f"this network holds data set {before.name!r}, and can hold one", remedy="name another home: ROOKERY_HOME"
        )
    folder = str(dataset.folder.resolve())
    with database.write() as connection:
        if before is not None:
            connection.execute(update(archives).values(folder=folder))
            return False
        try:
            _write(connection, dataset, folder, closing)
        except IntegrityError as error:
            raise DataError(
                f"data set {dataset.name!r} clashes with what the network holds: {error.orig}",
                remedy="load it into an empty network: name another home",
            ) from error
    return True


def complete(database: Database, dataset: Dataset | None, closing: threading.Event | None = None) -> None:
    """Writes what a database of an earlier version was loaded without: the blocks or mutes of its data set.

    Raises:
        ClosingError: `closing` was set meanwhile; nothing is written then.
    """
    marks = {LACKS.format(one.name): one for one in (blocks, mutes)}
    with database.read() as connection:
        lacking = set(connection.scalars(select(about.c.key).where(about.c.key.in_(marks))))
    if not lacking:
        return
    with database.write() as connection:
        for mark in sorted(lacking):
            if dataset is not None:
                _insert(connection, marks[mark].table, _related(dataset, marks[mark]), closing)
        connection.execute(delete(about).where(about.c.key.in_(lacking)))


def _write(connection: Connection, dataset: Dataset, folder: str, closing: threading.Event | None) -> None:
    edges = _edges(dataset)
    posts = _posts(dataset)
    likes = _likes(dataset)
    people = _people(dataset, edges, posts, likes)
    for table_, frame in (
        (users.users, people),
        (tweets.tweets, posts),
        (graph.follows, edges),
        (engagements.likes, likes),
        *((one.table, _related(dataset, one)) for one in (blocks, mutes)),
    ):
        _insert(connection, table_, frame, closing)
    row = {
        "content_hash": dataset.content_hash,
        "name": dataset.name,
        "folder": folder,
        "end_us": end_us(dataset),
        "users": len(people),
        "tweets": len(posts),
        "follows": len(edges),
    }
    connection.execute(archives.insert(), row)


def _insert(connection: Connection, table_: Table, frame: pl.DataFrame, closing: threading.Event | None) -> None:
    for part in frame.select([column.name for column in table_.columns]).iter_slices(_AT_ONCE):
        check_open(closing)
        insert_many(connection, table_, part.rows())


def _scan(dataset: Dataset, name: str) -> pl.LazyFrame:
    """The table's rows, none where the data set lacks it."""
    return dataset.scan(name) if name in dataset.tables else pl.LazyFrame(schema=table(name).polars_schema)


def end_us(dataset: Dataset) -> int:
    """The latest time of anything in the data set."""
    ends = [
        dataset.scan(name).select(pl.col(table(name).time).max()).collect().item()
        for name in ("users", "follows")
        if name in dataset.tables
    ]
    return max(dataset.time_range_us()[1], *(int(one) for one in ends if one is not None), 0)


def _edges(dataset: Dataset) -> pl.DataFrame:
    """Edges that stand at the end, each with the time it last began."""
    last = _scan(dataset, "follows").sort("time_us", "follow_id").group_by("follower_id", "followee_id").last()
    return last.filter(~pl.col("ended")).sort("follower_id", "followee_id").collect()


def _related(dataset: Dataset, relation: Relation) -> pl.DataFrame:
    """Blocks or mutes that stand at the end, each with the time it last began."""
    pair = ("user_id", relation.other.name)
    last = _scan(dataset, relation.name).sort("time_us", relation.key.name).group_by(pair).last()
    return last.filter(~pl.col("ended")).sort(pair).collect()


def _posts(dataset: Dataset) -> pl.DataFrame:
    """Tweets with their counts at the end, by id. Retweets are deleted with what they retweet."""
    acts = _scan(dataset, "engagements").filter(pl.col("action").is_in(list(tweets.COUNTED)))
    both = pl.concat([
        acts.select("tweet_id", "action", change=pl.lit(1, pl.Int64)),
        _scan(dataset, "undos").select("tweet_id", "action", change=pl.lit(-1, pl.Int64)),
    ])  # fmt: skip
    counts = both.group_by("tweet_id").agg(
        *(pl.col("change").filter(pl.col("action") == action).sum().alias(name)
          for action, name in tweets.COUNTED.items())
    )  # fmt: skip
    gone = _scan(dataset, "deletions").select("tweet_id").unique().with_columns(deleted=pl.lit(True))
    names = list(tweets.COUNTED.values())
    return (
        _scan(dataset, "tweets")
        .join(counts, on="tweet_id", how="left")
        .join(gone, on="tweet_id", how="left")
        .join(gone.select(referenced_id="tweet_id", target_deleted="deleted"), on="referenced_id", how="left")
        .with_columns(
            *(pl.col(name).fill_null(0) for name in names),
            deleted=pl.col("deleted").fill_null(False)
            | ((pl.col("kind") == "retweet") & pl.col("target_deleted").fill_null(False)),
            bookmarks=pl.lit(0),
        )
        .sort("tweet_id")
        .collect()
    )


def _people(dataset: Dataset, edges: pl.DataFrame, posts: pl.DataFrame, likes: pl.DataFrame) -> pl.DataFrame:
    """Accounts with their counts; a user who acts in the log without an account gets one without a name."""
    known = _scan(dataset, "users").collect()
    acting = pl.concat(
        [
            edges["follower_id"],
            edges["followee_id"],
            posts["author_id"].drop_nulls(),
            _scan(dataset, "engagements").select("user_id").collect()["user_id"],
        ]
    ).unique()
    unknown = acting.filter(~acting.is_in(known["user_id"].implode()))
    start = dataset.time_range_us()[0]
    nameless = pl.DataFrame({"user_id": unknown}).with_columns(
        created_us=pl.lit(start, pl.Int64), verified=pl.lit(False)
    )
    people = pl.concat([known, nameless.cast(dict.fromkeys(["user_id"], pl.Int64))], how="diagonal")
    for column, frame, key in (
        ("followers", edges, "followee_id"),
        ("following", edges, "follower_id"),
        ("tweets", posts.filter(~pl.col("deleted")), "author_id"),
        ("likes", likes, "user_id"),
    ):
        counted = frame.group_by(pl.col(key).alias("user_id")).agg(pl.len().cast(pl.Int64).alias(column))
        people = people.join(counted, on="user_id", how="left").with_columns(pl.col(column).fill_null(0))
    return people.sort("user_id")


def _likes(dataset: Dataset) -> pl.DataFrame:
    """Each like that stands once, with its first time."""
    liked = pl.col("action") == "like"
    gone = _scan(dataset, "undos").filter(liked).select("user_id", "tweet_id", time_us="engaged_us")
    likes = _scan(dataset, "engagements").filter(liked).join(gone, on=["user_id", "tweet_id", "time_us"], how="anti")
    first = likes.group_by("user_id", "tweet_id").agg(pl.col("time_us").min())
    return first.sort("user_id", "tweet_id").collect()
