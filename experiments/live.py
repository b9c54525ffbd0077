"""The live path over HTTP: a real server, real clients, tweets posted, fanned out and read back on ranked timelines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import polars as pl

from data.dataset import Dataset
from data.errors import RookeryError
from data.synthetic.posting import ORIGINAL
from data.synthetic.world import World
from data.synthetic.writer import Draft, Writer
from experiments.network import empty_folder, open_network, scaled_fanout
from serving.auth.tokens import Tokens, load_secret
from serving.fanout.policy import FanoutConfig
from serving.network import Network

if TYPE_CHECKING:
    from experiments.cli.screen import Advance

HOME_SIZE = 20
"""Tweets of a home timeline that are read."""

CLIENTS = 8
"""Connections that post and read side by side."""

SETTLE_S = 30.0
"""Seconds that fan-out may take to catch up with the posts."""


class LiveError(RookeryError):
    """The server did not come up, or a request failed."""


@dataclass(frozen=True)
class Latency:
    """Milliseconds a request as the client saw them, with `CLIENTS` clients at once."""

    n: int
    p50_ms: float
    p99_ms: float
    per_s: float

    @classmethod
    def of(cls, seconds: Sequence[float], wall_s: float) -> Latency:
        """From each request's seconds and those of all together."""
        ms = np.asarray(seconds) * 1000
        p50, p99 = np.percentile(ms, [50, 99])
        return cls(len(ms), float(p50), float(p99), len(ms) / wall_s)


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
    """Timelines read over HTTP and ranked again in process for the same moment."""
    identical: int
    """Of these, how many have the same tweets in the same order."""
    trends: list[str]
    """Hashtags that trend after the posts."""
    answer: dict[str, Any]
    """The top of one home timeline."""


@dataclass(frozen=True)
class Server:
    """A running server and the secret that signs its tokens."""

    url: str
    tokens: Tokens

    def user(self, user_id: int) -> dict[str, str]:
        """Headers that act as a user."""
        return {"Authorization": f"Bearer {self.tokens.issue(user_id)}"}

    def service(self) -> dict[str, str]:
        """Headers that may read and rank."""
        return {"Authorization": f"Bearer {self.tokens.issue(None, ['rank'])}"}


@contextlib.contextmanager
def running_server(
    home: Path, data: Path, network: Path, *, settings: Mapping[str, str], wait_s: float = 180.0
) -> Iterator[Server]:
    """`rookery serve --data DIR` in a process of its own on a free port, until it is ready; stopped at the end.

    Raises:
        LiveError: it ended or was not ready in `wait_s` seconds; the message holds its last words.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = home / "serve.log"
    environment = {**os.environ, "ROOKERY_HOME": str(home), **settings}
    options = ["--data", str(data), "--network", str(network), "--port", str(port)]
    command = [sys.executable, "-m", "experiments.cli", "serve", *options]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(process, url, log, wait_s)
            yield Server(url, Tokens(load_secret(home, os.environ.get("ROOKERY_SECRET"))))
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    pause = 0.1
    while time.monotonic() < until:
        if process.poll() is not None:
            raise LiveError(
                f"the server ended with {process.returncode}: {log.read_text()[-600:]}", remedy=f"see {log}"
            )
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(pause)
    raise LiveError(f"the server was not ready after {wait_s:.0f} s", remedy=f"see {log}")


def post_tweets(server: Server, authors: Sequence[int], texts: Sequence[str]) -> tuple[list[int], Latency]:
    """POST /2/tweets for each author and text; ids of the tweets in that order."""
    jobs = [
        ("POST", "/2/tweets", server.user(author), {"text": text}) for author, text in zip(authors, texts, strict=True)
    ]
    answers, latency = _all(server, jobs)
    return [int(one["data"]["id"]) for one in answers], latency


def read_homes(server: Server, users: Sequence[int], k: int) -> tuple[list[dict[str, Any]], Latency]:
    """GET the ranked home timeline of each user, `k` tweets; the answers' bodies in that order."""
    path = "/2/users/{}/timelines/reverse_chronological?max_results={}"
    return _all(server, [("GET", path.format(user, k), server.user(user), None) for user in users])


def get(server: Server, path: str, **query: Any) -> dict[str, Any]:
    """One GET as a reader."""
    answer = httpx.get(f"{server.url}{path}", params=query, headers=server.service(), timeout=60, trust_env=False)
    return _body(answer)


