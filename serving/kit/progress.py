"""How far the building of the state is, for whoever asks meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.progress import Progress

STAGES: Mapping[str, tuple[int, int]] = {
    "reading a checkpoint": (0, 0),
    "replaying the data set": (0, 60),
    "completing lists and indexes": (60, 80),
    "writing the data set into the database": (80, 90),
    "following the event log": (90, 99),
}
"""What a build does, and from which to which per cent of it; the shares are those of a start on a new data set."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a build is."""

    percent: int
    """0 to 99; it never falls within a build."""
    doing: str


class BuildProgress:
    """The place of the build under way; one thread reports, any may read `step`."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self.step = Step(0, "starting")

    def begin(self) -> None:
        """Another build begins."""
        self.step = Step(0, "starting")

    def stage(self, name: str) -> Progress:
        """What takes how far a stage of `STAGES` is; the stage begins with the first report."""
        low, high = STAGES[name]

        def report(done: float, total: float, note: str = "", /) -> None:
            share = min(done / total, 1.0) if total > 0 else 1.0
            percent = max(self.step.percent, int(low + (high - low) * share))
            self.step = Step(percent, f"{name}: {note}" if note else name)

        return report
