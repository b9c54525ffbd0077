"""Benches: both sides of a case do the same work, and what is measured adds up."""

from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigError
from experiments.bench.harness import BENCHES, LONG, BenchResult, Case, Row, measure, run_benches
from experiments.bench.plot import draw_growth


def test_a_case_is_measured_in_turns() -> None:
    turns = []
    row = measure(Case("sum", lambda: turns.append("o"), lambda: turns.append("p"), 10, "numbers"), seconds=0.01)
    assert row.rounds >= 3
    assert {"o", "p"} == set(turns)
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert row.rate == pytest.approx(10 / row.ours_s)
    assert row.rate_text.endswith(" numbers/s")


def test_an_unknown_bench_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown bench 'fast'; choose one of fanout, features, growth, mmr"):
        run_benches(["fast"])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BENCHES.keys() - LONG))
def test_every_bench_runs(name: str) -> None:
    (result,) = run_benches([name], seconds=0.0)
    assert result.bench == name
    assert result.rows
    assert all(row.ours_s > 0 and row.peer_s > 0 for row in result.rows)


def test_a_case_of_minutes_is_called_once_and_counts_what_it_made() -> None:
    calls: list[str] = []
    case = Case("big", lambda: calls.append("o") or [1, 2, 3], lambda: calls.append("p"), len, "things", 7, True)
    row = measure(case)
    assert calls == ["o", "p"]
    assert (row.rounds, row.size) == (1, 7)
    assert row.rate == pytest.approx(3 / row.ours_s)


def test_growth_is_drawn_and_only_growth(tmp_path: Path) -> None:
    rows = tuple(Row("w", size / 1e4, 1.0, 1.0, 1.0, "u", 1, size) for size in (10, 100))
    draw_growth([BenchResult("growth", "peer", rows)], tmp_path / "growth.svg")
    assert "<svg" in (tmp_path / "growth.svg").read_text()
    with pytest.raises(ConfigError, match="growth"):
        draw_growth([BenchResult("mmr", "peer", ())], tmp_path / "none.svg")


def _values(side: object) -> list[list[int]]:
    return np.asarray(side).reshape(-1, 20).tolist()


def test_mmr_and_its_peer_choose_the_same() -> None:
    from experiments.bench.mmr import MMRBench

    for case in MMRBench().cases():
        assert _values(case.ours().values % 500) == _values(case.peer())


def test_retrieval_and_its_peer_find_the_same() -> None:
    from experiments.bench.retrieval import RetrievalBench

    for case in RetrievalBench().cases():
        (ours, scores), (peer, peer_scores) = case.ours(), case.peer()
        assert np.allclose(scores, peer_scores, atol=1e-5)
        assert (np.sort(ours, axis=1) == np.sort(peer, axis=1)).mean() > 0.99


def test_features_and_their_peer_say_the_same() -> None:
    from experiments.bench import features

    names = [*features._TWEET, *features._AUTHOR, *features._PAIR]
    for case in features.FeaturesBench().cases():
        ours = case.ours()
        for name, column in zip(names, case.peer(), strict=True):
            assert np.array_equal(ours.column(name), column), name
