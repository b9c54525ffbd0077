"""What is checked when a funnel is built, so that a wrong composition never serves a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from candidates.component import Component, Filter
from data.errors import ConfigError


class Columns:
    """Columns written so far, by whom, as the stages are walked in order; and the names taken."""

    def __init__(self, given: Iterable[str]) -> None:
        """Starts with the columns that every request has."""
        self._writer = dict.fromkeys(given, "the request")
        self._names: set[str] = set()

    def give(self, columns: Iterable[str], by: str) -> None:
        """Columns that the funnel itself writes at this point."""
        self._writer |= dict.fromkeys(columns, by)

    def stage(self, components: Iterable[Component]) -> None:
        """Walks one stage's components in their order.

        Raises:
            ConfigError: a name twice, a column read before it is written, or a second writer of a column.
        """
        for component in components:
            if component.name in self._names:
                raise ConfigError(f"two components are called {component.name!r}", remedy="give each its own name")
            self._names.add(component.name)
            self.read(component.name, component.reads)
            for column in sorted(component.writes):
                if column in self._writer:
                    raise ConfigError(
                        f"{component.name!r} writes {column!r}, which {self._writer[column]} writes already",
                        remedy="a column has one writer: rename it or drop one of the two",
                    )
                self._writer[column] = repr(component.name)

    def read(self, reader: str, columns: Iterable[str]) -> None:
        """Refuses to read what nothing has written yet.

        Raises:
            ConfigError: naming the first such column.
        """
        missing = sorted(set(columns) - self._writer.keys())
        if missing:
            raise ConfigError(
                f"{reader!r} reads {missing[0]!r}, which nothing before it writes",
                remedy=f"add what writes it before; written by then: {', '.join(sorted(self._writer))}",
            )


def check_reasons(filters: Sequence[Filter]) -> None:
    """Refuses two filters with one reason: the trace counts by reason.

    Raises:
        ConfigError: naming the reason.
    """
    seen: set[str] = set()
    for one in filters:
        if one.reason in seen:
            raise ConfigError(f"two filters give the reason {one.reason!r}", remedy="give each its own reason")
        seen.add(one.reason)
