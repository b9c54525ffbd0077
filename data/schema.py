"""Every table of a data set: columns, dtypes, units, nullability, key and time.

Times are UTC microseconds (`*_us`), ids are int64, durations carry their unit (`dwell_ms`). Rows
are ordered by (time, key); tables that grow fast are partitioned by UTC day. The order of `TABLES` is the order in
which events of one time take effect. A row holds nothing about the future: an edge that ends is a second row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from data.errors import DataError

SCHEMA_VERSION = 1

ACTIONS: tuple[str, ...] = (
    "like", "reply", "retweet", "quote", "click", "profile_click", "share", "follow_author", "not_interested", "mute",
    "block", "report", "reply_answered", "rate",
)  # fmt: skip
"""Actions on an impression. `reply_answered` is the author's answer to the user's reply; `rate` is for logs of
ratings, its `value` the stars."""

NEGATIVE_ACTIONS: tuple[str, ...] = ("not_interested", "mute", "block", "report")
"""Negative actions."""


POSITIVE_ACTIONS: tuple[str, ...] = tuple(
    action for action in ACTIONS if action not in (*NEGATIVE_ACTIONS, "reply_answered")
)
"""Actions that count as an engagement for counts, histories and relevance: what the person did and meant well."""

UNDOABLE_ACTIONS: tuple[str, ...] = ("like", "reply", "retweet", "quote")
"""Actions that can be taken back; all are positive. What is taken back no longer counts."""

TWEET_KINDS: tuple[str, ...] = ("original", "retweet", "reply", "quote", "item")
"""`item` is a thing of an imported log that nobody tweeted (a film, a product)."""

DEVICES: tuple[str, ...] = ("ios", "android", "web")
"""What an account is mostly used on."""

SURVEY_KINDS: tuple[str, ...] = ("tweet", "satisfaction")
"""What surveys are about."""

ACTION_CODE: dict[str, int] = {action: code for code, action in enumerate(ACTIONS)}
"""Place of each action in `ACTIONS`."""

KIND_CODE: dict[str, int] = {kind: code for code, kind in enumerate(TWEET_KINDS)}
"""Place of each kind of tweet in `TWEET_KINDS`."""


@dataclass(frozen=True)
class Column:
    """One column: its dtype and meaning; `fill` replaces null in NumPy batches."""

    dtype: pl.DataType | type[pl.DataType]
    doc: str
    nullable: bool = False
    values: tuple[str, ...] = ()
    """The only texts it takes; any text when empty."""

    @property
    def fill(self) -> Any:
        """-1 for integers, NaN for floats, "" for texts, False for booleans."""
        dtype = self.dtype
        if dtype == pl.String:
            return ""
        if dtype == pl.Boolean:
            return False
        return float("nan") if dtype.is_float() else -1


@dataclass(frozen=True)
class Table:
    """One table: `key` names its id column, `time` the time of each row; `daily` tables have a file a UTC day."""

    doc: str
    key: str
    time: str
    daily: bool
    columns: dict[str, Column]

    @property
    def polars_schema(self) -> pl.Schema:
        """The Polars schema that files of this table have."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})


_ID, _TIME, _TEXT = pl.Int64, pl.Int64, pl.String

