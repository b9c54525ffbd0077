"""Model folders: what is saved scores the same when loaded, and damage is noticed before anything is scored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from data.batch import F32, CandidateBatch, Requests
from data.errors import ModelError
from ranking.artifact import CARD, WEIGHTS, Bundle, describe
from ranking.ranker import check_columns
from ranking.scorers.popularity import Popularity, PopularityConfig


def _batch(rows: int = 6) -> CandidateBatch:
    rng = np.random.default_rng(3)
    names = ("tweet.engagements", "tweet.age_h")
    columns = {name: rng.integers(0, 50, rows).astype(np.float32) for name in names}
    requests = Requests({"user_row": np.zeros(1, np.int64), "time_us": np.zeros(1, np.int64)})
    return CandidateBatch(requests, np.array([0, rows], np.int64), columns)


def _bundle() -> Bundle:
    return Bundle("popularity", Popularity(PopularityConfig(half_life_h=3.0)), None, "a world", "c0ffee")


def test_a_saved_model_scores_the_same_and_keeps_its_card(tmp_path: Path) -> None:
    card = _bundle().save(tmp_path / "model")
    loaded = Bundle.load(tmp_path / "model", cache=tmp_path)
    np.testing.assert_array_equal(loaded.scorer.score(_batch()), _bundle().scorer.score(_batch()))
    assert (loaded.name, loaded.data_hash) == ("popularity", "c0ffee")
    assert card.reads == tuple(loaded.scorer.reads)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_damage_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    _bundle().save(folder)
    weights = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(ModelError, match="sha256"):
        Bundle.load(folder, cache=tmp_path)
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="is not a model"):
        Bundle.load(folder, cache=tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reads_hash": "0" * 64}, "other columns"),
        ({"kind": "clairvoyant"}, "unknown"),
        ({"surprise": 1}, "damaged"),
    ],
)
def test_a_card_that_does_not_fit_the_code_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    folder = tmp_path / "model"
    _bundle().save(folder)
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | change))
    with pytest.raises(ModelError, match=said):
        Bundle.load(folder, cache=tmp_path)


def test_a_dataclass_is_saved_by_its_fields_and_anything_else_says_how() -> None:
    @dataclass(frozen=True)
    class Freshness:
        half_life_h: float = 6.0
        reads: tuple[str, ...] = ("tweet.age_h",)

        def score(self, batch: CandidateBatch) -> F32:
            return batch.column("tweet.age_h")

    assert describe(Freshness(2.0)) == ({"half_life_h": 2.0, "reads": ("tweet.age_h",)}, {})

    class Opaque:
        reads: tuple[str, ...] = ()

        def score(self, batch: CandidateBatch) -> F32:
            return np.zeros(len(batch), np.float32)

    with pytest.raises(ModelError, match="make it a dataclass or a ConfiguredScorer"):
        describe(Opaque())


def test_a_model_whose_columns_the_data_cannot_fill_is_refused() -> None:
    check_columns(["user_id", "tweet.likes"], model="m", data="d", tables=["tweets", "engagements", "users"])
    with pytest.raises(ModelError, match=r"user\.following_ids.*follows.*'films' lacks"):
        check_columns(["user.following_ids"], model="m", data="films", tables=["tweets", "engagements", "users"])
    with pytest.raises(ModelError, match="no feature view writes"):
        check_columns(["tweet.telepathy"], model="m", data="d", tables=["tweets"])


def test_what_only_the_value_reads_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    held = {"model": "m", "data": "films", "tables": ["tweets", "engagements", "users"]}
    left = check_columns(["tweet.likes", "pair.mutual_follow"], **held, optional=["pair.mutual_follow"])
    assert left == ("pair.mutual_follow",)
    assert "m goes without 'pair.mutual_follow': data set 'films' lacks follows" in caplog.text
    held["tables"].append("follows")
    assert check_columns(["pair.mutual_follow"], **held, optional=["pair.mutual_follow"]) == ()


def test_a_column_that_the_training_data_lacked_too_is_no_reason_to_refuse() -> None:
    held = {"model": "m", "data": "shop", "tables": ["tweets", "engagements", "users"]}
    check_columns(["user.following_ids"], **held, learned_from=["tweets", "engagements"])
    with pytest.raises(ModelError, match=r"user\.following_ids.*follows.*'shop' lacks"):
        check_columns(["user.following_ids"], **held, learned_from=["tweets", "follows"])
