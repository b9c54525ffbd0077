"""Benches: both sides of a case do the same work, and what is measured adds up."""

import numpy as np
import pytest

from data.errors import ConfigError
from experiments.bench.harness import BENCHES, Case, measure, run_benches


def test_a_case_is_measured_in_turns() -> None:
    turns = []
    row = measure(Case("sum", lambda: turns.append("o"), lambda: turns.append("p"), 10, "numbers"), seconds=0.01)
    assert row.rounds >= 3
    assert {"o", "p"} == set(turns)
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert row.rate == pytest.approx(10 / row.ours_s)
    assert row.rate_text.endswith(" numbers/s")


def test_an_unknown_bench_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown bench 'fast'; choose one of fanout, features, mmr"):
        run_benches(["fast"])


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_runs(name: str) -> None:
    (result,) = run_benches([name], seconds=0.0)
    assert result.bench == name
    assert result.rows
    assert all(row.ours_s > 0 and row.peer_s > 0 for row in result.rows)


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
