"""The verbs `recommend`, `evaluate-run` and `evaluate-labels`: lists that go out, lists of others, labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.console import DataFolder, JsonFlag, progress_bar, show, table


def recommend(
    model: Annotated[str, typer.Argument(help="Alias, version, run id, folder, or a scorer that needs no training.")],
    data: DataFolder,
    users: Annotated[str, typer.Option(help="A file with a user's id a line, as the log has it, or all.")],
    out: Annotated[Path, typer.Option(help="File to write: .parquet, .csv, .trec or .run.")],
    k: Annotated[int, typer.Option(help="Length of a list.")] = 20,
    split: Annotated[
        str,
        typer.Option(help="The split whose training part is known, as for evaluate; none: the whole log is known."),
    ] = "auto",
    format_: Annotated[
        str | None, typer.Option("--format", help="parquet, csv or trec, where the file's ending does not say it.")
    ] = None,
    qrels: Annotated[
        Path | None, typer.Option(help="Also write what the split holds out of these users, as qrels of TREC.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write each user's best items with their scores, without those that the user is known to have engaged with.

    The lists are those that evaluate judges with the same split. A column each of user, item, rank and score; a TREC
    run has the model as its tag.

    Example: rookery recommend champion --data var/movielens --users all --k 20 --out var/lists.parquet
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.evaluation.list_files import ListFile
    from experiments.evaluation.recommend import RecommendConfig
    from experiments.evaluation.recommend import recommend as run
    from experiments.runs.config import validate

    config = validate(RecommendConfig, {"k": k, "split": split}, source="the options")
    file = ListFile.of(out, format_)
    people = None if users == "all" else _lines(Path(users))
    with progress_bar(f"recommend {model}") as progress:
        done = run(Dataset.open(data), model, people, config, file, home_folder(), progress, qrels=qrels)
    cold = f"; of {done.without_past:,} of them nothing is known" if done.without_past else ""
    said = f"{out}: {done.rows:,} places in the lists of {done.users:,} users, {done.seconds:.1f} s{cold}"
    show({"file": out, **vars(done)}, as_json=as_json, tables=[said, done.words])


def evaluate_run(
    runs: Annotated[list[Path], typer.Argument(help="Runs in TREC's form: query Q0 item rank score tag a line.")],
    qrels: Annotated[Path, typer.Option(help="What is relevant: query 0 item relevance a line.")],
    k: Annotated[int, typer.Option(help="Length of the list that is judged.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Measure runs that anything made, against qrels, with 95% intervals over queries.

    Lists are ordered by score, and equal scores by item in descending order of its text, as trec_eval does. Queries
    with something relevant count, with 0 where the run lacks them.

    Example: rookery evaluate-run theirs.run ours.run --qrels test.qrels --k 10
    """
    from experiments.cli.tables import interval
    from experiments.evaluation.trec import evaluate_runs

    found = evaluate_runs(runs, qrels, k, seed)
    names = list(found[0].metrics)
    rows = [(one.tag, *(interval(one.metrics[name]) for name in names)) for one in found]
    notes = [
        f"{one.run}: {one.queries:,} queries count, {one.missing:,} of them not in the run; {one.unjudged:,} of its "
        f"queries are not judged; {one.tied:,} have equal scores."
        for one in found
    ]
    grid = table("Runs", ["run", *(f"{name}@{k}" for name in names)], rows)
    show([{**vars(one), "k": k} for one in found], as_json=as_json, tables=[grid, *notes])


def evaluate_labels(
    data: DataFolder,
    models: Annotated[list[str], typer.Argument(help="Models as for evaluate; biases and fm have probabilities.")],
    positive_from: Annotated[float, typer.Option(help="Value from which a row is positive.")] = 4.0,
    split: Annotated[
        str, typer.Option(help="How the data is split, as trained.")
    ] = "random_ratio fraction=0.2 within=log",
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Measure models on labelled rows: AUC and log loss of ratings that reach a value, as papers on click models do.

    No impressions are needed. The mean of the training labels stands beside them as the least of baselines.

    Example: rookery evaluate-labels v1 v2 --data var/movielens --positive-from 4
    """
    from data.dataset import Dataset
    from data.home_folder import home_folder
    from experiments.cli.tables import interval
    from experiments.evaluation.labelled_rows import LabelConfig
    from experiments.evaluation.labelled_rows import evaluate_labels as run
    from experiments.runs.config import validate

    options = {"split": split, "positive_from": positive_from, "seed": seed}
    report = run(Dataset.open(data), models, validate(LabelConfig, options, source="the options"), home_folder())
    rows = [
        (one.name, interval(one.auc), interval(one.log_loss), "-" if one.promised is None else f"{one.promised:.3f}")
        for one in report.rows
    ]
    grid = table("Labelled rows", ["scorer", "AUC", "log loss", "promised / observed"], rows)
    show(report, as_json=as_json, tables=[grid, report.protocol])


def _lines(path: Path) -> list[str]:
    """The ids of a file, one a line; blank lines are none."""
    from data.errors import DataError

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"users {path} cannot be read: {error.strerror}", remedy="name a file, or all") from error
    except UnicodeDecodeError as error:
        raise DataError(f"users {path} is not UTF-8", remedy="write an id a line") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


VERBS = {"recommend": recommend, "evaluate-run": evaluate_run, "evaluate-labels": evaluate_labels}
