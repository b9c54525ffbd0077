"""A log whose rule is known: readers rate items of one of four shelves, and what training on it reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from data.dataset import Dataset
from data.dataset_writer import DatasetWriter
from ranking.models.towers import TwoTowerConfig
from ranking.models.two_tower_training import TrainingConfig
from ranking.training.two_tower.examples import build_examples
from ranking.training.two_tower.task import train_two_tower

START = 1_700_000_000_000_000
READERS, SHELF = 80, 30
CONFIG = TwoTowerConfig.items().model_copy(
    update={
        "dim": 8, "members": 2, "hidden": 8, "text": False, "topics": False, "tweet_buckets": 256, "user_buckets": 64,
        "history": "attentive", "history_dropout": 0.2, "dropout": 0.1, "history_buckets": 256,
        "training": TrainingConfig.items().model_copy(
            update={"epochs": 3, "batch_size": 150, "reader_power": 0.5, "negatives": 33, "learning_rate": 0.02,
                    "threads": 2, "hard": 2, "hard_depth": 20}),
    }
)  # fmt: skip


def write_shelves(folder: Path, readers: int = READERS) -> Dataset:
    """Readers rate 12 to 20 of the 30 items of their shelf, each item once; no authors, no requests."""
    rng = np.random.default_rng(0)
    items = 1 + np.arange(4 * SHELF, dtype=np.int64)
    rows = [
        (START + int(t), user + 1, int(item) + 1)
        for user in range(readers)
        for rated in (12 + user % 9,)
        for t, item in zip(
            np.sort(rng.integers(0, 10**9, rated)), user % 4 * SHELF + rng.choice(SHELF, rated, replace=False),
            strict=True,
        )
    ]  # fmt: skip
    rows.sort()
    time, user, item = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    with DatasetWriter(folder, name="shelves", config={}, seed=0, daily=False) as out:
        out.write("users", pl.DataFrame(
            {"user_id": 1 + np.arange(readers), "created_us": START - 1, "verified": False}))  # fmt: skip
        out.write("tweets", pl.DataFrame(
            {"tweet_id": items, "time_us": START - 1, "kind": "item", "text": "", "media_count": 0}))  # fmt: skip
        out.write("engagements", pl.DataFrame(
            {"engagement_id": np.arange(len(rows)), "time_us": time, "user_id": user, "tweet_id": item,
             "action": "rate", "value": 4.0}))  # fmt: skip
        return out.commit()


def curves(data: Dataset, short: Dataset) -> dict[str, list[dict[str, float]]]:
    """What each epoch reports, with mined negatives, without, and in batches so small that shares lack histories.

    These are of two rows each, and of the `short` log.
    """
    histories: dict[str, list[dict[str, float]]] = {"hard": [], "sampled": [], "few": []}
    changes = {"hard": {}, "sampled": {"hard": 0}, "few": {"hard": 0, "batch_size": 2, "epochs": 1}}
    for kind, history in histories.items():
        training = CONFIG.training.model_copy(update=changes[kind])
        config = CONFIG.model_copy(update={"training": training})
        examples = build_examples(short if kind == "few" else data, config, seed=0)
        train_two_tower(config, examples, seed=3, on_epoch=history.append)
    return histories
