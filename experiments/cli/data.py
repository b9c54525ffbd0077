"""The verbs `data import`, `data describe` and `data audit`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.console import JsonFlag, show, table

if TYPE_CHECKING:
    from data.dataset import Dataset
    from data.split import Split

app = typer.Typer(no_args_is_help=True, help="Bring public logs into our tables, and look into a data set.")


@app.command("import")
def import_(
    reader: Annotated[str, typer.Argument(help="What the log is: one of those below.")],
    source: Annotated[Path, typer.Argument(help="Folder or file of the log; for mapping its TOML file.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write; it appears when all is written.")],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out lines that do not fit, and report them, instead of refusing.")
    ] = False,
    min_value: Annotated[
        float | None,
        typer.Option(
            "--min-value",
            help="Least value that is an engagement (of ratings, plays, watch ratios); without it every line is one.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Import a public log. What the log lacks is absent.

    [bold]movielens[/bold]: a folder with ratings.csv and movies.csv, ratings.dat and movies.dat, or u.data and u.item.
    [bold]recbole[/bold]: a folder with NAME.inter (and NAME.user, NAME.item), or that file.
    [bold]open_bandit[/bold]: the folder of one campaign, as random/men; propensities are kept.
    [bold]mind[/bold]: a folder of the MIND news set with behaviors.tsv and news.tsv.
    [bold]recsys2020[/bold]: a file of tweets of the RecSys Challenge 2020.
    [bold]amazon[/bold]: reviews of 2014, 2018 (reviews.json) or 2023 (reviews.jsonl), with meta_*.json beside them.
    [bold]yelp[/bold]: yelp_academic_dataset_review.json, with business.json beside it.
    [bold]lastfm[/bold]: user_artists.dat (2K, no times) or userid-timestamp-...tsv (1K).
    [bold]bookcrossing[/bold]: BX-Book-Ratings.csv or Ratings.csv (no times), with the books beside it.
    [bold]kuairec[/bold]: big_matrix.csv or small_matrix.csv.
    [bold]mapping[/bold]: any CSV, TSV, JSON Lines or Parquet by a TOML file that names its columns (see docs/data.md).

    Whole numbers stay the ids they are; other ids are numbered, and the data set keeps what they were.

    Notes name the columns and files that were passed over, defaults that were taken, and odd ids and times.

    Files may be packed (gzip, Zstandard, bzip2, xz, ZIP); a ZIP file of a whole folder is taken as that folder.

    A log without times whose lines stand in order is imported by a mapping with order = "file" under its log part.

    Example: rookery data import movielens ml-latest-small --out var/movielens
    """
    from data.readers import read_log

    dataset = read_log(reader, source, out, skip_bad=skip_bad, min_value=min_value)
    counts = {name: dataset.rows(name) for name in dataset.tables}
    skipped = dataset.config["skipped"]
    numbered = list(dataset.numbered)
    facts = {
        "folder": str(dataset.folder),
        "content_hash": dataset.content_hash,
        "rows": counts,
        "numbered_ids": numbered,
        "skipped": skipped,
        "notes": dataset.config["notes"],
    }
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    left_out = [(f"{one['file']}: {one['reason']}", f"{one['lines']:,}", _numbers(one["first"])) for one in skipped]
    tables = [table(f"{dataset.folder}", ["table", "rows"], rows)]
    if left_out:
        tables.append(table("lines left out", ["why", "lines", "first"], left_out))
    show(facts, as_json=as_json, tables=[*tables, *_notes(dataset), *_ids_words(numbered)])


def _notes(dataset: Dataset) -> list[Any]:
    """What the import of a log noted about its files, warnings first."""
    from data.readers.notes import in_words

    notes = sorted(dataset.config.get("notes", []), key=lambda one: not one["warning"])
    if not notes:
        return []
    grid = table("notes", ["file", "what"], [(one["file"], in_words(one)) for one in notes])
    grid.columns[1].justify = "left"
    return [grid]


def _numbers(lines: Sequence[int]) -> str:
    return ", ".join(str(one) for one in lines)


def _ids_words(numbered: Sequence[str]) -> list[str]:
    """One line where ids were numbered."""
    names = " and ".join(numbered)
    return [f"ids of {names} were numbered; Dataset.ids(name) translates them both ways"] if names else []


