"""How the command line speaks: results on stdout, progress on stderr, one clear line and exit code 2 for bad input."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from data.progress import Progress

WIDTH = 118
"""Columns of a result that goes to a file or a pipe."""

_AS_IT_IS: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
"""Brackets and colons in what people wrote are no markup; what is to be bold is a `rich.text.Text`."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of a data set (see: world make, data import).")]


def id_of(text: str) -> int:
    """The id of an option, written as the API takes it: `parser=id_of`."""
    from serving.kit.ids import parse_id

    try:
        return parse_id(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def show_what_can_be_shown() -> None:
    """Has stdout and stderr replace the characters that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """One line for people, on stderr: never mixed with a result."""
    from rich.console import Console

    Console(stderr=True, **_AS_IT_IS).print(text)


def show(value: Any, *, as_json: bool, tables: Sequence[Any] = ()) -> None:
    """The result of a command: `value` as JSON, or Rich renderables for people."""
    if as_json:
        # Escapes lose nothing where characters would be replaced.
        plain = not sys.stdout.encoding.lower().startswith("utf")
        sys.stdout.write(to_json(value, ascii_only=plain) + "\n")
        return
    console = wide_console()
    for table in tables:
        console.print(table)


def wide_console(**settings: Any) -> Any:
    """A Rich console for results; at least `WIDTH` columns where no terminal limits it."""
    from rich.console import Console

    console = Console(**_AS_IT_IS, **settings)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def to_json(value: Any, *, ascii_only: bool = False) -> str:
    """Indented JSON; dataclasses become objects, NaN becomes null, paths and NumPy numbers become plain."""
    return json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=ascii_only)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """A Rich table; the first column is left aligned, the others right."""
    from rich import box
    from rich.table import Table

    out = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        out.add_column(column, justify="left" if at == 0 else "right", overflow="fold")
    for row in rows:
        out.add_row(*[str(cell) for cell in row])
    return out


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar on stderr, where that is a terminal, for a job that reports its progress."""
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    parts = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    with Bars(*parts, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(done: float, total: float, note: str = "", /) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report
        bar.update(task, total=1, completed=1)


def _plain(value: Any) -> Any:
    import numpy as np
    from pydantic import BaseModel

    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
