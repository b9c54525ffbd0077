"""What becomes of a network by what its feed is ranked for, judged by the truth of worlds that run in a closed loop.

Each policy runs for the same days from the same start with the same seeds, on candidates collected alike. What people
do, how glad they are of it, whether they come back and what they write follow from what they were shown. Arms share
their random numbers: they differ by what the feed caused. A run is kept in the study's folder once it is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self, TypeVar

import numba
import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.import_by_name import did_you_mean
from data.progress import Progress, no_progress, part_of
from data.settings import Seed, Share
from data.synthetic import retention_config, supply_config
from data.synthetic.config import WorldConfig
from experiments.runs.tracking import log_figure, log_numbers, log_table, ready, tracked_run
from experiments.simulation.candidate_scores import POLICIES
from experiments.simulation.closed_run import ClosedRun, PersonDays, kept_run
from experiments.simulation.ranked_feed import RankedConfig
from experiments.simulation.worlds import PRESETS, preset_config
from experiments.statistics.paired import Difference, Interval
from experiments.studies.objectives_plots import curves_by_day
from experiments.studies.outcomes import (
    DAILY,
    MEASURES,
    OF_THE_END,
    Estimates,
    Period,
    all_of,
    days_of,
    estimate,
    weeks_of,
)

K = TypeVar("K")

FEEDBACK: Mapping[str, tuple[str, ...]] = {"retention": retention_config.FEEDBACK, "supply": supply_config.FEEDBACK}
"""Settings of the world through which a feed can move anything but reactions, by their group."""


class ObjectivesConfig(BaseModel):
    """Which worlds, which policies, for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: str = "small"
    """A world's preset."""
    seeds: tuple[Seed, ...] = Field(default=(1, 2, 3), min_length=1)
    """One world a seed."""
    policies: tuple[str, ...] = Field(default=tuple(POLICIES), min_length=1)
    """What feeds are ranked by; the others are compared with the first."""
    days: int = Field(default=28, ge=1, le=365)
    """Days that each world runs."""
    mix: Share = 0.5
    """Share of welfare in the score of `mix_oracle`."""
    feedback: float = Field(default=1.0, ge=0.0, le=10.0, allow_inf_nan=False)
    """Factor on every coefficient of feedback: with 0 neither sessions nor posting answer to the feed."""
    candidates: RankedConfig = RankedConfig()
    """Which candidates are ranked."""
    world: dict[str, Any] = {}
    """Settings of the worlds over the preset's."""

    @field_validator("preset")
    @classmethod
    def _known(cls, preset: str) -> str:
        if preset not in PRESETS:
            raise ValueError(f"no preset {preset!r}; {did_you_mean(preset, PRESETS)}there are {', '.join(PRESETS)}")
        return preset

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"a seed is named twice in {list(seeds)}; name each once")
        return seeds

    @field_validator("policies")
    @classmethod
    def _policies(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in POLICIES:
                raise ValueError(f"no policy {name!r}; {did_you_mean(name, POLICIES)}there are {', '.join(POLICIES)}")
        if len(set(names)) < len(names):
            raise ValueError(f"a policy is named twice in {', '.join(names)}; name each once")
        return names

    @model_validator(mode="after")
    def _of_the_study(self) -> Self:
        taken = [name for name in ("seed", "days") if name in self.world]
        if taken:
            raise ValueError(
                f"world.{taken[0]} is a setting of the study; set {'seeds' if taken == ['seed'] else 'days'}"
            )
        return self

    def run(self, seed: int, policy: str, changes: Mapping[str, Mapping[str, float]] | None = None) -> ClosedRun:
        """One run, with coefficients changed by group and name.

        Raises:
            ConfigError: a setting of the world that is unknown or out of range.
        """
        world = preset_config(self.preset, {**self.world, "seed": seed, "days": self.days})
        world = scaled(world, {group: dict.fromkeys(names, self.feedback) for group, names in FEEDBACK.items()})
        return ClosedRun(
            world=scaled(world, changes or {}), policy=policy, mix=self.mix, candidates=self.candidates
        )  # fmt: skip


def scaled(world: WorldConfig, factors: Mapping[str, Mapping[str, float]]) -> WorldConfig:
    """The world with settings multiplied, by group and name.

    Raises:
        ConfigError: a product is out of its setting's range.
    """
    plain = world.model_dump()
    for group, names in factors.items():
        for name, factor in names.items():
            plain[group][name] *= factor
    return WorldConfig.parse(plain)


@dataclass(frozen=True)
class Outcome:
    """One measure of one policy over one period."""

    policy: str
    period: str
    """`all`, `week 1`, ..., `day 1`, ..."""
    measure: str
    value: Interval
    """Mean over the worlds; the interval is a bootstrap over people within each world."""
    by_seed: tuple[float, ...]
    difference: Difference | None
    """From the first policy, paired by person; None for the first policy itself."""


@dataclass(frozen=True)
class SharedLuck:
    """How much shared random numbers narrow the difference of two arms in one measure over all days."""

    policy: str
    measure: str
    shared: float
    """Variance over seeds of the difference from the first policy, both with the same seed."""
    independent: float
    """What it would be with a seed each: the sum of both variances over seeds."""


@dataclass(frozen=True)
class ObjectivesResult:
    """Everything that the study found."""

    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    people: int
    """With an account at the start, in each world."""
    days: int
    outcomes: tuple[Outcome, ...]
    """Over all days, then by week."""
    daily: tuple[Outcome, ...]
    luck: tuple[SharedLuck, ...]
    """None for fewer than three seeds."""
    measures: Mapping[str, str]
    """What each is, in words."""
    folder: Path
    warnings: tuple[str, ...] = ()
    """A line for each run and day on which a world died out or exploded."""

    def outcome(self, policy: str, measure: str, period: str = "all") -> Outcome:
        """The outcome of these names."""
        return next(
            one
            for one in (*self.outcomes, *self.daily)
            if (one.policy, one.measure, one.period) == (policy, measure, period)
        )


@dataclass(frozen=True)
class RunData:
    """What MLflow knows of a study's data: settings, for nothing is written."""

    name: str
    content_hash: str
    folder: Path


def study_objectives(
    config: ObjectivesConfig, home: Path, progress: Progress = no_progress, *, workers: int = 1
) -> ObjectivesResult:
    """Runs what is missing, on `workers` processes, and compares; each call is a run in MLflow.

    Raises:
        ConfigError: a setting of the world that is unknown or out of range, or a home that cannot be written to.
        DataError: MLflow's store cannot be opened, or its server cannot be used.
    """
    settings = config.model_dump(mode="json")
    runs = {(seed, policy): config.run(seed, policy) for seed in config.seeds for policy in config.policies}
    ready(home)
    folder = study_folder(home, "objectives", config)
    places = {key: folder / f"seed-{key[0]}" / key[1] for key in runs}
    data = RunData(f"{config.preset}, seeds {', '.join(map(str, config.seeds))}", _digest(settings), folder)
    tags = {"kind": "study", "study": "objectives"}
    with tracked_run(home, name="study objectives", dataset=data, parameters=settings, tags=tags):
        kept = run_all(runs, places, progress, workers)
        arms = {policy: [kept[seed, policy] for seed in config.seeds] for policy in config.policies}
        result = _compared(config, arms, folder)
        _log(result)
    return result


def study_folder(home: Path, study: str, config: ObjectivesConfig) -> Path:
    """Where runs are kept: by preset, and by a digest of what else the runs depend on where it is not the default."""
    about = config.model_dump(mode="json", exclude={"preset", "seeds", "policies"})
    plain = ObjectivesConfig().model_dump(mode="json", exclude={"preset", "seeds", "policies"})
    own = "" if about == plain else f"-{_digest(about)[:8]}"
    return home / "studies" / f"{study}-{config.preset}{own}"


def run_all(
    runs: Mapping[K, ClosedRun], places: Mapping[K, Path], progress: Progress, workers: int
) -> dict[K, PersonDays]:
    """The numbers of each run, from its place where they are kept there; new ones on `workers` processes."""
    if workers > 1:
        context = get_context("spawn")
        with ProcessPoolExecutor(workers, context, initializer=numba.set_num_threads, initargs=(1,)) as pool:
            waiting = [pool.submit(_keep, run, places[key]) for key, run in runs.items()]
            for at, one in enumerate(as_completed(waiting), 1):
                one.result()
                progress(at, len(waiting), f"{at} of {len(waiting)} runs")
    return {
        key: kept_run(run, places[key], part_of(progress, at, len(runs), f"run {at + 1} of {len(runs)}, {run.policy}"))
        for at, (key, run) in enumerate(runs.items())
    }


def _keep(run: ClosedRun, place: Path) -> None:
    kept_run(run, place)


def _compared(config: ObjectivesConfig, arms: Mapping[str, Sequence[PersonDays]], folder: Path) -> ObjectivesResult:
    days = config.days
    over = [(all_of(days), name) for name in MEASURES]
    over += [(week, name) for week in weeks_of(days) for name in MEASURES if name not in OF_THE_END]
    daily = [(day, name) for day in days_of(days) for name in DAILY]
    estimates = estimate(arms, [*over, *daily])
    people = len(next(iter(arms.values()))[0].return_probability)
    words = {name: one.words for name, one in MEASURES.items()}
    return ObjectivesResult(
        config.policies, config.seeds, people, days, tuple(_outcomes(estimates, config.policies, over)),
        tuple(_outcomes(estimates, config.policies, daily)), tuple(_luck(estimates, config)), words, folder,
        tuple(
            f"{policy}, seed {seed}, {line}"
            for policy, runs in arms.items()
            for seed, run in zip(config.seeds, runs, strict=True)
            for line in run.warnings
        ),
    )  # fmt: skip


def _outcomes(estimates: Estimates, policies: Sequence[str], wanted: Sequence[tuple[Period, str]]) -> Iterator[Outcome]:
    for policy in policies:
        for period, measure in wanted:
            key, base = (policy, period.name, measure), (policies[0], period.name, measure)
            difference = None if policy == policies[0] else estimates.difference([key], [base])
            value, seeds = estimates.interval(key), estimates.by_world(key)
            yield Outcome(policy, period.name, measure, value, seeds, difference)


def _luck(estimates: Estimates, config: ObjectivesConfig) -> Iterator[SharedLuck]:
    if len(config.seeds) < 3:
        return
    for policy in config.policies[1:]:
        for measure in MEASURES:
            a, b = (np.array(estimates.by_world((one, "all", measure))) for one in (policy, config.policies[0]))
            yield SharedLuck(policy, measure, float(np.var(a - b, ddof=1)), float(a.var(ddof=1) + b.var(ddof=1)))


def _log(result: ObjectivesResult) -> None:
    """The outcomes as metrics, as tables and as a plot of the active run."""
    for one in result.outcomes:
        if one.period == "all":
            named = {"": one.value.mean, "_low": one.value.low, "_high": one.value.high}
            log_numbers({f"{one.measure}_{one.policy}{end}": number for end, number in named.items()})
    log_table(outcome_table(result, result.outcomes), "objectives.json")
    log_table(outcome_table(result, result.daily), "days.json")
    if result.luck:
        log_table(pl.DataFrame([vars(one) for one in result.luck]), "luck.json")
    drawn = {
        measure: {
            policy: [one.value for one in result.daily if (one.policy, one.measure) == (policy, measure)]
            for policy in result.policies
        }
        for measure in DAILY
    }
    log_figure(curves_by_day(drawn, result.measures), "plots/days.png")


def outcome_table(result: ObjectivesResult, outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """One row an outcome: value, bounds, a column a seed, and the difference from the first policy with its bounds."""
    rows = []
    for one in outcomes:
        away = one.difference
        rows.append(
            {"policy": one.policy, "period": one.period, "measure": one.measure, "value": one.value.mean,
             "low": one.value.low, "high": one.value.high,
             **{f"seed_{seed}": value for seed, value in zip(result.seeds, one.by_seed, strict=True)},
             "difference": away and away.mean, "difference_low": away and away.low,
             "difference_high": away and away.high, "p": away and away.p_value}
        )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _digest(settings: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
