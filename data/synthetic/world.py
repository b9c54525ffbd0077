"""The world as an environment: in each tick people open the feed and react to what it serves.

    world = World.create(config)
    state = world.start()
    for events in world.run(state, feed, config.end_us): ...

Within a tick people act independently on the state at its start, and may meet the originals posted since; all effects
merge at its end. `make_world` writes a run to
disk, a day at a time, and continues after a kill; `World.open` opens its truth again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
import polars as pl

from data.batch import I32, I64
from data.errors import DataError
from data.events import DAY_US, EventBatch
from data.ids import rows_of
from data.synthetic.behaviour_parameters import BehaviourParameters
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.graph import follow_events, make_graph
from data.synthetic.hidden import Hidden
from data.synthetic.new_tweets import Written
from data.synthetic.people import People, make_people
from data.synthetic.plan import Plan
from data.synthetic.state import KEEP_US, State
from data.synthetic.tick import Ticks
from data.synthetic.truth import Truth
from data.synthetic.weekly_tags import weekly_tag_table

CHUNK = 1 << 16
"""Most requests that a feed serves in one call."""


class World:
    """People and their parameters; all that changes is in the `State`. Several states may run over one world."""

    def __init__(self, config: WorldConfig, people: People, graph: tuple[I32, I32], hidden: Hidden | None) -> None:
        """Use `World.create` or `World.open`."""
        self.config = config
        self.people = people
        """All who have an account at the end, those who join last."""
        self.founders = people.first(config.people)
        """Those who have one at the start."""
        self.graph = graph
        """Rows of followers and followees at the start."""
        self.hidden = hidden
        self._parameters = BehaviourParameters.of(people, config)
        self.truth = Truth(self._parameters)

    @classmethod
    def create(cls, config: WorldConfig) -> Self:
        """Draws people and graph from the config's seed."""
        people = make_people(config)
        return cls(config, people, make_graph(config, people), None)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """From the truth's folder of a data set (`dataset.truth`), to compute the truth of its log.

        Raises:
            DataError: the folder holds no truth, or it is damaged.
        """
        try:
            config = WorldConfig.parse(json.loads((folder / "config.json").read_text()))
            with np.load(folder / "graph.npz", allow_pickle=False) as stored:
                graph = (stored["follower"], stored["followee"])
            hidden = Hidden.read(folder)
            people = People.load(folder / "people.npz")
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, pl.exceptions.PolarsError) as error:
            raise DataError(f"no truth can be read from {folder}: {error}", remedy="make the world again") from error
        world = cls(config, people, graph, hidden)
        world._folder = folder
        return world

    _folder: Path | None = None

    def saved(self) -> State:
        """The state that was kept, `state_at` of the way through the log: apply the events since to go on from it.

        Raises:
            DataError: this world was not opened from a folder, or it is damaged.
        """
        if self._folder is None:
            raise DataError("this world keeps no state", remedy="open one: World.open(dataset.truth)")
        return State.load(self._folder / "state", self.config, self.people, self.hidden)

    def user_rows(self, ids: I64) -> I64:
        """Rows of people, -1 for an id of no user."""
        return rows_of(self.people.user_id, ids)

    @cached_property
    def follows(self) -> EventBatch:
        """The follows at the start of the first day."""
        return follow_events(self.config, self.people, *self.graph)

    @cached_property
    def plan(self) -> Plan:
        """What is decided when a day begins: who opens the app when, who posts what, what annotators label."""
        return Plan(self.config, self.people)

    @cached_property
    def _ticks(self) -> Ticks:
        return Ticks(self.config, self.people, self._parameters, self.plan)

    def start(self) -> State:
        """The state before the first tick."""
        state = State(self.config, self.people, self.hidden)
        state.apply(self.follows)
        return state

    def run(self, state: State, feed: Feed, until_us: int, *, chunk: int = CHUNK) -> Iterator[EventBatch]:
        """Runs whole ticks up to `until_us`, hands each tick's events to the feed and out, and moves `state` on.

        From the very start `users` and the standing `follows` come first. A feed that joins later must have observed
        the log so far. `chunk` bounds the requests that the feed serves in one call and changes nothing else.

        Raises:
            DataError: the feed served something that it may not.
        """
        for one in self.steps(state, feed, until_us, chunk=chunk):
            yield one.events if isinstance(one, Written) else one

    def steps(self, state: State, feed: Feed, until_us: int, *, chunk: int = CHUNK) -> Iterator[EventBatch | Written]:
        """As `run`, but new tweets come with their true attributes."""
        config = self.config
        if state.time_us == config.start_us:
            for events in (self.founders.events(), self.follows):
                feed.observe(events)
                yield events
        while state.time_us + config.tick_us <= min(until_us, config.end_us):
            low, high = state.time_us, state.time_us + config.tick_us
            if (low - config.start_us) % DAY_US == 0:
                state.forget(low - KEEP_US)
            state.begin_day((low - config.start_us) // DAY_US)
            happened = self._tick(state, feed, chunk)
            for one in happened:
                if isinstance(one, Written):
                    state.apply(one.events, one.hidden)
                else:
                    state.apply(one)
            state.time_us = high
            for one in happened:
                feed.observe(one.events if isinstance(one, Written) else one)
            yield from happened

    def _tick(self, state: State, feed: Feed, chunk: int) -> list[EventBatch | Written]:
        """Everything that happens in the tick at `state.time_us`, a batch a table, in the schema's order."""
        low, high = state.time_us, state.time_us + self.config.tick_us
        day = self.plan.day(state.day, state)
        originals = day.written(low, high)
        state.preview(originals.events, originals.hidden)
        feed.preview(originals.events)
        found: list[EventBatch | Written] = [self.people.joined(low, high)]
        for one in self._ticks.run(state, feed, day.requests(low, high), chunk):
            if isinstance(one, Written):
                found += [originals.merged(one), day.due("deletions", low, high)[0]]
            else:
                found.append(one)
        found.append(day.due("annotations", low, high)[0])
        return [one for one in found if len(one.events if isinstance(one, Written) else one)]

    def save(self, folder: Path) -> None:
        """Writes the truth that does not change: config, people, how they answer surveys, graph and hashtags."""
        (folder / "config.json").write_text(self.config.model_dump_json(indent=1))
        self.people.save(folder / "people.npz")
        self._ticks.surveys.respondents.frame(self.people).write_parquet(folder / "respondents.parquet")
        np.savez(folder / "graph.npz", follower=self.graph[0], followee=self.graph[1])
        shocks = self.plan.shocks
        names = ("topic", "language", "place", "start_us", "peak_us", "end_us", "scale_us", "shape", "volume")
        columns = {name: getattr(shocks, name) for name in names}
        pl.DataFrame({"tag": shocks.tag, **columns}).write_parquet(folder / "shocks.parquet")
        weekly = weekly_tag_table() if self.config.week.weekly_tag_share else weekly_tag_table().clear()
        weekly.write_parquet(folder / "weekly_tags.parquet")
