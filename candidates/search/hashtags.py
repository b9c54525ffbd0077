"""Completion of hashtags: those used most by the tweets that are there, the newest spelling first shown."""

from __future__ import annotations

import numpy as np

from candidates.search.prefixes import Prefixes
from data.batch import I64
from data.events import EventBatch
from data.tweet_text import fold, hashtags


class Hashtags:
    """Counts of hashtags over the tweets that were posted and not deleted."""

    def __init__(self) -> None:
        """No hashtags."""
        self._rows: dict[str, int] = {}
        self._shown: list[str] = []
        self._prefixes = Prefixes()
        self._of_tweet: dict[int, list[int]] = {}

    def add(self, events: EventBatch) -> None:
        """Takes rows of `tweets` that were not taken before."""
        fresh: list[int] = []
        texts, ids = events.columns["text"], events.columns["tweet_id"]
        for at in [at for at, text in enumerate(texts.tolist()) if "#" in text or "＃" in text]:
            rows = []
            for tag in {fold(one): one for one in hashtags(texts[at])}.items():
                rows.append(self._row(*tag, fresh))
            if rows:
                self._of_tweet[int(ids[at])] = rows
        self._prefixes.resize(len(self._shown))
        self._prefixes.add([fold(self._shown[row]) for row in fresh], fresh)
        for at in ids.tolist():
            for row in self._of_tweet.get(at, ()):
                self._prefixes.weights[row] += 1

    def remove(self, tweet_ids: I64) -> None:
        """Tweets were deleted; those that are not here are passed over."""
        for one in tweet_ids.tolist():
            for row in self._of_tweet.pop(one, ()):
                self._prefixes.weights[row] -= 1

    def complete(self, prefix: str, limit: int = 10) -> list[tuple[str, int]]:
        """Up to `limit` hashtags in use that begin with `prefix`, with their tweets, the most used first."""
        key = fold(prefix.lstrip("#＃").strip())
        if not key:
            return []
        rows = self._prefixes.complete(key, limit, least=1.0)
        counts = self._prefixes.weights[rows].astype(np.int64)
        return [(self._shown[row], int(count)) for row, count in zip(rows.tolist(), counts, strict=True)]

    def _row(self, key: str, written: str, fresh: list[int]) -> int:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self._shown)
            self._shown.append(written)
            fresh.append(row)
        return row
