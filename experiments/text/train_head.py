"""Trains text heads on labelled texts, says how good they are on texts they have not seen, and puts them to use."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from data.batch import F64, I64, Array
from data.errors import ConfigError, DataError
from data.progress import Progress, no_progress
from data.settings import Seed
from experiments.text.tables import collect, scan_table
from features.text.encoder import STATIC, TextEncoder, resolve_encoder
from features.text.saved_heads import TaskHead, check_task, trained_folder
from features.text.training import Examples, choose, predict, train_head

RESAMPLES = 1_000
MOST_LABELS = 500
LEAST_JUDGED = 2
"""Labels that a head must be judged by: a single label cannot be confused with another."""

_NAMED = 5
"""Labels that a message names."""
_JUDGED_BY = "to be held out a label needs two different texts: give more, or --test FILE"


class TextTrainConfig(BaseModel):
    """How a head is trained and judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = STATIC
    """`static`, `minilm`, a folder of sentence-transformers, or a name on the Hugging Face hub."""
    held_out: float = Field(default=0.2, gt=0, lt=1)
    """Share of each label's texts to judge by, where there is no test file."""
    seed: Seed = 1
    """Of the held-out part, the folds and the resamples."""


@dataclass(frozen=True)
class Labelled:
    """Texts with labels; `skipped` rows lacked one or the other."""

    texts: list[str]
    labels: list[str]
    source: str
    content_hash: str
    skipped: int = 0
    folder: Path = Path()
    """The file, or the data set's folder."""

    @property
    def name(self) -> str:
        """What a run calls this data."""
        return Path(self.source).name

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, rows: I64) -> Labelled:
        """Those at `rows`."""
        texts, labels = [self.texts[row] for row in rows], [self.labels[row] for row in rows]
        return Labelled(texts, labels, self.source, self.content_hash, folder=self.folder)


@dataclass(frozen=True)
class LabelScore:
    """How well one label is predicted."""

    label: str
    precision: float
    recall: float
    f1: float
    texts: int
    """With that label among those judged by."""


@dataclass(frozen=True)
class TextReport:
    """A head trained."""

    task: str
    folder: Path
    encoder: str
    trained_on: int
    judged_on: int
    judged_by: str
    """`held-out` or the test file."""
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    """Of the 95% percentile interval over resampled texts."""
    accuracy: float
    majority_macro_f1: float
    """Of always saying the most frequent training label: the floor."""
    chosen: Mapping[str, Any]
    tried: Sequence[Mapping[str, Any]]
    labels: Sequence[LabelScore]
    skipped: int = 0
    run_id: str = ""
    unjudged: Sequence[str] = field(default_factory=tuple)
    """Labels that no text is judged by: no score says anything about them."""
    notes: Sequence[str] = field(default_factory=tuple)


def train_text(
    task: str, labelled: Labelled, test: Labelled | None, config: TextTrainConfig, home: Path, *,
    out: Path | None = None, source: str = "labels", progress: Progress = no_progress,
) -> TextReport:  # fmt: skip
    """Trains the head of `task`, logs the run in MLflow and keeps the head in `out` (by default where it plugs in).

    Penalty and class weights are chosen by cross-validation on the training part alone. Where there is no test file the
    head is judged on a held-out part, and the one that is kept is then fitted to all texts; the same text is never on
    both sides.

    Raises:
        ConfigError: a bad name of a task, or no such encoder.
        DataError: fewer than two labels, too many, or too few texts to hold some out.
    """
    from experiments.reports.plots import intervals
    from experiments.runs.tracking import log_figure, log_files, log_numbers, ready, tracked_run

    check_task(task)
    check_labels(labelled, test, config)
    ready(home)
    encoder = resolve_encoder(config.encoder, cache=home / "cache")
    seen, judged = _parts(labelled, test, config)
    both = [_examples(one, encoder, progress) for one in (seen, judged)]
    chosen, tried = choose(both[0], seed=config.seed, progress=progress)
    head = train_head(both[0], chosen)
    if head is None:
        raise DataError(f"{labelled.source} has one label in its training part", remedy="give more labelled texts")
    guess = predict(head, both[1])
    score = _scores(both[1].labels.astype(str), guess, config.seed)
    floor = np.full(len(judged), _most_frequent(seen.labels), object)
    majority = macro_f1(both[1].labels.astype(str), floor.astype(str))
    kept = head if test is not None else train_head(_examples(labelled, encoder, progress), chosen)
    parameters = {"task": task, **config.model_dump(), **chosen.model_dump(), "labels": len(set(labelled.labels))}
    tags = {"kind": "text", "source": labelled.source}
    with tracked_run(home, name=f"text {task}", dataset=labelled, parameters=parameters, tags=tags) as run_id:
        numbers = {"macro_f1": score["macro_f1"], "macro_f1_low": score["low"], "macro_f1_high": score["high"],
                   "accuracy": score["accuracy"], "majority_macro_f1": majority}  # fmt: skip
        log_numbers(numbers)
        drawn = {task: (score["macro_f1"], score["low"], score["high"])}
        log_figure(intervals(drawn, title="macro-F1 with its 95% interval", xlabel="macro-F1"), "macro_f1.png")
        report = TextReport(
            task, out or trained_folder(home) / task, config.encoder,
            len(labelled) if test is None else len(seen), len(judged),
            "held-out" if test is None else test.source, score["macro_f1"], score["low"], score["high"],
            score["accuracy"], majority, chosen.model_dump(), tried, score["labels"], labelled.skipped,
            run_id, _unjudged(labelled, judged), _notes(labelled, judged, score["accuracy"]),
        )  # fmt: skip
        about = {"source": source, **{name: value for name, value in asdict(report).items() if name != "folder"}}
        about["judged_by"] = Path(report.judged_by).name
        TaskHead(task, kept or head, encoder, about).save(report.folder)
        log_files(report.folder, "head")
    return report


