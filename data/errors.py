"""Errors that people can act on: each names the thing, its value and the remedy.

The command line prints them on one line and exits with 2; the API turns them into Problem documents. Nothing
else is ever shown to a caller, so raise one of these wherever the cause is the caller's input.
"""

from __future__ import annotations


class RookeryError(Exception):
    """A mistake in what the lab was given. `str()` is the line to show to a person."""

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        """`problem` names the thing and its value, `remedy` what to do about it."""
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}; {remedy}" if remedy else problem)


class ConfigError(RookeryError):
    """A setting is unknown, out of range or contradicts another."""


class DataError(RookeryError):
    """A data set, a table or a file is missing, damaged or not of its schema."""


class ModelError(RookeryError):
    """A model artifact is missing, damaged or does not fit the columns it is given."""


class NotFoundError(RookeryError):
    """An id, a name or an alias that does not exist here."""
