"""Looks through a data set for what makes numbers too good or wrong: leaks, duplicates, disorder, edges out of step.

Everything is counted by lazy queries that stream, or a day's file at a time, so that no table must fit in memory.
Features are recomputed for a sample of rows over the log's beginning where the log is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.dataset import Dataset
from data.errors import DataError
from data.events import DAY_US, HOUR_US, MINUTE_US, NEVER_US
from data.readers.notes import in_words
from data.schema import table
from data.split import PLAIN_SPLITS, splitter
from data.splitters import PastOrder
from experiments.datasets.time_ties import tied_rows
from features.catalogue import owners, plan
from features.leakage import leaks
from features.offline_cache import OfflineCache
from serving.kit.clock import WallClock

if TYPE_CHECKING:
    from features.text.understanding import Understanding

Verdict = Literal["clean", "found", "note", "absent"]
"""`note` is not a fault; `absent` cannot be checked, because the log lacks what it needs."""

_TABLES = (
    "tweets",
    "deletions",
    "requests",
    "impressions",
    "surveys",
    "engagements",
    "undos",
    "follows",
    "mutes",
    "blocks",
)
_TEXT_TABLES = {"understanding", "topic_count"}
"""What views of texts read."""
_COPIES = {
    "engagements": ("time_us", "user_id", "tweet_id", "action"),
    "impressions": ("time_us", "request_id", "tweet_id"),
    "surveys": ("time_us", "user_id", "kind"),
}
"""Columns that identify an event."""
_EDGES = {
    "follows": ("follower_id", "followee_id"),
    "mutes": ("user_id", "muted_id"),
    "blocks": ("user_id", "blocked_id"),
}


_COARSE = ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute"))
_MANY_TIES = 0.1
"""Share of a test's rows that ties may decide before it is a fault of the log."""


class AuditConfig(BaseModel):
    """How much is recomputed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(default=400, ge=2)
    """Rows whose features are recomputed at each cut: half of them just before it, half spread over the time before."""
    cuts: int = Field(default=2, ge=1)
    """Times at which the future is cut off."""
    events: int = Field(default=2_000_000, ge=1)
    """Events of one table, from the log's first on, over which features are recomputed."""
    texts: int = Field(default=10_000, ge=1)
    """Tweets, from the first on, over which features that read texts are recomputed."""


@dataclass(frozen=True)
class Finding:
    """One line of the audit."""

    check: str
    where: str
    """A table, or a split."""
    verdict: Verdict
    count: int
    """Rows at fault; for a split its cold rows."""
    detail: str


