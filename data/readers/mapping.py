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

Lines of the log become engagements. A log without times whose lines are in order has `order = "file"` instead of
`time`. Columns that no key names are dropped, and the import names them. What was shown is not in such a log; where
another file names it, `[impressions]` makes requests and impressions of its lines, and engagements of what was clicked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from data.dataset import TIMELESS, Dataset
from data.errors import DataError
from data.events import DAY_US
from data.readers.feeds import feeds_of
from data.readers.id_forms import texts_of
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.mapping_keys import ImpressionsPart, ItemsPart, LogPart, Mapping, UsersPart, load_mapping
from data.readers.tables import below, engaged, items_of, note_unknown, number_events, users_of, write_log
from data.schema import ACTIONS

_LAST_PLACE = 32_767
_MOST_DAYS = 1_000


def read_mapping(source: Path, out: Path, *, skip_bad: bool = False) -> Dataset:
    """Reads the log that the mapping file `source` describes and writes a data set at `out`.

    Raises:
        ConfigError: the mapping is wrong.
        DataError: a file or column is missing, or a value does not fit, with its line.
    """
    mapping = load_mapping(source)
    return read_mapped(mapping, source.parent, out, reader="mapping", source=source, skip_bad=skip_bad)


def read_mapped(
    mapping: Mapping, folder: Path, out: Path, *, reader: str, source: Path, skip_bad: bool = False
) -> Dataset:
    """Reads the log that `mapping` describes, whose files are in `folder`, and writes a data set at `out`.

    `reader` and `source` are how the log was named; the data set is named by the latter where the mapping has no name.

    Raises:
        ConfigError: the mapping does not fit its files.
        DataError: a file or column is missing, or a value does not fit, with its line.
    """
    files = {name: part.read(folder) for name, part in mapping.parts().items()}
    users = Ids("users", mapping.user_ids, key="user_ids")
    items = Ids("tweets", mapping.item_ids, key="item_ids")
    apart = None if mapping.author_ids == "users" else Ids("authors", mapping.author_ids, key="author_ids")
    frames = _frames(mapping, files, (users, items, apart), skip_bad)
    _note_unknown(mapping, files, frames)
    _number_all(frames, users, items, apart)
    tables, seen = _events(mapping, files, frames)
    tables["users"] = users_of(seen, frames.get("users") if apart else _people(frames))
    tables["tweets"] = items_of(seen, frames.get("items"))
    first = next(iter(frames.values()))
    config = {"reader": reader, "source": source.name, "mapping": mapping.model_dump(exclude_none=True)}
    if mapping.log is not None and mapping.log.order == "none":
        config |= TIMELESS
        files["log"].note("no times and no order: only random splits, and those by files, are possible", warning=True)
    return write_log(
        out, mapping.name or source.stem, config, tables, ids=[one for one in (users, items, apart) if one],
        files=list(files.values()), times=first["time_us"],
        daily=mapping.impressions is not None and _dense(tables["tweets"]),
    )  # fmt: skip


def _frames(
    mapping: Mapping, files: dict[str, Lines], ids: tuple[Ids, Ids, Ids | None], skip_bad: bool
) -> dict[str, pl.DataFrame]:
    """The good lines of every part, ids as texts; the log and the impressions first.

    `ids` are those of users, items and, where they are no users, authors.
    """
    users, items, apart = ids
    log, shown, people, things = mapping.log, mapping.impressions, mapping.users, mapping.items
    acting = {name: part for name, part in (("log", log), ("impressions", shown)) if part is not None}
    of_users = {name: part.user for name, part in acting.items()}
    of_users |= {"users": people.id} if people else {}
    makers = {"items": things.author} if things and things.author else {}
    of_users |= {} if apart else makers
    of_items = {name: part.item for name, part in acting.items()} | ({"items": things.id} if things else {})
    optional = [files["items"]] if things else []
    user = _texts(users, files, of_users, optional)
    item = _texts(items, files, of_items)
    maker = _texts(apart, files, makers, optional) if apart else user
    out = {}
    if log is not None:
        out["log"] = _log(files["log"], log, user["log"], item["log"], skip_bad)
    if shown is not None:
        out["impressions"] = _shown(files["impressions"], shown, user["impressions"], item["impressions"], skip_bad)
    if people is not None:
        out["users"] = _users(files["users"], people, user["users"], skip_bad)
    if things is not None:
        out["items"] = _items(files["items"], things, item["items"], maker.get("items"), skip_bad)
    return out


