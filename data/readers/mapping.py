"""Any CSV, TSV or Parquet log by a mapping of its columns, a TOML file:

    [log]
    file = "events.csv"              # beside the mapping
    user = "visitor"
    item = "sku"
    time = "at"
    time_unit = "ms"
    action = "event"
    actions = { view = "click", buy = "share", scroll = "" }

    [items]
    file = "products.parquet"
    id = "sku"
    text = ["title", "brand"]

Lines become engagements with items; what was shown is not in such a log, so there are no impressions.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import Dataset
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.mapping_keys import ItemsPart, LogPart, UsersPart, load_mapping
from data.readers.tables import below, engaged, items_of, number_events, users_of, write_log
from data.schema import ACTIONS


def read_mapping(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads the log that the mapping file `source` describes and writes a data set at `out`.

    Raises:
        ConfigError: the mapping is wrong.
        DataError: a file or column is missing, or a value does not fit, with its line.
    """
    mapping = load_mapping(source)
    folder = source.parent
    users = Ids("users", mapping.user_ids, remedy='if all are right say user_ids = "text"')
    items = Ids("tweets", mapping.item_ids, remedy='if all are right say item_ids = "text"')
    part, people, things = mapping.log, mapping.users, mapping.items
    lines = part.read(folder)
    about = None if people is None else people.read(folder)
    catalogue = None if things is None else things.read(folder)

    of_users, of_items = [(lines, part.user)], [(lines, part.item)]
    if about is not None and people is not None:
        of_users.append((about, people.id))
    if catalogue is not None and things is not None:
        of_items.append((catalogue, things.id))
        if things.author is not None:
            of_users.append((catalogue, things.author))
    user_texts = users.check(*of_users, optional=[things.author] if things is not None and things.author else [])
    item_texts = items.check(*of_items)
    log = _log(lines, part, user_texts[0], item_texts[0], skip_bad)
    known_users = None if about is None or people is None else _users(about, people, user_texts[1], skip_bad)
    author = user_texts[-1] if things is not None and things.author else None
    known_items = (
        None if catalogue is None or things is None else _items(catalogue, things, item_texts[1], author, skip_bad)
    )
    log, known_users, known_items = _numbered(users, items, log, known_users, known_items)
    if known_items is not None and "author_id" in known_items.columns:
        log = log.join(known_items.select("tweet_id", "author_id"), on="tweet_id", how="left", maintain_order="left")
    left_out = {f"{part.action}: no engagement by the mapping": log["action"] == ""} if part.action else {}
    if part.value is not None:
        left_out |= below(log["value"], part.value, part.min_value)
    events = number_events(engaged(lines, log, left_out))
    tables = {"users": users_of(log, known_users), "tweets": items_of(log, known_items), "engagements": events}
    config = {"reader": "mapping", "source": source.name, "mapping": mapping.model_dump(exclude_none=True)}
    files = [one for one in (lines, about, catalogue) if one is not None]
    return write_log(
        out, mapping.name or source.stem, config, tables, ids=(users, items), files=files, times=log["time_us"]
    )


def _log(lines: Lines, part: LogPart, user: pl.Series, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """All lines in the order of the file, ids as texts; the action is "" where the mapping leaves a line out."""
    time = (
        lines.moment(part.time, part.time_unit, part.time_format)
        if part.time is not None
        else pl.int_range(1, len(lines) + 1, eager=True)
    )
    columns = {"user_id": user, "tweet_id": item, "time_us": time}
    if part.action is not None:
        columns["action"] = _action(lines, part.action, part.actions)
    if part.value is not None:
        columns["value"] = lines.number(part.value, pl.Float64, empty=True)
    if part.dwell_ms is not None:
        columns["dwell_ms"] = lines.number(part.dwell_ms, pl.Int32, low=0, empty=True)
    log = lines.keep(columns, skip_bad=skip_bad)
    constants = {name: value for name, value in part.constants.model_dump().items() if value is not None}
    return log.with_columns(**{name: pl.lit(value) for name, value in constants.items()})


def _action(lines: Lines, column: str, actions: dict[str, str]) -> pl.Series:
    known = actions or {one: one for one in ACTIONS}
    names = lines.text(column).str.strip_chars()
    ours = names.replace_strict(known, default=None, return_dtype=pl.String)
    lines.refuse(ours.is_null(), column, f"none of {', '.join(known)}")
    return ours


def _users(lines: Lines, part: UsersPart, ids: pl.Series, skip_bad: bool) -> pl.DataFrame:
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), part.id, "which stands more than once")
    columns = {"user_id": ids}
    if part.created is not None:
        columns["created_us"] = lines.moment(part.created, part.time_unit, part.time_format, empty=True)
    for name, column in (("username", part.username), ("name", part.name), ("language", part.language)):
        if column is not None:
            columns[name] = lines.frame[column].cast(pl.String)
    if part.verified is not None:
        columns["verified"] = lines.flag(part.verified)
    return lines.keep(columns, skip_bad=skip_bad)


def _items(lines: Lines, part: ItemsPart, ids: pl.Series, author: pl.Series | None, skip_bad: bool) -> pl.DataFrame:
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), part.id, "which stands more than once")
    columns = {"tweet_id": ids}
    if part.time is not None:
        columns["time_us"] = lines.moment(part.time, part.time_unit, part.time_format, empty=True)
    if author is not None:
        columns["author_id"] = author
    if part.text:
        texts = [lines.frame[one].cast(pl.String) for one in part.text]
        columns["text"] = pl.select(pl.concat_str(texts, separator=". ", ignore_nulls=True)).to_series()
    if part.language is not None:
        columns["language"] = lines.frame[part.language].cast(pl.String)
    return lines.keep(columns, skip_bad=skip_bad)


def _numbered(
    users: Ids, items: Ids, log: pl.DataFrame, known_users: pl.DataFrame | None, known_items: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame | None, pl.DataFrame | None]:
    """The frames with int64 ids, the log's first; authors are users."""
    author = known_items is not None and "author_id" in known_items.columns
    people = [log["user_id"]]
    people += [known_users["user_id"]] if known_users is not None else []
    people += [known_items["author_id"]] if known_items is not None and author else []
    numbered = users.number(*people)
    things = items.number(log["tweet_id"], *([known_items["tweet_id"]] if known_items is not None else []))
    log = log.with_columns(numbered[0], things[0])
    if known_users is not None:
        known_users = known_users.with_columns(numbered[1])
    if known_items is not None:
        known_items = known_items.with_columns(things[1])
        if author:
            known_items = known_items.with_columns(numbered[-1])
            makers = numbered[-1].drop_nulls().unique(maintain_order=True).alias("user_id").to_frame()
            known_users = (
                makers
                if known_users is None
                else pl.concat([known_users, makers.join(known_users, on="user_id", how="anti")], how="diagonal")
            )
    return log, known_users, known_items
