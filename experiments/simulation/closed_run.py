"""A world with a feed in a closed loop, in memory: what each person did, saw and posted on each day.

Nothing is written but these numbers. They are kept in a folder, so that a run is made once for its settings and code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from data.batch import F64, Array
from data.events import DAY_US, EventBatch
from data.folders import present, written_whole
from data.progress import Progress, no_progress
from data.schema import POSITIVE_ACTIONS
from data.settings import Share
from data.synthetic import state as state_module
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.new_tweets import Written
from data.synthetic.population import Population
from data.synthetic.retention import LEFT
from data.synthetic.state import State
from data.synthetic.world import World
from experiments.simulation.candidate_scores import POLICIES
from experiments.simulation.ranked_feed import RankedConfig, RankedFeed

MARKED = 0.5
"""A tweet is called bait, or outrage, where its true attribute of that name is above this."""
COLUMNS = (
    "opened", "left", "impressions", "engagements", "looked", "welfare", "bait", "outrage", "shown", "originals",
)  # fmt: skip
"""Of `PersonDays.columns`."""
_ABOUT, _NUMBERS = "about.json", "numbers.npz"


class ClosedRun(BaseModel):
    """A world, and the feed that it runs with."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    world: WorldConfig
    policy: str
    """One of `candidate_scores.POLICIES`."""
    mix: Share = 0.5
    """Share of welfare in the score of `mix_oracle`."""
    candidates: RankedConfig = RankedConfig()
    """Which candidates are ranked; their seed is the world's."""


@dataclass(frozen=True)
class PersonDays:
    """Numbers of P people with an account at the start, on D days."""

    columns: Mapping[str, Array]
    """[D, P] each, by `COLUMNS`:

    opened (1 where the person opened the app), left (1 where the account was left for good or for now that day),
    impressions, engagements (positive actions on impressions), looked (impressions by the probability to be looked at),
    welfare (its expected sum over what was looked at), bait and outrage (impressions of such tweets), shown
    (impressions of the person's own tweets) and originals posted.
    """
    return_probability: F64
    """[P] true chance to open the app on the day after the last."""
    warnings: tuple[str, ...] = ()
    """A line for each day on which the world died out or exploded, by `Population`."""

    def save(self, folder: Path) -> None:
        """Writes `numbers.npz`."""
        np.savez_compressed(
            folder / _NUMBERS, allow_pickle=False, return_probability=self.return_probability,
            warnings=np.array(self.warnings, np.str_), **self.columns,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what `save` wrote."""
        with np.load(folder / _NUMBERS, allow_pickle=False) as stored:
            columns, warnings = {name: stored[name] for name in COLUMNS}, stored["warnings"].tolist()
            return cls(columns, stored["return_probability"], tuple(warnings))


def feed_of(run: ClosedRun, world: World, state: State) -> RankedFeed:
    """The feed of a run whose world moves `state` on."""
    candidates = run.candidates.model_copy(update={"seed": run.world.seed})
    return RankedFeed(run.policy, POLICIES[run.policy](world, state, run.mix), candidates)


def closed_run(run: ClosedRun, progress: Progress = no_progress) -> PersonDays:
    """Runs the world with the feed from its first day to its last."""
    world, population, warnings = World.create(run.world), Population(run.world.start_us), list[str]()
    state = world.start()
    feed = feed_of(run, world, state)
    days = []
    for day in range(run.world.days):
        days.append(_day(world, state, feed, day, population, progress))
        warnings += population.end_day()
    people = np.arange(run.world.people)
    columns = {name: np.stack([day[name] for day in days]) for name in COLUMNS}
    return PersonDays(columns, world.truth.return_probability(state, people), tuple(warnings))


def kept_run(run: ClosedRun, folder: Path, progress: Progress = no_progress) -> PersonDays:
    """The numbers in `folder` where they are of this run and this code, else of a new run."""
    wanted = {**run.model_dump(mode="json"), "code": _code()}
    kept = present(folder)
    if kept.is_dir() and json.loads((kept / _ABOUT).read_text()) == wanted:
        return PersonDays.load(kept)
    found = closed_run(run, progress)
    with written_whole(kept) as staging:
        found.save(staging)
        (staging / _ABOUT).write_text(json.dumps(wanted))
    return found


def _day(
    world: World, state: State, feed: Feed, day: int, population: Population, progress: Progress
) -> dict[str, Array]:
    """[P] by `COLUMNS`, of one day."""
    start = world.config.start_us + day * DAY_US
    log: dict[str, list[EventBatch]] = {}
    for one in world.steps(state, feed, start + DAY_US):
        events = one.events if isinstance(one, Written) else one
        log.setdefault(events.table, []).append(events)
        population.observe(events)
        progress((state.time_us - world.config.start_us) / DAY_US, world.config.days, f"day {day + 1}")
    # The state is at the end of the day: its accumulators are this day's, and no tweet shown today is forgotten.
    tweets, lives, p = state.tweets, state.lives, world.config.people

    def column(table: str, name: str) -> Array:
        return np.concatenate([batch.columns[name] for batch in log.get(table, [])] or [np.empty(0, np.int64)])

    def count(ids: Array, weight: Array | None = None) -> Array:
        """[P] rows, or their weights, by person of the start."""
        return np.bincount(state.user_rows(ids), weight, minlength=len(state.user_id))[:p].astype(np.float32)

    reader, shown = column("impressions", "user_id"), state.tweet_rows(column("impressions", "tweet_id"))
    taken = np.isin(column("engagements", "action").astype(object), POSITIVE_ACTIONS) & (
        column("engagements", "request_id") >= 0
    )
    original = column("tweets", "kind").astype(object) == "original"
    return {
        "opened": (count(column("requests", "user_id")) > 0).astype(np.float32),
        "left": (lives.status[:p] == LEFT).astype(np.float32),
        "impressions": count(reader),
        "engagements": count(column("engagements", "user_id")[taken]),
        "looked": lives.looked[:p].astype(np.float32),
        "welfare": lives.welfare[:p].astype(np.float32),
        "bait": count(reader, tweets.bait[shown] > MARKED),
        "outrage": count(reader, tweets.outrage[shown] > MARKED),
        "shown": count(column("impressions", "author_id")),
        "originals": count(column("tweets", "author_id")[original]),
    }


@cache
def _code() -> str:
    """A hash of the source of worlds and feeds: numbers of other code are of another world."""
    folders = (Path(state_module.__file__).parent, Path(__file__).parent)
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]
