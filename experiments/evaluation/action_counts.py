"""Notes on scorers that count actions which a log does not have: their counts are all zero there."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from data.schema import ACTIONS
from data.split import Split
from features.views.tweet import COUNTS
from ranking.artifact import Bundle


def missing_action_notes(bundles: Mapping[str, Bundle], split: Split) -> list[str]:
    """A sentence for each scorer all of whose counts of a tweet's actions are of actions that are not in training."""
    counted = {name: total.of for name, total in COUNTS.counts.items() if total.of in ACTIONS}
    reading = {name: [one for one in bundle.scorer.reads if one in counted] for name, bundle in bundles.items()}
    if not any(reading.values()):
        return []
    done = set(split.train.select(pl.col("action").unique()).collect()["action"])
    return [
        f"{name} counts {', '.join(counted[one] for one in columns)}, of which this log's training part has none; "
        f"it has {', '.join(sorted(done))}."
        for name, columns in reading.items()
        if columns
        and not any(counted[one] in done for one in columns)
        and "tweet.engagements" not in bundles[name].scorer.reads
    ]