def read_labels(path: Path, *, text: str = "text", label: str = "label") -> Labelled:
    """Labelled texts of a CSV or Parquet file; rows without a text or a label are left out and counted.

    Raises:
        DataError: the file cannot be read, lacks a column or has no labelled text.
    """
    table = scan_table(path)
    schema = table.collect_schema()
    for column in (text, label):
        if column not in schema:
            raise DataError(f"{path} has no column {column!r}", remedy=f"it has {', '.join(schema.names())}")
    if schema[label].is_float() or schema[label].is_nested():
        raise DataError(f"{path} has {label!r} as {schema[label]}", remedy="labels are texts or whole numbers")
    rows = collect(path, table.select(text=pl.col(text).cast(pl.String), label=pl.col(label).cast(pl.String)))
    good = rows.with_columns(pl.col("label").str.strip_chars()).filter(
        (pl.col("text").str.strip_chars() != "") & (pl.col("label") != "")
    )
    if not len(good):
        raise DataError(f"{path} has no labelled text", remedy=f"fill the columns {text!r} and {label!r}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    texts, labels = good["text"].to_list(), good["label"].to_list()
    return Labelled(texts, labels, str(path), digest, len(rows) - len(good), path)


def annotated_labels(folder: Path) -> dict[str, Labelled]:
    """By task, what most annotators of a data set's tweets said.

    Raises:
        DataError: the data set cannot be opened or has no annotations.
    """
    from data.dataset import Dataset
    from features.text.understanding import majority

    dataset = Dataset.open(folder)
    if not dataset.rows("annotations"):
        raise DataError(f"{folder} has no annotations", remedy="give labels: --labels FILE.csv")
    texts = dataset.scan("tweets").select("tweet_id", "text").filter(pl.col("text") != "")
    rows = majority(dataset.scan("annotations")).join(texts, on="tweet_id").sort("task", "tweet_id").collect()
    return {
        str(task): Labelled(
            some["text"].to_list(), some["label"].to_list(), dataset.name, dataset.content_hash, folder=folder
        )
        for (task,), some in rows.group_by("task", maintain_order=True)
    }


def macro_f1(truth: Array, guess: Array) -> float:
    """The unweighted mean over labels of F1; of every label that is true or guessed somewhere."""
    names, codes = np.unique(np.r_[truth, guess], return_inverse=True)
    pairs = np.bincount(codes[: len(truth)] * len(names) + codes[len(truth) :], minlength=len(names) ** 2)
    return float(_macro(pairs.reshape(1, len(names), len(names)))[0])


def _macro(confusion: Array) -> F64:
    """[R] macro-F1 of [R, L, L] counts, true by guessed, over the labels that occur in each."""
    hit = np.diagonal(confusion, axis1=1, axis2=2).astype(np.float64)
    total = confusion.sum(axis=1) + confusion.sum(axis=2)
    f1 = np.divide(2 * hit, total, out=np.zeros_like(hit), where=total > 0)
    out: F64 = f1.sum(axis=1) / np.maximum((total > 0).sum(axis=1), 1)
    return out


def _scores(truth: Array, guess: Array, seed: int) -> dict[str, Any]:
    """Macro-F1 with a percentile bootstrap over texts, accuracy, and every label's score."""
    names, codes = np.unique(np.r_[truth, guess.astype(str)], return_inverse=True)
    size = len(names)
    pair = codes[: len(truth)] * size + codes[len(truth) :]
    whole = np.bincount(pair, minlength=size**2).reshape(size, size)
    rng = np.random.default_rng(seed)
    # Resampling texts is drawing the counts of (true, guessed) from a multinomial of their shares.
    draws = np.concatenate([
        _macro(rng.multinomial(len(pair), whole.ravel() / len(pair), 50).reshape(50, size, size))
        for _ in range(RESAMPLES // 50)
    ])  # fmt: skip
    low, high = np.percentile(draws, [2.5, 97.5])
    hit, said, true = np.diagonal(whole), whole.sum(axis=0), whole.sum(axis=1)
    labels = [
        LabelScore(
            str(name), float(hit[at] / max(said[at], 1)), float(hit[at] / max(true[at], 1)),
            float(2 * hit[at] / max(said[at] + true[at], 1)), int(true[at]),
        )
        for at, name in enumerate(names)
    ]  # fmt: skip
    return {"macro_f1": float(_macro(whole[None])[0]), "low": float(low), "high": float(high),
            "accuracy": float(hit.sum() / len(pair)), "labels": labels}  # fmt: skip


def check_labels(labelled: Labelled, test: Labelled | None, config: TextTrainConfig) -> None:
    """Refuses labels that no head can be trained on or judged by; reads no text.

    Raises:
        DataError: fewer than two labels, too many, or fewer than two that the head would be judged by.
    """
    count = len(set(labelled.labels))
    if count < 2:
        raise DataError(
            f"{labelled.source} has one label, {labelled.labels[0]!r}", remedy="give texts of at least two labels"
        )
    if count > MOST_LABELS:
        raise DataError(
            f"{labelled.source} has {count:,} labels", remedy=f"name a column of at most {MOST_LABELS}: --label-column"
        )
    _, judged = _parts(labelled, test, config)
    if len(set(judged.labels) & set(labelled.labels)) < LEAST_JUDGED:
        unjudged = _in_words(_unjudged(labelled, judged), labelled)
        raise DataError(f"a head for {count} labels cannot be judged: {unjudged}", remedy=_JUDGED_BY)


def _parts(labelled: Labelled, test: Labelled | None, config: TextTrainConfig) -> tuple[Labelled, Labelled]:
    """What is trained on, and what is judged by."""
    return (labelled, test) if test is not None else _hold_out(labelled, config)


def _unjudged(labelled: Labelled, judged: Labelled) -> tuple[str, ...]:
    """The labels that no text is judged by, the rarest first."""
    texts = Counter(labelled.labels)
    return tuple(sorted(set(texts) - set(judged.labels), key=lambda label: (texts[label], label)))


def _in_words(unjudged: Sequence[str], labelled: Labelled) -> str:
    texts = Counter(labelled.labels)
    words = [f"{label!r} ({texts[label]} {'text' if texts[label] == 1 else 'texts'})" for label in unjudged[:_NAMED]]
    more = f" and {len(unjudged) - _NAMED} more labels" if len(unjudged) > _NAMED else ""
    return f"no text of {', '.join(words)}{more} is among those that judge it"


def _notes(labelled: Labelled, judged: Labelled, accuracy: float) -> tuple[str, ...]:
    """What the score does not say."""
    notes = []
    if unjudged := _unjudged(labelled, judged):
        notes.append(f"macro-F1 leaves labels out: {_in_words(unjudged, labelled)}; {_JUDGED_BY}")
    if strange := sorted(set(judged.labels) - set(labelled.labels)):
        named = ", ".join(map(repr, strange[:_NAMED]))
        notes.append(f"{judged.source} has {len(strange)} labels that were not trained, each with an F1 of 0: {named}")
    if accuracy == 1.0:
        least = 0.05 ** (1 / len(judged))
        notes.append(
            f"all {len(judged):,} are right, so resampling them has no spread; the accuracy is above {least:.3f} at 95%"
        )
    return tuple(notes)


def _hold_out(labelled: Labelled, config: TextTrainConfig) -> tuple[Labelled, Labelled]:
    """A part to train on and a part to judge by; of each label at least one text is trained on."""
    names, first = np.unique(labelled.texts, return_inverse=True)
    labels = np.array(labelled.labels)
    # A text belongs to one side with all its copies, by the label that it has first.
    own = np.full(len(names), "", labels.dtype)
    own[first[::-1]] = labels[::-1]
    held = np.zeros(len(names), bool)
    rng = np.random.default_rng(config.seed)
    for label in np.unique(own):
        rows = rng.permutation(np.flatnonzero(own == label))
        held[rows[: min(max(round(config.held_out * len(rows)), 1), len(rows) - 1)]] = True
    side = held[first]
    if not side.any():
        raise DataError(f"{labelled.source} has too few texts to hold some out", remedy="give more, or --test FILE")
    return labelled.at(np.flatnonzero(~side)), labelled.at(np.flatnonzero(side))


def _examples(labelled: Labelled, encoder: TextEncoder, progress: Progress) -> Examples:
    vectors, step = [], 1_024
    for at in range(0, len(labelled), step):
        progress(at, len(labelled), "reading texts")
        vectors.append(encoder.encode(labelled.texts[at : at + step]))
    return Examples.of(np.concatenate(vectors), labelled.texts, labelled.labels)


def _most_frequent(labels: Sequence[str]) -> str:
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def check_sources(labels: Path | None, data: Path | None, task: str | None) -> None:
    """Refuses what does not go together.

    Raises:
        ConfigError: labels and data, or neither; labels without a task.
    """
    if (labels is None) == (data is None):
        raise ConfigError("give labels or a data set", remedy="--task NAME --labels FILE.csv, or --data DIR")
    if labels is not None and task is None:
        raise ConfigError("labels have no task", remedy="name it: --task NAME")
