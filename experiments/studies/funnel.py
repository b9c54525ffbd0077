"""What each part of the home feed brings to readers, by the truth: every source, reranker, selector and preset.

In each world a heavy ranker and a two-tower model are trained on the first four fifths of the time. Then the same
requests of the rest are answered by each feed, with the log replayed up to just before each. Compared are the expected
true value and the true welfare of the 20 tweets shown, were they looked at. Worlds and models are those of
`experiments.studies.rankers`; they and the values are kept: a study that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.dataset import Dataset
from data.folders import present, written_whole
from data.progress import Progress, no_progress, part_of
from data.settings import Seed
from experiments.evaluation.evaluate import EvaluateConfig
from experiments.evaluation.oracle import Oracle
from experiments.evaluation.protocols.alive_tweets import AliveTweets
from experiments.evaluation.protocols.protocol import TRUE
from experiments.runs.splits import split_of
from experiments.statistics.paired import Difference, Interval, Pair, mean_interval, paired_differences
from experiments.studies.funnel_feeds import TOGETHER, Judged
from experiments.studies.funnel_variants import CAPS, variants
from experiments.studies.rankers import RankersConfig, Worlds, place_of, trained_bundles
from features.online import FeatureState
from ranking.artifact import Bundle
from ranking.tower_vectors import RetrievalModel

RANKER, RETRIEVER = "heavy", "two_tower"
K = EvaluateConfig().k
_ABOUT, _VALUES = "about.json", "values.parquet"


class FunnelStudyConfig(BaseModel):
    """Which worlds, how many requests."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: str = "small"
    """A world's preset."""
    seeds: tuple[Seed, ...] = Field(default=(1, 2, 3), min_length=1)
    """One world and one training of each model a seed."""
    requests: int = Field(default=200, ge=2)
    """Requests of each world's test, drawn evenly."""
    settings: dict[str, dict[str, Any]] = {}
    """Settings of the models, by their names: `heavy`, `two_tower`."""

    @model_validator(mode="after")
    def _of_models(self) -> Self:
        self.models  # noqa: B018 - refuses what the study of rankers refuses
        return self

    @property
    def models(self) -> RankersConfig:
        """The worlds and models as the study of rankers has them.

        Raises:
            ValidationError: no such preset, or settings of another model.
        """
        return RankersConfig(
            preset=self.preset, seeds=self.seeds, rankers=(RANKER, RETRIEVER), settings=self.settings
        )  # fmt: skip


@dataclass(frozen=True)
class FeedRow:
    """One feed over the requests of all worlds."""

    name: str
    value: Interval
    welfare: Interval
    value_difference: Difference | None
    """From the base, paired by request; None for the base."""
    welfare_difference: Difference | None


@dataclass(frozen=True)
class SourceRow:
    """What of the oracle's best 20 a source brought, over the requests of all worlds."""

    name: str
    recall: Interval
    only: Interval | None
    """What no other source brought; None for all together."""


@dataclass(frozen=True)
class FunnelStudyResult:
    """Feeds, the best by true value first, and sources, the highest recall first."""

    feeds: tuple[FeedRow, ...]
    sources: tuple[SourceRow, ...]
    preset: str
    seeds: tuple[int, ...]
    requests: int
    k: int


def study_funnel(config: FunnelStudyConfig, home: Path, progress: Progress = no_progress) -> FunnelStudyResult:
    """Makes the worlds, trains, answers and compares.

    Raises:
        ConfigError: a setting that a model does not take, or a home that cannot be written to.
        ModelError: a training diverged.
    """
    folder = home / "studies" / f"rankers-{config.preset}"
    parts = len(config.seeds) + 1
    worlds = Worlds.make(config.models, folder, part_of(progress, 0, parts, "worlds"))
    every = []
    for at, (seed, dataset) in enumerate(worlds.by_seed.items()):
        part = part_of(progress, at + 1, parts, f"seed {seed}")
        values = _world(config, seed, dataset, place_of(folder, seed), home, part)
        every.append(values.with_columns(user=pl.concat_str(pl.lit(f"{seed}/"), "user_id")))
    return summary(pl.concat(every), config)


