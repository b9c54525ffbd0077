"""The study of the funnel: the oracle bounds every feed, parts add up, and what cannot differ does not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from data.batch import Ragged
from data.dataset import Dataset
from experiments.bench.funnel import heavy_ranker
from experiments.studies.funnel import FunnelStudyConfig, FunnelStudyResult, measured, summary
from experiments.studies.funnel_feeds import EVERYTHING, ORACLE, TOGETHER, recalls
from experiments.studies.funnel_variants import CAPS, variants
from ranking.artifact import Bundle
from ranking.models.two_tower import TowerPairs, TwoTower, TwoTowerConfig

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def values(tiny_dataset: Dataset) -> pl.DataFrame:
    """Eight requests, answered with a ranker that has learned nothing, and without text understanding."""
    shape = TwoTowerConfig.tweets().fitted(text_dim=0, topic_count=0)
    towers = TwoTower(shape, TowerPairs(shape))
    ranker, retriever = (
        Bundle(name, scorer, None, tiny_dataset.name, tiny_dataset.content_hash)
        for name, scorer in (("heavy", heavy_ranker()), ("two_tower", towers))
    )
    return measured(tiny_dataset, ranker, retriever, 8, 1).with_columns(user=pl.col("user_id").cast(pl.String))


@pytest.fixture(scope="module")
def result(values: pl.DataFrame) -> FunnelStudyResult:
    return summary(values, FunnelStudyConfig(preset="tiny", seeds=(1,)))


def test_no_feed_shows_more_than_the_oracle_of_what_may_be_shown(values: pl.DataFrame) -> None:
    best = values[f"true_value.{ORACLE}"].to_numpy()
    assert (best > 0).any()
    for name in (EVERYTHING, *(one.name for one in variants() if not one.own_sources)):
        assert (values[f"true_value.{name}"].to_numpy() <= best + 1e-5).all(), name


def test_a_source_that_brings_nothing_changes_nothing(values: pl.DataFrame) -> None:
    assert values["recall.similar"].to_list() == [0.0] * len(values)  # texts are not understood here
    for one in ("true_value", "true_welfare"):
        assert values[f"{one}.without similar"].to_list() == values[f"{one}.base"].to_list()


def test_every_feed_is_compared_with_the_base_on_the_same_requests(result: FunnelStudyResult) -> None:
    rows = {row.name: row for row in result.feeds}
    assert rows.keys() == {ORACLE, EVERYTHING, *(one.name for one in variants())}
    assert result.feeds[0].name == ORACLE
    base = rows.pop("base")
    assert base.value_difference is None
    for row in rows.values():
        assert row.value_difference is not None
        assert row.welfare_difference is not None
        assert row.value_difference.mean == pytest.approx(row.value.mean - base.value.mean)
        assert row.welfare_difference.mean == pytest.approx(row.welfare.mean - base.welfare.mean)


def test_sources_together_bring_at_least_what_one_does(result: FunnelStudyResult) -> None:
    rows = {row.name: row for row in result.sources}
    assert rows.keys() == {TOGETHER, *CAPS}
    assert max(row.recall.mean for row in result.sources) == rows[TOGETHER].recall.mean > 0


def test_recall_counts_what_each_brought_alone_and_with_others() -> None:
    brought = {"a": Ragged.from_lists([[1, 2, 9]]), "b": Ragged.from_lists([[2, 3]]), "c": Ragged.from_lists([[7]])}
    assert recalls(np.array([1, 2, 3, 4]), brought) == {
        f"recall.{TOGETHER}": 0.75,
        "recall.a": 0.5, "recall_only.a": 0.25,
        "recall.b": 0.5, "recall_only.b": 0.25,
        "recall.c": 0.0, "recall_only.c": 0.0,
    }  # fmt: skip
    assert np.isnan(recalls(np.empty(0, np.int64), brought)["recall.a"])


def test_settings_of_other_models_are_refused() -> None:
    with pytest.raises(ValidationError, match="settings of 'boosting'"):
        FunnelStudyConfig(settings={"boosting": {}})
    with pytest.raises(ValidationError, match="no preset 'huge'"):
        FunnelStudyConfig(preset="huge")
