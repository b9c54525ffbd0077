"""Settings tried one after another: an Optuna study whose trials are nested MLflow runs.

A trial's number comes from the training's own validation part, never from the test. The study lives in a file under
the home folder: a sweep that was stopped goes on where it stood, and its trials are those of one that was not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.dataset import Dataset
from data.errors import ConfigError, DataError, ModelError
from data.folders import write_file
from data.home_folder import database_url
from data.progress import Progress, no_progress
from data.settings import Seed
from data.split import Split
from experiments.runs.config import RunConfig, put, validate
from experiments.runs.splits import split_of, understanding_of
from experiments.runs.tracking import (
    continued_run,
    flatten,
    log_figure,
    log_files,
    log_numbers,
    ready,
    require_run,
    scorer_settings,
    tracked_run,
)
from experiments.runs.train import FaissNeighbours, logged
from features.text.understanding import Understanding
from ranking.training.shared import SharedRows
from ranking.training.trainer import Configured, Report, Trainer, TrainingContext, trainer_of

if TYPE_CHECKING:
    import optuna


_MORE = re.compile("recall|ndcg")
"""Names of numbers of which more is better."""

_STARTUP = 5
"""Trials drawn at random before the sampler has something to go by."""


class Range(BaseModel):
    """What a setting may be: one of `choices`, or a number from `low` to `high`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[str | bool | int | float, ...] = ()
    """Values to choose from."""
    low: int | float | None = None
    """Least value; two whole numbers make a whole one."""
    high: int | float | None = None
    """Greatest value, included."""
    log: bool = False
    """Whether it is drawn evenly by its logarithm."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.choices and (self.low is not None or self.high is not None):
            raise ValueError("give choices, or low and high, not both")
        if not self.choices:
            if self.low is None or self.high is None:
                raise ValueError("give choices, or low and high")
            if self.low > self.high or (self.log and self.low <= 0):
                raise ValueError(f"low {self.low} to high {self.high} is no range" + (" for log" if self.log else ""))
        return self

    def suggest(self, trial: optuna.Trial, name: str) -> str | bool | int | float:
        """The trial's value."""
        if self.choices:
            return cast("str | bool | int | float", trial.suggest_categorical(name, list(self.choices)))
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(name, self.low, self.high, log=self.log)
        return trial.suggest_float(name, float(self.low or 0), float(self.high or 0), log=self.log)


class SweepConfig(BaseModel):
    """What `rookery sweep` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(default=20, ge=1)
    """Trials in all; those of an earlier call of the same sweep count."""
    objective: str = "validation_loss"
    """A number that the training reports after each epoch, or once where there are no epochs (`rookery scorers list`
    names them); a trial counts by its best."""
    direction: Literal["minimize", "maximize"] = "minimize"
    """Whether less or more of it is better; left out, more of a recall or an NDCG and less of all else."""
    prune: bool = True
    """Stop a trial whose epoch is worse than the median of the earlier trials' at that epoch; only where scorers learn
    by epochs."""
    seed: Seed = 1
    """Seed of the sampler."""
    run: RunConfig = RunConfig()
    """What every trial shares: `[run]` in the file, its settings under `[run.settings]`."""
    search: dict[str, Range] = Field(min_length=1)
    """Key of the run (as `settings.dim`) to what it may be: `[search]` in the file."""

    @model_validator(mode="before")
    @classmethod
    def _better(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or "direction" in settings:
            return settings
        more = _MORE.search(str(settings.get("objective", "")))
        return {**settings, "direction": "maximize"} if more else settings


@dataclass(frozen=True)
class TrialRow:
    """One trial."""

    number: int
    state: str
    """complete, pruned or failed (the loss diverged, or the settings do not go together)."""
    value: float | None
    """The best objective of its epochs."""
    settings: dict[str, Any]
    run_id: str


@dataclass(frozen=True)
class SweepResult:
    """All trials and the best."""

    study: str
    objective: str
    trials: tuple[TrialRow, ...]
    best: TrialRow
    config: Path
    """TOML of the best run, for `rookery train --config`."""
    run_id: str
    """The MLflow run that holds the trials."""
    went_on_after: int
    """Trials of an earlier call."""


def sweep(dataset: Dataset, config: SweepConfig, home: Path, progress: Progress = no_progress) -> SweepResult:
    """Runs the trials that are left of a study and writes the best run's config.

    A trial whose settings do not go together counts as failed; where none of the first five fits, its error is raised.

    Raises:
        ConfigError: an unknown scorer or key, or a scorer whose training does not report that objective.
        DataError: the data set lacks what the scorer learns from.
        ModelError: no trial came to an end.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    trainer = trainer_of(config.run.scorer)
    _check_objective(trainer, config)
    dataset.require("tweets", "engagements", purpose="training")
    ready(home)
    name = f"{config.run.scorer}-{_identity(dataset, config)}"
    folder = home / "sweeps"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".studies.db.lock"):  # one process makes the tables
        study = optuna.create_study(
            storage=database_url(folder / "studies.db"), study_name=name, direction=config.direction,
            load_if_exists=True, pruner=_pruner(trainer, config),
        )  # fmt: skip
    before = len(_ended(study))
    with _parent(study, trainer, dataset, config, home) as run_id:
        trials = _Trials(trainer, dataset, config, home, run_id)
        while len(_ended(study)) < config.trials:
            number = len(_ended(study))
            progress(number, config.trials, f"trial {number + 1} of {config.trials}")
            trials.run(study, number)
        best = _best(study, config)
        path = folder / f"{name}.toml"
        write_file(path, _toml(_run_of(config, best.settings)))
        _log_study(study, config, best, path)
    return SweepResult(name, config.objective, tuple(map(_row, _ended(study))), best, path, run_id, before)