TABLES: dict[str, Table] = {
    "users": Table("People with an account.", "user_id", "created_us", False, {
        "user_id": Column(_ID, "the account"),
        "created_us": Column(_TIME, "when it was made"),
        "username": Column(_TEXT, "handle without @, unique", nullable=True),
        "name": Column(_TEXT, "display name", nullable=True),
        "language": Column(_TEXT, "BCP 47 language of the account", nullable=True),
        "place": Column(pl.Int64, "WOEID of the home place", nullable=True),
        "utc_offset_min": Column(pl.Int32, "minutes ahead of UTC at the home place", nullable=True),
        "verified": Column(pl.Boolean, "has the verified mark"),
        "device": Column(_TEXT, "what the account is mostly used on: ios, android or web", nullable=True),
    }),
    "follows": Table("Who follows whom: beginnings and ends.", "follow_id", "time_us", False, {
        "follow_id": Column(_ID, "this event"),
        "time_us": Column(_TIME, "when it began or ended"),
        "follower_id": Column(_ID, "the user who follows"),
        "followee_id": Column(_ID, "the user who is followed"),
        "ended": Column(pl.Boolean, "True where this row ends the edge"),
    }),
    "mutes": Table("Who mutes whom: beginnings and ends.", "mute_id", "time_us", False, {
        "mute_id": Column(_ID, "this event"),
        "time_us": Column(_TIME, "when it began or ended"),
        "user_id": Column(_ID, "the user who mutes"),
        "muted_id": Column(_ID, "the user who is muted"),
        "ended": Column(pl.Boolean, "True where this row ends the edge"),
    }),
    "blocks": Table("Who blocks whom: beginnings and ends.", "block_id", "time_us", False, {
        "block_id": Column(_ID, "this event"),
        "time_us": Column(_TIME, "when it began or ended"),
        "user_id": Column(_ID, "the user who blocks"),
        "blocked_id": Column(_ID, "the user who is blocked"),
        "ended": Column(pl.Boolean, "True where this row ends the edge"),
    }),
    "tweets": Table("Tweets of every kind, and the items of imported logs.", "tweet_id", "time_us", True, {
        "tweet_id": Column(_ID, "the tweet"),
        "time_us": Column(_TIME, "when it was posted"),
        "author_id": Column(_ID, "who posted it", nullable=True),
        "kind": Column(_TEXT, "one of TWEET_KINDS", values=TWEET_KINDS),
        "referenced_id": Column(_ID, "the tweet retweeted, answered or quoted", nullable=True),
        "conversation_id": Column(_ID, "the first tweet of the thread", nullable=True),
        "text": Column(_TEXT, "its words; empty for a retweet"),
        "language": Column(_TEXT, "BCP 47 language as the client declared it", nullable=True),
        "place": Column(pl.Int64, "WOEID where it was posted", nullable=True),
        "media_count": Column(pl.Int16, "attached pictures and videos, 0..4"),
    }),
    "deletions": Table("Tweets taken away.", "tweet_id", "time_us", True, {
        "tweet_id": Column(_ID, "the tweet"),
        "time_us": Column(_TIME, "when it was deleted"),
    }),
    "requests": Table("Requests for a feed.", "request_id", "time_us", True, {
        "request_id": Column(_ID, "this request"),
        "time_us": Column(_TIME, "when it was made"),
        "user_id": Column(_ID, "who made it"),
        "product": Column(_TEXT, "which feed: home"),
        "policy": Column(_TEXT, "the policy that ranked it, with its version"),
    }),
    "impressions": Table("Tweets shown to a user.", "impression_id", "time_us", True, {
        "impression_id": Column(_ID, "this impression"),
        "time_us": Column(_TIME, "when it was served"),
        "request_id": Column(_ID, "the request it belongs to"),
        "user_id": Column(_ID, "who saw it"),
        "tweet_id": Column(_ID, "what was shown"),
        "author_id": Column(_ID, "who wrote it", nullable=True),
        "position": Column(pl.Int16, "0 is the top"),
        "source": Column(_TEXT, "the candidate source that brought it"),
        "score": Column(pl.Float32, "the policy's score"),
        "propensity": Column(pl.Float64, "probability of this tweet here given the tweets above it", nullable=True),
    }),
    "suggestions": Table("Accounts that a user was suggested to follow.", "suggestion_id", "time_us", True, {
        "suggestion_id": Column(_ID, "this suggestion"),
        "time_us": Column(_TIME, "when it was shown"),
        "user_id": Column(_ID, "who saw it"),
        "suggested_id": Column(_ID, "the account"),
        "position": Column(pl.Int16, "0 is the top"),
        "score": Column(pl.Float32, "the policy's score"),
    }),
    "surveys": Table("Questions that people got, and their answers.", "survey_id", "time_us", True, {
        "survey_id": Column(_ID, "this question"),
        "time_us": Column(_TIME, "when it was put"),
        "user_id": Column(_ID, "who got it"),
        "kind": Column(
            _TEXT, "tweet: was it worth your time; satisfaction: how satisfied are you with the network",
            values=SURVEY_KINDS,
        ),
        "request_id": Column(_ID, "the request within which it was put"),
        "tweet_id": Column(_ID, "the tweet in question, shown by that request; null for satisfaction", nullable=True),
        "propensity": Column(
            pl.Float64, "known chance of this impression, or for satisfaction of this person and day, to be in question"
        ),
        "answer": Column(pl.Int8, "1, worst, to 5, best; null where there was no answer", nullable=True),
    }),
    "engagements": Table("What people did.", "engagement_id", "time_us", True, {
        "engagement_id": Column(_ID, "this action"),
        "time_us": Column(_TIME, "when it happened"),
        "user_id": Column(_ID, "who acted"),
        "tweet_id": Column(_ID, "on what"),
        "author_id": Column(_ID, "who wrote that", nullable=True),
        "action": Column(_TEXT, "one of ACTIONS", values=ACTIONS),
        "request_id": Column(_ID, "the request that showed it; null for what came outside a feed", nullable=True),
        "value": Column(pl.Float32, "stars of a rating", nullable=True),
        "dwell_ms": Column(pl.Int32, "milliseconds the eyes rested on it", nullable=True),
    }),
    "undos": Table("Engagements taken back, each once.", "undo_id", "time_us", True, {
        "undo_id": Column(_ID, "this event"),
        "time_us": Column(_TIME, "when it was taken back"),
        "user_id": Column(_ID, "who had acted"),
        "tweet_id": Column(_ID, "on what"),
        "author_id": Column(_ID, "who wrote that", nullable=True),
        "action": Column(_TEXT, "one of UNDOABLE_ACTIONS", values=UNDOABLE_ACTIONS),
        "engaged_us": Column(_TIME, "the time of the engagement that is taken back"),
    }),
    "annotations": Table("Labels that noisy annotators gave to a sample of tweets.", "annotation_id", "time_us", True, {
        "annotation_id": Column(_ID, "this label"),
        "time_us": Column(_TIME, "when it was given"),
        "tweet_id": Column(_ID, "the tweet read"),
        "annotator": Column(pl.Int32, "who read it"),
        "task": Column(_TEXT, "topic, sentiment or toxicity"),
        "label": Column(_TEXT, "a topic; negative, neutral or positive; none, insult, profanity, threat or identity"),
    }),
}  # fmt: skip


