"""The verb `study trends` as a person types it."""

import json
from pathlib import Path

import pytest

from experiments.studies.trend_stream import StreamConfig
from experiments.studies.trends import TrendsConfig, study_trends
from tests.experiments.cli.conftest import Run


@pytest.mark.slow
def test_the_command_tells_the_same_as_the_function(run: Run, tmp_path: Path) -> None:
    small = "stream={terms=[8,8,8],history_days=1,days=2,shocks=1,weekly=0,pushes=1}"
    more = ("--set", "every_s=300", "--set", 'scorers=["kleinberg"]', "--plot", str(tmp_path / "recall.svg"))
    code, out, err = run("study", "trends", "--set", "seeds=[1]", "--set", small, *more, "--json")
    assert code == 0, err
    found = json.loads(out)
    stream = StreamConfig(terms=(8, 8, 8), history_days=1, days=2, shocks=1, weekly=0, pushes=1)
    result = study_trends(TrendsConfig(seeds=(1,), scorers=("kleinberg",), every_s=300, stream=stream))
    assert [row["recall"] for row in found["rows"]] == [one.recall for one in result.rows]
    assert "<svg" in (tmp_path / "recall.svg").read_text()
