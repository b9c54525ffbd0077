"""How a long job reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a long job calls from time to time."""

    def __call__(self, done: float, total: float, note: str = "", /) -> None:
        """`done` of `total` units are finished; `note` is a few words on what is being done."""
        ...


def no_progress(done: float, total: float, note: str = "", /) -> None:
    """Reports nothing."""


def part_of(progress: Progress, at: int, parts: int, label: str) -> Progress:
    """Reports part `at` (from 0) of a job of `parts` equal parts; `label` comes before each of the part's notes."""

    def report(done: float, total: float, note: str = "", /) -> None:
        progress(at + done / max(total, 1), parts, f"{label}: {note}")

    return report
