"""Uses the parts that docs/architecture.md adds, and prints what they did; `test_architecture` runs it beside them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

import ranking
from data.dataset import Dataset
from data.schema import KIND_CODE
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles
from experiments.runs.scorer_settings import scorers
from experiments.runs.splits import split_of
from features.catalogue import features
from features.offline import features_of_log
from ranking.artifact import Bundle
from ranking.untrained import make_scorer
from serving.kit.telemetry import Metrics
from serving.loading import end_us
from serving.model import untrained
from serving.projections import Projections
from serving.settings import Settings
from tests.features.logs import Log, logs, replay, row_of

FEATURE = "tweet.impressions_6h"


def evaluated(dataset: Dataset) -> dict[str, Any]:
    """The new metric of the new scorer, and of one that ranks by age alone."""
    bundles = {
        name: Bundle(name, make_scorer(name), None, dataset.name, dataset.content_hash)
        for name in ("freshness", "recency")
    }
    config = EvaluateConfig(requests=60, metrics=("top_hit",))
    report, _ = evaluate_bundles(dataset, split_of(dataset, "auto"), bundles, config)
    return {
        name: {"ndcg": report.row(name).ndcg.mean, "top_hit": report.row(name).metrics["top_hit"].mean}
        for name in bundles
    }


def equal_logs() -> int:
    """Random logs on which both engines give the same counts."""
    checked = 0

    @settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(logs())
    def check(log: Log) -> None:
        nonlocal checked
        offline = features_of_log(log.lazy(), log.rows, [FEATURE], None)
        for row, online in enumerate(replay(log, None, [FEATURE], one_by_one=True)):
            assert np.array_equal(row_of(offline, row, [FEATURE])[FEATURE], online[FEATURE])
        checked += 1

    check()
    return checked


def served(dataset: Dataset) -> dict[str, Any]:
    """Home feeds of some users at the end of the log, by the parts that serve them."""
    parts = Projections(Settings.read(home=Path("network")), untrained(), Metrics())
    time_us = end_us(dataset)
    parts.replay(dataset.replay(sorted(parts.tables)).advance(), time_us)
    fetched: dict[str, int] = {}
    removed: dict[str, int] = {}
    shown: dict[str, int] = {}
    quotes = 0
    for number, user in enumerate(parts.state.network.users.ids[:40].tolist()):
        result, _ = parts.home(int(user), 20, time_us=time_us, request_id=number)
        fetched = {name: max(count, fetched.get(name, 0)) for name, count in result.trace.fetched.items()}
        for reason, count in result.trace.removed.items():
            removed[reason] = removed.get(reason, 0) + count
        for source in result.slate.columns["source"].tolist():
            shown[source] = shown.get(source, 0) + 1
        kinds = parts.state.network.tweet.kind[result.slate.columns["tweet_row"]]
        quotes += int((kinds == KIND_CODE["quote"]).sum())
    consumer = next(one for one in parts.consumers if one.group == "languages")
    return {
        "fetched": fetched,
        "removed": removed,
        "sources_of_the_feed": shown,
        "quotes_in_the_feed": quotes,
        "languages": dict(consumer.tweets),  # type: ignore[attr-defined]
    }


def main() -> None:
    dataset = Dataset.open(Path(sys.argv[1]))
    found = {
        "code": str(Path(ranking.__file__).parents[1]),
        "scorers": [one.name for one in scorers()],
        "features": [one.name for one in features()],
        "evaluated": evaluated(dataset),
        "equal_logs": equal_logs(),
        **served(dataset),
    }
    json.dump(found, sys.stdout)


main()
