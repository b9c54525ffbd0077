"""The verbs `text analyze`, `text train` and `text list`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.cli.console import JsonFlag, progress_bar, show, table

app = typer.Typer(
    no_args_is_help=True, help="Analyze texts: language, sentiment, topics, entities. Train heads on your labels."
)


@app.command()
def analyze(
    text: Annotated[str | None, typer.Argument(help="One text.")] = None,
    source: Annotated[Path | None, typer.Option("--input", help="CSV or Parquet file of texts instead.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file to write; for --input.")] = None,
    column: Annotated[str, typer.Option(help="Column of the texts in --input.")] = "text",
    encoder: Annotated[
        str, typer.Option(help="Whose vectors the embedding is: static, minilm, a folder or a hub's name.")
    ] = "static",
    model: Annotated[
        str, typer.Option(help="Whose heads to use: an alias, a version, a run id or a folder.")
    ] = "champion",
    embedding: Annotated[bool, typer.Option(help="Write the embedding, too.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Language, sentiment, topics, toxicity, people, places, organisations, tags and links of texts.

    Heads that you trained (text train) add their label and its probability.

    Example: rookery text analyze "Marie Curie never went to Tokyo #physics"
    Example: rookery text analyze --input tweets.csv --out tweets.parquet
    """
    from data.errors import ConfigError
    from data.home_folder import home_folder
    from experiments.text.analyze import analyze_file, analyze_text, reader_of

    if (text is None) == (source is None):
        raise ConfigError("give one text or a file", remedy='rookery text analyze "TEXT", or --input FILE --out FILE')
    if (source is None) != (out is None):
        raise ConfigError("--input and --out belong together", remedy="--input FILE --out FILE.parquet")
    reader = reader_of(home_folder(), model=model, encoder=encoder)
    if source is not None and out is not None:
        with progress_bar(f"reading {source.name}") as progress:
            done = analyze_file(source, out, reader, column=column, embedding=embedding, progress=progress)
        line = f"{done.rows:,} texts in {done.seconds:.1f} s ({done.rows / done.seconds:,.0f} a second): {done.out}"
        show(done, as_json=as_json, tables=[line])
        return
    facts = analyze_text(text or "", reader)
    vector = facts.pop("embedding")
    rows = [(name.replace("_", " "), to_line(value)) for name, value in facts.items() if name != "text"]
    about = f"{len(vector)} numbers of {reader.encoder.name}"
    out_table = table(str(facts["text"]), ["field", "value"], [*rows, ("embedding", about)])
    out_table.columns[1].justify = "left"
    show(facts | ({"embedding": vector} if embedding else {}), as_json=as_json, tables=[out_table])