def _texts(
    ids: Ids, files: dict[str, Lines], columns: dict[str, str], optional: Sequence[Lines] = ()
) -> dict[str, pl.Series]:
    """The ids of each part's column."""
    texts = ids.check(*((files[name], column) for name, column in columns.items()), optional=optional)
    return dict(zip(columns, texts, strict=True))


def _note_unknown(mapping: Mapping, files: dict[str, Lines], frames: dict[str, pl.DataFrame]) -> None:
    """Notes what the log's ids and those of the parts `users` and `items` do not have in common."""
    acting = [frames[name] for name in ("log", "impressions") if name in frames]
    people, things = frames.get("users"), frames.get("items")
    made = None if things is None or "author_id" not in things.columns else things["author_id"]
    if things is not None:
        note_unknown(files["items"], things["tweet_id"], [one["tweet_id"] for one in acting], "items")
    if people is not None:
        note_unknown(files["users"], people["user_id"], [one["user_id"] for one in acting], "users")
    if made is None or mapping.items is None or mapping.items.author is None:
        return
    if mapping.author_ids == "users":
        if people is not None:
            note_unknown(files["users"], people["user_id"], [made], "authors")
        return
    known = [one["user_id"] for one in acting] + ([] if people is None else [people["user_id"]])
    makers = made.drop_nulls().unique()
    same = int(makers.is_in(pl.concat([one.unique() for one in known]).unique().implode()).sum())
    if same:
        how = "is written like a user" if same == 1 else "are written like users"
        remedy = 'if authors are users say author_ids = "users"'
        words = f"{same:,} of {len(makers):,} authors {how} and taken as something else; {remedy}"
        files["items"].note(words, columns=[mapping.items.author], warning=True)


def _number_all(frames: dict[str, pl.DataFrame], users: Ids, items: Ids, apart: Ids | None) -> None:
    """Makes all ids int64: authors that are `apart` have numbers that no user has."""
    _number(users, frames, ("user_id",) if apart else ("user_id", "author_id"))
    _number(items, frames, ("tweet_id",))
    if apart and any("author_id" in frame.columns for frame in frames.values()):
        met = pl.concat([frame["user_id"] for frame in frames.values() if "user_id" in frame.columns])
        _number(apart, frames, ("author_id",), apart=met)


def _number(
    ids: Ids, frames: dict[str, pl.DataFrame], columns: Sequence[str], *, apart: pl.Series | None = None
) -> None:
    """Makes the texts of `columns` int64 in all frames, the first frame's first."""
    places = [(name, column) for name, frame in frames.items() for column in columns if column in frame.columns]
    numbers = ids.number(*(frames[name][column] for name, column in places), apart=apart)
    for (name, column), values in zip(places, numbers, strict=True):
        frames[name] = frames[name].with_columns(values.alias(column))


def _people(frames: dict[str, pl.DataFrame]) -> pl.DataFrame | None:
    """What is known about users; authors are users."""
    known, things = frames.get("users"), frames.get("items")
    if things is None or "author_id" not in things.columns:
        return known
    makers = things.select(user_id="author_id").drop_nulls().unique(maintain_order=True)
    if known is None:
        return makers
    return pl.concat([known, makers.join(known, on="user_id", how="anti")], how="diagonal")


