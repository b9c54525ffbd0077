"""Open Bandit logs (ZOZOTOWN): recommendations with the probability with which the logging policy chose each.

Source: https://research.zozo.com/data.html; Saito, Aihara, Matsutani, Narita, "Open Bandit Dataset and Pipeline", 2021.
A folder CAMPAIGN holds CAMPAIGN.csv and item_context.csv; the folder above it is the policy: `random/men/men.csv`.

- A line is one item in one of three places. Three places were shown at once, but no line says which belong together:
  each line is a request of its own with one impression, which keeps its place (`position` 0, 1, 2 for 1, 2, 3).
- `propensity_score`, the policy's probability of the item at its place, is the impression's `propensity`. A score was
  not logged: it is NaN.
- The log has no ids of people, only four hashed features. **A user is a combination of the four**: a segment of
  people, not a person. Histories and per-user splits speak of segments.
- A click is an engagement at the time of its impression; when the person clicked was not logged.
- Items are those of item_context.csv and of the log. What their hashed features and the user-item affinities mean is
  not published and has no place in our tables: there is no text. An item counts from its first impression.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.errors import DataError
from data.readers.feeds import feeds_of
from data.readers.files import read_text
from data.readers.id_forms import texts_of
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.tables import items_of, note_unknown, users_of, write_log

USER_FEATURES = tuple(f"user_feature_{at}" for at in range(4))
"""What together identifies a user."""

LOG = ("timestamp", "item_id", "position", "click", "propensity_score", *USER_FEATURES)
"""Columns that are read of CAMPAIGN.csv."""

_CONTEXT = "item_context.csv"


def read_open_bandit(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads the folder of one campaign (or its log, the file beside item_context.csv) and writes a data set at `out`.

    Raises:
        DataError: no log, a column is missing, or a value does not fit, with its line.
    """
    path = _log_path(source)
    lines = read_text(path, LOG)
    things = read_text(path.with_name(_CONTEXT), ["item_id"])
    users, items = Ids("users", "text"), Ids("tweets", "integer")
    shown_item, item = items.check((lines, "item_id"), (things, "item_id"))
    log = _log(lines, shown_item, skip_bad)
    known = things.keep({"tweet_id": item}, skip_bad=skip_bad).unique(maintain_order=True)
    note_unknown(things, known["tweet_id"], [log["tweet_id"]], "items")
    first, second = items.number(log["tweet_id"], known["tweet_id"])
    log, known = log.with_columns(first), known.with_columns(second)
    policy = path.resolve().parent.parent.name
    clicked = pl.when(pl.col("click") == 1).then(pl.lit("click")).otherwise(pl.lit(""))
    shown = log.with_columns(users.number(log["user_id"]), action=clicked).with_row_index("line")
    tables = feeds_of(lines, shown, ["line"], product=path.stem, policy=policy or "unknown")
    tables["engagements"] = tables["engagements"].with_row_index("engagement_id", offset=1)
    tables |= {"users": users_of(shown), "tweets": items_of(shown, known)}
    config = {"reader": "open_bandit", "source": path.name, "policy": policy}
    name = f"open-bandit-{policy}-{path.stem}"
    return write_log(out, name, config, tables, ids=(users,), files=(lines, things), times=log["time_us"], daily=True)


def _log_path(source: Path) -> Path:
    if source.is_file():
        return source
    found = sorted(path for path in source.glob("*.csv") if path.name != _CONTEXT) if source.is_dir() else []
    if len(found) != 1:
        what = f"{len(found)} logs" if source.is_dir() else "no such folder or file"
        raise DataError(f"{source}: {what}", remedy=f"give the folder of one campaign with its log and {_CONTEXT}")
    return found[0]


def _log(lines: Lines, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """Impressions in the order of the file, ids as texts; `user_id` is the four features as one."""
    features = [texts_of(lines, one).fill_null("") for one in USER_FEATURES]
    for name, values in zip(USER_FEATURES, features, strict=True):
        lines.refuse(values == "", name, "a feature is needed")
    columns = {
        "user_id": pl.select(pl.concat_str(features, separator=" ")).to_series(),
        "tweet_id": item,
        "time_us": lines.timestamp("timestamp", form="iso"),
        "position": lines.number("position", pl.Int64, low=1) - 1,
        "propensity": lines.number("propensity_score", pl.Float64, low=0, high=1),
        "click": lines.number("click", pl.Int8, low=0, high=1),
    }
    return lines.keep(columns, skip_bad=skip_bad)
