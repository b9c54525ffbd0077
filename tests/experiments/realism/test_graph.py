"""Figures of the follow graph on graphs with a known answer, and of laws drawn from samplers of known exponent."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from experiments.realism.fits import best_power_law, hill
from experiments.realism.graph import local_clustering, undirected
from tests.experiments.realism.small_logs import row_of, values_of, write_log

TRIANGLE_AND_TAIL = [(1, 2), (2, 3), (3, 1), (3, 4)]


def test_a_star_has_no_clustering_and_no_reciprocity(tmp_path: Path) -> None:
    star = write_log(
        tmp_path / "star", users=[{"user_id": u} for u in range(11)], follows=[(u, 0) for u in range(1, 11)]
    )
    assert values_of(star, "mean out-degree")[0] == pytest.approx(10 / 11)
    assert values_of(star, "mean local clustering") == [0.0]
    assert values_of(star, "edge reciprocity") == [0.0]
    assert values_of(star, "average shortest path") == [1.0]
    # All followers have one follow: there is no spread to correlate.
    assert row_of(star, "out->in degree assortativity").verdict == "no data"


def test_clustering_ignores_directions_and_counts_pairs_of_neighbours(tmp_path: Path) -> None:
    graph = write_log(tmp_path / "graph", follows=[*TRIANGLE_AND_TAIL, (3, 2), (4, 4)])
    # 1 and 2: their two neighbours are joined; 3: one of three pairs; 4: one neighbour alone.
    assert values_of(graph, "mean local clustering") == pytest.approx([(1 + 1 + 1 / 3 + 0) / 4])


def test_paths_follow_the_direction_and_pairs_that_none_joins_do_not_count(tmp_path: Path) -> None:
    graph = write_log(tmp_path / "graph", follows=TRIANGLE_AND_TAIL)
    # From 1 to 2, 3, 4; from 2 to 3, 1, 4; from 3 to 1, 2, 4; from 4 to no one.
    assert values_of(graph, "average shortest path") == pytest.approx([np.mean([1, 2, 3, 1, 2, 2, 1, 2, 1])])


def test_reciprocity_is_of_edges_not_of_pairs(tmp_path: Path) -> None:
    graph = write_log(tmp_path / "graph", follows=[(1, 2), (2, 1), (1, 3), (4, 1), (4, 2)])
    assert values_of(graph, "edge reciprocity") == [2 / 5]


def test_only_follows_that_stand_at_the_end_count(tmp_path: Path) -> None:
    follows = [(1, 2, 0), (2, 1, 0), (1, 3, 0), (1, 2, 1, True), (2, 1, 2, True), (1, 2, 3)]
    graph = write_log(tmp_path / "graph", users=[{"user_id": u} for u in (1, 2, 3)], follows=follows)
    assert values_of(graph, "mean out-degree")[0] == pytest.approx(2 / 3)
    assert values_of(graph, "edge reciprocity") == [0.0]


def test_follows_that_all_ended_leave_no_graph(tmp_path: Path) -> None:
    graph = write_log(tmp_path / "graph", follows=[(1, 2, 0), (1, 2, 1, True)])
    row = row_of(graph, "edge reciprocity")
    assert (row.verdict, row.value, row.note) == ("no data", None, "no follows at the log's end")


def test_assortativity_is_pearsons_over_edges(tmp_path: Path) -> None:
    follows = [(1, 2), (1, 3), (1, 4), (2, 3), (4, 3)]
    graph = write_log(tmp_path / "graph", follows=follows)
    out, into = {1: 3, 2: 1, 4: 1}, {2: 1, 3: 3, 4: 1}
    expected = np.corrcoef([out[a] for a, _ in follows], [into[b] for _, b in follows])[0, 1]
    assert values_of(graph, "out->in degree assortativity") == pytest.approx([expected])


def test_the_exponent_of_in_degrees_is_the_discrete_likelihood_above_the_ninth_decile(tmp_path: Path) -> None:
    degrees = [1] * 8 + [2, 4, 8]
    follows = [(1000 + u, one) for one, degree in enumerate(degrees, 1) for u in range(degree)]
    row = row_of(write_log(tmp_path / "graph", follows=follows), "in-degree power-law exponent")
    assert row.value == pytest.approx(1 + 2 / (np.log(4 / 3.5) + np.log(8 / 3.5)))


@pytest.mark.parametrize("exponent", [2.0, 2.3, 2.8])
def test_a_zipf_law_gives_its_exponent_back(exponent: float) -> None:
    drawn = np.random.default_rng(1).zipf(exponent, 200_000)
    drawn = np.minimum(drawn, 10**9)
    assert best_power_law(drawn).exponent == pytest.approx(exponent, abs=0.03)
    # The closed form is for lower ends of 6 and more.
    assert hill(drawn[drawn >= 6], 0.0).exponent == pytest.approx(exponent, abs=0.08)


def test_sampled_pairs_agree_with_all_pairs() -> None:
    rng = np.random.default_rng(2)
    edges = np.array([pair for pair in combinations(range(300), 2) if rng.random() < 0.3])
    graph = undirected(edges[:, 0], edges[:, 1], 300)
    nodes = np.arange(300)
    every, some = (local_clustering(graph, nodes, pairs=pairs) for pairs in (10**9, 1_000))
    assert every.mean() == pytest.approx(0.3, abs=0.01)
    assert not np.array_equal(every, some)
    assert np.abs(every - some).max() < 0.07
    assert some.mean() == pytest.approx(every.mean(), abs=0.003)


def test_the_least_mean_degree_grows_with_the_graph(tmp_path: Path) -> None:
    def tolerance(people: int) -> str:
        users = [{"user_id": u} for u in range(people)]
        return row_of(
            write_log(tmp_path / str(people), users=users, follows=[(0, 1), (0, 2)]), "mean out-degree"
        ).tolerance

    assert tolerance(10).startswith("mean 7.62 to 45;")
    assert tolerance(1000).startswith("mean 12.1 to 45;")