def _world(
    config: FunnelStudyConfig, seed: int, dataset: Dataset, place: Path, home: Path, progress: Progress
) -> pl.DataFrame:
    """A row a request, kept in `place`."""
    feeds = {one.name: one.config.model_dump(mode="json") for one in variants()}
    wanted = {**config.model_dump(mode="json", exclude={"seeds"}), "data": dataset.content_hash, "feeds": feeds}
    kept = present(place / "funnel")
    if kept.is_dir() and json.loads((kept / _ABOUT).read_text()) == wanted:
        return pl.read_parquet(kept / _VALUES)
    bundles = trained_bundles(config.models, seed, dataset, place / "models", home, part_of(progress, 0, 2, "models"))
    out = measured(
        dataset, bundles[RANKER], bundles[RETRIEVER], config.requests, seed, part_of(progress, 1, 2, "feeds")
    )
    with written_whole(kept) as staging:
        out.write_parquet(staging / _VALUES)
        (staging / _ABOUT).write_text(json.dumps(wanted))
    return out


def measured(
    dataset: Dataset, ranker: Bundle, retriever: Bundle, requests: int, seed: int, progress: Progress = no_progress
) -> pl.DataFrame:
    """`request_id`, `user_id` and what `Judged.judge` says, a row for each of `requests` requests of the test."""
    protocol = AliveTweets(dataset, split_of(dataset, "auto"), requests=requests, seed=seed)
    state, oracle = FeatureState(ranker.understanding), Oracle.open(dataset)
    # A retriever that says what it reads is one of TweetVectors' models.
    judged = Judged(state, oracle, ranker.scorer, cast(RetrievalModel, retriever.scorer), K)
    rows = list[dict[str, Any]]()
    for step in protocol.steps(state, oracle):
        progress(len(rows), len(protocol), f"request {len(rows) + 1}")
        asked = step.batch.requests.with_columns({"request_id": np.array([step.request_id], np.int64)})
        rows.append({"request_id": step.request_id, "user_id": step.user_id, **judged.judge(asked)})
    return pl.DataFrame(rows, infer_schema_length=None)


def summary(every: pl.DataFrame, config: FunnelStudyConfig) -> FunnelStudyResult:
    """Means, intervals by bootstrap over users, and differences from the base, of the requests of all worlds."""
    users = every["user"].to_numpy()
    value, welfare = TRUE
    names = [name.removeprefix(f"{value}.") for name in every.columns if name.startswith(f"{value}.")]
    order = sorted(names, key=lambda name: (-cast(float, every[f"{value}.{name}"].mean()), name))
    others = [name for name in order if name != "base"]
    pairs = [
        Pair(every[f"{one}.{name}"].to_numpy(), every[f"{one}.base"].to_numpy(), users)
        for one in TRUE
        for name in others
    ]
    found = dict(zip([(one, name) for one in TRUE for name in others], paired_differences(pairs), strict=True))
    feeds = tuple(
        FeedRow(
            name, mean_interval(every[f"{value}.{name}"].to_numpy(), users),
            mean_interval(every[f"{welfare}.{name}"].to_numpy(), users),
            found.get((value, name)), found.get((welfare, name)),
        )
        for name in order
    )  # fmt: skip
    sources = tuple(sorted(_sources(every), key=lambda row: (-row.recall.mean, row.name)))
    return FunnelStudyResult(feeds, sources, config.preset, config.seeds, len(every), K)


def _sources(every: pl.DataFrame) -> Iterator[SourceRow]:
    users = every["user"].to_numpy()
    for name in (TOGETHER, *CAPS):
        only = None if name == TOGETHER else mean_interval(every[f"recall_only.{name}"].to_numpy(), users)
        yield SourceRow(name, mean_interval(every[f"recall.{name}"].to_numpy(), users), only)
