"""The world as an environment: each tick it opens the feed, reacts to what it is served, and merges what happened.

    world = World.create(config)
    state = world.start()
    for events in world.run(state, feed, config.end_us): ...

Within a tick people act independently on the state at its start; effects merge at its end. `make_world` writes a run to
disk; `World.open` opens its truth again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from data.batch import I64
from data.dataset import Dataset, DatasetWriter
from data.errors import DataError
from data.events import DAY_US, EventBatch
from data.schema import TABLES
from data.synthetic.behaviour import minds
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.graph import follow_events, make_graph
from data.synthetic.people import People, make_people
from data.synthetic.plan import Plan
from data.synthetic.state import HIDDEN, Hidden, State
from data.synthetic.tick import Rows, Ticks, merged
from data.synthetic.truth import Truth

Progress = Callable[[int, int], None]
"""Told ticks done and ticks in all."""


class World:
    """People and how they are; what unrolls lives in the `State`. Several states may run over one world."""

    def __init__(self, config: WorldConfig, people: People, graph: tuple[I64, I64], hidden: Hidden | None) -> None:
        """Use `World.create` or `World.open`."""
        self.config = config
        self.people = people
        self.graph = graph
        """Rows of followers and followees at the start."""
        self.hidden = hidden
        self._who = minds(people, config.behaviour, config.seed)
        self.truth = Truth(self._who, config.behaviour)

    @classmethod
    def create(cls, config: WorldConfig) -> Self:
        """Draws people and graph from the config's seed."""
        people = make_people(config)
        return cls(config, people, make_graph(config, people), None)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """From the truth's folder of a data set (`dataset.truth`), to ask about its log.

        Raises:
            DataError: the folder holds no truth, or it is damaged.
        """
        try:
            config = WorldConfig.parse(json.loads((folder / "config.json").read_text()))
            with np.load(folder / "graph.npz", allow_pickle=False) as stored:
                graph = (stored["follower"], stored["followee"])
            with np.load(folder / "tweets.npz", allow_pickle=False) as stored:
                hidden = Hidden(stored["tweet_id"], {name: stored[name] for name in HIDDEN})
            people = People.load(folder / "people.npz")
        except (OSError, ValueError, KeyError) as error:
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
        return State.load(self._folder / "state", self.hidden)

    def user_rows(self, ids: I64) -> I64:
        """Rows of people, -1 for an id that is nobody's."""
        rows = np.minimum(np.searchsorted(self.people.user_id, ids), len(self.people) - 1)
        return np.where(self.people.user_id[rows] == ids, rows, -1).astype(np.int64)

    def tweet_rows(self, ids: I64) -> I64:
        """Rows of the tweets of the log this world was opened with, -1 for others; a state has the first of them."""
        known = self.hidden.tweet_id if self.hidden is not None else np.empty(0, np.int64)
        if not len(known):
            return np.full(len(ids), -1, np.int64)
        rows = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[rows] == ids, rows, -1).astype(np.int64)

    @property
    def follows(self) -> EventBatch:
        """The follows that stand before the first day."""
        return follow_events(self.config, self.people, *self.graph)

    def start(self) -> State:
        """The state before the first tick."""
        config = self.config
        fatigue_us = config.behaviour.fatigue_h * 3.6e9
        state = State(self.people.user_id, config.start_us, config.tick_us, fatigue_us, self.hidden)
        state.apply(self.follows)
        return state

    def run(self, state: State, feed: Feed, until_us: int) -> Iterator[EventBatch]:
        """Runs whole ticks up to `until_us`, hands each tick's events to the feed and out, and moves `state` on.

        From the very start `users` and the standing `follows` come first. A feed that joins later must have been told
        the log so far.

        Raises:
            DataError: the feed served something that it may not.
        """
        config = self.config
        if state.time_us == config.start_us:
            for events in (self.people.events(), self.follows):
                feed.observe(events)
                yield events
        ticks = Ticks(config, self.people, self._who, self.plan.grammar)
        while state.time_us + config.tick_us <= min(until_us, config.end_us):
            high = state.time_us + config.tick_us
            batches = self._tick(ticks, state, feed)
            for events, hidden in batches:
                state.apply(events, hidden)
            state.time_us = high
            for events, _ in batches:
                feed.observe(events)
                yield events

    def _tick(self, ticks: Ticks, state: State, feed: Feed) -> list[Rows]:
        """Everything that happens in the tick at `state.time_us`, a batch a table, in the schema's order."""
        low, high = state.time_us, state.time_us + self.config.tick_us
        found: dict[str, Rows] = {rows[0].table: rows for rows in ticks.run(state, feed)}
        for table in ("mutes", "deletions", "annotations"):
            found[table] = (self.plan.due(table, low, high)[0], None)
        originals, part = self.plan.due("tweets", low, high)
        rows = (originals, {name: column[part] for name, column in self.plan.hidden.items()})
        found["tweets"] = merged(rows, found["tweets"]) if "tweets" in found else rows
        return [found[table] for table in TABLES if table in found and len(found[table][0])]

    @cached_property
    def plan(self) -> Plan:
        """What people will do whatever they are shown: originals, deletions, mutes; and what annotators will say."""
        return Plan(self.config, self.people, self.graph)

    def save(self, folder: Path, state: State) -> None:
        """Writes the truth: config, people, graph, shocks, and the attributes of the tweets that `state` knows."""
        (folder / "config.json").write_text(self.config.model_dump_json(indent=1))
        self.people.save(folder / "people.npz")
        np.savez(folder / "graph.npz", follower=self.graph[0], followee=self.graph[1])
        tweets = state.tweets
        np.savez(folder / "tweets.npz", tweet_id=tweets.tweet_id, **{name: getattr(tweets, name) for name in HIDDEN})
        shocks = self.plan.shocks
        columns = {
            name: getattr(shocks, name) for name in ("topic", "place", "start_us", "scale_us", "shape", "volume")
        }
        pl.DataFrame({"tag": shocks.tag, **columns}).write_parquet(folder / "shocks.parquet")


def make_world(config: WorldConfig, folder: Path, *, feed: Feed, progress: Progress | None = None) -> Dataset:
    """Runs a world from start to end before `feed` and writes its log and its truth; nothing is left on an error.

    Raises:
        DataError: `folder` is in use by something else, or the feed served something that it may not.
    """
    world = World.create(config)
    state = world.start()
    done, ticks = 0, (config.end_us - config.start_us) // config.tick_us
    keep = round(config.state_at * ticks)
    about = config.model_dump(mode="json")
    with DatasetWriter(folder, name=f"world-{config.people}x{config.days}", config=about, seed=config.seed) as writer:
        waiting: dict[str, list[EventBatch]] = {}
        for until in range(config.start_us, config.end_us, DAY_US):
            for step in range(until + config.tick_us, until + DAY_US + 1, config.tick_us):
                if done == keep:
                    state.save(writer.truth / "state")
                for events in world.run(state, feed, step):
                    waiting.setdefault(events.table, []).append(events)
                done += 1
                if progress is not None:
                    progress(done, ticks)
            for table, batches in waiting.items():
                writer.write(table, _joined(batches))
            waiting.clear()
            writer.flush(str(np.datetime64(until + DAY_US, "us").astype("datetime64[D]")))
        if keep >= ticks:
            state.save(writer.truth / "state")
        world.save(writer.truth, state)
        return writer.commit()


def _joined(batches: list[EventBatch]) -> EventBatch:
    columns = {name: np.concatenate([b.columns[name] for b in batches]) for name in batches[0].columns}
    return EventBatch(batches[0].table, columns)
