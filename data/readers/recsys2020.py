"""The tweets of the RecSys Challenge 2020: lines of 24 fields separated by the byte 01, without a header.

Source: Belli et al., "Privacy-Aware Recommender Systems Challenge on Twitter's Home Timeline", 2020
(https://recsys-twitter.com). Ids are hashes and are numbered. Timestamps are seconds since 1970-01-01 UTC.

- A line is a tweet, its author (`engaged_with_user`), a reader (`engaging_user`) and when the reader replied,
  retweeted, quoted or liked, each perhaps empty. Each timestamp becomes an engagement.
- A line without any timestamp is a pair that the organisers drew among tweets of followed accounts; whether it was
  seen is not known. It brings its tweet and its users, and **no impression**: the log has none.
- The text is a list of token numbers and hashtags, links and domains are hashes: there is no text. The language is a
  hash, too, and stays absent.
- `engagee_follows_engager` gives an edge without its beginning, and follower counts are of a time that is not given:
  both are left out rather than dated by guess.
- Files of the test, which lack the last four fields, can be read where they are beside others: they bring tweets.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.files import Layout, read_text
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.tables import number_events, users_of, write_log

ACTIONS = {
    "reply_timestamp": "reply",
    "retweet_timestamp": "retweet",
    "retweet_with_comment_timestamp": "quote",
    "like_timestamp": "like",
}
"""Field to action."""

KINDS = {"toplevel": "original", "retweet": "retweet", "quote": "quote", "reply": "reply"}
"""`tweet_type`, in lower case, to the kind of a tweet."""

FIELDS = (
    "text_tokens", "hashtags", "tweet_id", "present_media", "present_links", "present_domains", "tweet_type",
    "language", "tweet_timestamp",
    "engaged_with_user_id", "engaged_with_user_follower_count", "engaged_with_user_following_count",
    "engaged_with_user_is_verified", "engaged_with_user_account_creation",
    "engaging_user_id", "engaging_user_follower_count", "engaging_user_following_count",
    "engaging_user_is_verified", "engaging_user_account_creation",
    "engagee_follows_engager", *ACTIONS,
)  # fmt: skip
"""All fields in their order."""

_WANTED = [one for one in FIELDS if one in {"tweet_id", "present_media", "tweet_type", "tweet_timestamp", *ACTIONS}]
_WANTED += [f"{who}_{what}" for who in ("engaged_with_user", "engaging_user")
            for what in ("id", "is_verified", "account_creation")]  # fmt: skip
_LAYOUT = Layout("\x01", None, FIELDS, fewer=(len(FIELDS) - len(ACTIONS),))
_MOST_MEDIA = 4


def read_recsys2020(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads one file and writes a data set at `out`.

    Raises:
        DataError: the file is missing or empty, a line has another number of fields, or a value does not fit.
    """
    if not source.is_file():
        raise DataError(f"{source} is not a file", remedy="give the unpacked training.tsv")
    lines = read_text(source, _WANTED, _LAYOUT)
    users, tweets = Ids("users", "text"), Ids("tweets", "text")
    log = _log(lines, users, tweets, skip_bad)
    author, reader = users.number(log["author_id"], log["user_id"])
    log = log.with_columns(author, reader, *tweets.number(log["tweet_id"]))
    placed = log.with_row_index("line")
    acted = pl.concat(
        placed.filter(pl.col(field).is_not_null()).select(
            "line", "user_id", "tweet_id", "author_id", time_us=field, action=pl.lit(action)
        )
        for field, action in ACTIONS.items()
    )
    if not len(acted):
        raise DataError(f"{source} has no engagement", remedy="give the training file, whose lines have 24 fields")
    events = number_events(acted.sort("line", maintain_order=True).drop("line"))
    people = [
        log.select(user_id=f"{who}_id", created_us=f"{who}_created", verified=f"{who}_verified")
        for who in ("author", "user")
    ]
    known = pl.concat(people).unique("user_id", keep="first", maintain_order=True)
    posts = log.unique("tweet_id", keep="first", maintain_order=True).select(
        "tweet_id", "author_id", "kind", "media_count", time_us="posted_us", text=pl.lit("")
    )
    tables = {"users": users_of(events, known), "tweets": posts, "engagements": events}
    config = {"reader": "recsys2020", "source": source.name}
    return write_log(
        out, source.stem, config, tables, ids=(users, tweets), files=(lines,), times=log["posted_us"], daily=True
    )


def _log(lines: Lines, users: Ids, tweets: Ids, skip_bad: bool) -> pl.DataFrame:
    """Lines in the order of the file, ids as texts, null timestamps where nothing was done."""
    author, reader = users.check((lines, "engaged_with_user_id"), (lines, "engaging_user_id"))
    kind = lines.text("tweet_type").str.to_lowercase().replace_strict(KINDS, default=None, return_dtype=pl.String)
    lines.refuse(kind.is_null(), "tweet_type", f"none of {', '.join(KINDS)}")
    media = lines.text("present_media")
    columns = {
        "author_id": author,
        "user_id": reader,
        "tweet_id": tweets.check((lines, "tweet_id"))[0],
        "kind": kind,
        "media_count": (media.str.count_matches("\t", literal=True) + (media != "").cast(pl.UInt32)).clip(
            0, _MOST_MEDIA
        ),
        "posted_us": lines.timestamp("tweet_timestamp"),
    }
    for who, field in (("author", "engaged_with_user"), ("user", "engaging_user")):
        columns[f"{who}_verified"] = lines.flag(f"{field}_is_verified")
        columns[f"{who}_created"] = lines.timestamp(f"{field}_account_creation")
    columns |= {field: lines.timestamp(field, empty=True) for field in ACTIONS}
    return lines.keep(columns, skip_bad=skip_bad)
