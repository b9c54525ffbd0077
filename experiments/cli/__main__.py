"""The `rookery` command. Each verb imports what it needs when it runs, so that `--help` is instant."""

from __future__ import annotations

import os
import sys

import typer

from data.errors import RookeryError
from experiments.cli import data, features, lab, model, scorers, serve, study, text, world

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
for module in (lab, model, serve):
    for name, verb in module.VERBS.items():
        app.command(name)(verb)


def main() -> None:
    """Runs the command; a mistake in what was given is one line on stderr and exit code 2."""
    # Threads that wait for each other sleep soon: on a busy machine PyTorch's would otherwise spin their time away.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    try:
        app(standalone_mode=True)
    except RookeryError as error:
        sys.stderr.write(f"rookery: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("rookery: stopped\n")
        sys.exit(130)
    except OSError as error:
        if error.filename is None:
            raise
        sys.stderr.write(f"rookery: {error.filename}: {error.strerror}; check the path and who may use it\n")
        sys.exit(2)
    except Exception as error:
        _explain_damage(error)
        raise


def _explain_damage(error: Exception) -> None:
    """A Parquet file that Polars cannot read is named, not traced."""
    if type(error).__name__ != "ComputeError" or not type(error).__module__.startswith("polars"):
        return
    reason = str(error).strip().splitlines()[0]
    sys.stderr.write(f"rookery: a table cannot be read: {reason}; find the file: rookery data describe DIR --verify\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
