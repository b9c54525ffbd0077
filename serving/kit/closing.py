"""Long work gives up between two of its parts when the network is closed."""

from __future__ import annotations

import threading

from data.errors import RookeryError


class ClosingError(RookeryError):
    """The network was closed before the work was done."""


def check_open(closing: threading.Event | None) -> None:
    """Goes on while nothing is closing.

    Raises:
        ClosingError: it is.
    """
    if closing is not None and closing.is_set():
        raise ClosingError("the network was closed while it was being built", remedy="start it again")
