"""Inequality of followers, assortativities and transitivity of graphs whose answer is known; wrong worlds miss them."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from data.batch import I64
from experiments.realism.figure import judge
from experiments.realism.followers import FIGURES, triangles
from experiments.realism.graph import FIGURES as GRAPH_FIGURES
from experiments.realism.graph import undirected
from experiments.realism.log import Log
from experiments.realism.report import measured
from tests.experiments.realism.small_logs import values_of, write_log


def counted(source: I64, target: I64, people: int) -> list[int]:
    return triangles(undirected(source, target, people)).tolist()


def test_a_star_of_ten_has_one_followed_account_and_no_triangle(tmp_path: Path) -> None:
    star = write_log(
        tmp_path / "star", users=[{"user_id": u} for u in range(10)], follows=[(u, 0) for u in range(1, 10)]
    )
    assert values_of(star, "accounts without followers") == [0.9]
    assert values_of(star, "most followed account") == [0.9]
    assert values_of(star, "top 1%'s share of follows") == [1.0]
    # Ten accounts, one with 9 followers: mean 0.9, variance (8.1^2 + 9 x 0.9^2) / 10.
    assert values_of(star, "variation of followers") == pytest.approx([np.sqrt((8.1**2 + 9 * 0.81) / 10) / 0.9])
    assert values_of(star, "transitivity") == [0.0]


def test_the_top_hundredth_is_of_all_accounts(tmp_path: Path) -> None:
    # Of 200 accounts the two most followed have 30 and 20 of 60 follows.
    follows = (
        [(100 + u, 0) for u in range(30)] + [(100 + u, 1) for u in range(20)] + [(100 + u, 2 + u) for u in range(10)]
    )
    graph = write_log(tmp_path / "graph", users=[{"user_id": u} for u in range(200)], follows=follows)
    assert values_of(graph, "top 1%'s share of follows") == pytest.approx([50 / 60])


def test_transitivity_is_triangles_over_pairs_of_neighbours_not_the_mean_over_people(tmp_path: Path) -> None:
    graph = write_log(tmp_path / "graph", follows=[(1, 2), (2, 3), (3, 1), (3, 4), (3, 2)])
    # One triangle, three pairs closed; 1 and 2 have one pair, 3 has three.
    assert values_of(graph, "transitivity") == pytest.approx([3 / 5])


def test_triangles_are_those_of_each_person() -> None:
    rng = np.random.default_rng(4)
    edges = np.array([pair for pair in combinations(range(60), 2) if rng.random() < 0.25])
    linked = np.zeros((60, 60), np.int64)
    linked[edges[:, 0], edges[:, 1]] = linked[edges[:, 1], edges[:, 0]] = 1
    expected = np.diag(np.linalg.matrix_power(linked, 3)) // 2
    assert counted(edges[:, 1], edges[:, 0], 60) == expected.tolist()


def test_an_account_that_everybody_follows_does_not_make_triangles_quadratic() -> None:
    # 50,000 followers in a ring behind one account: 2.5e9 pairs of neighbours, of which the ring joins 50,000.
    fans = 50_000
    fan = np.arange(1, fans + 1)
    source = np.concatenate([fan, fan])
    target = np.concatenate([np.zeros(fans, np.int64), np.roll(fan, 1)])
    found = triangles(undirected(source, target, fans + 1))
    assert found[0] == fans
    assert (found[1:] == 2).all()


def test_the_other_assortativities_are_pearsons_over_edges(tmp_path: Path) -> None:
    follows = [(1, 2), (1, 3), (1, 4), (2, 3), (4, 3), (3, 1), (5, 3)]
    graph = write_log(tmp_path / "graph", follows=follows)
    people = range(1, 6)
    out = {u: sum(a == u for a, _ in follows) for u in people}
    into = {u: sum(b == u for _, b in follows) for u in people}
    expected = [
        np.corrcoef([one[a] for a, _ in follows], [other[b] for _, b in follows])[0, 1]
        for one, other in ((into, into), (into, out), (out, out))
    ]
    assert values_of(graph, "other degree assortativities") == pytest.approx(expected)


def test_a_random_graph_misses_every_row_but_the_paths(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pairs = np.unique(rng.integers(0, 8_000, (125_000, 2)), axis=0)
    follows = [(a, b) for a, b in pairs.tolist() if a != b]
    graph = write_log(tmp_path / "log", users=[{"user_id": u} for u in range(8_000)], follows=follows)
    log = Log(graph)
    verdicts = {one.name: judge(one, measured(log, one)) for one in (*GRAPH_FIGURES, *FIGURES)}
    met = {name for name, row in verdicts.items() if row.verdict != "missed"}
    assert met <= {"average shortest path"}
    assert verdicts["mean out-degree"].missed == ("spread",)
