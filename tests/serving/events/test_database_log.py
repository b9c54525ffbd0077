"""Reading the log in the database: what comes after an offset, in order, in parts of any size."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from serving.events.log import DatabaseLog
from serving.events.outbox import Outbox, Transaction, event
from serving.kit.clock import DataClock
from serving.kit.db import Database
from serving.kit.worker_lease import Lease

START_US = 1_767_571_200_000_000


def delete(tweet_id: int, tx: Transaction) -> int:
    tx.emit(event("deletions", tweet_id=tweet_id, time_us=tx.now_us))
    return tx.now_us


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_each_entry_comes_once_after_the_offset_of_the_one_before(tmp_path: Path, limit: int) -> None:
    database = Database(tmp_path / "network.sqlite")
    try:
        log = DatabaseLog(database)
        assert (log.read(0, limit), log.end(), log.last_time_us()) == ([], 0, 0)
        outbox = Outbox(database, DataClock(START_US), Lease(database), after_us=START_US, committed=lambda: None)
        times = [outbox.write(partial(delete, one)) for one in range(7)]
        found: list[int] = []
        offsets = [0]
        while entries := log.read(offsets[-1], limit):
            assert len(entries) <= limit
            found += [int(one.events.columns["tweet_id"][0]) for one in entries]
            offsets += [one.offset for one in entries]
            assert len(found) <= 7
        assert found == list(range(7))
        assert offsets == sorted(set(offsets))
        assert (log.end(), log.last_time_us()) == (offsets[-1], times[-1])
    finally:
        database.close()
