"""The verbs `train`, `evaluate`, `compare`, `sweep` and `promote`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import DataFolder, JsonFlag, progress_bar, say, show
from ranking.catalogue import trained_scorers
from ranking.metrics.catalogue import METRICS

_SET_HELP = (
    "One setting, as seed=2 or settings.training.epochs=3. Repeatable. "
    f"scorer= takes {', '.join(trained_scorers())}; the settings of each: rookery scorers settings NAME."
)
_SWEEP_HELP = (
    "One setting, as seed=2. Repeatable. The keys are trials, objective, direction, prune, seed, run.KEY (what train "
    "takes) and search.KEY; docs/models.md has them in a file."
)
_METRICS = "; ".join(f"{name}: {entry.words}" for name, entry in METRICS.items()) + "."


def train(
    data: DataFolder,
    config: Annotated[Path | None, typer.Option(help="TOML file of a run's settings.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help=_SET_HELP)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train a ranker, log the run in MLflow and register the model.

    The first model becomes `champion`, which `serve` loads; each new one becomes `challenger`.

    Example: rookery train --data var/world --set scorer=heavy --set settings.training.epochs=3 --set seed=2
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.tables import training_tables
    from experiments.runs.config import RunConfig, load_config
    from experiments.runs.train import train as run

    settings = load_config(RunConfig, config, set_ or [])
    with progress_bar(f"train {settings.scorer}") as progress:
        result = run(Dataset.open(data), settings, home_folder(), progress)
    if not result.run_id:
        return
    if result.went_on_after:
        say(f"went on from the checkpoint of a stopped run, after its epoch {result.went_on_after}")
    split = "" if settings.split == "auto" else f' --split "{settings.split}"'
    left = ", ".join(result.value_left_out)
    after = f"the value leaves out {left}: the model does not predict them\n" if left else ""
    after += (
        f"run {result.run_id}: version {result.version} of {result.registered_as}, now {' and '.join(result.aliases)}\n"
        f"next: rookery evaluate v{result.version} popularity recency --data {data}{split}"
    )
    show(result, as_json=as_json, tables=[*training_tables(result), after])


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
    negatives: Annotated[
        int, typer.Option(help="Rank so many drawn items beside the held-out ones, in place of the full catalogue.")
    ] = 0,
    preset: Annotated[
        str | None,
        typer.Option(
            help="A protocol that others publish with, in place of --split, --k, --requests and --negatives: recbole, "
            'recommenders, leave_last_out, leave_last_out_100, perhaps as "recbole seed=2" (docs/protocols.md).'
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Also show one of these, as far as it applies. Repeatable. " + _METRICS),
    ] = None,
    tie_shuffles: Annotated[
        int,
        typer.Option(
            help="Also measure over so many draws (2 or more) of which engagement at one time is the later, for "
            "splits by each user's past. Models of items are fitted again to each.",
            min=0,
        ),
    ] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure rankers on one sample of requests, each number with its protocol and 95% interval.

    A model is refused where it learned rows of the test, on whatever import of the log it was trained.

    Example: rookery evaluate champion popularity recency affinity_formula interest_formula --data var/world
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.tables import probability_table, published_table, scorer_table, shuffle_table
    from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
    from experiments.evaluation.presets import beside, with_preset
    from experiments.evaluation.presets import preset as preset_of
    from experiments.evaluation.tie_shuffles import plan_shuffles, run_shuffles
    from experiments.runs.config import validate

    options = {"requests": requests, "k": k, "seed": seed, "split": split, "metrics": metric or ()}
    options |= {"negatives": negatives}
    chosen = None if preset is None else preset_of(preset)
    if chosen is not None:
        options = with_preset(chosen, options)
    settings = validate(EvaluateConfig, options, source="the options")
    dataset, home = Dataset.open(data), home_folder()
    draws = plan_shuffles(dataset, models, settings, home, tie_shuffles) if tie_shuffles else []
    with progress_bar("evaluate") as progress:
        report = evaluate_references(dataset, models, settings, home, progress)
    tables = [scorer_table(report)]
    tables += [probability_table(report)] if any(row.by_action for row in report.rows) else []
    facts = report.facts()
    for one in () if chosen is None else chosen.published:
        tables.append(published_table(one, report))
        tables.append(beside(one, dataset))
        facts.setdefault("published", []).append(one)
    tables += [report.protocol, *report.notes]
    if draws:
        with progress_bar("ties drawn again") as progress:
            shuffled = run_shuffles(dataset, models, settings, home, draws, progress)
        facts["tie_shuffles"] = shuffled
        tables += [shuffle_table(shuffled), shuffled.sentence]
    show(facts, as_json=as_json, tables=tables)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="What was evaluated: run ids, versions, aliases, names, v3?value=...; the first is the base."
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(help="As ndcg or map; NDCG, recall, true value and true welfare where none is named. Repeatable."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with plots and every segment.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare evaluated runs request by request: paired differences with intervals, corrected for their number.

    The same by segment of users: how active they were before the test, and their language. Refuses runs that were
    evaluated on other data or by another protocol.

    Example: rookery compare popularity champion --html var/compare.html
    """
    from data.folders import check_file
    from data.home_folder import home_folder
    from experiments.cli.tables import comparison_tables, segment_table
    from experiments.evaluation.compare import compare_runs
    from experiments.evaluation.comparison_page import write_comparison

    if html is not None:
        check_file(html)
    report = compare_runs(runs, home_folder(), metric or ())
    if html is not None:
        write_comparison(report, html)
        say(f"page: {html}")
    parts = [segment_table(report)] if report.segments else []
    show(report, as_json=as_json, tables=[*comparison_tables(report), *parts, report.protocol, *report.notes])


