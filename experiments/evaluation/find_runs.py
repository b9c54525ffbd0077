"""Which evaluated runs a comparison means: references to MLflow runs that share an evaluation, the latest one.

A run id, a version or an alias is one run; a scorer's name stands for all of its evaluated runs, of which the one that
was evaluated last counts. A run's tags state what it was evaluated by, and when (`evaluated_tags`).
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from typing import Any

from data.errors import ConfigError, NotFoundError
from experiments.runs.tracking import find_run, find_runs, read_file
from ranking.artifact import VALUE
from ranking.catalogue import SCORERS, trained_scorers, untrained_scorers
from ranking.model_registry import resolve_reference

FOLDER = "evaluation"
"""The artifact folder of a run that holds its evaluations, one a protocol and data set."""
ORACLE, WELFARE_ORACLE = "oracle", "welfare_oracle"
ORACLES = (ORACLE, WELFARE_ORACLE)
"""Names of what scores by the truth: by the engagement to expect, and by welfare."""
_WHEN = "evaluation."
"""Tags beginning so end with an evaluation's key and hold its time in nanoseconds."""


def evaluated_tags(key: str, scorer: str) -> dict[str, str]:
    """Tags of a run that is evaluated by `key` now."""
    return {"evaluation": key, "scorer": scorer, f"{_WHEN}{key}": str(time.time_ns())}


def shared_evaluation(client: Any, references: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The key of the evaluation that all references have, the first one's latest, and their runs with it.

    Raises:
        NotFoundError: a reference that nothing answers to, or a run that was never evaluated.
        ConfigError: no evaluation is shared.
    """
    found = {reference: _runs(client, reference) for reference in references}
    times = {reference: _times(runs) for reference, runs in found.items()}
    for reference, keys in times.items():
        if not keys:
            raise _never_evaluated(reference)
    shared = set.intersection(*(set(keys) for keys in times.values()))
    if not shared:
        again = shlex.join(_evaluable(reference, runs) for reference, runs in found.items() if reference not in ORACLES)
        raise ConfigError(
            f"{' and '.join(references)} were evaluated on other data or by other protocols",
            remedy=f"evaluate them together: rookery evaluate {again} --data DIR",
        )
    key = max(shared, key=lambda one: times[references[0]][one])
    return key, {reference: _latest(runs, key) for reference, runs in found.items()}


def download(run_id: str, key: str, name: str) -> bytes:
    """A file of an evaluation.

    Raises:
        NotFoundError: it was removed.
    """
    return read_file(run_id, f"{FOLDER}/{key}/{name}", remedy="evaluate again: rookery evaluate")


def _runs(client: Any, reference: str) -> list[Any]:
    """The runs that a reference may mean."""
    if re.fullmatch(r"[0-9a-f]{32}", reference):
        return [find_run(client, reference)]
    name, chosen, value = reference.partition(VALUE)
    scorer, version = reference, ""
    if chosen and name not in SCORERS:
        # A model by another value has a run of its own, which has the model's scorer, its version and the value.
        model = resolve_reference(client, name)
        scorer = f"{client.get_run(model.run_id).data.tags.get('scorer', name)}{chosen}{value}"
        version = f"tags.version = '{model.version}' AND "
    if re.fullmatch(r"[a-z][a-z0-9_]*(\?value=[^']+)?", scorer):
        named = find_runs(client, f"{version}tags.scorer = '{scorer}' AND tags.evaluation != ''")
        if named:
            return named
    if version:
        raise _never_evaluated(reference)
    if reference in untrained_scorers():
        raise _never_evaluated(reference)
    return [client.get_run(resolve_reference(client, reference, also=(*SCORERS, *ORACLES)).run_id)]


def _times(runs: Sequence[Any]) -> dict[str, int]:
    """When each evaluation was last made of any of the runs."""
    out: dict[str, int] = {}
    for run in runs:
        for name, value in run.data.tags.items():
            if name.startswith(_WHEN):
                key = name.removeprefix(_WHEN)
                out[key] = max(out.get(key, 0), int(value))
    return out


def _latest(runs: Sequence[Any], key: str) -> Any:
    return max(runs, key=lambda run: int(run.data.tags.get(f"{_WHEN}{key}", 0)))


def _never_evaluated(reference: str) -> NotFoundError:
    remedy = f"rookery evaluate {shlex.quote(reference)} --data DIR"
    return NotFoundError(f"run {reference!r} was never evaluated", remedy=remedy)


def _evaluable(reference: str, runs: Sequence[Any]) -> str:
    """What `evaluate` takes: of a trained scorer's name the run that was evaluated last."""
    if reference not in trained_scorers():
        return reference
    return str(max(runs, key=lambda run: max(_times([run]).values(), default=0)).info.run_id)
