"""Benches: both sides of a case do the same work, and what is measured adds up."""

from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigError, ModelError
from data.import_by_name import resolve
from experiments.bench.harness import BENCHES, LONG, BenchResult, Case, Row, measure, run_benches
from experiments.bench.plot import draw, draw_growth, frontier


def test_a_case_is_measured_in_turns() -> None:
    turns = []
    row = measure(Case("sum", lambda: turns.append("o"), lambda: turns.append("p"), 10, "numbers"), seconds=0.01)
    assert row.rounds >= 3
    assert {"o", "p"} == set(turns)
    assert row.ratio == pytest.approx(row.peer_s / row.ours_s)
    assert row.rate == pytest.approx(10 / row.ours_s)
    assert row.busy_s > 0
    assert row.rate_text.endswith(" numbers/s")


def test_an_unknown_bench_is_named() -> None:
    with pytest.raises(
        ConfigError, match="unknown bench 'quick'; choose one of ann, fanout, fanout-celebrity, features, "
    ):
        run_benches(["quick"])


SMALL = {"world": {"people": 2_000, "draws": 10_000}, "text": {"texts": 32}}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BENCHES.keys() - LONG))
def test_every_bench_runs(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in SMALL:
        whole = resolve(BENCHES[name])
        monkeypatch.setattr(whole, "__init__", partialmethod(whole.__init__, **SMALL[name]))
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


@pytest.mark.slow
def test_policies_are_held_beside_each_other_and_their_trade_is_drawn(tmp_path: Path) -> None:
    from experiments.bench.fanout import FanoutBench

    rows = [measure(case, seconds=0.0) for case in FanoutBench(people=1_500, tweets=60, reads=120).cases()]
    figures = {row.name: row.figures for row in rows[1:]}
    assert set(figures) == {"push", "pull", "follower-count", "classic", "per-edge", "lossy"}
    for name, one in figures.items():
        assert one["in order"] == 1
        assert (one["complete"] == one["changes shown"] == 1) == (name != "lossy")
        assert one["writes a tweet"] <= figures["push"]["writes a tweet"]
        assert 0 <= one["never read"] <= 1
    assert figures["pull"]["writes a tweet"] == 0
    assert all(len(row.parts_ms) == 20 for row in rows[1:])
    draw([BenchResult("fanout", "peer", tuple(rows))], tmp_path / "pareto.svg")
    assert "<svg" in (tmp_path / "pareto.svg").read_text()


def test_the_frontier_is_what_nothing_betters() -> None:
    points = [(3.0, 1.0), (1.0, 5.0), (2.0, 6.0), (2.0, 2.0), (4.0, 1.0), (1.0, 7.0)]
    assert frontier(points) == [(1.0, 5.0), (2.0, 2.0), (3.0, 1.0)]


@pytest.mark.slow
def test_a_tweet_to_very_many_is_delivered_while_timelines_are_read() -> None:
    from experiments.bench.fanout_celebrity import CelebrityBench

    rows = [measure(case, seconds=0.0) for case in CelebrityBench(followers=60_000, many=70_000).cases()]
    assert rows[0].figures["reads"] >= 1
    assert rows[0].figures["delivery lag p99 ms"] >= rows[0].figures["delivery lag p50 ms"] > 0
    assert [row.figures["entries a list"] > 2 for row in rows[1:]] == [True, True]


def test_mmr_and_its_peer_choose_the_same() -> None:
    from experiments.bench.rerank import RerankBench

    for case in RerankBench().cases():
        assert case.ours().tolist() == case.peer().tolist()


def test_retrieval_and_its_peer_find_the_same() -> None:
    from experiments.bench.retrieval import RetrievalBench

    for case in RetrievalBench().cases():
        (ours, scores), (peer, peer_scores) = case.ours(), case.peer()
        assert np.allclose(scores, peer_scores, atol=1e-5)
        assert (np.sort(ours, axis=1) == np.sort(peer, axis=1)).mean() > 0.99


@pytest.mark.slow
def test_features_and_their_peers_say_the_same() -> None:
    from experiments.bench import features

    for case in features.FeaturesBench(events=40_000, rows=4_000).cases():
        if case.once:
            row = measure(case)
            assert row.rate == pytest.approx(4_000 / row.ours_s)
            assert (row.peak_gib or 0) > 0.05
        elif case.unit == "candidates":
            ours = case.ours()
            for name, column in zip(features._JOINED, case.peer(), strict=True):
                if name in ours.columns:
                    assert np.array_equal(ours.column(name), column), name
        else:
            assert isinstance(case.count, int)
            assert case.count >= 200


@pytest.mark.slow
def test_training_and_its_peers_run_on_small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.bench import full_catalogue, train, train_ranker, train_two_tower

    for module, sizes in (
        (full_catalogue, {"ITEMS": 3_000}),
        (train_ranker, {"ROWS": 4_096, "BATCH": 256, "STEPS": 2}),
        (train_two_tower, {"USERS": 500, "TWEETS": 1_000, "BATCH": 64, "STEPS": 2}),
    ):
        for name, size in sizes.items():
            monkeypatch.setattr(module, name, size)
    cases = list(train.TrainBench().cases())
    assert {case.unit for case in cases} == {"examples", "rows", "scores"}
    for case in cases:
        row = measure(case, seconds=0.0)
        assert row.ours_s > 0
        assert row.peer_s > 0


def test_a_feature_that_differs_from_its_peer_is_named(tmp_path: Path) -> None:
    from experiments.bench import features
    from experiments.bench.pair_log import pair_log, understanding

    log = pair_log(tmp_path, events=4_000, rows=400)
    ours = features.features_of_log(log.tables, log.rows, features._NAMES, understanding())
    features._pandas(log, ours)
    wrong = ours.with_columns({"pair.strength_likes": ours.column("pair.strength_likes") + 0.01})
    with pytest.raises(ModelError, match="strength_likes"):
        features._pandas(log, wrong)


def test_of_one_kind_only_what_is_built_alike_is_built_once() -> None:
    from candidates.vector_config import VectorConfig
    from experiments.bench.ann import built, words

    vectors = np.random.default_rng(1).normal(size=(600, 8)).astype(np.float32)
    grid = [
        VectorConfig(kind=kind, exact_below=0, probes=probes, width=8 * probes)
        for kind in ("hnsw", "ivf_sq")
        for probes in (1, 4)
    ]
    seen = [(words(config), index.config == config, id(index)) for config, index, _ in built(grid, vectors)]
    assert [name for name, _, _ in seen] == ["hnsw width 8", "hnsw width 32", "ivf_sq probes 1", "ivf_sq probes 4"]
    assert all(right for _, right, _ in seen)
    assert seen[0][2] == seen[1][2] != seen[2][2] == seen[3][2]


@pytest.mark.slow
def test_text_search_and_its_peer_answer() -> None:
    from experiments.bench.search import SearchBench

    names = []
    for case in SearchBench(tweets=1_200, queries=12).cases():
        names.append(case.name.split(",")[0])
        case.ours()
        case.peer()
    assert names[1:4] == ["3 words by AND", "3 words by OR", "a post"]
