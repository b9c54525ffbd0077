"""Closed runs: their numbers are those of the log counted one event at a time; what is kept is of one run alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from data.batch import CandidateBatch, Requests
from data.events import DAY_US, EventBatch
from data.schema import POSITIVE_ACTIONS
from data.synthetic.config import WorldConfig
from data.synthetic.new_tweets import Written
from data.synthetic.state import State
from data.synthetic.world import World
from experiments.simulation.closed_run import COLUMNS, MARKED, ClosedRun, PersonDays, closed_run, feed_of, kept_run
from experiments.simulation.ranked_feed import RankedFeed

pytestmark = pytest.mark.slow

WORLD = WorldConfig.parse({"people": 120, "days": 2, "follows": 10, "tweets_per_day": 0.8, "seed": 4, "tick_min": 15})
RUN = ClosedRun(world=WORLD, policy="engagement_oracle")


@pytest.fixture(scope="module")
def numbers() -> PersonDays:
    return closed_run(RUN)


def test_numbers_are_the_events_of_the_log_counted_one_at_a_time(numbers: PersonDays) -> None:
    world = World.create(WORLD)
    state = world.start()
    feed = feed_of(RUN, world, state)
    counts: dict[str, Counter[tuple[int, int]]] = {name: Counter() for name in COLUMNS}
    hidden: dict[int, tuple[float, float]] = {}
    row_of = {user: at for at, user in enumerate(world.people.user_id.tolist())}
    for one in world.steps(state, feed, WORLD.end_us):
        events = one.events if isinstance(one, Written) else one
        if isinstance(one, Written):
            attributes = zip(one.hidden["bait"].tolist(), one.hidden["outrage"].tolist(), strict=True)
            hidden |= dict(zip(events.columns["tweet_id"].tolist(), attributes, strict=True))
        names = list(events.columns)
        for values in zip(*(column.tolist() for column in events.columns.values()), strict=True):
            row = dict(zip(names, values, strict=True))
            day = (row.get("time_us", row.get("created_us", 0)) - WORLD.start_us) // DAY_US
            if events.table == "requests":
                counts["opened"][day, row_of[row["user_id"]]] = 1
            elif events.table == "impressions":
                bait, outrage = hidden[row["tweet_id"]]
                counts["impressions"][day, row_of[row["user_id"]]] += 1
                counts["bait"][day, row_of[row["user_id"]]] += bait > MARKED
                counts["outrage"][day, row_of[row["user_id"]]] += outrage > MARKED
                counts["shown"][day, row_of[row["author_id"]]] += 1
            elif events.table == "engagements" and row["request_id"] >= 0 and row["action"] in POSITIVE_ACTIONS:
                counts["engagements"][day, row_of[row["user_id"]]] += 1
            elif events.table == "tweets" and row["kind"] == "original":
                counts["originals"][day, row_of[row["author_id"]]] += 1
    for name in set(COLUMNS) - {"left", "looked", "welfare"}:
        plain = np.array([[counts[name][day, person] for person in range(120)] for day in range(2)])
        np.testing.assert_array_equal(numbers.columns[name], plain, err_msg=name)
        assert plain.any() or name == "outrage"
    looked = numbers.columns["looked"]
    assert (looked <= numbers.columns["impressions"]).all()
    assert looked.sum() > 0.2 * numbers.columns["impressions"].sum()
    assert (np.abs(numbers.columns["welfare"]) <= looked + 1e-6).all()
    assert numbers.columns["welfare"].any()
    np.testing.assert_array_equal(
        numbers.return_probability, world.truth.return_probability(state, np.arange(120))
    )  # fmt: skip
    assert 0.1 < numbers.return_probability.mean() < 0.9


def test_a_world_that_dies_out_says_so_when_made_and_when_kept(tmp_path: Path) -> None:
    retention = {"leaving": 0.85, "leaving_new": 0.0, "returning": 0.0, "joins_per_day": 0.0}
    world = WorldConfig.parse(WORLD.model_dump() | {"people": 800, "days": 3, "tick_min": 60, "retention": retention})
    run = ClosedRun(world=world, policy="recency")
    made = kept_run(run, tmp_path / "run")
    assert any("dies out" in line and "people loaded the feed" in line for line in made.warnings)
    assert kept_run(run, tmp_path / "run").warnings == made.warnings
    assert made.columns["left"][2].mean() > 0.8


def test_a_run_is_kept_for_its_settings_alone(tmp_path: Path) -> None:
    run = RUN.model_copy(update={"world": WORLD.model_copy(update={"days": 1, "people": 60}), "policy": "recency"})
    made = kept_run(run, tmp_path / "run")
    written = (tmp_path / "run" / "numbers.npz").stat().st_mtime_ns
    again = kept_run(run, tmp_path / "run")
    for name in COLUMNS:
        np.testing.assert_array_equal(made.columns[name], again.columns[name])
    assert (tmp_path / "run" / "numbers.npz").stat().st_mtime_ns == written
    other = kept_run(run.model_copy(update={"policy": "popularity"}), tmp_path / "run")
    assert '"policy": "popularity"' in (tmp_path / "run" / "about.json").read_text()
    assert other.columns["opened"].tolist() == made.columns["opened"].tolist()  # nothing was fed back on the first day
    about = tmp_path / "run" / "about.json"
    about.write_text(about.read_text().replace('"code": "', '"code": "x'))
    stamp = (tmp_path / "run" / "numbers.npz").stat().st_mtime_ns
    kept_run(run.model_copy(update={"policy": "popularity"}), tmp_path / "run")
    assert (tmp_path / "run" / "numbers.npz").stat().st_mtime_ns > stamp


class Watched:
    """A feed whose slates' true welfare is summed by reader as they are served."""

    def __init__(self, feed: RankedFeed, world: World, state: State) -> None:
        self.feed, self.world, self.state = feed, world, state
        self.policy = feed.policy
        self.welfare = np.zeros(len(world.people))

    def serve(self, requests: Requests, k: int) -> CandidateBatch:
        slate = self.feed.serve(requests, k)
        own = {name: requests.columns[name] for name in ("user_row", "time_us")}
        rows = {"tweet_row": self.state.tweet_rows(slate.columns["tweet_id"])}
        truth = self.world.truth.slate_welfare(self.state, CandidateBatch(Requests(own), slate.offsets, rows))
        self.welfare += np.bincount(requests.columns["user_row"], truth, len(self.welfare))
        return slate

    def preview(self, originals: EventBatch) -> None:
        self.feed.preview(originals)

    def observe(self, events: EventBatch) -> None:
        self.feed.observe(events)


@pytest.mark.parametrize("examination", ["position", "cascade"])
def test_a_days_welfare_is_that_of_the_slates_it_served(examination: str) -> None:
    config = WORLD.model_dump() | {"days": 1, "behaviour": {"examination": examination}}
    world = World.create(WorldConfig.parse(config))
    state = world.start()
    run = ClosedRun(world=world.config, policy="engagement_oracle")
    feed = Watched(feed_of(run, world, state), world, state)
    for _ in world.steps(state, feed, world.config.end_us):
        pass
    assert feed.welfare.any()
    # Follows that begin within a tick make friends before its impressions are taken in: a few people differ a little.
    same = np.isclose(state.lives.welfare, feed.welfare, atol=1e-9)
    assert same.mean() > 0.9
    np.testing.assert_allclose(state.lives.welfare.sum(), feed.welfare.sum(), rtol=0.02)
