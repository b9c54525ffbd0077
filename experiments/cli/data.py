"""The verbs `data import` and `data describe`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.screen import JsonFlag, show, table

app = typer.Typer(no_args_is_help=True, help="Bring public logs into our tables, and look into a data set.")


@app.command("import")
def import_(
    reader: Annotated[str, typer.Argument(help="What the log is: movielens.")],
    source: Annotated[Path, typer.Argument(help="Folder or file of the log.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write; it appears when all is written.")],
    as_json: JsonFlag = False,
) -> None:
    """Import a public log. Ids stay as they are; what the log lacks is absent.

    Example: rookery data import movielens ml-latest-small --out var/movielens
    """
    from data.readers import read_log

    dataset = read_log(reader, source, out)
    counts = {name: dataset.rows(name) for name in dataset.tables}
    facts = {"folder": str(dataset.folder), "content_hash": dataset.content_hash, "rows": counts}
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    show(facts, as_json=as_json, tables=[table(f"{dataset.folder}", ["table", "rows"], rows)])


@app.command()
def describe(
    folder: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and compare its sha256.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say what a data set holds: tables, rows, days, time range, split and what is cold in the test."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from data.dataset import Dataset
    from data.split import default_split

    dataset = Dataset.open(folder)
    if verify:
        dataset.verify()
    low, high = (datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="seconds") for at in dataset.time_range_us())
    split = default_split(dataset).apply(dataset)
    facts = {
        "name": dataset.name,
        "content_hash": dataset.content_hash,
        "from": low,
        "until": high,
        "rows": {name: dataset.rows(name) for name in dataset.tables},
        "files": {name: len(dataset.days(name)) for name in dataset.tables},
        "split": split.name,
        "promise": split.promise,
        "warmth": asdict(split.warmth),
        "verified": verify,
    }
    rows = [(name, f"{dataset.rows(name):,}", len(dataset.days(name))) for name in dataset.tables]
    warmth = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in asdict(split.warmth).items())
    show(
        facts,
        as_json=as_json,
        tables=[
            table(f"{dataset.name}: {low} to {high}", ["table", "rows", "files"], rows),
            f"default split: {split.promise}",
            f"its test: {warmth}",
            f"content hash {dataset.content_hash[:16]}" + (", every file verified" if verify else ""),
        ],
    )
