"""What is understood of a text, as columns of a tweet."""

from __future__ import annotations

from dataclasses import dataclass

from data.batch import F32, Array


@dataclass(frozen=True, slots=True)
class TextFields:
    """What features need of N texts."""

    embedding: F32
    """[N, D] unit vectors."""
    topics: Array
    """[N, 3] int16 topic numbers, best first, -1 for none."""
    topic_scores: F32
    """[N, 3] their probabilities, 0 for none."""
    sentiment: F32
    """[N] from -1 to 1: probability of positive less that of negative."""


TOPICS = 3
"""How many topics a tweet has at most."""
