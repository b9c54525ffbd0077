"""Which ranker shows users most of what they would engage with, judged by the truth, over several worlds.

In each world every ranker is trained with its seed on the first four fifths of the time and ranks every tweet alive for
the same requests of the rest. What is compared is the expected true value of the first 20 places; their true welfare
stands beside it. Worlds, models and values are kept in the study's folder: one that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.batch import F64
from data.dataset import Dataset
from data.errors import ConfigError
from data.folders import present, write_file, written_whole
from data.progress import Progress, no_progress, part_of
from data.settings import Seed, config_from
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles
from experiments.evaluation.find_runs import ORACLE, ORACLES
from experiments.evaluation.protocols.protocol import TRUE
from experiments.evaluation.results import run_metric
from experiments.evaluation.score_ties import tie_notes
from experiments.reports.plots import intervals
from experiments.runs.config import RunConfig
from experiments.runs.splits import split_of, understanding_of
from experiments.runs.tracking import log_figure, log_numbers, log_table, log_tags, ready, tracked_run
from experiments.runs.train import FaissNeighbours
from experiments.simulation.worlds import PRESETS, kept_data, world_config
from experiments.statistics.paired import Difference, Interval, mean_interval, paired_difference
from features.text.understanding import Understanding
from ranking.artifact import CARD, Bundle
from ranking.catalogue import trained_scorers, untrained_scorers
from ranking.training.shared import SharedRows
from ranking.training.trainer import TrainingContext, fit_scorer, trainer_of
from ranking.untrained import make_scorer

METRIC, WELFARE = TRUE
"""What the order is by, and what is shown beside it."""
_ABOUT, _VALUES = "about.json", "values.parquet"


class RankersConfig(BaseModel):
    """Which worlds, which rankers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = "small"
    """A world's preset."""
    seeds: tuple[Seed, ...] = Field(default=(1, 2, 3), min_length=1)
    """One world and one training of each ranker a seed."""
    rankers: tuple[str, ...] = Field(default=("heavy", "sequence", "boosting", "two_tower"), min_length=1)
    """Scorers that are trained."""
    base: str = "interest_formula"
    """What the way to the oracle is measured from; a scorer that needs no training."""
    requests: int = Field(default=500, ge=2)
    """Requests of each world's test, of which those with an engagement count."""
    settings: dict[str, dict[str, Any]] = {}
    """Settings of a ranker, by its name."""

    @field_validator("preset")
    @classmethod
    def _known(cls, preset: str) -> str:
        if preset not in PRESETS:
            raise ValueError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
        return preset

    @field_validator("rankers")
    @classmethod
    def _trained(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in trained_scorers():
                raise ValueError(f"no trained scorer {name!r}")
        return names

    @field_validator("base")
    @classmethod
    def _untrained(cls, name: str) -> str:
        if name not in untrained_scorers():
            raise ValueError(f"no scorer {name!r} that needs no training")
        return name

    @model_validator(mode="after")
    def _of_rankers(self) -> Self:
        unknown = [name for name in self.settings if name not in self.rankers]
        if unknown:
            raise ValueError(f"settings of {unknown[0]!r}, which is not among the rankers {', '.join(self.rankers)}")
        return self


@dataclass(frozen=True)
class RankerRow:
    """One ranker over all worlds."""

    name: str
    value: Interval
    """Expected true value, over the requests of all worlds, by bootstrap over users."""
    welfare: Interval
    """Expected true welfare, over the same requests."""
    by_seed: tuple[float, ...]
    """True value, a world each."""
    welfare_by_seed: tuple[float, ...]
    way: float
    """Share of the way from the base to the oracle, in true value."""
    behind: Difference | None
    """True value of the ranker above it minus this one's, paired by request; None for the first."""


@dataclass(frozen=True)
class RankersResult:
    """The order, best first."""

    rows: tuple[RankerRow, ...]
    base: str
    seeds: tuple[int, ...]
    protocol: str
    k: int
    folder: Path
    notes: tuple[str, ...] = ()
    """A sentence for each ranker that gives many candidates one score."""


@dataclass(frozen=True)
class Worlds:
    """The data of a study: a data set a seed."""

    name: str
    content_hash: str
    folder: Path
    by_seed: Mapping[int, Dataset]

    @classmethod
    def make(cls, config: RankersConfig, folder: Path, progress: Progress) -> Self:
        """Those in `folder`; what is missing is made."""
        worlds: dict[int, Dataset] = {}
        for at, seed in enumerate(config.seeds):
            part = part_of(progress, at, len(config.seeds), f"seed {seed}")
            worlds[seed] = kept_data(
                world_config(config.preset, None, [f"seed={seed}"]), place_of(folder, seed) / "world", part
            )
        hashes = " ".join(one.content_hash for one in worlds.values())
        name = f"{config.preset}, seeds {', '.join(map(str, config.seeds))}"
        return cls(name, hashlib.sha256(hashes.encode()).hexdigest(), folder, worlds)


def rank_rankers(config: RankersConfig, home: Path, progress: Progress = no_progress) -> RankersResult:
    """Makes the worlds, trains, ranks and compares; each call is a run in MLflow.

    Raises:
        ConfigError: a setting that a ranker does not take, or a home that cannot be written to.
        DataError: MLflow's store cannot be opened, or its server cannot be used.
        ModelError: a training diverged.
    """
    ready(home)
    folder = home / "studies" / f"rankers-{config.preset}"
    settings = {name: _in_full(name, config) for name in config.rankers}
    parts = len(config.seeds) + 1
    worlds = Worlds.make(config, folder, part_of(progress, 0, parts, "worlds"))
    first = worlds.by_seed[config.seeds[0]]
    shared = {"encoder": RunConfig().encoder, "split": split_of(first, "auto").name, "k": EvaluateConfig().k}
    parameters = {**config.model_dump(mode="json"), **shared, "settings": settings}
    tags = {"kind": "study", "study": "rankers"} | {
        f"data_hash.seed_{seed}": one.content_hash for seed, one in worlds.by_seed.items()
    }
    with tracked_run(home, name="study rankers", dataset=worlds, parameters=parameters, tags=tags):
        result = _compared(config, worlds, home, lambda at, label: part_of(progress, at + 1, parts, label))
        _log(result)
    return result


def _compared(config: RankersConfig, worlds: Worlds, home: Path, part: Callable[[int, str], Progress]) -> RankersResult:
    names = [*ORACLES, *config.rankers, config.base]
    parts, protocol, notes = [], "", list[str]()
    for at, (seed, dataset) in enumerate(worlds.by_seed.items()):
        rows, words, ties = _world(config, seed, dataset, place_of(worlds.folder, seed), home, part(at, f"seed {seed}"))
        notes += [f"Seed {seed}: {one}" for one in ties]
        protocol = words.replace(f"sampled with seed {seed}", "sampled with the world's seed")
        parts.append(rows.with_columns(seed=pl.lit(seed), user=pl.concat_str(pl.lit(f"{seed}/"), "user_id")))
    every = pl.concat(parts)
    order = sorted(names, key=lambda name: -every[_column(METRIC, name)].mean())  # type: ignore[operator]
    return RankersResult(
        tuple(_rows(every, order, config)), config.base, config.seeds, protocol, EvaluateConfig().k, worlds.folder,
        tuple(notes),
    )  # fmt: skip


def _column(metric: str, ranker: str) -> str:
    """The column of the kept values that holds a ranker's `metric`: `true_value.heavy`."""
    return f"{metric}.{ranker}"


def place_of(folder: Path, seed: int) -> Path:
    """Where a study in `folder` keeps the world of a seed, its models and values."""
    return folder / f"seed-{seed}"


def _log(result: RankersResult) -> None:
    """The order as metrics, as a table and as a plot of the active run."""
    rows = list[dict[str, Any]]()
    for row in result.rows:
        behind, numbers = row.behind, dict[str, float]()
        for metric, value in ((run_metric(METRIC, result.k), row.value), (run_metric(WELFARE, result.k), row.welfare)):
            numbers |= {metric: value.mean, f"{metric}_low": value.low, f"{metric}_high": value.high}
        log_numbers({f"{name}_{row.name}": number for name, number in numbers.items()} | {f"way_{row.name}": row.way})
        above = {"behind": behind.mean, "behind_low": behind.low, "behind_high": behind.high} if behind else {}
        seeds = {f"seed_{seed}": number for seed, number in zip(result.seeds, row.by_seed, strict=True)}
        rows.append({"ranker": row.name, **numbers, **seeds, "way": row.way, **above})
    log_table(pl.DataFrame(rows, infer_schema_length=None), "rankers.json")
    log_tags({"protocol": result.protocol})
    drawn = {row.name: (row.value.mean, row.value.low, row.value.high) for row in reversed(result.rows)}
    title = f"Expected engagements among the first {result.k} places"
    log_figure(intervals(drawn, title=title, xlabel="true value"), "plots/true_value.png")
    drawn = {row.name: (row.welfare.mean, row.welfare.low, row.welfare.high) for row in reversed(result.rows)}
    title = f"Expected welfare of the first {result.k} places"
    log_figure(intervals(drawn, title=title, xlabel="true welfare"), "plots/true_welfare.png")


def _world(
    config: RankersConfig, seed: int, dataset: Dataset, place: Path, home: Path, progress: Progress
) -> tuple[pl.DataFrame, str, list[str]]:
    """`request_id`, `user_id` and a column a scorer of either measure, the protocol's words, the sentences on ties."""
    every = {name: _in_full(name, config) for name in config.rankers}
    evaluation = EvaluateConfig(requests=config.requests, seed=seed)
    plain = {**config.model_dump(mode="json", exclude={"seeds", "settings"}), **every}
    wanted = {**plain, "evaluation": evaluation.model_dump(mode="json"), "data": dataset.content_hash}
    wanted["measures"] = list(TRUE)
    kept = present(place / "measured")
    if kept.is_dir() and (found := json.loads((kept / _ABOUT).read_text())).get("wanted") == wanted:
        return pl.read_parquet(kept / _VALUES), found["protocol"], found["ties"]
    split = split_of(dataset, "auto")
    bundles = trained_bundles(config, seed, dataset, place / "models", home, progress)
    text = next(one.understanding for one in bundles.values())
    bundles[config.base] = _untrained(config.base, dataset, text)
    report, measured = evaluate_bundles(dataset, split, bundles, evaluation, progress)
    if ORACLE not in measured:
        raise ConfigError(f"{dataset.folder} has no truth", remedy="remove the folder; it is made again")
    keys = ["request_id", "user_id"]
    out = measured[ORACLE].request_frame().select(keys)
    for name in (*ORACLES, *bundles):
        own = measured[name].request_frame().select(*keys, *(pl.col(one).alias(_column(one, name)) for one in TRUE))
        out = out.join(own, on=keys, maintain_order="left")
    out = out.filter(pl.col(_column(METRIC, ORACLE)).is_not_nan())
    ties = tie_notes({row.name: row.score_ties for row in report.rows}, report.k)
    with written_whole(kept) as staging:
        out.write_parquet(staging / _VALUES)
        about = {"wanted": wanted, "protocol": report.protocol, "ties": ties}
        (staging / _ABOUT).write_text(json.dumps(about))
    return out, report.protocol, ties


def trained_bundles(
    config: RankersConfig, seed: int, dataset: Dataset, folder: Path, home: Path, progress: Progress
) -> dict[str, Bundle]:
    """All models that are trained; what they share in training is gone before they are evaluated."""
    shared = SharedRows(histories=True)
    text_of = cache(lambda encoder: understanding_of(dataset, split_of(dataset, "auto"), encoder, home))
    bundles: dict[str, Bundle] = {}
    for at, name in enumerate(config.rankers):
        part = part_of(progress, at, len(config.rankers) + 1, name)
        bundles[name] = _trained(config, name, seed, dataset, folder / name, home, text_of, shared, part)
    return bundles


def _trained(
    config: RankersConfig, name: str, seed: int, dataset: Dataset, folder: Path, home: Path,
    text_of: Callable[[str], Understanding], shared: SharedRows, progress: Progress,
) -> Bundle:  # fmt: skip
    """The model in `folder` where it was trained on this data with these settings, else a new one."""
    run = RunConfig(scorer=name, seed=seed, settings=config.settings.get(name, {}))
    kept, wanted = folder / "run.json", run.model_dump_json() + json.dumps(_in_full(name, config))
    if (folder / "model" / CARD).is_file() and kept.is_file() and kept.read_text() == wanted:
        found = Bundle.load(folder / "model", cache=home / "cache")
        if found.data_hash == dataset.content_hash:
            return found
    split = split_of(dataset, run.split)
    understanding = text_of(run.encoder)
    context = TrainingContext(
        dataset, split, seed, understanding, progress=progress, index=FaissNeighbours, shared=shared
    )
    scorer = fit_scorer(name, context, run.settings)
    bundle = Bundle(name, scorer, understanding, dataset.name, dataset.content_hash, split.name, dataset.tables)
    folder.mkdir(parents=True, exist_ok=True)
    bundle.save(folder / "model")
    write_file(kept, wanted)
    return bundle


def _in_full(name: str, config: RankersConfig) -> dict[str, Any]:
    """All settings of a ranker, so that what was made by other defaults is made again."""
    return config_from(trainer_of(name).config_type, config.settings.get(name, {}), name=name).model_dump(mode="json")


def _untrained(name: str, dataset: Dataset, understanding: Understanding | None) -> Bundle:
    return Bundle(name, make_scorer(name), understanding, dataset.name, dataset.content_hash)


def _rows(every: pl.DataFrame, order: list[str], config: RankersConfig) -> Iterator[RankerRow]:
    users = every["user"].to_numpy()
    base, top = (every[_column(METRIC, name)].mean() for name in (config.base, ORACLE))
    by_seed = every.drop("user").group_by("seed").mean().sort("seed")
    above: F64 | None = None
    for name in order:
        values, welfare = (every[_column(metric, name)].to_numpy() for metric in TRUE)
        seeds, welfare_seeds = (tuple(by_seed[_column(metric, name)].to_list()) for metric in TRUE)
        way = (values.mean() - base) / (top - base)  # type: ignore[operator]
        behind = None if above is None else paired_difference(above, values, users)
        both = mean_interval(values, users), mean_interval(welfare, users)
        yield RankerRow(name, *both, seeds, welfare_seeds, float(way), behind)
        above = values