class _Trials:
    """Runs trials; text understanding is trained once for each encoder and split, and training rows that the trial
    before had are taken over."""

    def __init__(self, trainer: Trainer, dataset: Dataset, config: SweepConfig, home: Path, parent: str) -> None:
        self._trainer, self._dataset, self._config, self._home, self._parent = trainer, dataset, config, home, parent
        self._understanding: dict[tuple[str, str], Understanding] = {}
        self._shared = SharedRows()

    def run(self, study: optuna.Study, number: int) -> None:
        """One trial: drawn by the sampler, trained, reported."""
        import optuna

        config = self._config
        # A sampler of its own for each trial, so that a study that goes on draws what it would have drawn.
        seed = (config.seed * 100_003 + number) % 2**32
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP)
        trial = study.ask()
        settings = {key: one.suggest(trial, key) for key, one in config.search.items()}
        try:
            pruned, reached = self._train(study, trial, number, settings)
        except (ConfigError, DataError, ModelError) as error:
            trial.set_user_attr("error", str(error))
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            if not isinstance(error, ModelError) and _never_fitted(study, config.trials):
                raise
            return
        if pruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, min(reached) if config.direction == "minimize" else max(reached))

    def _train(
        self, study: optuna.Study, trial: optuna.Trial, number: int, settings: Mapping[str, Any]
    ) -> tuple[bool, list[float]]:
        """Whether the trial was pruned, and its objective by epoch."""
        import optuna

        run, reached = _run_of(self._config, settings), list[float]()
        tags = {"scorer": run.scorer, "kind": "trial", "study": study.study_name, "trial": str(number)}
        split = split_of(self._dataset, run.split)
        parameters = {**run.model_dump(exclude={"settings"}), "split": split.name}
        with tracked_run(
            self._home, name=f"trial {number}", dataset=self._dataset, parameters=parameters, tags=tags, nested=True
        ) as run_id:
            trial.set_user_attr("run_id", run_id)
            try:
                with scorer_settings(run.settings) as configured:
                    context = self._context(run, split, configured, self._watch(trial, reached))
                    self._trainer.fit(context, run.settings)
            except optuna.TrialPruned:
                return True, reached
            if not reached:
                missing = f"the training of {run.scorer} reported no {self._config.objective!r}"
                raise ConfigError(missing, remedy="give it a log where something can be held out")
        return False, reached

    def _context(self, run: RunConfig, split: Split, configured: Configured, report: Report) -> TrainingContext:
        key = (run.encoder, run.split)
        if key not in self._understanding:
            self._understanding[key] = understanding_of(self._dataset, split, run.encoder, self._home)
        return TrainingContext(
            self._dataset, split, run.seed, self._understanding[key], report=report, configured=configured,
            index=FaissNeighbours, shared=self._shared,
        )  # fmt: skip

    def _watch(self, trial: optuna.Trial, reached: list[float]) -> Callable[[Mapping[str, float]], None]:
        import optuna

        objective, epochs = self._config.objective, list[dict[str, float]]()
        log = logged(epochs)

        def on_epoch(values: Mapping[str, float]) -> None:
            log(values)
            if objective not in values:
                raise ConfigError(f"the training reports no {objective!r}", remedy=f"it reports {', '.join(values)}")
            reached.append(float(values[objective]))
            trial.report(reached[-1], len(reached))
            if trial.should_prune():
                raise optuna.TrialPruned

        return on_epoch


