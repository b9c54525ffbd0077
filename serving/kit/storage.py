"""What keeps the network from writing: its disk is full, fails, or is read-only."""

from __future__ import annotations

from data.errors import DataError


class StorageError(DataError):
    """Something cannot be written: its disk fails, or it is read-only. Nothing of the write is left."""

    reason = "its disk fails or is read-only"


class FullError(StorageError):
    """Something cannot be written: there is no room. Nothing of the write is left."""

    reason = "its disk is full"