@dataclass(frozen=True)
class Audit:
    """All lines."""

    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Nothing was found."""
        return all(one.verdict != "found" for one in self.findings)


def audit_now(dataset: Dataset, config: AuditConfig, encoder: str, home: Path) -> Audit:
    """Runs every check as of the present, with heads of texts trained on the whole log over `encoder`.

    With the encoder "none", or for a log without texts, features that read texts are left out.

    Raises:
        DataError: a file of the data set cannot be read.
    """
    understanding = None
    if encoder != "none" and dataset.has_texts:
        from features.text.encoder import resolve_encoder
        from features.text.understanding import Understanding

        understanding = Understanding.train(dataset, resolve_encoder(encoder, cache=home / "cache"), None)
    return audit(dataset, config, now_us=WallClock().now_us(), understanding=understanding)


def audit(dataset: Dataset, config: AuditConfig, *, now_us: int, understanding: Understanding | None = None) -> Audit:
    """Runs every check; `now_us` is the present time, `understanding` reads the texts that features are made of.

    Raises:
        DataError: a file of the data set cannot be read.
    """
    checks = (
        _future_features(dataset, config, understanding), _duplicates(dataset), _cold(dataset), _ties(dataset),
        _order(dataset, now_us), _before(dataset), _edges(dataset), _source(dataset), _told_at_import(dataset),
    )  # fmt: skip
    return Audit(tuple(finding for check in checks for finding in check))


def _found(check: str, where: str, count: int, fault: str, fine: str) -> Finding:
    return Finding(check, where, "found", count, fault) if count else Finding(check, where, "clean", 0, fine)


def _future_features(dataset: Dataset, config: AuditConfig, understanding: Understanding | None) -> Iterator[Finding]:
    """Do features of past rows change when the future is cut off?"""
    check = "features know the future"
    name = next((one for one in ("impressions", "engagements") if dataset.rows(one)), None)
    if name is None or "tweets" not in dataset.tables:
        yield Finding(check, "", "absent", 0, "needs tweets, and impressions or engagements")
        return
    end = min((_moment_of(dataset, one, config.events) for one in dataset.tables if one != "users"), default=NEVER_US)
    reading = [one for one in owners() if _TEXT_TABLES & {name for view in plan([one]) for name in view.tables}]
    plain = [one for one in owners() if one not in reading]
    yield _changes(dataset, config, (check, name), plain, None, end)
    check = "text features know the future"
    if understanding is None or not dataset.has_texts:
        why = "no text encoder was given" if dataset.has_texts else "the log has no texts"
        yield Finding(check, name, "absent", 0, why)
        return
    end = min(end, _moment_of(dataset, "tweets", config.texts))
    yield _changes(dataset, config, (check, name), reading, understanding, end)


def _changes(
    dataset: Dataset,
    config: AuditConfig,
    named: tuple[str, str],
    names: Sequence[str],
    understanding: Understanding | None,
    end: int,
) -> Finding:
    """Features `names` over the log before `end`, with its future and without; `named` are check and table."""
    tables = {one: dataset.scan(one, before_us=end) for one in dataset.tables}
    events = tables[named[1]].select("user_id", "tweet_id", "time_us")
    total = events.select(pl.len()).collect(engine="streaming").item()
    if not total:
        return Finding(*named, "absent", 0, f"no rows before {_time_of(end)}")
    changed: dict[str, int] = {}
    cut_times, cache = [], OfflineCache()
    for at in range(1, config.cuts + 1):
        place = min(total - 1, total * at // (config.cuts + 1))
        before = events.slice(0, place + 1)
        near, spread = before.tail(config.rows // 2), before.gather_every(max(1, 2 * (place + 1) // config.rows))
        rows = pl.concat([near, spread]).collect().unique(maintain_order=True)
        cut = int(rows["time_us"].max())  # type: ignore[arg-type]
        cut_times.append(_time_of(cut))
        for feature, count in leaks(tables, rows, names, understanding, cut, cache).items():
            changed[feature] = changed.get(feature, 0) + count
    said = ", ".join(f"{feature} ({count} rows)" for feature, count in changed.items())
    cuts = f"with the log cut at {' and '.join(cut_times)}"
    fine = f"{len(names)} features of up to {config.rows} rows a cut are the same {cuts}"
    return _found(*named, sum(changed.values()), f"{said} {cuts}", fine)


def _moment_of(dataset: Dataset, name: str, place: int) -> int:
    """The time of a table's row `place`, for ever where it has no more rows."""
    if dataset.rows(name) <= place:
        return NEVER_US
    return int(dataset.scan(name).select(table(name).time).slice(place, 1).collect().item())


def _duplicates(dataset: Dataset) -> Iterator[Finding]:
    for name, keys in _COPIES.items():
        if name not in dataset.tables:
            continue
        copies, example = 0, ""
        for day in dataset.days(name):
            again = _day(dataset, name, day).group_by(keys).len().filter(pl.col("len") > 1)
            counted = again.select((pl.col("len") - 1).sum().alias("copies"), *(pl.col(key).first() for key in keys))
            row = counted.collect(engine="streaming").row(0, named=True)
            if row["copies"]:
                example = example or ", ".join(f"{key} {row[key]}" for key in keys)
                copies += row["copies"]
        yield _found("duplicate events", name, copies, f"first: {example}", f"no two equal in {', '.join(keys)}")


