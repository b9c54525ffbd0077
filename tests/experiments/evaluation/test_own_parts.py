"""Scorers and metrics that a caller made, without a line in a catalogue: measured, logged and compared like ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError, ModelError
from experiments.cli.tables import scorer_table
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles, evaluate_references
from experiments.runs.splits import split_of
from ranking.artifact import Bundle
from ranking.metrics.metric import ActionMetric, ImpressionMetric, ListMetric, RequestMetric
from ranking.scorer import Scorer

FEW = EvaluateConfig(requests=40)


class Newest:
    """Newer first, in a plain class."""

    reads = ("tweet.age_h",)

    def score(self, batch: CandidateBatch) -> F32:
        return -batch.column("tweet.age_h")


TOP_HIT = RequestMetric("top_hit", ("score", "relevance"), lambda ranked: ranked.ranking.hits[:, 0])
OLDEST = RequestMetric(
    "oldest", ("score", "tweet.age_h"), lambda ranked: ranked.in_places(ranked.column("tweet.age_h")).max(axis=1)
)
LISTED = ListMetric("listed", "tweet_id", lambda ids, offsets, among: len(np.unique(ids)))
SHOWN = ImpressionMetric("shown", ("label",), len)
TAKEN = ActionMetric("taken", ("label",), np.sum)


@pytest.mark.slow
def test_own_scorers_and_metrics_are_measured_logged_and_compared(home: Path, tiny_dataset: Dataset) -> None:
    own = [TOP_HIT, OLDEST, LISTED, SHOWN, TAKEN]
    report = evaluate_references(tiny_dataset, ["recency"], FEW, home, scorers={"newest": Newest()}, metrics=own)
    mine, ours = report.row("newest"), report.row("recency")
    # Both put the newer tweet first.
    assert (mine.ndcg, mine.auc, mine.true_value, mine.metrics) == (ours.ndcg, ours.auc, ours.true_value, ours.metrics)
    assert set(mine.metrics) == {"top_hit", "oldest"}
    assert 0 <= mine.metrics["top_hit"].mean < mine.ndcg.mean
    assert 0 < mine.metrics["oldest"].mean < report.row("oracle").metrics["oldest"].mean
    assert 20 <= mine.shares["listed"] <= 20 * mine.ndcg.n
    assert mine.shares["shown"] == mine.auc.n  # type: ignore[union-attr]
    heads = [str(one.header) for one in scorer_table(report).columns]
    assert heads[-4:] == ["top_hit@20", "oldest@20", "listed@20", "shown"]
    compared = compare_runs(["recency", "newest"], home, ["oldest"])
    assert compared.rows[1].value.mean == mine.metrics["oldest"].mean
    assert compared.rows[1].difference is not None
    assert compared.rows[1].difference.mean == 0


def bundle(dataset: Dataset, scorer: Scorer) -> Bundle:
    return Bundle("own", scorer, None, dataset.name, dataset.content_hash)


@pytest.mark.parametrize("split", ["auto", "leave_last_out"])
def test_a_scorer_that_gives_something_else_than_one_number_a_candidate_is_named(
    tiny_dataset: Dataset, split: str
) -> None:
    class Short(Newest):
        def score(self, batch: CandidateBatch) -> F32:
            return super().score(batch)[:1]

    with pytest.raises(ModelError, match=r"Short gave scores of shape \(1,\) for \(\d+,\)"):
        evaluate_bundles(tiny_dataset, split_of(tiny_dataset, split), {"s": bundle(tiny_dataset, Short())}, FEW)


def zeros(name: str, *reads: str) -> RequestMetric:
    """Three zeros, however many requests there are."""
    return RequestMetric(name, ("score", *reads), lambda ranked: np.zeros(3))


@pytest.mark.parametrize(
    ("own", "error", "said"),
    [
        ([zeros("ndcg")], ConfigError, "the name 'ndcg' of a metric is taken"),
        ([TOP_HIT, TOP_HIT], ConfigError, "the name 'top_hit' of a metric is taken; name it my_top_hit"),
        ([zeros("mean", "tweet.mood")], ConfigError, "metric 'mean' reads 'tweet.mood', which is no column"),
        ([zeros("one")], ModelError, r"metric 'one' gave shape \(3,\) for 1"),
    ],
)
def test_a_metric_that_cannot_be_measured_is_named(
    tiny_dataset: Dataset, own: list[RequestMetric], error: type[Exception], said: str
) -> None:
    split, bundles = split_of(tiny_dataset, "auto"), {"s": bundle(tiny_dataset, Newest())}
    with pytest.raises(error, match=said):
        evaluate_bundles(tiny_dataset, split, bundles, FEW, metrics=own)
