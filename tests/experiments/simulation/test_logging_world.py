"""What the logging policy makes of a world: tweets that are seen for hours, not for days."""

from __future__ import annotations

from pathlib import Path

from experiments.realism.exposure import life
from experiments.realism.log import Log
from experiments.simulation.worlds import make_data, preset_config


def test_half_of_a_tweets_impressions_come_within_two_hours_and_few_on_the_second_day(tmp_path: Path) -> None:
    """Those posted on the first of three days have 48 h to be seen."""
    much = {"tweets_per_day": 1.5, "impressions_per_day": 80}
    config = preset_config("small", {"people": 3_000, "days": 3, "annotated": 0, **much})
    log = Log(make_data(config, tmp_path / "world", workers=1))
    _, half, dead = life(log).values
    assert 20 < half < 120
    assert dead > 0.9
