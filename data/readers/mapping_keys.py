"""The keys of a mapping file: what the columns of a log are, and how its files are written."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.errors import ConfigError
from data.readers.files import Layout, read_parquet, read_text
from data.readers.ids import IdKind
from data.readers.json_lines import ENDINGS, read_json_lines
from data.readers.lines import Lines
from data.readers.packed import PACKED, stored
from data.readers.timestamps import TimeUnit
from data.schema import ACTIONS
from data.settings import wrong_setting

_ONE_SIGN = r"^[\x00-\x7f]?$"
_SIGNS = r"^[\x00-\x09\x0b\x0c\x0e-\x7f]{0,8}$"


def _ours(actions: dict[str, str]) -> dict[str, str]:
    for name, ours in actions.items():
        if ours and ours not in ACTIONS:
            raise ValueError(f"{name!r} cannot become {ours!r}; an action is one of {', '.join(ACTIONS)}")
    return actions


AuthorKind = Literal["auto", "integer", "text", "users"]

Actions = Annotated[dict[str, str], AfterValidator(_ours)]
"""What a log calls an action to what we call it, "" where it is none for us."""


class _Part(BaseModel):
    """A file and how it is written."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset()
    """Keys of a kind of part that name no columns."""
    UNUSED: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Keys that need name no column, each with usual names of the column that it would name."""
    DEFAULTS: ClassVar[dict[str, str]] = {}
    """Those whose column something else replaces, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(min_length=1)
    """Path from the mapping's folder: text (.csv, .tsv, .txt and others), JSON Lines (.jsonl, .ndjson, .json), both
    perhaps packed (.gz, .zst, .zip, .bz2, .xz), or Parquet (.parquet, or a folder of them)."""
    columns: list[str] = Field(default_factory=list)
    """Names of all columns of a text file without a header, in their order."""
    separator: str = Field(default="", pattern=_SIGNS)
    """Between the fields of a text file, one character or several; a tab for .tsv and a comma for others when empty."""
    quote: str = Field(default='"', pattern=_ONE_SIGN)
    """Around fields that hold separators; empty where nothing is, as with a separator of several characters."""
    encoding: str = "utf-8"
    """Of a text file, as Python names it: utf-8, latin-1, cp1252 and others."""
    time_unit: TimeUnit = "s"
    """Unit of a time given as a number since 1970-01-01 UTC: s, ms, us or ns."""
    time_format: str | None = None
    """Form of a time given as text: `iso` (what it takes: docs/data.md), or as strptime has it. A Parquet column of
    dates needs neither."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except (LookupError, ValueError) as error:
            raise ValueError(f"{encoding!r} is no encoding of texts; say utf-8, latin-1 or cp1252") from error
        return codecs.lookup(encoding).name

    @model_validator(mode="after")
    def _written(self) -> Self:
        if len(self.separator) > 1 and self.quote and "quote" in self.model_fields_set:
            raise ValueError(f'the separator {self.separator!r} goes without quotes: quote = ""')
        if self.quote and self.separator == self.quote:
            raise ValueError(f"{self.quote!r} is the separator and the quote: change one of them")
        return self

    def wanted(self) -> list[str]:
        """The columns that this part names."""
        given = self.model_dump(exclude={*_Part.model_fields, *self.SETTINGS}, exclude_none=True)
        return [one for value in given.values() for one in (value if isinstance(value, list) else [value])]

    def absent(self) -> dict[str, str]:
        """Keys for columns that this part does not use, and usual names of such columns, each with its key."""
        return {name: f"`{key}`" for key, names in self.UNUSED.items() if self.unused(key) for name in (key, *names)}

    def unused(self, key: str) -> bool:
        """Could `key` name a column, and does not?"""
        return not self.model_dump(include={key})[key]

    def read(self, folder: Path) -> Lines:
        """Those columns of the file."""
        lines = self._read(folder / self.file)
        lines.absent = self.absent()
        for key, what in self.DEFAULTS.items():
            if self.unused(key):
                lines.note(f"no `{key}`: {what}")
        return lines

    def _read(self, path: Path) -> Lines:
        if path.suffix == ".parquet" or path.is_dir():
            if self.columns:
                raise ConfigError(f"{path} is Parquet and names its columns itself", remedy="leave out `columns`")
            return read_parquet(path, self.wanted())
        path = stored(path)
        plain = Path(path.stem) if path.suffix in PACKED else path
        if plain.suffix in ENDINGS:
            if self.columns or self.separator:
                raise ConfigError(f"{path} is JSON Lines", remedy="leave out `columns` and `separator`")
            return read_json_lines(path, self.wanted(), self.encoding)
        separator = self.separator or ("\t" if plain.suffix == ".tsv" else ",")
        quote = self.quote if self.quote and len(separator) == 1 else None
        return read_text(path, self.wanted(), Layout(separator, quote, tuple(self.columns) or None, (), self.encoding))


class Constants(BaseModel):
    """What is the same on every line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str | None = None
    """One of our actions: like, click, rate and others."""
    value: float | None = None
    """Stars."""