@app.command()
def train(
    task: Annotated[str | None, typer.Option(help="What the head predicts; names it and its columns.")] = None,
    labels: Annotated[Path | None, typer.Option(help="CSV or Parquet file of labelled texts.")] = None,
    test: Annotated[Path | None, typer.Option(help="A file to judge by, instead of a held-out part.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A data set whose annotations are the labels: of --task, or of every task.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="Column of the texts.")] = "text",
    label_column: Annotated[str, typer.Option(help="Column of the labels.")] = "label",
    encoder: Annotated[str, typer.Option(help="static, minilm, a folder or a hub's name.")] = "static",
    held_out: Annotated[float, typer.Option(help="Share of the texts to judge by.", min=0.01, max=0.9)] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the held-out part, folds and resamples.", min=0)] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the heads, instead of the one where analyze finds them.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train a text head on your labels, say how good it is, and put it to use in text analyze.

    Example: rookery text train --task mood --labels moods.csv --encoder minilm
    Example: rookery text train --data var/world
    """
    from data.errors import NotFoundError
    from data.home_folder import home_folder
    from data.import_by_name import did_you_mean
    from experiments.runs.config import validate
    from experiments.text.train_head import (
        TextTrainConfig,
        annotated_labels,
        check_labels,
        check_sources,
        read_labels,
        train_text,
    )
    from features.text.saved_heads import check_task

    check_sources(labels, data, task)
    if task is not None:
        check_task(task)
    if data is not None:
        every, source = annotated_labels(data), "annotations"
        if task is not None and task not in every:
            remedy = f"{did_you_mean(task, every)}it has {', '.join(every)}"
            raise NotFoundError(f"{data} has no annotations of task {task!r}", remedy=remedy)
        jobs = {name: some for name, some in every.items() if task in (None, name)}
    else:
        jobs, source = {str(task): read_labels(Path(str(labels)), text=text_column, label=label_column)}, "labels"
    judge = read_labels(test, text=text_column, label=label_column) if test is not None else None
    options = {"encoder": encoder, "held_out": held_out, "seed": seed}
    config = validate(TextTrainConfig, options, source="the options")
    for some in jobs.values():
        check_labels(some, judge, config)
    reports = []
    for name, some in jobs.items():
        folder = out / name if out is not None else None
        with progress_bar(f"training {name}") as progress:
            reports.append(
                train_text(name, some, judge, config, home_folder(), out=folder, source=source, progress=progress)
            )
    show(
        reports if data is not None and task is None else reports[0],
        as_json=as_json,
        tables=[one for report in reports for one in _tables(report)],
    )


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """Print the heads that there are: those that came with the program, and those that you trained."""
    from data.home_folder import home_folder
    from features.text.saved_heads import SHIPPED, heads_in, trained_folder

    home = home_folder()
    encoders: dict[str, Any] = {}
    rows, facts = [], []
    for where, folder in (("shipped", SHIPPED), ("trained", trained_folder(home))):
        for one in heads_in(folder, home / "cache", encoders).values():
            score = one.about.get("macro_f1")
            facts.append({"task": one.task, "where": where, "encoder": one.encoder.name, "labels": one.head.labels,
                          "about": one.about})  # fmt: skip
            rows.append(
                (one.task, where, one.encoder.name, len(one.head.labels), "" if score is None else f"{score:.3f}")
            )
    show(facts, as_json=as_json, tables=[table("text heads", ["task", "from", "encoder", "labels", "macro-F1"], rows)])


def _tables(report: Any) -> list[Any]:
    """A report for people."""
    interval = f"{report.macro_f1:.3f} [{report.macro_f1_low:.3f}, {report.macro_f1_high:.3f}]"
    if report.macro_f1_low == report.macro_f1_high:
        interval = f"{report.macro_f1:.3f} (resampled texts show no spread)"
    judged = len({one.label for one in report.labels if one.texts})
    some = f" of {judged} of {judged + len(report.unjudged)} labels" if report.unjudged else ""
    weights = "balanced labels" if report.chosen["balanced"] else "labels as frequent as they are"
    facts = [
        (f"macro-F1{some} (95% interval)", interval),
        ("of always saying the most frequent label", f"{report.majority_macro_f1:.3f}"),
        ("accuracy", f"{report.accuracy:.3f}"),
        ("judged by", f"{report.judged_on:,} texts, {report.judged_by}"),
        ("trained on", f"{report.trained_on:,} texts, {report.encoder}"),
        ("chosen by cross-validation", f"C = {report.chosen['inverse_penalty']:g}, {weights}"),
        ("rows left out", f"{report.skipped:,}"),
        ("kept in", str(report.folder)),
        ("MLflow run", report.run_id),
    ]
    labels = [
        (
            one.label,
            f"{one.precision:.3f}",
            f"{one.recall:.3f}" if one.texts else "-",
            f"{one.f1:.3f}",
            f"{one.texts:,}",
        )
        for one in report.labels
    ]
    return [
        table(f"text head {report.task}", ["", ""], facts),
        table("by label", ["label", "precision", "recall", "F1", "texts"], labels),
        *report.notes,
    ]


def to_line(value: object) -> str:
    """A field's value in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.3f}" for name, share in value.items())
    if isinstance(value, list):
        return ", ".join(f"{o['topic']} {o['score']:.2f}" if isinstance(o, dict) else str(o) for o in value) or "none"
    if value is None:
        return "unknown"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
