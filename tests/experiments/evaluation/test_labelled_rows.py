"""Models of clicks on ids judged by labelled rows: beside the mean, and refused where they learned something else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from data.dataset import Dataset
from data.errors import ConfigError, DataError, ModelError
from data.labels import labelled
from data.readers import read_log
from data.split import parse_split
from data.ties import positives
from experiments.evaluation.labelled_rows import RANDOM, LabelConfig, evaluate_labels
from experiments.runs.config import RunConfig
from experiments.runs.train import train


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """40 people, 30 films, stars by the person and the film."""
    folder, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(2)
    lines = ["userId,movieId,rating,timestamp"]
    for user in range(40):
        for film in rng.choice(30, 20, replace=False).tolist():
            stars = np.clip(round(3 + (user % 5 - 2) / 2 + (film % 3 - 1) / 2 + rng.normal(0, 0.7)), 1, 5)
            lines.append(f"{user},{film},{stars},{1_000_000_000 + len(lines)}")
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(f"{at},A,War\n" for at in range(30)))
    return read_log("movielens", folder, folder / "out")


@pytest.fixture(scope="module")
def model(films: Dataset, home: Path) -> str:
    settings = {"positive_from": 3.5, "l2": 0.01, "epochs": 5}
    return f"v{train(films, RunConfig(scorer='biases', split=RANDOM, settings=settings), home).version}"


def test_rows_are_judged_beside_the_mean(films: Dataset, model: str, home: Path) -> None:
    split = parse_split(RANDOM).apply(films)
    test, learned = (labelled(films, rows, 3.5)["label"].to_numpy() for rows in (split.test, split.train))
    report = evaluate_labels(films, [model, "popularity"], LabelConfig(positive_from=3.5), home)
    assert (report.test_rows, report.positive) == (len(test), test.mean())
    mean, ours, popularity = report.rows
    assert mean.auc is None
    assert mean.log_loss is not None
    assert mean.log_loss.mean == pytest.approx(log_loss(test, np.full(len(test), learned.mean())))
    assert ours.auc is not None
    assert ours.log_loss is not None
    assert ours.auc.mean > 0.6
    assert ours.log_loss.mean < mean.log_loss.mean
    assert popularity.log_loss is None
    counts = dict(split.train.collect().group_by("tweet_id").len().iter_rows())
    scores = [counts.get(one, 0) for one in split.test.collect()["tweet_id"]]
    assert popularity.auc is not None
    assert popularity.auc.mean == pytest.approx(roc_auc_score(test, scores))


def test_what_a_model_may_not_be_judged_by_is_refused(films: Dataset, model: str, home: Path) -> None:
    with pytest.raises(ModelError, match="learned from split"):
        evaluate_labels(films, [model], LabelConfig(split=f"{RANDOM} seed=2", positive_from=3.5), home)
    with pytest.raises(ConfigError, match=r"values of at least 3\.5 as positive, not 4; say --positive-from 3\.5"):
        evaluate_labels(films, [model], LabelConfig(), home)
    with pytest.raises(DataError, match="are negative at 9"):
        evaluate_labels(films, [model], LabelConfig(positive_from=9), home)


def test_a_log_without_values_has_no_labels(tiny_dataset: Dataset) -> None:
    with pytest.raises(DataError, match="has no values, so no labels"):
        labelled(tiny_dataset, positives(tiny_dataset), 4)


def test_the_report_is_plain(films: Dataset, model: str, home: Path) -> None:
    from experiments.cli.console import to_json

    report = evaluate_labels(films, [model], LabelConfig(positive_from=3.5), home)
    facts = json.loads(to_json(report))
    assert [row["name"] for row in facts["rows"]] == ["mean of the training labels", model]
