"""Drops events from the log that are of passing use, once checkpoints hold their effect.

What people wrote and did is kept for good, so that the state can always be built from the beginning: tweets,
engagements, follows and the like. Passing are suggestions, and the requests and impressions outside the sample that is
kept (`serving.events.sample`): they are dropped when a checkpoint holds their effect and they are older than what
counts as seen. A state that is built without a checkpoint then lacks no tweet and no like, only older showings.
"""

from __future__ import annotations

import threading

from sqlalchemy import delete, select

from data.events import HOUR_US
from serving.events.outbox import events_table
from serving.kit.db import Database

_AT_ONCE = 2_000
"""Rows dropped in one transaction: others wait meanwhile."""


class Compaction:
    """Of the log of one database."""

    def __init__(self, database: Database, keep_h: float) -> None:
        """Keeps everything for `keep_h` hours of the network's time."""
        self._database = database
        self._keep_us = int(keep_h * HOUR_US)

    def run(self, before: int, now_us: int, closing: threading.Event) -> int:
        """Drops passing events below the offset `before`; returns how many. Ends early where `closing` is set."""
        row, dropped = events_table.c, 0
        old = (row.passing == 1) & (row.offset < before) & (row.time_us < now_us - self._keep_us)
        some = select(row.offset).where(old).order_by(row.offset).limit(_AT_ONCE)
        while True:
            with self._database.write() as connection:
                count = connection.execute(delete(events_table).where(row.offset.in_(some.scalar_subquery()))).rowcount
            dropped += count
            if count < _AT_ONCE or closing.is_set():
                return dropped
