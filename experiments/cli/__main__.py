"""The `rookery` command. Each verb imports what it needs when it runs, so that `--help` is instant."""

from __future__ import annotations

import contextlib
import os
import sys

import typer

from data.home_folder import home_folder
from experiments.cli import (
    apps,
    backup,
    data,
    events,
    explain,
    features,
    lab,
    lists,
    model,
    scorers,
    serve,
    study,
    text,
    world,
)
from experiments.cli.console import show_what_can_be_shown
from experiments.cli.library_errors import error_line

app = typer.Typer(
    name="rookery",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A laboratory for ranking and recommendation on a Twitter-like network whose truth is known.",
)
app.add_typer(world.app, name="world")
app.add_typer(data.app, name="data")
app.add_typer(text.app, name="text")
app.add_typer(features.app, name="features")
app.add_typer(scorers.app, name="scorers")
app.add_typer(study.app, name="study")
app.add_typer(events.app, name="events")
app.add_typer(apps.app, name="app")
for module in (lab, model, lists, explain, serve, backup):
    for name, verb in module.VERBS.items():
        app.command(name)(verb)


def main() -> None:
    """Runs the command; a mistake in what was given is one line on stderr and exit code 2."""
    # Threads that wait for each other sleep soon: on a busy machine PyTorch's would otherwise spin their time away.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    # Matplotlib keeps a list of fonts: under home, as all that is made.
    os.environ.setdefault("MPLCONFIGDIR", str(home_folder() / "cache" / "matplotlib"))
    show_what_can_be_shown()
    sys.exit(_finished(_ran()))


def _ran() -> int:
    """The command's exit code."""
    try:
        app(standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _said("stopped", 130)
    except Exception as error:
        line = error_line(error)
        if line is None:
            raise
        return _said(line, 2)
    return 0


def _finished(code: int) -> int:
    """The exit code once all output is out: a reader that has left is no mistake, a disk that is full is one."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left would be tried again, and reported, when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):
            return _said(f"the result cannot be written: {error.strerror}; send it elsewhere", 2)
        return code or 1
    return code


def _said(line: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"rookery: {line}\n")
    return code


if __name__ == "__main__":
    main()
