"""Does any feature know the future? Cut the log, compute again, compare every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data.schema import table
from features.offline import features_of_log
from features.offline_cache import OfflineCache

if TYPE_CHECKING:
    from features.text.understanding import Understanding


def leaks(
    tables: Mapping[str, pl.LazyFrame],
    rows: pl.DataFrame,
    names: Sequence[str],
    understanding: Understanding | None,
    cut_us: int,
    cache: OfflineCache | None = None,
) -> dict[str, int]:
    """Features that change for rows up to `cut_us` when every event from then on is taken away: name to rows changed.

    Empty where nothing leaks. The understanding is taken as given: train it on annotations before `cut_us`.
    """
    cache = cache or OfflineCache()
    early = (rows["time_us"] <= cut_us).to_numpy()
    past = {name: frame.filter(pl.col(table(name).time) < cut_us) for name, frame in tables.items()}
    whole = features_of_log(tables, rows, names, understanding, cache)
    known = features_of_log(past, rows.filter(early), names, understanding, cache)
    changed = {}
    for name in names:
        before, after = whole.column(name)[early], known.column(name)
        differs = before.reshape(len(before), -1) != after.reshape(len(after), -1)
        changed[name] = int(np.count_nonzero(differs.any(axis=1)))
    return {name: count for name, count in changed.items() if count}