def _events(
    mapping: Mapping, files: dict[str, Lines], frames: dict[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """The tables of events, and `user_id`, `tweet_id` and `time_us` of all lines, left out or not."""
    things = frames.get("items")
    made = things.select("tweet_id", "author_id") if things is not None and "author_id" in things.columns else None
    tables: dict[str, pl.DataFrame] = {}
    events, seen = [], []
    for name in ("log", "impressions"):
        if name not in frames:
            continue
        rows = frames[name]
        rows = rows if made is None else rows.join(made, on="tweet_id", how="left", maintain_order="left")
        if mapping.log is not None and name == "log":
            events.append(engaged(files[name], rows, _left_out(mapping.log, rows)))
        elif mapping.impressions is not None:
            keys = ["user_id", "time_us"] if mapping.impressions.request is None else ["request"]
            tables |= feeds_of(files[name], rows, keys, product="log")
            events.append(tables["engagements"])
        seen.append(rows.select("user_id", "tweet_id", "time_us"))
    return tables | {"engagements": number_events(pl.concat(events, how="diagonal"))}, pl.concat(seen)


def _left_out(part: LogPart, log: pl.DataFrame) -> dict[str, pl.Series]:
    """Why and where a line is no engagement."""
    out = {f"{part.action}: no engagement by the mapping": log["action"] == ""} if part.action else {}
    return out if part.value is None else out | below(log["value"], part.value, part.min_value)


def _dense(tweets: pl.DataFrame) -> bool:
    """Whether items come on so few days that a file a day is no waste."""
    return (tweets["time_us"] // DAY_US).n_unique() <= _MOST_DAYS


def _log(lines: Lines, part: LogPart, user: pl.Series, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """All lines in the order of the file, ids as texts; the action is "" where the mapping leaves a line out."""
    time = (
        lines.timestamp(part.time, part.time_unit, part.time_format)
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
    log = log.with_columns(**{name: pl.lit(value) for name, value in constants.items()})
    if "value" not in log.columns and (log["action"] == "rate").any():
        lines.note("no `value`: ratings have no stars")
    return log


def _shown(lines: Lines, part: ImpressionsPart, user: pl.Series, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """Shown items in the order of the file, ids as texts; the action is "" where nothing was done."""
    time = lines.timestamp(part.time, part.time_unit, part.time_format)
    columns = {"user_id": user, "tweet_id": item, "time_us": time}
    if part.clicked is not None:
        columns["action"] = _clicked(lines, part.clicked)
    if part.action is not None:
        columns["action"] = _action(lines, part.action, part.actions, empty=True)
    if part.request is not None:
        request = texts_of(lines, part.request)
        lines.refuse(request.is_null(), part.request, "an id is needed")
        rows = pl.DataFrame({"request": request, "user": user})
        firsts = rows.unique("request", keep="first").rename({"user": "first"})
        owner = rows.join(firsts, on="request", how="left", maintain_order="left")["first"]
        lines.refuse(user != owner, part.user, "another than on the first line of its request")
        columns["request"] = request
    if part.position is not None:
        columns["position"] = lines.number(part.position, pl.Int64, low=0, high=_LAST_PLACE)
    if part.propensity is not None:
        columns["propensity"] = lines.number(part.propensity, pl.Float64, low=0, high=1, empty=True)
    shown = lines.keep(columns, skip_bad=skip_bad).with_row_index("line")
    if not (shown["action"] != "").any():
        raise DataError(
            f"{lines.path} has no line with an action", remedy=f"is {part.clicked or part.action!r} the right column?"
        )
    return shown.with_columns(pl.col("position") - pl.col("position").min()) if part.position is not None else shown


def _clicked(lines: Lines, column: str) -> pl.Series:
    clicked = lines.flag(column)
    lines.refuse(lines.text(column).str.strip_chars() == "", column, "1 or 0 is needed")
    return pl.select(pl.when(clicked).then(pl.lit("click")).otherwise(pl.lit(""))).to_series()


def _action(lines: Lines, column: str, actions: dict[str, str], *, empty: bool = False) -> pl.Series:
    known = actions or {one: one for one in ACTIONS}
    names = lines.text(column).str.strip_chars()
    ours = names.replace_strict({"": ""} | known if empty else known, default=None, return_dtype=pl.String)
    lines.refuse(ours.is_null(), column, f"none of {', '.join(known)}")
    return ours


def _users(lines: Lines, part: UsersPart, ids: pl.Series, skip_bad: bool) -> pl.DataFrame:
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), part.id, "which is there more than once")
    columns = {"user_id": ids}
    if part.created is not None:
        columns["created_us"] = lines.timestamp(part.created, part.time_unit, part.time_format, empty=True)
    for name, column in (("username", part.username), ("name", part.name), ("language", part.language)):
        if column is not None:
            columns[name] = lines.frame[column].cast(pl.String)
    if part.verified is not None:
        columns["verified"] = lines.flag(part.verified)
    return lines.keep(columns, skip_bad=skip_bad)


def _items(lines: Lines, part: ItemsPart, ids: pl.Series, author: pl.Series | None, skip_bad: bool) -> pl.DataFrame:
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), part.id, "which is there more than once")
    columns = {"tweet_id": ids}
    if part.time is not None:
        columns["time_us"] = lines.timestamp(part.time, part.time_unit, part.time_format, empty=True)
    if author is not None:
        columns["author_id"] = author
    if part.text:
        texts = [lines.frame[one].cast(pl.String) for one in part.text]
        columns["text"] = pl.select(pl.concat_str(texts, separator=". ", ignore_nulls=True)).to_series()
    if part.language is not None:
        columns["language"] = lines.frame[part.language].cast(pl.String)
    return lines.keep(columns, skip_bad=skip_bad)