_Job = tuple[str, str, dict[str, str], dict[str, Any] | None]


def _all(server: Server, jobs: Sequence[_Job]) -> tuple[list[dict[str, Any]], Latency]:
    """All jobs, `CLIENTS` at a time."""
    answers: list[dict[str, Any]] = [{} for _ in jobs]
    seconds = [0.0] * len(jobs)
    waiting = iter(range(len(jobs)))

    async def work(client: httpx.AsyncClient) -> None:
        for at in waiting:
            verb, path, headers, body = jobs[at]
            began = time.perf_counter()
            answer = await client.request(verb, path, headers=headers, json=body)
            seconds[at] = time.perf_counter() - began
            answers[at] = _body(answer)

    async def run() -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as client:
            await asyncio.gather(*(work(client) for _ in range(CLIENTS)))

    began = time.perf_counter()
    asyncio.run(run())
    return answers, Latency.of(seconds, time.perf_counter() - began)


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise LiveError(
            f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}"
        )
    body: dict[str, Any] = answer.json()
    return body


def run_live(
    dataset: Dataset,
    home: Path,
    *,
    tweets: int,
    timelines: int,
    evaluated: Sequence[int],
    same: int,
    seed: int,
    advance: Advance | None = None,
) -> Live:
    """Serves `dataset` with the champion; compares timelines, posts tweets, reads timelines again.

    The comparison comes first, for `same` of the users whose requests were `evaluated`: a second network is built in
    this process from the data set alone, and every timeline read over HTTP is ranked again there for the very moment
    that the answer states.
    """

    def tell(done: int, note: str) -> None:
        if advance:
            advance(done, 5, note)

    fanout = scaled_fanout(dataset)
    variables = {
        "ROOKERY_FANOUT__PUSH_BELOW": str(fanout.push_below),
        "ROOKERY_FANOUT__PULL_FROM": str(fanout.pull_from),
    }
    users = _active_users(dataset)
    rng = np.random.default_rng([seed, 11])
    readers = rng.choice(evaluated, min(same, len(evaluated)), replace=False).tolist()
    room = empty_folder(home / "demo" / "networks")
    tell(0, "loading the data set into the network")
    # The two networks are built side by side, each on a core.
    with (
        ThreadPoolExecutor(1) as beside,
        _closing(beside.submit(_in_process, dataset, home, room / "in-process", fanout)) as building,
        running_server(home, dataset.folder, room / "served", settings=variables) as server,
    ):
        tell(1, "reading timelines and ranking them again in process")
        first, _ = read_homes(server, readers, HOME_SIZE)
        identical = _identical(building.result(), readers, first)
        tell(2, f"posting {tweets:,} tweets")
        authors = rng.choice(users, tweets).tolist()
        texts = compose_texts(dataset, authors, seed)
        posted, post = post_tweets(server, authors, texts)
        tell(3, "fan-out")
        await_fanout(server, len(posted))
        tell(4, "reading timelines")
        again = rng.choice(users, min(timelines, len(users)), replace=False).tolist()
        answers, read = read_homes(server, again, HOME_SIZE)
        stats = get(server, "/v1/network")["data"]
        trends = [one["trend_name"] for one in get(server, "/2/trends/by/woeid/1")["data"]]
        tell(5, "done")
    new = set(posted)
    fresh = [any(int(tweet["id"]) in new for tweet in answer["data"]) for answer in answers]
    model = answers[0]["meta"]["model"]
    return Live(
        f"rookery serve --data {dataset.folder}", CLIENTS, model["name"], model["version"], len(posted), post,
        stats["fanout"]["tweets"], stats["fanout"]["deliveries"], stats["fanout"]["left_to_pull"],
        fanout.push_below, fanout.pull_from, len(answers), read, float(np.mean(fresh)),
        len(readers), identical, trends, {"data": answers[0]["data"][:5], "meta": answers[0]["meta"]},
    )  # fmt: skip


def _in_process(dataset: Dataset, home: Path, folder: Path, fanout: FanoutConfig) -> Network:
    """A second network in this process, built from the data set alone."""
    return open_network(dataset.folder, "champion", home, folder=folder, fanout=fanout)


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
        mine = network.home_now(user, HOME_SIZE, time_us=answer["meta"]["time_us"])
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
    """Users who asked for a feed in the log, ascending: those who will read and write."""
    return dataset.scan("requests").select(pl.col("user_id").unique().sort()).collect()["user_id"].to_list()