@app.command()
def describe(
    folder: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and compare its sha256.")] = False,
    split: Annotated[
        str,
        typer.Option(
            help='time, leave_last_out, per_user_ratio, random_ratio, files or module:Class: "random_ratio seed=2".'
        ),
    ] = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Say what a data set holds: tables, rows, days, time range, ids, a split and what is cold in its test.

    Example: rookery data describe var/movielens --split "random_ratio fraction=0.1"
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from data.dataset import Dataset
    from data.errors import DataError
    from data.split import default_split, parse_split

    dataset = Dataset.open(folder)
    if verify:
        dataset.verify()
    low, high = (
        None if dataset.timeless else datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="seconds")
        for at in dataset.time_range_us()
    )
    when = "no times" if dataset.timeless else f"{low} to {high}"
    named, problem = None, ""
    try:
        named = (default_split(dataset) if split == "auto" else parse_split(split)).apply(dataset)
    except DataError as error:
        if split != "auto":
            raise
        problem = str(error)
    rows = [(name, f"{dataset.rows(name):,}", len(dataset.days(name))) for name in dataset.tables]
    numbered = list(dataset.numbered)
    facts = {
        "name": dataset.name,
        "content_hash": dataset.content_hash,
        "from": low,
        "until": high,
        "rows": {name: dataset.rows(name) for name in dataset.tables},
        "files": {name: len(dataset.days(name)) for name in dataset.tables},
        "numbered_ids": numbered,
        "split": named and named.name,
        "promise": named and named.promise,
        "warmth": named and asdict(named.warmth),
        "notes": dataset.config.get("notes", []),
        "verified": verify,
    }
    show(
        facts,
        as_json=as_json,
        tables=[
            table(f"{dataset.name}: {when}", ["table", "rows", "files"], rows),
            *_notes(dataset),
            *_ids_words(numbered),
            *_split_words(named, problem, "default split" if split == "auto" else "split"),
            f"content hash {dataset.content_hash[:16]}" + (", every file verified" if verify else ""),
        ],
    )


def _split_words(split: Split | None, problem: str, called: str) -> list[str]:
    """Its promise, and what is warm and cold in its test; or why there is none."""
    if split is None:
        return [f"nothing to train and test on: {problem}"]
    warmth = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in vars(split.warmth).items())
    return [f"{called}: {split.promise}", f"its test: {warmth}"]


@app.command()
def audit(
    folder: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    rows: Annotated[int, typer.Option(help="Rows whose features are recomputed at each cut.")] = 400,
    cuts: Annotated[int, typer.Option(help="Moments at which the future is cut off.")] = 2,
    encoder: Annotated[
        str,
        typer.Option(help='Encoder for features that read texts: static, minilm or a name; "none" leaves them out.'),
    ] = "static",
    as_json: JsonFlag = False,
) -> None:
    """Look for leaks and disorder: features that change when the future is cut off, duplicate events, users and tweets
    unseen in training by split, events before what they need, rows out of order, edges that begin twice.

    Exit code 0 when nothing was found, 1 when something was; notes and what cannot be checked are no fault.

    Example: rookery data audit var/world
    """
    from dataclasses import asdict

    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.datasets.audit import AuditConfig, audit_now
    from experiments.runs.config import validate

    settings = validate(AuditConfig, {"rows": rows, "cuts": cuts}, source="the options")
    dataset = Dataset.open(folder)
    done = audit_now(dataset, settings, encoder, home_folder())
    facts = {"name": dataset.name, "clean": done.clean, "findings": [asdict(one) for one in done.findings]}
    lines = [(one.check, one.where, one.verdict, f"{one.count:,}", one.detail) for one in done.findings]
    found = sum(one.verdict == "found" for one in done.findings)
    words = "nothing found" if done.clean else f"{found} of {len(done.findings)} checks found something"
    columns = ["check", "where", "verdict", "rows", "what"]
    grid = table(f"{dataset.name}: {words}", columns, lines)
    grid.columns[1].justify = grid.columns[-1].justify = "left"
    show(facts, as_json=as_json, tables=[grid])
    if not done.clean:
        raise typer.Exit(1)