class LogPart(_Part):
    """The log: a line an engagement."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset({"order", "actions", "min_value", "constants"})
    UNUSED: ClassVar[dict[str, tuple[str, ...]]] = {
        "time": ("timestamp", "date", "datetime"),
        "action": ("event", "event_type"),
        "value": ("rating", "stars", "score"),
        "dwell_ms": ("dwell", "dwell_time"),
    }
    DEFAULTS: ClassVar[dict[str, str]] = {
        "time": "line n counts as n microseconds after 1970, which serves order alone"
    }

    user: str
    """Column of who acted."""
    item: str
    """Column of what it was done to."""
    time: str | None = None
    """Column of the time."""
    order: Literal["time", "file", "none"] = "time"
    """`file` takes a log without times: line n counts as n microseconds after 1970. It gives only the order, for splits
    and sequences; ages, windows and days mean nothing. `none` says that the lines have no order either: only random
    splits and splits by files are then possible."""
    action: str | None = None
    """Column of what was done."""
    actions: Actions = Field(default_factory=dict)
    """What the log calls an action to what we call it; lines that become "" are no engagements, while their users and
    items stay. Without it the names are ours."""
    value: str | None = None
    """Column of stars."""
    min_value: float | None = Field(default=None, allow_inf_nan=False)
    """Lines of fewer stars are no engagements, while their users and items stay; lines without stars are kept."""
    dwell_ms: str | None = None
    """Column of dwell: milliseconds that the user looked at it."""
    constants: Constants = Constants()
    """Used for columns that the log does not have."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.time is None) != (self.order != "time"):
            raise ValueError(
                'name the column `time`, or say order = "file" for a log without times whose lines are in order, or '
                'order = "none" where they are in none'
            )
        if (self.action is None) == (self.constants.action is None):
            raise ValueError("name the column `action`, or one action for all lines: constants.action")
        if self.constants.action is not None and self.constants.action not in ACTIONS:
            raise ValueError(f"constants.action {self.constants.action!r} is none of {', '.join(ACTIONS)}")
        if self.value is not None and self.constants.value is not None:
            raise ValueError("`value` is a column or a constant, not both")
        if self.min_value is not None and self.value is None:
            raise ValueError("min_value goes with `value`, the column of stars")
        return self

    def unused(self, key: str) -> bool:
        """A column with a constant in its place is not missing, nor are times where there is said to be no order."""
        replaced = {"value": self.constants.value is not None, "time": self.order == "none"}
        return super().unused(key) and not replaced.get(key, False)


