"""A world that dies out or explodes is reported at the day on which it happens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.batch import Array
from data.dataset import Dataset
from data.events import DAY_US, EventBatch
from data.synthetic.config import WorldConfig
from data.synthetic.make import make_world
from data.synthetic.population import Population
from experiments.simulation.logging_feed import LoggingFeed

pytestmark = pytest.mark.slow

DYING = WorldConfig.parse(
    {
        "people": 1_500, "days": 3, "follows": 10.0, "annotated": 0, "seed": 3, "tick_min": 60, "slate": 5,
        "impressions_per_day": 5.0, "retention": {"leaving": 0.9, "returning": 0.0, "joins_per_day": 0.0},
    }
)  # fmt: skip


def batch(table: str, count: int, **columns: Array) -> EventBatch:
    return EventBatch(table, {"time_us": np.arange(count), **columns})


def day(population: Population, people: int, impressions: int, originals: int) -> list[str]:
    """A day with so many of each; every person loads the feed twice, and each original has a retweet."""
    population.observe(batch("requests", 2 * people, user_id=np.repeat(np.arange(people), 2)))
    population.observe(batch("impressions", impressions))
    kinds = np.repeat(np.array(["original", "retweet"], object), originals)
    population.observe(batch("tweets", 2 * originals, kind=kinds))
    return population.end_day()


def test_each_number_is_reported_once_each_way_at_its_day() -> None:
    population = Population(0)
    assert day(population, 100, 1_000, 50) == []
    assert day(population, 10, 10_000, 5) == []
    [few, many] = day(population, 9, 10_001, 50)
    assert few == "day 3 (1970-01-03): the world dies out: 9 people loaded the feed, 100 on the first day"
    assert many == "day 3 (1970-01-03): the world explodes: 10,001 impressions, 1,000 on the first day"
    [gone] = day(population, 9, 20_000, 4)
    assert gone == "day 4 (1970-01-04): the world dies out: 4 originals, 50 on the first day"
    assert day(population, 9, 20_000, 4) == []


def test_a_world_too_small_to_say_anything_of_is_not_reported() -> None:
    population = Population(0)
    assert day(population, 3, 19, 0) == []
    assert day(population, 0, 0, 200) == []


@pytest.fixture(scope="module")
def dying(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_world(DYING, tmp_path_factory.mktemp("worlds") / "dying", feed=LoggingFeed())


def test_a_world_that_everybody_leaves_says_so_in_its_manifest_and_to_whoever_waits_for_it(
    dying: Dataset, tmp_path: Path
) -> None:
    heard: list[str] = []

    def progress(done: float, total: float, note: str = "", /) -> None:
        heard.append(note)

    again = make_world(DYING, tmp_path / "again", feed=LoggingFeed(), progress=progress)
    requests = dying.scan("requests").select(pl.col("time_us") // DAY_US, "user_id").collect()
    days = requests.group_by("time_us").agg(pl.col("user_id").n_unique()).sort("time_us")
    assert days["time_us"].diff().drop_nulls().to_list() == [1] * (len(days) - 1)
    first, *later = days["user_id"].to_list()
    at, few = next((at, people) for at, people in enumerate(later, 2) if people < first / 10)
    assert [line for line in dying.warnings if "people loaded the feed" in line] == [
        f"day {at} (2026-01-0{4 + at}): the world dies out: {few} people loaded the feed, {first} on the first day"
    ]
    assert again.warnings == dying.warnings
    assert {one for one in dying.warnings if one.startswith("day ")} <= set(heard)
    assert json.loads((dying.folder / "manifest.json").read_text())["warnings"] == list(dying.warnings)


def test_a_world_that_goes_on_has_no_warning(tiny_dataset: Dataset) -> None:
    assert tiny_dataset.warnings == ()
