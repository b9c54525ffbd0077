"""Writes a world's log and truth to disk, a day at a time; a killed run continues after its last finished day."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import polars as pl

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from data.events import DAY_US, EventBatch
from data.progress import Progress, no_progress
from data.schema import TABLES
from data.synthetic.config import WorldConfig
from data.synthetic.feed import Feed
from data.synthetic.hidden import Hidden
from data.synthetic.new_tweets import Written
from data.synthetic.population import Population
from data.synthetic.requested import Requested
from data.synthetic.state import KEEP_US, State
from data.synthetic.world import CHUNK, World

_LARGE = 30_000
"""People of a world whose ticks are long enough for more than one thread."""
_REPLAYED = (
    "users",
    "follows",
    "mutes",
    "blocks",
    "tweets",
    "deletions",
    "requests",
    "impressions",
    "surveys",
    "engagements",
    "annotations",
)

Counted = tuple[Population, Requested]
"""What is counted of a run for its warnings."""


def make_world(
    config: WorldConfig,
    folder: Path,
    *,
    feed: Feed,
    progress: Progress = no_progress,
    workers: int | None = None,
    chunk: int = CHUNK,
) -> Dataset:
    """Runs a world from start to end before `feed` and writes its log and its truth.

    Nothing is left when the feed is wrong; a kill, an interrupt or a full disk leaves the finished days, hidden beside
    `folder`, for the next run with the same config and policy.

    The bytes depend on the config and the feed alone: not on `workers` (threads; when None, all cores for a large
    world and one for a small, whose ticks are shorter than it takes to start a second), not on `chunk` (requests that
    the feed serves in one call), not on whether the run was killed and made again. A day on which the world dies out or
    explodes (`Population`) is a line to `progress` and one of the data set's `warnings`, to which the
    end adds every setting that the world could not meet (`Requested`).

    Raises:
        DataError: `folder` is in use by something else, or the feed served something that it may not.
    """
    workers = workers or (1 if config.people < _LARGE else numba.config.NUMBA_NUM_THREADS)
    before = numba.get_num_threads()
    numba.set_num_threads(min(workers, numba.config.NUMBA_NUM_THREADS))
    try:
        return _made(config, folder, feed, progress, chunk)
    finally:
        numba.set_num_threads(before)


def _made(config: WorldConfig, folder: Path, feed: Feed, progress: Progress, chunk: int) -> Dataset:
    ticks = (config.end_us - config.start_us) // config.tick_us
    about = config.model_dump(mode="json") | {"policy": feed.policy}
    name = f"world-{config.people}x{config.days}"
    with DatasetWriter(folder, name=name, config=about, seed=config.seed, resume=True) as writer:
        world, counted = World.create(config), (Population(config.start_us), Requested(config))
        state = world.start()
        if writer.kept:
            _catch_up(world, state, feed, writer, counted)
        else:
            world.save(writer.truth)
        kept_us = config.start_us + round(config.state_at * ticks) * config.tick_us
        for day in range(len(writer.kept), config.days):
            _run_day(world, state, feed, writer, day, chunk, kept_us, progress, counted)
        writer.warnings += counted[1].lines()
        return writer.commit()


def _run_day(
    world: World, state: State, feed: Feed, writer: DatasetWriter, day: int, chunk: int, kept_us: int,
    progress: Progress, counted: Counted,
) -> None:  # fmt: skip
    config = world.config
    start = config.start_us + day * DAY_US
    attributes, entities = [], []
    log: dict[str, list[EventBatch]] = {}
    for until in range(start + config.tick_us, start + DAY_US + 1, config.tick_us):
        if state.time_us == kept_us:
            state.save(writer.truth / "state")
        for one in world.steps(state, feed, until, chunk=chunk):
            if isinstance(one, Written):
                true, named = one.truth(world.plan.writer)
                attributes.append(true)
                entities.append(named)
            events = one.events if isinstance(one, Written) else one
            log.setdefault(events.table, []).append(events)
            for count in counted:
                count.observe(events)
        progress((until - config.start_us) // config.tick_us, (config.end_us - config.start_us) // config.tick_us)
    if state.time_us == kept_us == config.end_us:
        state.save(writer.truth / "state")
    for line in counted[0].end_day():
        writer.warnings.append(line)
        progress((start + DAY_US - config.start_us) // config.tick_us, config.days * DAY_US // config.tick_us, line)
    label = _label(start)
    # One table at a time, so that a day is in memory little more than once.
    for table in list(log):
        writer.write(table, _joined(log.pop(table)))
        writer.flush(_label(start + DAY_US))
    for table, frames in (("tweets", attributes), ("entities", entities)):
        (writer.truth / table).mkdir(exist_ok=True)
        if frames:
            pl.concat(frames).write_parquet(writer.truth / table / f"{label}.parquet")
    writer.keep(label)


def _catch_up(world: World, state: State, feed: Feed, writer: DatasetWriter, counted: Counted) -> None:
    """Brings state and feed to the end of the days that are kept, by replaying them tick by tick."""
    config = world.config
    for events in (world.founders.events(), world.follows):
        feed.observe(events)
    tables = [name for name in TABLES if name in _REPLAYED]
    for day, label in enumerate(writer.kept):
        start = config.start_us + day * DAY_US
        state.forget(start - KEEP_US)
        state.begin_day(day)
        state.hidden = Hidden.read(writer.truth, label)
        log = [writer.read_kept(name, label) for name in tables]
        for events in log:
            for count in counted:
                count.observe(events)
        counted[0].end_day()
        for low in range(start, start + DAY_US, config.tick_us):
            for events in log:
                a, b = np.searchsorted(events.time_us, (low, low + config.tick_us))
                if a < b:
                    state.apply(events.where(slice(a, b)))
                    feed.observe(events.where(slice(a, b)))
            state.time_us = low + config.tick_us
    state.hidden = None


def _joined(batches: list[EventBatch]) -> EventBatch:
    """The rows of many batches in one; each batch is freed column by column."""
    table, parts = batches[0].table, [dict(batch.columns) for batch in batches]
    batches.clear()
    columns = {name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}
    return EventBatch(table, columns)


def _label(day_us: int) -> str:
    return str(np.datetime64(day_us, "us").astype("datetime64[D]"))
