"""Readers of public logs into our tables."""

from data.readers.catalogue import READERS, read_log

__all__ = ["READERS", "read_log"]
