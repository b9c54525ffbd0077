"""Protocols of others by name: what each decides, and published numbers beside ours, never taken for the same log's."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.dataset import Dataset
from data.errors import ConfigError
from data.readers import read_log
from data.split import parse_split
from experiments.evaluation.evaluate import EvaluateConfig
from experiments.evaluation.presets import PRESETS, beside, preset, sizes, with_preset
from experiments.evaluation.protocols.catalogue import protocol_for
from ranking.metrics.catalogue import METRICS

DEFAULTS = {"requests": 1000, "k": 20, "seed": 7, "split": "auto", "negatives": 0, "metrics": ()}


@pytest.fixture
def films(tmp_path: Path) -> Dataset:
    folder = tmp_path / "films"
    folder.mkdir()
    rows = "".join(f"{user},{(3 * user + at) % 12},4,{100 + at}\n" for user in range(9) for at in range(8))
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(f"{at},A,War\n" for at in range(12)))
    return read_log("movielens", folder, tmp_path / "log")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole_and_its_published_numbers_have_a_source(name: str, films: Dataset) -> None:
    found = PRESETS[name]
    config = EvaluateConfig.model_validate(with_preset(found, DEFAULTS))
    assert (config.split, config.k, config.negatives) == (found.split, found.k, found.negatives)
    assert set(config.metrics) == set(found.metrics) <= set(METRICS)
    split = parse_split(found.split).apply(films)
    protocol = protocol_for(films, split, requests=config.requests, seed=7, negatives=found.negatives)
    assert len(protocol) == split.test.collect()["user_id"].n_unique()
    for table in found.published:
        assert table.source.startswith("https://")
        for row in table.rows.values():
            assert set(row) <= set(found.metrics)
            assert all(0 <= value <= 1 for value in row.values())


def test_the_seed_of_the_split_may_be_another_and_nothing_else() -> None:
    assert preset("recbole seed=3").split == PRESETS["recbole"].split + " seed=3"
    parse_split(preset("recbole seed=3").split)
    for text, words in (("recbol", "did you mean 'recbole'"), ("recbole k=3", "'k=3' is no seed")):
        with pytest.raises(ConfigError, match=words):
            preset(text)
    for name, value in (("split", "time"), ("k", 5), ("requests", 10), ("negatives", 9)):
        with pytest.raises(ConfigError, match=f"--{name} {value} and a preset"):
            with_preset(PRESETS["recbole"], DEFAULTS | {name: value})


def test_another_log_is_told_from_the_published_one(films: Dataset) -> None:
    assert sizes(films) == (9, 12, 72)
    (table,) = PRESETS["recommenders"].published
    assert "another log: these numbers cannot be compared" in beside(table, films)
    assert "943 x 1,682 x 100,000 there, 9 x 12 x 72 here" in beside(table, films)
