"""The study of a world's own bursts."""

import math
from pathlib import Path

import polars as pl
import pytest

from data.dataset import Dataset
from data.errors import ConfigError
from experiments.studies.world_trends import WorldTrendsConfig, study_world_trends

CONFIG = WorldTrendsConfig(history_days=1, scorers=("kleinberg", "windowed"))


def test_a_worlds_bursts_are_judged_and_every_other_hashtag_is_false(tiny_dataset: Dataset) -> None:
    result = study_world_trends(tiny_dataset.folder, CONFIG)
    planted = pl.read_parquet(tiny_dataset.folder / "truth" / "shocks.parquet")
    low, high = tiny_dataset.time_range_us()
    assert 0 < result.bursts <= len(planted)
    assert result.days == pytest.approx((high - low) / 86_400e6 - 1)
    assert {one.scorer for one in result.rows} == {"kleinberg", "kleinberg, no seasons", "windowed"}
    for one in result.rows:
        assert 0 <= one.recall <= 1
        assert sum(one.wrong.values()) <= one.false_alarms
        assert math.isnan(one.of_oracle)


def test_what_is_no_world_or_too_short_is_refused(tiny_dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no truth/shocks\.parquet"):
        study_world_trends(tmp_path, CONFIG)
    with pytest.raises(ConfigError, match="days"):
        study_world_trends(tiny_dataset.folder, WorldTrendsConfig(history_days=30))
