"""The rows in which a tweet's explanation is told, the same in the terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from candidates.explanation import TweetExplanation


@dataclass(frozen=True)
class Rows:
    """A table of texts and numbers."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


def rows_about(one: TweetExplanation) -> list[Rows]:
    """What the stages did, what the model said and what it read; only tables that have a row."""
    steps = [
        (step.stage, f"{step.factor:.4g}", f"{step.score:.4g}", step.rank_before, step.rank_after or "not picked")
        for step in one.steps
    ]
    said = [(action, f"{p:.5f}") for action, p in one.probabilities.items()]
    read = [(feature.name, f"{feature.value:.6g}", f"{feature.percentile:.0f}") for feature in one.features]
    tables = [
        Rows("Stages", ("stage", "factor", "score", "rank before", "rank after"), steps),
        Rows("Probabilities", ("action", "probability"), said),
        Rows("What the model read", ("column", "value", "percentile"), read),
    ]
    return [table for table in tables if table.rows]
