"""The verb `features list`."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli.console import JsonFlag, show, table

app = typer.Typer(no_args_is_help=True, help="What is known about users, tweets, authors and pairs at a time.")


@app.callback()
def _group() -> None:
    """Keeps `list` a verb of its own: Typer would make a single command the group itself."""


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help="Only features whose name begins so: tweet. or tweet.likes.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Print the catalogue of features: name, meaning, unit, tables read, default, width and the view that writes it.

    Example: rookery features list tweet.
    """
    from features.catalogue import describe

    entries = describe(name)
    tables = []
    for entity in dict.fromkeys(entry.entity for entry in entries):
        rows = [
            (one.name, one.meaning, one.unit, f"{one.default:g}", one.width or "any", ", ".join(one.tables))
            for one in entries
            if one.entity == entity
        ]
        out = table(entity, ["name", "meaning", "unit", "default", "width", "tables"], rows)
        for words in (1, 2, 5):
            out.columns[words].justify = "left"
        out.columns[0].no_wrap = True
        tables.append(out)
    show(entries, as_json=as_json, tables=[*tables, f"{len(entries)} features"])
