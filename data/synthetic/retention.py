"""Who is there, who opens the app today and how often, drawn when a day begins from what the days before brought."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.batch import F64, I64, Mask
from data.synthetic.config import WorldConfig
from data.synthetic.people import People

AHEAD, HERE, LEFT = range(3)
"""Values of `Lives.status`: will join later, has an account and uses it, has left for now."""


class Lives(NamedTuple):
    """Columns by user row, [P]."""

    status: NDArray[np.int8]
    """AHEAD, HERE or LEFT on this day."""
    opens: Mask
    """Whether the person may open the app on this day."""
    sessions: F64
    """Factor of today's rate of sessions."""
    writes: Mask
    """Whether the person may post originals on this day."""
    wrote: Mask
    """The same of the day before."""
    impressions: I64
    """Impressions since the day began."""


def start(config: WorldConfig, people: People) -> Lives:
    """Before the first day."""
    count = len(people)
    return Lives(
        status=np.full(count, HERE, np.int8),
        opens=np.ones(count, np.bool_),
        sessions=np.ones(count),
        writes=np.ones(count, np.bool_),
        wrote=np.ones(count, np.bool_),
        impressions=np.zeros(count, np.int64),
    )


def begin_day(config: WorldConfig, people: People, lives: Lives, day: int) -> Lives:
    """The columns of day `day` (0 is the first), from those of the day before it."""
    return lives._replace(wrote=lives.writes, impressions=np.zeros_like(lives.impressions))


def observe_impressions(lives: Lives, users: I64) -> None:
    """Adds impressions [N], by user row, to the accumulators of the day."""
    lives.impressions[:] += np.bincount(users, minlength=len(lives.impressions))