class ImpressionsPart(_Part):
    """What was shown: a line an item in a request."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset({"actions"})
    UNUSED: ClassVar[dict[str, tuple[str, ...]]] = {
        "request": ("request_id", "session", "session_id"),
        "position": ("place", "rank", "slot"),
        "propensity": ("pscore", "propensity_score"),
    }
    DEFAULTS: ClassVar[dict[str, str]] = {
        "request": "the lines of one user and time are one request",
        "position": "the order of a request's lines is used for it",
        "propensity": "impressions have none",
    }

    request: str | None = None
    """Column that distinguishes requests; else the lines of one user and time are one request."""
    user: str
    """Column of who saw it."""
    item: str
    """Column of what was shown."""
    time: str
    """Column of the time."""
    position: str | None = None
    """Column of the place, whole numbers; the file's smallest is the top. Else the order of a request's lines."""
    clicked: str | None = None
    """Column of 1 or 0, true or false: whether it was clicked."""
    action: str | None = None
    """Instead of it, the column of what was done, empty where nothing was; a line for each of several actions."""
    actions: Actions = Field(default_factory=dict)
    """What the log calls an action to what we call it; what becomes "" is none. Without it the names are ours."""
    propensity: str | None = None
    """Column of the probability with which it was chosen for its place, from 0 to 1; may be empty."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.clicked is None) == (self.action is None):
            raise ValueError("name the column `clicked`, or the column `action`")
        return self


class UsersPart(_Part):
    """What is known about users."""

    UNUSED: ClassVar[dict[str, tuple[str, ...]]] = {
        "created": ("created_at", "joined", "since"),
        "username": ("login", "handle"),
        "name": ("display_name",),
        "language": ("lang",),
        "verified": (),
    }
    DEFAULTS: ClassVar[dict[str, str]] = {"created": "accounts count from their first event"}

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

    UNUSED: ClassVar[dict[str, tuple[str, ...]]] = {
        "time": ("timestamp", "created", "created_at", "since"),
        "author": ("author_id", "seller", "maker", "creator"),
        "text": ("title", "name", "description"),
        "language": ("lang",),
    }
    DEFAULTS: ClassVar[dict[str, str]] = {
        "time": "items count from their first event",
        "text": "items have no texts",
    }

    id: str
    """Column of the id, as in the log."""
    time: str | None = None
    """Column of when it came; else it counts from its first event."""
    author: str | None = None
    """Column of who made it: a user if the mapping has author_ids = "users", else a brand, a shop or the like."""
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
    """`auto` takes whole numbers or texts and refuses a mixture; `integer` takes whole numbers, `007` as 7; `text`
    numbers whatever is there."""
    item_ids: IdKind = "auto"
    """The same for items."""
    author_ids: AuthorKind = "auto"
    """What the column `author` of items holds: `users` where authors are users and have their ids. Else authors are
    something else, as brands, with ids of their own; `auto`, `integer` and `text` as for users."""
    log: LogPart | None = None
    """The engagements that no request of `impressions` holds."""
    impressions: ImpressionsPart | None = None
    """What was shown, and what came of it. A mapping has this, or `log`, or both."""
    users: UsersPart | None = None
    """Optional."""
    items: ItemsPart | None = None
    """Optional."""

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.log is None and self.impressions is None:
            raise ValueError("it has neither [log] nor [impressions]")
        if self.log is not None and self.impressions is not None and self.log.time is None:
            raise ValueError("[impressions] has times, and so must [log]: an order in place of times does not go")
        return self

    def parts(self) -> dict[str, LogPart | ImpressionsPart | UsersPart | ItemsPart]:
        """The parts that are there, by name."""
        named = {"log": self.log, "impressions": self.impressions, "users": self.users, "items": self.items}
        return {name: part for name, part in named.items() if part is not None}


def load_mapping(path: Path) -> Mapping:
    """Reads a mapping file.

    Raises:
        ConfigError: no file, no TOML, an unknown key or a value that does not fit, each named.
    """
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigError(f"mapping {path} cannot be read: {error.strerror}", remedy="name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"mapping {path} is not TOML: {error}", remedy="fix that line") from error
    except ValidationError as error:
        raise wrong_setting(error, Mapping, f"mapping {path}") from error