def _cold(dataset: Dataset) -> Iterator[Finding]:
    """What each split's test holds that its training part has never met."""
    check = "unseen in training"
    for kind in PLAIN_SPLITS:
        try:
            warm = splitter(kind).apply(dataset).warmth
        except DataError as error:
            yield Finding(check, kind, "absent", 0, error.problem)
            continue
        cold = warm.test_rows - warm.warm_rows
        words = (
            f"of {warm.test_rows:,} test rows; users {warm.warm_users:,} warm, {warm.cold_users:,} cold; "
            f"tweets {warm.warm_tweets:,} warm, {warm.cold_tweets:,} cold"
        )
        words += f"; {warm.repeated_rows:,} whose user has that tweet in training too" if warm.repeated_rows else ""
        yield Finding(check, kind, "note" if warm.warm_users else "found", cold, words)


def _ties(dataset: Dataset) -> Iterator[Finding]:
    """Times so coarse that what happened within them has no order, and what ties decide of the splits' tests."""
    for name in ("impressions", "engagements"):
        if not dataset.rows(name):
            continue
        whole = {words: (pl.col("time_us") % unit == 0).all() for unit, words in _COARSE}
        times = dataset.scan(name).select(pl.col("time_us").n_unique().alias("times"), **whole)
        row = times.collect(engine="streaming").row(0, named=True)
        coarse = next((words for _, words in _COARSE if row[words]), "") if row["times"] > 1 else ""
        words = f"every time is a whole {coarse}: what happened within one has no order of its own"
        verdict: Verdict = "found" if coarse == "day" else "note" if coarse else "clean"
        count = dataset.rows(name) if coarse else 0
        yield Finding("coarse times", name, verdict, count, words if coarse else "finer than a minute")
    for kind in PLAIN_SPLITS:
        chosen = splitter(kind)
        if not isinstance(chosen, PastOrder):
            continue
        try:
            tied = tied_rows(chosen.apply(dataset))
        except DataError as error:
            yield Finding("ties in time", kind, "absent", 0, error.problem)
            continue
        if tied is not None:
            verdict = "clean" if not tied.decided else "found" if tied.share >= _MANY_TIES else "note"
            yield Finding("ties in time", kind, verdict, tied.decided, f"of {tied.rows:,} test rows: {tied.rule}")


def _order(dataset: Dataset, now_us: int) -> Iterator[Finding]:
    """Rows in order within their files, in the file of their day, and not after the present."""
    # A world has the clock of its settings, whether or not its truth is at hand; an import names its reader.
    made = "reader" not in dataset.config and "people" in dataset.config
    for name in (one for one in _TABLES if one in dataset.tables):
        spec = table(name)
        time, key = pl.col(spec.time), pl.col(spec.key)
        unordered = (time.diff() < 0) | ((time.diff() == 0) & (key.diff() <= 0))
        disorder = future = 0
        for day in dataset.days(name):
            start = pl.lit(day).str.to_date().cast(pl.Datetime("us")).cast(pl.Int64) if day[0].isdigit() else None
            stray = pl.lit(0) if start is None else ((time < start) | (time >= start + DAY_US)).sum()
            row = _day(dataset, name, day).select(unordered.sum() + stray, (time > now_us).sum().alias("future"))
            first, second = row.collect(engine="streaming").row(0)
            disorder, future = disorder + first, future + second
        yield _found("rows out of order", name, disorder, "rows before their file's last one, or of another day",
                     f"by {spec.time} and {spec.key}")  # fmt: skip
        if not made:
            yield _found("times in the future", name, future, f"after {_time_of(now_us)}", "none after now")


def _before(dataset: Dataset) -> Iterator[Finding]:
    """Events before what they need: their tweet, their user, their request, their impression."""
    for name in ("impressions", "surveys", "engagements"):
        if name not in dataset.tables:
            continue
        yield from _after(dataset, name, "tweets", "tweet_id", "time_us", "its tweet was posted")
        yield from _after(dataset, name, "requests", "request_id", "time_us", "its request")
        yield from _after(dataset, name, "users", "user_id", "created_us", "its user joined")
    yield from _unseen(dataset)