def _check_objective(trainer: Trainer, config: SweepConfig) -> None:
    """Refuses, before anything is trained, an objective that the training does not report.

    Settings that do not go together without what is searched are left to the first trial.
    """
    try:
        known = trainer.config_type(**config.run.settings).objectives
    except ValidationError:
        return
    if config.objective not in known:
        raise ConfigError(
            f"objective {config.objective!r}: training {config.run.scorer} does not report that",
            remedy=f"it reports {', '.join(known)}",
        )


def _pruner(trainer: Trainer, config: SweepConfig) -> optuna.pruners.BasePruner:
    """A training that reports its number at its end has nothing left to stop."""
    import optuna

    if not trainer.config_type.by_epoch or not config.prune:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=_STARTUP)


@contextmanager
def _parent(study: optuna.Study, trainer: Trainer, dataset: Dataset, config: SweepConfig, home: Path) -> Iterator[str]:
    """The study's MLflow run: a new one, or the one of an earlier call."""
    known = study.user_attrs.get("run_id")
    if known:
        require_run(ready(home), known, f"study {study.study_name}", home, otherwise="change the sweep's seed")
        with continued_run(home, known):
            yield known
        return
    parameters = {
        **config.model_dump(exclude={"run", "search"}),
        "run": _shared_by_trials(trainer, dataset, config),
        "search": {k: one.model_dump() for k, one in config.search.items()},
    }
    tags = {"scorer": config.run.scorer, "kind": "sweep", "study": study.study_name}
    with tracked_run(home, name=f"sweep {config.run.scorer}", dataset=dataset, parameters=parameters, tags=tags) as new:
        study.set_user_attr("run_id", new)
        yield new


def _shared_by_trials(trainer: Trainer, dataset: Dataset, config: SweepConfig) -> dict[str, Any]:
    """The run's config by dotted keys, with all defaults, less what is searched.

    Settings that do not go together without what is searched stay as given.
    """
    run = config.run.model_dump(mode="json")
    if "split" not in config.search:
        run["split"] = split_of(dataset, config.run.split).name
    with suppress(ValidationError):
        run["settings"] = trainer.config_type(**config.run.settings).model_dump(mode="json")
    return {key: value for key, value in flatten(run).items() if key not in config.search}


def _identity(dataset: Dataset, config: SweepConfig) -> str:
    """What makes two sweeps the same study: all but the number of trials."""
    text = json.dumps([config.model_dump(mode="json", exclude={"trials"}), dataset.content_hash], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _run_of(config: SweepConfig, settings: Mapping[str, Any]) -> RunConfig:
    run = json.loads(config.run.model_dump_json())
    for key, value in settings.items():
        put(run, key.split("."), value, key)
    return validate(RunConfig, run, source="the sweep")


def _ended(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Trials that have ended; one that was killed in the middle is drawn again."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]


def _never_fitted(study: optuna.Study, trials: int) -> bool:
    """Whether all trials, those drawn at random at least, have failed: the draws are not at fault."""
    ended = _ended(study)
    return len(ended) >= min(_STARTUP, trials) and all(trial.state.name == "FAIL" for trial in ended)


def _row(trial: optuna.trial.FrozenTrial) -> TrialRow:
    names = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    return TrialRow(
        trial.number, names[trial.state.name], trial.value, dict(trial.params), trial.user_attrs.get("run_id", "")
    )


def _best(study: optuna.Study, config: SweepConfig) -> TrialRow:
    """The best complete trial, the first of equals."""
    rows = [row for row in map(_row, _ended(study)) if row.state == "complete" and row.value is not None]
    if not rows:
        last = _ended(study)[-1].user_attrs.get("error", "pruned")
        raise ModelError(
            f"none of {len(_ended(study))} trials came to an end; the last one: {last}",
            remedy="narrow the ranges of the search",
        )
    sign = 1 if config.direction == "minimize" else -1
    return min(rows, key=lambda row: (sign * (row.value or 0.0), row.number))


def _log_study(study: optuna.Study, config: SweepConfig, best: TrialRow, path: Path) -> None:
    from matplotlib.figure import Figure

    log_numbers({f"best_{config.objective}": best.value or 0.0})
    log_files(path)
    values = {
        row.number: row.value for row in map(_row, _ended(study)) if row.state == "complete" and row.value is not None
    }
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(values), list(values.values()), "o", markersize=4)
    axes.axhline(best.value or 0.0, color="#999", linewidth=1)
    axes.set(title=f"Trials of {study.study_name}", xlabel="trial", ylabel=config.objective)
    axes.grid(alpha=0.3)
    log_figure(figure, "plots/trials.png")


def _toml(run: RunConfig) -> str:
    """A run's config as TOML with dotted keys; JSON's scalars and lists are TOML's."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in flatten(run.model_dump(mode="json")).items())