def table(name: str) -> Table:
    """The schema of one table.

    Raises:
        DataError: no table of that name.
    """
    if name not in TABLES:
        raise DataError(f"unknown table {name!r}", remedy=f"the schema has {', '.join(TABLES)}")
    return TABLES[name]


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with exactly the columns of table `name`, cast, in the schema's order; absent nullable ones are null.

    Raises:
        DataError: a required column is missing, a column is unknown, a value does not cast or is null.
    """
    spec = table(name)
    unknown = [c for c in frame.columns if c not in spec.columns]
    if unknown:
        raise DataError(
            f"table {name!r} has unknown column {unknown[0]!r}", remedy=f"it takes {', '.join(spec.columns)}"
        )
    missing = [c for c, column in spec.columns.items() if c not in frame.columns and not column.nullable]
    if missing:
        raise DataError(f"table {name!r} lacks column {missing[0]!r}", remedy=f"add it: {spec.columns[missing[0]].doc}")
    absent = {c: pl.lit(None, column.dtype) for c, column in spec.columns.items() if c not in frame.columns}
    _check_units(name, spec, frame)
    try:
        out = frame.with_columns(**absent).select(*spec.columns).cast(spec.polars_schema)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"table {name!r} does not fit its schema: {reason}", remedy="fix the values named") from error
    for column, meaning in spec.columns.items():
        if not meaning.nullable and out[column].null_count():
            raise DataError(
                f"table {name!r} has {out[column].null_count()} empty values in {column!r}",
                remedy="every row needs one",
            )
        if meaning.values and not (known := out[column].is_in(meaning.values)).all():
            raise DataError(
                f"table {name!r} has {column} {out[column].filter(~known)[0]!r}",
                remedy=f"it takes {', '.join(meaning.values)}",
            )
    return out


def _check_units(name: str, spec: Table, frame: pl.DataFrame) -> None:
    """Refuses what a cast would change silently: dates lose their unit, and whole numbers have no fractions."""
    for c, dtype in frame.schema.items():
        if not spec.columns[c].dtype.is_integer():
            continue
        if dtype.is_temporal():
            raise DataError(
                f"table {name!r} has {c!r} as {dtype}", remedy="give whole microseconds since 1970-01-01 UTC"
            )
        if dtype.is_float() and (frame[c].is_finite() & (frame[c] != frame[c].round())).any():
            raise DataError(f"table {name!r} has fractions in {c!r}", remedy="it takes whole numbers")
