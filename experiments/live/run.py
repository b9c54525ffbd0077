"""The live path over HTTP: a real server, real clients, tweets posted, fanned out and read back on ranked timelines."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.progress import Progress, no_progress
from data.synthetic.attributes import ORIGINAL
from data.synthetic.text.writer import Draft, Writer
from data.synthetic.world import World
from experiments.live.open_network import empty_folder, open_network, scaled_fanout
from experiments.live.server import CLIENTS, Latency, LiveError, Server, get, post_tweets, read_homes, running_server
from serving.fanout.config import FanoutConfig
from serving.fanout.policies.classic import Classic
from serving.network import Network
from serving.timelines.home import home_now

HOME_SIZE = 20
"""Tweets of a home timeline that are read."""


SETTLE_S = 30.0
"""Seconds that fan-out may take to catch up with the posts."""


@dataclass(frozen=True)
class Live:
    """What the live path did."""

    command: str
    """What serves this network again."""
    clients: int
    """Connections at once."""
    model: str
    model_version: str
    posted: int
    post: Latency
    fanned_out: dict[str, int]
    """Posted tweets by fan-out mode."""
    deliveries: dict[str, int]
    """Entries written to readers' lists, by mode."""
    left_to_pull: dict[str, int]
    """Edges left for the reader to pull, by mode."""
    push_below: int
    pull_from: int
    timelines: int
    read: Latency
    fresh_share: float
    """Share of the timelines read after the posts that show at least one of them."""
    compared: int
    """Timelines read over HTTP and ranked again in process for the same time."""
    identical: int
    """Of these, how many have the same tweets in the same order."""
    trends: list[str]
    """Hashtags that trend after the posts."""
    answer: dict[str, Any]
    """The top of one home timeline."""


def run_live(
    dataset: Dataset,
    home: Path,
    *,
    tweets: int,
    timelines: int,
    evaluated: Sequence[int],
    same: int,
    seed: int,
    progress: Progress = no_progress,
) -> Live:
    """Serves `dataset` with the champion; compares timelines, posts tweets, reads timelines again.

    The comparison comes first, for `same` of the users whose requests were `evaluated`: a second network is built in
    this process from the data set alone, and every timeline read over HTTP is ranked again there for the very time
    that the answer states.
    """
    fanout = scaled_fanout(dataset)
    variables = {
        "ROOKERY_FANOUT__SETTINGS": fanout.model_dump_json(),
        # The network in process encodes tweets at other moments.
        "ROOKERY_TOWER_VECTORS__MAX_AGE_S": "0",
        # Speed is measured here: some readers and authors ask more often than a client may.
        "ROOKERY_RATE_LIMITS__ENABLED": "false",
    }
    users = _active_users(dataset)
    rng = np.random.default_rng([seed, 11])
    readers = rng.choice(evaluated, min(same, len(evaluated)), replace=False).tolist()
    room = empty_folder(home / "demo" / "networks")
    progress(0, 5, "loading the data set into the network")
    # The two networks are built side by side, each on a core.
    with (
        ThreadPoolExecutor(1) as beside,
        _closing(beside.submit(_in_process, dataset, home, room / "in-process", fanout)) as building,
        running_server(home, dataset.folder, room / "served", settings=variables) as server,
    ):
        progress(1, 5, "reading timelines and ranking them again in process")
        first, _ = read_homes(server, readers, HOME_SIZE)
        identical = _identical(building.result(), readers, first)
        progress(2, 5, f"posting {tweets:,} tweets")
        authors = rng.choice(users, tweets).tolist()
        texts = compose_texts(dataset, authors, seed)
        posted, post = post_tweets(server, authors, texts)
        progress(3, 5, "fan-out")
        await_fanout(server, len(posted))
        progress(4, 5, "reading timelines")
        again = rng.choice(users, min(timelines, len(users)), replace=False).tolist()
        answers, read = read_homes(server, again, HOME_SIZE)
        stats = get(server, "/v1/network")["data"]
        trends = [one["trend_name"] for one in get(server, "/2/trends/by/woeid/1")["data"]]
        progress(5, 5, "done")
    new = set(posted)
    fresh = [any(int(tweet["id"]) in new for tweet in answer["data"]) for answer in answers]
    model = answers[0]["meta"]["model"]
    return Live(
        f"rookery serve --data {dataset.folder}", CLIENTS, model["name"], model["version"], len(posted), post,
        stats["fanout"]["tweets"], stats["fanout"]["deliveries"], stats["fanout"]["left_to_pull"],
        fanout.push_below, fanout.pull_from, len(answers), read, float(np.mean(fresh)),
        len(readers), identical, trends, {"data": answers[0]["data"][:5], "meta": answers[0]["meta"]},
    )  # fmt: skip


