"""The verbs `train`, `evaluate`, `compare` and `promote`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.screen import DataFolder, JsonFlag, progress, say, show, table


def train(
    data: DataFolder,
    config: Annotated[Path | None, typer.Option(help="TOML file of a run's settings.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="One setting, as seed=2. Repeatable.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train a ranker, log the run in MLflow and register the model.

    The first model becomes `champion`, which `serve` loads; each new one becomes `challenger`.

    Example: rookery train --data var/world --set settings.training.epochs=3 --set seed=2
    """
    from data.dataset import Dataset
    from data.home import home_folder
    from experiments.config import RunConfig, load_config
    from experiments.train import train as run

    settings = load_config(RunConfig, config, set_ or [])
    with progress(f"train {settings.scorer}") as advance:
        result = run(Dataset.open(data), settings, home_folder(), advance)
    rows = [
        (f"epoch {at}", *(f"{epoch[name]:.4f}" for name in result.columns)) for at, epoch in enumerate(result.epochs, 1)
    ]
    split = "" if settings.split == "auto" else f' --split "{settings.split}"'
    after = (
        f"run {result.run_id}: version {result.version} of {result.registered_as}, now {' and '.join(result.aliases)}\n"
        f"next: rookery evaluate v{result.version} popularity recency --data {data}{split}"
    )
    show(result, as_json=as_json, tables=[*([table("epochs", ["", *result.columns], rows)] if rows else []), after])


def evaluate(
    data: DataFolder,
    models: Annotated[
        list[str], typer.Argument(help="Aliases, versions, run ids, folders, or scorers that need no training.")
    ],
    requests: Annotated[int, typer.Option(help="Requests to sample from the test.")] = 1000,
    k: Annotated[int, typer.Option(help="Length of the list that is judged.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the bootstrap.")] = 7,
    split: Annotated[
        str, typer.Option(help='How the data is split, as trained: "random_ratio seed=2" (see: data describe --split).')
    ] = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Measure rankers on one sample of requests, each number with its protocol and 95% interval.

    Example: rookery evaluate champion popularity recency affinity_formula interest_formula --data var/world
    """
    from data.dataset import Dataset
    from data.home import home_folder
    from experiments.config import validate
    from experiments.evaluate import EvaluateConfig, evaluate_references
    from experiments.screens import scorer_table

    settings = validate(
        EvaluateConfig, {"requests": requests, "k": k, "seed": seed, "split": split}, source="the options"
    )
    with progress("evaluate") as advance:
        report = evaluate_references(Dataset.open(data), models, settings, home_folder(), advance)
    show(report.facts(), as_json=as_json, tables=[scorer_table(report), report.protocol, *report.notes])


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(help="Run ids, versions, aliases or scorers' names, evaluated before; the first is the base."),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Compare evaluated runs request by request: paired differences with intervals, corrected for their number.

    Refuses runs that were evaluated on other data or by another protocol.

    Example: rookery compare popularity champion
    """
    from data.home import home_folder
    from experiments.compare import compare_runs
    from experiments.screens import comparison_table

    report = compare_runs(runs, home_folder())
    show(report, as_json=as_json, tables=[comparison_table(report), report.protocol])


def promote(
    model: Annotated[str, typer.Argument(help="A run id, a version or an alias.")],
    alias: Annotated[str, typer.Option(help="The alias to move.")] = "champion",
    as_json: JsonFlag = False,
) -> None:
    """Point an alias at a model; `serve` loads `champion`."""
    from data.home import home_folder
    from ranking.registry import MODEL_NAME, connect, resolve_reference, set_alias

    client = connect(home_folder())
    found = resolve_reference(client, model)
    set_alias(client, alias, str(found.version))
    say(f"{MODEL_NAME} version {found.version} is now {alias}")
    show({"model": MODEL_NAME, "version": str(found.version), "run_id": found.run_id, "alias": alias}, as_json=as_json)


VERBS = {"train": train, "evaluate": evaluate, "compare": compare, "promote": promote}
