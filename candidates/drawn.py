"""Lists of tweets that chance drew, each with its probability."""

from __future__ import annotations

from dataclasses import dataclass

from data.batch import F64, Ragged


@dataclass(frozen=True, slots=True)
class Drawn(Ragged):
    """What a source drew."""

    propensity: F64
    """[N] the probability with which each tweet is among those drawn for its request."""
