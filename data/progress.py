"""How long work reports its progress."""

from __future__ import annotations

from typing import Protocol


class Advance(Protocol):
    """Told how far a long job is."""

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """`done` of `total` units; `note` is a word or two."""
        ...
