"""Test rows that only the tie rule of their split separates from training rows of the same user."""

from __future__ import annotations

from dataclasses import dataclass

from data.split import Split


@dataclass(frozen=True)
class TiedRows:
    """How many of a test's rows the rule decided."""

    rows: int
    """Of the test."""
    decided: int
    """Those that share their user and time with a training row of another item."""
    rule: str
    """Which of the rows of one time counts as the later."""

    @property
    def share(self) -> float:
        """Of the test rows."""
        return self.decided / max(1, self.rows)

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"Ties in time: {self.decided:,} of the {self.rows:,} test rows ({self.share:.1%}) have the time of a "
            f"training row of the same person and another item; which of them is the test: {self.rule}."
        )


def tied_rows(split: Split) -> TiedRows | None:
    """Those of a split; None where its parts do not depend on a tie rule."""
    if split.ties is None:
        return None
    return TiedRows(split.warmth.test_rows, split.decided, split.ties.words.rstrip(","))
