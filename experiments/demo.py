"""The whole lab in one screen: world, features, two-tower, comparison, search, trends, and the live network."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from candidates.trends.engine import TrendList
from data.dataset import Dataset
from data.events import DAY_US, MINUTE_US
from data.progress import Progress
from data.settings import Seed
from data.tweet_text import hashtags_of
from experiments.datasets.search import FoundTweet, search_tweets, trends_at
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
from experiments.evaluation.results import Report
from experiments.live.run import Live, run_live
from experiments.runs.config import RunConfig
from experiments.runs.tracking import ready
from experiments.runs.train import TrainResult, train
from experiments.simulation.worlds import make_data, world_config
from features.text.encoder import resolve_encoder
from ranking.model_registry import set_alias
from ranking.store import connect, tracking_uri

Stage = Callable[[str], AbstractContextManager[Progress]]
"""Shows one stage of the demo under its title; its progress is reported to what the context gives."""

BASELINES = ("popularity", "recency", "affinity_formula", "interest_formula")


class DemoConfig(BaseModel):
    """How large the demo is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: int = Field(default=5_000, ge=50)
    """People in the world."""
    days: int = Field(default=14, ge=3)
    """Days of log."""
    seed: Seed = 1
    """Seed of the world and of training."""
    epochs: int = Field(default=10, ge=1)
    """Epochs of the two-tower model."""
    requests: int = Field(default=500, ge=20)
    """Requests that are evaluated."""
    tweets: int = Field(default=1_200, ge=1)
    """Tweets posted over HTTP."""
    timelines: int = Field(default=200, ge=1)
    """Home timelines read after the posts."""
    same: int = Field(default=50, ge=1)
    """Evaluated home timelines read over HTTP and compared with the in-process funnel's."""
    query: str = "the striker scored a late goal in the derby"
    """What is searched for."""


@dataclass
class DemoResult:
    """All that the screen shows; `--json` writes it."""

    data: str
    content_hash: str
    people: int
    days: int
    rows: dict[str, int]
    training: TrainResult
    report: Report
    query: str
    found: list[FoundTweet]
    trends_at: str
    trends: TrendList
    live: Live
    home: str
    tracking_uri: str
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_gib: float = 0.0


def run_demo(config: DemoConfig, home: Path, stage: Stage) -> DemoResult:
    """Runs everything under `home`; the world is written to `home/demo/world`, the runs to MLflow's store there."""
    ready(home)
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str, title: str) -> Iterator[Progress]:
        began = time.perf_counter()
        with stage(title) as progress:
            yield progress
        seconds[name] = time.perf_counter() - began

    folder = home / "demo" / "world"
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside,
        timed("world", f"a world of {config.people:,} people and {config.days} days") as progress,
    ):
        # The text encoder is distilled on the other core meanwhile, once for this home.
        encoder = beside.submit(prepare_encoder, home / "cache")
        sizes = [f"people={config.people}", f"days={config.days}", f"seed={config.seed}"]
        dataset = make_data(world_config("demo", None, sizes), folder, progress)
        encoder.result()
    with timed("train", "two-tower: text heads, features, training") as progress:
        run = RunConfig(seed=config.seed, settings={"training": {"epochs": config.epochs}})
        training = train(dataset, run, home, progress)
    with timed("evaluate", "every scorer and the oracle on the same requests") as progress:
        models = [f"v{training.version}", *BASELINES]
        report = evaluate_references(dataset, models, EvaluateConfig(requests=config.requests), home, progress)
    set_alias(connect(home), "champion", training.version)
    with timed("search", "search and trends") as progress:
        found = search_tweets(dataset, config.query, "hybrid", 5, home, progress)
        trends, moment = _busiest_trends(dataset)
    with timed("live", "the network over HTTP") as progress:
        live = run_live(
            dataset,
            home,
            tweets=config.tweets,
            timelines=config.timelines,
            evaluated=report.users,
            same=config.same,
            seed=config.seed,
            progress=progress,
        )
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    counts = {name: dataset.rows(name) for name in dataset.tables}
    return DemoResult(
        str(folder), dataset.content_hash, config.people, config.days, counts, training, report, config.query, found,
        moment, trends, live, str(home), tracking_uri(home), seconds, peak,
    )  # fmt: skip


def prepare_encoder(cache: Path) -> str:
    """Makes sure that the static text encoder is in `cache`; its identity."""
    return resolve_encoder("static", cache=cache).identity


def _busiest_trends(dataset: Dataset) -> tuple[TrendList, str]:
    """Trends at the end of the hour of the last three days in which one hashtag had most people, each counted once."""
    slide = 10 * MINUTE_US
    high = dataset.time_range_us()[1]
    recent = (pl.col("time_us") > high - 3 * DAY_US) & pl.col("text").str.contains("#")
    tagged = dataset.scan("tweets").filter(recent).select("time_us", "author_id", "text").collect()
    tags = hashtags_of(tagged["text"].to_list(), folded=True)
    first = tagged["time_us"].to_numpy()[tags.owner] // slide + 1
    uses = pl.DataFrame(
        {"end": first * slide, "person": tagged["author_id"].to_numpy()[tags.owner], "tag": tags.values.tolist()}
    )
    hours = pl.concat([uses.with_columns(pl.col("end") + at * slide) for at in range(6)])
    people = hours.filter(pl.col("end") <= high).group_by("end", "tag").agg(pl.col("person").n_unique())
    counts = people.sort("person", "end", "tag", descending=True)
    moment = int(counts["end"][0]) if len(counts) else high - high % slide
    return trends_at(dataset, 1, str(np.datetime64(moment, "us")), 8)
