"""Mined negatives: hard ones, never what the reader engaged with, never what was dead at the positive's moment."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from data.dataset_writer import DatasetWriter
from data.events import HOUR_US, MINUTE_US, NEVER_US
from data.ids import snowflakes_in_order
from ranking.models.towers import TwoTowerConfig
from ranking.models.two_tower_training import TrainingConfig
from ranking.training.neighbours import Exact
from ranking.training.two_tower.examples import build_examples
from ranking.training.two_tower.lifetimes import Lifetimes
from ranking.training.two_tower.negative_sampling import Sampler
from ranking.training.two_tower.task import TwoTowerTask, train_two_tower
from tests.ranking.training.two_tower.shelves import CONFIG, write_shelves

START = 1_700_000_000_000_000
READERS, AUTHORS, POSTS, HOURS = 30, 8, 240, 120
# A batch spans two days, so that many tweets of its pool are dead, or not there yet, for many of its positives.
LIVING = TwoTowerConfig(
    dim=8, hidden=8, user_buckets=64, author_buckets=64, text=False, topics=False, dropout=0.0,
    training=TrainingConfig(
        epochs=2, batch_size=160, negatives=8, hard=4, hard_depth=30, hard_pool=400, learning_rate=0.01, threads=1,
        device="cpu",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    """Tweets of 120 hours; each reader engages within 20 hours with 15 of them; every fifth is deleted after 21."""
    rng = np.random.default_rng(0)
    users = 1 + np.arange(READERS + AUTHORS, dtype=np.int64)
    posted = START + np.sort(rng.integers(0, HOURS * HOUR_US, POSTS))
    tweet, author = snowflakes_in_order(posted), users[READERS:][rng.integers(0, AUTHORS, POSTS)]
    at = np.concatenate([rng.choice(POSTS, 15, replace=False) for _ in range(READERS)])
    time = posted[at] + rng.integers(MINUTE_US, 20 * HOUR_US, len(at))
    order = np.argsort(time)
    at, time, reader = at[order], time[order], np.repeat(users[:READERS], 15)[order]
    with DatasetWriter(tmp_path_factory.mktemp("log") / "living", name="living", config={}, seed=0) as out:
        out.write("users", pl.DataFrame({"user_id": users, "created_us": START - 1, "verified": False}))
        out.write("tweets", pl.DataFrame(
            {"tweet_id": tweet, "time_us": posted, "author_id": author, "kind": "original", "text": "",
             "media_count": 0}))  # fmt: skip
        out.write("deletions", pl.DataFrame({"tweet_id": tweet[::5], "time_us": posted[::5] + 21 * HOUR_US}))
        out.write("engagements", pl.DataFrame(
            {"engagement_id": np.arange(len(at)), "time_us": time, "user_id": reader, "tweet_id": tweet[at],
             "author_id": author[at], "action": "like"}))  # fmt: skip
        return out.commit()


@pytest.fixture(scope="module")
def examples(living):
    return build_examples(living, LIVING, seed=0)


@pytest.fixture
def judged(monkeypatch):
    """Positives, rows, and which of these were taken as negatives, of each step that is made from now on."""
    kept, real = [], Sampler.suits

    def suits(self, positives, rows):
        kept.append((positives, rows, real(self, positives, rows)))
        return kept[-1][2]

    monkeypatch.setattr(Sampler, "suits", suits)
    return kept


def test_a_life_is_open_at_both_ends():
    lives = Lifetimes(np.array([10, 20]), np.array([30, 25]))
    tweets, moments = np.array([[0, 1]] * 5), np.array([10, 11, 20, 25, 30])
    alive = [[False, False], [True, False], [True, False], [True, False], [False, False]]
    assert lives.alive(tweets, moments).tolist() == alive
    assert lives.alive(np.array([[1]]), np.array([24])).tolist() == [[True]]


def test_training_mines_only_what_was_alive_and_not_the_readers(living, examples, judged):
    history = []
    train_two_tower(LIVING, examples, seed=1, on_epoch=history.append)
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    positives, rows, taken = (np.concatenate(part) for part in zip(*judged, strict=True))
    tweets, gone = living.scan("tweets").collect(), living.scan("deletions").collect()
    posted = tweets["time_us"].to_numpy()
    ends = np.minimum(posted + 48 * HOUR_US, np.where(np.arange(POSTS) % 5 == 0, posted + 21 * HOUR_US, NEVER_US))
    assert gone["tweet_id"].to_list() == tweets["tweet_id"].to_list()[::5]
    number = np.searchsorted(tweets["tweet_id"].to_numpy(), examples.tweet_ids[examples.tweets.tweet[rows]])
    now, reader = examples.time_us[positives], examples.readers.user_id[examples.request[positives]]
    alive = (posted[number] < now[:, None]) & (now[:, None] < ends[number])
    # What is held out, the last fifth, training does not know of.
    log = living.scan("engagements").collect()[: int(READERS * 15 * 0.8)]
    engaged = log["user_id"].to_numpy() * POSTS + np.searchsorted(tweets["tweet_id"], log["tweet_id"])
    own = np.isin(reader[:, None] * POSTS + number, engaged)
    assert np.array_equal(taken, alive & ~own)
    # On this log each rule has work to do.
    assert min(taken.sum(), (~alive & ~own).sum(), (alive & own).sum()) > 100


@pytest.mark.parametrize("catalogue", [False, True])
def test_mined_rows_are_among_the_nearest_of_the_reader_and_weigh_in_the_loss(catalogue, examples, judged, tmp_path):
    if catalogue:
        config = CONFIG.model_copy(update={"dropout": 0.0, "history_dropout": 0.0})
        examples = build_examples(write_shelves(tmp_path / "shelves"), config, seed=0)
    indexes = []

    class Watched(Exact):
        def __init__(self, vectors):
            super().__init__(vectors)
            self.vectors = vectors
            indexes.append(self)

    torch.manual_seed(0)
    task = TwoTowerTask(examples.config, examples, seed=0, index=Watched)
    task.module.eval()
    depth, steps = examples.config.training.hard_depth, 0
    for batch in task.batches(1):
        loss = float(task.loss(batch).detach())
        rows = judged[-1][1]
        pool = examples.catalogue if catalogue else batch.sample.pool
        vectors = indexes[-1].vectors
        assert len(np.unique(examples.tweets.tweet[pool])) == len(pool) == len(vectors) > depth
        with torch.no_grad():
            users = task.module.encode_users(batch.inputs.users, task.module.entities(batch.inputs.entities))
        near = users[batch.at].cpu().numpy() @ vectors.T
        place = np.searchsorted(pool, rows, sorter=np.argsort(pool))
        found = np.take_along_axis(near, np.argsort(pool)[place], axis=1)
        least = np.sort(near, axis=1)[:, -depth]
        assert (found >= least[:, None] - 1e-5).all()
        # They are drawn from all of those, not the nearest alone.
        assert (found < np.sort(near, axis=1)[:, -2:-1]).any()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Sampler, "suits", lambda self, positives, rows: np.zeros(rows.shape, bool))
            without = float(task.loss(batch).detach())
        assert loss > without
        steps += 1
    assert steps == task.steps
