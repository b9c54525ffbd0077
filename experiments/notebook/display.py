"""How a notebook shows what the lab does: a line of progress that is updated in place, and tables in HTML."""

from __future__ import annotations

import sys
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import polars as pl

from data.progress import Progress
from experiments.cli.console import progress_bar
from experiments.reports.html import rows_of

_LEAST_S = 0.2
"""Seconds between two updates of the line."""


class Result(ABC):
    """What the functions of `rookery` return."""

    @abstractmethod
    def to_polars(self) -> pl.DataFrame:
        """Its rows."""

    @abstractmethod
    def plot(self) -> Any:
        """A Matplotlib figure of it, which a notebook shows as a picture."""

    @abstractmethod
    def _repr_html_(self) -> str:
        """What a notebook shows."""

    def __repr__(self) -> str:
        """What a terminal shows."""
        return f"{type(self).__name__}\n{self.to_polars()}"


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("ipykernel.zmqshell")
    return shell is not None and bool(shell.ZMQInteractiveShell.initialized())


@contextmanager
def shown_progress(title: str) -> Iterator[Progress]:
    """Progress of a long job: in a notebook a line below the cell, elsewhere the command line's bar on stderr."""
    if not in_notebook():
        with progress_bar(title) as report:
            yield report
        return
    line = _Line(title)
    with warnings.catch_warnings():
        # Of a library whose bars are not shown.
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield line
    line.show(f"{line.elapsed_s:.0f} s")


class _Line:
    """A line of text below the cell, replaced in place; it needs no widgets."""

    def __init__(self, title: str) -> None:
        from IPython.display import display

        self._title = title
        self._began = self._shown = time.perf_counter()
        self._handle = display(self._html("..."), display_id=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was first shown."""
        return time.perf_counter() - self._began

    def __call__(self, done: float, total: float, note: str = "", /) -> None:
        """Shows the share that is done, a few times a second at most."""
        now = time.perf_counter()
        if now - self._shown < _LEAST_S:
            return
        self._shown = now
        self.show(f"{min(done / total, 1.0) if total else 0.0:.0%} {note}")

    def show(self, words: str) -> None:
        """Replaces what stands after the title."""
        self._handle.update(self._html(words))

    def _html(self, words: str) -> Any:
        from IPython.display import HTML

        return HTML(f"<small>{escape(self._title)}: {escape(words)}</small>")


def shown(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str] = ()) -> str:
    """A table in HTML under its title, with sentences below it; all are escaped."""
    below = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes)
    return f"<div><b>{escape(title)}</b>{rows_of(heads, rows)}{below}</div>"