def sweep(
    data: DataFolder,
    config: Annotated[Path, typer.Option(help="TOML file of the sweep: what to search, and the run they share.")],
    trials: Annotated[int | None, typer.Option(help="Trials in all, instead of the file's.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help=_SWEEP_HELP)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Try settings one after another and keep the best: an Optuna study, each trial an MLflow run.

    A trial counts by the training's own validation part. The same sweep called again goes on where it stood.

    A file names the run that all trials share, and what to search: docs/models.md shows one.

    Example: rookery sweep --data var/world --config sweep.toml
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.tables import sweep_table
    from experiments.runs.config import load_config
    from experiments.runs.sweep import SweepConfig
    from experiments.runs.sweep import sweep as run

    more = [] if trials is None else [f"trials={trials}"]
    settings = load_config(SweepConfig, config, [*(set_ or []), *more])
    with progress_bar(f"sweep {settings.run.scorer}") as progress:
        result = run(Dataset.open(data), settings, home_folder(), progress)
    if result.went_on_after:
        say(f"{result.went_on_after} trials were there already")
    after = f"study {result.study}\nnext: rookery train --data {data} --config {result.config}"
    show(result, as_json=as_json, tables=[sweep_table(result), after])


def promote(
    model: Annotated[str, typer.Argument(help="A run id, a version or an alias.")],
    alias: Annotated[str, typer.Option(help="The alias to move.")] = "champion",
    as_json: JsonFlag = False,
) -> None:
    """Point an alias at a model; `serve` loads `champion`."""
    from data.home_folder import home_folder
    from ranking.model_registry import MODEL_NAME, resolve_reference, set_alias
    from ranking.store import connect

    client = connect(home_folder())
    found = resolve_reference(client, model)
    set_alias(client, alias, str(found.version))
    say(f"{MODEL_NAME} version {found.version} is now {alias}")
    show({"model": MODEL_NAME, "version": str(found.version), "run_id": found.run_id, "alias": alias}, as_json=as_json)


VERBS = {"train": train, "evaluate": evaluate, "compare": compare, "sweep": sweep, "promote": promote}
