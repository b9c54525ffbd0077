"""Checks of what is passed from Python: data sets, and scorers, metrics and sources of the caller's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from candidates.component import Source
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from data.import_by_name import did_you_mean
from features.catalogue import owners
from features.online import FeatureState
from ranking.metrics.metric import ActionMetric, ImpressionMetric, ListMetric, Metric, RequestMetric
from ranking.ranker import BASE_COLUMNS
from ranking.scorer import Scorer
from serving.projections import MakeSource

DatasetOrFolder = Dataset | str | Path
"""A data set, or the folder where it lies."""


def opened(dataset: DatasetOrFolder) -> Dataset:
    """The data set itself.

    Raises:
        ConfigError: it is neither a data set nor a path.
        DataError: the folder holds no data set.
    """
    if isinstance(dataset, Dataset):
        return dataset
    if isinstance(dataset, str | Path):
        return Dataset.open(Path(dataset))
    raise ConfigError(f"dataset is {_short(dataset)}", remedy="give a data set or its folder: 'var/worlds/tiny'")


def check_models(models: Sequence[Any], scorers: Any) -> Mapping[str, Scorer]:
    """The caller's scorers by name, each checked by `check_scorer`.

    Raises:
        ConfigError: nothing is named, a model is no name, `scorers` is no mapping, or a scorer is not made as one is.
        ModelError: a scorer reads a column that there is not.
    """
    for one in models:
        if not isinstance(one, str):
            raise ConfigError(
                f"model {_short(one)} is no name", remedy="pass objects by name: scorers={'mine': Mine()}"
            )
    own = {} if scorers is None else scorers
    if not isinstance(own, Mapping):
        raise ConfigError(f"scorers is {_short(own)}", remedy="name each: scorers={'mine': Mine()}")
    if not models and not own:
        raise ConfigError("there is nothing to evaluate", remedy="name at least one model or scorer")
    for name, scorer in own.items():
        check_scorer(name, scorer)
    return own


def check_scorer(name: str, scorer: Any) -> None:
    """Refuses what is no scorer: an object with `reads`, a tuple of columns, and a method `score`.

    Raises:
        ConfigError: it is a class, or has no such `reads` or `score`.
        ModelError: it reads a column that there is not.
    """
    if isinstance(scorer, type):
        raise ConfigError(f"scorer {name!r} is a class", remedy=f"pass an object: {scorer.__name__}()")
    if not isinstance(scorer, Scorer):
        remedy = "give it reads = ('tweet.age_h',) and `def score(self, batch)`, [N] numbers"
        raise ConfigError(f"scorer {name!r}, a {type(scorer).__name__}, lacks `reads` or `score`", remedy=remedy)
    reads: Any = scorer.reads
    if isinstance(reads, str):
        raise ConfigError(f"`reads` of scorer {name!r} is the string {reads!r}", remedy=f"write ({reads!r},)")
    if not isinstance(reads, tuple | list) or not all(isinstance(one, str) for one in reads):
        remedy = "name its columns: reads = ('tweet.age_h',)"
        raise ConfigError(f"`reads` of scorer {name!r} is {_short(reads)}", remedy=remedy)
    if not callable(scorer.score):
        raise ConfigError(
            f"`score` of scorer {name!r} is no method", remedy="write `def score(self, batch)`, [N] numbers"
        )
    known = owners().keys() | BASE_COLUMNS
    for column in reads:
        if column not in known:
            remedy = f"{did_you_mean(column, known)}see: rookery features list"
            raise ModelError(f"scorer {name!r} reads {column!r}, which is no column", remedy=remedy)


def check_metrics(metrics: Any) -> tuple[tuple[str, ...], list[Metric]]:
    """The names among `metrics`, and the metrics of the caller's own.

    Raises:
        ConfigError: it is no list, or holds something that is no metric.
    """
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        shown = repr(metrics) if isinstance(metrics, str) else "..."
        raise ConfigError(f"metrics is {_short(metrics)}, no list", remedy=f"write metrics=[{shown}]")
    own: list[Metric] = []
    for one in metrics:
        if isinstance(one, RequestMetric | ListMetric | ImpressionMetric | ActionMetric):
            own.append(one)
        elif not isinstance(one, str):
            remedy = "give a name of docs/metrics.md or rookery.RequestMetric(name, reads, formula)"
            raise ConfigError(f"metric {_short(one)} is no metric", remedy=remedy)
    return tuple(one for one in metrics if isinstance(one, str)), own


def check_sources(sources: Any) -> list[MakeSource]:
    """What builds the caller's sources; each refuses to build something else than a source.

    Raises:
        ConfigError: it is no list, or one is an object, no `Source`, or has no `fetch`.
    """
    if isinstance(sources, str) or not isinstance(sources, Sequence):
        name = sources.__name__ if isinstance(sources, type) else "MySource"
        raise ConfigError(f"sources is {_short(sources)}, no list", remedy=f"write sources=[{name}]")
    return [_checked_source(one) for one in sources]


def _checked_source(make: Any) -> MakeSource:
    if isinstance(make, Source):
        raise ConfigError(
            f"source {make.name!r} is an object",
            remedy=f"give the class {type(make).__name__}: it is built on the state",
        )
    if not callable(make):
        raise ConfigError(f"source {_short(make)} is no class", remedy="give a class derived from rookery.Source")
    if isinstance(make, type):
        if not issubclass(make, Source):
            remedy = f"derive it: class {make.__name__}(rookery.Source)"
            raise ConfigError(f"source {make.__name__!r} is not derived from rookery.Source", remedy=remedy)
        if make.__abstractmethods__:
            lacking = ", ".join(sorted(make.__abstractmethods__))
            raise ConfigError(f"source {make.__name__!r} has no method {lacking}", remedy="see rookery.Source.fetch")

    def built(state: FeatureState) -> Source:
        source = make(state)
        if not isinstance(source, Source):
            remedy = "return an object of a class derived from rookery.Source"
            raise ConfigError(f"a source was built as {_short(source)}", remedy=remedy)
        return source

    return built


def _short(one: object) -> str:
    """A value in a message: one line of few letters."""
    words = " ".join(repr(one).split())
    return words if len(words) <= 60 else f"{words[:57]}..."
