"""What trainings one after the other share: features looked up, the last rows of rankers, and the last trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from features.offline_cache import OfflineCache

T = TypeVar("T")


class SharedRows:
    """Owner of the last rows and trees, and of what look-ups of features keep.

    A pass over a long log is slow, so rows are made anew only where the next ranker needs others. A baseline of trees
    and the trees that teach a network are the same ones.
    """

    def __init__(self, *, histories: bool = False, cache: OfflineCache | None = None) -> None:
        """With `histories`, rows have the readers' histories whether a ranker needs them or not."""
        self.histories = histories
        self.cache = cache or OfflineCache()
        self._rows: tuple[Any, Any] | None = None
        self._trees: tuple[Any, Any] | None = None

    def rows(self, key: object, make: Callable[[], T]) -> T:
        """The rows by `key`: those made last where it is the same, else new ones, after the last ones are freed."""
        if self._rows is None or self._rows[0] != key:
            self._rows = self._trees = None
            self._rows = key, make()
        rows: T = self._rows[1]
        return rows

    def trees(self, key: object, grow: Callable[[], T]) -> T:
        """The trees by `key`, which holds the rows that they are grown on; as `rows`."""
        if self._trees is None or self._trees[0] != key:
            self._trees = None
            self._trees = key, grow()
        trees: T = self._trees[1]
        return trees
