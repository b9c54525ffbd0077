"""RecBole atomic files (NAME.inter, NAME.user, NAME.item): items become tweets of kind `item`, lines engagements.

Source: https://recbole.io/atomic_files.html. Fields are separated by tabs; the header names each with its type, as
`user_id:token`, `rating:float`, `title:token_seq`. Tokens are texts of any kind: where all are whole numbers they stay
what they are, else they are numbered. `user_id` and `item_id` must be there; timestamps are seconds since 1970-01-01.
A log without `timestamp` has no order either, so that only random splits of it are possible.

What becomes of the other fields: `rating` makes the action `rate` with its value; `label` keeps the lines with 1 as
clicks and leaves out those with 0, for the log does not state when, where or whether they were shown; their users and
items stay. Without both, a line is a click. An item's text is its title or name and its `token_seq` fields. All other
fields are dropped, and the import names them: features of users have no place in our tables.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from data.dataset import TIMELESS, Dataset
from data.errors import DataError
from data.readers.files import TAB, header_of, read_text
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.notes import did_you_mean
from data.readers.packed import PACKED, stored
from data.readers.tables import below, engaged, items_of, note_unknown, number_events, users_of, write_log

TYPES = ("token", "token_seq", "float", "float_seq")
"""What a field of an atomic file may be."""

_OPTIONAL = ("rating", "label")
_TITLES = ("title", "movie_title", "name", "item_name")


def read_recbole(source: Path, out: Path, *, skip_bad: bool = False, min_value: float | None = None) -> Dataset:
    """Reads a folder that holds NAME.inter, or that file, with NAME.user and NAME.item beside it where they are.

    With `min_value` lines of a lower rating are no engagements, while their users and items stay.

    Raises:
        DataError: no such file, a header without types, or a value that does not fit, with its line.
    """
    inter = _inter(source)
    fields = _fields(inter)
    _check_fields(inter, fields, rated=min_value is not None)
    optional = [one for one in _OPTIONAL if one in fields]
    users, items = Ids("users", mixed=True), Ids("tweets", mixed=True)
    timed = "timestamp" in fields
    lines = _read(inter, fields, ["user_id", "item_id", *(["timestamp"] if timed else []), *optional])
    lines.absent = {one: repr(one) for one in _OPTIONAL if one not in fields}
    if not timed:
        lines.absent = {**lines.absent, "timestamp": "'timestamp'"}
        lines.note("no field timestamp: only random splits, and those by files, are possible", warning=True)
    if not optional:
        lines.note("no field rating or label: each line is a click")
    people = _beside(lines, ".user", "user_id")
    things = _beside(lines, ".item", "item_id")
    user, *known_user = users.check((lines, "user_id"), *([(people, "user_id")] if people is not None else []))
    item, *known_item = items.check((lines, "item_id"), *([(things, "item_id")] if things is not None else []))
    columns = {
        "user_id": user,
        "tweet_id": item,
        "time_us": lines.timestamp("timestamp") if timed else pl.int_range(1, len(lines) + 1, eager=True),
    }
    if "rating" in fields:
        columns["value"] = lines.number("rating", pl.Float64)
    if "label" in fields:
        columns["label"] = lines.number("label", pl.Float64, low=0, high=1)
    log = lines.keep(columns, skip_bad=skip_bad)
    known_users = None if people is None else _known(people, "user_id", known_user[0], log["user_id"], skip_bad)
    known_items = None if things is None else _known(things, "item_id", known_item[0], log["tweet_id"], skip_bad)
    log, known_users = _numbered(users, "user_id", log, known_users)
    log, known_items = _numbered(items, "tweet_id", log, known_items)
    left_out = {"label: 0": log["label"] == 0} if "label" in fields else {}
    if "rating" in fields:
        left_out |= below(log["value"], "rating", min_value)
    kept = engaged(lines, log, left_out).drop("label", strict=False)
    events = number_events(kept.with_columns(action=pl.lit("rate" if "rating" in fields else "click")))
    tables = {"users": users_of(log, known_users), "tweets": items_of(log, known_items), "engagements": events}
    config = {"reader": "recbole", "source": inter.name} | ({} if min_value is None else {"min_value": min_value})
    config |= {} if timed else TIMELESS
    files = [one for one in (lines, people, things) if one is not None]
    return write_log(
        out, inter.stem, config, tables, ids=(users, items), files=files, times=log["time_us"],
        beside=inter.parent.glob(f"{inter.stem}.*"),
    )  # fmt: skip


def _check_fields(inter: Path, fields: dict[str, str], *, rated: bool) -> None:
    has = ", ".join(fields)
    meant = did_you_mean("timestamp", fields) if "timestamp" not in fields else ""
    if meant:
        raise DataError(f"{inter} has no field 'timestamp', it has {has}", remedy=f"{meant}rename it")
    if rated and "rating" not in fields:
        raise DataError(
            f"{inter} has no field 'rating', it has {has}",
            remedy=f"{did_you_mean('rating', fields)}leave out the least value of ratings",
        )


def _inter(source: Path) -> Path:
    """The log without the ending of a packed file."""
    if source.is_file():
        return source.with_suffix("") if source.suffix in PACKED else source
    names = {one.stem if one.suffix in PACKED else one.name for one in source.glob("*.inter*")}
    found = sorted(source / one for one in names if one.endswith(".inter"))
    if len(found) != 1:
        what = f"{len(found)} .inter files" if source.is_dir() else "no such folder or file"
        raise DataError(f"{source}: {what}", remedy="give the folder of one NAME.inter, or that file")
    return found[0]


def _fields(path: Path) -> dict[str, str]:
    """Field name to its place's full name in the header, `name:type`."""
    fields = {}
    for one in header_of(path, TAB):
        name, _, kind = one.partition(":")
        if kind not in TYPES:
            raise DataError(
                f"{path} line 1: field {one!r} has no type", remedy=f"write NAME:TYPE, TYPE one of {', '.join(TYPES)}"
            )
        if name in fields:
            raise DataError(f"{path} line 1: field {name!r} is there twice", remedy="rename all but one")
        fields[name] = one
    return fields


