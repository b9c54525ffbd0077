"""What a config asked for and did not get is said in the manifest, resumed or not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data.dataset import Dataset
from data.events import EventBatch
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.requested import Requested
from experiments.simulation.logging_feed import LoggingFeed

CONFIG = WorldConfig(people=100, days=2, follows=10.0, impressions_per_day=5_000.0, tweets_per_day=4.0)


def counted(impressions: int, originals: int, follows: int) -> list[str]:
    """The lines of a run of so many rows in two batches a table."""
    found = Requested(CONFIG)
    for _ in range(2):
        time = np.r_[np.full(follows // 2, CONFIG.start_us - 1), np.full(7, CONFIG.start_us)]
        found.observe(EventBatch("follows", {"time_us": time, "ended": np.zeros(len(time), bool)}))
        found.observe(EventBatch("impressions", {"time_us": np.zeros(impressions // 2, np.int64)}))
        kind = np.array(["original"] * (originals // 2) + ["reply"] * 50, object)
        found.observe(EventBatch("tweets", {"time_us": np.zeros(len(kind), np.int64), "kind": kind}))
    return found.lines()


def test_lines_say_what_was_asked_and_what_was_reached() -> None:
    follows = round(1_000 * (100 / 5_000) ** 0.2)
    met = 1_000_000, 800, follows
    assert counted(*met) == []
    assert counted(162_400, *met[1:]) == ["asked 5,000 impressions a person and day, reached 812"]
    assert counted(met[0], 200, met[2]) == ["asked 4 original tweets a person and day, reached 1"]
    assert counted(met[0], 1_800, met[2]) == ["asked 4 original tweets a person and day, reached 9"]
    assert counted(*met[:2], follows // 2) == ["asked 4.57 follows a person at the start, reached 2.28"]
    # A third less and half more are met.
    assert counted(670_000, 1_190, met[2]) == []
    assert len(counted(660_000, 1_210, met[2])) == 2


@pytest.mark.parametrize("people", [60])
def test_a_world_that_cannot_show_so_much_says_so_and_a_resumed_one_the_same(tmp_path: Path, people: int) -> None:
    config = WorldConfig(
        people=people, days=2, follows=5.0, tick_min=60, tweets_per_day=0.5, impressions_per_day=2_000.0, annotated=0,
    )  # fmt: skip
    whole = make_world(config, tmp_path / "whole", feed=LoggingFeed())
    (line,) = [one for one in whole.warnings if one.startswith("asked 2,000 impressions a person and day, reached ")]
    reached = float(line.rsplit(" ", 1)[1].replace(",", ""))
    assert reached == pytest.approx(whole.rows("impressions") / people / 2, rel=0.01)
    assert line in json.loads((whole.folder / "manifest.json").read_text())["warnings"]
    again = stopped_and_resumed(config, tmp_path / "again")
    assert again.warnings == whole.warnings
    assert again.content_hash == whole.content_hash


def stopped_and_resumed(config: WorldConfig, folder: Path) -> Dataset:
    """The world of a run that was interrupted on its second day."""

    def stop(done: float, total: float, note: str = "", /) -> None:
        if done > 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_world(config, folder, feed=LoggingFeed(), progress=stop)
    return make_world(config, folder, feed=LoggingFeed())
