"""Notices what a config asked of a world and did not get: impressions, originals and follows."""

from __future__ import annotations

import numpy as np

from data.events import EventBatch
from data.synthetic.config import WorldConfig
from data.synthetic.graph import mean_follows

LEAST, MOST = 2 / 3, 1.5
"""Shares of what was asked for, below and above which a line says what was reached."""


class Requested:
    """Counts a whole run, from its first event."""

    def __init__(self, config: WorldConfig) -> None:
        """For a world of these settings."""
        self._config = config
        self._impressions = self._originals = self._follows = 0

    def observe(self, events: EventBatch) -> None:
        """Counts one batch of events; tables that do not matter are ignored."""
        if events.table == "impressions":
            self._impressions += len(events)
        elif events.table == "tweets":
            self._originals += int(np.count_nonzero(events.columns["kind"] == "original"))
        elif events.table == "follows":
            self._follows += int(np.searchsorted(events.time_us, self._config.start_us))

    def lines(self) -> list[str]:
        """One line for each setting that the whole run missed, in means over the accounts of the start."""
        c = self._config
        days = c.people * c.days
        asked = (
            ("impressions a person and day", c.impressions_per_day, self._impressions / days),
            ("original tweets a person and day", c.tweets_per_day, self._originals / days),
            ("follows a person at the start", mean_follows(c), self._follows / c.people),
        )
        return [
            f"asked {_shown(wanted)} {what}, reached {_shown(reached)}"
            for what, wanted, reached in asked
            if not LEAST * wanted <= reached <= MOST * wanted
        ]


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