def _in_process(dataset: Dataset, home: Path, folder: Path, fanout: Classic) -> Network:
    """A second network in this process, built from the data set alone."""
    return open_network(
        dataset.folder, "champion", home, folder=folder, fanout=FanoutConfig(settings=fanout.model_dump()),
        tower_vectors={"max_age_s": 0},
    )  # fmt: skip


@contextlib.contextmanager
def _closing(building: Future[Network]) -> Iterator[Future[Network]]:
    """Closes the network at the end, whatever happened meanwhile."""
    try:
        yield building
    finally:
        if building.exception() is None:
            building.result().close()


def _identical(network: Network, readers: Sequence[int], answers: Sequence[Mapping[str, Any]]) -> int:
    """How many timelines `network`'s funnel ranks just as they came over HTTP."""
    same = 0
    for user, answer in zip(readers, answers, strict=True):
        mine = home_now(network.context, user, HOME_SIZE, time_us=answer["meta"]["time_us"])
        same += mine.tweet_ids == [int(tweet["id"]) for tweet in answer["data"]]
    return same


def compose_texts(dataset: Dataset, authors: Sequence[int], seed: int) -> list[str]:
    """A new tweet for each author (user ids, repeats allowed), in the author's voice and on a topic of interest."""
    world = World.open(dataset.truth)
    rows = world.user_rows(np.asarray(authors, np.int64))
    rng = np.random.default_rng([seed, 13])
    liking = np.cumsum(world.people.interests[rows], axis=1)
    topics = [(rng.random((len(rows), 1)) * liking[:, -1:] > liking).sum(axis=1) for _ in range(2)]
    n = len(rows)
    none = np.full(n, -1, np.int64)
    draft = Draft(
        author=rows,
        # Keys beyond those of the log's own texts, so that nothing is said twice.
        key=(np.int64(1) << 60) + np.arange(n, dtype=np.int64),
        language=world.people.language[rows],
        topic=np.stack(topics, axis=1).astype(np.int64),
        share=np.full(n, 0.8, np.float32),
        sentiment=rng.choice([-1, 0, 1], n),
        toxicity=np.zeros(n, np.int64),
        style=np.full(n, ORIGINAL),
        tag=none,
        mention=none,
        bait=np.zeros(n, np.float32),
        outrage=np.zeros(n, np.float32),
        usefulness=np.zeros(n, np.float32),
        about=none,
    )
    return Writer(world.config.seed, world.people.handles, ()).write(draft).text.to_list()


def await_fanout(server: Server, tweets: int) -> None:
    """Waits until every posted tweet went through fan-out.

    Raises:
        LiveError: it did not within `SETTLE_S` seconds.
    """
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        done = sum(get(server, "/v1/network")["data"]["fanout"]["tweets"].values())
        if done >= tweets:
            return
        time.sleep(0.1)
    raise LiveError(f"{done} of {tweets} tweets were fanned out in {SETTLE_S:.0f} s", remedy="see /readyz")


def _active_users(dataset: Dataset) -> list[int]:
    """Users with requests in the log, ascending: those who will read and write."""
    return dataset.scan("requests").select(pl.col("user_id").unique().sort()).collect()["user_id"].to_list()
