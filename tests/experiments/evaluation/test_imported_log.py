"""A log from elsewhere that says what was shown: imported, trained on, evaluated and compared like a world's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from data.dataset import Dataset
from data.readers import read_log
from experiments.evaluation.compare import compare_runs
from experiments.evaluation.evaluate import EvaluateConfig, evaluate_references
from experiments.runs.config import RunConfig
from experiments.runs.train import train

FEATURES = ",".join(f"user_feature_{at}" for at in range(4))
BRIEF = {"epochs": 3, "threads": 1}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """20 kinds of people and 12 items that last for six days: a kind likes the items of its own parity."""
    folder, rng = tmp_path_factory.mktemp("log") / "random" / "shop", np.random.default_rng(0)
    folder.mkdir(parents=True)
    lines = [f"timestamp,item_id,position,click,propensity_score,{FEATURES}"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for at in range(3000):
        person, item = int(rng.integers(20)), int(rng.integers(12))
        click = int(rng.random() < (0.5 if person % 2 == item % 2 else 0.03))
        moment = start + timedelta(days=6 * at / 3000)
        lines.append(f"{moment.isoformat(sep=' ')},{item},{1 + at % 3},{click},0.0833,p{person},x,x,x")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n")
    (folder / "item_context.csv").write_text("item_id\n" + "".join(f"{item}\n" for item in range(12)))
    return read_log("open_bandit", folder, tmp_path_factory.mktemp("data") / "shop")


@pytest.mark.slow
def test_every_kind_of_model_learns_from_it(shop: Dataset, home: Path) -> None:
    wanted = {
        "two_tower": {"training": BRIEF | {"epochs": 8, "batch_size": 128, "learning_rate": 0.01}},
        "heavy": {"training": BRIEF | {"batch_size": 128}},
        "boosting": {},
        "als": {},
        "ease": {},
    }
    made = {
        train(shop, RunConfig(scorer=scorer, settings=settings), home).version: scorer
        for scorer, settings in wanted.items()
    }
    references = [*(f"v{version}" for version in made), "popularity"]
    report = evaluate_references(shop, references, EvaluateConfig(requests=300), home)
    assert "every item that had come" in report.protocol
    reached = {row.name: row.ndcg.mean for row in report.rows}
    assert set(reached) == {*wanted, "popularity"}
    # Models of ids find the reader's parity; a ranker's columns count what authors, topics and all readers do.
    for scorer in ("two_tower", "als", "ease"):
        assert reached[scorer] > reached["popularity"] + 0.05, reached
    for scorer in ("heavy", "boosting"):
        assert reached[scorer] > 0.8 * reached["popularity"], reached
    compared = compare_runs(references, home)
    assert len(compared.rows) >= len(references)
