"""Databases as older versions left them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_CAME_WITH = {
    "7": ("DROP TABLE mutes",),
    "6": ("DROP INDEX quotes_of_tweet", "DROP INDEX likes_of_tweet", "DROP TABLE bookmarks"),
    "5": (
        "DROP INDEX users_by_handle",
        "ALTER TABLE users DROP COLUMN likes",
        "ALTER TABLE tweets DROP COLUMN bookmarks",
    ),
    "4": ("DROP INDEX events_passing", "ALTER TABLE events DROP COLUMN passing"),
    "3": ("DROP INDEX retweets_of_tweet", "DROP TABLE blocks"),
    "2": ("ALTER TABLE dead_letters DROP COLUMN state", "DROP TABLE workers"),
}
"""What takes back what a version brought, the newest first."""


def make_older(path: Path, version: str, *then: str) -> None:
    """Takes a closed database back to `version`, and executes `then`."""
    with closing(sqlite3.connect(path)) as old, old:
        for newer, statements in _CAME_WITH.items():
            if int(newer) > int(version):
                for statement in statements:
                    old.execute(statement)
        old.execute("UPDATE about SET value = ? WHERE key = 'schema_version'", (version,))
        for statement in then:
            old.execute(statement)
