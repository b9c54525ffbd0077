"""Runs and qrels of others, measured beside plain formulas, query by query, ties and gaps included."""

from __future__ import annotations

from math import log2
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import DataError
from experiments.evaluation.trec import evaluate_runs, per_query, read_qrels, read_run

ITEMS = st.sampled_from([f"d{at}" for at in range(12)])
RUNS = st.dictionaries(
    st.sampled_from(["q1", "q2", "q3", "q9"]), st.dictionaries(ITEMS, st.integers(-3, 3), min_size=1), min_size=1
)
QRELS = st.dictionaries(
    st.sampled_from(["q1", "q2", "q3", "q4"]), st.dictionaries(ITEMS, st.integers(-1, 3), min_size=1), min_size=1
)


def _plain(run: dict[str, int], relevance: dict[str, int], k: int) -> dict[str, float]:
    """One query by the book, items in trec_eval's order."""
    order = sorted(run, key=lambda one: (run[one], one), reverse=True)[:k]
    gains = [max(0, relevance.get(one, 0)) for one in order]
    best = sorted((one for one in relevance.values() if one > 0), reverse=True)
    hits = [gain > 0 for gain in gains]
    precision = [sum(hits[: at + 1]) / (at + 1) for at in range(len(hits))]
    total = sum(one for one, hit in zip(precision, hits, strict=True) if hit)
    return {
        "hit": float(any(hits)),
        "recall": sum(hits) / len(best),
        "precision": sum(hits) / k,
        "map": total / len(best),
        "map_capped": total / min(len(best), k),
        "mrr": 1 / (hits.index(True) + 1) if any(hits) else 0.0,
        "ndcg": sum(g / log2(at + 2) for at, g in enumerate(gains))
        / sum(g / log2(at + 2) for at, g in enumerate(best[:k])),
    }


@given(RUNS, QRELS, st.integers(1, 8))
def test_every_metric_is_its_formula(run: dict[str, dict[str, int]], qrels: dict[str, dict[str, int]], k: int) -> None:
    judged = {query: one for query, one in qrels.items() if max(one.values()) > 0}
    if not judged:
        return
    rows = [(q, item, float(score)) for q, one in run.items() for item, score in one.items()]
    relevant = [(q, item, float(value)) for q, one in judged.items() for item, value in one.items()]
    queries, found = per_query(
        pl.DataFrame(rows, schema=["query", "item", "score"], orient="row"),
        pl.DataFrame(relevant, schema=["query", "item", "relevance"], orient="row"),
        k,
    )
    assert queries == sorted(judged)
    for at, query in enumerate(queries):
        for name, value in _plain(run.get(query, {}), judged[query], k).items():
            assert found[name][at] == pytest.approx(value, abs=1e-9), (query, name)


def test_files_are_read_with_any_blanks_and_counted(tmp_path: Path) -> None:
    run, qrels = tmp_path / "a.run", tmp_path / "a.qrels"
    run.write_text("q1\tQ0  d1 1\t2.5 mine\nq1 Q0 d2 2 2.5 mine\r\n\nq7 Q0 d1 1 1e-3 mine\n")
    qrels.write_text("q1 0 d1 1\nq1 0 d3 0\nq2 0 d1 2\nq3 0 d1 0\n")
    (found,) = evaluate_runs([run], qrels, k=1)
    assert (found.tag, found.queries, found.missing, found.unjudged, found.tied) == ("mine", 2, 1, 1, 1)
    # Of equal scores d2 comes before d1, as in trec_eval; q2 is missing and counts 0.
    assert found.metrics["hit"].mean == 0
    (found,) = evaluate_runs([run], qrels, k=2)
    assert found.metrics["mrr"].mean == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("q1 Q0 d1 1 0.5", "line 2 does not have the fields query q0 item rank score tag"),
        ("q1 Q0 d1 1 much tag", "line 2 has no number as its score"),
        ("q1 Q0 d1 1 nan tag", "line 2 has no number as its score"),
        ("q1 Q0 d0 2 0.5 tag", "line 2 has an item again"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "a.run").write_text(f"q1 Q0 d0 1 0.9 tag\n{line}\n")
    with pytest.raises(DataError, match=words):
        read_run(tmp_path / "a.run")


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "none").write_text("q1 0 d1 0\n")
    (tmp_path / "a.run").write_text("q1 Q0 d0 1 0.9 tag\n")
    with pytest.raises(DataError, match="has no lines"):
        read_qrels(tmp_path / "empty")
    with pytest.raises(DataError, match="nothing relevant"):
        evaluate_runs([tmp_path / "a.run"], tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read"):
        read_qrels(tmp_path / "absent")
