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

import tomllib
from pathlib import Path
from typing import Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.dataset import Dataset
from data.errors import ConfigError, DataError
from data.readers.files import Layout, read_parquet, read_text
from data.readers.ids import IdKind, Ids
from data.readers.lines import Lines, TimeUnit
from data.readers.tables import items_of, number_events, users_of, write_log
from data.schema import ACTIONS

_ONE_SIGN = r"^[\x00-\x7f]?$"


class _Part(BaseModel):
    """A file and how it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(min_length=1)
    """Path from the mapping's folder: text (.csv, .tsv, .txt and others) or Parquet (.parquet, or a folder of them)."""
    separator: str = Field(default="", pattern=_ONE_SIGN)
    """Between the fields of a text file; a tab for .tsv and a comma for others when empty."""
    quote: str = Field(default='"', pattern=_ONE_SIGN)
    """Around fields that hold separators; empty where nothing is."""
    time_unit: TimeUnit = "s"
    """Unit of a time given as a number since 1970-01-01 UTC: s, ms, us or ns."""
    time_format: str | None = None
    """Form of a time given as text: `iso`, or as strptime has it. A Parquet column of dates needs neither."""

    def read(self, folder: Path, columns: list[str]) -> Lines:
        """The columns of the file."""
        path = folder / self.file
        if path.suffix == ".parquet" or path.is_dir():
            return read_parquet(path, columns)
        separator = self.separator or ("\t" if path.suffix == ".tsv" else ",")
        return read_text(path, columns, Layout(separator, self.quote or None))


class Constants(BaseModel):
    """What is the same on every line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str | None = None
    """One of our actions: like, click, rate and others."""
    value: float | None = None
    """Stars."""


class LogPart(_Part):
    """The log: a line an engagement."""

    user: str
    """Column of who acted."""
    item: str
    """Column of what it was done to."""
    time: str | None = None
    """Column of the moment."""
    order: Literal["time", "file"] = "time"
    """`file` takes a log without times: line n counts as n microseconds after 1970. That serves order alone: splits
    and sequences; ages, windows and days mean nothing."""
    action: str | None = None
    """Column of what was done."""
    actions: dict[str, str] = Field(default_factory=dict)
    """What the log calls an action to what we call it; "" leaves such lines out. Without it the names are ours."""
    value: str | None = None
    """Column of stars."""
    dwell_ms: str | None = None
    """Column of milliseconds that the eyes rested on it."""
    constants: Constants = Constants()
    """Stands for columns that the log does not have."""

    @field_validator("actions")
    @classmethod
    def _ours(cls, actions: dict[str, str]) -> dict[str, str]:
        for name, ours in actions.items():
            if ours and ours not in ACTIONS:
                raise ValueError(f"{name!r} cannot become {ours!r}; an action is one of {', '.join(ACTIONS)}")
        return actions

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.time is None) != (self.order == "file"):
            raise ValueError(
                'name the column `time`, or say order = "file" for a log without times whose lines are in order'
            )
        if (self.action is None) == (self.constants.action is None):
            raise ValueError("name the column `action`, or one action for all lines: constants.action")
        if self.constants.action is not None and self.constants.action not in ACTIONS:
            raise ValueError(f"constants.action {self.constants.action!r} is none of {', '.join(ACTIONS)}")
        if self.value is not None and self.constants.value is not None:
            raise ValueError("`value` is a column or a constant, not both")
        return self


class UsersPart(_Part):
    """What is known about users."""

    id: str
    """Column of the id, as in the log."""
    created: str | None = None
    """Column of when the account was made; else it counts from the first event."""
    username: str | None = None
    """Column of the handle."""
    name: str | None = None
    """Column of the display name."""
    language: str | None = None
    """Column of the BCP 47 language."""
    verified: str | None = None
    """Column of true or false."""


class ItemsPart(_Part):
    """What is known about items."""

    id: str
    """Column of the id, as in the log."""
    time: str | None = None
    """Column of when it came; else it counts from its first event."""
    author: str | None = None
    """Column of the user who made it."""
    text: list[str] = Field(default_factory=list)
    """Columns whose texts are joined by ". "."""
    language: str | None = None
    """Column of the BCP 47 language."""


class Mapping(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    """Of the data set; the mapping file's own when absent."""
    user_ids: IdKind = "auto"
    """`auto` takes whole numbers or texts and refuses a mixture; `text` numbers whatever stands there."""
    item_ids: IdKind = "auto"
    """The same for items."""
    log: LogPart
    """The engagements."""
    users: UsersPart | None = None
    """Optional."""
    items: ItemsPart | None = None
    """Optional."""


_PARTS: dict[str, type[BaseModel]] = {"log": LogPart, "users": UsersPart, "items": ItemsPart, "constants": Constants}


def load_mapping(path: Path) -> Mapping:
    """Reads a mapping file.

    Raises:
        ConfigError: no file, no TOML, an unknown key or a value that does not fit, each named.
    """
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise ConfigError(f"mapping {path} cannot be read: {error.strerror}", remedy="name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"mapping {path} is not TOML: {error}", remedy="fix that line") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            part = _PARTS.get(str(first["loc"][-2]) if len(first["loc"]) > 1 else "", Mapping)
            known = ", ".join(part.model_fields)
            raise ConfigError(f"unknown key {key!r} in {path}", remedy=f"the keys are {known}") from error
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{key} in {path}: {said}", remedy="change that value") from error


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
    optional = [one for one in (part.time, part.action, part.value, part.dwell_ms) if one is not None]
    lines = part.read(folder, [part.user, part.item, *optional])
    about = None if people is None else people.read(folder, _columns(people))
    catalogue = None if things is None else things.read(folder, _columns(things))

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
    if not len(log):
        raise DataError(f"{lines.path} has no line whose action is kept", remedy="check [log.actions]")
    if known_items is not None and "author_id" in known_items.columns:
        log = log.join(known_items.select("tweet_id", "author_id"), on="tweet_id", how="left", maintain_order="left")
    events = number_events(log)
    tables = {"users": users_of(events, known_users), "tweets": items_of(events, known_items), "engagements": events}
    config = {"reader": "mapping", "source": source.name, "mapping": mapping.model_dump(exclude_none=True)}
    files = [one for one in (lines, about, catalogue) if one is not None]
    return write_log(
        out, mapping.name or source.stem, config, tables, ids=(users, items), files=files, times=log["time_us"]
    )


def _columns(part: UsersPart | ItemsPart) -> list[str]:
    """The columns that a part names."""
    said = part.model_dump(exclude=set(_Part.model_fields), exclude_none=True)
    return [one for value in said.values() for one in (value if isinstance(value, list) else [value])]


def _log(lines: Lines, part: LogPart, user: pl.Series, item: pl.Series, skip_bad: bool) -> pl.DataFrame:
    """Engagements in the order of the file, ids as texts."""
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
    log = log.with_columns(**{name: pl.lit(value) for name, value in constants.items()})
    return log.filter(pl.col("action") != "")


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
