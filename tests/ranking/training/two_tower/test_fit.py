"""Training end to end on small logs whose rule is known: people engage with what they follow, or with their shelf."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from data.batch import CandidateBatch, Requests
from data.dataset_writer import DatasetWriter
from data.errors import ConfigError, DataError, ModelError
from data.events import HOUR_US, MINUTE_US
from data.ids import snowflakes_in_order
from data.splitters import LeaveLastOut, RandomRatio, TimeSplit
from features.offline import offline_features
from ranking.models.inputs import dense_names
from ranking.models.two_tower import TwoTowerConfig
from ranking.models.two_tower_training import TrainingConfig
from ranking.training.engine import deterministic
from ranking.training.losses import sampled_logits
from ranking.training.positives import training_positives
from ranking.training.trainer import TrainingContext
from ranking.training.two_tower import fit
from ranking.training.two_tower import task as loop
from ranking.training.two_tower.examples import Examples, build_examples
from ranking.training.two_tower.fit import two_tower_trainer
from ranking.training.two_tower.negative_sampling import Sampler
from ranking.training.two_tower.task import TwoTowerTask, train_two_tower
from tests.ranking.training.two_tower.shelves import write_shelves

START = 1_700_000_000_000_000
PEOPLE, AUTHORS, POSTS, HOURS = 60, 12, 600, 96
SMALL = TwoTowerConfig(
    dim=16, hidden=16, user_buckets=256, author_buckets=256, text=False, topics=False, dropout=0.0,
    training=TrainingConfig(epochs=4, batch_size=64, negatives=64, learning_rate=0.01, threads=1),
)  # fmt: skip


@pytest.fixture(scope="module")
def follows_log(tmp_path_factory):
    """Readers engage only with authors that they follow; each follows 3 of 12. Some tweets are deleted."""
    rng = np.random.default_rng(0)
    users = 1 + np.arange(PEOPLE + AUTHORS, dtype=np.int64)
    authors = users[PEOPLE:]
    followed = np.array([rng.choice(AUTHORS, 3, replace=False) for _ in range(PEOPLE)])
    posted = START + np.sort(rng.integers(0, HOURS * HOUR_US, POSTS))
    tweet, by = snowflakes_in_order(posted), rng.integers(0, AUTHORS, POSTS)
    rows = []
    for person in range(PEOPLE):
        mine = np.flatnonzero(np.isin(by, followed[person]))
        for at in rng.choice(mine, 30, replace=False):
            rows.append((posted[at] + int(rng.integers(MINUTE_US, 10 * HOUR_US)), users[person], tweet[at], by[at]))
    rows.sort()
    with DatasetWriter(tmp_path_factory.mktemp("log") / "follows", name="follows", config={}, seed=0) as out:
        made = {"created_us": START - 1, "verified": False}
        out.write("users", pl.DataFrame({"user_id": users}).with_columns(**{k: pl.lit(v) for k, v in made.items()}))
        edges = {"follower_id": np.repeat(users[:PEOPLE], 3), "followee_id": authors[followed.ravel()]}
        out.write(
            "follows",
            pl.DataFrame(
                edges | {"follow_id": np.arange(len(edges["follower_id"])), "time_us": START - 1, "ended": False}
            ),
        )
        out.write(
            "tweets",
            pl.DataFrame(
                {
                    "tweet_id": tweet,
                    "time_us": posted,
                    "author_id": authors[by],
                    "kind": "original",
                    "text": "",
                    "media_count": 0,
                }
            ),
        )
        out.write("deletions", pl.DataFrame({"tweet_id": tweet[::20], "time_us": posted[::20] + 11 * HOUR_US}))
        time, user, engaged, author = (np.array(c, np.int64) for c in zip(*rows, strict=True))
        out.write(
            "engagements",
            pl.DataFrame(
                {
                    "engagement_id": np.arange(len(rows)),
                    "time_us": time,
                    "user_id": user,
                    "tweet_id": engaged,
                    "author_id": authors[author],
                    "action": "like",
                }
            ),
        )
        return out.commit()  # fmt: skip


@pytest.fixture(scope="module")
def shelf_log(tmp_path_factory):
    return write_shelves(tmp_path_factory.mktemp("log") / "shelves")


@pytest.fixture(scope="module")
def examples(follows_log):
    return build_examples(follows_log, SMALL, seed=0)


def test_what_came_after_the_cut_is_no_negative_of_a_catalogue(follows_log, monkeypatch):
    given = []
    monkeypatch.setattr(fit, "train_two_tower", lambda config, examples, **more: given.append(examples))
    split = TimeSplit(fraction=0.4).apply(follows_log)
    two_tower_trainer.fit(TrainingContext(follows_log, split, 0), {"text": False, "topics": False})
    posted = follows_log.read("tweets").frame().select("tweet_id", "time_us")
    known = posted.filter(pl.col("time_us") < split.train_before_us)["tweet_id"]
    assert 0 < len(known) < len(posted)
    assert set(given[0].tweet_ids.tolist()) == set(known)


def test_positives_are_first_engagements_in_order(follows_log):
    rows = training_positives(follows_log, before_us=START + 60 * HOUR_US)
    assert rows["time_us"].is_sorted()
    assert rows["time_us"].max() < START + 60 * HOUR_US
    assert not rows.select("user_id", "tweet_id").is_duplicated().any()
    with pytest.raises(DataError, match="no engagements"):
        training_positives(follows_log, before_us=START)


def test_of_too_many_positives_the_newest_are_learned_from(follows_log, examples):
    training = SMALL.training.model_copy(update={"most": 100})
    fewer = build_examples(follows_log, SMALL.model_copy(update={"training": training}), seed=0)
    assert fewer.time_us.tolist() == examples.time_us[-100:].tolist()
    assert fewer.readers.user_id[fewer.request].tolist() == examples.readers.user_id[examples.request][-100:].tolist()
    assert 0 < fewer.validation.sum() < 100


def test_examples_hold_what_was_known(follows_log, examples):
    assert len(examples) == PEOPLE * 30
    assert examples.time_us[~examples.validation].max() <= examples.time_us[examples.validation].min()
    tweets = follows_log.scan("tweets").collect()
    posted = dict(zip(tweets["tweet_id"], tweets["time_us"], strict=True))
    gone = dict(follows_log.scan("deletions").collect().select("tweet_id", "time_us").iter_rows())
    for positives, negatives, alive in examples.blocks[False]:
        low, high = examples.time_us[positives].min(), examples.time_us[positives].max()
        ids = examples.tweet_ids[examples.tweets.tweet[negatives]]
        for one in ids.tolist():
            assert high - 48 * HOUR_US < posted[one] + (high - low)
            assert posted[one] < high
            assert gone.get(one, high) >= low
        assert 1 <= alive <= POSTS
    # The bag of followed authors is what the reader follows, whatever the moment.
    bag = examples.readers.bags["user.following_ids"]
    assert (np.diff(bag.offsets) == 3).all()
    # The first column of age is its logarithm: positives are at most ten hours old here.
    assert examples.tweets.dense[examples.tweet_row, 0].max() <= np.log1p(10.01)


def test_a_sample_excludes_what_its_readers_engaged_with(examples):
    sample = next(iter(Sampler(examples).epoch(np.random.default_rng(0))))
    columns = examples.tweets.tweet[np.r_[examples.tweet_row[sample.positives], sample.negatives]]
    engaged = examples.engaged(False)
    masked = set(zip(*(part.tolist() for part in sample.hits), strict=True))
    for row, reader in enumerate(examples.reader[sample.positives].tolist()):
        mine = set(engaged[reader].tolist())
        for column, tweet in enumerate(columns.tolist()):
            assert ((row, column) in masked) == (tweet in mine and row != column)


def test_it_learns_who_follows_whom(follows_log, examples):
    epochs = []
    model = train_two_tower(SMALL, examples, seed=1, on_epoch=epochs.append)
    assert len(epochs) == SMALL.training.epochs
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]
    assert {"train_loss", "validation_loss", "validation_recall@20", "seconds", "examples_per_s"} <= set(epochs[0])
    # Every tweet of the last day for every reader: those of followed authors come first.
    moment = START + HOURS * HOUR_US
    tweets = follows_log.scan("tweets").filter(pl.col("time_us") > moment - 24 * HOUR_US).collect()
    rows = pl.DataFrame({"user_id": np.arange(1, 41)}).join(tweets.select("tweet_id"), how="cross")
    rows = rows.with_columns(time_us=pl.lit(moment))
    batch = offline_features(follows_log, rows, [n for n in model.reads if not n.endswith("_id")], None)
    scores = model.score(batch).reshape(40, -1)
    follows = follows_log.scan("follows").collect()
    authors = tweets["author_id"].to_numpy()
    for person in range(40):
        mine = np.isin(authors, follows.filter(pl.col("follower_id") == person + 1)["followee_id"].to_numpy())
        best = np.argsort(-scores[person], kind="stable")[:10]
        assert mine[best].mean() >= 0.8


def test_the_same_seed_gives_the_same_weights_and_another_does_not(examples):
    config = SMALL.model_copy(update={"dropout": 0.2, "training": SMALL.training.model_copy(update={"epochs": 1})})
    examples = replace(examples, config=config)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.random.get_rng_state()
    first, again, other = (train_two_tower(config, examples, seed=s).artifact()[1] for s in (1, 1, 2))
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)
    assert before[:2] == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert (before[2] == torch.random.get_rng_state()).all()


def test_torch_asks_for_no_more_threads_than_openmp_may_start(monkeypatch):
    for limit, threads in (("1", 1), ("2", 2), ("64", 4), ("none", 4), ("0", 4)):
        monkeypatch.setenv("OMP_THREAD_LIMIT", limit)
        with deterministic(1, 4):
            assert torch.get_num_threads() == threads


def test_the_best_epoch_is_kept_not_the_last(examples):
    # A step size far too large for the last epochs: the loss falls, then rises.
    training = SMALL.training.model_copy(update={"epochs": 8, "learning_rate": 0.08})
    config = SMALL.model_copy(update={"training": training})
    shown, after = replace(examples, config=config), []
    train_two_tower(config, shown, seed=0, on_epoch=lambda values: after.append(values["validation_loss"]))
    best = int(np.argmin(after))
    assert best < len(after) - 1, "this test needs a run that gets worse"
    kept = train_two_tower(config, shown, seed=0)
    # The kept weights, measured again, are those of the best epoch.
    task = TwoTowerTask(config, shown, seed=0)
    task.module.load_state_dict(kept.towers.state_dict())
    with torch.no_grad():
        task.module.eval()
        assert task.validate()["validation_loss"] == pytest.approx(after[best], abs=1e-5)


def test_a_loss_that_is_not_finite_stops_with_a_reason(examples, monkeypatch):
    broken = replace(examples, readers=replace(examples.readers, dense=np.full_like(examples.readers.dense, np.nan)))
    monkeypatch.setattr(Examples, "fit_scales", lambda examples, towers: None)
    with pytest.raises(ModelError, match="loss is nan in epoch 1"):
        train_two_tower(SMALL, broken, seed=0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_input_that_is_not_finite_is_named(examples, value):
    names, dense = dense_names(SMALL.tweet_dense), examples.tweets.dense.copy()
    dense[:, 2] = value
    broken = replace(examples, tweets=replace(examples.tweets, dense=dense))
    with pytest.raises(ModelError, match=re.escape(f"input {names[2]!r} is not finite in a training row")):
        train_two_tower(SMALL, broken, seed=0)


def test_a_training_that_ends_in_nan_is_refused_whatever_is_watched(shelf_log):
    """One step of the last epoch is too long: the weights are finite, what they give is not."""
    training = {"watch": "recall", "learning_rate": 1e30, "epochs": 1, "batch_size": 100_000, "threads": 1}
    split = LeaveLastOut().apply(shelf_log)
    settings = {"text": False, "topics": False, "training": training}
    with pytest.raises(ModelError, match="validation_loss is nan in epoch 1"):
        two_tower_trainer.fit(TrainingContext(shelf_log, split, 0), settings)


def test_examples_of_another_config_are_refused(examples):
    with pytest.raises(ConfigError, match="training"):
        train_two_tower(
            SMALL.model_copy(update={"training": SMALL.training.model_copy(update={"negatives": 9})}), examples, seed=0
        )
    with pytest.raises(ConfigError, match="user columns"):
        train_two_tower(SMALL.model_copy(update={"following": False}), examples, seed=0)


def test_fit_takes_a_time_split(follows_log):
    # A log without impressions is taken for a catalogue's unless the settings say that its tweets die.
    training = {"epochs": 1, "batch_size": 256, "negatives": 16, "threads": 1, "sampling": "alive"}
    settings = SMALL.model_dump(exclude={"training"}) | {"training": training}
    steps = []
    context = TrainingContext(follows_log, TimeSplit().apply(follows_log), 0, progress=lambda *step: steps.append(step))
    model = two_tower_trainer.fit(context, settings)
    assert model.config.training.sampling == "alive"
    assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("history", ["pooled", "attentive", "both"])
@pytest.mark.parametrize("hard", [0, 3])
def test_fit_takes_leave_last_out_for_a_catalogue_and_learns_the_shelves(shelf_log, history, hard):
    training = {"epochs": 8, "batch_size": 128, "negatives": 64, "learning_rate": 0.01, "threads": 1, "hard": hard}
    settings = {
        "dim": 16,
        "text": False,
        "topics": False,
        "tweet_buckets": 512,
        "history": history,
        "training": training,
    }
    model = two_tower_trainer.fit(TrainingContext(shelf_log, LeaveLastOut().apply(shelf_log), 0), settings)
    assert model.reads == ("user.history_tweets", "tweet_id")
    history = np.array([[1, 2, 3, 4], [91, 92, 93, 94]])
    requests = Requests({
        "user_row": np.arange(2), "time_us": np.zeros(2, np.int64), "user_id": np.array([500, 501]),
        "user.history_tweets": history})  # fmt: skip
    everything = np.tile(1 + np.arange(120), 2)
    scores = model.score(CandidateBatch(requests, np.array([0, 120, 240]), {"tweet_id": everything})).reshape(2, 120)
    assert (np.argsort(-scores[0])[:20] < 30).mean() > 0.9
    assert (np.argsort(-scores[1])[:20] >= 90).mean() > 0.9


def test_fit_takes_a_random_split_without_time(shelf_log):
    training = {"epochs": 8, "batch_size": 128, "negatives": 64, "learning_rate": 0.01, "threads": 1}
    context = TrainingContext(shelf_log, RandomRatio().apply(shelf_log), 0)
    model = two_tower_trainer.fit(context, {"dim": 16, "tweet_buckets": 512, "training": training})
    assert model.config.training.histories == "others"
    history = np.array([[1, 2, 3, 4], [91, 92, 93, 94]])
    requests = Requests({
        "user_row": np.arange(2), "time_us": np.zeros(2, np.int64), "user_id": np.array([500, 501]),
        "user.history_tweets": history})  # fmt: skip
    everything = np.tile(1 + np.arange(120), 2)
    scores = model.score(CandidateBatch(requests, np.array([0, 120, 240]), {"tweet_id": everything})).reshape(2, 120)
    assert (np.argsort(-scores[0])[:20] < 30).mean() > 0.9
    assert (np.argsort(-scores[1])[:20] >= 90).mean() > 0.9
    with pytest.raises(ConfigError, match="leaves time out"):
        two_tower_trainer.fit(context, {"user_dense": ("user.followers",)})


def test_what_a_positive_counts_hangs_on_how_many_its_reader_has(follows_log):
    training = SMALL.training.model_copy(update={"reader_power": 0.5})
    built = build_examples(follows_log, SMALL.model_copy(update={"training": training}), seed=0)
    # Half of the people are one reader: 900 positives, the others have 30 each.
    merged = replace(built, reader=np.where(built.reader < PEOPLE // 2, 0, built.reader))
    learned = ~merged.validation
    many, few = merged.weight[learned & (merged.reader == 0)], merged.weight[learned & (merged.reader > 0)]
    assert few.max() == few.min()
    np.testing.assert_allclose(few[0] / many, 30**0.5, rtol=1e-5)
    assert merged.weight[learned].mean() == pytest.approx(1)


def test_a_positive_counts_its_own_weight(examples, monkeypatch):
    task = TwoTowerTask(SMALL, examples, seed=0)
    batch = next(task.batches(1))
    positives = batch.sample.positives
    with torch.no_grad():
        member = task.module.members[0]
        vectors = member.entities(batch.inputs.entities)
        users, tweets = (
            member.encode_users(batch.inputs.users, vectors)[batch.at],
            member.encode_tweets(batch.inputs.tweets, vectors),
        )
        logits = sampled_logits(users @ tweets.T * member.scale, batch.log_q, batch.hits)
        own = torch.arange(len(logits), device=logits.device)
        want = torch.nn.functional.cross_entropy(logits, own, reduction="none")
    for row in (0, 17, len(positives) - 1):
        weight = np.zeros(len(examples), np.float32)
        weight[positives[row]] = 3
        monkeypatch.setitem(examples.__dict__, "weight", weight)
        again = next(task.batches(1))
        assert again.sample.positives.tolist() == positives.tolist()
        assert float(task.loss(again).detach()) == pytest.approx(3 * float(want[row]) / len(positives), rel=1e-5)


@pytest.mark.parametrize("hard", [0, 3])
def test_the_loss_of_several_members_is_the_mean_of_theirs(follows_log, hard, monkeypatch):
    # What is mined hangs on the members together; here every positive's mined negatives are the pool's first.
    monkeypatch.setattr(loop, "mined", lambda index, queries, at, count, *_: np.tile(np.arange(count), (len(at), 1)))
    training = SMALL.training.model_copy(update={"hard": hard, "hard_depth": 20})
    config = SMALL.model_copy(update={"training": training, "members": 3})
    examples = build_examples(follows_log, config, seed=0)
    task = TwoTowerTask(config, examples, seed=0)
    together = float(task.loss(next(task.batches(1))).detach())
    losses = []
    for member in task.module.members:
        alone = TwoTowerTask(config.model_copy(update={"members": 1}), examples, seed=0)
        alone.module.members[0].load_state_dict(member.state_dict())
        losses.append(float(alone.loss(next(alone.batches(1))).detach()))
    assert max(losses) - min(losses) > 1e-3
    assert together == pytest.approx(np.mean(losses), rel=1e-5)