def _read(path: Path, fields: dict[str, str], wanted: list[str]) -> Lines:
    """The `wanted` fields by their names without types."""
    for one in wanted:
        if one not in fields:
            raise DataError(
                f"{path} has no field {one!r}, it has {', '.join(fields)}",
                remedy=f"{did_you_mean(one, fields)}name it {one}:token",
            )
    lines = read_text(path, [fields[one] for one in wanted], TAB)
    lines.frame = lines.frame.rename({fields[one]: one for one in wanted})
    return lines


def _beside(lines: Lines, suffix: str, key: str) -> Lines | None:
    """The file of users or items beside the log `lines`; its key and, of items, the fields that make a text."""
    inter = lines.path.with_suffix("") if lines.path.suffix in PACKED else lines.path
    path = stored(inter.with_suffix(suffix))
    if not path.is_file():
        if key == "item_id":
            lines.note(f"no {path.name} beside it: items have no texts")
        return None
    fields = _fields(path)
    if key == "user_id":
        return _read(path, fields, [key])
    texts = [name for name, full in fields.items() if name in _TITLES or full.endswith(":token_seq")]
    texts.sort(key=lambda name: name not in _TITLES)
    found = _read(path, fields, [key, *texts])
    found.absent = {} if set(texts) & set(_TITLES) else {one: repr(one) for one in _TITLES}
    what = "taken as text, in this order" if texts else "no title and no token_seq: items have no texts"
    found.note(what, columns=texts)
    return found


def _known(lines: Lines, key: str, ids: pl.Series, log: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """`user_id` or `tweet_id`, and the `text` of items; reports which ids of the `log` are not among them."""
    lines.refuse(~ids.is_first_distinct() & ids.is_not_null(), key, "which is there more than once")
    frame = lines.keep(lines.frame.with_columns(ids.alias(key)), skip_bad=skip_bad)
    note_unknown(lines, frame[key], [log], "users" if key == "user_id" else "items")
    if key == "user_id":
        return frame.select(key)
    parts = [pl.col(name) for name in frame.columns if name != key]
    text = pl.concat_str(parts, separator=". ", ignore_nulls=True) if parts else pl.lit("")
    return frame.select(tweet_id=key, text=text)


def _numbered(
    ids: Ids, column: str, log: pl.DataFrame, known: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Both frames with int64 in `column`, the log's ids first."""
    if known is None:
        return log.with_columns(ids.number(log[column])), None
    first, second = ids.number(log[column], known[column])
    return log.with_columns(first), known.with_columns(second)
