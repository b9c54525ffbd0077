"""Writes what a reader found as a data set: events numbered in order of time, users and items completed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.errors import DataError
from data.readers.ids import Ids
from data.readers.lines import Lines
from data.readers.notes import Note, not_read
from data.ties import KEPT


def number_events(events: pl.DataFrame) -> pl.DataFrame:
    """Events in order of time, those with the same time in order of lines, numbered from 1 as `engagement_id`.

    So the numbers show which of the events with the same time came later in the log, which `data.ties` uses.
    """
    return events.sort("time_us", maintain_order=True).with_row_index("engagement_id", offset=1)


def below(values: pl.Series, column: str, least: float | None) -> dict[str, pl.Series]:
    """Why and where ratings are too low to be engagements, for `engaged`; a line without a rating is not."""
    return {} if least is None else {f"{column}: less than {least:g}": (values < least).fill_null(False)}


def engaged(lines: Lines, log: pl.DataFrame, left_out: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The engagements of `log` [N], lines that were kept: those that no reason in `left_out` (where [N]) takes away.

    The others are reported, each by the first reason that it has.

    Raises:
        DataError: none is left.
    """
    stays = pl.repeat(True, len(log), eager=True)
    why = []
    for reason, which in left_out.items():
        taken = stays & which
        lines.leave_out(taken.arg_true(), reason)
        why += [f"{reason} ({taken.sum():,} lines)"] if taken.any() else []
        stays &= ~which
    if not stays.any():
        raise DataError(f"{lines.path} has no engagement: {', '.join(why)}", remedy="leave out less")
    return log.filter(stays)


def users_of(events: pl.DataFrame, known: pl.DataFrame | None = None) -> pl.DataFrame:
    """The table `users`: those of `events`, which may be any lines with `user_id` and `time_us`, and of `known`.

    A user without `created_us` counts from their first event, or else from the log's first time. A user whose
    `verified` is not known is not verified.
    """
    first = events.group_by("user_id").agg(_first=pl.col("time_us").min())
    return _complete(first, known, "user_id", "created_us", events).with_columns(
        verified=pl.col("verified").fill_null(False) if known is not None and "verified" in known.columns else False
    )


def items_of(events: pl.DataFrame, known: pl.DataFrame | None = None) -> pl.DataFrame:
    """The table `tweets` of a log of items: those of `events`, which may be any lines, and of `known`.

    An item without `time_us` counts from its first event, or else from the log's first time; one without `text` has
    none.
    """
    first = events.group_by("tweet_id").agg(_first=pl.col("time_us").min())
    out = _complete(first, known, "tweet_id", "time_us", events)
    text = pl.col("text").fill_null("") if "text" in out.columns else pl.lit("")
    return out.with_columns(text=text, kind=pl.lit("item"), media_count=pl.lit(0))


def _complete(
    first: pl.DataFrame, known: pl.DataFrame | None, key: str, time: str, events: pl.DataFrame
) -> pl.DataFrame:
    all_ = first if known is None else known.join(first, on=key, how="full", coalesce=True)
    stated = [time] if time in all_.columns else []
    begin = pl.coalesce(*stated, "_first").fill_null(events["time_us"].min())
    return all_.with_columns(begin.alias(time)).drop("_first")


def note_unknown(side: Lines, known: pl.Series, log: Sequence[pl.Series], what: str) -> None:
    """Notes the share of the ids of a `log` that the file `side`, whose ids are `known`, does not know."""
    ids = pl.concat([one.drop_nulls().unique(maintain_order=True) for one in log]).unique(maintain_order=True)
    missing = ids.filter(~ids.is_in(known.unique().implode()))
    if not len(missing):
        return
    one = str(missing[0])
    if len(missing) == len(ids):
        words = f"none of the log's {len(ids):,} {what} is in it, as {one!r}: are the ids written alike?"
    else:
        share = f"{len(missing) / len(ids):.1%} of the log's {what} ({len(missing):,} of {len(ids):,})"
        words = f"{share} are not in it, as {one!r}"
    side.note(words, warning=len(missing) == len(ids))


def _note_repeats(lines: Lines, events: pl.DataFrame) -> None:
    keys = events.select("time_us", "user_id", "tweet_id", "action").sort(pl.all())
    again = int(keys.select(pl.all_horizontal(pl.all() == pl.all().shift()).sum()).item() or 0)
    if again:
        which = "1 engagement repeats" if again == 1 else f"{again:,} engagements repeat"
        stays = "it is" if again == 1 else "they are"
        lines.note(f"{which} another one's user, item, time and action; {stays} kept")


def out_of_order(times: pl.Series) -> int:
    """How many lines have a time earlier than the line before."""
    return int((times.diff() < 0).sum() or 0)


def write_log(
    out: Path,
    name: str,
    config: Mapping[str, Any],
    tables: Mapping[str, pl.DataFrame],
    *,
    ids: Sequence[Ids],
    files: Sequence[Lines],
    times: pl.Series,
    beside: Iterable[Path] = (),
    daily: bool = False,
) -> Dataset:
    """Writes `tables` and the ids that were numbered.

    Engagements are numbered as by `number_events`, which the config records. It also records which lines of `files`
    were skipped, the notes on the files (`notes`), and how many of the log's lines, which have the times `times`, are
    not in order of time. Those of the files `beside` them that are none of `files` were not read, and
    that is noted.
    """
    _note_repeats(files[0], tables["engagements"])
    skipped = [asdict(one) for lines in files for one in lines.skipped]
    notes: list[Note] = [one for lines in files for one in lines.notes]
    notes += not_read(beside, (lines.path.name for lines in files))
    found = {
        "skipped": skipped,
        "notes": [asdict(one) for one in notes],
        "lines_out_of_order": out_of_order(times),
    }
    about = dict(config) | KEPT | found
    with DatasetWriter(out, name=name, config=about, seed=0, daily=daily) as writer:
        for table, rows in tables.items():
            writer.write(table, rows)
        for one in ids:
            if one.originals is not None and len(one.originals):
                writer.write_ids(one.entity, one.originals, one.first)
        return writer.commit()