def _after(dataset: Dataset, name: str, other: str, key: str, time: str, what: str) -> Iterator[Finding]:
    """Rows of `name` earlier than the row of `other` that they point to, and rows that point to none."""
    if other not in dataset.tables:
        return
    rows = dataset.scan(name).select(key, "time_us").filter(pl.col(key).is_not_null())
    since = dataset.scan(other).select(key, since=time)
    joined = rows.join(since, on=key, how="left", build_side="prefer_right")
    early, lost = pl.col("time_us") < pl.col("since"), pl.col("since").is_null()
    counted = joined.select(
        early=early.sum(), one=pl.col(key).filter(early).min(), lost=lost.sum(), none=pl.col(key).filter(lost).min()
    )
    row = counted.collect(engine="streaming").row(0, named=True)
    yield _found(f"before {what}", name, row["early"], f"first: {key} {row['one']}", f"none, by {key}")
    yield _found(f"{key} not in {other}", name, row["lost"], f"first: {key} {row['none']}", "all known")


def _unseen(dataset: Dataset) -> Iterator[Finding]:
    """Engagements of a request before the impression that they answer."""
    check = "before its impression"
    if not {"impressions", "engagements"} <= set(dataset.tables):
        yield Finding(check, "engagements", "absent", 0, "the log has no impressions")
        return
    keys = ["request_id", "tweet_id"]
    acted = dataset.scan("engagements").select(*keys, "time_us").filter(pl.col("request_id").is_not_null())
    shown = dataset.scan("impressions").select(*keys, shown_us="time_us")
    early = acted.join(shown, on=keys, how="inner", build_side="prefer_left").filter(
        pl.col("time_us") < pl.col("shown_us")
    )
    count, one = early.select(pl.len(), pl.col("tweet_id").min()).collect(engine="streaming").row(0)
    yield _found(check, "engagements", count, f"first: tweet_id {one}", "none, by request_id and tweet_id")


def _edges(dataset: Dataset) -> Iterator[Finding]:
    """Edges that begin twice, end without having begun, or lead from a user to themselves."""
    for name, (source, target) in _EDGES.items():
        if name not in dataset.tables:
            continue
        spec = table(name)
        last = pl.col("ended").shift(1).over(source, target, order_by=[spec.time, spec.key])
        rows = dataset.scan(name).select(source, target, spec.time, spec.key, "ended")
        odd = rows.select(
            alone=(pl.col(source) == pl.col(target)).sum(),
            twice=(~pl.col("ended") & ~last.fill_null(True)).sum(),
            loose=(pl.col("ended") & last.fill_null(True)).sum(),
        )
        row = odd.collect(engine="streaming").row(0, named=True)
        yield _found("edge begins twice", name, row["twice"], "without an end between", "none")
        yield _found("edge ends unbegun", name, row["loose"], "without a beginning before", "none")
        yield _found("edge to oneself", name, row["alone"], f"{source} is {target}", "none")


def _source(dataset: Dataset) -> Iterator[Finding]:
    """What the reader of an imported log wrote down about its lines."""
    about = dataset.config
    if "lines_out_of_order" in about:
        count = int(about["lines_out_of_order"])
        words = "lines earlier than the line before; they were sorted" if count else "all lines in order of time"
        yield Finding("order of the source", str(about.get("source", "")), "note" if count else "clean", count, words)
    for one in about.get("skipped", []):
        words = f"{one['reason']}, first {', '.join(map(str, one['first']))}"
        yield Finding("lines left out", one["file"], "note", int(one["lines"]), words)


def _told_at_import(dataset: Dataset) -> Iterator[Finding]:
    """What an import noted about its files: columns passed over, defaults taken, odd ids and times."""
    for one in dataset.config.get("notes", []):
        yield Finding("import", one["file"], "note", 0, in_words(one))


def _day(dataset: Dataset, name: str, day: str) -> pl.LazyFrame:
    return pl.scan_parquet(dataset.folder / name / f"{day}.parquet", schema=table(name).polars_schema)


def _time_of(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="seconds")
