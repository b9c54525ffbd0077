"""What is evaluated: the bundles that references stand for, and scorers that the caller made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.dataset import Dataset
from data.errors import ConfigError
from data.split import Split
from experiments.evaluation.find_runs import ORACLES
from experiments.runs.splits import understanding_of
from ranking.artifact import Bundle
from ranking.catalogue import SCORERS, untrained_scorers
from ranking.model_registry import fetch
from ranking.scorer import Scorer
from ranking.untrained import make_scorer


def bundles_of(
    dataset: Dataset, split: Split, references: Sequence[str], home: Path, scorers: Mapping[str, Scorer] | None = None
) -> dict[str, Bundle]:
    """The bundles of `references`, then `scorers` under their names.

    A name of the catalogue stands for a new scorer where it needs no training. Scorers that bring no understanding of
    texts share that of the first model which has one, else a new one.

    Raises:
        NotFoundError: a reference that nothing answers to.
        ConfigError: a model is named twice, or a name of `scorers` stands for something else.
    """
    own = dict(scorers or {})
    named = [*references, *own]
    if len(set(named)) < len(named):
        raise ConfigError(f"a model is named twice in {' '.join(named)}", remedy="name each once")
    for name in own:
        check_name(name)
    untrained = [name for name in references if name in untrained_scorers()]
    fetched = {name: fetch(name, home=home, also=untrained_scorers()) for name in references if name not in untrained}
    texts = [one.understanding for one in fetched.values() if one.understanding is not None]
    made = {name: make_scorer(name) for name in untrained} | own
    shared = texts[0] if texts else (understanding_of(dataset, split, "static", home) if made else None)
    for name, scorer in made.items():
        fetched[name] = Bundle(name, scorer, shared, dataset.name, dataset.content_hash)
    return {name: fetched[name] for name in named}


def check_name(name: str) -> None:
    """Refuses a name of a scorer by which `compare` would find another one, or none.

    Raises:
        ConfigError: it is a name of the catalogue, a version, or not of small letters, digits and underscores.
    """
    if name in SCORERS or name in ORACLES:
        raise ConfigError(f"the name {name!r} is taken by a scorer of the catalogue", remedy=f"name it my_{name}")
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None or re.fullmatch(r"v\d+|[0-9a-f]{32}", name):
        remedy = "use small letters, digits and _, as my_scorer; v1 and the like are versions"
        raise ConfigError(f"{name!r} cannot name a scorer", remedy=remedy)
