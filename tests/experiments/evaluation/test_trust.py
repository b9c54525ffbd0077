"""What makes a right-looking number wrong is told or refused: constant scorers, tests that were learned, lost users."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.batch import F32, CandidateBatch
from data.dataset import Dataset
from data.errors import ConfigError, DataError, ModelError
from data.readers import read_log
from data.rng import Stream
from data.split import Split, parse_split
from experiments.cli.console import to_json, wide_console
from experiments.cli.tables import scorer_table, shuffle_table
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.comparison_page import write_comparison
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_bundles, evaluate_references
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.results import Report
from experiments.evaluation.score_ties import ScoreTies, count_ties, count_ties_dense, share
from experiments.evaluation.tie_shuffles import plan_shuffles, run_shuffles
from experiments.runs.config import RunConfig
from experiments.runs.train import train
from ranking.artifact import ROWS, Bundle
from ranking.scorer import Scorer
from ranking.scorers.popularity import Popularity, PopularityConfig
from ranking.trained_rows import TrainedRows
from ranking.training.trainer import TrainingContext, fit_scorer

Line = tuple[object, object, int]
"""user, item, seconds."""
ASKED = EvaluateConfig(requests=100, k=5)


def _import(folder: Path, lines: Sequence[Line], top: str = "", time: str = 'time = "at"') -> Dataset:
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("who,what,at\n" + "".join(f"{a},{b},{c}\n" for a, b, c in lines))
    (folder / "m.toml").write_text(
        f'{top}\n[log]\nfile = "log.csv"\nuser = "who"\nitem = "what"\n{time}\nconstants.action = "click"\n'
    )
    return read_log("mapping", folder / "m.toml", folder / "out")


def _clicks(ids: str = "{}") -> list[Line]:
    """50 people click 12 of 80 things, the first ones far more often; each click has a moment of its own."""
    rng, weight = np.random.default_rng(4), 1 / np.arange(1, 81) ** 1.2
    return [
        (ids.format(user), ids.format(int(item)), 1_000 * user + at)
        for user in range(50)
        for at, item in enumerate(rng.choice(80, 12, replace=False, p=weight / weight.sum()))
    ]


@pytest.fixture(scope="module")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return _import(tmp_path_factory.mktemp("clicks") / "log", _clicks())


def _bundle(scorer: Scorer, dataset: Dataset, name: str = "popularity") -> Bundle:
    return Bundle(name, scorer, None, dataset.name, dataset.content_hash)


def _trained(dataset: Dataset, split: str) -> Bundle:
    """Popularity by a model that learned."""
    parts = parse_split(split).apply(dataset)
    scorer = fit_scorer("popularity_decay", TrainingContext(dataset, parts, 1), {"half_life_d": 0})
    rows = TrainedRows.of(dataset, parts.train)
    return replace(_bundle(scorer, dataset, "popularity_decay"), split=split, learned=rows)


def _evaluated(dataset: Dataset, bundle: Bundle, split: str = "leave_last_out") -> Report:
    return evaluate_bundles(dataset, parse_split(split).apply(dataset), {bundle.name: bundle}, ASKED)[0]


def _printed(table: object) -> str:
    console = wide_console()
    with console.capture() as captured:
        console.print(table)
    return str(captured.get())


def test_popularity_counts_clicks_where_clicks_are_relevant(clicks: Dataset) -> None:
    split = parse_split("leave_last_out").apply(clicks)
    report = _evaluated(clicks, _bundle(Popularity(), clicks))
    (row,) = report.rows
    assert row.score_ties is not None
    assert not row.score_ties.notable
    counts = dict(split.train.group_by("tweet_id").len().collect().iter_rows())
    past = split.train.group_by("user_id").agg("tweet_id").collect()
    seen = {user: set(items) for user, items in past.iter_rows()}
    ids = clicks.scan("tweets").select("tweet_id").collect()["tweet_id"].to_numpy()
    # Ties: a draw by the item.
    first = ids[np.argsort(Stream(1, "ties of scores").words(ids, n=1)[:, 0])].tolist()
    found = []
    for user, item in split.test.select("user_id", "tweet_id").collect().iter_rows():
        ranked = sorted((one for one in first if one not in seen[user]), key=lambda one: -counts.get(one, 0))
        found.append(item in ranked[:5])
    assert row.recall.mean == pytest.approx(np.mean(found))
    assert row.recall.mean > 0.15


def test_a_scorer_that_counts_what_the_log_lacks_says_so_under_its_row(clicks: Dataset) -> None:
    blind = Popularity(PopularityConfig(counts=("tweet.likes", "tweet.retweets")))
    report = _evaluated(clicks, _bundle(blind, clicks))
    (row,) = report.rows
    assert row.score_ties == ScoreTies(most=1, every=1, first=1, unscored=0)
    lines = _printed(scorer_table(report)).splitlines()
    (at,) = (place for place, line in enumerate(lines) if line.strip().startswith("popularity"))
    assert lines[at + 1].strip() == "all candidates tie"
    told = " ".join(report.notes)
    assert "popularity does not tell most candidates apart: in 100% of the requests" in told
    assert "popularity counts like, retweet, of which this log's training part has none; it has click." in told
    assert json.loads(to_json(report.facts()))["rows"][0]["score_ties"] == {
        "most": 1,
        "every": 1,
        "first": 1,
        "unscored": 0,
    }


def test_equal_scores_of_a_catalogue_do_not_rank_by_popularity(clicks: Dataset) -> None:
    """What came first in the log is mostly what is popular: a constant scorer would look good by it."""
    (flat,) = _evaluated(clicks, _bundle(_Numbers(np.zeros_like), clicks, "flat")).rows
    (popular,) = _evaluated(clicks, _bundle(Popularity(), clicks)).rows
    # A random order finds 5 of about 63 candidates.
    assert flat.recall.mean < 0.18
    assert flat.recall.mean < popular.recall.mean / 1.5


class _Numbers:
    """Scores by item."""

    reads = ("tweet_id",)

    def __init__(self, of: Callable[[np.ndarray], np.ndarray]) -> None:
        self._of = of

    def score(self, batch: CandidateBatch) -> F32:
        return self._of(batch.column("tweet_id")).astype(np.float32)


def test_scores_that_are_no_numbers_stand_last_and_are_told(clicks: Dataset) -> None:
    nothing = _evaluated(clicks, _bundle(_Numbers(lambda ids: np.full(len(ids), np.nan)), clicks, "cosine"))
    assert nothing.rows[0].score_ties == ScoreTies(most=1, every=1, first=1, unscored=1)
    assert "100% of the candidates have a score of cosine that is not a number" in " ".join(nothing.notes)
    some = _evaluated(clicks, _bundle(_Numbers(lambda ids: np.where(ids % 8 == 0, np.nan, ids)), clicks, "some"))
    least = _evaluated(clicks, _bundle(_Numbers(lambda ids: np.where(ids % 8 == 0, -1, ids)), clicks, "least"))
    assert some.rows[0].ndcg == least.rows[0].ndcg
    assert some.rows[0].score_ties is not None
    assert 0 < some.rows[0].score_ties.unscored < 0.3
    assert "NaN: 1" in _printed(scorer_table(some))
    assert least.rows[0].score_ties is not None
    assert not least.rows[0].score_ties.notable


def test_ties_far_from_the_first_places_are_told_apart_from_ties_in_them(clicks: Dataset) -> None:
    top = _evaluated(clicks, _bundle(_Numbers(lambda ids: np.where(ids < 30, ids, -1)), clicks, "top"))
    assert top.rows[0].score_ties is not None
    assert (top.rows[0].score_ties.most, top.rows[0].score_ties.every) == (1, 0)
    assert top.rows[0].score_ties.first < 0.5


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=9), min_size=1, max_size=6))
def test_a_score_of_more_than_half_is_found(lists: list[list[int]]) -> None:
    offsets = np.r_[0, np.cumsum([len(one) for one in lists])]
    counts = count_ties(np.concatenate(lists).astype(np.float32), offsets)
    for own, (size, tied, above) in zip(lists, counts, strict=True):
        common = max(own.count(one) for one in own)
        assert size == len(own)
        assert (2 * tied > size) == (2 * common > size)
        if 2 * tied > size:
            mode = max(set(own), key=own.count)
            assert (tied, above) == (common, sum(one > mode for one in own))
    width = max(len(one) for one in lists)
    dense = np.array([one + [9] * (width - len(one)) for one in lists], np.float32)
    left = [list(range(len(one), width)) for one in lists]
    known = np.concatenate([np.array(one, np.int64) for one in left])
    again = count_ties_dense(dense, known, np.r_[0, np.cumsum([len(one) for one in left])])
    np.testing.assert_array_equal(again, counts)


@pytest.mark.parametrize(("value", "words"), [(1, "100%"), (0.999, "almost 100%"), (0, "0%"), (0.001, "under 1%")])
def test_all_and_none_are_exact(value: float, words: str) -> None:
    assert share(value) == words


def test_users_who_vanish_from_the_test_are_counted(tmp_path: Path) -> None:
    lines: list[Line] = [(1, 10, 1), (1, 20, 2), (1, 10, 3), (2, 10, 1), (2, 30, 2), (3, 20, 1), (3, 20, 5)]
    dataset = _import(tmp_path / "a", lines)
    report = _evaluated(dataset, _bundle(Popularity(), dataset))
    assert "1 users, each with at least one held-out item that is not in their training part" in report.protocol
    assert "(2 users left out: what is held out of them stands in their training part too)" in report.protocol
    twice = _import(tmp_path / "b", [(1, 10, 1), (1, 10, 2), (2, 10, 1), (2, 10, 9)])
    with pytest.raises(DataError, match="leaves nothing to rank: all 2 of the 2 test rows"):
        _evaluated(twice, _bundle(Popularity(), twice))


def test_an_evaluation_prints_what_ties_decided(tmp_path: Path, clicks: Dataset) -> None:
    tied = _import(tmp_path / "a", [(a, b, c // 4) for a, b, c in _clicks()])
    report = _evaluated(tied, _bundle(Popularity(), tied))
    assert report.ties is not None
    assert (report.ties.rows, report.ties.decided) == (50, 50)
    assert "Ties in time: 50 of the 50 test rows (100.0%)" in report.notes[-1]
    assert "the later in the file's order" in report.notes[-1]
    assert "at one moment the later in the file's order counts as the later" in report.protocol
    assert json.loads(to_json(report.facts()))["ties"]["decided"] == 50
    assert _evaluated(clicks, _bundle(Popularity(), clicks)).ties.decided == 0  # type: ignore[union-attr]
    assert _evaluated(tied, _bundle(Popularity(), tied), "random_ratio").ties is None


def _shuffled() -> list[Line]:
    lines = _clicks()
    return [lines[at] for at in np.random.default_rng(1).permutation(len(lines))]


@pytest.mark.parametrize("top", ["", 'user_ids = "text"\nitem_ids = "text"'])
def test_a_model_that_learned_the_test_on_another_import_is_refused(tmp_path: Path, clicks: Dataset, top: str) -> None:
    other = _import(tmp_path / "other", [*_shuffled(), (99, 1, 5)], top)
    assert other.content_hash != clicks.content_hash
    leaky = _trained(clicks, "random_ratio")
    with pytest.raises(ModelError, match=r"'popularity_decay', trained on 'm' with split 'random_ratio', learned \d+"):
        _evaluated(other, leaky)
    # The same split of the same log holds out the same rows: nothing was seen.
    assert not any("learned" in note for note in _evaluated(other, _trained(clicks, "leave_last_out")).notes)


def test_ids_that_are_texts_are_the_same_whatever_their_numbers(tmp_path: Path) -> None:
    one, two = (_import(tmp_path / name, lines) for name, lines in (("a", _clicks("é{}")), ("b", _shuffled())))
    three = _import(tmp_path / "c", [(f"é{a}", f"é{b}", c) for a, b, c in _shuffled()])
    rows = TrainedRows.of(one, one.scan("engagements"))
    assert rows.overlap(three, three.scan("engagements")).rows == 600
    assert rows.overlap(two, two.scan("engagements")).rows == 0
    assert one.scan("users").collect()["user_id"].to_list() != three.scan("users").collect()["user_id"].to_list()


def test_a_log_with_other_times_is_told_not_refused(tmp_path: Path, clicks: Dataset) -> None:
    untimed = _import(tmp_path / "a", _shuffled(), time='order = "file"')
    (note,) = (one for one in _evaluated(untimed, _trained(clicks, "random_ratio")).notes if "learned" in one)
    assert "popularity_decay learned, at other times," in note
    assert "it saw this test" in note


def test_a_model_without_a_record_says_so(clicks: Dataset, tmp_path: Path) -> None:
    old = replace(_trained(clicks, "leave_last_out"), learned=None)
    words = "popularity_decay has no record of the rows that it learned from"
    assert any(one.startswith(words) for one in _evaluated(clicks, old).notes)
    # A random split of these very rows has no tie rule that could have been another.
    assert not any(
        "record" in one for one in _evaluated(clicks, replace(old, split="random_ratio"), "random_ratio").notes
    )
    assert not any("record" in one for one in _evaluated(clicks, _bundle(Popularity(), clicks)).notes)


def test_many_rows_are_kept_in_part_and_tell_of_that_part(clicks: Dataset) -> None:
    every = clicks.scan("engagements")
    rows = TrainedRows.of(clicks, every, most=80)
    assert rows.bits == 3
    assert 30 < len(rows.pairs) < 130
    found = rows.overlap(clicks, every)
    assert found.test_rows == 600
    assert found.looked_up == found.rows == found.pairs == len(rows.pairs)
    half = TrainedRows.of(clicks, every.filter(pl.col("user_id") < 25), most=40)
    seen = half.overlap(clicks, every)
    assert 0.25 < seen.rows / seen.looked_up < 0.75
    moved = rows.overlap(clicks, every.with_columns(pl.col("time_us") + 1))
    assert (moved.rows, moved.pairs) == (0, len(rows.pairs))


def test_the_record_goes_with_the_model(clicks: Dataset, tmp_path: Path) -> None:
    made = _trained(clicks, "leave_last_out")
    made.save(tmp_path / "model")
    loaded = Bundle.load(tmp_path / "model", cache=tmp_path)
    assert loaded.learned is not None
    assert made.learned is not None
    assert loaded.learned.rows.tolist() == made.learned.rows.tolist()
    assert (len(loaded.learned.pairs), loaded.learned.bits) == (550, 0)
    with (tmp_path / "model" / ROWS).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match=r"rows\.safetensors is damaged"):
        Bundle.load(tmp_path / "model", cache=tmp_path)
    replace(made, learned=None).save(tmp_path / "bare")
    assert Bundle.load(tmp_path / "bare", cache=tmp_path).learned is None


def test_a_protocol_tells_which_rows_it_asks_about(clicks: Dataset) -> None:
    split: Split = parse_split("leave_last_out").apply(clicks)
    held = FullCatalogue(clicks, split, requests=5, seed=1).held_out.collect()
    assert held["engagement_id"].to_list() == split.test.collect()["engagement_id"].to_list()


@pytest.mark.slow
def test_the_store_keeps_the_record_compare_tells_and_ties_are_drawn_again(
    home: Path, tmp_path: Path, clicks: Dataset
) -> None:
    tied = _import(tmp_path / "a", [(a, b, c // 4) for a, b, c in _clicks()])
    ease = f"v{train(tied, RunConfig(scorer='ease', settings={'l2': 10}), home).version}"
    likes = f"v{train(tied, RunConfig(scorer='popularity', settings={'counts': ['tweet.likes']}), home).version}"
    evaluate_references(tied, [ease, likes, "popularity"], ASKED, home)
    compared = compare_runs(["popularity", ease, likes], home)
    (note,) = compared.notes
    assert note.startswith(f"popularity {likes} does not tell most candidates apart")
    write_comparison(compared, tmp_path / "page.html")
    assert f"popularity {likes} does not tell most candidates apart" in (tmp_path / "page.html").read_text()

    draws = plan_shuffles(tied, [ease, "popularity"], ASKED, home, 3)
    done = run_shuffles(tied, [ease, "popularity"], ASKED, home, draws)
    model, plain = done.rows
    assert (model.name, model.fitted_again, plain.fitted_again) == ("ease", True, False)
    assert len(set(model.ndcg)) == len(set(plain.ndcg)) == 3
    assert 0 < model.spread < 1
    assert done.decided == (1, 1, 1)
    assert "draw 3" in _printed(shuffle_table(done))
    # A draw is what training and evaluating on it gives.
    own = RunConfig(scorer="ease", settings={"l2": 10}, split="leave_last_out ties=drawn seed=2")
    again = f"v{train(tied, own, home).version}"
    asked = ASKED.model_copy(update={"split": own.split})
    (row,) = evaluate_references(tied, [again], asked, home).rows
    assert row.ndcg.mean == model.ndcg[1]
    other = _import(tmp_path / "b", [(a, b, c // 4) for a, b, c in _shuffled()])
    with pytest.raises(ModelError, match=r"learned \d+ of the 50 held-out rows of this test"):
        evaluate_references(other, [ease], ASKED, home)


def test_draws_that_mean_nothing_are_refused(home: Path, clicks: Dataset) -> None:
    with pytest.raises(ConfigError, match="split 'random_ratio' does not depend on ties"):
        plan_shuffles(clicks, ["popularity"], EvaluateConfig(split="random_ratio"), home, 3)
    with pytest.raises(ConfigError, match="1 draw of ties has no spread; ask for 2 or more"):
        plan_shuffles(clicks, ["popularity"], ASKED, home, 1)


def test_a_model_that_is_not_fitted_again_is_refused(
    home: Path, clicks: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = replace(_trained(clicks, "leave_last_out"), name="two_tower")
    monkeypatch.setattr("experiments.evaluation.tie_shuffles.bundles_of", lambda *rest: {"v7": tower})
    with pytest.raises(ConfigError, match=r"model 'v7' \(two_tower\) is not fitted again here") as refused:
        plan_shuffles(clicks, ["v7"], ASKED, home, 2)
    assert "--set 'split=leave_last_out ties=drawn'" in str(refused.value)
