"""How strongly each coefficient of feedback matters: what it does to the difference of two policies.

The study of objectives on smaller worlds, once as they are and once for each coefficient and factor. What is compared
is the difference of the engagement oracle from the welfare oracle, in return and in welfare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.import_by_name import did_you_mean
from data.progress import Progress, no_progress
from data.settings import Seed
from experiments.runs.tracking import log_figure, log_table, ready, tracked_run
from experiments.statistics.paired import Difference
from experiments.studies.objectives import FEEDBACK, ObjectivesConfig, RunData, run_all, study_folder
from experiments.studies.objectives_plots import effects
from experiments.studies.outcomes import MEASURES, Estimates, Key, all_of, estimate

POLICIES = ("engagement_oracle", "welfare_oracle")
"""The difference is of the first from the second."""
SHOWN = ("returned", "return_probability", "welfare")
"""Measures in which the policies are compared."""
COEFFICIENTS: tuple[str, ...] = tuple(f"{group}.{name}" for group, names in FEEDBACK.items() for name in names)
_AS_THEY_ARE = "all as they are"


class CoefficientsConfig(BaseModel):
    """Which worlds, which coefficients."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: str = "small"
    """A world's preset."""
    seeds: tuple[Seed, ...] = Field(default=(1, 2), min_length=1)
    """One world a seed."""
    days: int = Field(default=14, ge=1, le=365)
    """Days that each world runs."""
    factors: tuple[float, ...] = Field(default=(0.0, 2.0), min_length=1)
    """What each coefficient is multiplied by, one after the other, while the others stay."""
    coefficients: tuple[str, ...] = COEFFICIENTS
    """Names as `retention.satisfaction_opens`."""
    world: dict[str, Any] = {"people": 2_000}
    """Settings of the worlds over the preset's."""

    @field_validator("factors")
    @classmethod
    def _factors(cls, factors: tuple[float, ...]) -> tuple[float, ...]:
        for factor in factors:
            if not 0.0 <= factor <= 10.0:
                raise ValueError(f"a coefficient cannot be multiplied by {factor}; take 0 to 10")
        return factors

    @field_validator("coefficients")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in COEFFICIENTS:
                near = did_you_mean(name, COEFFICIENTS)
                raise ValueError(f"no coefficient {name!r}; {near}there are {', '.join(COEFFICIENTS)}")
        return names

    def objectives(self) -> ObjectivesConfig:
        """The study of objectives whose runs are these, with nothing changed."""
        return ObjectivesConfig(
            preset=self.preset, seeds=self.seeds, days=self.days, policies=POLICIES, world=self.world
        )  # fmt: skip


@dataclass(frozen=True)
class CoefficientEffect:
    """What one coefficient at one factor does to one measure."""

    coefficient: str
    factor: float
    measure: str
    difference: Difference
    """The engagement oracle's value less the welfare oracle's, with the coefficient changed."""
    by_seed: tuple[float, ...]
    change: Difference
    """That difference less the one with nothing changed."""


@dataclass(frozen=True)
class CoefficientsResult:
    """Everything that the study found."""

    seeds: tuple[int, ...]
    people: int
    days: int
    base: Mapping[str, Difference]
    """By measure: the difference of the policies with nothing changed."""
    effects: tuple[CoefficientEffect, ...]
    measures: Mapping[str, str]
    """What each is, in words."""
    folder: Path
    warnings: tuple[str, ...]
    """A line for each run and day on which a world died out or exploded."""


def study_coefficients(
    config: CoefficientsConfig, home: Path, progress: Progress = no_progress, *, workers: int = 1
) -> CoefficientsResult:
    """Runs what is missing, on `workers` processes, and compares; each call is a run in MLflow.

    Raises:
        ConfigError: a setting, or its product with a factor, that is out of range, or a home that cannot be written to.
        DataError: MLflow's store cannot be opened, or its server cannot be used.
    """
    objectives = config.objectives()
    changes = {_name(one, factor): (one, factor) for one in config.coefficients for factor in config.factors}
    folder = study_folder(home, "coefficients", objectives)
    runs, places = {}, {}
    for label, change in ((_AS_THEY_ARE, None), *changes.items()):
        group, _, name = change[0].partition(".") if change else ("", "", "")
        for seed in config.seeds:
            for policy in POLICIES:
                key = (label, policy, seed)
                runs[key] = objectives.run(seed, policy, {group: {name: change[1]}} if change else None)
                places[key] = folder / label.replace(" ", "-") / f"seed-{seed}" / policy
    ready(home)
    settings = config.model_dump(mode="json")
    name = f"{config.preset}, seeds {', '.join(map(str, config.seeds))}"
    data = RunData(name, hashlib.sha256(config.model_dump_json().encode()).hexdigest(), folder)
    tags = {"kind": "study", "study": "coefficients"}
    with tracked_run(home, name="study coefficients", dataset=data, parameters=settings, tags=tags):
        kept = run_all(runs, places, progress, workers)
        labels = (_AS_THEY_ARE, *changes)
        arms = {
            _arm(label, policy): [kept[label, policy, seed] for seed in config.seeds]
            for label in labels
            for policy in POLICIES
        }
        people = len(next(iter(kept.values())).return_probability)
        estimates = estimate(arms, [(all_of(config.days), measure) for measure in SHOWN])
        base = {measure: estimates.difference(*_difference(_AS_THEY_ARE, measure)) for measure in SHOWN}
        words = {measure: MEASURES[measure].words for measure in SHOWN}
        found = tuple(_effects(estimates, changes))
        warnings = tuple(
            f"{label}, {policy}, seed {seed}, {line}"
            for (label, policy, seed), run in kept.items()
            for line in run.warnings
        )
        result = CoefficientsResult(config.seeds, people, config.days, base, found, words, folder, warnings)
        _log(result)
    return result


def _name(coefficient: str, factor: float) -> str:
    return f"{coefficient} x {factor:g}"


def _arm(label: str, policy: str) -> str:
    return f"{label}, {policy}"


def _difference(label: str, measure: str) -> tuple[list[Key], list[Key]]:
    plus, minus = ([(_arm(label, policy), "all", measure)] for policy in POLICIES)
    return plus, minus


def _effects(estimates: Estimates, changes: Mapping[str, tuple[str, float]]) -> Iterator[CoefficientEffect]:
    for label, (coefficient, factor) in changes.items():
        for measure in SHOWN:
            plus, minus = _difference(label, measure)
            base_plus, base_minus = _difference(_AS_THEY_ARE, measure)
            a, b = (estimates.by_world(keys[0]) for keys in (plus, minus))
            yield CoefficientEffect(
                coefficient, factor, measure, estimates.difference(plus, minus),
                tuple(x - y for x, y in zip(a, b, strict=True)),
                estimates.difference([*plus, *base_minus], [*minus, *base_plus]),
            )  # fmt: skip


def _log(result: CoefficientsResult) -> None:
    """The effects as a table and as a plot of the active run."""
    rows = [
        {"coefficient": one.coefficient, "factor": one.factor, "measure": one.measure,
         "difference": one.difference.mean, "low": one.difference.low, "high": one.difference.high,
         "change": one.change.mean, "change_low": one.change.low, "change_high": one.change.high,
         "p": one.change.p_value}
        for one in result.effects
    ]  # fmt: skip
    log_table(pl.DataFrame(rows), "coefficients.json")
    drawn = {
        measure: {
            _name(one.coefficient, one.factor): one.difference for one in result.effects if one.measure == measure
        }
        for measure in SHOWN
    }
    log_figure(effects(drawn, result.base, result.measures), "plots/coefficients.png")
